package store

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
)

// Profiles loads profiles: a few in one statement, many in four. Unknown ids are absent; under an id that was merged stands the profile of the one who stayed.
// On a Tx, it reads in that transaction.
func (q queries) Profiles(ctx context.Context, ids []campaigns.MemberID) (ps map[campaigns.MemberID]*Profile, err error) {
	if len(ids) <= fewProfiles {
		if ps, err = q.profilesAtOnce(ctx, ids); err != nil || len(ps) == len(ids) {
			return ps, wrap("read profiles", err)
		}
	}
	err = q.snapshot(ctx, func(q queries) error {
		if ps, err = q.profiles(ctx, ids); err != nil {
			return err
		}
		return q.addMerged(ctx, ids, ps)
	})
	return ps, wrap("read profiles", err)
}

// fewProfiles is for how many one statement is less work than four: an answer in a chat needs one member, several times.
const fewProfiles = 8

// profilesAtOnce gathers what belongs to a member as JSON inside of one statement. Members who were merged are left out.
func (q queries) profilesAtOnce(ctx context.Context, ids []campaigns.MemberID) (map[campaigns.MemberID]*Profile, error) {
	ps := make(map[campaigns.MemberID]*Profile, len(ids))
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var tags []string
		var addresses [][5]string
		var consents [][3]string
		m, err := scanMember(alsoScan{r, []any{jsonInto{&tags}, jsonInto{&addresses}, jsonInto{&consents}}})
		if err != nil {
			return struct{}{}, err
		}
		p := &Profile{Member: *m, Consents: members.Consents{}}
		if len(tags) > 0 {
			p.Tags = tags
		}
		for _, a := range addresses {
			ch := campaigns.Channel(a[0])
			p.Addresses.Set(members.Address{Member: m.ID, Channel: ch, Value: a[1], Reach: channels.Reach(a[2]), Proof: members.Proof(a[3]), Suppressed: a[4]})
		}
		for _, c := range consents {
			p.Consents[members.ConsentKey{Channel: campaigns.Channel(c[0]), Topic: c[1]}] = c[2] != ""
		}
		ps[m.ID] = p
		return
	}, q.dialect.either(profileLite, profilePostgres)+q.dialect.among(1), list(q.dialect, ids))
	return ps, err
}

// alsoScan reads further columns behind those that are asked for.
type alsoScan struct {
	rows
	more []any
}

func (s alsoScan) Scan(dest ...any) error { return s.rows.Scan(append(dest, s.more...)...) }

const (
	profileLite = `SELECT ` + memberColumns + `,
		(SELECT json_group_array(tag) FROM (SELECT tag FROM member_tags t WHERE t.member_id = members.id ORDER BY tag COLLATE BINARY)),
		(SELECT json_group_array(json_array(a.channel, a.value, a.reach, a.proof, COALESCE(s.reason, ''))) FROM addresses a
			LEFT JOIN suppressions s ON s.channel = a.channel AND s.value_hash = a.value_hash WHERE a.member_id = members.id),
		(SELECT json_group_array(json_array(channel, topic, CASE WHEN given THEN 'given' ELSE '' END)) FROM subscriptions c WHERE c.member_id = members.id)
		FROM members WHERE id`
	profilePostgres = `SELECT ` + memberColumns + `,
		(SELECT COALESCE(json_agg(tag ORDER BY tag COLLATE "C"), '[]')::text FROM member_tags t WHERE t.member_id = members.id),
		(SELECT COALESCE(json_agg(json_build_array(a.channel, a.value, a.reach, a.proof, COALESCE(s.reason, ''))), '[]')::text FROM addresses a
			LEFT JOIN suppressions s ON s.channel = a.channel AND s.value_hash = a.value_hash WHERE a.member_id = members.id),
		(SELECT COALESCE(json_agg(json_build_array(channel, topic, CASE WHEN given THEN 'given' ELSE '' END)), '[]')::text FROM subscriptions c WHERE c.member_id = members.id)
		FROM members WHERE id`
)

func (q queries) profiles(ctx context.Context, ids []campaigns.MemberID) (map[campaigns.MemberID]*Profile, error) {
	ps := make(map[campaigns.MemberID]*Profile, len(ids))
	all := list(q.dialect, ids)
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		m, err := scanMember(r)
		if err == nil {
			ps[m.ID] = &Profile{Member: *m, Consents: members.Consents{}}
		}
		return struct{}{}, err
	}, `SELECT `+memberColumns+` FROM members WHERE id`+q.dialect.among(1), all)
	if err != nil || len(ps) == 0 {
		return ps, err
	}
	for _, add := range []func(context.Context, any, map[campaigns.MemberID]*Profile) error{q.addProfileTags, q.addAddresses, q.addConsents} {
		if err := add(ctx, all, ps); err != nil {
			return nil, err
		}
	}
	return ps, nil
}

