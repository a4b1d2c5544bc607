package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// together handles what many members wrote, one input of each: a transaction that claims the actors, acts on the inputs, and writes the messages that they
// cause as claimed by this process, through the gates; then the messages; then a transaction that writes what became of them, decides what follows, and lets
// the actors go. Any failure makes everybody fall out: then each is handled by itself.
type together struct {
	e    *Engine
	b    *begun
	name string // of the claims on actors

	inputs []handledInput
	jobs   []job                  // claimed, and through the gates
	gated  time.Time              // when the gates' facts were read
	ids    []campaigns.DeliveryID // to be claimed by themselves

	mu     sync.Mutex
	actors map[campaigns.MemberID]string // whose claims are not released yet
	freed  []string                      // those whose are, since it was last looked whether another input of them waits
}

type handledInput struct {
	in  *store.Input
	out *after
}

func (e *Engine) newTogether(b *begun) *together {
	return &together{e: e, b: b, name: e.Owner + "#" + strconv.FormatUint(e.claims.Add(1), 36)}
}

// crowdTx is one transaction over many members.
type crowdTx struct {
	e          *Engine
	tx         *store.Tx
	w          *work
	now, until time.Time
	s          *surroundings
	closed     bool // nothing may leave at this moment
	slow       map[campaigns.MemberID]bool
	through    []candidate
	jobs       []job
}

func (e *Engine) newCrowdTx(ctx context.Context, tx *store.Tx, now, until time.Time, states campaignsByID, closed bool) (*crowdTx, error) {
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return nil, err
	}
	s := &surroundings{profiles: map[campaigns.MemberID]*store.Profile{}, rows: map[campaigns.EnrollmentID]*store.Enrollment{}, states: states, c: w.community}
	return &crowdTx{e: e, tx: tx, w: w, now: now, until: until, s: s, closed: closed, slow: map[campaigns.MemberID]bool{}}, nil
}

// flush writes what was decided. Messages in the chat that pass the gates are written as claimed, and become jobs; the ids are of those that are not.
func (c *crowdTx) flush(ctx context.Context) ([]campaigns.DeliveryID, error) {
	for _, row := range c.w.rows {
		c.s.rows[row.ID] = row
	}
	if err := c.gate(ctx); err != nil {
		return nil, err
	}
	slots := c.slots()
	kept := c.tx.KeepQuestionSlots(slots)
	c.w.claim = func(ctx context.Context) error { return c.claim(ctx, slots, kept) }
	return c.w.flush(ctx)
}

// gate finds the messages that may leave now. It reads nothing.
func (c *crowdTx) gate(ctx context.Context) error {
	for _, d := range c.w.deliveries {
		x := candidate{d: d, row: c.s.rows[d.Enrollment], p: c.s.profiles[d.Member], community: c.s.c}
		if c.closed || c.slow[d.Member] || d.Lane != campaigns.Interactive || d.Channel != campaigns.Telegram || d.State != campaigns.Pending || x.row == nil || x.p == nil {
			continue
		}
		var err error
		if x.l, err = c.e.version(ctx, c.tx, d.Campaign, d.Version); err != nil {
			return err
		}
		if rules := c.s.c.Budget; len(rules) > 0 && x.budgeted(rules) { // a place is held for it where it is claimed alone
			continue
		}
		if v := decide.Gate(c.e.gateFacts(&x, c.s), c.now); v.State == "" {
			c.through = append(c.through, x)
		}
	}
	return nil
}

// slots are the open questions that the messages would be, one of each member.
func (c *crowdTx) slots() (slots []store.QuestionSlot) {
	asked := map[campaigns.MemberID]bool{}
	for _, x := range c.through {
		if x.needsSlot() && !asked[x.d.Member] {
			asked[x.d.Member] = true
			slots = append(slots, store.QuestionSlot{Member: x.d.Member, Enrollment: x.d.Enrollment, Step: x.d.Step, Visit: x.d.Visit, Delivery: x.d.ID, OpenedAt: c.now})
		}
	}
	return slots
}

