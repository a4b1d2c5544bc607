package simulation

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store"
)

// collector adds up what the rows of the simulation tell.
type collector struct {
	*stage
	lang   string
	totals map[campaigns.CampaignID]*totals
	days   map[int]*DayTotals
	items  map[*person][]Item
	came   map[memberDay][]coming
	// passages are of those whose days are told.
	passages map[*person][]passed
	teller   *reports.Teller // of the words that are those of a member's timeline
	// called are the names of the campaigns that are not played and that steps took somebody into.
	called map[campaigns.Key]string
}

// totals are a campaign's while they are added up.
type totals struct {
	campaign
	CampaignTotals
	steps      map[campaigns.StepID]*StepTotals
	notSent    map[campaigns.StepID]tally
	notEntered tally
	exited     tally
	inside     map[*person]bool // who entered
	refused    map[*person]bool // of whom something says why they did not
	loops      map[campaigns.StepID]int
	elsewhere  map[campaigns.Key]map[*person]bool // whom steps took into campaigns that are not played along
	dateless   map[string]map[*person]bool        // whose date is missing or none, by where it would stand
	arms       map[campaigns.StepID]*ArmTotals    // of splits
	order      map[campaigns.StepID]int           // of steps in the document, from 1; that of no step is 0
}

// tally counts by reason.
type tally map[string]int

func (t tally) list(lang, prefix string) []ReasonTotal {
	out := []ReasonTotal{}
	for _, reason := range slices.Sorted(maps.Keys(t)) {
		out = append(out, ReasonTotal{reason, locale.T(lang, prefix+reason, nil), t[reason]})
	}
	slices.SortFunc(out, func(a, b ReasonTotal) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Reason, b.Reason)) })
	return out
}

func (s *stage) result(ctx context.Context) (*Result, error) {
	c := &collector{
		stage: s, lang: s.plan.Lang, totals: map[campaigns.CampaignID]*totals{}, days: map[int]*DayTotals{}, items: map[*person][]Item{}, passages: map[*person][]passed{},
		came: map[memberDay][]coming{}, called: map[campaigns.Key]string{},
	}
	for i := range s.campaigns {
		c.totals[s.campaigns[i].id] = newTotals(s.campaigns[i], c.lang)
	}
	var err error
	if c.teller, err = reports.New(s.store, nil).Teller(ctx, c.lang, ""); err != nil {
		return nil, err
	}
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	if err := c.nameOthers(ctx); err != nil {
		return nil, err
	}
	for _, t := range s.told {
		c.toldItem(t)
	}
	c.absent()
	if err := c.reasons(ctx); err != nil {
		return nil, err
	}
	return c.finish(), c.fits()
}

// read goes through the rows of the simulation, page by page: there may be more of them than should be in memory at once.
func (c *collector) read(ctx context.Context) error {
	err := each(func(p store.Page) ([]*store.Delivery, error) {
		return c.store.Deliveries(ctx, store.DeliveryFilter{}, p)
	}, func(d *store.Delivery) int64 { return int64(d.ID) }, c.delivery)
	if err != nil {
		return err
	}
	c.clash()
	err = each(func(p store.Page) ([]*store.Enrollment, error) {
		return c.store.Enrollments(ctx, store.EnrollmentFilter{}, p)
	}, func(e *store.Enrollment) int64 { return int64(e.ID) }, c.enrollment)
	if err != nil {
		return err
	}
	err = each(func(p store.Page) ([]*store.Response, error) {
		return c.store.Responses(ctx, store.ResponseFilter{}, p)
	}, func(r *store.Response) int64 { return r.ID }, c.response)
	if err != nil {
		return err
	}
	return each(func(p store.Page) ([]store.Event, error) {
		return c.store.Events(ctx, store.EventFilter{}, p)
	}, func(e store.Event) int64 { return e.ID }, func(e store.Event) error { return c.event(ctx, e) })
}

// each reads a list to its end.
func each[T any](read func(store.Page) ([]T, error), id func(T) int64, do func(T) error) error {
	for page := (store.Page{Limit: 1000}); ; {
		rows, err := read(page)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := do(row); err != nil {
				return err
			}
		}
		if len(rows) < page.Limit {
			return nil
		}
		page.After = id(rows[len(rows)-1])
	}
}

func newTotals(c campaign, lang string) *totals {
	t := &totals{
		campaign: c, steps: map[campaigns.StepID]*StepTotals{}, notSent: map[campaigns.StepID]tally{}, notEntered: tally{}, exited: tally{},
		inside: map[*person]bool{}, refused: map[*person]bool{}, loops: map[campaigns.StepID]int{}, arms: map[campaigns.StepID]*ArmTotals{},
		order: map[campaigns.StepID]int{}, elsewhere: map[campaigns.Key]map[*person]bool{}, dateless: map[string]map[*person]bool{},
	}
	t.Key, t.Name = c.def.Key, c.def.NameIn(campaigns.Lang(lang))
	for i, s := range c.def.Order {
		t.order[s.ID] = i + 1
		t.steps[s.ID] = &StepTotals{Step: s.ID, Does: s.Does(), Sent: map[campaigns.Channel]int{}}
		t.notSent[s.ID] = tally{}
		if split, ok := s.Body.(*definition.Split); ok {
			t.split(s.ID, split)
		}
	}
	return t
}

