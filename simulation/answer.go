package simulation

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// sitting is how long a member takes for the next question on a page that is open before them.
const sitting = time.Minute

// read plans the answer to a message that asks something.
func (s *stage) read(p *person, a *arrival) {
	c := s.byID[a.row.Campaign]
	if a.row.Kind != store.StepDelivery || c == nil || p.Does.After == 0 {
		return
	}
	ask := c.ask(a.row.Step)
	if ask == nil {
		return
	}
	at, waits := a.at.Add(p.Does.After), itemBytes+int64(len(a.keys))*keyBytes
	switch {
	case a.row.Channel != campaigns.Email:
		s.kept.Add(waits)
		s.will(p, at, func(context.Context) error { s.kept.Add(-waits); s.answerChat(p, c, ask, a); return nil })
	case a.link != "":
		s.kept.Add(waits)
		s.will(p, at, func(ctx context.Context) error {
			s.kept.Add(-waits)
			return s.answerPage(ctx, p, visited{c, a.row.Enrollment, a.link})
		})
	}
}

// draw is the member's own chance for one question: the same in every play of the plan.
func (s *stage) draw(p *person, key campaigns.Key, step campaigns.StepID, visit int) *rand.Rand {
	return random(s.plan.Seed, fmt.Sprintf("answer %s %s %s %d", p.ID, key, step, visit))
}

func (s *stage) answerChat(p *person, c *campaign, ask *definition.Ask, a *arrival) {
	if p.gone || s.hasBlocked(p) {
		return
	}
	r := s.draw(p, c.def.Key, a.row.Step, a.row.Visit)
	if len(a.keys) > 0 {
		s.write(p.presses(ask, a, r)...)
		return
	}
	in := p.incoming(channels.IncomingText)
	in.Message, in.At = "0", s.clock.now()
	if ask.Type.Media() {
		kind := accepted(ask.Type, ask.Accept)
		in.Kind, in.Media = channels.IncomingMedia, string(kind)
		in.File = &channels.IncomingFile{ID: fmt.Sprint("file-", a.row.ID), Seconds: seconds(ask.Min, ask.Max), Size: 1000}
	} else {
		in.Text = typed(ask.Type, ask.Min, ask.Max, ask.MaxLength, p.Language, s.clock.now(), r)
	}
	s.write(in)
}

// presses are the buttons that answer the question: one, or where several may be ticked one or two and "done", which stands last.
func (p *person) presses(ask *definition.Ask, a *arrival, r *rand.Rand) []channels.Incoming {
	var chosen []string
	keys := a.keys
	if last := len(keys) - 1; ask.Type == campaigns.Choices && last > 0 {
		for _, i := range some(last, r) {
			chosen = append(chosen, keys[i])
		}
		chosen = append(chosen, keys[last])
	} else {
		chosen = []string{keys[r.IntN(len(keys))]}
	}
	out := make([]channels.Incoming, len(chosen))
	for i, data := range chosen {
		out[i] = p.incoming(channels.IncomingPress)
		out[i].Press, out[i].Data, out[i].Message, out[i].At = fmt.Sprint(a.row.ID, "-", i), data, providerID(a.row.ID), a.at
	}
	return out
}

// some draws one or two of n, in order.
func some(n int, r *rand.Rand) []int {
	i := r.IntN(n)
	if j := r.IntN(n); j != i {
		return []int{min(i, j), max(i, j)}
	}
	return []int{i}
}

var surveyLink = regexp.MustCompile(regexp.QuoteMeta(publicURL) + `/s/([A-Za-z0-9_-]+)`)

func surveyToken(m *channels.Message) string {
	if m.Mail == nil {
		return ""
	}
	if found := surveyLink.FindSubmatch(m.Mail.Text); found != nil {
		return string(found[1])
	}
	return ""
}

// visited is a page behind a mail's link.
type visited struct {
	of         *campaign
	enrollment campaigns.EnrollmentID
	token      string
}

