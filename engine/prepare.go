package engine

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// surroundings is what the gates and the texts of some deliveries need, loaded set by set.
type surroundings struct {
	profiles map[campaigns.MemberID]*store.Profile
	rows     map[campaigns.EnrollmentID]*store.Enrollment
	states   campaignsByID
	cool     cooldowns
	c        *store.Community
	// Of mails that join a mailbox: their codes, and which of the addresses are on the suppression list and why.
	codes      map[int64]*store.LinkCode
	suppressed map[string]string

	read time.Time // when members and passages were, where they are not read for this purpose
}

// fresh reports whether what was read of members is young enough for the gates, with most of gateAge left to send in.
func (s *surroundings) fresh() bool { return s != nil && time.Since(s.read) < gateAge/4 }

// surroundings reads what some deliveries need. Members and passages that are known are not read again.
func (e *Engine) surroundings(ctx context.Context, ds []*store.Delivery, known *surroundings) (s *surroundings, err error) {
	if known != nil {
		s = &surroundings{profiles: known.profiles, rows: known.rows}
	} else if s, err = e.readMembers(ctx, ds); err != nil {
		return nil, err
	}
	if err = e.linkCodes(ctx, s, ds); err != nil {
		return nil, err
	}
	if s.states, err = e.campaignStates(ctx); err != nil {
		return nil, err
	}
	if s.cool, err = e.cooldowns(ctx); err != nil {
		return nil, err
	}
	s.c, err = e.community(ctx, e.Store)
	return s, err
}

// readMembers reads the members and passages of some deliveries.
func (e *Engine) readMembers(ctx context.Context, ds []*store.Delivery) (*surroundings, error) {
	var members []campaigns.MemberID
	var enrollments []campaigns.EnrollmentID
	for _, d := range ds {
		members = append(members, d.Member)
		if d.Enrollment != 0 {
			enrollments = append(enrollments, d.Enrollment)
		}
	}
	s := &surroundings{}
	var err error
	if s.profiles, err = e.recipients(ctx, ds, members); err != nil {
		return nil, err
	}
	s.rows, err = e.Store.EnrollmentsByID(ctx, enrollments)
	return s, err
}

// recipients reads the members whom the messages are for: of one version's messages on one channel no more than these need.
func (e *Engine) recipients(ctx context.Context, ds []*store.Delivery, ids []campaigns.MemberID) (map[campaigns.MemberID]*store.Profile, error) {
	first := ds[0]
	if len(ds) < minChunk || slices.ContainsFunc(ds, func(d *store.Delivery) bool {
		return d.Kind != store.StepDelivery || d.Campaign != first.Campaign || d.Version != first.Version || d.Channel != first.Channel
	}) {
		return e.Store.Profiles(ctx, ids)
	}
	l, err := e.version(ctx, e.Store, first.Campaign, first.Version)
	if errors.Is(err, errBadVersion) {
		return e.Store.Profiles(ctx, ids)
	}
	if err != nil {
		return nil, err
	}
	if l.def.LeavesIf() { // its condition may be about anything
		return e.Store.Profiles(ctx, ids)
	}
	ps, err := e.Store.Recipients(ctx, ids, []campaigns.Channel{first.Channel}, l.def.Topic)
	if err == nil && slices.ContainsFunc(ids, func(id campaigns.MemberID) bool { return ps[id] == nil }) {
		return e.Store.Profiles(ctx, ids) // one was merged: the profile of the one who stayed stands under their id
	}
	return ps, err
}

// questionRetry is when a question is looked at again that waits for the chat's open one; freeing the slot wakes it earlier.
const questionRetry = 10 * time.Minute

// candidate is one delivery on its way through the gates.
type candidate struct {
	d   *store.Delivery
	l   *live // nil for a system reply
	row *store.Enrollment
	p   *store.Profile

	community *store.Community
	en        *decide.Enrollment // the row, read, as long as the message is on its way; nil for a system reply, and before the message is made
}

