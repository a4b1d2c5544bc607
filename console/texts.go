package console

import (
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/console/look"
)

// textsPage shows the draft's texts, language beside language.
type textsPage struct {
	look.Frame
	Head  head
	Steps []textStep
	Lead  string
}

// textStep is what a step says.
type textStep struct {
	Title string
	Texts []sideText
}

type sideText struct {
	Path     string
	Wordings []sideWording
}

type sideWording struct {
	Lang, Name, Text string
	State, Class     string // empty: nothing to say
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
	switch n := len(pub.Outdated()); {
	case len(pub.Words) == 0:
		p.Lead = p.T("console.texts.one_language")
	case n == 0:
		p.Lead = p.T("console.texts.none_outdated")
	default:
		p.Lead = p.T("console.texts.outdated", "n", n)
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

func titleOf(w words, id campaigns.StepID) string {
	if s := w.def.Step(id); s != nil {
		return w.title(s)
	}
	return w.T("console.texts.campaign")
}

var wordingClass = map[difference.WordingState]string{difference.Outdated: "stop", difference.Rewritten: "wait", difference.New: "done"}

func sideOf(w words, t difference.Text) sideText {
	out := sideText{Path: t.Path}
	for _, x := range t.Wordings {
		v := sideWording{Lang: string(x.Lang), Name: w.language(x.Lang), Text: x.Text, Class: wordingClass[x.State]}
		if v.Class != "" {
			v.State = w.T("console.texts.state." + string(x.State))
		}
		out.Wordings = append(out.Wordings, v)
	}
	return out
}
