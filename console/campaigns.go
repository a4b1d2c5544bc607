package console

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

// campaignsPage lists the campaigns.
type campaignsPage struct {
	look.Frame
	Rows     []campaignRow
	Starters []starterView
	Budget   string // where it stands how much a member gets; empty: not for this reader
	New      string // where one is written; empty: not for this reader
}

func (r *request) campaigns() error {
	lines, err := r.k.o.Reports.Campaigns(r.Request.Context(), r.who, r.lang)
	if err != nil {
		return err
	}
	p := campaignsPage{Frame: r.frame(look.Campaigns, "")}
	p.Title, p.Live = p.T("look.menu.campaigns"), "/console/live/today"
	for _, c := range lines {
		p.Rows = append(p.Rows, rowOf(p.Frame, c, r.zone))
	}
	if r.who.Require(engine.SettingsRead) == nil {
		p.Budget = budgetPath
	}
	if r.who.Require(engine.CampaignsWrite) == nil {
		p.New = newCampaignPath
	}
	if p.Starters, err = r.starters(); err != nil {
		return err
	}
	return r.render("campaigns.html", p)
}

// tabs are views of one thing; each has an address.
type tabs struct {
	Label string
	Items []tab
}

type tab struct {
	Href, Name string
	Current    bool
}

// head is the top of every page of a campaign.
type head struct {
	Name, Key         string
	State, StateClass string
	Sub               string
	Why               string  // it was stopped
	Turn              *action // pause, resume or archive; nil: there is none, or not for this reader
	Tabs              tabs
}

func headOf(f look.Frame, h reports.CampaignHead, sub, current string) head {
	base := "/console/campaigns/" + string(h.Key)
	out := head{Name: h.Name, Key: string(h.Key), State: f.T("console.state." + string(h.State)), StateClass: stateClass(h.State), Sub: sub}
	out.Tabs.Label = h.Name
	for _, t := range []struct{ name, path string }{{"steps", ""}, {"answers", "/answers"}, {"standings", "/standings"}, {"members", "/members"}, {"texts", "/texts"}, {"edit", "/edit"}, {"preview", "/preview"}, {"publish", "/publish"}} {
		if t.name == "standings" && h.Kind != definition.Challenge {
			continue
		}
		out.Tabs.Items = append(out.Tabs.Items, tab{base + t.path, f.T("console.tab." + t.name), t.name == current})
	}
	return out
}

// sinceWords says since when, how many, and what they read.
func (r *request) sinceWords(f look.Frame, flow *reports.Flow) string {
	s := f.T("console.since."+string(flow.Head.State), "date", dateOf(f.Lang, flow.Head.StateAt.In(r.zone))) + " · " + f.T("console.members", "n", flow.Head.Total)
	w := words{Frame: f, def: flow.Def}
	for i, l := range flow.Languages {
		if i == 3 || l.Language == "" {
			break
		}
		s += " · " + f.T("console.read", "n", l.N, "language", w.language(l.Language))
	}
	return s
}

// stepsPage is a campaign's flow, and one of its steps beside it.
type stepsPage struct {
	look.Frame
	Head    head
	Steps   []stepRow
	Panel   *panel
	Far     []bar
	Round   *roundsPanel
	Opens   string         // when the audience of a recurring schedule comes in
	Earlier string         // some passed another version
	HeldOut string         // how many got nothing, so that it can be measured what the campaign brings
	Rules   []explain.Rule // who comes in and what holds for the messages
	Broken  bool           // the draft cannot be read
	Nobody  string         // that an audience was looked for, and nobody came in
	NoneYet bool           // nobody has entered
	Goal    *goalPanel
}

// stepRow is one line of the flow: a step, a fork or a repeat with its own flow inside.
type stepRow struct {
	Step  *stepLine
	Arms  []armRow
	Many  bool // three arms or more: one beneath another
	Inner []stepRow
	Last  bool
}

type stepLine struct {
	Href, Title, Sub string
	Ring             look.Ring
	Todo, Current    bool
	Passed, Of       string
	Here, Lost       string
	Last             bool
}

type armRow struct {
	Label, N, Of string
	Steps        []stepRow
}

// panel is the step that is looked at.
type panel struct {
	Crumb, Title string
	More         []string // its rules beside what it says
	Texts        []panelText
	Why          string // how many were not sent
	Whys, Later  []why
	LaterTitle   string
	Inside       string // link to who is here
	InsideHref   string
	Preview      string // where its message is seen; empty: it says nothing
	Facts        []fact
}