func (q queries) addProfileTags(ctx context.Context, ids any, ps map[campaigns.MemberID]*Profile) error {
	return q.eachTag(ctx, ids, func(id campaigns.MemberID, tag string) {
		if p := ps[id]; p != nil {
			p.Tags = append(p.Tags, tag)
		}
	})
}

// eachTag shows the members' tags, each member's in order.
func (q queries) eachTag(ctx context.Context, ids any, add func(campaigns.MemberID, string)) error {
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var id campaigns.MemberID
		var tag string
		if err = r.Scan(&id, &tag); err == nil {
			add(id, tag)
		}
		return
	}, `SELECT member_id, tag FROM member_tags WHERE member_id`+q.dialect.among(1)+` ORDER BY member_id, tag`+q.dialect.bytewise(), ids)
	return wrap("read tags", err)
}

func (q queries) addAddresses(ctx context.Context, ids any, ps map[campaigns.MemberID]*Profile) error {
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var a members.Address
		err = r.Scan(&a.Member, &a.Channel, &a.Value, &a.Reach, &a.Proof, orEmpty(&a.Suppressed))
		if p := ps[a.Member]; p != nil {
			p.Addresses.Set(a)
		}
		return
	}, `SELECT a.member_id, a.channel, a.value, a.reach, a.proof, s.reason
		FROM addresses a LEFT JOIN suppressions s ON s.channel = a.channel AND s.value_hash = a.value_hash
		WHERE a.member_id`+q.dialect.among(1), ids)
	return wrap("read addresses", err)
}

func (q queries) addConsents(ctx context.Context, ids any, ps map[campaigns.MemberID]*Profile) error {
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var id campaigns.MemberID
		var key members.ConsentKey
		var given bool
		err = r.Scan(&id, &key.Channel, &key.Topic, &given)
		if p := ps[id]; p != nil {
			p.Consents[key] = given
		}
		return
	}, `SELECT member_id, channel, topic, given FROM subscriptions WHERE member_id`+q.dialect.among(1), ids)
	return wrap("read consents", err)
}

// LockMember locks the member's row until the transaction ends and returns the profile: of the one who stayed, where the id was merged.
// Interactive work takes this lock before any of the member's enrollments. Fault not_found.member.
func (tx *Tx) LockMember(ctx context.Context, id campaigns.MemberID) (*Profile, error) {
	if tx.foreseen != nil {
		if p, ok := once(tx.foreseen.profiles, id); ok {
			return p, nil
		}
	}
	_, ok, err := one(ctx, tx.run, value[int64], `SELECT id FROM members WHERE id = $1`+tx.dialect.forUpdate(), id)
	if err != nil {
		return nil, wrap("lock member", err)
	}
	if ok {
		return tx.profile(ctx, id)
	}
	merged, err := tx.mergedInto(ctx, []campaigns.MemberID{id})
	if err != nil {
		return nil, err
	}
	into, ok := merged[id]
	if !ok {
		return nil, notFound("member", nil)
	}
	return tx.LockMember(ctx, into)
}

// TryLockMember is LockMember that does not wait: ok is false when another transaction holds the row. Fault not_found.member.
func (tx *Tx) TryLockMember(ctx context.Context, id campaigns.MemberID) (p *Profile, ok bool, err error) {
	_, ok, err = one(ctx, tx.run, value[int64], `SELECT id FROM members WHERE id = $1`+tx.dialect.skipLocked(), id)
	if err != nil {
		return nil, false, wrap("lock member", err)
	}
	if ok {
		p, err = tx.profile(ctx, id)
		return p, err == nil, err
	}
	_, exists, err := one(ctx, tx.run, value[int64], `SELECT id FROM members WHERE id = $1`, id)
	if err != nil || exists {
		return nil, false, err
	}
	merged, err := tx.mergedInto(ctx, []campaigns.MemberID{id})
	if err != nil {
		return nil, false, err
	}
	if into, ok := merged[id]; ok {
		return tx.TryLockMember(ctx, into)
	}
	return nil, false, notFound("member", nil)
}

func (tx *Tx) profile(ctx context.Context, id campaigns.MemberID) (*Profile, error) {
	ps, err := tx.Profiles(ctx, []campaigns.MemberID{id})
	if err != nil {
		return nil, err
	}
	p, ok := ps[id]
	return found("member", nil, p, ok, nil)
}
