package explain

import (
	"fmt"
	"slices"
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

// Goal says what the campaign is for, and what becomes of who reaches it.
func (w Words) Goal(g *definition.Goal) string {
	said := w.happened("goal.event", &g.Happening, g.If, map[string]any{"within": w.Period(g.Within)})
	return said + " " + w.say("goal.then."+string(g.Then), nil)
}

// happening says what an event does, with what it must bring and for whom it does it.
func (w Words) happening(key string, h *definition.Happening, c *definition.Condition) string {
	return w.happened(key, h, c, map[string]any{})
}

func (w Words) happened(key string, h *definition.Happening, c *definition.Condition, args map[string]any) string {
	args["event"] = h.Event
	if c != nil && !everyone(c) {
		key += "_if"
		args["clause"] = w.Clause(c)
	}
	out := w.say(key, args)
	for _, f := range h.Data {
		out += " " + w.say("explain.entry.data", map[string]any{"field": f.Name, "values": w.either(f.Values)})
	}
	return out
}

func (w Words) either(vs []any) string {
	values := make([]string, len(vs))
	for i, v := range vs {
		values[i] = w.value(v)
	}
	return strings.Join(values, w.say("explain.or", nil))
}

// Bounds of what a sentence says an entry asks for.
const (
	maxWanted     = 5
	maxWantedText = 40 // characters
)

// Unfit are, for a sentence, what the entry wants in the field of an event, and what was there instead. A field that it does not ask for has no wanted.
func (w Words) Unfit(e *definition.Entry, m definition.Misfit) (wanted, came string) {
	came = w.say("explain.came."+string(m.Came), nil)
	for _, f := range e.Data {
		if f.Name != m.Field {
			continue
		}
		if slices.ContainsFunc(f.Values, func(v any) bool { return definition.CameOf(v) == m.Came }) {
			came = w.say("explain.came.other_"+string(m.Came), nil)
		}
		values := slices.Clone(f.Values[:min(len(f.Values), maxWanted)])
		for i, v := range values {
			if r := []rune(fmt.Sprint(v)); len(r) > maxWantedText {
				values[i] = string(r[:maxWantedText]) + "…"
			}
		}
		if wanted = w.either(values); len(f.Values) > maxWanted {
			wanted += "…"
		}
	}
	return wanted, came
}

// NoRunKey says what was there instead of an id.
func (w Words) NoRunKey(came definition.Came) string {
	if came == definition.CameText || came == definition.CameNumber {
		return w.say("explain.came.no_id_"+string(came), nil)
	}
	return w.say("explain.came."+string(came), nil)
}
