package engine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/webhook"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// other is another system of the organisation, which answers as it is told.
type other struct {
	mu     sync.Mutex
	got    []string // id and body of each try
	answer http.HandlerFunc
}

func (o *other) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	o.mu.Lock()
	o.got = append(o.got, r.Header.Get("webhook-id")+" "+string(body))
	answer := o.answer
	o.mu.Unlock()
	answer(w, r)
}

// answers sets what it answers from now on.
func (o *other) answers(code int, body string, headers ...string) {
	o.does(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	})
}

func (o *other) does(h http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = h
}

func (o *other) tries() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.got)
}

// connected gives the installation another system, which it calls "placement".
func (w *world) connected() *other {
	w.t.Helper()
	o := &other{}
	s := httptest.NewServer(o)
	w.t.Cleanup(s.Close)
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	must(w.t, err)
	w.e.Caller = webhook.New(map[string]webhook.Endpoint{"placement": {URL: s.URL, Secrets: [][]byte{secret}, Private: true}})
	return o
}

// calls lets the time pass, and calls be made.
func (w *world) calls(d time.Duration) {
	w.t.Helper()
	w.later(d)
	must(w.t, w.e.FailUnknownCalls(w.t.Context()))
	must(w.t, w.e.CallOthers(w.t.Context(), "placement"))
	w.settle()
}

// called is the member's calls, as "step/visit state reason code".
func (w *world) called(m campaigns.MemberID) (out []string) {
	w.t.Helper()
	cs, err := w.store.Calls(w.t.Context(), store.CallFilter{Member: m}, store.Page{Limit: 100})
	must(w.t, err)
	for _, c := range cs {
		if (c.State != store.CallPending) != (c.Body == "" && c.DueAt == nil) && c.Tries > 0 {
			w.t.Errorf("call %d: %s, due %v, body %q", c.ID, c.State, c.DueAt, c.Body)
		}
		out = append(out, fmt.Sprintf("%s/%d %s %s %d", c.Step, c.Visit, c.State, c.Reason, c.Code))
	}
	return out
}

const callSteps = `
  - {id: n, ask: {type: number, text: {en: How many?, ru: Сколько?}}}
  - id: test
    call: {endpoint: placement, send: {points: "{{ answers.n }}", hello: "<{{ member.first_name }}> {{ member.attributes.bio }}", fixed: 7}, timeout: 10m, failed: without}
  - {id: told, send: {text: {en: "{{ call.test.course }} by {{ call.test.teacher.name }}, {{ call.test.days }}", ru: a}}}
  - {branch: [{if: {call: test.free, at_least: 2}, steps: [{id: free, wait: 1d}]}]}
  - {id: full, wait: 2d}
  - {id: without, wait: 3d}
`

// TestCall: the other system gets a signed body with what the step says; what it answers stands in the next message and decides a branch, and is no markup.
func TestCall(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.connected()
		o.answers(200, `{"course":"**B1** <i>x</i>","teacher":{"name":"Eve"},"days":["Mon",2],"free":2,"x y":1,"none":null}`)
		key := w.publish(campaign("c", "", callSteps))
		m := w.chatMember("u1", 7, func(in *engine.MemberInput) {
			in.Attributes = map[string]any{"bio": strings.Repeat("é", 600) + "\n\"quoted\" http://x.example"}
		})
		w.enroll(key, "u1")
		w.settle()
		w.say(7, "12")
		w.expectStands(key, m, "waiting test time")
		if tries := o.tries(); len(tries) != 0 {
			t.Fatalf("called in the decision: %q", tries)
		}
		w.calls(0)
		tries := o.tries()
		if len(tries) != 1 {
			t.Fatalf("%d tries", len(tries))
		}
		id, body, _ := strings.Cut(tries[0], " ")
		var got struct {
			Type string
			Data struct {
				Campaign, Step, External_ID, Member_ID, Enrollment_ID string
				Send                                                  map[string]any
			}
		}
		must(t, json.Unmarshal([]byte(body), &got))
		d := got.Data
		if !strings.HasPrefix(id, "msg_") || got.Type != "campaign.call" || d.Campaign != "c" || d.Step != "test" || d.External_ID != "u1" || d.Member_ID != fmt.Sprint(m) || d.Enrollment_ID == "" ||
			d.Send["points"] != 12.0 || d.Send["fixed"] != 7.0 || d.Send["hello"] != "<Anna> "+strings.Repeat("é", 600)+"\n\"quoted\" http://x.example" {
			t.Errorf("%s %s", id, body)
		}
		if got := w.called(m); !slices.Equal(got, []string{"test/1 answered  200"}) {
			t.Errorf("%q", got)
		}
		if got := w.last(7); got != "**B1** <i>x</\u2060i> by Eve, Mon, 2" {
			t.Errorf("told %q", got)
		}
		w.expectStands(key, m, "waiting free time")
		w.calls(time.Hour)
		if len(o.tries()) != 1 {
			t.Error("called again")
		}
	})
}

