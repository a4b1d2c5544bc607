package reports

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// Flow is a campaign as its live version has it, with how many members came how far.
type Flow struct {
	Head      CampaignHead
	Languages []store.LanguageCount  // of those who ever entered
	Answered  int                    // members who answered at least one question
	Version   int                    // live; 0: never published, and Steps is the draft's
	Def       *definition.Definition `json:"-"`
	Steps     []FlowStep
	// Earlier is how many are counted that passed another version than the live one.
	Earlier int
	// HeldOut is how many got nothing, by holdout: they stand before the first step, and are no message of it that was not sent.
	HeldOut int
	// Openings are when a recurring schedule takes its audience in; nil: it does not recur.
	Openings *Openings
	// NobodyCame says, in the language, that an audience that is taken in once took nobody in; empty: it is not so.
	NobodyCame string
	// Segment is the name of that by which members come in; empty: they come in otherwise.
	Segment string
}

// CampaignHead is a campaign in one line.
type CampaignHead struct {
	ID      campaigns.CampaignID
	Key     campaigns.Key
	Name    string
	Kind    definition.Kind
	State   campaigns.State
	StateAt time.Time
	// Total ever entered: those inside, those who came to the end, and those who left before it.
	Total, Inside, Completed, Exited int
}

// FlowStep is one step of the flow. Of those who Entered, some are Here, some Left the campaign here, and the others passed.
type FlowStep struct {
	ID      campaigns.StepID
	Number  int              // in document order, from 1
	Step    *definition.Step `json:"-"`
	Entered int
	Here    int
	Left    int
	Waits   []WaitCount // of those here
	Sent    int
	// NotSent counts what will never be sent, Later what waits for its time; both by reason.
	NotSent, Later []ReasonCount
	Arms           []FlowArm          // of a branch
	Inner          []FlowStep         // of a repeat
	Rounds         []store.RoundCount // of a repeat: who answered
	Reached        map[int]int        // of a repeat: how many stood in a round when they were last seen
}

// Passed is who went on from here.
func (s *FlowStep) Passed() int { return max(0, s.Entered-s.Here-s.Left) }

// Unsent is how many messages were not sent and will not be.
func (s *FlowStep) Unsent() int {
	n := 0
	for _, r := range s.NotSent {
		n += r.N
	}
	return n
}

// FlowArm is one way of a branch or a split.
type FlowArm struct {
	If    *definition.Condition `json:"-"` // of a branch; nil: everybody else
	Split *SplitShare           // of a split
	Steps []FlowStep
}

// SplitShare is what a split has given to an arm.
type SplitShare struct {
	Name    string
	Percent float64 // of all who come to the split
	Entered int
}

// Entered is how many took the arm.
func (a *FlowArm) Entered() int {
	switch {
	case a.Split != nil:
		return a.Split.Entered
	case len(a.Steps) == 0:
		return 0
	}
	return a.Steps[0].Entered
}

// Flow tells how far the campaign's members came; sentences are in the language. Scope campaigns:read.
func (r *Reports) Flow(ctx context.Context, p engine.Principal, key campaigns.Key, lang string) (*Flow, error) {
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	f := &Flow{Head: headOf(c, lang), Version: c.LiveVersion}
	if f.Def, err = r.live(ctx, c); err != nil || f.Def == nil {
		return f, err
	}
	if f.Def != nil && f.Def.Entry.Segment != "" {
		f.Segment = r.segmentName(ctx, f.Def.Entry.Segment, lang)
	}
	if f.Openings, err = r.openings(ctx, c, f.Def, lang); err != nil {
		return nil, err
	}
	if f.NobodyCame, err = r.nobodyCame(ctx, c, f.Def, lang); err != nil {
		return nil, err
	}
	t := &flowTally{lang: lang}
	if t.paths, err = r.store.CountPaths(ctx, c.ID); err != nil {
		return nil, err
	}
	if t.deliveries, err = r.store.CountDeliveries(ctx, c.ID); err != nil {
		return nil, err
	}
	if t.rounds, err = r.store.CountRounds(ctx, c.ID); err != nil {
		return nil, err
	}
	t.count()
	f.Steps, f.HeldOut = t.steps(f.Def.Steps), t.heldOut
	for _, path := range t.paths {
		f.Head.add(path.State, path.N)
		if path.Version != f.Version {
			f.Earlier += path.N
		}
	}
	answered, err := r.store.Answered(ctx, []campaigns.CampaignID{c.ID})
	if err != nil {
		return nil, err
	}
	f.Answered = answered[c.ID]
	f.Languages, err = r.store.CountLanguages(ctx, c.ID)
	return f, err
}

func headOf(c *store.Campaign, lang string) CampaignHead {
	return CampaignHead{ID: c.ID, Key: c.Key, Name: nameIn(c, lang), Kind: definition.Kind(c.Kind), State: c.State, StateAt: c.StateAt}
}

// nameIn is what to call the campaign in the language.
func nameIn(c *store.Campaign, lang string) string {
	return cmp.Or(c.NameIn(campaigns.Lang(locale.Match(lang))), string(c.Key))
}

