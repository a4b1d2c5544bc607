package console

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
)

const lettersPath = "/console/dead-letters"

// lettersPage is what could not be handled, and what could not be sent by our own fault.
type lettersPage struct {
	look.Frame
	// Done is what became of the last press.
	Done            string
	DoneClass, Look string
	Rows            []letterRow
	Next            string
	Kinds           []letterKind
	Failed          []failedRow
	Untold          []failedRow // what the staff did not hear
	Unanswered      []failedRow // calls of other systems that failed
	// May: the reader may try letters again. MaySend: let messages be sent after all.
	May, MaySend bool
}

type letterRow struct {
	ID, Icon          string
	Href, Who         string
	What, When, Error string
	Why, WhyText      string
	Label             string // of the button, for those who listen
}

// letterKind is all of one source; trying them again together is offered where there are several.
type letterKind struct{ Source, Text, Label string }

type failedRow struct {
	Icon, Title, Href  string
	N, Where, Sentence string
	When, Note         string
	Who, WhoHref       string
	Form               *failedForm
}

// failedForm names a kind of failed messages.
type failedForm struct{ Campaign, Step, Channel, Endpoint, Reason, Label string }

// lettersPageRows is how many are shown at once.
const lettersPageRows = 50

func (r *request) deadLetters() error {
	ctx := r.Request.Context()
	letters, err := r.k.o.Reports.Letters(ctx, r.who, r.after("after"), lettersPageRows)
	if err != nil {
		return err
	}
	failed, err := r.k.o.Reports.Failed(ctx, r.who, r.lang)
	if err != nil {
		return err
	}
	untold, err := r.k.o.Reports.Untold(ctx, r.who, r.lang)
	if err != nil {
		return err
	}
	unanswered, err := r.k.o.Reports.Unanswered(ctx, r.who, r.lang)
	if err != nil {
		return err
	}
	p := lettersPage{Frame: r.frame(look.Today, ""), May: r.who.Require(engine.MembersWrite) == nil, MaySend: r.who.Require(engine.CampaignsWrite) == nil}
	p.Title, p.Live = p.T("console.letters.title"), "/console/live/dead-letters"
	for _, l := range letters.Rows {
		p.Rows = append(p.Rows, r.letterRow(p.Frame, l))
	}
	if letters.Next > 0 {
		p.Next = lettersPath + "?after=" + strconv.FormatInt(letters.Next, 10)
	}
	for _, d := range letters.Dead {
		if d.N > 1 {
			p.Kinds = append(p.Kinds, letterKind{d.Source, p.T("console.letters.all."+sourceWord(d.Source), "n", d.N), p.T("console.letters.again_all", "n", d.N)})
		}
	}
	for _, m := range failed {
		p.Failed = append(p.Failed, r.failedRow(p.Frame, m))
	}
	for _, m := range untold {
		p.Untold = append(p.Untold, r.untoldRow(p.Frame, m))
	}
	for _, m := range unanswered {
		p.Unanswered = append(p.Unanswered, r.unansweredRow(p.Frame, m))
	}
	if err := r.lettersDone(&p); err != nil {
		return err
	}
	return r.render("dead-letters.html", p)
}

// sourceWord is the last part of the keys that speak of a source.
func sourceWord(source string) string {
	if locale.Has("console.letters.what." + source) {
		return source
	}
	return "other"
}

func (r *request) letterRow(f look.Frame, l reports.Letter) letterRow {
	row := letterRow{
		ID: idText(l.ID), Icon: map[string]string{"telegram": "message", "page": "survey", "api": "link"}[l.Source], Error: l.Error,
		What: f.T("console.letters.what." + sourceWord(l.Source)), Why: f.T("console.letters.why." + l.Why), WhyText: f.T("console.letters.why." + l.Why + "_text"),
	}
	if row.Icon == "" {
		row.Icon = "file"
	}
	if l.Event != "" {
		row.What = f.T("console.letters.what.event", "event", l.Event)
	}
	switch {
	case l.Nobody:
		row.Who = f.T("console.letters.who.erased")
	case l.Name != "":
		row.Who, row.Href = l.Name, "/console/members/"+idText(l.Member)
	case l.Chat != "":
		row.Who = f.T("console.letters.who.chat", "chat", l.Chat)
	default:
		row.Who = f.T("console.letters.who.unknown")
	}
	row.When = f.T("console.letters.came", "when", look.Moment(f.Lang, l.At.In(r.zone), r.now())) + " · " + f.T("console.letters.tried", "n", l.Tries)
	if l.TriedAt != nil {
		row.When += ", " + f.T("console.letters.last", "when", look.Moment(f.Lang, l.TriedAt.In(r.zone), r.now()))
	}
	row.Label = f.T("console.letters.again") + ": " + row.Who
	return row
}