// dying is a Caller whose process is killed as soon as the answer is there.
type dying struct{ engine.Caller }

func (d dying) Call(ctx context.Context, c channels.Call) channels.CallReceipt {
	d.Caller.Call(ctx, c)
	runtime.Goexit()
	panic("unreachable")
}

const callAlone = "  - {id: test, call: {endpoint: placement, timeout: 10m, failed: without}}\n  - {id: well, wait: 1d}\n  - {id: without, wait: 3d}\n"

// TestCallAgain: what was not answered is tried again, with the same number and the same bytes, also after a process died between the try and its outcome.
func TestCallAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.connected()
		key := w.publish(campaign("c", "", callAlone))
		m := w.chatMember("u1", 7, nil)
		w.enroll(key, "u1")
		w.settle()
		o.answers(500, "")
		w.calls(0)
		if got := w.called(m); !slices.Equal(got, []string{"test/1 pending call_retried 500"}) {
			t.Errorf("%q", got)
		}
		w.calls(4 * time.Second) // too soon
		_, err := w.e.UpsertMembers(t.Context(), engine.Operator, []engine.MemberInput{{ExternalID: "u1", FirstName: new("Other")}})
		must(t, err)
		o.answers(503, "", "Retry-After", "60")
		w.calls(time.Second)
		w.calls(50 * time.Second)
		if got := o.tries(); len(got) != 2 {
			t.Fatalf("%d tries before the time that was asked for", len(got))
		}
		o.answers(200, "[]")
		w.later(10 * time.Second)
		dies := w.engine("worker-2")
		dies.Caller = dying{w.e.Caller} // the answer comes, and nobody is left to write it down
		must(t, dies.CallOthers(t.Context(), "placement"))
		w.expectStands(key, m, "waiting test time")
		w.calls(30 * time.Second)
		if got := o.tries(); len(got) != 3 {
			t.Fatalf("%d tries while the dead process holds the call", len(got))
		}
		w.calls(time.Minute)
		got := o.tries()
		if len(got) != 4 || got[0] != got[1] || got[1] != got[2] || got[2] != got[3] {
			t.Errorf("%q", got)
		}
		w.expectStands(key, m, "waiting well time")
	})
}

// TestCallUntilItsTime: the last tries fall shortly before the step's time is over, and no longer than until then does the member wait.
func TestCallUntilItsTime(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	key := w.publish(campaign("c", "", strings.Replace(callAlone, "10m", "40s", 1)))
	w.chatMember("u1", 7, nil)
	w.enroll(key, "u1")
	w.settle()
	o.answers(500, "")
	var at []int
	for s, n := 0, 0; s < 60; s++ {
		w.calls(min(time.Duration(s), 1) * time.Second)
		if now := len(o.tries()); now > n {
			at, n = append(at, s), now
		}
	}
	if want := []int{0, 5, 15, 25, 35}; !slices.Equal(at, want) {
		t.Errorf("tries at %v, want %v", at, want)
	}
}

