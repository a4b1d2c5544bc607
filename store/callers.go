package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
)

// Caller is a member who wrote in a chat, with what the answer to the open question there looks at.
type Caller struct {
	Profile    *Profile
	Slot       *QuestionSlot
	Delivery   *Delivery
	Enrollment *Enrollment
}

// LockCallers locks the members behind the Telegram chats and the enrollments that their open questions belong to, set by set, and returns them by chat.
// Absent is who is nobody's chat, has no open question, or is held by another transaction: nobody is waited for.
//
// What it has read is what the transaction's next reads of the same things answer with, once each: Prompt, QuestionSlot, Delivery, LockMember,
// LockEnrollment, MemberByAddress; and SaveResponse knows who answers for the first time.
func (tx *Tx) LockCallers(ctx context.Context, chats []string, now time.Time) (map[string]*Caller, error) {
	c, err := tx.lockCallers(ctx, chats, now)
	return c, wrap("lock callers", err)
}

func (tx *Tx) lockCallers(ctx context.Context, chats []string, now time.Time) (map[string]*Caller, error) {
	callers := map[string]*Caller{}
	by, slots, err := tx.slotsOfChats(ctx, chats)
	if err != nil || len(slots) == 0 {
		return callers, err
	}
	profiles, err := tx.lockProfiles(ctx, slots)
	if err != nil || len(profiles) == 0 {
		return callers, err
	}
	f := &foreseen{slots: map[campaigns.MemberID]*QuestionSlot{}, prompts: map[campaigns.MemberID]*Prompt{}, answered: map[campaigns.MemberID]map[campaigns.CampaignID]bool{}}
	for _, s := range slots {
		if profiles[s.Member] != nil {
			f.slots[s.Member] = s
		}
	}
	if err := tx.foreseeQuestions(ctx, f, now); err != nil {
		return nil, err
	}
	f.byChat, f.profiles = map[string]*members.Member{}, map[campaigns.MemberID]*Profile{}
	for chat, id := range by {
		slot := f.slots[id]
		if slot == nil || f.deliveries[slot.Delivery] == nil || f.enrollments[slot.Enrollment] == nil {
			continue
		}
		c := &Caller{Profile: profiles[id], Slot: slot, Delivery: f.deliveries[slot.Delivery], Enrollment: f.enrollments[slot.Enrollment]}
		callers[chat], f.byChat[chat], f.profiles[id] = c, &c.Profile.Member, c.Profile
	}
	tx.foreseen = f
	return callers, nil
}

// slotsOfChats returns the open questions of the chats, and by chat whose they are. PostgreSQL is to look at one chat after the other: by "value_key = ANY",
// or as a join, it may read all addresses of the channel.
func (tx *Tx) slotsOfChats(ctx context.Context, chats []string) (by map[string]campaigns.MemberID, slots []*QuestionSlot, err error) {
	by = make(map[string]campaigns.MemberID, len(chats))
	slots, err = many(ctx, tx.run, func(r rows) (*QuestionSlot, error) {
		var chat string
		s, err := scanSlot(alsoScan{r, []any{&chat}})
		by[chat] = s.Member
		return s, err
	}, `SELECT q.member_id, q.enrollment_id, q.step, q.visit, q.delivery_id, q.opened_at, u.value FROM `+tx.dialect.either(
		`json_each($1) AS u JOIN addresses a ON a.channel = 'telegram' AND a.value_key = u.value`,
		`unnest($1::text[]) AS u (value) CROSS JOIN LATERAL (SELECT member_id FROM addresses WHERE channel = 'telegram' AND value_key = u.value OFFSET 0) AS a`)+`
		JOIN open_questions q ON q.member_id = a.member_id`, list(tx.dialect, chats))
	return by, slots, err
}

// lockProfiles locks the members who have these questions, as far as nobody holds them.
func (tx *Tx) lockProfiles(ctx context.Context, slots []*QuestionSlot) (map[campaigns.MemberID]*Profile, error) {
	ids := make([]campaigns.MemberID, len(slots))
	for i, s := range slots {
		ids[i] = s.Member
	}
	return tx.LockProfiles(ctx, ids)
}

