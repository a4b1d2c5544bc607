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

// noteForms notes the languages in which members read the text, which has two forms. An address is for all of them; a notice is for the staff.
func (r *reader) noteForms(use textUse) {
	langs := []campaigns.Lang{use.lang}
	switch use.kind {
	case noticeText, dataText:
		return
	case urlText:
		langs = r.d.Languages
	}
	for _, lang := range langs {
		if !slices.Contains(r.d.TwoForms, lang) {
			r.d.TwoForms = append(r.d.TwoForms, lang)
		}
	}
}

// ChoosesForm reports whether whoever wants the language reads the campaign in one in which some text has both forms of address.
func (d *Definition) ChoosesForm(want campaigns.Lang) bool {
	if len(d.TwoForms) == 0 {
		return false
	}
	all := Texts{}
	for _, lang := range d.Languages {
		all[lang] = ""
	}
	_, reads := all.In(want, d.Languages[0])
	return slices.Contains(d.TwoForms, reads)
}

// HasForms reports a text of the definition that has both forms of address.
func HasForms(text string) bool {
	return templates.InForm(text, string(campaigns.Informal)) != templates.InForm(text, string(campaigns.Formal))
}

// InForm is a text of the definition as those read it who are addressed by its default. d may be nil.
func (d *Definition) InForm(text string) string {
	form := campaigns.Informal
	if d != nil {
		form = d.Formality
	}
	return templates.InForm(text, string(form))
}
