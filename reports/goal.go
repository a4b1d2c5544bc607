package reports

import (
	"context"
	"math"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// GoalReport says what the campaign brings: how many of those who passed it reached its goal in time, and how many of those who were held out. Each member counts
// once: where members pass several times, by their first passage. (Passages of one member are no independent trials, and who gets the campaign passes more
// often than who is held out.) Passages of versions without a goal are not among them; where members are held out, neither are those that began in a version which
// held nobody out: chance never divided them, wherever they have been moved since, and they are in none of the two groups.
type GoalReport struct {
	Event    string     `json:"event" doc:"What reaches the goal, in the live version"`
	Within   string     `json:"within" doc:"How long after entry it counts, in the live version"`
	Got      GoalGroup  `json:"got" doc:"Those who got the campaign"`
	HeldOut  *GoalGroup `json:"held_out,omitempty" doc:"Those who got nothing, by holdout"`
	Uplift   *Uplift    `json:"uplift,omitempty" doc:"Absent while one of the groups is empty"`
	Sentence string     `json:"sentence" doc:"The same in words, in the asked language"`
}

// GoalGroup is one of the groups that are compared.
type GoalGroup struct {
	Members int     `json:"members"`
	Reached int     `json:"reached"`
	Rate    float64 `json:"rate" doc:"Of them, from 0 to 1"`
}

// Uplift is the difference of the rates. Method: hybrid score interval (Newcombe 1998, method 10).
type Uplift struct {
	Difference float64 `json:"difference" doc:"The rate of those who got the campaign less that of those held out"`
	Low        float64 `json:"low" doc:"The lower end of its 95 % interval"`
	High       float64 `json:"high" doc:"The upper end of its 95 % interval"`
	Method     string  `json:"method" enum:"newcombe_hybrid_score"`
}

// Goal reports on the goal of the campaign's live version; nil: it has none. Scope campaigns:read.
func (r *Reports) Goal(ctx context.Context, p engine.Principal, key campaigns.Key, lang string) (*GoalReport, error) {
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	enrollments, err := r.store.CountEnrollments(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	return r.goal(ctx, c, enrollments, lang)
}

func (r *Reports) goal(ctx context.Context, c *store.Campaign, enrollments []store.Count, lang string) (*GoalReport, error) {
	def, err := r.live(ctx, c)
	if err != nil || def == nil || def.Goal == nil || c.LiveVersion == 0 {
		return nil, err
	}
	counts, err := r.store.CountGoals(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	moved, err := r.store.CountMoved(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	all := passagesOf(enrollments, moved)
	again, err := r.passAgain(ctx, c.ID, all)
	if err != nil {
		return nil, err
	}
	if again {
		if all, counts, err = r.firstPassages(ctx, c.ID); err != nil {
			return nil, err
		}
	}
	defs := map[int]*definition.Definition{}
	for p := range all {
		defs[p.began], defs[p.now] = nil, nil
	}
	for _, n := range counts {
		defs[n.Began] = nil
	}
	for number := range defs {
		if defs[number], err = r.version(ctx, c.ID, number); err != nil {
			return nil, err
		}
	}
	got, held := groups(all, counts, measures{defs, heldOut(def, counts)})
	return compare(def, got, held, lang), nil
}

func heldOut(def *definition.Definition, counts []store.GoalCount) bool {
	return def.Holdout > 0 || slices.ContainsFunc(counts, func(n store.GoalCount) bool { return n.HeldOut })
}

// versions are those that a passage goes by: chance divided the members by the one in which it began, and it waits for the goal of the one that it is in now.
type versions struct{ began, now int }

// passagesOf counts the passages by both of their versions.
func passagesOf(enrollments []store.Count, moved []store.MovedCount) map[versions]int {
	all := map[versions]int{}
	for _, n := range enrollments {
		all[versions{n.Version, n.Version}] += n.N
	}
	for _, n := range moved {
		all[versions{n.Version, n.Version}] -= n.N
		all[versions{n.Began, n.Version}] += n.N
	}
	return all
}

// measures says which passages are measured.
type measures struct {
	defs    map[int]*definition.Definition // by version; nil: it cannot be read
	heldOut bool                           // members are held out, or were
}

// compares reports whether passages that began in the version are: where members are held out, those of versions that held nobody out are in none of the groups.
func (m measures) compares(began int) bool {
	d := m.defs[began]
	return d != nil && (d.Holdout > 0 || !m.heldOut)
}

// counts reports whether passages that go, or went, by the versions are. One of them must have a goal.
func (m measures) counts(v versions) bool {
	has := func(d *definition.Definition) bool { return d != nil && d.Goal != nil }
	return m.compares(v.began) && (has(m.defs[v.began]) || has(m.defs[v.now]))
}

// passAgain reports whether a member may have passed the campaign several times.
func (r *Reports) passAgain(ctx context.Context, id campaigns.CampaignID, all map[versions]int) (bool, error) {
	for v := range all {
		for _, number := range []int{v.began, v.now} {
			d, err := r.version(ctx, id, number)
			if err != nil {
				return false, err
			}
			if d != nil && d.Entry.Again() {
				return true, nil
			}
		}
	}
	return false, nil
}

// firstPassages counts as the campaign's counters do, each member once.
func (r *Reports) firstPassages(ctx context.Context, id campaigns.CampaignID) (all map[versions]int, goals []store.GoalCount, err error) {
	firsts, err := r.firsts.tell(id, func() ([]store.GoalCount, error) {
		return r.store.CountFirstGoals(context.WithoutCancel(ctx), id) // whoever leaves has counted for the next
	})
	all = map[versions]int{}
	for _, n := range firsts {
		all[versions{n.Began, n.Now}] += n.N
		if n.HeldOut || n.Reached {
			goals = append(goals, n)
		}
	}
	return all, goals, err
}

// groups counts the passages that are measured.
func groups(all map[versions]int, counts []store.GoalCount, m measures) (got, held GoalGroup) {
	for v, n := range all {
		if m.counts(v) {
			got.Members += n
		}
	}
	for _, n := range counts { // they have come to a goal, or were held out by one
		switch {
		case !m.compares(n.Began):
			continue
		case n.HeldOut:
			held.Members += n.N
		case n.Reached:
			got.Reached += n.N
		}
		if n.HeldOut && n.Reached {
			held.Reached += n.N
		}
	}
	got.Members = max(got.Reached, got.Members-held.Members)
	return got, held
}

// compare puts the groups side by side. Nobody is held out: there is one of them.
func compare(def *definition.Definition, got, held GoalGroup, lang string) *GoalReport {
	got.Rate, held.Rate = share(got.Reached, got.Members), share(held.Reached, held.Members)
	out := &GoalReport{Event: def.Goal.Event, Within: def.Goal.Within.String(), Got: got}
	args := map[string]any{"n": got.Members, "reached": got.Reached, "percent": percent(lang, got.Rate), "event": out.Event, "within": out.Within}
	out.Sentence = locale.T(lang, "goal.reached", args)
	if def.Holdout == 0 && held.Members == 0 {
		return out
	}
	out.HeldOut = &held
	out.Sentence += " " + locale.T(lang, "goal.held_out", map[string]any{"n": held.Members, "reached": held.Reached, "percent": percent(lang, held.Rate)})
	if got.Members == 0 || held.Members == 0 {
		return out
	}
	u := &Uplift{Method: "newcombe_hybrid_score"}
	u.Difference, u.Low, u.High = difference(got.Reached, got.Members, held.Reached, held.Members)
	out.Uplift = u
	out.Sentence += " " + u.sentence(lang)
	return out
}

// sentence says whether the campaign brings anything, as far as the numbers can tell.
func (u *Uplift) sentence(lang string) string {
	key := "goal.perhaps"
	switch {
	case u.Low > 0:
		key = "goal.more"
	case u.High < 0:
		key = "goal.less"
	}
	return locale.T(lang, key, map[string]any{
		"difference": points(lang, u.Difference), "least": points(lang, u.Low), "most": points(lang, u.High),
	})
}

// percent is a share with one digit after the comma.
func percent(lang string, share float64) string {
	return locale.Number(lang, math.Round(1000*share)/10)
}

// points is a difference of shares in percentage points, with its sign.
func points(lang string, d float64) string {
	s := locale.Number(lang, math.Abs(math.Round(1000*d)/10))
	switch {
	case math.Round(1000*d) > 0:
		return "+" + s
	case math.Round(1000*d) < 0:
		return "−" + s
	}
	return s
}
