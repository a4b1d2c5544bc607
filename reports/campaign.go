package reports

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// CampaignReport is a campaign in numbers. Every count has its whole beside it or above it.
type CampaignReport struct {
	Campaign    campaigns.Key   `json:"campaign"`
	State       campaigns.State `json:"state"`
	Enrollments Enrolled        `json:"enrollments"`
	Goal        *GoalReport     `json:"goal,omitempty" doc:"What the campaign brings, where it has a goal"`
	Openings    *Openings       `json:"openings,omitempty" doc:"When the audience is taken in, where the schedule recurs"`
	NobodyCame  string          `json:"nobody_came,omitempty" doc:"Where an audience that is taken in once is through and nobody came in: that it is so, and why it may be, in the asked language"`
	Standing    []Standing      `json:"standing" doc:"Where those stand who are inside"`
	Steps       []StepReport    `json:"steps" doc:"What became of the messages of each step"`
	Questions   []Question      `json:"questions"`
}

// Enrolled counts those who entered.
type Enrolled struct {
	Total    int           `json:"total"`
	Versions []VersionN    `json:"versions"`
	States   []StateCount  `json:"states"`
	Reasons  []ReasonCount `json:"reasons" doc:"Why passages ended before their end"`
}

// VersionN counts those who entered one version.
type VersionN struct {
	Version int `json:"version"`
	N       int `json:"n"`
}

// StateCount counts one state.
type StateCount struct {
	State string `json:"state"`
	Label string `json:"label" doc:"The state in the asked language"`
	N     int    `json:"n"`
}

// ReasonCount counts one reason.
type ReasonCount struct {
	State    string           `json:"state"`
	Reason   campaigns.Reason `json:"reason"`
	Sentence string           `json:"sentence,omitempty" doc:"The reason in the asked language, and what happens next"`
	N        int              `json:"n"`
}

// Standing counts those who stand at one step.
type Standing struct {
	Step  campaigns.StepID `json:"step"`
	Total int              `json:"total"`
	Waits []WaitCount      `json:"waits"`
}

// WaitCount counts those who wait for the same thing. An empty word: they are about to move on.
type WaitCount struct {
	Wait campaigns.WaitKind `json:"wait"`
	N    int                `json:"n"`
}

// Campaign reports on the campaign; sentences are in the language. Scope campaigns:read.
func (r *Reports) Campaign(ctx context.Context, p engine.Principal, key campaigns.Key, lang string) (*CampaignReport, error) {
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	defs, err := r.definitions(ctx, c)
	if err != nil {
		return nil, err
	}
	enrollments, err := r.store.CountEnrollments(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	deliveries, err := r.store.CountDeliveries(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	questions, err := r.questions(ctx, c, defs, lang)
	if err != nil {
		return nil, err
	}
	goal, err := r.goal(ctx, c, enrollments, lang)
	if err != nil {
		return nil, err
	}
	live, err := r.live(ctx, c)
	if err != nil {
		return nil, err
	}
	openings, err := r.openings(ctx, c, live, lang)
	if err != nil {
		return nil, err
	}
	nobody, err := r.nobodyCame(ctx, c, live, lang)
	if err != nil {
		return nil, err
	}
	steps := newOrder(defs)
	return &CampaignReport{
		Campaign: c.Key, State: c.State,
		Enrollments: enrolled(enrollments, lang), Goal: goal, Openings: openings, NobodyCame: nobody, Standing: standing(enrollments, steps),
		Steps: stepReports(deliveries, steps, lang), Questions: questions,
	}, nil
}

func enrolled(counts []store.Count, lang string) Enrolled {
	e := Enrolled{Versions: []VersionN{}, Reasons: []ReasonCount{}}
	versions, states, reasons := newTally[int](), newTally[string](), newTally[stateReason]()
	for _, c := range counts {
		e.Total += c.N
		versions.add(c.Version, c.N)
		states.add(c.State, c.N)
		if c.Reason != "" {
			reasons.add(stateReason{c.State, campaigns.Reason(c.Reason)}, c.N)
		}
	}
	for _, v := range versions.keys {
		e.Versions = append(e.Versions, VersionN{v, versions.n[v]})
	}
	e.States = stateCounts(states, "state.enrollment.", lang)
	e.Reasons = reasonCounts(reasons, lang)
	return e
}

func standing(counts []store.Count, steps order) []Standing {
	at := map[string]*Standing{}
	var ids []string
	for _, c := range counts {
		if campaigns.EnrollmentState(c.State).Final() {
			continue
		}
		s := at[c.Step]
		if s == nil {
			s = &Standing{Step: campaigns.StepID(c.Step)}
			at[c.Step], ids = s, append(ids, c.Step)
		}
		s.Total += c.N
		s.wait(campaigns.WaitKind(c.Wait), c.N)
	}
	out := make([]Standing, 0, len(ids))
	for _, id := range steps.sorted(ids) {
		out = append(out, *at[id])
	}
	return out
}

// wait adds to the count of a wait kind; versions are counted apart in the rows and together here.
func (s *Standing) wait(kind campaigns.WaitKind, n int) {
	for i := range s.Waits {
		if s.Waits[i].Wait == kind {
			s.Waits[i].N += n
			return
		}
	}
	s.Waits = append(s.Waits, WaitCount{kind, n})
}
