package engine_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// callRows are the calls of the members.
func (w *world) callRows(ms ...campaigns.MemberID) (rows []*store.OutsideCall) {
	w.t.Helper()
	for _, m := range ms {
		cs, err := w.store.Calls(w.t.Context(), store.CallFilter{Member: m}, store.Page{Limit: 100})
		must(w.t, err)
		rows = append(rows, cs...)
	}
	return rows
}

// TestCallWhileTheProcessEnds: a process that ends between taking a call and putting it together leaves it to the next one; it has not failed.
func TestCallWhileTheProcessEnds(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	o.answers(200, "")
	key := w.publish(campaign("c", "", callAlone))
	m := w.chatMember("u1", 7, nil)
	w.enroll(key, "u1")
	w.settle()
	ends := w.engine("worker-2")
	ends.Caller = w.e.Caller
	_, err := ends.AdvanceDue(t.Context(), time.Second) // it knows the campaigns' states
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ends.Now = func() time.Time {
		if w.callRows(m)[0].Claim != "" {
			cancel()
		}
		return w.clock.now()
	}
	_ = ends.CallOthers(ctx, "placement")
	if ctx.Err() == nil || len(o.tries()) != 0 {
		t.Fatalf("the process did not end in time: %d tries", len(o.tries()))
	}
	w.calls(0)
	if got := w.called(m); !slices.Equal(got, []string{"test/1 answered  200"}) {
		t.Errorf("%q", got)
	}
	w.expectStands(key, m, "waiting well time")
}

// TestSlowAnswerHoldsNoOthers: while one answer is waited for, all the others are made, those too that come meanwhile.
func TestSlowAnswerHoldsNoOthers(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	slow, seen := make(chan struct{}), atomic.Int32{}
	o.does(func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) == 1 {
			<-slow
		}
		_, _ = io.WriteString(w, "{}")
	})
	key := w.publish(campaign("c", "", callAlone))
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprint("u", i))
		w.chatMember(names[i], int64(i+1), nil)
	}
	w.enroll(key, names[:19]...)
	w.settle()
	done := make(chan error)
	go func() { done <- w.e.CallOthers(t.Context(), "placement") }()
	reaches := func(n int32) {
		t.Helper()
		for end := time.Now().Add(8 * time.Second); seen.Load() < n && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if seen.Load() != n {
			t.Errorf("%d calls are made while one answer is waited for, want %d", seen.Load(), n)
		}
	}
	reaches(19)
	w.enroll(key, names[19])
	w.settle()
	reaches(20)
	close(slow)
	must(t, <-done)
}

// TestCallsOfAPausedCampaign: very many of them are put off together, the longer the pause the rarer, and hold nobody else's.
func TestCallsOfAPausedCampaign(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.connected()
		o.answers(200, "")
		long := strings.Replace(callAlone, "timeout: 10m", "timeout: 2d", 1)
		key, other := w.publish(campaign("c", "", long)), w.publish(campaign("other", "", long))
		var names []string
		var ms []campaigns.MemberID
		for i := range 30 {
			names = append(names, fmt.Sprint("u", i))
			ms = append(ms, w.chatMember(names[i], int64(i+1), nil))
		}
		w.enroll(key, names...)
		w.settle()
		_, err := w.e.Pause(t.Context(), engine.Operator, key)
		must(t, err)
		w.clock.set(w.clock.now().Add(time.Hour))
		w.enroll(other, names[0])
		w.settle()
		must(t, w.e.CallOthers(t.Context(), "placement"))
		if len(o.tries()) != 1 {
			t.Errorf("%d tries", len(o.tries()))
		}
		for _, c := range w.callRows(ms...) {
			if c.State == store.CallPending && (c.Tries != 0 || c.Claim != "pause" || c.DueAt.Sub(w.clock.now()) < 4*time.Minute) {
				t.Fatalf("call %d: %d tries, due %s", c.ID, c.Tries, c.DueAt)
			}
		}
		_, err = w.e.Resume(t.Context(), engine.Operator, key)
		must(t, err)
		must(t, w.e.CallOthers(t.Context(), "placement"))
		if len(o.tries()) != 31 {
			t.Errorf("%d tries after the pause", len(o.tries()))
		}
	})
}

// TestTriedCallGoesOnAfterAPause: a call that a pause put off is made at Resume also where it was tried before, and its tries are counted on; one that waits for its next try
// goes on waiting.
func TestTriedCallGoesOnAfterAPause(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.connected()
		o.answers(500, "")
		key := w.publish(campaign("c", "", strings.Replace(callAlone, "timeout: 10m", "timeout: 2d", 1)))
		m := w.chatMember("u1", 7, nil)
		w.enroll(key, "u1")
		w.calls(0)
		paused := func(d time.Duration) {
			t.Helper()
			must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
			w.clock.set(w.clock.now().Add(d))
			must(t, w.e.CallOthers(t.Context(), "placement"))
			must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
			must(t, w.e.CallOthers(t.Context(), "placement"))
		}
		paused(time.Second)
		if n := len(o.tries()); n != 1 {
			t.Errorf("%d tries before the next one's time", n)
		}
		paused(time.Hour)
		if c := w.callRows(m)[0]; len(o.tries()) != 2 || c.Tries != 2 || c.Reason != campaigns.CallRetried || c.Claim != "" {
			t.Errorf("%d tries after the pause: %+v", len(o.tries()), c)
		}
	})
}

