package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
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

// PageNotice says why a press is not shown on the page. Its sentence is the locale key "page.notice.<notice>".
type PageNotice string

const (
	NoticeAnswered PageNotice = "answered" // the same is answered already, and another question is asked now
	NoticeFinal    PageNotice = "final"    // the question is answered for good
	NoticeClosed   PageNotice = "closed"   // the question takes no answers any more
	NoticeOlder    PageNotice = "older"    // the question was put more than once, and the link does not say when
)

// Press says from which message's question somebody comes to the page, and what they chose there. Nothing of it is recorded.
type Press struct {
	Step   campaigns.StepID
	Visit  int      // 0: the link does not say it, as those of older mails do not
	Values []string // the options that the mail's button chose
	// Again: the page's own form was sent, and what it said could not be taken: Values and Typed are what that was.
	Again bool
	Typed string
}

// SurveyPage is what a signed link shows. Looking at it changes nothing.
type SurveyPage struct {
	State     PageState
	Lang      campaigns.Lang
	Community string
	Brand     string
	Title     string // the community's name; the campaign's where there is none

	// The question, with State question.
	Step      campaigns.StepID
	Visit     int
	Nonce     string // one a page view: the same form sent twice is one answer
	HTML      string // Telegram HTML: line breaks are "\n"
	Type      campaigns.QuestionType
	Options   []PageOption
	Min, Max  *float64
	MaxLength int
	Accept    []campaigns.MediaKind // kinds of file, where one is asked for
	MaxFile   int64                 // bytes
	Number    int                   // which question this is, from 1; 0 where it is one of before
	// Answer is what was answered to this question so far, in words, where another answer may take its place.
	Answer string
	// Notice says what became of the press that led here, where the page does not show it.
	Notice PageNotice
	// Problem says what was wrong with the answer that was just sent; Typed is what was typed.
	Problem, Typed string
}

// PageOption is one answer to choose.
type PageOption struct {
	Value, Label string
	Chosen       bool
}

// Survey shows where the link's enrollment stands, or the question that press is about as long as that takes an answer: what was chosen is ticked, not recorded.
// press may be nil.
func (e *Engine) Survey(ctx context.Context, token string, press *Press) (*SurveyPage, error) {
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
	page := &SurveyPage{Lang: spoken(p, c), Community: c.Name, Brand: c.Brand, Title: cmp.Or(c.Name, l.def.NameIn(spoken(p, c)))}
	state, err := e.campaignState(ctx, row.Campaign)
	if err != nil {
		return nil, err
	}
	en, err := fromRow(row)
	if err != nil {
		return nil, err
	}
	page.State = pageState(row, l.def, state)
	r := &renderJob{e: e, l: l, d: &store.Delivery{Channel: campaigns.Telegram, Step: row.Step, Visit: row.Visit}, p: p, c: c, en: en}
	var chosen *Press
	if press != nil && press.Step != "" {
		if id, _ := e.openLink(linkSurvey, token); campaigns.EnrollmentID(id) != row.ID { // the visit was another run's
			press = &Press{Step: press.Step, Values: press.Values, Again: press.Again, Typed: press.Typed}
		}
		if chosen, err = e.pressed(ctx, page, r, row, *press, state); err != nil {
			return nil, err
		}
	}
	if page.State != PageQuestion {
		return page, nil
	}
	return page, e.question(page, r, chosen)
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
	if row.Reason == campaigns.ExitMerged { // the link goes on with the run that does
		rows, err := e.Store.OpenEnrollments(ctx, row.Member)
		if err != nil {
			return nil, nil, err
		}
		if other := goesOn(rows, row); other != nil {
			row = other
		}
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

func (e *Engine) question(page *SurveyPage, r *renderJob, chosen *Press) error {
	ask := askOf(r.l.def, r.d.Step)
	src, lang := r.lang(ask.Text)
	parts, err := r.chatParts(src, lang, templates.Limits{Parts: 1})
	if err != nil {
		return err
	}
	page.Lang, page.HTML, page.Type, page.Step, page.Visit, page.Nonce = lang, parts[0], ask.Type, r.d.Step, r.d.Visit, nonce()
	page.Min, page.Max, page.MaxLength, page.Accept, page.MaxFile = ask.Min, ask.Max, ask.MaxLength, ask.Accept, r.e.UploadLimit
	for _, o := range answers.Options(ask, lang, r.l.def.Languages[0]) {
		page.Options = append(page.Options, PageOption{o.Value, o.Label, chosen != nil && slices.Contains(chosen.Values, o.Value)})
	}
	if chosen != nil {
		page.Typed = chosen.Typed
	}
	page.Number = 1 + len(r.en.Answers)
	if r.d.Step == r.en.Step && r.d.Visit == r.en.Visit {
		return nil
	}
	page.Number = 0
	if a, ok := answerTo(r.en, ask, r.d.Step); ok {
		page.Answer = answers.Describe(a, ask, lang, r.l.def.Languages[0])
	}
	return nil
}

func nonce() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails (crypto/rand.Read)
	return base64.RawURLEncoding.EncodeToString(b)
}
