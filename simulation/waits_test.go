package simulation

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

// TestStoriesSayHowWaitsEnd: that an awaited event came or did not, and that there was no date to wait for; how many have none is a note.
func TestStoriesSayHowWaitsEnd(t *testing.T) {
	comes := written("", "  - {id: w, wait: {event: lesson.done, timeout: {after: 3d}}}\n  - {id: hi, send: {text: {en: Hi}}}\n")
	dated := written("entry: {event: lesson.booked}", "  - {id: w, wait: {date: {event: starts_at, missed: hi}}}\n  - {id: never, wait: {for: 1d}}\n  - {id: hi, send: {text: {en: Hi}}}\n")
	attribute := written("", "  - {id: w, wait: {date: {attribute: exam_on, before: 2d}, until: \"10:00\"}}\n  - {id: hi, send: {text: {en: Hi}}}\n")
	for _, tt := range []struct {
		plan             Plan
		want, says, note string
	}{
		{Plan{Campaigns: []engine.Draft{comes}, Events: []Event{{Name: "lesson.done", Day: 2}}}, "waited w event_came", "came.", ""},
		{Plan{Campaigns: []engine.Draft{comes}}, "waited w timed_out", "did not come in time.", "waits for events"},
		{Plan{Campaigns: []engine.Draft{dated}, EventData: map[string]any{"starts_at": "soon"}}, "waited w date_unreadable", "holds no date", "waits for a date in “event.starts_at”, and 1 member"},
		{Plan{Campaigns: []engine.Draft{dated}, EventData: map[string]any{"starts_at": "2020-01-01T10:00"}}, "waited w date_passed", "was past", ""},
		{Plan{Campaigns: []engine.Draft{attribute}}, "waited w date_missing", "there is nothing in “exam_on”", "waits for a date in “exam_on”, and 1 member"},
	} {
		tt.plan.Members, tt.plan.Days, tt.plan.Lang = []Member{one(t, "silent")}, 6, "en"
		r := run(t, tt.plan)
		got := lines(r)
		if len(got) != 4 || !strings.HasSuffix(got[1], tt.want) || !strings.HasSuffix(got[2], "message hi telegram") || !strings.Contains(r.Stories[0].Items[1].What, tt.says) {
			t.Errorf("%s: %s", tt.want, strings.Join(got, "\n"))
		}
		if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
			t.Errorf("%s: %s", tt.want, notes)
		}
	}
}