func (r *request) failedRow(f look.Frame, m reports.FailedMessages) failedRow {
	row := failedRow{
		Icon: "message", Title: f.T("console.letters.reply"), N: f.T("console.letters.messages", "n", m.N), Where: f.T("console.channel." + string(m.Channel)),
		Sentence: f.T("reason." + string(m.Reason)), When: look.Moment(f.Lang, m.Last.In(r.zone), r.now()),
	}
	if m.Reason == campaigns.MediaMissing && m.Step != nil {
		if body, ok := m.Step.Body.(*definition.Send); ok && body.Media != nil {
			row.Sentence += " " + f.T("media.lost_file", "file", body.Media.Source)
		}
	}
	if m.Channel == campaigns.Email {
		row.Icon = "letter"
	}
	if m.Member != 0 {
		row.Who, row.WhoHref = m.MemberName, "/console/members/"+idText(m.Member)
	}
	if m.Campaign == "" {
		row.Note = f.T("console.letters.reply_note")
		return row
	}
	row.Title, row.Href = m.Name, "/console/campaigns/"+string(m.Campaign)+"?step="+url.QueryEscape(string(m.FailedKind.Step))
	switch {
	case m.Step != nil:
		row.Title += " · " + words{Frame: f, def: m.Def}.title(m.Step)
	default:
		row.Href, row.Note = "/console/campaigns/"+string(m.Campaign), f.T("console.letters.unread_version")
	}
	switch {
	case m.Over:
		row.Note = f.T("console.letters.over")
	case m.Again:
		row.Form = &failedForm{
			Campaign: string(m.Campaign), Step: string(m.FailedKind.Step), Channel: string(m.Channel), Endpoint: m.Endpoint, Reason: string(m.Reason),
			Label: f.T("console.letters.send_label", "n", m.N, "title", row.Title),
		}
	case m.Step != nil:
		row.Note = f.T("console.letters.archived")
	}
	return row
}

// untoldRow is notices of one step that did not reach the staff.
func (r *request) untoldRow(f look.Frame, m reports.FailedMessages) failedRow {
	row := r.failedRow(f, m)
	row.Icon, row.N, row.Note = "bell", f.T("console.untold.n", "n", m.N), ""
	if m.Channel == "" {
		row.Where = f.T("console.untold.nowhere")
	}
	row.Form.Label = f.T("console.untold.label", "n", m.N, "title", row.Title)
	return row
}

// unansweredRow is calls of one step that failed.
func (r *request) unansweredRow(f look.Frame, m reports.FailedMessages) failedRow {
	row := r.failedRow(f, m)
	row.Icon, row.N, row.Where, row.Note = "link", f.T("console.unanswered.n", "n", m.N), m.Endpoint, ""
	row.Form.Label = f.T("console.unanswered.label", "n", m.N, "title", row.Title)
	return row
}

// lettersDone says what became of the press that led here: of one letter, how it stands now.
func (r *request) lettersDone(p *lettersPage) error {
	count := func(name string) int { return int(min(r.after(name), 1_000_000)) }
	switch {
	case r.Query("tried") != "":
		l, err := r.k.o.Reports.Letter(r.Request.Context(), r.who, campaigns.InputID(r.after("tried")))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		p.Done = p.T("console.letters.done."+l.State, "who", r.letterRow(p.Frame, *l).Who)
		p.DoneClass = map[string]string{"stored": "wait", "done": "live", "dead": "stop"}[l.State]
	case r.Query("again") != "":
		p.Done, p.DoneClass = p.T("console.letters.done.all", "n", count("again")), "wait"
	case r.Query("told") != "":
		p.Done, p.DoneClass = p.T("console.untold.done", "n", count("told")), "wait"
		if n := count("nobody"); n > 0 {
			p.Done, p.DoneClass = p.T("console.untold.still", "n", n), "stop"
		}
	case r.Query("called") != "":
		p.Done, p.DoneClass = p.T("console.unanswered.done", "n", count("called")), "wait"
	case r.Query("sent") != "":
		p.Done, p.DoneClass = p.T("console.letters.done.sent", "n", count("sent")), "wait"
		if n := count("still"); n > 0 {
			p.Done, p.DoneClass = p.Done+" "+p.T("console.letters.done.still", "n", n), "stop"
		}
	}
	if p.Done != "" {
		p.Look = p.Path
	}
	return nil
}

func (r *request) retryLetter() error {
	id, err := number(r.Param("id"), "input")
	if err != nil {
		return err
	}
	if _, err := r.k.o.Engine.RetryDeadLetter(r.Request.Context(), r.who, campaigns.InputID(id)); err != nil {
		return err
	}
	r.seeLetters("tried", idText(id))
	return nil
}

func (r *request) retryLetters() error {
	n, err := r.k.o.Engine.RetryDeadLetters(r.Request.Context(), r.who, r.field("source"))
	if err != nil {
		return err
	}
	r.seeLetters("again", strconv.Itoa(n))
	return nil
}

// failedKind is what a form names.
func (r *request) failedKind() engine.FailedKind {
	return engine.FailedKind{
		Campaign: campaigns.Key(r.field("campaign")), Step: campaigns.StepID(r.field("step")), Channel: campaigns.Channel(r.field("channel")),
		Reason: campaigns.Reason(r.field("reason")),
	}
}

func (r *request) tellAgain() error {
	sum, err := r.k.o.Engine.TellAgain(r.Request.Context(), r.who, r.failedKind())
	if err != nil {
		return err
	}
	r.seeLetters("told", strconv.Itoa(sum.N), "nobody", strconv.Itoa(sum.Nobody))
	return nil
}

func (r *request) callAgain() error {
	k := r.failedKind()
	n, err := r.k.o.Engine.CallAgain(r.Request.Context(), r.who, engine.FailedCalls{Campaign: k.Campaign, Step: k.Step, Endpoint: r.field("endpoint"), Reason: k.Reason})
	if err != nil {
		return err
	}
	r.seeLetters("called", strconv.Itoa(n))
	return nil
}

func (r *request) sendAgain() error {
	sum, err := r.k.o.Engine.SendAgain(r.Request.Context(), r.who, r.failedKind())
	if err != nil {
		return err
	}
	r.seeLetters("sent", strconv.Itoa(sum.N), "still", strconv.Itoa(sum.Still))
	return nil
}

func (r *request) seeLetters(pairs ...string) {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	r.Redirect(http.StatusSeeOther, lettersPath+"?"+q.Encode())
}