func (h *CampaignHead) add(state campaigns.EnrollmentState, n int) {
	h.Total += n
	switch state {
	case campaigns.EnrollmentCompleted:
		h.Completed += n
	case campaigns.EnrollmentExited:
		h.Exited += n
	default:
		h.Inside += n
	}
}

// flowTally adds the counts up by step.
type flowTally struct {
	lang       string
	paths      []store.PathCount
	deliveries []store.Count
	rounds     []store.RoundCount
	by         map[campaigns.StepID]*FlowStep
	reached    map[campaigns.StepID]map[int]int
	number     int
	heldOut    int
}

func (t *flowTally) count() {
	t.by, t.reached = map[campaigns.StepID]*FlowStep{}, map[campaigns.StepID]map[int]int{}
	for _, path := range t.paths {
		for id, visits := range path.Visits {
			t.at(id).Entered += path.N
			if t.reached[id] == nil {
				t.reached[id] = map[int]int{}
			}
			t.reached[id][visits] += path.N
		}
		t.stand(path)
	}
	for _, d := range t.deliveries {
		t.deliver(d)
	}
}

// stand counts where a path stands, or ended before its end.
func (t *flowTally) stand(path store.PathCount) {
	s := t.at(path.Step)
	switch {
	case path.Visits[path.Step] == 0: // it has not begun: a schedule in the member's zone
	case !path.State.Final():
		s.Here += path.N
		s.wait(path.Wait, path.N)
	case path.State == campaigns.EnrollmentExited:
		s.Left += path.N
	}
}

func (s *FlowStep) wait(kind campaigns.WaitKind, n int) {
	w := Standing{Waits: s.Waits}
	w.wait(kind, n)
	s.Waits = w.Waits
}

func (t *flowTally) deliver(d store.Count) {
	s, state := t.at(campaigns.StepID(d.Step)), campaigns.DeliveryState(d.State)
	if state == campaigns.HeldOut { // one row for each passage
		t.heldOut += d.N
		return
	}
	line := ReasonCount{State: d.State, Reason: campaigns.Reason(d.Reason), Sentence: reasonWords(t.lang, campaigns.Reason(d.Reason)), N: d.N}
	switch {
	case state == campaigns.Sent:
		s.Sent += d.N
	case state.Final():
		s.NotSent = addReason(s.NotSent, line)
	case d.Reason != "":
		s.Later = addReason(s.Later, line)
	}
}

// addReason joins what the channels count apart.
func addReason(all []ReasonCount, line ReasonCount) []ReasonCount {
	for i := range all {
		if all[i].Reason == line.Reason && all[i].State == line.State {
			all[i].N += line.N
			return all
		}
	}
	return append(all, line)
}

func (t *flowTally) at(id campaigns.StepID) *FlowStep {
	if t.by[id] == nil {
		t.by[id] = &FlowStep{}
	}
	return t.by[id]
}

// steps puts the counts on the tree, in the order of the document.
func (t *flowTally) steps(defs []*definition.Step) []FlowStep {
	out := make([]FlowStep, 0, len(defs))
	for _, def := range defs {
		s := *t.at(def.ID)
		s.ID, s.Step = def.ID, def
		if !def.Forks() { // a fork is no place where anybody stands
			t.number++
			s.Number = t.number
		}
		byN := func(a, b ReasonCount) int { return cmp.Compare(b.N, a.N) }
		slices.SortStableFunc(s.NotSent, byN)
		slices.SortStableFunc(s.Later, byN)
		switch body := def.Body.(type) {
		case *definition.Branch:
			for _, arm := range body.Arms {
				s.Arms = append(s.Arms, FlowArm{If: arm.If, Steps: t.steps(arm.Steps)})
			}
		case *definition.Split:
			s.Arms = t.split(def.ID, body)
		case *definition.Repeat:
			s.Inner, s.Rounds = t.steps(body.Steps), t.rounds
			if len(body.Steps) > 0 {
				s.Reached = t.reached[body.Steps[0].ID]
			}
		}
		out = append(out, s)
	}
	return out
}

// split counts who took which arm: arms are counted among the visits.
func (t *flowTally) split(id campaigns.StepID, b *definition.Split) []FlowArm {
	sum := 0
	for _, arm := range b.Arms {
		sum += arm.Share
	}
	arms := make([]FlowArm, len(b.Arms))
	for i, arm := range b.Arms {
		share := &SplitShare{Name: arm.Name, Percent: 100 * float64(arm.Share) / float64(sum), Entered: t.at(definition.ArmID(id, i+1)).Entered}
		arms[i] = FlowArm{Split: share, Steps: t.steps(arm.Steps)}
	}
	return arms
}

// Find returns the step with the id, wherever it stands; nil: there is none.
func (f *Flow) Find(id campaigns.StepID) *FlowStep { return findStep(f.Steps, id) }

func findStep(steps []FlowStep, id campaigns.StepID) *FlowStep {
	for i := range steps {
		if steps[i].ID == id {
			return &steps[i]
		}
		if s := findStep(steps[i].Inner, id); s != nil {
			return s
		}
		for _, arm := range steps[i].Arms {
			if s := findStep(arm.Steps, id); s != nil {
				return s
			}
		}
	}
	return nil
}
