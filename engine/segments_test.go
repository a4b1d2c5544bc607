package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// segment saves a segment.
func (w *world) segment(key, who string) {
	w.t.Helper()
	_, err := w.e.CreateSegment(w.t.Context(), engine.Operator, segmentDraft(key, who))
	must(w.t, detailed(err))
}

func segmentDraft(key, who string) engine.Draft {
	return engine.Draft{Source: "key: " + key + "\nname: " + key + "\nwho: " + who + "\n", Format: definition.YAML}
}

// entered lists, by external id, who entered the campaign.
func (w *world) entered(key campaigns.Key, names map[campaigns.MemberID]string) (got []string) {
	w.t.Helper()
	es, err := w.e.Enrollments(w.t.Context(), engine.Operator, key, "", store.Page{})
	must(w.t, err)
	for _, e := range es {
		got = append(got, names[e.Member])
	}
	slices.Sort(got)
	return got
}

// TestAudiencesLookBack: what was – events, campaigns, messages, answers, consents – and segments of it, some inside others.
func TestAudiencesLookBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		names := map[campaigns.MemberID]string{}
		for _, id := range []string{"busy", "calm", "late"} {
			names[w.member(id, byMail(id+"@example.org")).ID] = id
		}
		w.publish(campaign("welcome", "entry: {event: welcome.begun}", sends("hello", "Hello")))
		w.event("lesson.done", "late")
		w.settle()
		w.until(start.Add(3 * 24 * time.Hour))
		for range 2 {
			w.event("lesson.done", "busy")
		}
		w.event("welcome.begun", "busy")
		w.event("welcome.begun", "calm")
		w.settle()
		w.segment("active", "{event: lesson.done, at_least: 2, within: 2d}")
		w.segment("sleeping", "{all: [{not: {segment: active}}, {event: lesson.done}]}")
		n := 0
		for audience, want := range map[string][]string{
			"{event: lesson.done}":                                      {"busy", "late"},
			"{last_event: lesson.done, older_than: 2d}":                 {"late"},
			"{first_event: lesson.done, within: 1h}":                    {"busy"},
			"{event: lesson.done, at_most: 0}":                          {"calm"},
			"{segment: active}":                                         {"busy"},
			"{segment: sleeping}":                                       {"late"},
			"{completed: welcome}":                                      {"busy", "calm"},
			"{not: {entered: welcome}}":                                 {"late"},
			"{message_of: welcome, step: hello, was: sent, within: 1d}": {"busy", "calm"},
			"{message_of: welcome, was: failed}":                        nil,
			"{all: [{consent: news, on: email}, {segment: active}]}":    {"busy"},
			"{consent: news, on: telegram}":                             nil,
		} {
			n++
			key := w.publish(broadcast(fmt.Sprint("some-", n), "2026-11-24T10:00", "community", audience)) // its time has passed: at once
			w.settle()
			if got := w.entered(key, names); !slices.Equal(got, want) {
				t.Errorf("%s: enrolled %v, want %v", audience, got, want)
			}
		}
	})
}

// TestBranchesLookBack: for one member whose event starts them, and for many that enter together, by a segment too, which may be changed meanwhile.
func TestBranchesLookBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.segment("regular", "{event: lesson.done, at_least: 2, within: 7d}")
		steps := "  - branch:\n      - if: {segment: regular}\n        steps: [{id: regular, send: {text: {en: Again, ru: Снова}}}]\n" +
			"      - if: {event: lesson.done, within: 7d}\n        steps: [{id: first, send: {text: {en: First, ru: Впервые}}}]\n" +
			"      - else: [{id: none, send: {text: {en: None, ru: Нет}}}]\n"
		for _, id := range []string{"two", "one", "nought"} {
			w.member(id, byMail(id+"@example.org"))
		}
		w.event("lesson.done", "two")
		w.event("lesson.done", "two")
		w.event("lesson.done", "one")
		w.settle()
		byEvent := w.publish(campaign("by-event", "entry: {event: check}", steps))
		for _, id := range []string{"two", "one", "nought"} {
			w.event("check", id)
		}
		w.settle()
		together := w.publish(campaign("together", `entry: {schedule: {at: "2026-11-24T10:00", zone: community, audience: all}}`, steps))
		w.settle()
		for _, key := range []campaigns.Key{byEvent, together} {
			for id, step := range map[string]campaigns.StepID{"two": "regular", "one": "first", "nought": "none"} {
				if got := w.visited(key, id); !slices.Equal(got, []campaigns.StepID{step}) {
					t.Errorf("%s: %s got %v", key, id, got)
				}
			}
		}
		_, err := w.e.PutSegment(t.Context(), engine.Operator, "regular", 1, segmentDraft("regular", "{event: lesson.done, at_least: 1}"))
		must(t, err)
		again := w.publish(campaign("again", "entry: {event: again}", steps))
		w.event("again", "one")
		w.settle()
		if got := w.visited(again, "one"); !slices.Equal(got, []campaigns.StepID{"regular"}) {
			t.Errorf("by the changed segment: %v", got)
		}
	})
}

