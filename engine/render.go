package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// renderJob is all that a step's message is made from.
type renderJob struct {
	e  *Engine
	l  *live
	d  *store.Delivery
	p  *store.Profile
	c  *store.Community
	en decide.Enrollment

	// shown: the message is only looked at, so that its links and buttons carry no right.
	shown bool

	made  templates.Env   // the last one: a mail needs it for each of its texts
	body  *templates.Text // of a mail
	sheet *sheet          // the message is written on; nil: a new one
}

// lang is the language of a text for the member: their own where the text has it, else the campaign's first.
func (r *renderJob) lang(t definition.Texts) (string, campaigns.Lang) {
	return t.In(spoken(r.p, r.c), r.l.def.Languages[0])
}

// env holds the values that texts may use.
func (r *renderJob) env(lang campaigns.Lang) templates.Env {
	if r.made.Find == nil || r.made.Lang != lang {
		r.made = templates.Env{Lang: lang, Zone: zone(r.c, r.p.TimeZone), Find: func(path []string) any { return r.find(lang, path) }}
	}
	return r.made
}

// find is the value at the path; nil: none.
func (r *renderJob) find(lang campaigns.Lang, path []string) any {
	name := ""
	if len(path) == 2 {
		name = path[1]
	}
	switch path[0] {
	case "member":
		return r.ofMember(path[1:])
	case "answers":
		return r.answer(lang, name)
	case "call":
		return definition.CallField(r.en.Calls, path[1:])
	case "event":
		return r.en.Brought[name]
	case "campaign":
		if name == "name" {
			return r.l.def.NameIn(lang)
		}
	case "community":
		switch name {
		case "name":
			return r.c.Name
		case "brand":
			return r.c.Brand
		}
	case definition.ScorePoints:
		return float64(r.en.Points)
	case definition.ScoreDone:
		return float64(r.en.RoundsDone)
	}
	if len(path) == 1 {
		return r.ofRound(lang, path[0])
	}
	return nil
}

func (r *renderJob) ofMember(path []string) any {
	if len(path) == 0 {
		return nil
	}
	switch path[0] {
	case "first_name":
		return r.p.FirstName
	case "last_name":
		return r.p.LastName
	case "full_name":
		return r.p.FullName()
	case "language":
		return string(spoken(r.p, r.c))
	case campaigns.FormalityAttribute:
		return string(formality(r.p, r.l.def))
	case "external_id":
		return r.p.ExternalID
	case "attributes":
		if len(path) == 2 {
			return r.p.Attributes[path[1]]
		}
	}
	return nil
}

// answer is what the member answered, in words.
func (r *renderJob) answer(lang campaigns.Lang, name string) any {
	a, given := r.en.Answers[name]
	if !given {
		return nil
	}
	for _, q := range r.l.def.Order {
		if ask, ok := q.Body.(*definition.Ask); ok && saveAs(ask, q.ID) == name {
			return answers.Describe(a, ask, lang, r.l.def.Languages[0])
		}
	}
	return nil
}

// ofRound is a value of the repeat that the message belongs to: which round it is (its visit), and the round's own texts.
func (r *renderJob) ofRound(lang campaigns.Lang, name string) any {
	around := r.l.def.RepeatOf(r.d.Step)
	switch {
	case around == nil:
		return nil
	case name == "round":
		return float64(r.d.Visit)
	case name == "rounds":
		return float64(around.Repeat().Times)
	}
	if t, ok := r.prompt()[name]; ok {
		text, _ := t.In(lang, r.l.def.Languages[0])
		return text
	}
	return nil
}

// prompt is the round's own text, where its repeat has one.
func (r *renderJob) prompt() map[string]definition.Texts {
	around := r.l.def.RepeatOf(r.d.Step)
	if around == nil || r.d.Visit < 1 || r.d.Visit > len(around.Repeat().Prompts) {
		return nil
	}
	return map[string]definition.Texts{"prompt": around.Repeat().Prompts[r.d.Visit-1]}
}

// line renders a one-line text of the definition.
func (r *renderJob) line(t definition.Texts) (string, error) {
	src, lang := r.lang(t)
	text, err := r.l.text(src)
	if err != nil {
		return "", err
	}
	return text.Line(r.env(lang)), nil
}