type panelText struct {
	Lang, Name string
	Subject    string
	HTML       template.HTML
	Buttons    []string
	Forms      string // which form of address is shown, where there are two
}

type why struct{ N, Title, Text string }

type fact struct{ Name, Value string }

// bar is one line of how far members got.
type bar struct {
	Name, N, Of string
	Fill, Wait  float64 // percent
	Drop        string
}

// roundsPanel is who answered in which round.
type roundsPanel struct {
	Bars  []roundBar
	Label string
	Text  string
}

type roundBar struct {
	X, Mid, Y, H float64
	W            float64
	Text         string
}

// opensWords says how a schedule recurs, when next, and what it missed; empty: it does not recur.
func opensWords(f look.Frame, o *reports.Openings) string {
	if o == nil {
		return ""
	}
	said := []string{f.T("console.flow.opens", "rule", o.Sentence)}
	if len(o.Next) > 0 {
		next := make([]string, len(o.Next))
		for i, at := range o.Next {
			next[i] = dateOf(f.Lang, at.In(time.UTC))
		}
		said = append(said, f.T("console.flow.opens_next", "days", strings.Join(next, ", ")))
	}
	if o.Missed != nil {
		said = append(said, f.T("console.flow.opens_missed", "day", dateOf(f.Lang, o.Missed.In(time.UTC))))
	}
	return strings.Join(said, " ")
}

func (r *request) steps() error {
	flow, err := r.k.o.Reports.Flow(r.Request.Context(), r.who, campaigns.Key(r.Param("key")), r.lang)
	if err != nil {
		return err
	}
	p := stepsPage{Frame: r.frame(look.Campaigns, flow.Head.Name)}
	p.Live = "/console/live/campaigns/" + string(flow.Head.Key) + "/steps"
	p.Head = headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "steps")
	if err := r.stand(p.Frame, &p.Head, flow.Head); err != nil {
		return err
	}
	if flow.Def == nil {
		p.Broken = true
		return r.render("campaign.html", p)
	}
	p.Nobody = flow.NobodyCame
	p.NoneYet = flow.Head.Total == 0 && p.Nobody == ""
	if p.Opens = opensWords(p.Frame, flow.Openings); flow.Def.Entry.Segment != "" {
		p.Opens = p.T("console.flow.segment."+string(flow.Def.Entry.Who), "segment", flow.Segment)
	}
	if flow.HeldOut > 0 {
		p.HeldOut = p.T("console.flow.held_out", "n", flow.HeldOut)
	}
	if flow.Earlier > 0 {
		p.Earlier = p.T("console.flow.earlier", "n", flow.Earlier)
	}
	say, err := r.k.o.Reports.Words(r.Request.Context(), r.who, flow.Def, r.lang)
	if err != nil {
		return err
	}
	p.Rules = say.Rules(flow.Def)
	b := flowBuilder{words{Frame: p.Frame, def: flow.Def, names: say}, "/console/campaigns/" + string(flow.Head.Key), campaigns.StepID(r.Query("step")), flow}
	p.Steps = b.rows(flow.Steps)
	chosen := flow.Find(b.chosen)
	if chosen == nil && len(flow.Steps) > 0 {
		chosen = b.first(flow.Steps)
	}
	if chosen != nil {
		p.Panel = b.panel(chosen)
	}
	p.Far, p.Round = b.far(), b.rounds(flow.Steps)
	goal, err := r.k.o.Reports.Goal(r.Request.Context(), r.who, flow.Head.Key, r.lang)
	if err != nil {
		return err
	}
	p.Goal = b.goal(goal)
	return r.render("campaign.html", p)
}

// flowBuilder draws a flow in words.
type flowBuilder struct {
	words
	base   string
	chosen campaigns.StepID
	flow   *reports.Flow
}

func (b flowBuilder) rows(steps []reports.FlowStep) []stepRow {
	out := make([]stepRow, 0, len(steps))
	for i := range steps {
		s := &steps[i]
		row := stepRow{Last: i == len(steps)-1}
		if s.Step.Forks() {
			for _, arm := range s.Arms {
				row.Arms = append(row.Arms, armRow{
					Label: b.arm(&arm), N: b.N(arm.Entered()), Of: b.T("console.of", "n", b.N(s.Entered)), Steps: b.rows(arm.Steps),
				})
			}
			row.Many = len(row.Arms) != 2
		} else {
			row.Step = b.line(s, row.Last)
			row.Inner = b.rows(s.Inner)
		}
		out = append(out, row)
	}
	return out
}