// LockProfiles locks the members' rows, as far as nobody holds them, and returns their profiles. Who was merged is absent.
func (tx *Tx) LockProfiles(ctx context.Context, ids []campaigns.MemberID) (map[campaigns.MemberID]*Profile, error) {
	locked, err := many(ctx, tx.run, value[campaigns.MemberID], `SELECT id FROM members WHERE id`+tx.dialect.among(1)+tx.dialect.skipLocked(), list(tx.dialect, ids))
	if err != nil || len(locked) == 0 {
		return nil, wrap("lock members", err)
	}
	return tx.Profiles(ctx, locked)
}

// LockEnrollments locks enrollments, as far as nobody holds them. Unknown ids are absent.
func (tx *Tx) LockEnrollments(ctx context.Context, ids []campaigns.EnrollmentID) (map[campaigns.EnrollmentID]*Enrollment, error) {
	es, err := tx.lockEnrollments(ctx, ` WHERE id`+tx.dialect.among(1)+tx.dialect.skipLocked(), list(tx.dialect, ids))
	out := make(map[campaigns.EnrollmentID]*Enrollment, len(es))
	for _, e := range es {
		out[e.ID] = e
	}
	return out, err
}

// foreseen is what was read ahead. Each value is given out once: who asks again may have changed it.
type foreseen struct {
	byChat      map[string]*members.Member
	profiles    map[campaigns.MemberID]*Profile
	slots       map[campaigns.MemberID]*QuestionSlot
	prompts     map[campaigns.MemberID]*Prompt // nil under a member: none waits
	deliveries  map[campaigns.DeliveryID]*Delivery
	enrollments map[campaigns.EnrollmentID]*Enrollment
	answered    map[campaigns.MemberID]map[campaigns.CampaignID]bool // whether the member has answered in the campaign before
}

// once gives the value out of what was foreseen.
func once[K comparable, V any](m map[K]V, k K) (v V, ok bool) {
	if v, ok = m[k]; ok {
		delete(m, k)
	}
	return v, ok
}

// foreseeQuestions reads what belongs to the open questions.
func (tx *Tx) foreseeQuestions(ctx context.Context, f *foreseen, now time.Time) (err error) {
	var ids []campaigns.MemberID
	var ds []campaigns.DeliveryID
	var es []campaigns.EnrollmentID
	for id, s := range f.slots {
		ids, ds, es = append(ids, id), append(ds, s.Delivery), append(es, s.Enrollment)
		f.prompts[id] = nil
	}
	prompts, err := many(ctx, tx.run, scanPrompt, selectPrompt+` WHERE member_id`+tx.dialect.among(1)+` AND expires_at > $2`, list(tx.dialect, ids), micros(now))
	if err != nil {
		return err
	}
	for _, p := range prompts {
		f.prompts[p.Member] = p
	}
	if f.deliveries, err = tx.DeliveriesByID(ctx, ds); err != nil {
		return err
	}
	if f.enrollments, err = tx.LockEnrollments(ctx, es); err != nil {
		return err
	}
	return tx.foreseeAnswerers(ctx, f)
}

// foreseeAnswerers learns who has answered in the campaign of their question before.
func (tx *Tx) foreseeAnswerers(ctx context.Context, f *foreseen) error {
	of := map[campaigns.CampaignID][]campaigns.MemberID{}
	for _, e := range f.enrollments {
		of[e.Campaign] = append(of[e.Campaign], e.Member)
		f.answered[e.Member] = map[campaigns.CampaignID]bool{e.Campaign: false}
	}
	for id, ids := range of {
		// The plus keeps planners from walking the whole campaign.
		before, err := many(ctx, tx.run, value[campaigns.MemberID], `SELECT id FROM members WHERE id`+tx.dialect.among(1)+` AND EXISTS (
			SELECT 1 FROM responses r WHERE r.member_id = members.id AND +r.campaign_id = $2`+tx.dialect.perRow()+`)`, list(tx.dialect, ids), id)
		if err != nil {
			return err
		}
		for _, m := range before {
			f.answered[m][id] = true
		}
	}
	return nil
}