// link renders a link's address: values in it are escaped for a URL.
func (r *renderJob) link(src string) (string, error) {
	if !strings.Contains(src, "{") {
		return src, nil
	}
	text, err := r.l.text(src)
	if err != nil {
		return "", err
	}
	return text.Address(r.env(r.spoken())), nil
}

// spoken is the member's language where the campaign has it, else its first.
func (r *renderJob) spoken() campaigns.Lang {
	_, lang := r.lang(nil)
	return lang
}

// render makes the message of a step's delivery. An error is our fault or the definition's, never the member's.
func (e *Engine) render(r *renderJob) (*channels.Message, error) {
	step := r.l.def.Step(r.d.Step)
	if step == nil {
		return nil, fmt.Errorf("render delivery %d: no step", r.d.ID)
	}
	switch body := step.Body.(type) {
	case *definition.Send:
		if r.d.Channel == campaigns.Email {
			return r.mailSend(body)
		}
		return r.chatSend(body)
	case *definition.Ask:
		if r.d.Channel == campaigns.Email {
			return r.mailAsk(step.ID, body)
		}
		return r.chatAsk(body, nil)
	}
	return nil, fmt.Errorf("render delivery %d: its step sends nothing", r.d.ID)
}

// renderAsk makes a question's Telegram message with some options marked as chosen: what the pressed message becomes.
func (e *Engine) renderAsk(ctx context.Context, l *live, d *store.Delivery, ask *definition.Ask, p *store.Profile, c *store.Community, picked []string) (*channels.Message, error) {
	r := &renderJob{e: e, l: l, d: d, p: p, c: c}
	row, err := e.Store.Enrollment(ctx, d.Enrollment)
	if err != nil {
		return nil, err
	}
	en, err := fromRow(row)
	if err != nil {
		return nil, err
	}
	r.en = en
	if picked == nil {
		picked = []string{}
	}
	return r.chatAsk(ask, picked)
}

// message begins the message.
func (r *renderJob) message(lang campaigns.Lang) *channels.Message {
	if r.sheet == nil {
		r.sheet = new(sheet)
	}
	r.sheet.message = channels.Message{Delivery: r.d.ID, To: r.p.Addresses.On(r.d.Channel).Value, Lang: lang}
	return &r.sheet.message
}

// chatParts is the text as Telegram messages: at most three for a send, one for a question.
func (r *renderJob) chatParts(src string, lang campaigns.Lang, limits templates.Limits) ([]string, error) {
	text, err := r.l.text(src)
	if err != nil {
		return nil, err
	}
	return text.Telegram(r.env(lang), limits)
}

func sendLimits(s *definition.Send) templates.Limits {
	if s.Media != nil {
		return templates.Limits{First: templates.MaxCaption}
	}
	return templates.Limits{}
}

func (r *renderJob) chatSend(s *definition.Send) (*channels.Message, error) {
	src, lang := r.lang(s.Text)
	parts, err := r.chatParts(src, lang, sendLimits(s))
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, errNoText
	}
	if r.d.Part >= len(parts) {
		return nil, fmt.Errorf("render delivery %d: no part %d", r.d.ID, r.d.Part)
	}
	m := r.message(lang)
	m.HTML = parts[r.d.Part]
	if r.d.Part == 0 {
		m.Media = s.Media
	}
	if r.d.Part == len(parts)-1 {
		buttons, err := r.linkButtons(s)
		if err != nil {
			return nil, err
		}
		for _, b := range buttons {
			m.Keyboard = append(m.Keyboard, []channels.Button{b})
		}
	}
	return m, nil
}

// What a message has to say. Telegram refuses a button without a label, and a text of nothing; in a mail such a button would be a hole.
var (
	errNoLabel = errors.New("a button has no text")
	errNoText  = errors.New("the text is empty")
)

// linkButtons are a send's links in the member's language.
func (r *renderJob) linkButtons(s *definition.Send) ([]channels.Button, error) {
	var out []channels.Button
	for _, b := range s.Buttons {
		label, err := r.line(b.Text)
		if err == nil && label == "" {
			err = errNoLabel
		}
		if err != nil {
			return nil, err
		}
		to, err := r.link(b.URL)
		if err != nil {
			return nil, err
		}
		out = append(out, channels.Button{Text: label, URL: to})
	}
	return out, nil
}

