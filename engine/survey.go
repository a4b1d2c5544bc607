package engine

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"crypto/rand"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// PageState says what the survey page shows.
type PageState string

const (
	PageQuestion PageState = "question" // a question waits for its answer
	PageLater    PageState = "later"    // nothing is asked now; more comes by message
	PageDone     PageState = "done"     // every question was asked
	PageClosed   PageState = "closed"   // the campaign is over for the member, or altogether
	PagePaused   PageState = "paused"   // the campaign stands still
)

// SurveyPage is what a signed link shows. Looking at it changes nothing.
type SurveyPage struct {
	State     PageState
	Lang      campaigns.Lang
	Community string
	Brand     string
	Title     string // the campaign's name

	// The question, with State question.
	Step      campaigns.StepID
	Visit     int
	Nonce     string // one a page view: the same form sent twice is one answer
	HTML      string // Telegram HTML: line breaks are "\n"
	Type      campaigns.QuestionType
	Options   []PageOption
	Min, Max  *float64
	MaxLength int
	Number    int // which question this is, from 1
	// Problem says what was wrong with the answer that was just sent; Typed is what was typed.
	Problem, Typed string
}

// PageOption is one answer to choose.
type PageOption struct {
	Value, Label string
	Chosen       bool
}

// PageForm is what the page sends.
type PageForm struct {
	Step   campaigns.StepID
	Visit  int
	Nonce  string
	Values []string // chosen options
	Text   string   // typed answer
}

// PageAnswer is what became of a sent form.
type PageAnswer struct {
	// Rejection is set when the answer was none; the sentence is locale key "answer.<Code>".
	Rejection *answers.Rejection
}

// Survey shows where the link's enrollment stands. prefill are option values that the mail's button chose: they are ticked, not recorded.
func (e *Engine) Survey(ctx context.Context, token string, prefill []string) (*SurveyPage, error) {
	row, p, err := e.surveyOf(ctx, token)
	if err != nil {
		return nil, err
	}
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	l, err := e.version(ctx, e.Store, row.Campaign, row.Version)
	if err != nil {
		return nil, err
	}
	page := &SurveyPage{Lang: spoken(p, c), Community: c.Name, Brand: c.Brand, Title: l.def.Name}
	state, err := e.campaignState(ctx, row.Campaign)
	if err != nil {
		return nil, err
	}
	en, err := fromRow(row)
	if err != nil {
		return nil, err
	}
	page.State = pageState(row, l.def, state)
	if page.State != PageQuestion {
		return page, nil
	}
	return page, e.question(page, &renderJob{e: e, l: l, d: &store.Delivery{Channel: campaigns.Telegram}, p: p, c: c, en: en.Answers}, row, prefill)
}

func (e *Engine) surveyOf(ctx context.Context, token string) (*store.Enrollment, *store.Profile, error) {
	id, err := e.openLink(linkSurvey, token)
	if err != nil {
		return nil, nil, err
	}
	row, err := e.Store.Enrollment(ctx, campaigns.EnrollmentID(id))
	if fault.Is(err, fault.NotFound) {
		return nil, nil, fault.New(fault.NotFound, "not_found.link", nil)
	}
	if err != nil {
		return nil, nil, err
	}
	profiles, err := e.Store.Profiles(ctx, []campaigns.MemberID{row.Member})
	if err != nil {
		return nil, nil, err
	}
	p := profiles[row.Member]
	if p == nil || p.State == members.Erased {
		return nil, nil, fault.New(fault.NotFound, "not_found.link", nil)
	}
	return row, p, nil
}

func pageState(row *store.Enrollment, def *definition.Definition, state campaigns.State) PageState {
	ask := askOf(def, row.Step)
	switch {
	case row.State == campaigns.EnrollmentCompleted:
		return PageDone
	case row.State.Final() || state == campaigns.Finished || state == campaigns.Archived:
		return PageClosed
	case ask != nil && (row.WaitKind == campaigns.WaitAnswer || row.WaitKind == campaigns.WaitDelivery):
		return PageQuestion
	case state == campaigns.Paused:
		return PagePaused
	}
	return PageLater
}