// prepare takes deliveries through the gates. What the gates stop has its outcome in res.
func (e *Engine) prepare(ctx context.Context, ch campaigns.Channel, ds []*store.Delivery, known *surroundings, res *results) ([]job, error) {
	s, err := e.surroundings(ctx, ds, known)
	if err != nil {
		return nil, err
	}
	now := e.now()
	through := make([]candidate, 0, len(ds))
	for _, d := range ds {
		c := candidate{d: d, row: s.rows[d.Enrollment], p: e.profileFor(s, d), community: s.c}
		if ok, err := e.gate(ctx, &c, s, res, now); err != nil {
			return nil, err
		} else if ok {
			through = append(through, c)
		}
	}
	if through, err = e.takeBudget(ctx, through, res, now); err != nil {
		return nil, err
	}
	if through, err = e.takeSlots(ctx, through, res, now); err != nil {
		return nil, err
	}
	jobs := make([]job, len(through))
	for i, c := range through {
		jobs[i] = job{c, c.p.Addresses.On(ch).Reach}
	}
	return jobs, nil
}

// renderFault is the reason of a message that could not be made: its text is at fault, or our code.
func renderFault(err error) campaigns.Reason {
	if errors.Is(err, errPanic) {
		return campaigns.Stumbled
	}
	return campaigns.RenderFailed
}

// gate reports whether the delivery may leave now; what holds or ends it is in res.
func (e *Engine) gate(ctx context.Context, c *candidate, s *surroundings, res *results, now time.Time) (ok bool, err error) {
	if c.d.Kind == store.StepDelivery {
		c.l, err = e.version(ctx, e.Store, c.d.Campaign, c.d.Version)
		switch {
		case errors.Is(err, errBadVersion):
			e.Log.Error("message not rendered", "delivery", c.d.ID, "error", err)
			res.final(c.d, campaigns.Failed, campaigns.RenderFailed, now)
			return false, nil
		case err != nil:
			return false, err
		}
	}
	if c.p == nil {
		res.final(c.d, campaigns.Canceled, campaigns.MemberErased, now)
		return false, nil
	}
	v := decide.Gate(e.gateFacts(c, s), now)
	switch {
	case v.Reason == campaigns.CampaignPaused && c.d.Chunk != 0:
		return false, nil // it stays in its chunk, which nobody claims while the campaign stands still
	case v.State != "":
		res.verdict(c.d, v, now)
		return false, nil
	}
	return true, nil
}

// leaves reports whether an exit rule's condition holds for the member now. Of a passage that cannot be read, the making of its message tells.
func (e *Engine) leaves(c *candidate, s *surroundings) bool {
	if !c.l.def.LeavesIf() || c.row == nil {
		return false
	}
	en, err := fromRow(c.row)
	return err == nil && decide.Leaves(c.l.def, en, e.facts(c.p, c.l.def.Topic, standing{}, s.c, e.now()), e.now())
}

// planOf is when a message was to leave: the passage keeps it where that was not when its row was written, which few do, so that few records are read for
// it. Of a passage that cannot be read, the making of its message tells.
func planOf(c *candidate) decide.Plan {
	if c.l.minds && c.row != nil && bytes.Contains(c.row.Data, []byte(`"plan":`)) {
		if en, err := fromRow(c.row); err == nil && en.Waiting.Plan != nil {
			return *en.Waiting.Plan
		}
	}
	return decide.Plan{At: c.d.CreatedAt}
}

// gateFacts is what the gates look at for one delivery.
func (e *Engine) gateFacts(c *candidate, s *surroundings) decide.GateFacts {
	d, p := c.d, c.p
	g := decide.GateFacts{
		System: d.Kind == store.SystemDelivery, Unprompted: d.Name == confirmMail, RefusedAll: refusedAll(p.Consents, d.Channel), MemberErased: p.State == members.Erased, Stopped: p.StoppedAt != nil,
		Expires: worthUntil(d), Lane: d.Lane, Zone: zone(s.c, p.TimeZone), Standing: true, Further: d.Part > 0,
	}
	topic := ""
	if c.l != nil {
		topic, g.Purpose = c.l.def.Topic, c.l.def.Purpose
		if c.l.def.Quiet != nil {
			g.Quiet = append(g.Quiet, c.l.def.Quiet)
			g.CampaignQuiet, g.QuietThen = c.l.def.Quiet, c.l.def.QuietThen
			g.Over = c.l.def.QuietOver.Fixed()
			g.Campaign, g.Step, g.Member = c.l.def.Key, d.Step, e.takenFor(d.Member)
		}
		if p.Quiet != nil {
			g.Quiet = append(g.Quiet, p.Quiet)
		}
		g.Again = AskedAgain(d)
		if d.Reason == campaigns.OverBudget { // by now it is no reply to anything
			g.Lane = campaigns.Bulk
		}
		g.Late, g.Plan = c.l.def.LateOf(c.l.def.Step(d.Step)), planOf(c)
		g.EnrollmentFinal = c.row == nil || c.row.State.Final() && !(g.Again && c.row.State == campaigns.EnrollmentCompleted)
		g.Standing = c.row != nil && c.row.WaitKind == campaigns.WaitDelivery && c.row.WaitDelivery == d.ID
		g.Leaves = e.leaves(c, s)
		g.CampaignPaused = s.states.state(d.Campaign) == campaigns.Paused
	}
	g.Away = s.cool.away(d)
	g.Channel, g.HasAddress = e.channelFacts(p, d.Channel, topic)
	g.Channel.Off = e.off(d.Channel)
	if d.Kind == store.SystemDelivery && d.Input != 0 && d.Channel == campaigns.Telegram && p.Addresses.On(d.Channel).Suppressed == erasedAddress {
		g.Channel.Suppressed = false // who was erased and writes again gets an answer to that, and nothing else
	}
	return g
}

