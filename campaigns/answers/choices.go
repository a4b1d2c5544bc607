package answers

import (
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// nothing are the typed words for an empty list, as looseKey writes them.
var nothing = []string{"none", "none of these", "none of them", "nothing", "no", "нет", "ничего", "ничего из этого", "ничего из перечисленного", "ни один", "ни одного", "никакие"}

func pressChoices(a *campaigns.Answer, q *definition.Ask, values []string) *Rejection {
	var picked []int
	for _, value := range values {
		i := optionIndex(q, value)
		if i < 0 {
			return reject(ListOther)
		}
		picked = append(picked, i)
	}
	a.List = inOrder(q, picked)
	return nil
}

// readChoices takes texts, numbers or values of options, separated by commas, semicolons, lines or "and"; numbers also by spaces.
func readChoices(a *campaigns.Answer, q *definition.Ask, text string, c Context) *Rejection {
	p := newPicker(q, c.Lang)
	picked, ok := p.list(text)
	if !ok && !slices.Contains(nothing, looseKey(text)) {
		return reject(ListOther)
	}
	a.List = inOrder(q, picked)
	return nil
}

// inOrder returns the values of the picked options as the question lists them, each once.
func inOrder(q *definition.Ask, picked []int) []string {
	list := []string{}
	for i, o := range q.Options {
		if slices.Contains(picked, i) {
			list = append(list, o.Value)
		}
	}
	return list
}

// list reads one or more options. The whole text is tried first, then each line, then the parts between commas, so that a text which
// has commas itself is found.
func (p picker) list(text string) (picked []int, ok bool) {
	if i := p.pick(text, false); i >= 0 {
		return []int{i}, true
	}
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ';' || r == '；' })
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		found, ok := p.line(line)
		if !ok {
			return nil, false
		}
		if picked = append(picked, found...); len(picked) > maxPicks {
			return nil, false
		}
	}
	return picked, len(picked) > 0
}

// maxPicks bounds the work on a list; the language has 30 options at most.
const maxPicks = 100

// maxJoin is how many parts between commas may make one option's text.
const maxJoin = 6

func (p picker) line(line string) (picked []int, ok bool) {
	var parts []string
	for _, part := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",，、،", r) }) {
		if looseKey(part) != "" || foldKey(part) != "" {
			parts = append(parts, part)
		}
	}
	for len(parts) > 0 && len(picked) <= maxPicks {
		found, used := p.longest(parts)
		if used == 0 {
			if found, ok = p.words(parts[0]); !ok {
				return nil, false
			}
			used = 1
		}
		picked, parts = append(picked, found...), parts[used:]
	}
	return picked, len(picked) > 0
}

// longest finds the option whose text takes the most of the first parts.
func (p picker) longest(parts []string) (found []int, used int) {
	for n := min(len(parts), maxJoin); n > 0; n-- {
		if i := p.pick(strings.Join(parts[:n], ","), n == 1); i >= 0 {
			return []int{i}, n
		}
	}
	return nil, 0
}

// conjunctions stand between two options in a sentence.
var conjunctions = strings.NewReplacer(" and ", "\n", " и ", "\n", " & ", "\n", " + ", "\n")

// words reads "music and sport" and "1 3 5".
func (p picker) words(s string) (picked []int, ok bool) {
	pieces := strings.Split(conjunctions.Replace(foldKey(s)), "\n")
	if fields := strings.Fields(s); len(pieces) == 1 && !p.anyText(fields) {
		pieces = fields
	}
	if len(pieces) < 2 {
		return nil, false
	}
	for _, piece := range pieces {
		i := p.pick(piece, true)
		if i < 0 {
			return nil, false
		}
		picked = append(picked, i)
	}
	return picked, true
}

// anyText reports whether one of the fields is not a bare number.
func (p picker) anyText(fields []string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return strings.Trim(asciiDigits(f), "0123456789") != "" })
}
