package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// Caller calls other systems of the organisation by the names that the settings give them.
type Caller interface {
	// Endpoints are the names, sorted.
	Endpoints() []string
	// Call tries once.
	Call(ctx context.Context, c channels.Call) channels.CallReceipt
}

// Limits of calling.
const (
	callClaim   = time.Minute // how long one try may take before it is made again
	callSettle  = 20 * time.Second
	callsAtOnce = 8               // of one endpoint, in one process
	callLook    = time.Second     // how soon a call is seen that another process wrote
	callBackoff = 5 * time.Second // doubled with each try
	callPause   = 5 * time.Minute // the longest pause between two tries
	// goneRest is how long an endpoint is left alone that wants no more calls (410).
	goneRest = time.Hour
	// A call of a paused campaign rests for a quarter of the time that the pause has lasted, within these, before that is looked at again.
	leastRest, mostRest = 15 * time.Second, 5 * time.Minute
)

// callLasts are how long before a call's time is over its last tries are made, where the growing pauses leave none.
var callLasts = []time.Duration{15 * time.Second, 5 * time.Second}

// The reasons of an endpoint's rest.
const (
	restGone = "gone"
	restBusy = "rate_limited"
)

// call writes what another system is to be asked; the enrollment waits for it.
func (w *work) call(ctx context.Context, l *live, row *store.Enrollment, x *decide.Call) error {
	c := l.def.Step(x.Step).Call()
	if c == nil {
		return fmt.Errorf("call of enrollment %d: its step calls nobody", row.ID)
	}
	id, err := w.tx.NextID(ctx)
	if err != nil {
		return err
	}
	w.calls = append(w.calls, &store.OutsideCall{
		ID: id, Campaign: row.Campaign, Version: row.Version, Enrollment: row.ID, Member: row.Member, Step: x.Step, Visit: x.Visit, Endpoint: c.Endpoint,
		State: store.CallPending, DueAt: &w.now, UntilAt: x.Until, CreatedAt: w.now,
	})
	return nil
}

// writeCalls writes what was asked, and gives up what nobody waits for any more.
func (w *work) writeCalls(ctx context.Context) error {
	if len(w.calls) > 0 {
		if err := w.tx.InsertCalls(ctx, w.calls); err != nil {
			return err
		}
	}
	if err := w.tx.EndCalls(ctx, w.uncalled); err != nil {
		return err
	}
	for _, c := range w.calls {
		if s := w.e.called[c.Endpoint]; s != nil {
			s.wake()
		}
	}
	return nil
}

// Endpoints are the other systems that this process can call.
func (e *Engine) Endpoints() []string {
	if e.Caller == nil {
		return nil
	}
	return e.Caller.Endpoints()
}

// CallWaits is filled when this process wrote a call of the endpoint.
func (e *Engine) CallWaits(endpoint string) <-chan struct{} { return e.called[endpoint] }

// unset are the endpoints that the steps call and the settings do not name.
func (e *Engine) unset(def *definition.Definition) (names []string) {
	known := e.Endpoints()
	return slices.DeleteFunc(def.Endpoints(), func(name string) bool { return slices.Contains(known, name) })
}

// callsUnset reports whether the passage waits for an endpoint that the settings do not name.
func (e *Engine) callsUnset(def *definition.Definition, row *store.Enrollment) bool {
	if row.WaitKind != campaigns.WaitTime {
		return false
	}
	s := def.Step(row.Step)
	return s != nil && s.Call() != nil && !slices.Contains(e.Endpoints(), s.Call().Endpoint)
}