// takeSlots makes each typed question its chat's open one, from the claim on, in one transaction for all. A question whose chat has another
// open one is put off; everything else needs no slot.
func (e *Engine) takeSlots(ctx context.Context, cs []candidate, res *results, now time.Time) ([]candidate, error) {
	if !slices.ContainsFunc(cs, candidate.needsSlot) {
		return cs, nil
	}
	var through []candidate
	var held []*store.Delivery
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		through, held = nil, nil
		for _, c := range cs {
			ok := true
			if c.needsSlot() {
				var err error
				slot := store.QuestionSlot{Member: c.d.Member, Enrollment: c.d.Enrollment, Step: c.d.Step, Visit: c.d.Visit, Delivery: c.d.ID, OpenedAt: now}
				if ok, err = tx.TakeQuestionSlot(ctx, slot); err != nil {
					return err
				}
			}
			if ok {
				through = append(through, c)
			} else {
				held = append(held, c.d)
			}
		}
		return nil
	})
	for _, d := range held {
		until := now.Add(questionRetry)
		res.verdict(d, decide.Verdict{State: campaigns.Pending, Reason: campaigns.QuestionOpen, Until: &until}, now)
	}
	return through, err
}

// needsSlot reports whether the delivery is a typed question in a chat.
func (c candidate) needsSlot() bool {
	if c.d.Channel != campaigns.Telegram || c.l == nil {
		return false
	}
	ask := askOf(c.l.def, c.d.Step)
	return ask != nil && ask.Type.Typed()
}

// compose makes the message of a step or of a system reply. An error is our fault or the definition's.
func (e *Engine) compose(ctx context.Context, c *candidate, by *composer) (_ *channels.Message, err error) {
	defer recovered(&err)
	if c.d.Kind == store.SystemDelivery {
		return e.renderReply(ctx, c.d, c.p, c.community)
	}
	r := by.next()
	if r.en, err = by.reads.fromRow(c.row); err != nil {
		return nil, err
	}
	c.en = &r.en
	*r = renderJob{e: e, l: c.l, d: c.d, p: c.p, c: c.community, en: r.en, sheet: r.sheet}
	m, err := e.render(r)
	if err == nil {
		by.made()
	}
	return m, err
}

// composer is what one line makes its messages with. What one was made with is used again for the next but one that could be made: a stream has two of
// them on their way.
type composer struct {
	reads records
	jobs  [2]renderJob
	last  int
}

// next is what the next message is made with.
func (x *composer) next() *renderJob {
	r := &x.jobs[1-x.last]
	if r.sheet == nil {
		r.sheet = new(sheet)
	}
	return r
}

// made: the message is on its way now.
func (x *composer) made() { x.last = 1 - x.last }

// clear forgets whom the last messages were for; their memory stays.
func (x *composer) clear() {
	x.reads = records{}
	for i := range x.jobs {
		r := &x.jobs[i]
		*r = renderJob{sheet: r.sheet}
		if r.sheet != nil {
			r.sheet.message, r.sheet.mail = channels.Message{}, channels.Mail{}
		}
	}
}

// sheet is what a message is written on.
type sheet struct {
	message channels.Message
	mail    channels.Mail
	room    templates.MailRoom
}
