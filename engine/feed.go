package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// feed gives one line its messages, makes each when its turn comes, and writes the journal: what begins, before a byte of it leaves, and how it ended.
// It is the line's channels.Feed.
type feed struct {
	e     *Engine
	ctx   context.Context //nolint:containedctx // a feed lives for one call of send
	line  *line
	queue <-chan []job
	some  []job // of the member whose turn it is
	gated time.Time
	res   *results
	ends  ends
	out   []handed // given to the line and not settled: with a stream two, else one
}

// handed is a message on its way.
type handed struct {
	job
	msg   *channels.Message
	since time.Time
	began time.Time // since, by the engine's clock
	begun bool
}

// run lets the line's connection work until there is no more, or no more may leave.
func (f *feed) run() {
	defer f.recover()
	if s, ok := f.line.conn.(channels.Streamer); ok {
		s.Stream(f.ctx, f)
		return
	}
	for m := f.Next(); m != nil; m = f.Next() {
		r := f.line.conn.Send(f.ctx, m, func() error { return f.Turn(nil, channels.Receipt{}, m) })
		_ = f.Turn(m, r, nil) // nothing follows, so nothing is refused
	}
}

// recover: a panic in a channel's code ends one message and its connection, and no more. Of one that had begun nobody knows whether it arrived; one that
// was handed out behind it stays untouched.
func (f *feed) recover() {
	p := recover()
	if p == nil {
		return
	}
	f.e.Log.Error("panic while sending", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	if len(f.out) > 0 {
		h := f.out[0]
		r := channels.Receipt{Class: channels.Broken, Code: panicCode}
		if h.begun {
			r.Class = channels.Uncertain
		}
		_ = f.settle(h.msg, r, nil) // nothing follows
	}
	_ = f.line.conn.Close() // whatever it was in the middle of
	f.line.conn = nil
}

// panicCode marks a receipt that our own code left by stumbling.
const panicCode = "panic"

// Next implements channels.Feed.
func (f *feed) Next() *channels.Message {
	for j, ok := f.next(); ok; j, ok = f.next() {
		since := time.Now()
		msg, err := f.e.compose(f.ctx, &j.candidate, &f.line.by)
		if err != nil {
			f.e.Log.Error("message not rendered", "delivery", j.d.ID, "campaign", j.d.Campaign, "step", j.d.Step, "error", err)
			f.res.final(j.d, campaigns.Failed, renderFault(err), f.e.now())
			continue
		}
		f.out = append(f.out, handed{job: j, msg: msg, since: since, began: f.e.now()})
		return msg
	}
	return nil
}

// next is the next job that may leave now. When one of a member may not, that member's later messages do not overtake it.
func (f *feed) next() (j job, ok bool) {
	for {
		if time.Since(f.gated) > gateAge || f.ctx.Err() != nil || f.line.torn || f.line.conn == nil {
			return j, false
		}
		if len(f.some) == 0 {
			if f.some, ok = <-f.queue; !ok {
				return j, false
			}
		}
		j = f.some[0]
		if f.e.maySend(f.ctx, j.d) {
			f.some = f.some[1:]
			return j, true
		}
		f.some = nil
	}
}

// Turn implements channels.Feed.
func (f *feed) Turn(done *channels.Message, r channels.Receipt, next *channels.Message) (err error) {
	h := f.find(next)
	if h != nil {
		if err = f.e.still(f.ctx, h.d, f.gated); err != nil {
			h = nil
		}
	}
	err = errors.Join(err, f.settle(done, r, h))
	if err != nil && next != nil { // it stays untouched: the gates tell it when it is claimed again, and our disk is no fault of the message
		f.drop(next)
	}
	return err
}

// find returns nil for nil, and for a message that is settled or stays untouched.
func (f *feed) find(m *channels.Message) *handed {
	for i := range f.out {
		if f.out[i].msg == m {
			return &f.out[i]
		}
	}
	return nil
}

// settle notes what became of a message, and that the next one begins, in one write of the journal where both are to be written. The error is that the
// next one could not be noted: it must not leave.
func (f *feed) settle(done *channels.Message, r channels.Receipt, next *handed) (err error) {
	h := f.find(done)
	if h == nil {
		return f.begin(next)
	}
	if r.Class == channels.RateLimited {
		f.e.throttled(h.job.d.Channel, chatCooldown(h.job.d), h.job.p.Addresses.On(h.job.d.Channel).Value, r, h.since, f.res)
	}
	o := f.e.receive(h.job, r, h.since)
	o.Over = f.ends.over(h.job, o)
	o.Completed = f.e.recordOver(h.job, o)
	switch {
	case !h.begun:
		err = f.begin(next)
	case next != nil:
		err = f.line.next(int64(h.d.ID), journalRecord(o), int64(next.d.ID))
		next.begun = err == nil
	default:
		if rerr := f.line.lane.Result(int64(h.d.ID), journalRecord(o)); rerr != nil {
			f.e.Log.Error("journal: result not kept", "error", rerr) // the row will tell; only a crash before it leaves "unknown"
		}
	}
	f.res.add(o, h.job, r, h.began)
	f.drop(done)
	return err
}

// begin puts the id into the journal.
func (f *feed) begin(h *handed) error {
	if h == nil {
		return nil
	}
	err := f.line.begin(int64(h.d.ID))
	h.begun = err == nil
	return err
}

// drop forgets a message.
func (f *feed) drop(m *channels.Message) {
	f.out = slices.DeleteFunc(f.out, func(h handed) bool { return h.msg == m })
}

// receive is what a receipt means for the delivery.
func (e *Engine) receive(j job, r channels.Receipt, since time.Time) store.Outcome {
	e.Observer.Sent(j.d.Channel, time.Since(since))
	return e.outcome(j.d, r)
}

// ends decides beforehand what becomes of passages whose last message was sent: that needs no facts, so nothing has to be read again for it. What was decided
// for one holds for the next that stands where it stood.
type ends struct {
	l      *live
	before json.RawMessage // the record of the one that was decided
	step   campaigns.StepID
	after  json.RawMessage // its record afterwards; nil: such a passage is decided in its own time
}

func (x *ends) over(j job, o store.Outcome) *store.Enrollment {
	if j.en == nil || o.State != campaigns.Sent {
		return nil
	}
	if x.l != j.l || x.step != j.d.Step || !bytes.Equal(x.before, j.row.Data) {
		x.l, x.step, x.before, x.after = j.l, j.d.Step, j.row.Data, end(j, o)
	}
	if x.after == nil {
		return nil
	}
	row := *j.row
	row.State, row.Reason, row.WaitKind, row.WaitDelivery, row.DueAt = campaigns.EnrollmentCompleted, "", campaigns.WaitNone, 0, nil
	row.Data, row.UpdatedAt, row.EndedAt = x.after, o.At, &row.UpdatedAt
	return &row
}

// end is the record of the job's passage when it is completed with the outcome; nil when it is not, or something else follows from it.
func end(j job, o store.Outcome) json.RawMessage {
	if !decide.Last(j.l.def, *j.en) || mayGoOn(j.l.def, j.d) {
		return nil
	}
	in := deliveredBy(j, o)
	next, effects := decide.Decide(j.l.def, *j.en, decide.Facts{}, in, o.At)
	told := !slices.ContainsFunc(effects, func(effect decide.Effect) bool {
		record, ok := effect.(*decide.Record)
		return !ok || !rowTells[record.Name]
	})
	if next.State != campaigns.EnrollmentCompleted || !told {
		return nil
	}
	return mustJSON(next)
}

// deliveredBy is the outcome as the decider is told of it.
func deliveredBy(j job, o store.Outcome) *decide.Delivered {
	return &decide.Delivered{Step: j.d.Step, Visit: j.d.Visit, Channel: j.d.Channel, Part: j.d.Part, State: o.State, Reason: o.Reason, At: o.At}
}

// mayGoOn reports whether the text of a delivery may need another message.
func mayGoOn(def *definition.Definition, d *store.Delivery) bool {
	body, ok := def.Step(d.Step).Body.(*definition.Send)
	return d.Channel == campaigns.Telegram && (!ok || mayBeLong(body))
}