// chatAsk is the question with its keyboard. picked nil: nothing is chosen yet.
func (r *renderJob) chatAsk(ask *definition.Ask, picked []string) (*channels.Message, error) {
	src, lang := r.lang(ask.Text)
	parts, err := r.chatParts(src, lang, templates.Limits{Parts: 1})
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, errNoText
	}
	m := r.message(lang)
	m.HTML, m.Keyboard = parts[0], r.keyboard(ask, lang, picked)
	return m, nil
}

// keyboard lays the options out; the chosen ones carry a tick.
func (r *renderJob) keyboard(ask *definition.Ask, lang campaigns.Lang, picked []string) [][]channels.Button {
	options := answers.Options(ask, lang, r.l.def.Languages[0])
	if len(options) == 0 {
		return nil
	}
	verb := pressOption
	if ask.Type == campaigns.Choices {
		verb = pressToggle
	}
	chat := r.p.Addresses.On(campaigns.Telegram).Value
	var rows [][]channels.Button
	for _, line := range answers.Layout(ask) {
		var row []channels.Button
		for _, i := range line {
			label := options[i].Label
			for _, v := range picked {
				if v == options[i].Value {
					label = "✓ " + label
				}
			}
			row = append(row, channels.Button{Text: label, Data: r.press(chat, button{verb, int64(r.d.ID), strconv.Itoa(i)})})
		}
		rows = append(rows, row)
	}
	if ask.Type == campaigns.Choices {
		rows = append(rows, []channels.Button{{Text: say(lang, "bot.done", nil), Data: r.press(chat, button{pressDone, int64(r.d.ID), ""})}})
	}
	return rows
}

// shownOnly stands where a right would: nothing opens it, since no signature is so short.
const shownOnly = "preview"

// press is what a button of the message sends.
func (r *renderJob) press(chat string, b button) string {
	if r.shown {
		return shownOnly
	}
	return r.e.buttonData(chat, b)
}

// signed is the address of a page with the right that a link of the message carries.
func (r *renderJob) signed(page string, kind linkKind, id int64, expires time.Time) string {
	if r.shown {
		return r.e.PublicURL + page + shownOnly
	}
	var room [160]byte
	return string(r.e.appendLink(append(append(room[:0], r.e.PublicURL...), page...), kind, id, expires))
}

// more reports whether the text of a delivery goes on in another message. Most texts cannot be that long, whatever their values.
func (w *work) more(s subject) (bool, error) {
	if s.d.Channel != campaigns.Telegram || s.d.State != campaigns.Sent && s.d.State != campaigns.Unknown {
		return false, nil
	}
	step := s.l.def.Step(s.d.Step)
	if step == nil {
		return false, nil
	}
	body, ok := step.Body.(*definition.Send)
	if !ok || !mayBeLong(body) {
		return false, nil
	}
	en, err := fromRow(s.row)
	if err != nil {
		return false, err
	}
	r := &renderJob{e: w.e, l: s.l, d: s.d, p: s.p, c: w.community, en: en}
	src, lang := r.lang(body.Text)
	parts, err := r.chatParts(src, lang, sendLimits(body))
	if err != nil { // it was sent, so it rendered; what changed since ends the message here
		return false, nil
	}
	return s.d.Part+1 < len(parts), nil
}

// mayBeLong reports whether a send could need more than one Telegram message: a value has at most 400 characters.
func mayBeLong(s *definition.Send) bool {
	room := templates.MaxMessage
	if s.Media != nil {
		room = templates.MaxCaption
	}
	for _, src := range s.Text {
		if len(src)+strings.Count(src, "{{")*2*400 > room {
			return true
		}
	}
	return false
}

// changesMembers reports whether the definition has a set step.
func changesMembers(def *definition.Definition) bool {
	for _, s := range def.Order {
		if _, ok := s.Body.(*definition.Set); ok {
			return true
		}
	}
	return false
}

// mailDate is the date of a mail, the same for every attempt.
func mailDate(d *store.Delivery) time.Time { return d.CreatedAt.UTC().Truncate(time.Second) }