// claim takes the slots, and claims the messages that need none or have theirs. The enrollments are written.
func (c *crowdTx) claim(ctx context.Context, slots, kept []store.QuestionSlot) error {
	at, err := c.tx.TakeQuestionSlots(ctx, slots)
	if err != nil {
		return err
	}
	has := map[campaigns.DeliveryID]bool{}
	for _, i := range at {
		has[slots[i].Delivery] = true
	}
	for _, s := range kept {
		if !has[s.Delivery] {
			if err := c.tx.FreeQuestionSlot(ctx, s.Member, s.Enrollment, c.now); err != nil {
				return err
			}
		}
	}
	for _, x := range c.through {
		if !x.needsSlot() || has[x.d.ID] {
			x.d.State, x.d.ClaimOwner, x.d.ClaimUntil, x.d.Attempts = campaigns.Claimed, c.e.Owner, &c.until, 1
			c.jobs = append(c.jobs, job{x, x.p.Addresses.On(x.d.Channel).Reach})
		}
	}
	return nil
}

// decide claims the actors and handles the first input of each of whom that can be done together. The others are to be handled alone.
func (t *together) decide(ctx context.Context, actors []string) (alone []string, err error) {
	e := t.e
	states, err := e.campaignStates(ctx)
	if err != nil {
		return nil, err
	}
	pause, err := e.cooling(ctx, campaigns.Telegram)
	if err != nil {
		return nil, err
	}
	err = e.claim(ctx, e.Store.WriteTogether, rowClaim, func(tx *store.Tx, now, until time.Time) error {
		alone = nil
		t.inputs, t.jobs, t.ids, t.freed, t.actors = nil, nil, nil, nil, map[campaigns.MemberID]string{}
		t.gated = time.Now()
		c, err := e.newCrowdTx(ctx, tx, now, until, states, pause > 0 || e.rests(campaigns.Interactive, campaigns.Telegram) > 0)
		if err != nil {
			return err
		}
		alone, err = t.act(ctx, c, actors)
		return err
	})
	switch {
	case err == nil:
		return alone, nil
	case ctx.Err() != nil:
		return nil, err
	case !errors.Is(err, store.ErrApart):
		e.Log.Warn("inputs not handled together; trying each", "n", len(actors), "error", err)
	}
	*t = together{e: e, b: t.b, name: t.name}
	// The commit's answer may have been lost.
	return actors, e.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.ReleaseActors(ctx, actors, t.name)
	})
}

// act is decide in its transaction.
func (t *together) act(ctx context.Context, c *crowdTx, actors []string) (alone []string, err error) {
	mine, err := c.tx.ClaimActors(ctx, actors, t.name, c.now, c.now.Add(actorClaim))
	if err != nil || len(mine) == 0 {
		return nil, err
	}
	ins, err := c.tx.FirstInputs(ctx, mine)
	if err != nil {
		return nil, err
	}
	said := map[string]channels.Incoming{} // by actor
	var calls []store.Call
	for _, in := range ins {
		if inc, call, ok := t.e.foreseeable(in); ok {
			said[in.Actor] = inc
			calls = append(calls, call)
		}
	}
	var callers map[string]*store.Caller
	if len(calls) > 0 {
		if callers, err = c.tx.LockCallers(ctx, calls, c.now); err != nil {
			return nil, err
		}
	}
	forms, err := c.lockForms(ctx, ins)
	if err != nil {
		return nil, err
	}
	c.tx.Gather()
	for _, in := range ins {
		if f, ok := forms[in]; ok {
			if err := t.read(ctx, c, in, f); err != nil {
				return nil, err
			}
			continue
		}
		inc, ok := said[in.Actor]
		caller := callers[inc.Chat]
		if !ok || caller == nil || caller.Profile.State != members.Active {
			alone = append(alone, in.Actor)
			continue
		}
		if err := t.hear(ctx, c, in, inc, caller); err != nil {
			return nil, err
		}
	}
	ids, err := c.flush(ctx)
	if err != nil {
		return nil, err
	}
	t.jobs, t.ids = c.jobs, append(t.ids, ids...)
	return alone, t.letGo(ctx, c, mine, alone)
}

