package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
)

// SetAddress gives the member this address on its channel, in place of the one before (reach starts anew, as a.Reach or unknown, when the key differs).
// hash is the keyed hash for suppression. Fault conflict.address when another member has it.
func (tx *Tx) SetAddress(ctx context.Context, a members.Address, key, hash string, now time.Time) error {
	there, err := many(ctx, tx.run, value[campaigns.MemberID],
		`SELECT member_id FROM addresses WHERE channel = $1 AND (value_key = $2 OR member_id = $3)`, a.Channel, key, a.Member)
	if err != nil {
		return wrap("read address", err)
	}
	if slices.ContainsFunc(there, func(id campaigns.MemberID) bool { return id != a.Member }) { // asked first: an index that refuses would end a PostgreSQL transaction
		return conflict("address", nil)
	}
	id, err := nextIDs(ctx, tx.ids, 1)
	if err != nil {
		return err
	}
	reach := a.Reach
	if reach == "" {
		reach = channels.ReachUnknown
	}
	proof := a.Proof
	if proof == "" {
		proof = members.Given
	}
	_, err = tx.run.exec(ctx, `INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at, proof)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
		ON CONFLICT (member_id, channel) DO UPDATE SET value = excluded.value, value_key = excluded.value_key, value_hash = excluded.value_hash,
			reach = CASE WHEN addresses.value_key = excluded.value_key THEN addresses.reach ELSE excluded.reach END,
			reach_at = CASE WHEN addresses.value_key = excluded.value_key THEN addresses.reach_at ELSE excluded.reach_at END,
			proof = CASE WHEN addresses.value_key = excluded.value_key THEN addresses.proof ELSE excluded.proof END`,
		id, a.Member, a.Channel, a.Value, key, hash, reach, micros(now), proof)
	if taken(err) {
		return conflict("address", nil)
	}
	if a.Channel == campaigns.Email {
		tx.renamed(a.Member)
	}
	if err != nil || len(there) > 0 {
		tx.changed(a.Member)
		return wrap("write address", err)
	}
	tx.addressed(a.Member)
	return tx.countAddress(ctx, a.Member, a.Channel, 1)
}

// RemoveAddress takes the member's address on the channel away.
func (tx *Tx) RemoveAddress(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel) error {
	removed, err := tx.removeAddress(ctx, id, ch)
	if err != nil || !removed {
		return err
	}
	tx.changed(id)
	tx.renamed(id)
	return tx.countAddress(ctx, id, ch, -1)
}

func (tx *Tx) removeAddress(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel) (bool, error) {
	n, err := tx.run.exec(ctx, `DELETE FROM addresses WHERE member_id = $1 AND channel = $2`, id, ch)
	return n > 0, wrap("remove address", err)
}

func (tx *Tx) countAddress(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel, n int) error {
	language, ok, err := one(ctx, tx.run, value[string], `SELECT language FROM members WHERE id = $1`, id)
	if ok {
		tx.count(counter{kind: countAddresses, key: memberKey(string(ch), language)}, n)
	}
	return wrap("read language", err)
}

// SetReach notes what was heard of the member's address at that moment, and reports whether it did. That they were there does not count where an attempt that began later
// was refused.
func (tx *Tx) SetReach(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel, r channels.Reach, heard, now time.Time) (bool, error) {
	n, err := tx.run.exec(ctx, `UPDATE addresses SET reach = $3, reach_at = $4 WHERE member_id = $1 AND channel = $2
		AND ($3 <> 'ok' OR reach = 'unknown' OR reach_at <= $4)`, id, ch, r, micros(heard))
	tx.changed(id)
	if err != nil || !dead(r) {
		return n > 0, wrap("write reach", err)
	}
	return n > 0, tx.lookAtUnseen(ctx, []campaigns.MemberID{id}, now)
}

// dead reports whether nothing reaches the member there any more.
func dead(r channels.Reach) bool { return r == channels.ReachBlocked || r == channels.ReachGone }