func (e *Engine) question(page *SurveyPage, r *renderJob, row *store.Enrollment, prefill []string) error {
	ask := askOf(r.l.def, row.Step)
	src, lang := r.lang(ask.Text)
	parts, err := r.chatParts(src, lang, templates.Limits{Parts: 1})
	if err != nil {
		return err
	}
	page.Lang, page.HTML, page.Type, page.Step, page.Visit, page.Nonce = lang, parts[0], ask.Type, row.Step, row.Visit, nonce()
	page.Min, page.Max, page.MaxLength = ask.Min, ask.Max, ask.MaxLength
	for _, o := range answers.Options(ask, lang, r.l.def.Languages[0]) {
		page.Options = append(page.Options, PageOption{o.Value, o.Label, slices.Contains(prefill, o.Value)})
	}
	page.Number = 1 + len(r.en)
	return nil
}

func nonce() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails (crypto/rand.Read)
	return base64.RawURLEncoding.EncodeToString(b)
}

// pageInput is a stored form.
type pageInput struct {
	Enrollment campaigns.EnrollmentID `json:"enrollment"`
	Step       campaigns.StepID       `json:"step"`
	Visit      int                    `json:"visit"`
	Text       string                 `json:"text,omitempty"`
	Options    []string               `json:"options,omitempty"`
	Buttons    bool                   `json:"buttons,omitempty"`
}

// maxForm bounds what one form may carry.
const maxForm = 20_000

// AnswerSurvey stores the form and acts on it at once.
func (e *Engine) AnswerSurvey(ctx context.Context, token string, form PageForm) (*PageAnswer, error) {
	row, p, err := e.surveyOf(ctx, token)
	if err != nil {
		return nil, err
	}
	l, err := e.version(ctx, e.Store, row.Campaign, row.Version)
	if err != nil {
		return nil, err
	}
	ask := askOf(l.def, form.Step)
	if ask == nil || form.Visit < 1 {
		return nil, fault.New(fault.Invalid, "invalid.form", nil)
	}
	if len(form.Text) > maxForm || len(form.Values) > 100 || len(form.Nonce) > 64 {
		return nil, fault.New(fault.TooLarge, "too_large.form", nil)
	}
	if form.Nonce == "" {
		form.Nonce = nonce()
	}
	body := pageInput{Enrollment: row.ID, Step: form.Step, Visit: form.Visit, Text: strings.ReplaceAll(form.Text, "\r\n", "\n"), Options: form.Values, Buttons: !ask.Type.Typed()}
	in := &store.Input{
		Source: "page", SourceKey: strings.ToValidUTF8(fmt.Sprintf("%d:%s:%d:%s", row.ID, form.Step, form.Visit, form.Nonce), "?"),
		Actor: memberActor(p.ID), Kind: "answer", Raw: strings.ReplaceAll(string(mustJSON(body)), "\\u0000", ""), Member: p.ID,
	}
	stored, err := e.storeInputs(ctx, []*store.Input{in})
	if err != nil {
		return nil, err
	}
	if stored[in.SourceKey] {
		told, err := e.handleNow(ctx, in)
		if told != nil || err != nil {
			return told, err
		}
	}
	// The same form was sent before, or another worker is at it. Reading an answer is the same everywhere: what it told then is known.
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	_, wrong := answers.Read(ask, body.raw(), answers.Context{Lang: spoken(p, c), Zone: zone(c, p.TimeZone), Now: e.now(), Channel: campaigns.Page})
	return &PageAnswer{Rejection: wrong}, nil
}

// raw is the form's answer.
func (b pageInput) raw() campaigns.RawAnswer {
	if !b.Buttons {
		return campaigns.RawAnswer{Text: b.Text}
	}
	return campaigns.RawAnswer{Text: b.Text, Options: b.Options, Buttons: true}
}

// pagePatience is how long a page waits for another worker that handles the same member.
const pagePatience = 3 * time.Second

// handleNow handles the input that was just stored, after those of the same member before it, and returns what the page tells.
// nil: another worker is at it, or one before it failed and is tried again first.
func (e *Engine) handleNow(ctx context.Context, in *store.Input) (*PageAnswer, error) {
	for deadline := time.Now().Add(pagePatience); time.Now().Before(deadline) && ctx.Err() == nil; {
		claim, err := e.claimActor(ctx, in.Actor)
		if err != nil {
			return nil, err
		}
		if claim == "" {
			sleep(ctx, 20*time.Millisecond)
			continue
		}
		told, err := e.drainUntil(ctx, in)
		if rerr := e.releaseActor(ctx, in.Actor, claim); err == nil {
			err = rerr
		}
		e.wake("actor", e.Waker.WakeActor(ctx, in.Actor)) // whoever came meanwhile was refused
		return told, err
	}
	return nil, ctx.Err()
}