// foreseeable reports whether an input is what may answer a question and needs no more than what is read ahead: words or a recording, for the open question, or
// a pressed option. A box that is ticked is none: what is ticked already would have to be known, and shown again before the next press.
func (e *Engine) foreseeable(in *store.Input) (inc channels.Incoming, call store.Call, ok bool) {
	if in.Source != "telegram" || in.Raw == "" || in.Tries > 0 {
		return inc, call, false
	}
	inc, err := e.Chat.Decode(json.RawMessage(in.Raw))
	if err != nil || inc.ReplyTo != "" || chatActor(inc.Chat) != in.Actor {
		return inc, call, false
	}
	call.Chat = inc.Chat
	switch inc.Kind {
	case channels.IncomingText:
		return inc, call, true
	case channels.IncomingMedia:
		return inc, call, inc.File != nil
	case channels.IncomingPress:
		b, err := e.readButton(inc.Chat, inc.Data)
		call.Pressed = campaigns.DeliveryID(b.id)
		return inc, call, err == nil && b.verb == pressOption
	}
	return inc, call, false
}

// hear acts on one member's words.
func (t *together) hear(ctx context.Context, c *crowdTx, in *store.Input, inc channels.Incoming, caller *store.Caller) (err error) {
	defer recovered(&err)
	talk := &conversation{e: t.e, tx: c.tx, in: in, inc: inc, c: c.s.c, now: c.now, out: &after{}, among: c.w}
	out, err := t.e.converse(ctx, talk)
	if err != nil {
		return fmt.Errorf("input %d: %w", in.ID, err)
	}
	if out == nil {
		out = &after{}
	}
	if _, err := c.tx.FinishInput(ctx, in.ID, in.Member, c.now); err != nil {
		return err
	}
	c.s.profiles[caller.Profile.ID], c.s.rows[caller.Enrollment.ID] = caller.Profile, caller.Enrollment
	t.actors[caller.Profile.ID] = in.Actor
	c.slow[caller.Profile.ID] = len(out.send) > 0 // one member's messages keep their order
	t.inputs, t.ids = append(t.inputs, handledInput{in, out}), append(t.ids, out.send...)
	return nil
}

// letGo releases the actors for whom nothing is to be sent.
func (t *together) letGo(ctx context.Context, c *crowdTx, mine, alone []string) error {
	waits := map[campaigns.MemberID]bool{}
	for _, d := range c.w.deliveries {
		waits[d.Member] = waits[d.Member] || d.Lane == campaigns.Interactive
	}
	held := map[string]bool{}
	for id, actor := range t.actors {
		if held[actor] = waits[id] || c.slow[id]; !held[actor] {
			delete(t.actors, id)
		}
	}
	free := slices.DeleteFunc(mine, func(a string) bool { return held[a] })
	t.freed = slices.DeleteFunc(slices.Clone(free), func(a string) bool { return slices.Contains(alone, a) })
	return c.tx.ReleaseActors(ctx, free, t.name)
}

// fly does what follows the transaction, and sends. When it returns, no actor is held.
func (t *together) fly(ctx context.Context) error {
	for _, h := range t.inputs {
		defer t.e.marking(ctx, h.in, h.out)()
		t.e.acknowledge(h.in)
		t.e.finished(ctx, h.in, h.out)
	}
	t.lookAgain(ctx)
	err := t.send(ctx, t.jobs, t.gated)
	if len(t.ids) > 0 {
		err = errors.Join(err, t.e.SendNow(ctx, t.ids))
	}
	return errors.Join(err, t.releaseRest(ctx))
}

// lookAgain lets those be handled who wrote before they were released: their wake-ups were refused.
func (t *together) lookAgain(ctx context.Context) {
	t.mu.Lock()
	freed := t.freed
	t.freed = nil
	t.mu.Unlock()
	if len(freed) == 0 {
		return
	}
	waiting, err := t.e.Store.WaitingActors(ctx, freed)
	if err != nil {
		t.e.Log.Warn("inputs not looked for; the sweep finds them", "error", err)
	}
	if len(waiting) > 0 {
		t.e.crowd.add(waiting)
		t.b.run(func() error { return t.e.decideCrowds(ctx, t.b) })
	}
}

// releaseRest lets the actors go who are still held.
func (t *together) releaseRest(ctx context.Context) error {
	t.mu.Lock()
	var rest []string
	for _, actor := range t.actors {
		rest = append(rest, actor)
	}
	t.mu.Unlock()
	if len(rest) == 0 {
		return nil
	}
	err := t.e.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return tx.ReleaseActors(context.WithoutCancel(ctx), rest, t.name)
	})
	t.mu.Lock()
	t.freed = append(t.freed, rest...)
	t.mu.Unlock()
	t.lookAgain(ctx)
	return err
}
