package console

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// previewPage shows one message as it would be sent, and asks as whose.
type previewPage struct {
	look.Frame
	Head            head
	Action          string // of both forms
	Problem         string
	Wrong           []wrong // what has no field of its own
	Versions, Steps []choice
	Languages       []choice
	Before, After   string // addresses of the messages beside it
	Which           string
	Views           tabs
	Chat            *chatView
	Mail            *mailView
	Survey          *surveyFrame
	Notes           []string
	Missing         string
	Round, Form     *assumedField
	Whose           *previewMember // nil: somebody made up
	First, Last     string
	Attributes      []assumedField
	Answers         []assumedField
	Unfold          bool // the answers are wanted, or given
	Find            memberFinder
}

// preview shows what the address says.
func (r *request) preview() error {
	s, err := r.seen()
	if err != nil {
		return err
	}
	return r.showPreview(http.StatusOK, s, nil, memberFinder{})
}

// previewAs takes what was typed: a search is answered here, everything else gets an address.
func (r *request) previewAs() error {
	s, err := r.seen()
	if err != nil {
		return err
	}
	if err := r.Request.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "too_large.form", nil)
	}
	if r.PostForm("do") == "find" {
		found, err := r.findMembers(s)
		if err != nil {
			return err
		}
		return r.showPreview(http.StatusOK, s, nil, found)
	}
	if err := r.take(&s, r.Request.PostForm); err != nil {
		if fault.Is(err, fault.Invalid) {
			return r.showPreview(http.StatusUnprocessableEntity, s, err, memberFinder{})
		}
		return err
	}
	r.Redirect(http.StatusSeeOther, s.at(""))
	return nil
}

func (r *request) showPreview(status int, s seen, refused error, find memberFinder) error {
	ctx := r.Request.Context()
	flow, err := r.k.o.Reports.Flow(ctx, r.who, s.key, r.lang)
	if err != nil {
		return err
	}
	p := previewPage{Frame: r.frame(look.Campaigns, flow.Head.Name), Action: s.at(""), First: s.typed.First, Last: s.typed.Last, Find: find}
	p.Head = headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "preview")
	p.Versions = p.versions(flow.Version, s.version)
	if p.Find.May = r.who.Require(engine.MembersRead) == nil; p.Find.Rows == nil {
		p.Find.Action = p.Action
	}
	if err := r.whose(&p, s); err != nil {
		return err
	}
	of, err := r.k.o.Engine.Previewable(ctx, r.who, s.key, s.version)
	if fault.Is(err, fault.Invalid) {
		p.refuse(err)
		return r.renderStatus(status, "preview.html", p)
	}
	if err != nil {
		return err
	}
	p.choose(&s, of)
	if refused == nil {
		refused = r.look(&p, s, of)
	}
	if refused != nil && !fault.Is(refused, fault.Invalid) {
		return refused
	}
	p.ask(s, of, refused)
	return r.renderStatus(status, "preview.html", p)
}

// look renders the message.
func (r *request) look(p *previewPage, s seen, of *engine.Previewable) error {
	if len(of.Steps) == 0 {
		return fault.New(fault.Invalid, "invalid.preview", nil).With(fault.Detail{Code: "preview_nothing"})
	}
	made, err := r.k.o.Engine.Preview(r.Request.Context(), r.who, s.asked(r.lang))
	if err != nil {
		return err
	}
	p.show(s, made)
	return nil
}

func (p *previewPage) versions(live, chosen int) []choice {
	out := []choice{{"0", p.T("console.preview.draft"), chosen == 0}}
	for v := live; v > 0; v-- {
		name := p.T("console.preview.version", "version", v)
		if v == live {
			name = p.T("console.preview.live", "version", v)
		}
		out = append(out, choice{strconv.Itoa(v), name, v == chosen})
	}
	return out
}

// choose fills in the step and the view that the address left open, and leads to the others.
func (p *previewPage) choose(s *seen, of *engine.Previewable) {
	w := words{Frame: p.Frame, def: of.Definition}
	if reads := campaigns.Lang(p.Lang); s.language == "" && s.member == 0 && slices.Contains(of.Definition.Languages, reads) {
		s.language = reads
	}
	if s.step == "" && len(of.Steps) > 0 {
		s.step = of.Steps[0].ID
	}
	for i, step := range of.Steps {
		chosen := step.ID == s.step
		p.Steps = append(p.Steps, choice{string(step.ID), strconv.Itoa(i+1) + ". " + w.title(step), chosen})
		if !chosen {
			continue
		}
		p.Which = p.T("console.preview.which", "n", i+1, "of", p.N(len(of.Steps)))
		if i > 0 {
			p.Before = s.beside(of.Steps[i-1].ID)
		}
		if i+1 < len(of.Steps) {
			p.After = s.beside(of.Steps[i+1].ID)
		}
		p.views(s, of.Definition, step)
	}
	for _, lang := range of.Definition.Languages {
		p.Languages = append(p.Languages, choice{string(lang), w.language(lang), lang == s.language})
	}
}

// beside is the address of another step for the same member.
func (s seen) beside(step campaigns.StepID) string {
	s.step, s.view = step, ""
	return s.at("")
}

// views are the channels that the step is tried on, and the page behind a question's mail.
func (p *previewPage) views(s *seen, def *definition.Definition, step *definition.Step) {
	list := slices.Clone(engine.ShownOn(def, step))
	if step.Ask() != nil && slices.Contains(list, campaigns.Email) {
		list = append(list, campaigns.Page)
	}
	if !slices.Contains(list, s.view) {
		s.view = list[0]
	}
	p.Views.Label = p.T("console.preview.views")
	for _, view := range list {
		to := *s
		to.view = view
		p.Views.Items = append(p.Views.Items, tab{to.at(""), p.T("console.channel." + string(view)), view == s.view})
	}
}

// refuse says what is wrong where no field can: at the top. Details at the paths that have a field stay for them.
func (p *previewPage) refuse(err error, fields ...string) {
	p.Problem = fault.Message(err, p.Lang)
	for _, d := range fault.Details(err, p.Lang) {
		if slices.Contains(fields, d.Path) {
			continue
		}
		x := wrong{Text: locale.Hinted(p.Lang, d.Message, d.DidYouMean, d.Expected)}
		if d.Line > 0 {
			x.At = p.T("console.segments.line", "n", d.Line)
		}
		p.Wrong = append(p.Wrong, x)
	}
}

// previewMail serves the letter for its frame.
func (r *request) previewMail() error {
	made, err := r.made(campaigns.Email)
	if err != nil {
		return err
	}
	look.Letter(r.Context, string(made.Messages[0].Mail.HTML))
	return nil
}

// previewPage serves the page behind a mail for its frame.
func (r *request) previewPage() error {
	made, err := r.made(campaigns.Page)
	if err != nil {
		return err
	}
	if made.Page == nil {
		return fault.New(fault.NotFound, "not_found.page", nil)
	}
	var b bytes.Buffer
	if err := r.k.o.SurveyPage(&b, made.Page); err != nil {
		return fault.Wrap(fault.Internal, err, "internal", nil)
	}
	look.Framed(r.Context, b.Bytes())
	return nil
}

// made renders what the address of a frame says.
func (r *request) made(view campaigns.Channel) (*engine.Preview, error) {
	s, err := r.seen()
	if err != nil {
		return nil, err
	}
	s.view = view
	return r.k.o.Engine.Preview(r.Request.Context(), r.who, s.asked(r.lang))
}
