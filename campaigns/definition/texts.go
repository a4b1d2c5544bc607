package definition

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/templates"
)

// textKind says what a text is for, which decides how long it may be.
type textKind string

const (
	sendText    textKind = "send"
	mediaText   textKind = "media" // of a send with media: a caption while it is short
	askText     textKind = "ask"
	subjectText textKind = "subject"
	labelText   textKind = "label"  // of a button
	optionText  textKind = "option" // of a question: plain text
	urlText     textKind = "url"
	promptText  textKind = "prompt" // of a round: plain text
	noticeText  textKind = "notice"
	dataText    textKind = "data" // what a call sends: no Markdown
)

// textUse is one text in one language, to be checked when all answers are known.
type textUse struct {
	node   *node
	kind   textKind
	lang   campaigns.Lang // empty: the same for all
	around *Repeat        // the repeat that the text stands in, or nil
}

// checkTexts parses every text and looks at its variables and its length. It ends when texts alone have as many problems as are shown: each costs a walk
// through its text, to find its place.
func (r *reader) checkTexts() {
	before := len(r.out.list)
	r.enough = func() bool { return len(r.out.list)-before >= MaxProblems }
	for _, use := range r.texts {
		if r.enough() {
			return
		}
		if use.oneLine() && strings.Contains(strings.TrimSpace(use.node.text), "\n") {
			r.out.add(use.node.place, "several_lines")
			continue
		}
		if use.kind == promptText {
			r.checkPrompt(use.node)
			continue
		}
		if use.kind == optionText && hasLiquid(use.node.text) && !r.out.stored {
			r.out.add(use.node.place, "option_plain")
			continue
		}
		if use.kind == dataText {
			r.checkData(use)
			continue
		}
		parsed, problems := templates.Parse(use.node.text)
		if r.textProblems(use, problems) || parsed == nil {
			continue
		}
		r.checkVariables(use, parsed.Variables())
		r.checkPlurals(use, parsed.Plurals())
		r.checkLength(use, parsed.MinLength())
	}
}

// textProblems reports what is wrong inside a text, and whether anything is.
func (r *reader) textProblems(use textUse, problems []templates.Problem) bool {
	for _, p := range problems[:min(len(problems), MaxProblems)] {
		found := r.out.add(r.text.placeInText(use.node, p.Line, p.Column), p.Code)
		found.Args, found.Expected, found.DidYouMean = p.Args, p.Expected, p.DidYouMean
	}
	return len(problems) > 0
}

// checkData: what a call sends.
func (r *reader) checkData(use textUse) {
	if units := utf8.RuneCountInString(use.node.text); units > maxSent {
		r.out.add(use.node.place, "too_long", "length", units, "limit", maxSent)
	}
	parsed, problems := templates.ParseData(use.node.text)
	if !r.textProblems(use, problems) {
		r.checkVariables(use, parsed.Variables())
	}
}

func (u textUse) oneLine() bool {
	return u.kind == subjectText || u.kind == labelText || u.kind == optionText || u.kind == urlText || u.kind == promptText
}

// checkPrompt: a prompt is a value, written as it stands.
func (r *reader) checkPrompt(n *node) {
	if hasLiquid(n.text) {
		r.out.add(n.place, "prompt_plain")
	}
	if units := len(utf16.Encode([]rune(n.text))); units > maxPromptUnits {
		r.out.add(n.place, "too_long", "length", units, "limit", maxPromptUnits)
	}
}

func hasLiquid(text string) bool { return strings.Contains(text, "{{") || strings.Contains(text, "{%") }

// fixedVariables are what every text may name; attributes and answers are added by name.
var fixedVariables = []string{
	"member.first_name", "member.last_name", "member.full_name", "member.language", templates.FormVariable, "member.external_id",
	"campaign.name", "community.name", "community.brand", "points", "rounds_done",
}

// roundVariables are what texts inside a repeat may name too; the last needs prompts.
var roundVariables = []string{"round", "rounds", "prompt"}

const (
	attributeVariable = "member.attributes."
	answerVariable    = "answers."
	callVariable      = "call."
	broughtVariable   = "event." // a field of the event with which the run began
)

// variables are what the text may name, attributes apart.
func (r *reader) variables(use textUse) []string {
	list := slices.Clone(fixedVariables)
	if p := use.around; p != nil {
		list = append(list, roundVariables[:2]...)
		if len(p.Prompts) > 0 {
			list = append(list, roundVariables[2])
		}
	}
	for _, name := range sortedKeys(r.saved) {
		list = append(list, answerVariable+name)
	}
	return list
}

func (r *reader) checkVariables(use textUse, read []templates.Variable) {
	allowed := r.variables(use)
	for _, v := range read {
		if r.enough() {
			return
		}
		if v.Path == templates.FormVariable {
			r.noteForms(use)
		}
		if slices.Contains(allowed, v.Path) {
			continue
		}
		if name, ok := strings.CutPrefix(v.Path, attributeVariable); ok && nameForm.MatchString(name) {
			r.doubtAttribute(name, func() Place { return r.text.placeInText(use.node, v.Line, v.Column) })
			continue
		}
		at := r.text.placeInText(use.node, v.Line, v.Column)
		if path, ok := strings.CutPrefix(v.Path, callVariable); ok {
			r.checkCalled(at, path)
			continue
		}
		if name, ok := strings.CutPrefix(v.Path, broughtVariable); ok && nameForm.MatchString(name) {
			r.brings(at, name)
			continue
		}
		switch {
		case v.Path == "prompt" && use.around != nil:
			r.out.add(at, "prompt_missing")
		case slices.Contains(roundVariables, v.Path):
			r.out.add(at, "round_outside_repeat", "variable", v.Path)
		default:
			if _, ok := r.out.lookalike(at, v.Path, allowed); ok {
				continue
			}
			if name, ok := strings.CutPrefix(v.Path, answerVariable); ok && r.maybe(name) {
				continue // the question was not read
			}
			r.out.add(at, "unknown_variable", "variable", v.Path).expect(strings.Join(fixedVariables, ", ")).meant(r.meantVariable(v.Path, allowed))
		}
	}
}

// checkPlurals reports a number with too few words: «5 балла».
func (r *reader) checkPlurals(use textUse, plurals []templates.Plural) {
	if use.lang == "" || r.out.stored {
		return
	}
	for _, p := range plurals {
		if need := templates.PluralWords(use.lang); p.Words < need && !r.enough() {
			at := r.text.placeInText(use.node, p.Line, p.Column)
			r.out.add(at, "plural_words", "language", string(use.lang), "n", need, "numbers", samples(use.lang, "%d")).expect(pluralExample(use.lang))
		}
	}
}

func pluralExample(lang campaigns.Lang) string {
	if lang == "ru" {
		return `plural: "балл", "балла", "баллов"`
	}
	return "plural: " + samples(lang, `"%d …"`)
}

// samples lists the numbers that take the language's words, in their order.
func samples(lang campaigns.Lang, form string) string {
	var out []string
	for _, n := range templates.PluralSamples(lang) {
		out = append(out, fmt.Sprintf(form, n))
	}
	return strings.Join(out, ", ")
}

// brings notes a field of the event that begins a run.
func (r *reader) brings(at Place, name string) {
	if r.d.Entry.Event == "" {
		r.out.add(at, "brought_by_nothing", "name", name)
	} else if !slices.Contains(r.d.Brought, name) {
		r.d.Brought = append(r.d.Brought, name)
	}
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
	case noticeText:
		limit = maxNoticeUnits
	case labelText, optionText:
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