// FailUnknownCalls ends the calls of endpoints that the settings do not name.
func (e *Engine) FailUnknownCalls(ctx context.Context) error {
	for ctx.Err() == nil {
		endpoint, err := e.Store.EndpointBeside(ctx, e.Endpoints(), e.now())
		if err != nil || endpoint == "" {
			return err
		}
		r := &callRound{e: e, endpoint: endpoint, places: make(chan struct{}, callsAtOnce)}
		_, err = r.take(ctx, campaigns.CallUnknown)
		if err = r.end(err); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// tried is what became of one try.
type tried struct {
	store.CallOutcome
	answer map[string]any  // what can be used of what was said
	rest   *store.Cooldown // of the endpoint; nil: none
}

func failed(why campaigns.Reason, code int, now time.Time) tried {
	return tried{CallOutcome: store.CallOutcome{State: store.CallFailed, Reason: why, Code: code, EndedAt: &now}}
}

// timedOut ends a call whose time is over. Of one that was never tried nobody may say that the other system did not answer.
func timedOut(c *store.OutsideCall, code int, now time.Time) tried {
	if c.Body == "" && code == 0 {
		return failed(campaigns.CallNotMade, 0, now)
	}
	return failed(campaigns.CallTimedOut, code, now)
}

// untried leaves the call as it was, to be made then.
func untried(c *store.OutsideCall, due time.Time) tried {
	return tried{CallOutcome: store.CallOutcome{State: store.CallPending, Reason: c.Reason, Code: c.Code, Due: &due, Uncount: true}}
}

// callOther tries once, outside of any transaction, and writes down what became of it.
func (e *Engine) callOther(ctx context.Context, c *store.OutsideCall, why campaigns.Reason) error {
	now := e.now()
	switch {
	case why != "":
		return e.settleCall(ctx, c, failed(why, 0, now))
	case !now.Before(c.UntilAt): // the passage has gone on, or does now
		return e.settleCall(ctx, c, timedOut(c, c.Code, now))
	}
	states, err := e.campaignStates(ctx)
	switch {
	case err != nil:
		return e.untaken(ctx, c, err)
	case states.state(c.Campaign) == campaigns.Paused:
		return e.restPaused(ctx, c, now.Sub(states[c.Campaign].StateAt))
	}
	if c.Body == "" {
		if kept, err := e.keepCall(ctx, c); err != nil || !kept {
			return err
		}
	}
	receipt := e.Caller.Call(ctx, channels.Call{Endpoint: c.Endpoint, ID: e.callID(c.ID), At: now, Body: []byte(c.Body)})
	if ctx.Err() != nil && receipt.Class == channels.CallTemporary {
		return e.untaken(ctx, c, nil)
	}
	return e.settleCall(ctx, c, e.callOutcome(c, receipt))
}

// untaken leaves the call to the next process where this one ends; else it waits until its claim has run out, and the error is told.
func (e *Engine) untaken(ctx context.Context, c *store.OutsideCall, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return e.settleCall(ctx, c, untried(c, e.now()))
}

// restPaused puts the call off, with all that its campaign has to make at the endpoint: very many of them would hold the others' up, taken one by one. What is known of
// campaigns may be half a second old: where it is not paused any more, the call stays due.
func (e *Engine) restPaused(ctx context.Context, c *store.OutsideCall, lasted time.Duration) error {
	now := e.now()
	if err := e.settleCall(ctx, c, untried(c, now)); err != nil {
		return err
	}
	until := now.Add(min(max(lasted/4, leastRest), mostRest))
	return e.batches(ctx, func(tx *store.Tx, rows int) (int, error) {
		return tx.PutOffCalls(ctx, c.Endpoint, c.Campaign, now, until, rows)
	})
}

// callsGoOn makes due what restPaused put off; what waits for its next try keeps its time. Where that fails, they are made when their rest is over.
func (e *Engine) callsGoOn(ctx context.Context, id campaigns.CampaignID) {
	now := e.now()
	for _, endpoint := range e.Endpoints() {
		err := e.batches(ctx, func(tx *store.Tx, rows int) (int, error) {
			return tx.HastenCalls(ctx, endpoint, id, now, now.Add(mostRest), rows)
		})
		if err != nil {
			e.Log.Warn("calls of a campaign that was resumed still rest", "campaign", id, "endpoint", endpoint, "error", err)
		}
		if s := e.called[endpoint]; s != nil {
			s.wake()
		}
	}
}

// keepCall puts together what is sent and keeps it, so that every try sends the same; false: it could not, or nobody wants it any more.
func (e *Engine) keepCall(ctx context.Context, c *store.OutsideCall) (kept bool, err error) {
	body, err := e.callBody(ctx, c)
	switch {
	case errors.Is(err, errErased):
		return false, e.settleCall(ctx, c, failed(campaigns.MemberErased, 0, e.now()))
	case unmade(err):
		e.Log.Error("call not put together", "call", c.ID, "error", err)
		return false, e.settleCall(ctx, c, failed(campaigns.CallUnmade, 0, e.now()))
	case err != nil:
		return false, e.untaken(ctx, c, err)
	}
	c.Body = string(body)
	err = e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		kept, err = tx.KeepCall(ctx, c.ID, c.Claim, c.Body)
		return err
	})
	if err != nil {
		return false, e.untaken(ctx, c, err)
	}
	return kept, nil
}

// callID is the number under which the other system knows the call. It tells nothing of how many there are.
func (e *Engine) callID(id int64) string {
	return "msg_" + hex.EncodeToString(mac(e.keys.calls, 16, strconv.FormatInt(id, 10)))
}

// refusals are the tries after which another one would change nothing.
var refusals = map[channels.CallClass]campaigns.Reason{
	channels.CallRefused: campaigns.CallRefused, channels.CallGone: campaigns.CallGone, channels.CallForbidden: campaigns.CallForbidden, channels.CallTooBig: campaigns.CallTooMuch,
}

