package engine_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestFailedCallsAgain: calls that failed are made once more when a person says so, under their old numbers; whoever waited has gone on, and the answer, or what becomes of
// the passage meanwhile, changes nothing.
func TestFailedCallsAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.connected()
		o.answers(410, "")
		key := w.publish(campaign("c", "", "  - {id: test, call: {endpoint: placement, failed: without}}\n  - {id: well, wait: 1d}\n  - {id: without, call: {endpoint: placement, timeout: 1m}}\n  - {id: end, wait: 9d}\n"))
		var ms []campaigns.MemberID
		for i := range 3 {
			ms = append(ms, w.chatMember(fmt.Sprint("u", i), int64(i+1), nil))
		}
		w.enroll(key, "u0", "u1")
		w.calls(0)
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "u1"))
		w.enroll(key, "u2")
		w.calls(0)
		before := len(o.tries())
		again := func(endpoint string, reason campaigns.Reason) (int, error) {
			return w.e.CallAgain(t.Context(), engine.Operator, engine.FailedCalls{Campaign: key, Step: "test", Endpoint: endpoint, Reason: reason})
		}
		if _, err := again("placement", campaigns.CallRefused); !fault.Is(err, fault.NotFound) {
			t.Errorf("of another reason: %v", err)
		}
		if _, err := again("crm", campaigns.CallGone); !fault.Is(err, fault.Conflict) {
			t.Errorf("of an endpoint that is not set up: %v", err)
		}
		if _, err := w.e.CallAgain(t.Context(), engine.Principal{Name: "reader", Scopes: []engine.Scope{engine.CampaignsRead}}, engine.FailedCalls{Campaign: key}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("without the right: %v", err)
		}
		o.answers(500, "")
		n, err := again("placement", campaigns.CallGone)
		if must(t, err); n != 2 { // the third member was erased
			t.Errorf("%d calls", n)
		}
		w.expectAgain(ms[0], "test call_gone operator")
		w.calls(0)
		if got := len(o.tries()); got == before {
			t.Error("the endpoint still rests")
		}
		o.answers(200, `{"a": 1}`)
		w.calls(2 * time.Minute)
		if got := w.called(ms[0]); !slices.Equal(got, []string{"test/1 answered  200", "without/1 failed call_gone 410"}) && !slices.Equal(got, []string{"test/1 answered  200", "without/1 failed call_gone 0"}) {
			t.Errorf("%q", got)
		}
		id := func(try string) string { return strings.Fields(try)[0] }
		all := o.tries()
		for _, try := range all[before:] {
			old := slices.ContainsFunc(all[:before], func(s string) bool { return id(s) == id(try) })
			if strings.Contains(try, `"step":"test"`) && strings.Contains(try, `"external_id":"u0"`) && !old { // u2's was never tried
				t.Error("not under the old number")
			}
		}
		w.expectStands(key, ms[0], "waiting end time")
		if _, err := again("placement", campaigns.CallGone); !fault.Is(err, fault.NotFound) {
			t.Errorf("twice: %v", err)
		}
	})
}

// TestCallAgainBesideAnother: the passage's own next call ends without it.
func TestCallAgainBesideAnother(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.connected()
		o.answers(422, "")
		key := w.publish(campaign("c", "", "  - {id: test, call: {endpoint: placement}}\n  - {id: w, wait: 1h}\n  - {id: next, call: {endpoint: placement, timeout: 1m}}\n  - {id: end, wait: 9d}\n"))
		m := w.chatMember("u0", 1, nil)
		w.enroll(key, "u0")
		w.calls(0)
		o.does(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
		w.calls(time.Hour)
		w.expectStands(key, m, "waiting next time")
		_, err := w.e.CallAgain(t.Context(), engine.Operator, engine.FailedCalls{Campaign: key, Step: "test", Endpoint: "placement", Reason: campaigns.CallRefused})
		must(t, err)
		w.calls(2 * time.Minute)
		if got := w.called(m); !slices.Equal(got, []string{"test/1 pending call_retried 500", "next/1 failed call_timed_out 500"}) {
			t.Errorf("%q", got)
		}
		w.expectStands(key, m, "waiting end time")
	})
}