// lookAtUnseen makes the members' open questions due, and messages after which they are listened for: what nobody will see where it was put may have to go
// elsewhere. In a campaign that is paused they are looked at when it goes on. They are locked by id, as whoever decides for a member does.
func (tx *Tx) lookAtUnseen(ctx context.Context, ids []campaigns.MemberID, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	silent := tx.dialect.either(`json_extract(data, '$.waiting.silence')`, `data::json #> '{waiting,silence}'`)
	es, err := tx.lockEnrollments(ctx, ` WHERE member_id`+tx.dialect.among(1)+` AND state = 'waiting' AND due_at > $2
		AND CASE wait_kind WHEN 'answer' THEN TRUE WHEN 'time' THEN `+silent+` IS NOT NULL ELSE FALSE END ORDER BY id`+tx.dialect.forUpdate(), list(tx.dialect, ids), micros(now))
	if err != nil || len(es) == 0 {
		return err
	}
	due := make([]campaigns.EnrollmentID, len(es))
	for i, e := range es { // not saved as a decision is: whoever has read them before in this transaction may still save them
		due[i] = e.ID
		tx.countStanding(e.counted, -1)
		e.DueAt = &now
		tx.countStanding(e.standing(), 1)
	}
	_, err = tx.run.exec(ctx, `UPDATE enrollments SET due_at = $2 WHERE id`+tx.dialect.among(1), list(tx.dialect, due), micros(now))
	return wrap("look at what is not seen", err)
}

// Reached is what an attempt told about a member's address.
type Reached struct {
	Member  campaigns.MemberID
	Channel campaigns.Channel
	Address string // where it was sent
	Reach   channels.Reach
	Began   time.Time
}

var reachedColumns = columns[Reached]{
	ints("member", func(r Reached) campaigns.MemberID { return r.Member }),
	texts("channel", func(r Reached) campaigns.Channel { return r.Channel }),
	texts("address", func(r Reached) string { return r.Address }),
	texts("reach", func(r Reached) channels.Reach { return r.Reach }),
	times("began", func(r Reached) time.Time { return r.Began }),
}

// SetReaches is SetReach for many, at most one of a member and channel, in the order of members: two writers wait for each other in no circle.
// An attempt tells nothing about the address that the member has now when it went to another one, or when something was heard of it since the attempt began.
func (tx *Tx) SetReaches(ctx context.Context, rs []Reached, now time.Time) error {
	rs = slices.SortedFunc(slices.Values(rs), func(a, b Reached) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), cmp.Compare(a.Channel, b.Channel))
	})
	_, err := reachedColumns.applyAll(ctx, tx.queries, `UPDATE addresses SET reach = u.reach, reach_at = u.began
		FROM {rows} WHERE addresses.member_id = u.member AND addresses.channel = u.channel
			AND addresses.value = u.address AND addresses.reach_at <= u.began`, rs)
	if err != nil {
		return wrap("write reach", err)
	}
	lost, err := tx.lost(ctx, rs)
	if err != nil {
		return err
	}
	return tx.lookAtUnseen(ctx, lost, now)
}