// TestCallFails: what another try would not change fails at once, each with its reason; an endpoint that is gone is left alone for an hour.
func TestCallFails(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	key := w.publish(campaign("c", "", callAlone))
	n := 0
	fails := func(want string, tries int) {
		t.Helper()
		n++
		name := fmt.Sprint("u", n)
		m := w.chatMember(name, int64(n), nil)
		w.enroll(key, name)
		before := len(o.tries())
		w.calls(0)
		if got := w.called(m); !slices.Equal(got, []string{"test/1 " + want}) || len(o.tries()) != before+tries {
			t.Errorf("%q after %d tries, want %s after %d", got, len(o.tries())-before, want, tries)
		}
		w.expectStands(key, m, "waiting without time")
	}
	o.answers(422, "")
	fails("failed call_refused 422", 1)
	o.answers(302, "", "Location", "/elsewhere")
	fails("failed call_refused 302", 1)
	o.answers(200, `{"a":"`+strings.Repeat("x", 4000)+`"}`)
	fails("failed call_too_much 200", 1)
	o.answers(200, strings.Repeat(" ", 70_000))
	fails("failed call_too_much 200", 1)
	o.answers(410, "")
	fails("failed call_gone 410", 1)
	o.answers(200, "")
	fails("failed call_gone 0", 0)
	w.later(time.Hour)
	m := w.chatMember("u9", 9, nil)
	w.enroll(key, "u9")
	w.calls(0)
	if got := w.called(m); !slices.Equal(got, []string{"test/1 answered  200"}) {
		t.Errorf("after an hour: %q", got)
	}
	w.e.Caller = webhook.New(nil)
	fails("failed call_unknown 0", 0)
	m = w.chatMember("leaps", 99, nil)
	w.enroll(key, "leaps")
	w.settle()
	w.later(11 * time.Minute) // and the passage goes on before anybody looks for such calls
	if got := w.called(m); !slices.Equal(got, []string{"test/1 failed call_unknown 0"}) {
		t.Errorf("when the clock was put on: %q", got)
	}
	w.e.Caller = webhook.New(map[string]webhook.Endpoint{"placement": {URL: "https://localhost:1"}})
	fails("failed call_forbidden 0", 0)
}

// TestCallOver: a call that nobody waits for any more is made no more, and what stood in it is gone; while the campaign is paused it waits.
func TestCallOver(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	o := w.connected()
	o.answers(500, "")
	key := w.publish(campaign("c", "", callAlone))
	var ms []campaigns.MemberID
	for i := range 4 {
		ms = append(ms, w.chatMember(fmt.Sprint("u", i), int64(i+1), nil))
	}
	w.enroll(key, "u0", "u1", "u2")
	w.calls(0)
	en := w.enrollment(key, ms[0])
	_, err := w.e.Withdraw(t.Context(), engine.Operator, key, en.ID)
	must(t, err)
	must(t, w.e.EraseMember(t.Context(), engine.Operator, "u1"))
	for i, want := range []string{"failed call_left 500", "failed call_left 500", "pending call_retried 500"} {
		if got := w.called(ms[i]); !slices.Equal(got, []string{"test/1 " + want}) {
			t.Errorf("%d: %q, want %s", i, got, want)
		}
	}
	w.later(10 * time.Minute)
	if got := w.called(ms[2]); !slices.Equal(got, []string{"test/1 failed call_timed_out 500"}) {
		t.Errorf("after its time: %q", got)
	}
	w.expectStands(key, ms[2], "waiting without time")
	w.enroll(key, "u3")
	w.settle()
	_, err = w.e.Pause(t.Context(), engine.Operator, key)
	must(t, err)
	before := len(o.tries())
	w.calls(time.Second)
	_, err = w.e.Resume(t.Context(), engine.Operator, key)
	must(t, err)
	if got := len(o.tries()); got != before {
		t.Errorf("called in a pause: %d", got-before)
	}
	o.answers(200, "")
	w.calls(20 * time.Second)
	w.expectStands(key, ms[3], "waiting well time")
}
