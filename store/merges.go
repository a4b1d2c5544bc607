package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
)

// Merge says who becomes whom. The transaction holds both members and their enrollments that are not final, and no two of those are active in
// the same campaign with the same run key.
type Merge struct {
	From, Into *Profile
	// Keep is, by channel, whose address stays where both have one.
	Keep map[campaigns.Channel]campaigns.MemberID
	At   time.Time
}

// mergeLock is the PostgreSQL advisory lock that those who enroll members share, and that a merge has alone.
const mergeLock = 0x6b72757a686f6b01

// MergesWait keeps two members from becoming one until the transaction ends, so that no row of it names somebody who is gone. Of SQLite there is one
// writer at a time anyway.
func (tx *Tx) MergesWait(ctx context.Context) error {
	return tx.mergeLock(ctx, "pg_advisory_xact_lock_shared")
}

// EnrollingWaits waits for those whom MergesWait protects, and keeps new ones out until the transaction ends. Call it before the members' enrollments are read.
func (tx *Tx) EnrollingWaits(ctx context.Context) error {
	return tx.mergeLock(ctx, "pg_advisory_xact_lock")
}

func (tx *Tx) mergeLock(ctx context.Context, lock string) error {
	if !tx.dialect.postgres {
		return nil
	}
	_, err := tx.run.exec(ctx, `SELECT `+lock+`($1)`, int64(mergeLock))
	return wrap("hold merges", err)
}

// MergeMembers gives everything of the one to the other: addresses, ledger, enrollments, deliveries, responses, events, points, media, messages,
// inputs and codes. Points that both have for the same visit of a step are kept once. The row of From is gone then; its ids lead to Into.
// What the consents add up to is the caller's to write, see PutSubscription, and so are the fields of Into.
func (tx *Tx) MergeMembers(ctx context.Context, m Merge) error {
	return tx.recountMembers(ctx, []campaigns.MemberID{m.From.ID, m.Into.ID}, func() error { return tx.mergeMembers(ctx, m) })
}

func (tx *Tx) mergeMembers(ctx context.Context, m Merge) error {
	from, into := m.From.ID, m.Into.ID
	for _, ch := range m.From.Addresses.Channels() {
		if _, both := m.Into.Addresses.Find(ch); !both {
			continue
		}
		gone := from
		if m.Keep[ch] == from {
			gone = into
		}
		if _, err := tx.removeAddress(ctx, gone, ch); err != nil {
			return err
		}
	}
	if err := tx.mergeQuestions(ctx, m); err != nil {
		return err
	}
	for _, sql := range repointings {
		if _, err := tx.run.exec(ctx, sql, from, into); err != nil {
			return wrap("merge members", err)
		}
	}
	tx.renamed(into)
	for _, sql := range leavings {
		if _, err := tx.run.exec(ctx, sql, from); err != nil {
			return wrap("merge members", err)
		}
	}
	var external any
	if m.From.ExternalID != "" && m.Into.ExternalID != "" {
		external = m.From.ExternalID // otherwise the one who stays takes it over
	}
	_, err := tx.run.exec(ctx, `INSERT INTO member_merges (from_id, into_id, external_id, at) VALUES ($1, $2, $3, $4)`, from, into, external, micros(m.At))
	tx.addressed(into) // the other's
	return wrap("write merge", err)
}

// repointings give what is $1's to $2. An input that waits is handled in the order of the one who stays; those that are done are found by member_id.
var repointings = []string{
	`DELETE FROM points WHERE member_id = $1 AND EXISTS (SELECT 1 FROM points AS o WHERE o.member_id = $2
		AND o.campaign_id = points.campaign_id AND o.step = points.step AND o.visit = points.visit
		AND COALESCE((SELECT run_key FROM enrollments WHERE id = o.enrollment_id), '') = COALESCE((SELECT run_key FROM enrollments WHERE id = points.enrollment_id), ''))`,
	`UPDATE points SET member_id = $2 WHERE member_id = $1`,
	`DELETE FROM scores WHERE member_id IN ($1, $2)`,
	`INSERT INTO scores (campaign_id, member_id, total, last_at) SELECT campaign_id, member_id, SUM(points), MAX(at) FROM points
		WHERE member_id IN ($1, $2) GROUP BY campaign_id, member_id`,
	`UPDATE addresses SET member_id = $2 WHERE member_id = $1`,
	`UPDATE consents SET member_id = $2 WHERE member_id = $1`,
	// Where both had a run, the open one holds the place, else the later one.
	`UPDATE enrollments SET holds_place = FALSE WHERE member_id IN ($1, $2) AND holds_place AND state IN ('completed', 'exited') AND EXISTS (
		SELECT 1 FROM enrollments o WHERE o.member_id IN ($1, $2) AND o.member_id <> enrollments.member_id AND o.campaign_id = enrollments.campaign_id
		AND o.run_key = enrollments.run_key AND o.holds_place AND (o.state IN ('active', 'waiting') OR o.id > enrollments.id))`,
	`UPDATE enrollments SET member_id = $2 WHERE member_id = $1`,
	`UPDATE deliveries SET member_id = $2 WHERE member_id = $1`,
	`UPDATE budget_holds SET member_id = $2 WHERE member_id = $1`,
	`UPDATE responses SET member_id = $2 WHERE member_id = $1`,
	`UPDATE events SET member_id = $2 WHERE member_id = $1`,
	`UPDATE media SET member_id = $2 WHERE member_id = $1`,
	`UPDATE messages SET member_id = $2 WHERE member_id = $1`,
	`UPDATE notices SET member_id = $2 WHERE member_id = $1`,
	`UPDATE calls SET member_id = $2 WHERE member_id = $1`,
	`UPDATE link_codes SET member_id = $2 WHERE member_id = $1`,
	`UPDATE inputs SET actor = 'member:' || CAST(CAST($2 AS BIGINT) AS TEXT) WHERE actor = 'member:' || CAST(CAST($1 AS BIGINT) AS TEXT) AND state IN ('stored', 'dead')`,
	`UPDATE inputs SET member_id = $2 WHERE member_id = $1`,
	`UPDATE member_merges SET into_id = $2 WHERE into_id = $1`,
	// Who was in a segment as either of the two is in it until it is looked at anew.
	`UPDATE segment_members SET member_id = $2 WHERE member_id = $1 AND watch_id IN (SELECT id FROM segment_watches)
		AND NOT EXISTS (SELECT 1 FROM segment_members o WHERE o.watch_id = segment_members.watch_id AND o.member_id = $2)`,
}

