package reports

import (
	"time"

	"github.com/kruzhok/kruzhok/store"
)

// againWords begin the sentences of calls that a person had made once more.
const againWords = "timeline.call.again_"

// repeat is what an event keeps of a call that failed before a person had it made once more.
type repeat struct {
	Call     int64      `json:"call"`
	Version  int        `json:"version"`
	FailedAt *time.Time `json:"failed_at"`
	By       string     `json:"by"`
}

// entries are who asked, and the failure that the passage went on by: the call's row tells the newest try alone.
func (r repeat) entries(e Entry) []Entry {
	asked := e
	asked.by, asked.repeats, asked.Reason = r.By, r.Call, ""
	if r.FailedAt == nil {
		return []Entry{asked}
	}
	e.At, e.Kind, e.Event, e.Version, e.State, e.words = *r.FailedAt, KindCall, "", r.Version, string(store.CallFailed), "timeline.call.failed"
	return []Entry{asked, e}
}

// markRepeats lets calls that were made once more say so: whoever waited had gone on, and takes nothing of what came of them.
func markRepeats(entries []Entry) {
	again := map[int64]bool{}
	for i := range entries {
		if id := entries[i].repeats; id != 0 {
			again[id] = true
		}
	}
	for i := range entries {
		if e := &entries[i]; e.Kind == KindCall && again[e.id] {
			e.words = againWords + e.State
		}
	}
}
