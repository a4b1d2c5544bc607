package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// Priorities of deliveries: smaller goes first.
const (
	prioReply   = 1 // a reply to what the member just did
	prioService = 3
	prioNormal  = 5
	prioBulk    = 7 // broadcasts
)

// work collects what the decisions of one transaction write, so that it is written set by set.
type work struct {
	e         *Engine
	tx        *store.Tx
	now       time.Time
	community *store.Community
	bulk      bool // many members: deliveries go out as chunks
	campaigns map[campaigns.CampaignID]standing
	records   records
	firsts    map[alike]*decision                                    // first decisions, by those for whom they are the same
	reaches   map[reachKey]map[campaigns.Channel]decide.ChannelFacts // what is known of addresses: of many the same

	// first, when it is not nil, says that the rows are new: they are written and not saved. It holds, with their languages, the members among them who
	// never were in the campaign.
	first map[campaigns.MemberID]campaigns.Lang

	opened map[*live]*timing.LocalDateTime // by schedules that recur, the newest moment

	memories map[*live]*memory // what versions that look back have read

	taken      map[*store.Enrollment]bool // rows, as a set
	rows       []*store.Enrollment
	deliveries []*store.Delivery
	events     []store.Event
	inputs     []*store.Input
	notices    []*store.Notice
	calls      []*store.OutsideCall
	uncalled   []store.CallEnd // nobody waits for these calls any more
	measured   []*store.Measured
	points     []store.Points
	dirty      map[campaigns.MemberID]*store.Profile
	recordings []*recording                                  // what was decided, where somebody records it
	canceled   map[campaigns.Reason][]campaigns.EnrollmentID // their pending deliveries are to be canceled

	// hand takes chunks that are sent right away by who writes them; nil: none.
	hand *hand

	// claim, where it is set, looks at deliveries before they are written, and may let them be written as claimed.
	claim func(context.Context) error

	// What the page or the bot tells at once.
	again *decide.AskAgain
	saved bool // an answer in time
}

func (e *Engine) newWork(ctx context.Context, tx *store.Tx) (*work, error) {
	c, err := e.community(ctx, tx)
	if err != nil {
		return nil, err
	}
	return &work{
		e: e, tx: tx, now: e.now(), community: c, dirty: map[campaigns.MemberID]*store.Profile{},
		campaigns: map[campaigns.CampaignID]standing{}, canceled: map[campaigns.Reason][]campaigns.EnrollmentID{},
		reaches: map[reachKey]map[campaigns.Channel]decide.ChannelFacts{}, taken: map[*store.Enrollment]bool{}, memories: map[*live]*memory{},
		opened: map[*live]*timing.LocalDateTime{},
	}, nil
}

// decide runs one decision for the enrollment that the transaction holds, and collects its effects. The profile's row must be locked when the definition can change the member.
func (w *work) decide(ctx context.Context, row *store.Enrollment, p *store.Profile, in decide.Input) error {
	l, err := w.e.version(ctx, w.tx, row.Campaign, row.Version)
	if err != nil {
		return err
	}
	s, err := w.standing(ctx, row.Campaign)
	if err != nil {
		return err
	}
	return w.decideBy(ctx, l, row, p, w.e.facts(p, l.def.Topic, s, w.community, w.now), in)
}

// decideBy is decide with facts that were gathered before; p is nil when the definition decides by facts alone.
func (w *work) decideBy(ctx context.Context, l *live, row *store.Enrollment, p *store.Profile, f decide.Facts, in decide.Input) error {
	en, in, err := w.asked(ctx, l, row, &f, in)
	if err != nil {
		return err
	}
	r := w.e.record(l, row, en, f, in, w.now)
	return w.take(ctx, l, row, p, w.made(l, en, f, in), r)
}

// decision is what was decided.
type decision struct {
	next    decide.Enrollment
	data    json.RawMessage // next, as the row keeps it
	effects []decide.Effect
}

// made decides.
func (w *work) made(l *live, en decide.Enrollment, f decide.Facts, in decide.Input) *decision {
	d := &decision{}
	d.next, d.effects = decide.Decide(l.def, en, f, in, w.now)
	d.data = mustJSON(&d.next)
	return d
}

