package definition

import (
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Then is the past that goes on with what was later, which is kept elsewhere; either may be nil. Consents are the later ones: they are about now.
func (p *Past) Then(later *Past) *Past {
	switch {
	case p == nil:
		return later
	case later == nil:
		later = &Past{}
	}
	out := &Past{
		Consents: later.Consents, Events: maps.Clone(p.Events), Passages: map[campaigns.Key][]Passage{}, Messages: map[campaigns.Key][]Message{},
		Answers: map[campaigns.Key]map[string]campaigns.Answer{}, Points: maps.Clone(p.Points),
	}
	if out.Events == nil {
		out.Events = map[string]Events{}
	}
	for key, e := range later.Events {
		out.Events[key] = out.Events[key].then(e)
	}
	if out.Points == nil {
		out.Points = map[campaigns.Key]int{}
	}
	for key, n := range later.Points {
		out.Points[key] += n
	}
	for _, one := range []*Past{p, later} {
		for key, runs := range one.Passages {
			out.Passages[key] = append(slices.Clone(out.Passages[key]), runs...)
		}
		for key, ms := range one.Messages {
			out.Messages[key] = append(slices.Clone(out.Messages[key]), ms...)
		}
		for key, answers := range one.Answers {
			if out.Answers[key] == nil {
				out.Answers[key] = map[string]campaigns.Answer{}
			}
			maps.Copy(out.Answers[key], answers)
		}
	}
	return out
}

func (e Events) then(later Events) Events {
	switch {
	case e.N == 0:
		return later
	case later.N == 0:
		return e
	}
	return Events{e.N + later.N, earlier(e.First, later.First), e.latest(later.Last)}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (e Events) latest(t time.Time) time.Time {
	if t.After(e.Last) {
		return t
	}
	return e.Last
}