func (t *totals) split(id campaigns.StepID, split *definition.Split) {
	arms := make([]ArmTotals, len(split.Arms))
	for i, arm := range split.Arms {
		arms[i].Name = arm.Name
		t.arms[definition.ArmID(id, i+1)] = &arms[i]
	}
	t.steps[id].Arms = arms
}

// countRepeats: who came to a repeat is not among a passage's visits; whoever was in its first step was there.
func (t *totals) countRepeats() {
	for _, s := range t.def.Order {
		if rep := s.Repeat(); rep != nil {
			t.steps[s.ID].Entered = t.steps[rep.Steps[0].ID].Entered
		}
	}
}

func (c *collector) day(at time.Time) *DayTotals {
	n := c.plan.dayOf(at)
	if c.days[n] == nil {
		c.days[n] = &DayTotals{Day: n, Date: c.plan.date(n).Format(time.DateOnly), Sent: map[campaigns.Channel]int{}}
	}
	return c.days[n]
}

func (c *collector) delivery(d *store.Delivery) error {
	t, p := c.totals[d.Campaign], c.member[d.Member]
	if t == nil || d.Kind != store.StepDelivery {
		c.reply(d, p)
		return c.fits()
	}
	step := t.steps[d.Step]
	if d.State == campaigns.HeldOut {
		t.HeldOut++
		if p.told {
			c.add(p, c.deliveryItem(d, t))
		}
		return c.fits()
	}
	if _, held := c.held[d.ID]; held {
		step.Held++
	}
	switch {
	case d.State == campaigns.Sent:
		step.Sent[d.Channel]++
		c.day(*d.FinalAt).Sent[d.Channel]++
		c.comes(d, p)
	case d.State.Final():
		t.notSent[d.Step][string(d.Reason)]++
		c.day(*d.FinalAt).NotSent++
	}
	if p.told {
		c.add(p, c.deliveryItem(d, t))
	}
	return c.fits()
}

func (c *collector) enrollment(e *store.Enrollment) error {
	t, p := c.totals[e.Campaign], c.member[e.Member]
	var en decide.Enrollment
	if err := json.Unmarshal(e.Data, &en); err != nil {
		return err
	}
	if !t.inside[p] {
		t.inside[p] = true
		t.Entered++
	}
	t.Passages++
	for id, n := range en.Visits {
		if arm := t.arms[id]; arm != nil && n > 0 {
			arm.Entered++
		}
		if step := t.steps[id]; step != nil && n > 0 {
			step.Entered++
			if t.def.RepeatOf(id) == nil {
				t.loops[id] = max(t.loops[id], n)
			}
		}
	}
	c.enrolls(t, p, en.Visits)
	c.day(e.EnteredAt).Entered++
	switch {
	case !e.State.Final():
		t.Inside++
		if step := t.steps[e.Step]; step != nil {
			step.Inside++
		}
	case e.State == campaigns.EnrollmentCompleted:
		t.Completed++
	default:
		t.exited[string(e.Reason)]++
	}
	if e.EndedAt != nil {
		c.day(*e.EndedAt).Ended++
	}
	if p.told {
		c.enrollmentItems(p, e, t)
		c.pass(p, e, t, en)
	}
	return c.fits()
}

func (c *collector) response(r *store.Response) error {
	t, p := c.totals[r.Campaign], c.member[r.Member]
	if !r.Answer.Late {
		t.steps[r.Step].Answered++
	}
	c.day(r.AnsweredAt).Answered++
	if p.told {
		c.add(p, c.responseItem(r, t))
	}
	return c.fits()
}

func (c *collector) event(ctx context.Context, e store.Event) error {
	t, p := c.totals[e.Campaign], c.member[e.Member]
	if e.Name == "event.received" && p != nil {
		c.unfit(e, p)
		return c.fits()
	}
	if t == nil || p == nil {
		return c.fits()
	}
	c.count(e, t, p)
	if p.told {
		what, err := c.teller.In(p.zone).Event(ctx, e)
		if err != nil {
			return err
		}
		c.happened(e, t, p, what)
	}
	return c.fits()
}

// count adds what happened to the totals.
func (c *collector) count(e store.Event, t *totals, p *person) {
	switch e.Name {
	case "question.timed_out":
		t.steps[e.Step].TimedOut++
	case "wait.date_missing", "wait.date_unreadable":
		if s := t.def.Step(e.Step); s != nil {
			t.lacks(s, p)
		}
	case "enrollment.refused":
		if !byTheWay(e, t, p) {
			t.notEntered[string(e.Reason)]++
			t.refused[p] = true
		}
	}
}

// byTheWay reports a refusal that is none: the event begins another campaign too, and did not name what a run of this one would be about.
func byTheWay(e store.Event, t *totals, p *person) bool {
	return e.Name == "enrollment.refused" && e.Reason == campaigns.Reason(engine.NoKey) && t.inside[p]
}

