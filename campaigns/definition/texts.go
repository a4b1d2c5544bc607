package definition

import (
	"strings"

	"github.com/kruzhok/kruzhok/templates"
)

// textKind says what a text is for, which decides how long it may be.
type textKind string

const (
	sendText    textKind = "send"
	mediaText   textKind = "media" // of a send with media: a caption while it is short
	askText     textKind = "ask"
	subjectText textKind = "subject"
	labelText   textKind = "label" // of a button or an option
	urlText     textKind = "url"
)

// textUse is one text in one language, to be checked when all answers are known.
type textUse struct {
	node *node
	kind textKind
}

// checkTexts parses every text and looks at its variables and its length.
func (r *reader) checkTexts() {
	allowed := r.variables()
	for _, use := range r.texts {
		if use.oneLine() && strings.Contains(strings.TrimSpace(use.node.text), "\n") {
			r.out.add(use.node.place, "several_lines")
			continue
		}
		parsed, problems := templates.Parse(use.node.text)
		for _, p := range problems {
			found := r.out.add(r.text.placeInText(use.node, p.Line, p.Column), p.Code)
			found.Args, found.Expected, found.DidYouMean = p.Args, p.Expected, p.DidYouMean
		}
		if parsed == nil || len(problems) > 0 {
			continue
		}
		r.checkVariables(use, parsed, allowed)
		r.checkLength(use, parsed.MinLength())
	}
}

func (u textUse) oneLine() bool {
	return u.kind == subjectText || u.kind == labelText || u.kind == urlText
}

// fixedVariables are what every text may name; attributes and answers are added by name.
var fixedVariables = []string{
	"member.first_name", "member.last_name", "member.full_name", "member.language", "member.external_id",
	"campaign.name", "community.name", "community.brand",
}

const (
	attributeVariable = "member.attributes."
	answerVariable    = "answers."
)

func (r *reader) variables() []string {
	list := append([]string{}, fixedVariables...)
	for _, name := range sortedKeys(r.saved) {
		list = append(list, answerVariable+name)
	}
	return list
}

func (r *reader) checkVariables(use textUse, parsed *templates.Text, allowed []string) {
	for _, v := range parsed.Variables() {
		if !r.knownVariable(v.Path) {
			at := r.text.placeInText(use.node, v.Line, v.Column)
			r.out.add(at, "unknown_variable", "variable", v.Path).expect(strings.Join(fixedVariables, ", ")).meant(meantVariable(v.Path, allowed))
		}
	}
}

func (r *reader) knownVariable(path string) bool {
	if name, ok := strings.CutPrefix(path, attributeVariable); ok {
		return nameForm.MatchString(name)
	}
	if name, ok := strings.CutPrefix(path, answerVariable); ok {
		return r.saved[name] != nil
	}
	for _, v := range fixedVariables {
		if v == path {
			return true
		}
	}
	return false
}

// meantVariable also finds "first_name" and "name" without the word before the dot.
func meantVariable(path string, allowed []string) string {
	if !strings.Contains(path, ".") {
		for _, v := range allowed {
			if strings.HasSuffix(v, "."+path) {
				return v
			}
		}
	}
	return nearest(path, allowed)
}

// checkLength holds the least length that the rendered text can have against what a message can hold.
func (r *reader) checkLength(use textUse, units int) {
	limit := 0
	switch use.kind {
	case askText:
		limit = maxAskUnits
	case sendText:
		limit = maxParts * maxPartUnits
	case mediaText:
		limit = (maxParts - 1) * maxPartUnits // the first part is the picture alone, unless all fits its caption
	case labelText:
		limit = maxLabelUnits
	case subjectText:
		limit = maxSubjectUnits
	default:
		return
	}
	if units > limit {
		r.out.add(use.node.place, "too_long", "length", units, "limit", limit)
	}
}
