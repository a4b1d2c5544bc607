package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
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

	rows       []*store.Enrollment
	deliveries []*store.Delivery
	events     []store.Event
	dirty      map[campaigns.MemberID]*store.Profile
	canceled   map[campaigns.Reason][]campaigns.EnrollmentID // their pending deliveries are to be canceled

	// What the page or the bot tells at once.
	again *decide.AskAgain
}

func (e *Engine) newWork(ctx context.Context, tx *store.Tx) (*work, error) {
	c, err := e.community(ctx, tx)
	if err != nil {
		return nil, err
	}
	return &work{
		e: e, tx: tx, now: e.now(), community: c, dirty: map[campaigns.MemberID]*store.Profile{},
		campaigns: map[campaigns.CampaignID]standing{}, canceled: map[campaigns.Reason][]campaigns.EnrollmentID{},
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
	en, err := fromRow(row)
	if err != nil {
		return err
	}
	next, effects := decide.Decide(l.def, en, w.e.facts(p, l.def.Topic, s, w.community, w.now), in, w.now)
	if en.State != next.State && !en.State.May(next.State) {
		return fmt.Errorf("decide enrollment %d: %s may not become %s", row.ID, en.State, next.State)
	}
	intoRow(row, next, w.now)
	if !slices.Contains(w.rows, row) {
		w.rows = append(w.rows, row)
	}
	for _, effect := range effects {
		if err := w.effect(ctx, l, row, p, effect); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) effect(ctx context.Context, l *live, row *store.Enrollment, p *store.Profile, effect decide.Effect) error {
	switch x := effect.(type) {
	case *decide.Deliver:
		return w.deliver(ctx, l, row, x)
	case *decide.SaveAnswer:
		return w.saveAnswer(ctx, row, x)
	case *decide.SetMember:
		w.setMember(p, x)
	case *decide.CancelPending:
		w.canceled[x.Reason] = append(w.canceled[x.Reason], row.ID)
	case *decide.CloseQuestion:
		return w.tx.FreeQuestionSlot(ctx, row.Member, row.ID, w.now)
	case *decide.AskAgain:
		w.again = x
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
	prio := prioNormal
	switch {
	case l.def.Purpose == campaigns.Service:
		prio = prioService
	case l.def.Entry.Schedule != nil:
		prio = prioBulk
	}
	return &store.Delivery{
		ID: campaigns.DeliveryID(id), Kind: store.StepDelivery, Campaign: row.Campaign, Version: row.Version, Enrollment: row.ID, Member: row.Member,
		Step: step, Visit: visit, Channel: ch, Lane: campaigns.Bulk, Priority: prio, State: campaigns.Pending, CreatedAt: w.now, ExpiresAt: w.now,
	}, nil
}

func (w *work) saveAnswer(ctx context.Context, row *store.Enrollment, x *decide.SaveAnswer) error {
	id, err := w.tx.NextID(ctx)
	if err != nil {
		return err
	}
	return w.tx.SaveResponse(ctx, &store.Response{
		ID: id, Enrollment: row.ID, Campaign: row.Campaign, Version: row.Version, Member: row.Member, Question: x.Question,
		Step: x.Step, Visit: x.Visit, Answer: x.Answer, AnsweredAt: x.Answer.At,
	})
}

func (w *work) setMember(p *store.Profile, x *decide.SetMember) {
	p.Attributes = mergeAttributes(p.Attributes, x.Attributes)
	p.Tags = slices.DeleteFunc(slices.Clone(p.Tags), func(t string) bool { return slices.Contains(x.RemoveTags, t) })
	p.Tags = slices.Compact(slices.Sorted(slices.Values(append(p.Tags, x.AddTags...))))
	if x.Language != "" {
		p.Language = x.Language
	}
	p.UpdatedAt = w.now
	w.dirty[p.ID] = p
}

// rowTells are the records that the rows themselves tell: the enrollment's state and reason, the delivery's, the response.
var rowTells = map[string]bool{"enrollment.completed": true, "enrollment.exited": true, "step.not_delivered": true, "question.answered": true}

// record writes an event, or, for a step that no channel could carry, a delivery row that was never to leave: it carries its reason itself.
func (w *work) record(ctx context.Context, l *live, row *store.Enrollment, x *decide.Record) error {
	if x.Name == "step.skipped" {
		d, err := w.delivery(ctx, l, row, x.Step, x.Visit, x.Channel)
		if err != nil {
			return err
		}
		d.State, d.Reason, d.FinalAt = campaigns.Suppressed, x.Reason, &w.now
		w.deliveries = append(w.deliveries, d)
		return nil
	}
	if rowTells[x.Name] {
		return nil
	}
	w.events = append(w.events, store.Event{At: w.now, Name: x.Name, Member: row.Member, Campaign: row.Campaign, Enrollment: row.ID, Step: x.Step, Reason: x.Reason, Data: mustJSON(x.Data)})
	return nil
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
	if err := w.tx.SaveEnrollments(ctx, w.rows); err != nil {
		return nil, err
	}
	if err := w.writeDeliveries(ctx); err != nil {
		return nil, err
	}
	if err := w.tx.AppendEvents(ctx, w.events); err != nil {
		return nil, err
	}
	var ids []campaigns.DeliveryID
	for _, d := range w.deliveries {
		if d.Lane == campaigns.Interactive && d.State == campaigns.Pending {
			ids = append(ids, d.ID)
		}
	}
	return ids, nil // the others wait for their lane: the sweep sees them
}

// Sizes of a chunk: fewer deliveries of one campaign and channel are claimed row by row, more make several.
const (
	minChunk = 8
	maxChunk = 500
)

func (w *work) writeDeliveries(ctx context.Context) error {
	if len(w.deliveries) == 0 {
		return nil
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

type chunkKey struct {
	campaign campaigns.CampaignID
	channel  campaigns.Channel
	priority int
}

// chunk numbers bulk deliveries of one campaign and channel together and gives them one lease: claiming them will be one write.
func (w *work) chunk(ctx context.Context) error {
	groups := map[chunkKey][]*store.Delivery{}
	for _, d := range w.deliveries {
		if d.Lane == campaigns.Bulk && d.State == campaigns.Pending {
			k := chunkKey{d.Campaign, d.Channel, d.Priority}
			groups[k] = append(groups[k], d)
		}
	}
	waits := map[campaigns.DeliveryID]*store.Enrollment{}
	for _, r := range w.rows {
		if r.WaitDelivery != 0 {
			waits[r.WaitDelivery] = r
		}
	}
	for k, group := range groups {
		for ds := range slices.Chunk(group, maxChunk) {
			if len(ds) < minChunk {
				continue
			}
			if err := w.lease(ctx, k, ds, waits); err != nil {
				return err
			}
		}
	}
	return nil
}

// lease writes one chunk over the deliveries.
func (w *work) lease(ctx context.Context, k chunkKey, ds []*store.Delivery, waits map[campaigns.DeliveryID]*store.Enrollment) error {
	first, err := w.tx.NextIDs(ctx, len(ds)+1)
	if err != nil {
		return err
	}
	c := store.Chunk{
		ID: first, Campaign: k.campaign, Channel: k.channel, Lo: campaigns.DeliveryID(first + 1), Hi: campaigns.DeliveryID(first + int64(len(ds))),
		Left: len(ds), Priority: k.priority, DueAt: w.now,
	}
	for i, d := range ds {
		row := waits[d.ID]
		d.ID, d.Chunk, d.DueAt = c.Lo+campaigns.DeliveryID(i), c.ID, nil
		if row != nil {
			row.WaitDelivery = d.ID
		}
	}
	return w.tx.InsertChunk(ctx, c)
}

// subject is one enrollment with what its input is made from: the delivery that it waited for, where it did.
type subject struct {
	l   *live
	row *store.Enrollment
	p   *store.Profile
	d   *store.Delivery
}

// decideMany decides for enrollments that the transaction holds, with the input that `in` makes for each, and returns its work.
// A member whose row must change and is held elsewhere is left for later: bulk work takes enrollments before members, and so never waits for one.
func (e *Engine) decideMany(ctx context.Context, tx *store.Tx, rows []*store.Enrollment, in func(*work, subject) (decide.Input, error)) (*work, error) {
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return w, nil
	}
	w.bulk = true
	profiles, waited, err := e.around(ctx, tx, rows)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if err := w.decideOne(ctx, subject{row: row, p: profiles[row.Member], d: waited[row.WaitDelivery]}, in); err != nil {
			return nil, err
		}
	}
	_, err = w.flush(ctx)
	return w, err
}

// decideOne decides for one row of many.
func (w *work) decideOne(ctx context.Context, s subject, in func(*work, subject) (decide.Input, error)) (err error) {
	if s.l, err = w.e.version(ctx, w.tx, s.row.Campaign, s.row.Version); err != nil {
		return err
	}
	if s.p == nil {
		return fmt.Errorf("decide enrollment %d: it has no member", s.row.ID)
	}
	if changesMembers(s.l.def) {
		p, ok, err := w.tx.TryLockMember(ctx, s.row.Member)
		if err != nil || !ok {
			return err
		}
		s.p = p
	}
	input, err := in(w, s)
	if err != nil {
		return err
	}
	return w.decide(ctx, s.row, s.p, input)
}

// around loads the profiles of the rows' members and the deliveries that the rows wait for.
func (e *Engine) around(ctx context.Context, tx *store.Tx, rows []*store.Enrollment) (map[campaigns.MemberID]*store.Profile, map[campaigns.DeliveryID]*store.Delivery, error) {
	members := make([]campaigns.MemberID, 0, len(rows))
	var waits []campaigns.DeliveryID
	for _, r := range rows {
		members = append(members, r.Member)
		if r.WaitDelivery != 0 {
			waits = append(waits, r.WaitDelivery)
		}
	}
	profiles, err := tx.Profiles(ctx, members)
	if err != nil {
		return nil, nil, err
	}
	deliveries, err := tx.DeliveriesByID(ctx, waits)
	return profiles, deliveries, err
}

// decideAll decides the same input for every enrollment of a member whose row the transaction has locked.
// keep chooses among the campaigns; nil is all.
func (e *Engine) decideAll(ctx context.Context, tx *store.Tx, id campaigns.MemberID, in decide.Input, keep func(*live) bool) error {
	var failed error
	err := e.decideAllRuns(ctx, tx, id, in, func(row *store.Enrollment) bool {
		l, err := e.version(ctx, tx, row.Campaign, row.Version)
		if err != nil {
			failed = err
			return false
		}
		return keep == nil || keep(l)
	})
	if err == nil {
		err = failed
	}
	return err
}

// decideAllRuns is decideAll with the choice among the rows themselves.
func (e *Engine) decideAllRuns(ctx context.Context, tx *store.Tx, id campaigns.MemberID, in decide.Input, keep func(*store.Enrollment) bool) error {
	rows, err := tx.LockMemberEnrollments(ctx, id)
	if err != nil || len(rows) == 0 {
		return err
	}
	profiles, err := tx.Profiles(ctx, []campaigns.MemberID{id})
	if err != nil {
		return err
	}
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !keep(row) {
			continue
		}
		if err := w.decide(ctx, row, profiles[id], in); err != nil {
			return err
		}
	}
	_, err = w.flush(ctx)
	return err
}
