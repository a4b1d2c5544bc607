package engine

import (
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// answer reads an assumed answer as one that a member gives to one of the questions of the name, or notes why it is none.
func (v *previewing) answer(name string, asks []*definition.Ask, values []string) {
	c := answers.Context{Lang: spoken(v.p, v.c), Zone: zone(v.c, v.p.TimeZone), Now: v.e.now(), Channel: campaigns.Page}
	var refused *answers.Rejection
	var options []string
	for _, ask := range asks {
		a, wrong := assumed(ask, values, c)
		if wrong == nil {
			v.en.Answers[name] = a
			return
		}
		refused = wrong
		for _, o := range answers.Options(ask, campaigns.Lang(v.r.Speak), v.l.def.Languages[0]) {
			if !slices.Contains(options, o.Value) {
				options = append(options, o.Value)
			}
		}
	}
	v.bad("answers."+name, "preview_answer", map[string]any{"name": name, "why": refused.Sentence(campaigns.Lang(v.r.Speak))}, options)
}

// assumed is the answer to one question. A recording or a file cannot be given: that there is one is enough.
func assumed(ask *definition.Ask, values []string, c answers.Context) (campaigns.Answer, *answers.Rejection) {
	if ask.Type.Media() {
		return campaigns.Answer{Type: ask.Type, Media: &campaigns.Media{Kind: mediaOf(ask)}, At: c.Now, Channel: c.Channel}, nil
	}
	a, wrong := answers.Read(ask, campaigns.RawAnswer{Options: values, Buttons: true}, c)
	if wrong != nil { // no option's value: perhaps it is what the member would type
		if typed, no := answers.Read(ask, campaigns.RawAnswer{Text: strings.Join(values, ", ")}, c); no == nil {
			return typed, nil
		}
	}
	return a, wrong
}

// mediaOf is a kind of file that the question takes.
func mediaOf(ask *definition.Ask) campaigns.MediaKind {
	switch {
	case len(ask.Accept) > 0:
		return ask.Accept[0]
	case ask.Type == campaigns.File:
		return campaigns.MediaDocument
	}
	return campaigns.MediaKind(ask.Type)
}
