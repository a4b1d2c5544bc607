package store

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
)

// Profiles loads many profiles in four statements. Unknown ids are absent; under an id that was merged stands the profile of the one who stayed.
// On a Tx, it reads in that transaction.
func (q queries) Profiles(ctx context.Context, ids []campaigns.MemberID) (ps map[campaigns.MemberID]*Profile, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		if ps, err = q.profiles(ctx, ids); err != nil {
			return err
		}
		return q.addMerged(ctx, ids, ps)
	})
	return ps, wrap("read profiles", err)
}

func (q queries) profiles(ctx context.Context, ids []campaigns.MemberID) (map[campaigns.MemberID]*Profile, error) {
	ps := make(map[campaigns.MemberID]*Profile, len(ids))
	all := list(q.dialect, ids)
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		m, err := scanMember(r)
		if err == nil {
			ps[m.ID] = &Profile{Member: *m, Addresses: map[campaigns.Channel]members.Address{}, Consents: members.Consents{}}
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
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var id campaigns.MemberID
		var tag string
		err = r.Scan(&id, &tag)
		if p := ps[id]; p != nil {
			p.Tags = append(p.Tags, tag)
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
			p.Addresses[a.Channel] = a
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
