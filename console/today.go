package console

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
)

// todayPage is the first page: what needs a person, what runs, what comes, how the last days went.
type todayPage struct {
	look.Frame
	When     string
	Needs    []need
	Running  []campaignRow
	All      int
	Coming   []comingDay
	Pulse    pulse
	Empty    bool // no campaign has ever been made
	Starters []starterView
	Stops    []action // what can be stopped; none for who may not
}

// need is one thing that waits for a person.
type need struct {
	Mark, Icon, Title, Text string
	Href, Verb              string
	Action                  string // what the verb does at once; empty: it leads to Href
	Main                    bool
}

// campaignRow is a campaign in a list.
type campaignRow struct {
	Href, Name, Sub string
	Ring            look.Ring
	N, Of           string
	Note            string
	State           string // its word
	StateClass      string
}

// comingDay is what comes on one day.
type comingDay struct {
	Day   string
	Items []comingItem
}

type comingItem struct{ Time, What, Note, Href string }

func (r *request) today() error {
	t, err := r.k.o.Reports.Today(r.Request.Context(), r.who, r.now(), r.lang)
	if err != nil {
		return err
	}
	p := todayPage{Frame: r.frame(look.Today, ""), All: len(t.Campaigns), Empty: len(t.Campaigns) == 0}
	p.Live = "/console/live/today"
	if p.Empty {
		if p.Starters, err = r.starters(); err != nil {
			return err
		}
	}
	p.When = look.Weekday(p.Lang, t.Now) + ", " + dateOf(p.Lang, t.Now) + " · " + p.T("console.today.at", "time", look.Clock(t.Now), "city", locale.City(p.Lang, t.Zone))
	switches, err := r.k.o.Engine.Switches(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	may := r.who.Require(engine.CampaignsWrite) == nil
	p.Needs = append(stopped(p.Frame, switches, may), needs(p.Frame, t, tripped(switches))...)
	if len(p.Needs) > 0 { // a page has one main button
		p.Needs[0].Main = true
	}
	if may {
		p.Stops = stops(p.Frame, switches)
	}
	p.Waiting = len(p.Needs)
	p.Title = p.T("console.today.title_none")
	if len(p.Needs) > 0 {
		p.Title = p.T("console.today.title", "n", len(p.Needs))
	}
	for _, c := range t.Campaigns {
		if c.State == campaigns.Running {
			p.Running = append(p.Running, rowOf(p.Frame, c, t.Now.Location()))
		}
	}
	p.Coming = comingOf(p.Frame, t)
	p.Pulse = pulseOf(p.Frame, t)
	return r.render("today.html", p)
}

// needs leaves out the campaigns whose pause was told already.
func needs(f look.Frame, t *reports.Today, told map[campaigns.Key]bool) []need {
	var out []need
	for _, l := range t.Failed {
		n := need{Mark: "stop", Icon: "warning", Title: f.T("console.need."+string(l.State), "n", l.N), Text: l.Sentence}
		if l.Campaign != "" {
			n.Text = strings.TrimSpace(f.T("console.need.in", "campaign", l.Name) + " " + l.Sentence)
			n.Href, n.Verb = "/console/campaigns/"+string(l.Campaign), f.T("console.need.look")
		}
		if t.Readers && (l.Reason == campaigns.RenderFailed || l.Reason == campaigns.MediaMissing || l.Reason == campaigns.Stumbled) {
			n.Href, n.Verb = lettersPath, f.T("console.need.look")
		}
		out = append(out, n)
	}
	if t.Needs.Dead > 0 {
		n := need{Mark: "stop", Icon: "warning", Title: f.T("console.need.dead", "n", t.Needs.Dead), Text: f.T("console.need.dead_text")}
		if t.Readers {
			n.Href, n.Verb = lettersPath, f.T("console.need.look")
		}
		out = append(out, n)
	}
	for _, l := range t.Lacking {
		lang := words{Frame: f}.language(l.Language)
		out = append(out, need{
			Mark: "stop", Icon: "warning", Title: f.T("console.need.lacking", "campaign", l.Name, "language", lang),
			Text: f.T("console.need.lacking_text", "n", l.N, "of", f.N(l.Of)), Href: "/console/campaigns/" + string(l.Campaign), Verb: f.T("console.need.look"),
		})
	}
	if t.Readers && t.Needs.Messages > 0 {
		n := need{Mark: "wait", Icon: "message", Title: f.T("console.need.messages", "n", t.Needs.Messages), Href: "/console/messages", Verb: f.T("console.need.read")}
		if t.Needs.OldestMessage != nil {
			n.Text = f.T("console.need.messages_text", "span", look.Span(f.Lang, t.Now.Sub(*t.Needs.OldestMessage)))
		}
		out = append(out, n)
	}
	if t.Needs.Unanswered > 0 {
		n := need{Mark: "stop", Icon: "warning", Title: f.T("console.need.calls", "n", t.Needs.Unanswered), Text: f.T("console.need.calls_text")}
		if t.Readers {
			n.Href, n.Verb = lettersPath, f.T("console.need.look")
		}
		out = append(out, n)
	}
	if t.Needs.Untold > 0 {
		n := need{Mark: "stop", Icon: "warning", Title: f.T("console.need.notices", "n", t.Needs.Untold), Text: f.T("console.need.notices_text")}
		if t.Readers {
			n.Href, n.Verb = lettersPath, f.T("console.need.look")
		}
		out = append(out, n)
	}
	if t.Needs.FailedMedia > 0 {
		out = append(out, need{Mark: "wait", Icon: "file", Title: f.T("console.need.media", "n", t.Needs.FailedMedia), Text: f.T("console.need.media_text")})
	}
	for _, c := range t.Campaigns {
		if c.State == campaigns.Paused && !told[c.Key] {
			out = append(out, need{
				Mark: "wait", Icon: "pause", Title: f.T("console.need.paused", "campaign", c.Name),
				Text: f.T("console.need.paused_text", "n", c.Inside, "span", look.Span(f.Lang, t.Now.Sub(c.StateAt))), Href: "/console/campaigns/" + string(c.Key), Verb: f.T("console.need.look"),
			})
		}
	}
	return out
}

// rowOf says how a campaign stands: a ring of those who came to the end and those who are inside.
func rowOf(f look.Frame, c reports.CampaignLine, zone *time.Location) campaignRow {
	row := campaignRow{Href: "/console/campaigns/" + string(c.Key), Name: c.Name, State: f.T("console.state." + string(c.State)), StateClass: stateClass(c.State)}
	row.Sub = f.T("console.kind." + string(c.Kind))
	if c.Rounds > 0 {
		row.Sub += " · " + f.T("console.rounds", "n", c.Rounds)
	}
	row.Sub += " · " + f.T("console.since."+string(c.State), "date", dateOf(f.Lang, c.StateAt.In(zone)))
	n, note := c.Completed, "console.row.completed"
	row.Ring = look.Ring{Fill: c.Completed, Wait: c.Inside, Of: c.Total}
	if c.Kind == definition.Survey {
		n, note = c.Answered, "console.row.answered"
		row.Ring = look.Ring{Fill: c.Answered, Wait: max(0, c.Inside-c.Answered), Of: c.Total}
	}
	row.N, row.Of, row.Note = f.N(n), f.T("console.of", "n", f.N(c.Total)), f.T(note)
	if c.Total == 0 {
		row.N, row.Of, row.Note = "", "", f.T("console.row.nobody")
		return row
	}
	row.Ring.In = percent(n, c.Total)
	return row
}

// percent stands beside its count; of a few, the count alone says enough.
func percent(n, of int) string {
	if of < 20 {
		return fmt.Sprint(n)
	}
	return fmt.Sprint(look.Percent(n, of), "%")
}

func stateClass(s campaigns.State) string {
	switch s {
	case campaigns.Running:
		return "live"
	case campaigns.Paused, campaigns.Scheduled:
		return "wait"
	}
	return "done"
}

func comingOf(f look.Frame, t *reports.Today) []comingDay {
	var days []comingDay
	for _, c := range t.Coming {
		day := look.Day(f.Lang, c.At, t.Now)
		if len(days) == 0 || days[len(days)-1].Day != day {
			days = append(days, comingDay{Day: day})
		}
		last := &days[len(days)-1]
		last.Items = append(last.Items, comingItemOf(f, c))
	}
	return days
}

func comingItemOf(f look.Frame, c reports.ComingLine) comingItem {
	item := comingItem{Time: look.Clock(c.At), Href: "/console/campaigns/" + string(c.Campaign), What: f.T("console.coming.begins", "campaign", c.Name)}
	if c.N == 0 {
		return item
	}
	item.Note = c.Name + " · " + f.T("console.members", "n", c.N)
	if c.Spread {
		item.Note += f.T("console.coming.spread")
	}
	w := words{Frame: f, def: c.Def}
	switch {
	case c.Def == nil || c.Step == nil:
		item.What = c.Name
	case c.Step.Next != nil && !isRepeat(c.Step):
		item.What = w.title(c.Step.Next)
	case isRepeat(c.Step):
		item.What = f.T("console.coming.round")
	default:
		item.What = w.title(c.Step)
	}
	return item
}

func isRepeat(s *definition.Step) bool {
	_, ok := s.Body.(*definition.Repeat)
	return ok
}

// pulse is the chart of the last days.
type pulse struct {
	Bars     []pulseBar
	Label    string
	Sentence string
	Quiet    bool // nothing was sent
}

type pulseBar struct {
	X, Mid                 int
	DeliveredY, DeliveredH float64
	AnsweredY, AnsweredH   float64
	Day                    string
	Today                  bool
}

// The chart is 336 × 120: fourteen bars of 14 with gaps of 10 over a line at 96.
const (
	pulseStep = 24
	pulseBase = 96.0
	pulseHigh = 82.0
)

func pulseOf(f look.Frame, t *reports.Today) pulse {
	top, delivered, final, answered := 0, 0, 0, 0
	best := reports.PulseDay{}
	for _, d := range t.Pulse {
		top = max(top, d.Delivered, d.Answered)
		delivered, final, answered = delivered+d.Delivered, final+d.Final, answered+d.Answered
		if d.Delivered > best.Delivered {
			best = d
		}
	}
	p := pulse{Quiet: final == 0 && answered == 0}
	if p.Quiet {
		p.Sentence = f.T("console.pulse.quiet")
		return p
	}
	for i, d := range t.Pulse {
		b := pulseBar{X: 4 + i*pulseStep, Mid: 11 + i*pulseStep, Day: firstLetter(look.ShortWeekday(f.Lang, d.Day)), Today: i == len(t.Pulse)-1}
		b.DeliveredH = pulseHigh * float64(d.Delivered) / float64(max(1, top))
		b.AnsweredH = pulseHigh * float64(d.Answered) / float64(max(1, top))
		b.DeliveredY, b.AnsweredY = pulseBase-b.DeliveredH, pulseBase-b.AnsweredH
		p.Bars = append(p.Bars, b)
	}
	p.Label = f.T("console.pulse.label", "n", best.Delivered, "answered", f.N(best.Answered), "day", look.Weekday(f.Lang, best.Day)+", "+dateOf(f.Lang, best.Day))
	p.Sentence = f.T("console.pulse.sentence", "n", final, "delivered", f.N(delivered), "answered", f.T("console.pulse.answers", "n", answered))
	if missing := final - delivered; missing > 0 {
		p.Sentence += " " + f.T("console.pulse.missing", "n", missing)
	}
	p.Sentence += " " + f.T("console.pulse.left", "n", t.Needs.Members, "left", f.N(t.Left))
	return p
}

func firstLetter(s string) string {
	for _, r := range s {
		return strings.ToUpper(string(r))
	}
	return cmp.Or(s, "")
}
