package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/templates"
)

// checkFormality reports what the attribute is compared with and never is. Conditions take upper and lower case for the same.
func (r *reader) checkFormality(n *node) {
	if r.out.stored { // it was an attribute like any other
		return
	}
	known := names(formalities)
	if (n.kind == textNode && n.text != "" || n.kind == numberNode || n.kind == boolNode) && !slices.Contains(known, Fold(n.text)) {
		r.out.add(n.place, "unknown_value", "value", n.text).expect(joined(formalities)).meant(r.out.nearest(n.text, known))
	}
}

// InForm is a text of the definition as those read it who are addressed by its default. d may be nil.
func (d *Definition) InForm(text string) string {
	form := campaigns.Informal
	if d != nil {
		form = d.Formality
	}
	return templates.InForm(text, string(form))
}