// visited are the steps of which the member has messages.
func (w *world) visited(key campaigns.Key, member string) (steps []campaigns.StepID) {
	w.t.Helper()
	c, err := w.store.CampaignByKey(w.t.Context(), key)
	must(w.t, err)
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Campaign: c.ID}, store.Page{Limit: 100})
	must(w.t, err)
	m, err := w.store.MemberByExternalID(w.t.Context(), member)
	must(w.t, err)
	for _, d := range ds {
		if d.Member == m.ID {
			steps = append(steps, d.Step)
		}
	}
	return steps
}

// TestSegmentsAreKept: whole, by revision, by those who may, and as long as something names them.
func TestSegmentsAreKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		refused := func(what string, err error, key, detail string) {
			t.Helper()
			var f *fault.Error
			said := fmt.Sprint(fault.Details(err, "en"))
			if !errors.As(err, &f) || f.Key != key || !strings.Contains(said, detail) || fault.Message(err, "ru") == "" {
				t.Errorf("%s: %v %s", what, err, said)
			}
		}
		reader := engine.Principal{Scopes: []engine.Scope{engine.CampaignsRead}}
		_, err := w.e.CreateSegment(ctx, reader, segmentDraft("a", "{tag: x}"))
		refused("without the scope", err, "forbidden.scope", "")
		refused("without the scope", w.e.DeleteSegment(ctx, reader, "a"), "forbidden.scope", "")
		_, err = w.e.Segments(ctx, engine.Principal{})
		refused("without the scope", err, "forbidden.scope", "")
		_, err = w.e.CreateSegment(ctx, engine.Operator, segmentDraft("a", "{segment: b}"))
		refused("unknown segment", err, "invalid.definition", "who.segment")
		_, err = w.e.CreateSegment(ctx, engine.Operator, segmentDraft("a", "{inside: nowhere}"))
		refused("unknown campaign", err, "invalid.definition", "who.inside")
		w.segment("a", "{tag: x}")
		w.segment("b", "{not: {segment: a}}")
		_, err = w.e.CreateSegment(ctx, engine.Operator, segmentDraft("a", "{tag: x}"))
		refused("taken", err, "conflict.segment", "")
		_, err = w.e.PutSegment(ctx, engine.Operator, "a", 0, segmentDraft("a", "{any: [{tag: y}, {segment: b}]}"))
		refused("circle", err, "invalid.definition", "who.any[1].segment")
		_, err = w.e.PutSegment(ctx, engine.Operator, "a", 7, segmentDraft("a", "{tag: y}"))
		refused("another revision", err, "conflict.segment_changed", "")
		_, err = w.e.PutSegment(ctx, engine.Operator, "a", 0, segmentDraft("c", "{tag: y}"))
		refused("another key", err, "invalid.segment_key_changed", "")
		_, err = w.e.PutSegment(ctx, engine.Operator, "c", 0, segmentDraft("c", "{tag: y}"))
		refused("nothing there", err, "not_found.segment", "")
		if s, err := w.e.PutSegment(ctx, engine.Operator, "a", 1, segmentDraft("a", "{tag: y}")); err != nil || s.Rev != 2 {
			t.Errorf("%+v %v", s, err)
		}
		refused("named by a segment", w.e.DeleteSegment(ctx, engine.Operator, "a"), "conflict.segment_used", "")
		key := w.publish(broadcast("uses-b", "2026-12-24T10:00", "community", "{segment: b}"))
		_, err = w.e.PutDraft(ctx, engine.Operator, key, 0, engine.Draft{Source: broadcast("uses-b", "2026-12-24T10:00", "community", "all"), Format: definition.YAML})
		must(t, err)
		refused("named by what was published", w.e.DeleteSegment(ctx, engine.Operator, "b"), "conflict.segment_used", "")
		_, err = w.e.End(ctx, engine.Operator, key)
		must(t, err)
		_, err = w.e.Archive(ctx, engine.Operator, key)
		must(t, err)
		must(t, w.e.DeleteSegment(ctx, engine.Operator, "b"))
		must(t, w.e.DeleteSegment(ctx, engine.Operator, "a"))

		draft := engine.Draft{Source: broadcast("lost", "2026-12-24T10:00", "community", "{segment: b}"), Format: definition.YAML}
		_, err = w.e.CheckDefinition(ctx, engine.Operator, draft, false)
		refused("checked", err, "invalid.definition", "entry.schedule.audience.segment")
		_, err = w.e.CheckDefinition(ctx, engine.Operator, draft, true)
		must(t, err) // it may come later
		c, err := w.e.CreateCampaign(ctx, engine.Operator, draft)
		must(t, err)
		_, err = w.e.Publish(ctx, engine.Operator, c.Key)
		refused("published", err, "invalid.definition", "entry.schedule.audience.segment")
	})
}
