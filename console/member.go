package console

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/reports"
)

// memberPage is one member: how reachable, what happened and why, what they agreed to, where they are.
type memberPage struct {
	look.Frame
	Avatar   look.Avatar
	Name     string
	Reach    string
	Tabs     tabs
	Days     []dayView
	Older    string
	Facts    []fact
	Known    []fact // attributes, by name
	Consents []consentView
	Runs     []runView
	Why      string // address of the question why not
	Answers  []saidView
	Hidden   bool // answers are not the reader's to see
	Erased   bool
	Taking   *takingPart // nil: not for this reader
	Problem  string      // why what was asked for was not done
}

type dayView struct {
	Day     string
	Entries []entryView
}

// entryView is one thing that happened, or did not.
type entryView struct {
	Time, Icon, Mark string
	What             string
	Href, Campaign   string
	Value            string
	Due              string
	Because          *because
}

type consentView struct {
	Given       bool
	Title, Text string
}

type runView struct {
	Href, Name, Text string
	Why              string // address of what explains it
	Ring             *look.Ring
	Days             *look.Days
}

// timelinePage is how many entries the page shows at once.
const timelinePage = 60

func (r *request) member() error { return r.memberPage(http.StatusOK, "") }

// memberPage shows the member, and why what was just asked for was not done.
func (r *request) memberPage(status int, problem string) error {
	ctx := r.Request.Context()
	n, err := number(r.Param("id"), "member")
	if err != nil {
		return err
	}
	id := campaigns.MemberID(n)
	m, err := r.k.o.Reports.Member(ctx, r.who, id, r.lang)
	if err != nil {
		return err
	}
	q := reports.TimelineQuery{Lang: r.lang, Newest: true, Cursor: r.Query("after"), Limit: timelinePage}
	line, err := r.k.o.Reports.MemberTimeline(ctx, r.who, id, q)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		zone = time.UTC
	}
	b := memberBuilder{words{Frame: r.frame(look.Members, m.Name())}, m, zone, r.now().In(zone)}
	p := b.page()
	p.Live = "/console/live/members/" + idText(id)
	only := r.Query("show")
	p.Tabs = b.tabs(only)
	p.Days = b.days(line.Items, only)
	if line.NextCursor != "" {
		p.Older = b.base() + "?after=" + line.NextCursor + "&show=" + keepWord(only)
	}
	for _, a := range m.Answers {
		p.Answers = append(p.Answers, r.memberAnswer(b.words, a))
	}
	if err := r.takingPart(&p, m); err != nil {
		return err
	}
	p.Problem = problem
	return r.renderStatus(status, "member.html", p)
}

// keepWord lets only our own words into an address.
func keepWord(s string) string {
	if s == "unsent" || s == "answers" {
		return s
	}
	return ""
}

func (r *request) memberAnswer(w words, a reports.AnswerRow) saidView {
	s := r.said(w.Frame, a)
	s.Name, s.Href = a.Head.Name, "/console/campaigns/"+string(a.Head.Key)+"/answers"
	if w.def = a.Def; a.Answer.Media == nil {
		s.Text = w.value(a.Question, reports.Value(a.Answer))
	}
	return s
}

// value is an answer in words: of a choice, those of its button.
func (w words) value(question string, answer any) string {
	switch v := answer.(type) {
	case bool:
		return w.T(fmt.Sprintf("console.bool.%t", v))
	case string:
		return w.option(question, v)
	case []string:
		labels := make([]string, len(v))
		for i := range v {
			labels[i] = w.option(question, v[i])
		}
		return strings.Join(labels, ", ")
	case float64:
		return w.N(v)
	}
	return ""
}

// option is an answer that is stored as a text: the words of its button, a day as a day.
func (w words) option(question, value string) string {
	if w.def == nil {
		return value
	}
	if label := w.bare((explain.Words{Lang: w.Lang}).About(w.def).Option(question, value)); label != "" {
		return shorten(label, maxButton)
	}
	if day, err := time.Parse(time.DateOnly, value); err == nil && w.asksDay(question) {
		return locale.LongDate(w.Lang, day)
	}
	return value
}

func (w words) asksDay(question string) bool {
	return slices.ContainsFunc(w.def.Questions(), func(s *definition.Step) bool { return s.Ask().SaveAs == question && s.Ask().Type == campaigns.Date })
}

// memberBuilder draws a member in words, by the member's own clock.
type memberBuilder struct {
	words
	m    *reports.Member
	zone *time.Location
	now  time.Time
}

func (b memberBuilder) base() string { return "/console/members/" + idText(b.m.ID) }

func (b memberBuilder) page() memberPage {
	ways := waysOf(b.m.Profile)
	p := memberPage{Frame: b.Frame, Name: b.m.Name(), Reach: reachWords(b.Frame, ways), Avatar: avatarOf(b.Frame, b.m.FirstName, b.m.LastName, ways), Hidden: !b.m.Values}
	p.Avatar.Size = "xl"
	if p.Erased = b.m.State == members.Erased; p.Erased {
		p.Reach = b.T("console.member.erased")
	}
	p.Facts, p.Known, p.Consents, p.Why = b.facts(), b.known(), b.consents(), b.base()+"/why"
	for _, run := range b.m.Runs {
		p.Runs = append(p.Runs, b.run(run))
	}
	return p
}