// arm says who takes the arm of a fork.
func (b flowBuilder) arm(a *reports.FlowArm) string {
	if a.Split != nil {
		return b.T("console.if.split", "name", a.Split.Name, "percent", b.N(math.Round(a.Split.Percent)))
	}
	return b.condition(a.If)
}

// line is a step with its ring: those who passed, those who are here now.
func (b flowBuilder) line(s *reports.FlowStep, last bool) *stepLine {
	l := &stepLine{Href: b.base + "?step=" + string(s.ID), Title: b.title(s.Step), Sub: b.sub(s.Step), Current: s.ID == b.chosen, Last: last}
	l.Ring = look.Ring{Fill: s.Passed(), Wait: s.Here, Of: s.Entered, In: fmt.Sprint(s.Number)}
	if l.Todo = s.Entered == 0; l.Todo {
		return l
	}
	l.Passed, l.Of = b.N(s.Passed()), b.T("console.of", "n", b.N(s.Entered))
	if s.Here > 0 {
		l.Here = b.T("console.flow.here", "n", s.Here)
	}
	if n := s.Unsent(); n > 0 {
		l.Lost = b.T("console.flow.not_sent", "n", n)
	}
	return l
}

// first is the step that a page opens with: the one where most stand among those that say something, else the first that is no fork.
func (b flowBuilder) first(steps []reports.FlowStep) *reports.FlowStep {
	var best *reports.FlowStep
	for _, def := range b.flow.Def.Order {
		s := b.flow.Find(def.ID)
		switch {
		case s == nil || def.Forks():
		case best == nil, s.Here > best.Here && speaks(def):
			best = s
		}
	}
	return cmp.Or(best, &steps[0])
}

func speaks(s *definition.Step) bool {
	switch s.Body.(type) {
	case *definition.Send, *definition.Ask:
		return true
	}
	return false
}

func (b flowBuilder) panel(s *reports.FlowStep) *panel {
	p := &panel{Title: b.title(s.Step), More: b.more(s.Step)}
	var crumb []string
	if s.Number > 0 { // a fork has none
		crumb = append(crumb, b.T("console.flow.step", "number", b.N(s.Number)))
	}
	if sub := b.sub(s.Step); sub != "" {
		crumb = append(crumb, sub)
	}
	p.Crumb = strings.Join(crumb, " · ")
	for _, lang := range b.def.Languages {
		if t, ok := b.text(s.Step, lang); ok {
			p.Texts = append(p.Texts, t)
		}
	}
	if n := s.Unsent(); n > 0 {
		p.Why = b.T("console.flow.why", "n", n, "of", b.N(n+s.Sent))
	}
	p.Whys, p.Later = b.whys(s.NotSent), b.whys(s.Later)
	if len(p.Later) > 0 {
		n := 0
		for _, l := range s.Later {
			n += l.N
		}
		p.LaterTitle = b.T("console.flow.later", "n", n)
	}
	if s.Here > 0 {
		p.Inside, p.InsideHref = b.T("console.flow.inside", "n", s.Here), b.base+"/members?step="+string(s.ID)
	}
	p.Facts = []fact{{b.T("console.flow.id"), string(s.ID)}, {b.T("console.flow.entered"), b.N(s.Entered)}}
	if speaks(s.Step) {
		p.Preview = seen{key: b.flow.Head.Key, version: b.flow.Version, step: s.ID}.at("")
		p.Facts = append(p.Facts, fact{b.T("console.flow.sent"), b.N(s.Sent)})
	}
	if s.Left > 0 {
		p.Facts = append(p.Facts, fact{b.T("console.flow.left"), b.N(s.Left)})
	}
	return p
}

func (b flowBuilder) whys(reasons []reports.ReasonCount) []why {
	out := make([]why, 0, len(reasons))
	for _, x := range reasons {
		w := why{N: b.N(x.N), Title: b.T("console.why." + string(x.Reason)), Text: x.Sentence}
		if x.Reason == "" || w.Title == "console.why."+string(x.Reason) {
			w.Title = b.T("console.delivery." + x.State)
		}
		out = append(out, w)
	}
	return out
}