// asked is what the decider is asked besides facts, which it completes.
func (w *work) asked(ctx context.Context, l *live, row *store.Enrollment, f *decide.Facts, in decide.Input) (decide.Enrollment, decide.Input, error) {
	en, err := w.records.fromRow(row)
	if err != nil {
		return en, nil, err
	}
	f.Member = w.e.takenFor(row.Member)
	f.HeldOut = heldOut(l, f.Member)
	f.Unset = w.e.callsUnset(l.def, row)
	if err := w.lookBack(ctx, l, row.Member, f); err != nil {
		return en, nil, err
	}
	if start, ok := in.(*decide.Start); ok {
		in = w.since(l, row, en.Opens, f.Zone, start)
	}
	return en, in, nil
}

// take writes a decision into the row, and collects its effects.
func (w *work) take(ctx context.Context, l *live, row *store.Enrollment, p *store.Profile, made *decision, r *recording) error {
	r.answered(made.next, made.effects)
	if row.State != made.next.State && !row.State.May(made.next.State) {
		return fmt.Errorf("decide enrollment %d: %s may not become %s", row.ID, row.State, made.next.State)
	}
	made.into(row, w.now)
	if !w.taken[row] {
		w.taken[row] = true
		w.rows = append(w.rows, row)
	}
	for _, effect := range made.effects {
		if err := w.effect(ctx, l, row, p, effect); err != nil {
			return err
		}
	}
	if r != nil {
		w.recordings = append(w.recordings, r)
	}
	return nil
}

// since is the start of a passage, with the moment at which it was to begin where that has passed: when its schedule opened, when the event was received that
// let the member in, or else when they came in. Behind it, messages are late. A version that was published afterwards came then.
func (w *work) since(l *live, row *store.Enrollment, opens *timing.LocalDateTime, member *time.Location, start *decide.Start) *decide.Start {
	if !l.minds {
		return start
	}
	at, scheduled := row.EnteredAt, false
	switch {
	case start.NotBefore != nil:
		at = *start.NotBefore
	case row.Source == "schedule" && l.def.Entry.Schedule != nil:
		if opened, ok := w.opensAt(l, opens, member); ok {
			at, scheduled = opened, true
		}
	case l.def.Entry.Segment != "" && !l.def.Entry.Listens() && row.Source == l.together().source:
		at = l.since // all of them came in by its publication
	}
	if !at.Before(w.now) {
		return start
	}
	if at.Before(l.since) {
		at = l.since
	}
	return &decide.Start{NotBefore: &at, Scheduled: scheduled}
}

// opensAt is when the version's schedule opened for the member.
func (w *work) opensAt(l *live, opens *timing.LocalDateTime, member *time.Location) (time.Time, bool) {
	s := l.def.Entry.Schedule
	if s.Zone != definition.MemberZone || member == nil {
		member = zone(w.community, "")
	}
	if opens == nil {
		opens = &s.At
		if s.Recurs != nil {
			opens = w.latest(l, member)
		}
	}
	if opens == nil {
		return time.Time{}, false
	}
	return opens.In(member).UTC(), true
}

// latest is the newest moment of a recurring schedule, looked for once for all members.
func (w *work) latest(l *live, zone *time.Location) *timing.LocalDateTime {
	at, known := w.opened[l]
	if !known {
		at = latest(l.def.Entry.Schedule.Recurs, w.now.In(zone))
		w.opened[l] = at
	}
	return at
}

func (w *work) effect(ctx context.Context, l *live, row *store.Enrollment, p *store.Profile, effect decide.Effect) error {
	switch x := effect.(type) {
	case *decide.Deliver:
		return w.deliver(ctx, l, row, x)
	case *decide.SaveAnswer:
		w.saved = w.saved || !x.Answer.Late
		return w.saveAnswer(ctx, row, x)
	case *decide.SetMember:
		return w.setMember(ctx, p, x)
	case *decide.Award:
		return w.award(ctx, row, x)
	case *decide.Notify:
		return w.notify(ctx, l, row, x)
	case *decide.Call:
		return w.call(ctx, l, row, x)
	case *decide.EndCall:
		w.uncalled = append(w.uncalled, store.CallEnd{Enrollment: row.ID, Step: x.Step, Visit: x.Visit, Reason: x.Reason, At: w.now})
	case *decide.Enroll:
		return w.enroll(l, row, x)
	case *decide.CancelPending:
		w.canceled[x.Reason] = append(w.canceled[x.Reason], row.ID)
	case *decide.CloseQuestion:
		return w.tx.FreeQuestionSlot(ctx, row.Member, row.ID, w.now)
	case *decide.AskAgain:
		w.again = x
	case *decide.HoldOut:
		w.measure(row, true, nil)
	case *decide.ReachGoal:
		w.measure(row, x.HeldOut, &w.now)
	case *decide.Record:
		return w.record(ctx, l, row, x)
	default:
		return fmt.Errorf("unknown effect %T", effect)
	}
	return nil
}