// lost are the members who are not reached any more by what was just written. What was refused, since something newer is known of the address, tells nothing.
func (tx *Tx) lost(ctx context.Context, rs []Reached) ([]campaigns.MemberID, error) {
	type place struct {
		member  campaigns.MemberID
		channel campaigns.Channel
		value   string
		reach   channels.Reach
		at      int64
	}
	told := map[place]bool{}
	var ids []campaigns.MemberID
	for _, r := range rs {
		if dead(r.Reach) {
			told[place{r.Member, r.Channel, r.Address, r.Reach, micros(r.Began)}] = true
			ids = append(ids, r.Member)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	written, err := many(ctx, tx.run, func(r rows) (p place, err error) {
		err = r.Scan(&p.member, &p.channel, &p.value, &p.reach, &p.at)
		return p, err
	}, `SELECT member_id, channel, value, reach, reach_at FROM addresses WHERE member_id`+tx.dialect.among(1), list(tx.dialect, ids))
	ids = ids[:0]
	for _, p := range written {
		if told[p] {
			ids = append(ids, p.member)
		}
	}
	return ids, wrap("read reach", err)
}

// Suppress puts an address's keyed hash on the suppression list. The first reason stays.
func (tx *Tx) Suppress(ctx context.Context, ch campaigns.Channel, hash, reason string, now time.Time) error {
	_, err := tx.run.exec(ctx, `INSERT INTO suppressions (channel, value_hash, reason, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (channel, value_hash) DO NOTHING`, ch, hash, reason, micros(now))
	return wrap("suppress address", err)
}

// AddressHashes returns the keyed hashes of the member's addresses by channel.
func (q queries) AddressHashes(ctx context.Context, id campaigns.MemberID) (map[campaigns.Channel]string, error) {
	hashes := map[campaigns.Channel]string{}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var ch campaigns.Channel
		var hash string
		err = r.Scan(&ch, &hash)
		hashes[ch] = hash
		return
	}, `SELECT channel, value_hash FROM addresses WHERE member_id = $1`, id)
	return hashes, wrap("read address hashes", err)
}

// AppendConsent writes the ledger and what it adds up to: the last entry for a channel and topic decides.
func (tx *Tx) AppendConsent(ctx context.Context, id campaigns.MemberID, c members.Consent) error {
	entry, err := nextIDs(ctx, tx.ids, 1)
	if err != nil {
		return err
	}
	if _, err := tx.run.exec(ctx, `INSERT INTO consents (id, member_id, channel, topic, given, source, wording, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		entry, id, c.Channel, c.Topic, c.Given, c.Source, c.Wording, micros(c.At)); err != nil {
		return wrap("append consent", err)
	}
	_, err = tx.run.exec(ctx, `INSERT INTO subscriptions (member_id, channel, topic, given, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (member_id, channel, topic) DO UPDATE SET given = excluded.given, at = excluded.at`,
		id, c.Channel, c.Topic, c.Given, micros(c.At))
	tx.changed(id)
	return wrap("write subscription", err)
}

// ConsentLedger returns the member's ledger in order.
func (q queries) ConsentLedger(ctx context.Context, id campaigns.MemberID) ([]members.Consent, error) {
	cs, err := many(ctx, q.run, func(r rows) (c members.Consent, err error) {
		err = r.Scan(&c.Channel, &c.Topic, &c.Given, &c.Source, &c.Wording, timeInto{&c.At})
		return c, err
	}, `SELECT channel, topic, given, source, wording, at FROM consents WHERE member_id = $1 ORDER BY id`, id)
	return cs, wrap("read consents", err)
}

// LiftSuppression takes a keyed hash off the suppression list: the member came back by an act of their own.
func (tx *Tx) LiftSuppression(ctx context.Context, ch campaigns.Channel, hash string) error {
	_, err := tx.run.exec(ctx, `DELETE FROM suppressions WHERE channel = $1 AND value_hash = $2`, ch, hash)
	return wrap("lift suppression", err)
}

// Suppressed says why, for those of the keyed hashes that are on the suppression list.
func (q queries) Suppressed(ctx context.Context, ch campaigns.Channel, hashes []string) (map[string]string, error) {
	why := map[string]string{}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var hash, reason string
		err = r.Scan(&hash, &reason)
		why[hash] = reason
		return
	}, `SELECT value_hash, reason FROM suppressions WHERE channel = $1 AND value_hash`+q.dialect.among(2), ch, list(q.dialect, hashes))
	return why, wrap("read suppressions", err)
}

// ProveAddress notes how sure it is that the address on the channel is the member's: Given, where somebody vouches for it, or Confirmed, which stays.
func (tx *Tx) ProveAddress(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel, proof members.Proof) error {
	_, err := tx.run.exec(ctx, `UPDATE addresses SET proof = $3 WHERE member_id = $1 AND channel = $2 AND proof <> 'confirmed'`, id, ch, proof)
	tx.changed(id)
	return wrap("prove address", err)
}