// answerPage opens the page and answers what it asks, unless that was answered by this member already.
func (s *stage) answerPage(ctx context.Context, p *person, v visited) error {
	if p.gone {
		return nil
	}
	if s.sends(p) { // what they sent already may change what they see now
		if err := s.handIn(ctx); err != nil {
			return err
		}
	}
	page, err := s.engine.Survey(ctx, v.token, nil)
	if fault.Is(err, fault.NotFound) { // a link lives for a while
		return nil
	}
	if err != nil {
		return err
	}
	q := question{v.enrollment, page.Step, page.Visit}
	if page.State != engine.PageQuestion || p.page[q] {
		return nil
	}
	p.page[q] = true
	form := fill(page, p, s.clock.now(), s.draw(p, v.of.def.Key, page.Step, page.Visit))
	s.forms = append(s.forms, filled{p, v, form})
	return nil
}

// fill fills the page's form in.
func fill(page *engine.SurveyPage, p *person, now time.Time, r *rand.Rand) engine.PageForm {
	form := engine.PageForm{Step: page.Step, Visit: page.Visit, Nonce: "simulation"}
	switch {
	case page.Type.Media():
		form.Upload = &engine.Upload{Name: "simulation", Content: bytes.NewReader(content(accepted(page.Type, page.Accept)))}
	case page.Type == campaigns.Choices:
		for _, i := range some(len(page.Options), r) {
			form.Values = append(form.Values, page.Options[i].Value)
		}
	case len(page.Options) > 0:
		form.Values = []string{page.Options[r.IntN(len(page.Options))].Value}
	default:
		form.Text = typed(page.Type, page.Min, page.Max, page.MaxLength, p.Language, now, r)
	}
	return form
}

// typed is an answer that is typed.
func typed(t campaigns.QuestionType, least, most *float64, length int, lang campaigns.Lang, now time.Time, r *rand.Rand) string {
	switch t {
	case campaigns.Number:
		return fmt.Sprint(number(least, most, r))
	case campaigns.Date:
		return now.AddDate(0, 0, -r.IntN(3000)).Format(time.DateOnly)
	}
	words := []rune("An answer of the simulation")
	if lang == "ru" {
		words = []rune("Ответ из симуляции")
	}
	if length > 0 && length < len(words) {
		words = words[:length]
	}
	return string(words)
}

// number draws a whole number within the bounds, where one lies there.
func number(least, most *float64, r *rand.Rand) float64 {
	low, high := 1.0, 10.0
	switch {
	case least != nil && most != nil:
		low, high = *least, *most
	case least != nil:
		low, high = *least, *least+9
	case most != nil:
		low, high = *most-9, *most
	}
	return low + float64(r.IntN(max(int(high-low), 0)+1))
}

// accepted is a kind of file that the question takes: its own where that is among them.
func accepted(t campaigns.QuestionType, accept []campaigns.MediaKind) campaigns.MediaKind {
	own := campaigns.MediaKind(t)
	if t == campaigns.File {
		own = campaigns.MediaDocument
	}
	if len(accept) == 0 || slices.Contains(accept, own) {
		return own
	}
	return accept[0]
}

// seconds is a length between the bounds.
func seconds(least, most *float64) int {
	n := 30.0
	if least != nil {
		n = max(n, *least)
	}
	if most != nil {
		n = min(n, *most)
	}
	return int(n)
}

// content is the beginning of a file by which its kind is known; the rest is of no account here.
func content(kind campaigns.MediaKind) []byte {
	switch kind {
	case campaigns.MediaPhoto:
		return []byte("\x89PNG\r\n\x1a\n")
	case campaigns.MediaVoice, campaigns.MediaAudio:
		return []byte("OggS\x00\x02")
	case campaigns.MediaVideo, campaigns.MediaVideoNote:
		return []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")
	}
	return []byte("simulation")
}
