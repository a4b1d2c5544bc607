package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
)

// Call is what somebody did in a Telegram chat: they answered its open question, or pressed a button of a question.
type Call struct {
	Chat    string
	Pressed campaigns.DeliveryID // the question whose button it was; 0: the open question is meant
}

// Caller is a member who called, with what the answer to the question looks at.
type Caller struct {
	Profile    *Profile
	Slot       *QuestionSlot // nil where a button was pressed
	Delivery   *Delivery
	Enrollment *Enrollment
}

// LockCallers locks the members behind the Telegram chats, one call of each, and the enrollments that their questions belong to, set by set, and returns them by
// chat. Absent is who is nobody's chat, has no open question, pressed a button of a question that is not theirs, or is held by another transaction: nobody
// is waited for.
//
// What it has read is what the transaction's next reads of the same things answer with, once each: Prompt, QuestionSlot, Delivery, LockMember,
// LockEnrollment, MemberByAddress; and SaveResponse knows who answers for the first time.
func (tx *Tx) LockCallers(ctx context.Context, calls []Call, now time.Time) (map[string]*Caller, error) {
	c, err := tx.lockCallers(ctx, calls, now)
	return c, wrap("lock callers", err)
}

func (tx *Tx) lockCallers(ctx context.Context, calls []Call, now time.Time) (map[string]*Caller, error) {
	found, err := tx.calling(ctx, calls)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	profiles, err := tx.lockProfiles(ctx, found)
	if err != nil || len(profiles) == 0 {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(c *calling) bool { return profiles[c.member] == nil })
	f := &foreseen{
		byChat: map[string]*members.Member{}, profiles: map[campaigns.MemberID]*Profile{}, slots: map[campaigns.MemberID]*QuestionSlot{},
		prompts: map[campaigns.MemberID]*Prompt{}, answered: map[campaigns.MemberID]map[campaigns.CampaignID]bool{},
	}
	if err := tx.foreseeQuestions(ctx, f, found, now); err != nil {
		return nil, err
	}
	callers := map[string]*Caller{}
	for _, c := range found {
		d := f.deliveries[c.question()]
		if d == nil || d.Member != c.member || f.enrollments[d.Enrollment] == nil {
			continue
		}
		caller := &Caller{Profile: profiles[c.member], Slot: c.slot, Delivery: d, Enrollment: f.enrollments[d.Enrollment]}
		callers[c.Chat], f.byChat[c.Chat], f.profiles[c.member] = caller, &caller.Profile.Member, caller.Profile
	}
	tx.foreseen = f
	return callers, nil
}

// Answerer is a member who answers, with the run whose question it is.
type Answerer struct {
	Profile    *Profile
	Enrollment *Enrollment
}

// LockAnswerers locks members and one enrollment of each, set by set, and returns them by member. Absent is who was merged, whose enrollment it is not, or who is
// held by another transaction. The transaction's next LockMember, LockEnrollment and SaveResponse know what it has read, as they do after LockCallers.
func (tx *Tx) LockAnswerers(ctx context.Context, of map[campaigns.MemberID]campaigns.EnrollmentID) (map[campaigns.MemberID]*Answerer, error) {
	profiles, err := tx.LockProfiles(ctx, slices.Collect(maps.Keys(of)))
	if err != nil || len(profiles) == 0 {
		return nil, err
	}
	var ids []campaigns.EnrollmentID
	for id := range profiles {
		ids = append(ids, of[id])
	}
	f := &foreseen{profiles: map[campaigns.MemberID]*Profile{}, answered: map[campaigns.MemberID]map[campaigns.CampaignID]bool{}}
	if f.enrollments, err = tx.LockEnrollments(ctx, ids); err != nil {
		return nil, err
	}
	found := map[campaigns.MemberID]*Answerer{}
	for id, row := range f.enrollments {
		p := profiles[row.Member]
		if p == nil || of[p.ID] != id {
			delete(f.enrollments, id)
			continue
		}
		found[p.ID], f.profiles[p.ID] = &Answerer{p, row}, p
	}
	tx.foreseen = f
	return found, wrap("lock answerers", tx.foreseeAnswerers(ctx, f))
}

