package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// textsPage shows the draft's texts, language beside language.
type textsPage struct {
	look.Frame
	Head  head
	Steps []textStep
	Lead  string
	// Action is where a text is called right as it is; empty: the reader may only look. Revision is the draft's.
	Action, Revision string
}

// textStep is what a step says.
type textStep struct {
	Title string
	Texts []sideText
}

type sideText struct {
	Step     string
	Path     string
	Name     string // what the path leads to
	Wordings []sideWording
}

type sideWording struct {
	Lang, Name, Text string
	State, Class     string // empty: nothing to say
	Confirm          bool   // it can be called right as it is
}

func (r *request) texts() error {
	ctx, key := r.Request.Context(), campaigns.Key(r.Param("key"))
	pub, err := r.k.o.Engine.Publication(ctx, r.who, key)
	if err != nil {
		return err
	}
	flow, err := r.k.o.Reports.Flow(ctx, r.who, key, r.lang)
	if err != nil {
		return err
	}
	p := textsPage{Frame: r.frame(look.Campaigns, flow.Head.Name)}
	p.Head = headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "texts")
	p.Lead = p.leadOf(pub)
	if r.who.Require(engine.CampaignsWrite) == nil {
		p.Action, p.Revision = "/console/campaigns/"+string(key)+"/texts", strconv.FormatInt(pub.Campaign.DraftRev, 10)
	}
	w := words{Frame: p.Frame, def: pub.Draft}
	last := campaigns.StepID("")
	for i, t := range pub.Words {
		if i == 0 || t.Step != last {
			last = t.Step
			p.Steps = append(p.Steps, textStep{Title: titleOf(w, t.Step)})
		}
		s := &p.Steps[len(p.Steps)-1]
		s.Texts = append(s.Texts, sideOf(w, t))
	}
	return r.render("texts.html", p)
}

// leadOf says in how many texts something is to be done.
func (p *textsPage) leadOf(pub *engine.Publication) string {
	outdated, missing := len(pub.Outdated()), len(pub.Missing())
	var lead []string
	if outdated > 0 {
		lead = append(lead, p.T("console.texts.outdated", "n", outdated))
	}
	if missing > 0 {
		lead = append(lead, p.T("console.texts.missing", "n", missing))
	}
	switch {
	case len(pub.Words) == 0:
		return p.T("console.texts.one_language")
	case len(lead) == 0:
		return p.T("console.texts.none_outdated")
	}
	return strings.Join(lead, " ")
}

// confirmText calls a text right as it is.
func (r *request) confirmText() error {
	rev, err := strconv.ParseInt(r.PostForm("revision"), 10, 64)
	if err != nil || rev <= 0 {
		return fault.New(fault.Invalid, "invalid.form", nil)
	}
	at := engine.WordingAt{Step: campaigns.StepID(r.PostForm("step")), Path: r.PostForm("path"), Lang: campaigns.Lang(r.PostForm("language"))}
	key := campaigns.Key(r.Param("key"))
	if err := r.k.o.Engine.CallRight(r.Request.Context(), r.who, key, rev, at); err != nil {
		return err
	}
	r.Redirect(http.StatusSeeOther, "/console/campaigns/"+string(key)+"/texts")
	return nil
}

func titleOf(w words, id campaigns.StepID) string {
	if s := w.def.Step(id); s != nil {
		return w.title(s)
	}
	return w.T("console.texts.campaign")
}

// part says in words which text of a step, or of the campaign, the path of a difference leads to: “options a1.text” is the answer “a1”.
func (w words) part(path string) string {
	list, rest, found := strings.Cut(path, " ")
	at := strings.TrimSuffix(rest, ".text")
	switch {
	case path == "name", path == "subject", path == "text":
		return w.T("console.texts.part." + path)
	case found && list == "buttons":
		return w.T("console.texts.part.button", "n", at)
	case found && list == "options":
		return w.T("console.texts.part.option", "value", at)
	case found && list == "prompts":
		return w.T("console.texts.part.prompt", "n", at)
	}
	return path
}

var wordingClass = map[difference.WordingState]string{difference.Outdated: "stop", difference.Missing: "stop", difference.Rewritten: "wait", difference.New: "done"}

func sideOf(w words, t difference.Text) sideText {
	out := sideText{Step: string(t.Step), Path: t.Path, Name: w.part(t.Path)}
	for _, x := range t.Wordings {
		v := sideWording{Lang: string(x.Lang), Name: w.language(x.Lang), Text: x.Text, Class: wordingClass[x.State], Confirm: x.State == difference.Outdated}
		if v.Class != "" {
			v.State = w.T("console.texts.state." + string(x.State))
		}
		out.Wordings = append(out.Wordings, v)
	}
	return out
}