func (e *Engine) callOutcome(c *store.OutsideCall, r channels.CallReceipt) (t tried) {
	now := e.now()
	if r.Class == channels.CallAnswered {
		answer, ok := readCallAnswer(r.Answer)
		if ok {
			return tried{CallOutcome: store.CallOutcome{State: store.CallAnswered, Code: r.Code, EndedAt: &now}, answer: answer}
		}
		r.Class, r.Detail = channels.CallTooBig, "the answer holds too much"
	}
	e.Log.Warn("call failed", "call", c.ID, "endpoint", c.Endpoint, "tries", c.Tries, "class", r.Class, "code", r.Code, "detail", r.Detail)
	if why := refusals[r.Class]; why != "" {
		t = failed(why, r.Code, now)
	} else if again, ok := callAgain(now, c.UntilAt, c.Tries, r.RetryAfter); ok {
		t.CallOutcome = store.CallOutcome{State: store.CallPending, Reason: campaigns.CallRetried, Code: r.Code, Due: &again}
	} else {
		t = failed(campaigns.CallTimedOut, r.Code, now)
	}
	switch {
	case r.Class == channels.CallGone:
		t.rest = &store.Cooldown{Until: now.Add(goneRest), Reason: restGone}
	case r.RetryAfter > 0:
		t.rest = &store.Cooldown{Until: now.Add(r.RetryAfter), Reason: restBusy}
	}
	return t
}

// callAgain is when the next try is: after a pause that grows, never sooner than was asked for, and the last ones while there is still time for an answer.
// ok is false when there is none.
func callAgain(now, until time.Time, tries int, asked time.Duration) (again time.Time, ok bool) {
	again = now.Add(max(asked, min(callBackoff<<min(tries-1, 10), callPause)))
	for _, left := range callLasts {
		if last := until.Add(-left); again.After(last) && !last.Before(now.Add(max(asked, callBackoff))) {
			return last, true
		}
	}
	return again, again.Before(until)
}

// settleCall writes what became of the try and, where that is final, lets the passage go on by it, in one transaction. It does so also when the process is about
// to end: the other system has acted already.
func (e *Engine) settleCall(ctx context.Context, c *store.OutsideCall, t tried) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callSettle)
	defer cancel()
	err := e.settleTried(ctx, c, t)
	if errors.Is(err, errBadVersion) || errors.Is(err, errBadRow) || errors.Is(err, errPanic) { // the passage rests, or goes on when its time is over
		e.Log.Error("nothing follows from a call", "call", c.ID, "error", err)
		err = e.Store.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.SettleCall(ctx, c.ID, c.Claim, t.CallOutcome)
			return err
		})
	}
	if t.rest != nil {
		e.cool.forget()
	}
	return err
}

func (e *Engine) settleTried(ctx context.Context, c *store.OutsideCall, t tried) (err error) {
	defer recovered(&err)
	var ids []campaigns.DeliveryID
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		ids = nil
		now := e.now()
		if t.rest != nil {
			if err := tx.SetCooldown(ctx, restOf(c.Endpoint), *t.rest, now); err != nil {
				return err
			}
		}
		late := !now.Before(c.UntilAt)
		if late && t.Reason != campaigns.CallUnknown {
			t = timedOut(c, t.Code, now)
		}
		if late || t.State == store.CallPending { // when its time is over, the passage goes on by itself
			_, err := tx.SettleCall(ctx, c.ID, c.Claim, t.CallOutcome)
			return err
		}
		p, row, err := lockPassage(ctx, tx, c.Enrollment)
		if err != nil {
			return err
		}
		if mine, err := tx.SettleCall(ctx, c.ID, c.Claim, t.CallOutcome); err != nil || !mine {
			return err
		}
		if row.State != campaigns.EnrollmentWaiting || row.Step != c.Step || row.Visit != c.Visit { // it was made once more for a person, and nobody waits for it
			return nil
		}
		ids, err = e.decideCalled(ctx, tx, row, p, &decide.Called{Step: c.Step, Visit: c.Visit, Answer: t.answer, Failed: t.Reason})
		return err
	})
	if err != nil {
		return err
	}
	return e.SendNow(ctx, ids)
}

// lockPassage locks the member, and the passage that the member is in.
func lockPassage(ctx context.Context, tx *store.Tx, id campaigns.EnrollmentID) (*store.Profile, *store.Enrollment, error) {
	row, err := tx.Enrollment(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	p, err := tx.LockMember(ctx, row.Member)
	if err != nil {
		return nil, nil, err
	}
	row, err = tx.LockEnrollment(ctx, id)
	return p, row, err
}

func (e *Engine) decideCalled(ctx context.Context, tx *store.Tx, row *store.Enrollment, p *store.Profile, in *decide.Called) ([]campaigns.DeliveryID, error) {
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := w.decide(ctx, row, p, in); err != nil {
		return nil, err
	}
	return w.flush(ctx)
}