// calling is a call whose member is known.
type calling struct {
	Call
	member campaigns.MemberID
	slot   *QuestionSlot
}

func (c *calling) question() campaigns.DeliveryID {
	if c.slot != nil {
		return c.slot.Delivery
	}
	return c.Pressed
}

// calling finds who called, with the open questions of those who answer one. PostgreSQL is to look at one chat after the other: by "value_key = ANY",
// or as a join, it may read all addresses of the channel.
func (tx *Tx) calling(ctx context.Context, calls []Call) (found []*calling, err error) {
	by := make(map[string]Call, len(calls))
	chats := make([]string, len(calls))
	for i, c := range calls {
		by[c.Chat], chats[i] = c, c.Chat
	}
	found, err = many(ctx, tx.run, func(r rows) (*calling, error) {
		c := &calling{}
		slot, err := scanSlot(alsoScan{r, []any{&c.Chat, &c.member}})
		c.Call = by[c.Chat]
		if c.Pressed == 0 {
			c.slot = slot
		}
		return c, err
	}, `SELECT COALESCE(q.member_id, 0), COALESCE(q.enrollment_id, 0), COALESCE(q.step, ''), COALESCE(q.visit, 0), COALESCE(q.delivery_id, 0), COALESCE(q.opened_at, 0),
		u.value, a.member_id FROM `+tx.dialect.either(
		`json_each($1) AS u JOIN addresses a ON a.channel = 'telegram' AND a.value_key = u.value`,
		`unnest($1::text[]) AS u (value) CROSS JOIN LATERAL (SELECT member_id FROM addresses WHERE channel = 'telegram' AND value_key = u.value OFFSET 0) AS a`)+`
		LEFT JOIN open_questions q ON q.member_id = a.member_id`, list(tx.dialect, chats))
	return slices.DeleteFunc(found, func(c *calling) bool { return c.question() == 0 }), err
}

// lockProfiles locks the members who called, as far as nobody holds them.
func (tx *Tx) lockProfiles(ctx context.Context, found []*calling) (map[campaigns.MemberID]*Profile, error) {
	ids := make([]campaigns.MemberID, len(found))
	for i, c := range found {
		ids[i] = c.member
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

// foreseeQuestions reads what belongs to the questions.
func (tx *Tx) foreseeQuestions(ctx context.Context, f *foreseen, found []*calling, now time.Time) (err error) {
	if err := tx.foreseePrompts(ctx, f, found, now); err != nil {
		return err
	}
	ds := make([]campaigns.DeliveryID, len(found))
	for i, c := range found {
		ds[i] = c.question()
	}
	if f.deliveries, err = tx.DeliveriesByID(ctx, ds); err != nil {
		return err
	}
	var es []campaigns.EnrollmentID
	for _, c := range found {
		if d := f.deliveries[c.question()]; d != nil && d.Member == c.member && d.Enrollment != 0 {
			es = append(es, d.Enrollment)
		}
	}
	if f.enrollments, err = tx.LockEnrollments(ctx, es); err != nil {
		return err
	}
	return tx.foreseeAnswerers(ctx, f)
}

// foreseePrompts reads what those who wrote were asked by the bot itself. Who presses a button answers no such question.
func (tx *Tx) foreseePrompts(ctx context.Context, f *foreseen, found []*calling, now time.Time) error {
	var ids []campaigns.MemberID
	for _, c := range found {
		if c.slot != nil {
			ids = append(ids, c.member)
			f.slots[c.member], f.prompts[c.member] = c.slot, nil
		}
	}
	if len(ids) == 0 {
		return nil
	}
	prompts, err := many(ctx, tx.run, scanPrompt, selectPrompt+` WHERE member_id`+tx.dialect.among(1)+` AND expires_at > $2`, list(tx.dialect, ids), micros(now))
	for _, p := range prompts {
		f.prompts[p.Member] = p
	}
	return err
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
