package engine_test

import (
	"testing"

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