// deliver adds the row of a message; the enrollment waits for it.
func (w *work) deliver(ctx context.Context, l *live, row *store.Enrollment, x *decide.Deliver) error {
	d, err := w.delivery(ctx, l, row, x.Step, x.Visit, x.Channel)
	if err != nil {
		return err
	}
	d.Part, d.Lane, d.ExpiresAt, d.DueAt = x.Part, x.Lane, x.Expires, &w.now
	if x.Lane == campaigns.Interactive {
		d.Priority = prioReply
		if !w.bulk {
			d.DueAt = ownDue(w.now)
		}
	}
	if x.Reply {
		d.Params = []byte(replyParams)
	}
	row.WaitDelivery = d.ID
	w.deliveries = append(w.deliveries, d)
	return nil
}

// ownGrace is how long an interactive delivery is left to the worker that wrote it and sends it in the same go. The sweeps take it over then.
const ownGrace = time.Second

func ownDue(now time.Time) *time.Time {
	due := now.Add(ownGrace)
	return &due
}

// delivery makes the row of a step's message, pending.
func (w *work) delivery(ctx context.Context, l *live, row *store.Enrollment, step campaigns.StepID, visit int, ch campaigns.Channel) (*store.Delivery, error) {
	id, err := w.tx.NextID(ctx)
	if err != nil {
		return nil, err
	}
	return &store.Delivery{
		ID: campaigns.DeliveryID(id), Kind: store.StepDelivery, Campaign: row.Campaign, Version: row.Version, Enrollment: row.ID, Member: row.Member,
		Step: step, Visit: visit, Channel: ch, Lane: campaigns.Bulk, Priority: urgency(l.def), State: campaigns.Pending, CreatedAt: w.now, ExpiresAt: w.now,
	}, nil
}

func (w *work) saveAnswer(ctx context.Context, row *store.Enrollment, x *decide.SaveAnswer) error {
	id, err := w.tx.NextID(ctx)
	if err != nil {
		return err
	}
	return w.tx.SaveResponse(ctx, &store.Response{
		ID: id, Enrollment: row.ID, Campaign: row.Campaign, Version: row.Version, Member: row.Member, Question: x.Question,
		Step: x.Step, Visit: x.Visit, Round: x.Round, Answer: x.Answer, AnsweredAt: x.Answer.At,
	})
}

// award adds points to the ledger; the same visit's again changes nothing.
func (w *work) award(ctx context.Context, row *store.Enrollment, x *decide.Award) error {
	id, err := w.tx.NextID(ctx)
	if err != nil {
		return err
	}
	w.points = append(w.points, store.Points{
		ID: id, Campaign: row.Campaign, Enrollment: row.ID, Member: row.Member, Step: x.Step, Visit: x.Visit, Round: x.Round, Points: x.Points, At: w.now,
	})
	return nil
}

func (w *work) setMember(ctx context.Context, p *store.Profile, x *decide.SetMember) error {
	had := p.Attributes
	p.Attributes = mergeAttributes(had, x.Attributes)
	p.Tags = slices.DeleteFunc(slices.Clone(p.Tags), func(t string) bool { return slices.Contains(x.RemoveTags, t) })
	p.Tags = slices.Compact(slices.Sorted(slices.Values(append(p.Tags, x.AddTags...))))
	if x.Language != "" {
		p.Language = x.Language
	}
	p.UpdatedAt = w.now
	w.dirty[p.ID] = p
	return w.moveDays(ctx, p.ID, movedDays(had, p.Attributes))
}

// rowTells are the records that the rows themselves tell: the enrollment's state and reason, the delivery's, the response, the call's.
var rowTells = map[string]bool{
	"enrollment.completed": true, "enrollment.exited": true, "step.not_delivered": true, "question.answered": true, "question.twin_not_delivered": true,
	"call.answered": true, "call.failed": true,
}

// neverToLeave are the records of messages that were not to be sent from the first, with the state of their rows.
var neverToLeave = map[string]campaigns.DeliveryState{"step.skipped": campaigns.Suppressed, "step.held_out": campaigns.HeldOut}

