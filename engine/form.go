package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// PageForm is what the page sends.
type PageForm struct {
	Step   campaigns.StepID
	Visit  int
	Nonce  string
	Values []string // chosen options
	Text   string   // typed answer, or a file's caption
	Upload *Upload  // a recording or file; read to its end while the form is stored
}

// Upload is a file that a form brings. What the browser says about it is not believed.
type Upload struct {
	Name    string
	Content io.Reader
}

// PageAnswer is what became of a sent form.
type PageAnswer struct {
	// Rejection is set when the answer was none; the sentence is locale key "answer.<Code>".
	Rejection *answers.Rejection
	// Closed: the question had closed by then, or its answer was final, so that this one does not count.
	Closed bool
}

// pageInput is a stored form.
type pageInput struct {
	Enrollment campaigns.EnrollmentID `json:"enrollment"`
	Step       campaigns.StepID       `json:"step"`
	Visit      int                    `json:"visit"`
	Text       string                 `json:"text,omitempty"`
	Options    []string               `json:"options,omitempty"`
	Buttons    bool                   `json:"buttons,omitempty"`
	File       *pageFile              `json:"file,omitempty"`
}

// pageFile is an uploaded file whose content is kept already.
type pageFile struct {
	Kind   campaigns.MediaKind `json:"kind"`
	Name   string              `json:"name"`
	MIME   string              `json:"mime"`
	SHA256 string              `json:"sha256"`
	Size   int64               `json:"size"`
}

// maxForm bounds what one form may carry.
const maxForm = 20_000

// sentForm is a form as it is stored, with what was read for it.
type sentForm struct {
	in   *store.Input
	body pageInput
	ask  *definition.Ask
	row  *store.Enrollment
	p    *store.Profile
}

// sent reads a form that came by a link. Its file is kept already.
func (e *Engine) sent(ctx context.Context, token string, form PageForm) (*sentForm, error) {
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
	if body.File, err = e.upload(ask, form.Upload); err != nil {
		return nil, err
	}
	raw := strings.ReplaceAll(string(mustJSON(body)), "\\u0000", "")
	return &sentForm{&store.Input{
		// With what it says: the form that "back" brings again has its old nonce, and may carry another answer.
		Source: "page", SourceKey: strings.ToValidUTF8(fmt.Sprintf("%d:%s:%d:%s:%x", row.ID, form.Step, form.Visit, form.Nonce, sha256.Sum256([]byte(raw))), "?"),
		Actor: memberActor(p.ID), Kind: "answer", Raw: raw, Member: p.ID,
	}, body, ask, row, p}, nil
}

// AnswerSurvey stores the form and acts on it at once.
func (e *Engine) AnswerSurvey(ctx context.Context, token string, form PageForm) (*PageAnswer, error) {
	f, err := e.sent(ctx, token, form)
	if err != nil {
		return nil, err
	}
	stored, err := e.storeInputs(ctx, []*store.Input{f.in})
	if err != nil {
		return nil, err
	}
	if stored[f.in.SourceKey] {
		// A browser that goes away takes nothing with it: a message that is on its way would be cut off, and nobody could say whether it arrived.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), formLimit)
		defer cancel()
		told, err := e.handleNow(ctx, f.in)
		if err != nil || told != nil && (told.Rejection != nil || told.Closed) {
			return told, err
		}
		e.untilSent(ctx, f.row.ID)
	}
	// The answer was taken, or no longer told to be wrong (the bot asks again only so often, a page always says so);
	// the same form was sent before, or another worker is at it. Reading an answer is the same everywhere: what it told then is known.
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	_, wrong := answers.Read(f.ask, f.body.raw(), answers.Context{Lang: spoken(f.p, c), Zone: zone(c, f.p.TimeZone), Now: e.now(), Channel: campaigns.Page})
	return &PageAnswer{Rejection: wrong}, nil
}

const (
	// pageWait is how long a page waits for the mail that the answer caused.
	pageWait = 2 * time.Second
	// pageLook is how often it looks.
	pageLook = 20 * time.Millisecond
)

// untilSent waits a moment while the passage waits for a mail: the question behind it is then on the page that comes next, and not only in the mail after it.
func (e *Engine) untilSent(ctx context.Context, id campaigns.EnrollmentID) {
	for end := time.Now().Add(pageWait); time.Now().Before(end); {
		row, err := e.Store.Enrollment(ctx, id)
		if err != nil || row.WaitKind != campaigns.WaitDelivery || !e.pause(pageLook) {
			return // what cannot be read now is read again for the page
		}
	}
}

// raw is the form's answer.
func (b pageInput) raw() campaigns.RawAnswer {
	if f := b.File; f != nil {
		return campaigns.RawAnswer{Text: b.Text, Media: &campaigns.Media{Kind: f.Kind, Size: f.Size}}
	}
	if !b.Buttons {
		return campaigns.RawAnswer{Text: b.Text}
	}
	return campaigns.RawAnswer{Text: b.Text, Options: b.Options, Buttons: true}
}

// formLimit ends the handling of a form that hangs, as the workers' own limit does.
const formLimit = 2 * time.Minute

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
		e.wake("actor", e.Waker.WakeActors(ctx, in.Actor)) // whoever came meanwhile was refused
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
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return nil, err
	}
	out, err := w.answeredOnPage(ctx, in, body)
	if err != nil {
		return nil, err
	}
	out.send, err = w.flush(ctx)
	return out, err
}

// answeredOnPage decides what a form means.
func (w *work) answeredOnPage(ctx context.Context, in *store.Input, body pageInput) (*after, error) {
	p, err := w.tx.LockMember(ctx, in.Member)
	if err != nil {
		return nil, err
	}
	in.Member = p.ID // the two may have been merged since it was stored
	if err := w.tx.TouchMember(ctx, p.ID, w.now); err != nil {
		return nil, err
	}
	p.LastActAt = &w.now
	row, err := w.tx.LockEnrollment(ctx, body.Enrollment)
	if err != nil {
		return nil, err
	}
	if row.Member != p.ID {
		return nil, fmt.Errorf("enrollment %d is another member's", row.ID)
	}
	visit := body.Visit
	if row, visit, err = stillAsked(ctx, w.tx, row, body.Step, visit); err != nil {
		return nil, err
	}
	answered := &decide.Answered{Step: body.Step, Visit: visit, Raw: body.raw(), Channel: campaigns.Page, Input: in.ID, At: w.now}
	if body.File != nil {
		if answered.Raw.Media.ID, err = uploaded(ctx, w.tx, in, p.ID, body.File, w.now); err != nil {
			return nil, err
		}
	}
	if err := w.decide(ctx, row, p, answered); err != nil {
		return nil, err
	}
	out := &after{page: &PageAnswer{}}
	if out.mark, err = w.markTwin(ctx, row, p, answered); err != nil {
		return nil, err
	}
	out.page.Closed = !w.saved && w.again == nil
	if w.again != nil {
		out.page.Rejection = &w.again.Rejection
	}
	return out, nil
}
