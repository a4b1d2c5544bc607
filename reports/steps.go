package reports

import (
	"cmp"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// StepReport says what became of one step's messages on one channel.
type StepReport struct {
	Step    campaigns.StepID  `json:"step"`
	Channel campaigns.Channel `json:"channel"`
	Total   int               `json:"total"`
	Sent    int               `json:"sent"`
	States  []StateCount      `json:"states"`
	Reasons []ReasonCount     `json:"reasons"`
}

type stepChannel struct{ step, channel string }

type stateReason struct {
	state  string
	reason campaigns.Reason
}

func stepReports(counts []store.Count, steps order, lang string) []StepReport {
	groups := map[stepChannel][]store.Count{}
	var keys []stepChannel
	for _, c := range counts {
		k := stepChannel{c.Step, c.Channel}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], c)
	}
	slices.SortStableFunc(keys, func(a, b stepChannel) int {
		return cmp.Or(steps.compare(a.step, b.step), cmp.Compare(a.channel, b.channel))
	})
	out := make([]StepReport, 0, len(keys))
	for _, k := range keys {
		out = append(out, stepReport(k, groups[k], lang))
	}
	return out
}

func stepReport(k stepChannel, counts []store.Count, lang string) StepReport {
	s := StepReport{Step: campaigns.StepID(k.step), Channel: campaigns.Channel(k.channel)}
	states, reasons := newTally[string](), newTally[stateReason]()
	for _, c := range counts {
		s.Total += c.N
		if campaigns.DeliveryState(c.State) == campaigns.Sent {
			s.Sent += c.N
		}
		states.add(c.State, c.N)
		if c.Reason != "" {
			reasons.add(stateReason{c.State, campaigns.Reason(c.Reason)}, c.N)
		}
	}
	s.States = stateCounts(states, "state.delivery.", lang)
	s.Reasons = reasonCounts(reasons, lang)
	return s
}

func stateCounts(t *tally[string], prefix, lang string) []StateCount {
	out := make([]StateCount, 0, len(t.keys))
	for _, k := range t.keys {
		out = append(out, StateCount{State: k, Label: locale.T(lang, prefix+k, nil), N: t.n[k]})
	}
	return out
}

func reasonCounts(t *tally[stateReason], lang string) []ReasonCount {
	out := make([]ReasonCount, 0, len(t.keys))
	for _, k := range t.keys {
		out = append(out, ReasonCount{State: k.state, Reason: k.reason, Sentence: reasonWords(lang, k.reason), N: t.n[k]})
	}
	return out
}

// tally counts by key and keeps the order in which keys came.
type tally[K comparable] struct {
	keys []K
	n    map[K]int
}

func newTally[K comparable]() *tally[K] { return &tally[K]{n: map[K]int{}} }

func (t *tally[K]) add(k K, n int) {
	if _, seen := t.n[k]; !seen {
		t.keys = append(t.keys, k)
	}
	t.n[k] += n
}

// order is the place of each step in the document; steps of older versions alone come last.
type order map[string]int

func newOrder(defs []*definition.Definition) order {
	o := order{}
	for _, def := range defs {
		for _, s := range def.Order {
			if _, known := o[string(s.ID)]; !known {
				o[string(s.ID)] = len(o)
			}
		}
	}
	return o
}

func (o order) place(step string) int {
	if i, ok := o[step]; ok {
		return i
	}
	return len(o)
}

func (o order) compare(a, b string) int {
	return cmp.Or(cmp.Compare(o.place(a), o.place(b)), cmp.Compare(a, b))
}

func (o order) sorted(steps []string) []string {
	slices.SortFunc(steps, o.compare)
	return steps
}
