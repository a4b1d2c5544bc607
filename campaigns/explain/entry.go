package explain

import (
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Entry says how members come in, and when; whom of them is Meant's to say.
func (w Words) Entry(e *definition.Entry) string {
	switch {
	case e.Schedule != nil && e.Schedule.Recurs != nil:
		return w.say("explain.entry.recurs", map[string]any{"rule": Recurrence(w.Lang, e.Schedule)})
	case e.Schedule != nil:
		return w.say("explain.entry.once."+string(e.Schedule.Zone), w.At(e.Schedule.At))
	case e.Segment != "":
		return w.say("explain.entry.segment."+string(e.Who), map[string]any{"segment": called(w.Segment, e.Segment)})
	case e.Event != "":
		return w.happening("explain.entry.event", &e.Happening, e.If)
	}
	return w.say("explain.entry.manual", nil)
}

// Meant says whom a schedule takes in; empty: the entry says it.
func (w Words) Meant(e *definition.Entry) string {
	if e.Schedule == nil {
		return ""
	}
	return w.Sentence(&e.Schedule.Audience)
}

// At are a moment's day and time, for a sentence.
func (w Words) At(at timing.LocalDateTime) map[string]any {
	return map[string]any{"day": locale.LongDate(w.Lang, at.In(time.UTC)), "time": at.LocalTime.String()}
}

// happening says what an event does, with what it must bring and for whom it does it.
func (w Words) happening(key string, h *definition.Happening, c *definition.Condition) string {
	args := map[string]any{"event": h.Event}
	if c != nil && !everyone(c) {
		key += "_if"
		args["clause"] = w.Clause(c)
	}
	out := w.say(key, args)
	for _, f := range h.Data {
		values := make([]string, len(f.Values))
		for i, v := range f.Values {
			values[i] = w.value(v)
		}
		out += " " + w.say("explain.entry.data", map[string]any{"field": f.Name, "values": strings.Join(values, w.say("explain.or", nil))})
	}
	return out
}