// leavings remove what only a member's own row can have.
var leavings = []string{
	`DELETE FROM chat_prompts WHERE member_id = $1`,
	`DELETE FROM subscriptions WHERE member_id = $1`,
	`DELETE FROM member_tags WHERE member_id = $1`,
	`DELETE FROM member_attributes WHERE member_id = $1`,
	`DELETE FROM member_words WHERE member_id = $1`,
	unlist,
	`DELETE FROM members WHERE id = $1`,
}

// unlist takes $1 off the lists of all segments, which are few.
const unlist = `DELETE FROM segment_members WHERE member_id = $1 AND watch_id IN (SELECT id FROM segment_watches)`

// mergeQuestions keeps the open question of the chat that stays, and wakes what waited for the other one.
func (tx *Tx) mergeQuestions(ctx context.Context, m Merge) error {
	from, into := m.From.ID, m.Into.ID
	gone := from
	if _, has := m.From.Addresses.Find(campaigns.Telegram); has && (m.Keep[campaigns.Telegram] == from || m.Into.Addresses.On(campaigns.Telegram).Value == "") {
		gone = into
	}
	n, err := tx.run.exec(ctx, `DELETE FROM open_questions WHERE member_id = $1`, gone)
	if err := tx.slotFreed(ctx, gone, n, m.At, err); err != nil {
		return err
	}
	_, err = tx.run.exec(ctx, `UPDATE open_questions SET member_id = $2 WHERE member_id = $1`, from, into)
	return wrap("merge open questions", err)
}

// mergedInto says who stayed, for those of the ids that were merged.
func (q queries) mergedInto(ctx context.Context, ids []campaigns.MemberID) (map[campaigns.MemberID]campaigns.MemberID, error) {
	into := map[campaigns.MemberID]campaigns.MemberID{}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var from, to campaigns.MemberID
		err = r.Scan(&from, &to)
		into[from] = to
		return
	}, `SELECT from_id, into_id FROM member_merges WHERE from_id`+q.dialect.among(1), list(q.dialect, ids))
	return into, wrap("read merges", err)
}

// addMerged puts the profiles of those who stayed under the ids that were merged. It asks only when some are missing.
func (q queries) addMerged(ctx context.Context, ids []campaigns.MemberID, ps map[campaigns.MemberID]*Profile) error {
	var missing []campaigns.MemberID
	for _, id := range ids {
		if ps[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	merged, err := q.mergedInto(ctx, missing)
	if err != nil || len(merged) == 0 {
		return err
	}
	var into []campaigns.MemberID
	for _, id := range merged {
		into = append(into, id)
	}
	found, err := q.profiles(ctx, into)
	for from, id := range merged {
		if found[id] != nil {
			ps[from] = found[id]
		}
	}
	return err
}

// Subscription is what the ledger adds up to for one channel and topic, and since when.
type Subscription struct {
	members.ConsentKey
	Given bool
	At    time.Time
}

// Subscriptions lists the member's.
func (q queries) Subscriptions(ctx context.Context, id campaigns.MemberID) ([]Subscription, error) {
	ss, err := many(ctx, q.run, func(r rows) (s Subscription, err error) {
		err = r.Scan(&s.Channel, &s.Topic, &s.Given, timeInto{&s.At})
		return s, err
	}, `SELECT channel, topic, given, at FROM subscriptions WHERE member_id = $1 ORDER BY channel, topic`, id)
	return ss, wrap("read subscriptions", err)
}

// PutSubscription writes what the entries of two ledgers add up to; the entries themselves stay as they are.
func (tx *Tx) PutSubscription(ctx context.Context, id campaigns.MemberID, s Subscription) error {
	_, err := tx.run.exec(ctx, `INSERT INTO subscriptions (member_id, channel, topic, given, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (member_id, channel, topic) DO UPDATE SET given = excluded.given, at = excluded.at`, id, s.Channel, s.Topic, s.Given, micros(s.At))
	return wrap("write subscription", err)
}