// TestCallAgainOfWhoWaits: in a pause a call's time may be over while its passage still stands at the step: it cannot be made once more before the passage went on.
func TestCallAgainOfWhoWaits(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	o.answers(500, "")
	key := w.publish(campaign("c", "", callAlone))
	w.chatMember("u0", 1, nil)
	w.enroll(key, "u0")
	w.calls(0)
	again := func() (int, error) {
		return w.e.CallAgain(t.Context(), engine.Operator, engine.FailedCalls{Campaign: key, Step: "test", Endpoint: "placement", Reason: campaigns.CallTimedOut})
	}
	listed := func() int {
		kinds, err := w.store.CountUnanswered(t.Context())
		must(t, err)
		return len(kinds)
	}
	_, err := w.e.Pause(t.Context(), engine.Operator, key)
	must(t, err)
	w.calls(time.Hour)
	if _, err := again(); !fault.Is(err, fault.NotFound) || listed() != 0 {
		t.Errorf("while its passage waits: %v, %d listed", err, listed())
	}
	_, err = w.e.Resume(t.Context(), engine.Operator, key)
	must(t, err)
	w.calls(time.Second)
	if listed() != 1 {
		t.Errorf("%d listed when it has gone on", listed())
	}
	n, err := again()
	if must(t, err); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestCallAgainOfWhoWasErased: a member who was erased before the call is made once more is told to nobody.
func TestCallAgainOfWhoWasErased(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	o.answers(422, "")
	key := w.publish(campaign("c", "", callAlone))
	m := w.chatMember("u0", 1, nil)
	w.enroll(key, "u0")
	w.calls(0)
	_, err := w.e.CallAgain(t.Context(), engine.Operator, engine.FailedCalls{Campaign: key, Step: "test", Endpoint: "placement", Reason: campaigns.CallRefused})
	must(t, err)
	must(t, w.e.EraseMember(t.Context(), engine.Operator, "u0"))
	late := *w.callRows(m)[0] // one that was let wait again beside the erasure
	now := w.clock.now()
	late.ID, late.Visit, late.State, late.Reason, late.DueAt, late.EndedAt, late.UntilAt = late.ID+1_000_000, 2, store.CallPending, "", &now, nil, now.Add(time.Hour)
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertCalls(t.Context(), []*store.OutsideCall{&late}) }))
	before := len(o.tries())
	w.calls(0)
	if got := w.called(m); !slices.Equal(got, []string{"test/1 failed member_erased 0", "test/2 failed member_erased 0"}) || len(o.tries()) != before {
		t.Errorf("%q after %d tries", got, len(o.tries())-before)
	}
}

// TestCallAgainLeavesRoom: those made once more are spread in time, and whoever waits for an answer does not stand behind all of them.
func TestCallAgainLeavesRoom(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	o.answers(422, "")
	key := w.publish(campaign("c", "", callAlone))
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprint("u", i))
		w.chatMember(names[i], int64(i+1), nil)
	}
	w.enroll(key, names...)
	w.calls(0)
	_, err := w.e.CallAgain(t.Context(), engine.Operator, engine.FailedCalls{Campaign: key, Step: "test", Endpoint: "placement", Reason: campaigns.CallRefused})
	must(t, err)
	before := len(o.tries())
	w.chatMember("waits", 99, nil)
	w.enroll(key, "waits")
	w.calls(0)
	if got := o.tries()[before:]; len(got) > 4 || !slices.ContainsFunc(got, func(try string) bool { return strings.Contains(try, `"external_id":"waits"`) }) {
		t.Errorf("%d tries: %q", len(got), got)
	}
	w.calls(time.Minute)
	if got := len(o.tries()) - before; got != 21 {
		t.Errorf("%d in the end", got)
	}
}

// expectAgain compares what the member's events keep of calls that were made once more: the step, why it failed before, and who asked.
func (w *world) expectAgain(m campaigns.MemberID, want ...string) {
	w.t.Helper()
	evs, err := w.store.Events(w.t.Context(), store.EventFilter{Member: m}, store.Page{Limit: 100})
	must(w.t, err)
	var got []string
	for _, ev := range evs {
		if ev.Name != "call.again" {
			continue
		}
		var data struct {
			By       string    `json:"by"`
			FailedAt time.Time `json:"failed_at"`
		}
		must(w.t, json.Unmarshal(ev.Data, &data))
		if data.FailedAt.IsZero() || ev.Enrollment == 0 {
			w.t.Errorf("%s of passage %d", ev.Data, ev.Enrollment)
		}
		got = append(got, fmt.Sprintf("%s %s %s", ev.Step, ev.Reason, data.By))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("made once more: %q, want %q", got, want)
	}
}