func (b memberBuilder) facts() []fact {
	city := locale.City(b.Lang, b.m.Zone)
	if !b.m.Own {
		city = b.T("console.member.their_zone", "city", city)
	}
	facts := []fact{{b.T("console.member.language"), b.language(b.m.Language)}, {b.T("console.member.time"), look.Clock(b.now) + ", " + city}}
	quiet := b.T("console.member.no_quiet")
	if b.m.Quiet != nil {
		quiet = b.m.Quiet.Words()
	}
	facts = append(facts, fact{b.T("console.member.quiet"), quiet}, fact{b.T("console.member.joined"), dateOf(b.Lang, b.m.CreatedAt.In(b.zone))})
	if b.m.LastActAt != nil {
		facts = append(facts, fact{b.T("console.member.last"), look.Moment(b.Lang, b.m.LastActAt.In(b.zone), b.now)})
	}
	if b.m.ExternalID != "" {
		facts = append(facts, fact{b.T("console.member.id"), b.m.ExternalID})
	}
	if a, ok := b.m.Addresses.Find(campaigns.Email); ok {
		facts = append(facts, fact{b.T("console.channel.email"), a.Value})
	}
	if len(b.m.Tags) > 0 {
		facts = append(facts, fact{b.T("console.member.tags"), strings.Join(b.m.Tags, ", ")})
	}
	return facts
}

// known is what the platform, files and campaigns say about the member beside the profile: what texts and conditions ask for.
func (b memberBuilder) known() (out []fact) {
	for _, name := range slices.Sorted(maps.Keys(b.m.Attributes)) {
		f := fact{Name: name}
		switch v := b.m.Attributes[name].(type) {
		case string:
			f.Value = v
		case bool:
			f.Value = b.T("console.bool." + strconv.FormatBool(v))
		case float64:
			f.Value = b.N(v)
		}
		if form, ok := campaigns.FormalityOf(f.Value); ok && name == campaigns.FormalityAttribute {
			f = fact{b.T("console.preview.form"), b.T("formality." + string(form))}
		}
		out = append(out, f)
	}
	return out
}

// consents are the newest word on each channel and topic.
func (b memberBuilder) consents() []consentView {
	if b.m.State == members.Erased { // nothing is agreed to by nobody
		return nil
	}
	seen := map[members.ConsentKey]bool{}
	var out []consentView
	for i := len(b.m.Ledger) - 1; i >= 0; i-- {
		c := b.m.Ledger[i]
		key := members.ConsentKey{Channel: c.Channel, Topic: c.Topic}
		if seen[key] {
			continue
		}
		seen[key] = true
		topic := locale.Topic(b.Lang, c.Topic)
		switch c.Topic {
		case members.AllTopics:
			topic = b.T("console.consent.all")
		case members.Everything:
			topic = b.T("console.consent.everything")
		}
		v := consentView{Given: c.Given, Title: topic}
		if c.Channel != "" {
			v.Title += " · " + b.T("console.channel."+string(c.Channel))
		}
		date := dateOf(b.Lang, c.At.In(b.zone))
		v.Text = b.T("console.consent.no", "date", date)
		if c.Given {
			v.Text = b.T("console.consent.yes", "date", date)
		}
		out = append(out, v)
	}
	return out
}

// run says where the member is in a campaign, with a ring of what is behind them.
func (b memberBuilder) run(run reports.MemberRun) runView {
	v := runView{Href: "/console/campaigns/" + string(run.Head.Key), Name: run.Head.Name, Why: b.base() + "/why/" + string(run.Head.Key)}
	w := words{Frame: b.Frame, def: run.Def}
	switch {
	case run.State == campaigns.EnrollmentCompleted:
		v.Text = b.T("console.run.completed", "date", dateOf(b.Lang, run.EndedAt.In(b.zone)))
	case run.State == campaigns.EnrollmentExited:
		v.Text = b.T("console.run.exited", "date", dateOf(b.Lang, run.EndedAt.In(b.zone)))
	case run.Def != nil && run.Def.Step(run.Step) != nil:
		v.Text = w.title(run.Def.Step(run.Step))
	default:
		v.Text = string(run.Step)
	}
	if key := about(b.Frame, run.RunKey); key != "" {
		v.Text = key + " · " + v.Text
	}
	if run.Rounds > 0 {
		days := daysOf(b.Frame, run.Answered, run.Rounds, run.Round)
		v.Days = &days
		v.Text = b.T("console.rounds_done", "n", len(run.Answered), "of", b.N(run.Rounds)) + ", " + b.T("console.points", "n", run.Points) + ". " + v.Text
		return v
	}
	ring := look.Ring{Fill: run.Passed, Of: run.Steps, In: percent(run.Passed, max(run.Steps, 1)), Label: b.T("console.run.ring", "n", run.Passed, "of", b.N(run.Steps))}
	if !run.State.Final() && run.Passed > 0 {
		ring.Fill, ring.Wait = run.Passed-1, 1
	}
	v.Ring = &ring
	return v
}

func (b memberBuilder) tabs(only string) tabs {
	t := tabs{Label: b.T("console.member.show")}
	for _, show := range []string{"", "unsent", "answers"} {
		href, name := b.base(), "everything"
		if show != "" {
			href, name = href+"?show="+show, show
		}
		t.Items = append(t.Items, tab{href, b.T("console.member.tab." + name), show == keepWord(only)})
	}
	return t
}
