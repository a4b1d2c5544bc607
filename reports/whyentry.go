package reports

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// notEntered says why the member has no passage, as far as rows and events tell.
func (e *explainer) notEntered(ctx context.Context) ([]WhyLine, error) {
	lines := []WhyLine{}
	add := func(at *time.Time, key string, args map[string]any) {
		lines = append(lines, e.line(WhyEntry, at, key, args))
	}
	if e.p.State == members.Erased {
		add(nil, "why.not.erased", nil)
		return lines, nil
	}
	if e.c.LiveVersion == 0 {
		add(nil, "why.not.published", nil)
		return lines, nil
	}
	def, err := e.r.version(ctx, e.c.ID, e.c.LiveVersion)
	if err != nil {
		return nil, err
	}
	if def == nil {
		add(nil, "why.version_unreadable", nil)
		return lines, nil
	}
	if !e.addressed(def) {
		add(nil, "why.not.no_address", nil)
	}
	rule, err := e.entryRule(ctx, def)
	if err != nil {
		return nil, err
	}
	lines = append(lines, rule...)
	if s := e.c.State; s != campaigns.Running && s != campaigns.Scheduled && s != campaigns.Paused {
		at := e.c.StateAt
		add(&at, "why.not.state", map[string]any{"state": e.say("state.campaign."+string(s), nil)})
	}
	return lines, nil
}

func (e *explainer) addressed(def *definition.Definition) bool {
	for _, ch := range def.Channels {
		if _, ok := e.p.Addresses.Find(ch); ok {
			return true
		}
	}
	return false
}

// entryRule explains by the way in that the campaign has.
func (e *explainer) entryRule(ctx context.Context, def *definition.Definition) ([]WhyLine, error) {
	switch {
	case def.Entry.Event != "":
		return e.byEvent(ctx, def)
	case def.Entry.Schedule != nil:
		return e.bySchedule(ctx, def)
	case def.Entry.Segment != "":
		return e.bySegment(ctx, &def.Entry)
	}
	return []WhyLine{e.line(WhyEntry, nil, "why.not.manual", nil)}, nil
}

// handledWithin is longer than the transaction that handles an event and writes whom it refused.
const handledWithin = time.Minute

// byEvent looks whether the event came, and what was said of it then.
func (e *explainer) byEvent(ctx context.Context, def *definition.Definition) ([]WhyLine, error) {
	name := def.Entry.Event
	events, err := pages(func(p store.Page) ([]store.Event, error) {
		return e.r.store.Events(ctx, store.EventFilter{Member: e.p.Member.ID}, p)
	}, func(ev store.Event) int64 { return ev.ID })
	if err != nil {
		return nil, err
	}
	first, err := e.r.store.Version(ctx, e.c.ID, 1)
	if err != nil {
		return nil, err
	}
	var lines []WhyLine
	came := -1 // the line of the event that was handled last, while nothing tells what came of it
	for _, ev := range events {
		at := ev.At
		switch {
		case e.isRefusal(ev):
			if came >= 0 && at.Sub(*lines[came].At) < handledWithin {
				lines = lines[:came]
			}
			lines, came = append(lines, e.refusal(ev)), -1
		case ev.Name != "event.received":
		case eventName(ev) != name:
			came = -1
		case at.Before(first.PublishedAt):
			lines = append(lines, e.line(WhyEntry, &at, "why.not.event_early", map[string]any{"event": name, "at": e.when(first.PublishedAt)}))
		case e.unfit(ev) != nil:
			line, err := e.unfitting(ctx, ev)
			if err != nil {
				return nil, err
			}
			lines, came = append(lines, line), -1
		default:
			came = len(lines)
			args, key := map[string]any{"event": name}, "why.not.event_came"
			if _, more := engine.UnfitOf(ev); more > 0 { // and this campaign is none of those that are named
				args["n"], key = more, "why.not.event_unfit_more"
			}
			lines = append(lines, e.line(WhyEntry, &at, key, args))
		}
	}
	if len(lines) > 0 {
		return lines, nil
	}
	return []WhyLine{e.line(WhyEntry, nil, "why.not.event", map[string]any{"event": name})}, nil
}

