package engine_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/race"
	"github.com/kruzhok/kruzhok/store"
)

// replayed proves of every decision of every test here that it comes out the same from what is recorded of it. Not with the race detector, which makes it several times as slow.
func replayed(t *testing.T) func(engine.Decided) {
	if race.Enabled {
		return nil
	}
	return func(d engine.Decided) {
		if err := d.Same(d.Definition, d.Was); err != nil {
			t.Errorf("%s: %v", d.Campaign, err)
		}
	}
}

// TestRecorded: every decision is recorded once, and what was recorded last is where the passage stands: also of a passage that was over with its last message,
// of an audience that entered together and of members whose decisions another process makes.
func TestRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		last, begun, n := map[campaigns.EnrollmentID]engine.Decided{}, map[campaigns.EnrollmentID]int{}, 0
		w.e.Record = func(d engine.Decided) {
			mu.Lock()
			defer mu.Unlock()
			if d.Input.Kind == "Start" {
				begun[d.Enrollment]++
			}
			if before, ok := last[d.Enrollment]; ok && d.Rev < before.Rev {
				t.Errorf("%s at revision %d comes after one at %d", d.Input.Kind, d.Rev, before.Rev)
			}
			last[d.Enrollment], n = d, n+1
		}
		w.publish(campaign("talk", "", sends("a", "Hello")+"  - {id: b, wait: 1d}\n"+sends("c", "Bye")))
		w.publish(campaign("all", "entry: {schedule: {at: 2026-11-25 10:00, zone: community, audience: all}}", sends("a", "Hello")))
		for _, id := range []string{"u1", "u2", "u3"} {
			w.member(id, byMail(id+"@example.org"))
		}
		w.enroll("talk", "u1", "u2")
		w.settle()
		w.later(30 * 24 * time.Hour)
		rows, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{}, store.Page{Limit: 100})
		must(t, err)
		for _, row := range rows {
			d := last[row.ID]
			if begun[row.ID] != 1 || d.After.State != row.State || d.After.Step != row.Step || !cmp.Equal(decoded(t, d.After.Data), decoded(t, row.Data)) {
				t.Errorf("begun %d times; recorded %s %s %s, the row is %s %s %s", begun[row.ID], d.After.State, d.After.Step, d.After.Data, row.State, row.Step, row.Data)
			}
		}
		if want := 2*4 + 3*2; len(rows) != 5 || n != want {
			t.Errorf("%d passages, %d decisions, want %d", len(rows), n, want)
		}
	})
}

func decoded(t *testing.T, raw json.RawMessage) (v any) {
	t.Helper()
	must(t, json.Unmarshal(raw, &v))
	return v
}
