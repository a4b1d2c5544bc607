package engine

import (
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// answer reads an assumed answer as one that a member gives, or notes why it is none. A recording or a file cannot be given: that there is one is enough.
func (v *previewing) answer(name string, ask *definition.Ask, values []string) {
	c := answers.Context{Lang: spoken(v.p, v.c), Zone: zone(v.c, v.p.TimeZone), Now: v.e.now(), Channel: campaigns.Page}
	if ask.Type.Media() {
		v.en.Answers[name] = campaigns.Answer{Type: ask.Type, Media: &campaigns.Media{Kind: mediaOf(ask)}, At: c.Now, Channel: c.Channel}
		return
	}
	a, wrong := answers.Read(ask, campaigns.RawAnswer{Options: values, Buttons: true}, c)
	if wrong != nil { // no option's value: perhaps it is what the member would type
		if typed, no := answers.Read(ask, campaigns.RawAnswer{Text: strings.Join(values, ", ")}, c); no == nil {
			a, wrong = typed, nil
		}
	}
	if wrong == nil {
		v.en.Answers[name] = a
		return
	}
	var options []string
	for _, o := range answers.Options(ask, campaigns.Lang(v.r.Speak), v.l.def.Languages[0]) {
		options = append(options, o.Value)
	}
	v.bad("answers."+name, "preview_answer", map[string]any{"name": name, "why": wrong.Sentence(campaigns.Lang(v.r.Speak))}, options)
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