// unfit is what the record of an event says that this campaign's entry did not find in it; nil: nothing.
func (e *explainer) unfit(ev store.Event) *engine.Unfit {
	all, _ := engine.UnfitOf(ev)
	i := slices.IndexFunc(all, func(u engine.Unfit) bool { return u.Campaign == e.c.Key })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// unfitting says what an event brought that began nothing here, and what was asked for then.
func (e *explainer) unfitting(ctx context.Context, ev store.Event) (WhyLine, error) {
	u, at := e.unfit(ev), ev.At
	def, err := e.r.version(ctx, e.c.ID, u.Version)
	if err != nil {
		return WhyLine{}, err
	}
	args, key := map[string]any{"event": eventName(ev), "field": u.Field}, "why.not.event_unfit"
	if def == nil {
		def = &definition.Definition{}
	}
	if args["wanted"], args["came"] = e.words.Unfit(&def.Entry, u.Misfit); args["wanted"] == "" {
		key = "why.not.event_unfit_field"
	}
	l := e.line(WhyEntry, &at, key, args)
	l.Why = engine.OtherData
	return l, nil
}

const (
	// manyReceived is how many of a member's last events are looked through for those that did not fit.
	manyReceived = 100
	// manyUnfit is how many of those are told.
	manyUnfit = 5
)

// refused lists the latest times that somebody who entered was not taken in.
func (e *explainer) refused(ctx context.Context) ([]WhyLine, error) {
	events, err := e.r.store.LastEvents(ctx, e.p.Member.ID, e.c.ID, "enrollment.refused", whyRuns)
	if err != nil {
		return nil, err
	}
	received, err := e.r.store.LastEvents(ctx, e.p.Member.ID, 0, "event.received", manyReceived)
	if err != nil {
		return nil, err
	}
	unfit := slices.DeleteFunc(received, func(ev store.Event) bool { return e.unfit(ev) == nil })
	events = append(events, unfit[:min(len(unfit), manyUnfit)]...) // they may be many, and hide no refusal
	slices.SortFunc(events, func(a, b store.Event) int { return cmp.Compare(b.ID, a.ID) })
	lines := []WhyLine{}
	for _, ev := range events {
		line := e.refusal(ev)
		if !e.isRefusal(ev) {
			if line, err = e.unfitting(ctx, ev); err != nil {
				return nil, err
			}
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (e *explainer) isRefusal(ev store.Event) bool {
	return ev.Name == "enrollment.refused" && ev.Campaign == e.c.ID
}

func (e *explainer) refusal(ev store.Event) WhyLine {
	at := ev.At
	entry := eventEntries(ev)[0]
	entry.Name = nameIn(e.c, e.lang)
	return WhyLine{At: &at, Local: at.In(e.zone).Format(localForm), Kind: WhyEntry, What: entry.sentence(e.lang, e.zone), Why: ev.Reason}
}

// bySchedule says when it opens, or whether the audience's condition holds for the member as they are known now.
func (e *explainer) bySchedule(ctx context.Context, def *definition.Definition) ([]WhyLine, error) {
	row, err := e.r.store.Schedule(ctx, e.c.ID)
	if err != nil {
		return nil, err
	}
	s := def.Entry.Schedule
	zone := e.zone
	if s.Zone == definition.CommunityZone {
		if zone, err = time.LoadLocation(e.community.TimeZone); err != nil {
			zone = time.UTC
		}
	}
	opens := s.At
	if row != nil && row.Opens != nil {
		opens = *row.Opens
	}
	if row != nil && row.LooksAgain() && s.Recurs != nil && !opens.In(zone).After(e.r.Now()) {
		if next, ok := s.Recurs.After(opens); ok {
			opens = next
		}
	}
	at := opens.In(zone)
	if row != nil && row.Opens != nil && row.DoneAt == nil {
		ahead := e.line(WhyEntry, nil, "why.not.schedule_recurs", map[string]any{"rule": explain.Recurrence(e.lang, s), "at": e.when(at), "zone": e.zone.String()})
		said, err := e.audience(ctx, &s.Audience, "why.not.audience_next")
		return append([]WhyLine{ahead}, said...), err
	}
	if row != nil && row.Opens != nil {
		v, err := e.r.store.Version(ctx, e.c.ID, e.c.LiveVersion)
		if err != nil {
			return nil, err
		}
		if !row.DoneAt.After(v.PublishedAt) {
			return []WhyLine{e.line(WhyEntry, &v.PublishedAt, "why.not.schedule_over", map[string]any{"rule": explain.Recurrence(e.lang, s)})}, nil
		}
	}
	if row != nil && row.DoneAt == nil {
		return []WhyLine{e.line(WhyEntry, nil, "why.not.schedule_ahead", map[string]any{"at": e.when(at), "zone": e.zone.String()})}, nil
	}
	lines := []WhyLine{e.line(WhyEntry, &at, "why.not.schedule_passed", map[string]any{"at": e.when(at)})}
	said, err := e.audience(ctx, &s.Audience, "why.not.audience_holds")
	return append(lines, said...), err
}

// audience names the parts of the condition that do not hold now, or says with the key holds that all of it does. What the member was when the schedule opened
// is not kept.
func (e *explainer) audience(ctx context.Context, c *definition.Condition, holds string) (lines []WhyLine, err error) {
	f, err := e.facts(ctx, c)
	if err != nil {
		return nil, err
	}
	parts := []definition.Condition{*c}
	if len(c.All) > 0 {
		parts = c.All
	}
	for i := range parts {
		if !parts[i].Holds(f) {
			lines = append(lines, e.line(WhyEntry, nil, "why.not.audience", map[string]any{"clause": e.words.Clause(&parts[i])}))
		}
	}
	if len(lines) == 0 {
		lines = append(lines, e.line(WhyEntry, nil, holds, nil))
	}
	return lines, nil
}

// facts are what the condition looks at, as the member is known now.
func (e *explainer) facts(ctx context.Context, c *definition.Condition) (f definition.Facts, err error) {
	f = definition.Facts{Attributes: e.p.Attributes, Tags: e.p.Tags, Language: e.p.Language, Channels: map[campaigns.Channel]bool{}}
	if f.Language == "" {
		f.Language = engine.Fallback(e.community)
	}
	for _, a := range e.p.Addresses {
		f.Channels[a.Channel] = a.Reach.Usable() && a.Suppressed == "" && a.Proof != members.Unconfirmed
	}
	f.Now = e.r.Now()
	if f.Segments, _, err = e.r.segments(ctx, c); err != nil {
		return f, err
	}
	id := e.p.Member.ID
	past, err := e.r.store.Past(ctx, []campaigns.MemberID{id}, definition.NeedsOf(c, f.Segments).Past, f.Now)
	f.Past = past[id]
	return f, err
}