// alsoTold are the events that stand in a member's days as the timeline has them. All others are told by items of their own: by rows, totals and decisions.
var alsoTold = []string{"goal.reached", "step.cut_short", "rounds.joined_late", "enrollment.failed"}

// happened adds what happened to the member's days, in the words that the timeline has for it.
func (c *collector) happened(e store.Event, t *totals, p *person, what string) {
	it := Item{At: e.At, Campaign: t.Key, Step: e.Step, Reason: string(e.Reason), What: what}
	switch {
	case e.Name == "question.timed_out":
		it.Kind, it.order = ItemTimedOut, e.ID
	case strings.HasSuffix(e.Name, "escalated"):
		it.silence(e)
	case strings.HasPrefix(e.Name, waitEvents):
		c.waited(&it, e, t, p)
	case strings.HasPrefix(e.Name, enrollEvents):
		if !c.enrolled(&it, e, p) {
			return
		}
	case e.Name == "enrollment.refused" && !byTheWay(e, t, p):
		it.Kind = ItemRefused
	case slices.Contains(alsoTold, e.Name):
		it.Kind, it.Reason, it.order = ItemHappened, e.Name, e.ID
	default:
		return
	}
	c.add(p, it)
}

// unfit counts those whom no event let in, since one did not bring what the entry asks for: enrollments are read before events.
func (c *collector) unfit(e store.Event, p *person) {
	named, _ := engine.UnfitOf(e)
	for _, u := range named {
		for _, t := range c.totals {
			refused := func(x told) bool { return x.person == p && x.campaign == t.id && x.reason == string(engine.OtherData) }
			if t.Key == u.Campaign && !t.inside[p] && !slices.ContainsFunc(c.told, refused) {
				c.told = append(c.told, told{person: p, at: e.At, campaign: t.id, kind: ItemRefused, reason: string(engine.OtherData)})
			}
		}
	}
}

// absent counts those who never entered, and of whom nothing says why: a schedule's condition did not hold for them, or its time did not come.
func (c *collector) absent() {
	for i := range c.campaigns {
		t := c.totals[c.campaigns[i].id]
		for _, x := range c.told {
			if x.kind == ItemRefused && x.campaign == t.id {
				t.refused[x.person] = true
			}
		}
		for _, p := range c.people {
			if !t.inside[p] && !t.refused[p] {
				c.toldItem(told{person: p, at: c.clock.now(), campaign: t.id, kind: ItemRefused, reason: t.absence(p, c.stage)})
			}
		}
	}
}

// absence is why somebody did not enter whom no row speaks of.
func (t *totals) absence(p *person, s *stage) string {
	if schedule := t.def.Entry.Schedule; schedule != nil {
		zone := s.plan.zone
		if schedule.Zone == definition.MemberZone {
			zone = p.zone
		}
		opens := schedule.At
		if schedule.Recurs != nil {
			var left bool
			if opens, left = schedule.Opens(s.plan.Start.In(zone)); !left {
				return "over"
			}
		}
		if opens.In(zone).After(s.clock.now()) {
			return "not_yet"
		}
		return "audience"
	}
	if t.def.Entry.Segment != "" {
		return "segment"
	}
	if ledInto(s.defs())[t.Key] != nil {
		return "not_enrolled"
	}
	return "unknown"
}

func (c *collector) finish() *Result {
	r := &Result{
		Start: c.plan.Start.In(c.plan.zone), Until: c.clock.now().In(c.plan.zone), Days: c.plan.Days, Seed: strconv.FormatUint(c.plan.Seed, 10), Members: len(c.people), Messages: c.received,
		Complete: !c.full, Campaigns: []CampaignTotals{}, ByDay: []DayTotals{}, Stories: []Story{},
	}
	for i := range c.campaigns {
		t := c.totals[c.campaigns[i].id]
		t.countRepeats()
		t.NotEntered, t.Exited = t.notEntered.list(c.lang, "simulation.refused."), t.exited.list(c.lang, "reason.")
		for _, s := range t.def.Order {
			t.steps[s.ID].NotSent = t.notSent[s.ID].list(c.lang, "reason.")
			t.Steps = append(t.Steps, *t.steps[s.ID])
		}
		t.againAt, t.again = t.loop()
		t.enrolls = map[campaigns.Key]elsewhere{}
		for key, who := range t.elsewhere {
			t.enrolls[key] = elsewhere{c.called[key], len(who)}
		}
		t.CampaignTotals.dateless = map[string]int{}
		for name, who := range t.dateless {
			t.CampaignTotals.dateless[name] = len(who)
		}
		r.Campaigns = append(r.Campaigns, t.CampaignTotals)
	}
	for _, n := range slices.Sorted(maps.Keys(c.days)) {
		r.ByDay = append(r.ByDay, *c.days[n])
	}
	for _, p := range c.people {
		if p.told {
			r.Stories = append(r.Stories, c.story(p))
		}
	}
	return r
}

// loop is the step that somebody came to most often.
func (t *totals) loop() (step campaigns.StepID, n int) {
	for _, s := range t.def.Order {
		if t.loops[s.ID] > n {
			step, n = s.ID, t.loops[s.ID]
		}
	}
	return step, n
}
