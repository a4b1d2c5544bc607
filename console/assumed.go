package console

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// assumedField is where something can be assumed.
type assumedField struct {
	ID, Field, Label, Hint string
	Widget                 string // text, list, ticks or date
	Value                  string
	None                   string // of a list: nothing is assumed
	Options                []choice
	Error                  string
}

// ask makes the fields, each with what is wrong with what stands in it.
func (p *previewPage) ask(s seen, of *engine.Previewable, refused error) {
	wrongAt := map[string]string{}
	for _, d := range fault.Details(refused, p.Lang) {
		wrongAt[d.Path] = d.Message
	}
	if around := of.Definition.RepeatOf(s.step); around != nil {
		p.Round = &assumedField{ID: "round", Field: "round", Value: strconv.Itoa(max(1, s.round)), Label: p.T("console.preview.round", "n", around.Repeat().Times), Error: wrongAt["round"]}
	}
	if len(of.Definition.TwoForms) > 0 {
		p.Form = p.formField(s, wrongAt)
	}
	for _, name := range of.Attributes {
		if p.Form != nil && name == campaigns.FormalityAttribute { // it has its field
			continue
		}
		p.Attributes = append(p.Attributes, assumedField{ID: attributeField + name, Field: attributeField + name, Label: name, Widget: "text", Value: s.typed.Attributes[name]})
	}
	p.Unfold = p.Unfold || len(s.typed.Answers) > 0
	own := []string{"round"}
	if p.Form != nil {
		own = append(own, "attributes."+campaigns.FormalityAttribute)
	}
	for _, q := range questions(of.Definition) {
		f := p.answerField(words{Frame: p.Frame, def: of.Definition}, q, s.typed.Answers[q.SavesAs()])
		f.Error = wrongAt["answers."+q.SavesAs()]
		own = append(own, "answers."+q.SavesAs())
		p.Answers = append(p.Answers, f)
	}
	if refused != nil {
		p.refuse(refused, own...)
	}
}

// formField chooses the form of address.
func (p *previewPage) formField(s seen, wrongAt map[string]string) *assumedField {
	const name = campaigns.FormalityAttribute
	f := &assumedField{
		ID: "form", Field: attributeField + name, Label: p.T("console.preview.form"), Widget: "list", None: p.T("console.preview.form_open"), Error: wrongAt["attributes."+name],
	}
	for _, form := range campaigns.Formalities() {
		f.Options = append(f.Options, choice{string(form), p.T("formality." + string(form)), s.typed.Attributes[name] == string(form)})
	}
	return f
}

// questions are those of a campaign, one for each name that an answer is kept under: the last, as the renderer takes it.
func questions(def *definition.Definition) (out []*definition.Step) {
	last := map[string]*definition.Step{}
	for _, q := range def.Questions() {
		last[q.SavesAs()] = q
	}
	for _, q := range def.Questions() {
		if last[q.SavesAs()] == q {
			out = append(out, q)
		}
	}
	return out
}

func (p *previewPage) answerField(w words, q *definition.Step, given []string) assumedField {
	ask, name := q.Ask(), q.SavesAs()
	f := assumedField{ID: answerField + name, Field: answerField + name, Label: w.title(q), Hint: name, Widget: "text", Value: strings.Join(given, ", ")}
	switch {
	case ask.Type.Media():
		f.Widget, f.Options = "ticks", []choice{{"given", p.T("console.preview.recorded"), len(given) > 0}}
		return f
	case ask.Type == campaigns.Choices:
		f.Widget = "ticks"
	case ask.Type == campaigns.Date:
		f.Widget = "date"
	}
	for _, o := range answers.Options(ask, campaigns.Lang(p.Lang), w.def.Languages[0]) {
		f.Options = append(f.Options, choice{o.Value, w.bare(o.Label), slices.Contains(given, o.Value)})
	}
	if len(f.Options) > 0 && f.Widget == "text" {
		f.Widget, f.None = "list", p.T("console.preview.unanswered")
	}
	return f
}
