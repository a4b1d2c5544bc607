package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/engine"
)

// TestOneEventTwiceInOneCall: an id is stored once, whether its repetition comes in the same call or in a later one.
func TestOneEventTwiceInOneCall(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("u1", nil)
		ev := engine.EventInput{ID: "e-1", Event: "lesson.finished", Member: "u1"}
		bad := engine.EventInput{ID: "e-1", Event: "Not A Name", Member: "u1"}
		for call, want := range [][]bool{{false, false, true}, {true, false, true}} {
			res, err := w.e.StoreEvents(t.Context(), engine.Operator, []engine.EventInput{ev, bad, ev})
			must(t, err)
			for i, r := range res {
				if r.Duplicate != want[i] || (r.Err != nil) != (i == 1) {
					t.Errorf("call %d, event %d: %+v", call, i, r)
				}
			}
		}
		ins, err := w.store.Backlog(t.Context())
		must(t, err)
		if ins.StoredInputs != 1 {
			t.Errorf("%+v", ins)
		}
	})
}

// TestTwoEventsWithOneID: the first stays, and who sends the other is told in what they differ; the same one again, however it is written, is no other.
func TestTwoEventsWithOneID(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("u1", nil)
		w.member("u2", nil)
		event := func(name, member, data string) engine.EventInput {
			return engine.EventInput{ID: "e-1", Event: name, Member: member, At: w.clock.now(), Data: json.RawMessage(data)}
		}
		first := event("lesson.done", "u1", `{"score": 5, "of": {"a": [1, 2]}}`)
		for _, c := range []struct {
			in   engine.EventInput
			want string
		}{
			{first, "false []"},
			{first, "true []"},
			{event("lesson.done", "u1", `{"of":{"a":[1,2]},"score":5}`), "true []"},
			{event("lesson.done", "u1", `{"of":{"a":[2,1]},"score":5}`), "true [data]"},
			{event("lesson.done", "u1", ``), "true [data]"},
			{event("lesson.begun", "u2", `{"score": 5, "of": {"a": [1, 2]}}`), "true [event member]"},
		} {
			w.clock.set(w.clock.now().Add(time.Minute)) // when it happened is the time of the call, where nobody says it
			c.in.At = w.clock.now()
			res, err := w.e.StoreEvents(t.Context(), engine.Operator, []engine.EventInput{c.in})
			must(t, err)
			if got := fmt.Sprint(res[0].Duplicate, " ", res[0].Differs); got != c.want || res[0].Err != nil {
				t.Errorf("%+v: %s, want %s", c.in, got, c.want)
			}
		}
		res, err := w.e.StoreEvents(t.Context(), engine.Operator, []engine.EventInput{
			{ID: "e-2", Event: "lesson.done", Member: "u1"}, {ID: "e-2", Event: "lesson.done", Member: "u2"}, {ID: "e-2", Event: "lesson.done", Member: "u1", Data: json.RawMessage("null")},
		})
		must(t, err)
		if got := fmt.Sprint(res[0].Duplicate, res[1].Differs, res[2].Duplicate, res[2].Differs); got != "false [member] true []" {
			t.Errorf("in one call: %s", got)
		}
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "u1"))
		w.settle()
		res, err = w.e.StoreEvents(t.Context(), engine.Operator, []engine.EventInput{event("lesson.done", "u2", `{}`)})
		must(t, err)
		if !res[0].Duplicate || res[0].Differs != nil {
			t.Errorf("after the first was erased: %+v", res[0])
		}
	})
}