func (b flowBuilder) text(s *definition.Step, lang campaigns.Lang) (panelText, bool) {
	out := panelText{Lang: string(lang), Name: b.language(lang)}
	said := func(t definition.Texts) string {
		text, _ := t.In(lang, b.def.Languages[0])
		return text
	}
	switch body := s.Body.(type) {
	case *definition.Send:
		out.HTML, out.Subject = b.bubble(said(body.Text)), b.bare(said(body.Subject))
		for _, button := range body.Buttons {
			out.Buttons = append(out.Buttons, b.bare(said(button.Text)))
		}
	case *definition.Ask:
		out.HTML, out.Subject = b.bubble(said(body.Text)), b.bare(said(body.Subject))
		for _, o := range body.Options {
			out.Buttons = append(out.Buttons, b.bare(said(o.Text)))
		}
	default:
		return out, false
	}
	if saysBoth(s, lang) {
		out.Forms = b.T("console.flow.forms." + string(b.def.Formality))
	}
	return out, true
}

// saysBoth reports whether the step's message has both forms of address in the language.
func saysBoth(s *definition.Step, lang campaigns.Lang) bool {
	switch body := s.Body.(type) {
	case *definition.Send:
		return definition.HasForms(body.Text[lang]) || definition.HasForms(body.Subject[lang]) ||
			slices.ContainsFunc(body.Buttons, func(b definition.LinkButton) bool {
				return definition.HasForms(b.Text[lang]) || definition.HasForms(b.URL)
			})
	case *definition.Ask:
		return definition.HasForms(body.Text[lang]) || definition.HasForms(body.Subject[lang])
	}
	return false
}

// maxBars bounds how far members got: the steps that say something, on the trunk.
const maxBars = 8

// far shows the trunk's steps that everybody was to reach.
func (b flowBuilder) far() []bar {
	var out []bar
	total := b.flow.Head.Total
	if total == 0 {
		return nil
	}
	for i := range b.flow.Steps {
		s := &b.flow.Steps[i]
		_, repeat := s.Step.Body.(*definition.Repeat)
		if !speaks(s.Step) && !repeat || len(out) == maxBars {
			continue
		}
		x := bar{Name: shorten(b.title(s.Step), 32), N: b.N(s.Passed()), Of: b.T("console.of", "n", b.N(total))}
		x.Fill, x.Wait = share(s.Passed(), total), share(s.Here, total)
		if missing := total - s.Passed(); missing > 0 && s.Here > 0 {
			x.Drop = b.T("console.flow.drop", "missing", b.N(missing), "here", b.T("console.flow.still_here", "n", s.Here))
		}
		out = append(out, x)
	}
	return out
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n*1000/of) / 10
}

// rounds shows who answered in each round of the first repeat.
func (b flowBuilder) rounds(steps []reports.FlowStep) *roundsPanel {
	for i := range steps {
		rep, ok := steps[i].Step.Body.(*definition.Repeat)
		if !ok || len(steps[i].Rounds) == 0 {
			continue
		}
		return b.roundBars(&steps[i], rep.Times)
	}
	return nil
}

func (b flowBuilder) roundBars(s *reports.FlowStep, times int) *roundsPanel {
	answered := map[int]int{}
	top, last := 1, 0
	for _, x := range s.Rounds {
		answered[x.Round] = x.N
		top, last = max(top, x.N), max(last, x.Round)
	}
	p := &roundsPanel{}
	w := 336 / float64(times)
	for n := range times {
		h := pulseHigh * float64(answered[n+1]) / float64(top)
		rb := roundBar{X: float64(n)*w + w*0.15, Mid: float64(n)*w + w/2, W: w * 0.7, H: h, Y: pulseBase - h}
		if times <= 14 || n%7 == 6 || n == 0 {
			rb.Text = fmt.Sprint(n + 1)
		}
		p.Bars = append(p.Bars, rb)
	}
	reached := 0
	for round, n := range s.Reached {
		if round >= last {
			reached += n
		}
	}
	best := slices.MaxFunc(slices.Collect(maps.Keys(answered)), func(x, y int) int { return cmp.Or(cmp.Compare(answered[x], answered[y]), cmp.Compare(y, x)) })
	p.Label = b.T("console.flow.rounds_label", "n", answered[best], "round", b.N(best))
	p.Text = b.T("console.flow.rounds_text", "n", answered[last], "round", b.N(last), "times", b.N(times), "of", b.N(max(reached, answered[last])))
	return p
}
