package answers

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

func readChoice(a *campaigns.Answer, q *definition.Ask, text string, c Context) *Rejection {
	p := newPicker(q, c.Lang)
	if i := p.pick(text, true); i >= 0 {
		a.Text = q.Options[i].Value
		return nil
	}
	if list, ok := p.list(text); ok && len(list) > 1 {
		return reject(ChoiceOne)
	}
	return reject(ChoiceOther)
}

// optionIndex returns the place of the option with exactly this value, or -1.
func optionIndex(q *definition.Ask, value string) int {
	return slices.IndexFunc(q.Options, func(o definition.Option) bool { return o.Value == value })
}