// record writes an event, or, for a message that was never to leave, a delivery row, which carries its reason itself.
func (w *work) record(ctx context.Context, l *live, row *store.Enrollment, x *decide.Record) error {
	if state, ok := neverToLeave[x.Name]; ok {
		d, err := w.delivery(ctx, l, row, x.Step, x.Visit, x.Channel)
		if err != nil {
			return err
		}
		d.State, d.Reason, d.FinalAt = state, x.Reason, &w.now
		w.deliveries = append(w.deliveries, d)
		return nil
	}
	if rowTells[x.Name] || w.first != nil && x.Name == "split.taken" { // where an audience enters, the passages' visits tell who took which arm
		return nil
	}
	w.events = append(w.events, store.Event{At: w.now, Name: x.Name, Member: row.Member, Campaign: row.Campaign, Enrollment: row.ID, Step: x.Step, Reason: x.Reason, Data: mustJSON(x.Data)})
	return nil
}

// join takes over what another work of the same transaction has collected, about other members.
func (w *work) join(o *work) {
	w.rows, w.deliveries, w.events = append(w.rows, o.rows...), append(w.deliveries, o.deliveries...), append(w.events, o.events...)
	w.inputs, w.notices = append(w.inputs, o.inputs...), append(w.notices, o.notices...)
	w.measured, w.calls = append(w.measured, o.measured...), append(w.calls, o.calls...)
	w.points, w.uncalled = append(w.points, o.points...), append(w.uncalled, o.uncalled...)
	w.recordings = append(w.recordings, o.recordings...)
	maps.Copy(w.dirty, o.dirty)
	for reason, ids := range o.canceled {
		w.canceled[reason] = append(w.canceled[reason], ids...)
	}
}

// flush writes everything that was collected and returns the deliveries that are to be sent in the interactive lane now.
func (w *work) flush(ctx context.Context) ([]campaigns.DeliveryID, error) {
	for _, p := range w.dirty {
		if err := w.tx.UpdateMember(ctx, &p.Member); err != nil {
			return nil, err
		}
	}
	for reason, ids := range w.canceled {
		if err := w.tx.CancelPending(ctx, ids, reason, w.now); err != nil {
			return nil, err
		}
	}
	if w.bulk {
		if err := w.chunk(ctx); err != nil {
			return nil, err
		}
	}
	if err := w.writeRows(ctx); err != nil {
		return nil, err
	}
	if w.claim != nil {
		if err := w.claim(ctx); err != nil {
			return nil, err
		}
	}
	if err := w.writeDeliveries(ctx); err != nil {
		return nil, err
	}
	if err := w.tx.AppendEvents(ctx, w.events); err != nil {
		return nil, err
	}
	if err := w.tx.Measure(ctx, w.measured); err != nil {
		return nil, err
	}
	if err := w.tx.AddPoints(ctx, w.points...); err != nil {
		return nil, err
	}
	if len(w.notices) > 0 {
		if err := w.tx.InsertNotices(ctx, w.notices); err != nil {
			return nil, err
		}
	}
	if err := w.writeCalls(ctx); err != nil {
		return nil, err
	}
	if len(w.inputs) > 0 { // nobody is woken for them: the sweep for actors finds them
		if _, err := w.tx.InsertInputs(ctx, w.inputs); err != nil {
			return nil, err
		}
	}
	if rs := w.recordings; len(rs) > 0 {
		w.tx.OnCommit(func() { w.e.recorded(rs...) })
	}
	var ids []campaigns.DeliveryID
	for _, d := range w.deliveries {
		if d.Lane == campaigns.Interactive && d.State == campaigns.Pending {
			ids = append(ids, d.ID)
		}
	}
	return ids, nil // the others wait for their lane: the sweep sees them
}

// writeRows writes the enrollments. errEnteredElsewhere: one of those that are new has come to be by somebody else's hand meanwhile.
func (w *work) writeRows(ctx context.Context) error {
	if w.first == nil {
		return w.tx.SaveEnrollments(ctx, w.rows)
	}
	ok, err := w.tx.EnterAs(ctx, w.rows, w.first)
	if err == nil && !ok {
		err = errEnteredElsewhere
	}
	return err
}

func (w *work) writeDeliveries(ctx context.Context) error {
	if len(w.deliveries) == 0 {
		return nil
	}
	if w.bulk {
		return w.tx.InsertNewDeliveries(ctx, w.deliveries)
	}
	written, err := w.tx.InsertDeliveries(ctx, w.deliveries)
	if err != nil {
		return err
	}
	if len(written) < len(w.deliveries) { // the decider never makes the same key twice; a row that is there means a forgotten lock
		return fault.Wrap(fault.Internal, fmt.Errorf("write deliveries: %d of %d keys existed", len(w.deliveries)-len(written), len(w.deliveries)), "internal", nil)
	}
	return nil
}
