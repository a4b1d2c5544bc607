package answers

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// picker finds options by what was typed. It holds the texts of the options in the forms that are compared.
type picker struct {
	options []names
	// numeric: an option's text begins with a number ("1–2 times", "3–5 times"), so that a number more likely means a text.
	numeric bool
}

// names are the ways to name one option: its text in the member's language, all its texts, and its value.
type names struct {
	own, all [levels][]string
	value    string
}

// levels of likeness, from strict to loose: "C#" is found before "C", although both are "c" without punctuation.
const (
	levels     = 3
	looseLevel = 2
)

var likeness = [levels]func(string) string{clean, foldKey, looseKey}

// What pick returns when it finds no option.
const (
	nowhere = -1 // nothing fits
	vague   = -2 // several fit equally well
)

func newPicker(q *definition.Ask, lang campaigns.Lang) picker {
	var p picker
	for _, o := range q.Options {
		n := names{value: foldKey(o.Value)}
		own := ownText(o.Text, lang)
		for _, text := range o.Text {
			for level, key := range likeness {
				k := key(text)
				n.all[level] = append(n.all[level], k)
				if text == own {
					n.own[level] = append(n.own[level], k)
				}
			}
			first := asciiDigits(looseKey(text)) + " "
			p.numeric = p.numeric || '0' <= first[0] && first[0] <= '9'
		}
		p.options = append(p.options, n)
	}
	return p
}

// ownText returns the text in the language or its base, or nothing.
func ownText(t definition.Texts, lang campaigns.Lang) string {
	if text, ok := t[lang]; ok {
		return text
	}
	base, _, _ := strings.Cut(string(lang), "-")
	return t[campaigns.Lang(base)]
}

// pick returns the place of the option that s names, or a negative number: by text in the member's language, by text in any, by
// number 1…n, by value. Loose also lets punctuation differ and takes numbers.
func (p picker) pick(s string, loose bool) int {
	top := looseLevel
	if !loose {
		top--
	}
	var keys [levels]string
	for level := range top + 1 {
		keys[level] = likeness[level](s)
	}
	for _, own := range []bool{true, false} {
		for level := range top + 1 {
			if i := p.byText(keys[level], level, own); i != nowhere {
				return i
			}
		}
	}
	if i := p.byNumber(s); loose && i != nowhere {
		return i
	}
	return p.only(func(n names) bool { return keys[1] != "" && n.value == keys[1] })
}

func (p picker) byText(key string, level int, own bool) int {
	if key == "" {
		return nowhere
	}
	return p.only(func(n names) bool {
		if own {
			return slices.Contains(n.own[level], key)
		}
		return slices.Contains(n.all[level], key)
	})
}

// only returns the place of the one option that fits, or nowhere, or vague.
func (p picker) only(fits func(names) bool) int {
	found := nowhere
	for i, n := range p.options {
		if !fits(n) {
			continue
		}
		if found != nowhere {
			return vague
		}
		found = i
	}
	return found
}

// byNumber reads "2", "2." or "№ 2" as the second option.
func (p picker) byNumber(s string) int {
	if p.numeric {
		return nowhere
	}
	key := strings.Trim(plain(s), " .)(#:")
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(key, "№")))
	if err != nil || n < 1 || n > len(p.options) || key[0] == '+' {
		return nowhere
	}
	return n - 1
}