// drainUntil handles the actor's inputs up to this one.
func (e *Engine) drainUntil(ctx context.Context, until *store.Input) (*PageAnswer, error) {
	for {
		ins, err := e.Store.StoredInputs(ctx, until.Actor, 20)
		if err != nil {
			return nil, err
		}
		for _, in := range ins {
			if in.ID > until.ID {
				return nil, nil
			}
			out, err := e.handle(ctx, in)
			switch {
			case in.ID < until.ID && err != nil:
				return nil, nil // counted there; the sweeps try it again, and then this one
			case in.ID == until.ID && err != nil:
				return nil, err
			case in.ID == until.ID && out != nil:
				return out.page, nil
			}
		}
		if len(ins) == 0 {
			return nil, nil
		}
	}
}

// handlePage acts on a stored form.
func (e *Engine) handlePage(ctx context.Context, tx *store.Tx, in *store.Input) (*after, error) {
	var body pageInput
	if err := json.Unmarshal([]byte(in.Raw), &body); err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	p, err := tx.LockMember(ctx, in.Member)
	if err != nil {
		return nil, err
	}
	now := e.now()
	if err := tx.TouchMember(ctx, p.ID, now); err != nil {
		return nil, err
	}
	p.LastActAt = &now
	row, err := tx.LockEnrollment(ctx, body.Enrollment)
	if err != nil {
		return nil, err
	}
	if row.Member != p.ID {
		return nil, fmt.Errorf("enrollment %d is another member's", row.ID)
	}
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return nil, err
	}
	answered := &decide.Answered{Step: body.Step, Visit: body.Visit, Raw: body.raw(), Channel: campaigns.Page, Input: in.ID, At: now}
	if err := w.decide(ctx, row, p, answered); err != nil {
		return nil, err
	}
	out := &after{page: &PageAnswer{}}
	if w.again != nil {
		out.page.Rejection = &w.again.Rejection
	}
	out.send, err = w.flush(ctx)
	return out, err
}

// UnsubscribePage is what the leave link shows. Looking at it changes nothing.
type UnsubscribePage struct {
	Lang      campaigns.Lang
	Community string
	Brand     string
	Topic     string
	Campaign  string
	// Off: the topic is off already. Everything: all is off.
	Off, Everything bool
}

// UnsubscribeInfo opens a leave link.
func (e *Engine) UnsubscribeInfo(ctx context.Context, token string) (*UnsubscribePage, error) {
	d, l, err := e.unsubscribeOf(ctx, token)
	if err != nil {
		return nil, err
	}
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	page := &UnsubscribePage{Lang: fallback(c), Community: c.Name, Brand: c.Brand, Topic: l.def.Topic, Campaign: l.def.Name}
	profiles, err := e.Store.Profiles(ctx, []campaigns.MemberID{d.Member})
	if err != nil {
		return nil, err
	}
	if p := profiles[d.Member]; p != nil {
		page.Lang = spoken(p, c)
		page.Off = !p.Consents.Allows(campaigns.Email, l.def.Topic)
		page.Everything = p.StoppedAt != nil || p.State == members.Erased
	}
	return page, nil
}

func (e *Engine) unsubscribeOf(ctx context.Context, token string) (*store.Delivery, *live, error) {
	id, err := e.openLink(linkUnsubscribe, token)
	if err != nil {
		return nil, nil, err
	}
	d, err := e.Store.Delivery(ctx, campaigns.DeliveryID(id))
	if err != nil {
		return nil, nil, err
	}
	l, err := e.version(ctx, e.Store, d.Campaign, d.Version)
	return d, l, err
}

// Unsubscribe ends the topic of the mail that the link came with, or everything. Once is as good as twice.
func (e *Engine) Unsubscribe(ctx context.Context, token string, everything bool, source string) error {
	d, l, err := e.unsubscribeOf(ctx, token)
	if err != nil {
		return err
	}
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockMember(ctx, d.Member)
		if err != nil || p.State == members.Erased {
			return err
		}
		if everything {
			return e.stopEverything(ctx, tx, p, source)
		}
		return e.stopTopic(ctx, tx, p, l.def.Topic, source+":"+strconv.FormatInt(int64(d.ID), 10))
	})
}
