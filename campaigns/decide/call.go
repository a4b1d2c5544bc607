package decide

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Called says what became of the call that the enrollment waits for.
type Called struct {
	Step   campaigns.StepID
	Visit  int
	Answer map[string]any   // what the other system said, as far as it can be used; nil: nothing
	Failed campaigns.Reason // empty: it succeeded
}

// Call asks another system what the step says. It is tried until the moment.
type Call struct {
	Step  campaigns.StepID
	Visit int
	Until time.Time
}

// EndCall gives up the call that the enrollment waited for.
type EndCall struct {
	Step   campaigns.StepID
	Visit  int
	Reason campaigns.Reason
}

func (*Called) input()   {}
func (*Call) effect()    {}
func (*EndCall) effect() {}

// startCall waits for the answer, no longer than the step says. What an earlier call of the name was answered is forgotten: it is none to this one.
// In a round whose time is over nobody is asked, and it goes on at the repeat.
func (r *run) startCall(s *definition.Step, c *definition.Call) (*definition.Step, bool) {
	delete(r.e.Calls, c.SaveAs)
	if rep := r.outlived(); rep != nil {
		return rep, true
	}
	until := utc(r.capped(c.Timeout.Add(r.now, r.f.Zone)))
	acted := r.e.Acted
	r.wait(campaigns.WaitTime, &until)
	r.e.Waiting.Call, r.e.Acted = true, acted // the member waits for what the other system says, too
	r.add(&Call{Step: s.ID, Visit: r.e.Visit, Until: until})
	return nil, false
}

// called goes on with what became of the call. One that nobody waits for any more changes nothing.
func (r *run) called(in *Called) {
	if r.e.State != campaigns.EnrollmentWaiting || !r.e.Waiting.Call || r.e.Step != in.Step || r.e.Visit != in.Visit {
		return
	}
	s, ok := r.target(r.e.Step)
	switch c := s.Call(); {
	case !ok || c == nil:
	case in.Failed != "":
		r.callFailed(c, s.Next, in.Failed)
	default:
		if in.Answer != nil {
			if r.e.Calls == nil {
				r.e.Calls = map[string]map[string]any{}
			}
			r.e.Calls[c.SaveAs] = in.Answer
		}
		r.record("call.answered", "")
		r.proceed(s.Next)
	}
}

// callFailed goes on where there is no answer.
func (r *run) callFailed(c *definition.Call, next *definition.Step, why campaigns.Reason) {
	r.record("call.failed", why)
	ok := true
	if c.Failed != "" {
		next, ok = r.target(c.Failed)
	}
	if ok {
		r.proceed(next)
	}
}

// endCall gives up the call, where the enrollment waits for one.
func (r *run) endCall(why campaigns.Reason) {
	if r.e.Waiting.Call {
		r.add(&EndCall{Step: r.e.Step, Visit: r.e.Visit, Reason: why})
	}
}