// TestResumeThatAWorkerHasNotHeardOf: a worker to whom the campaign is still paused puts none of its calls off.
func TestResumeThatAWorkerHasNotHeardOf(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.connected()
		o.answers(200, "")
		key := w.publish(campaign("c", "", callAlone))
		var names []string
		for i := range 10 { // more than one worker makes at once
			names = append(names, fmt.Sprint("u", i))
			w.chatMember(names[i], int64(i+1), nil)
		}
		w.enroll(key, names...)
		w.settle()
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		other := w.engine("worker-2")
		other.Caller = w.e.Caller
		must(t, second(other.AdvanceDue(t.Context(), time.Second))) // it knows the campaigns' states
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		must(t, other.CallOthers(t.Context(), "placement"))
		if n := len(o.tries()); n != len(names) {
			t.Errorf("%d of %d calls were made", n, len(names))
		}
	})
}

// TestStoppedCallsNobody: while a person has stopped everything, no other system is called either; the calls are made afterwards.
func TestStoppedCallsNobody(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	o.answers(200, "")
	key := w.publish(campaign("c", "", callAlone))
	m := w.chatMember("u1", 7, nil)
	must(t, w.e.Trip(t.Context(), engine.Operator, "all"))
	w.enroll(key, "u1")
	w.calls(time.Minute)
	if len(o.tries()) != 0 {
		t.Errorf("%d tries", len(o.tries()))
	}
	must(t, w.e.Release(t.Context(), engine.Operator, "all"))
	w.calls(time.Second)
	w.expectStands(key, m, "waiting well time")
	late := w.chatMember("u2", 8, nil)
	must(t, w.e.Trip(t.Context(), engine.Operator, "all"))
	w.enroll(key, "u2")
	w.later(11 * time.Minute)
	must(t, w.e.Release(t.Context(), engine.Operator, "all"))
	w.calls(time.Second)
	if got := w.called(late); !slices.Equal(got, []string{"test/1 failed call_not_made 0"}) || len(o.tries()) != 1 {
		t.Errorf("when its time was over before: %q", got)
	}
	w.expectStands(key, late, "waiting without time")
}

// TestCallGoesWhereItsVersionSays: whoever is moved to a version in which the step calls another system, before it was called, sends the first one nothing
// that is meant for the other.
func TestCallGoesWhereItsVersionSays(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	o.answers(200, "")
	call := func(endpoint, sends string) string {
		return campaign("c", "", "  - {id: test, call: {endpoint: "+endpoint+", send: {"+sends+"}}}\n  - {id: well, wait: 1d}\n")
	}
	key := w.publish(call("placement", "level: b1"))
	m := w.chatMember("u1", 7, andMail("ann@example.org"))
	w.enroll(key, "u1")
	w.settle()
	must(t, w.republish(call("crm", `name: "{{ member.first_name }}"`), moving))
	w.settle()
	w.calls(0)
	if got := o.tries(); len(got) != 1 || !strings.Contains(got[0], `"level":"b1"`) || !strings.Contains(got[0], `"version":1`) || strings.Contains(got[0], "Anna") {
		t.Errorf("%q", got)
	}
	w.expectStands(key, m, "waiting well time")
}

// stumbling is a Caller of which the first call panics.
type stumbling struct {
	engine.Caller
	calls *atomic.Int64
}

func (s stumbling) Call(ctx context.Context, c channels.Call) channels.CallReceipt {
	if s.calls.Add(1) == 1 {
		panic("stumbles")
	}
	return s.Caller.Call(ctx, c)
}

// TestStumblingCall: a call over which our own code stumbles is tried again; those beside it are made.
func TestStumblingCall(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.connected()
		o.answers(200, "")
		key := w.publish(campaign("c", "", callAlone))
		one, two := w.chatMember("u1", 7, nil), w.chatMember("u2", 8, nil)
		w.e.Caller = stumbling{w.e.Caller, new(atomic.Int64)}
		w.enroll(key, "u1", "u2")
		w.calls(0)
		got := append(w.called(one), w.called(two)...)
		slices.Sort(got)
		if !slices.Equal(got, []string{"test/1 answered  200", "test/1 pending call_retried 0"}) {
			t.Fatalf("%q", got)
		}
		w.calls(time.Minute)
		if got := append(w.called(one), w.called(two)...); !slices.Equal(got, []string{"test/1 answered  200", "test/1 answered  200"}) {
			t.Errorf("%q", got)
		}
	})
}
