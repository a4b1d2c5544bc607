package templates

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// filter is one word after "|".
type filter struct {
	min, max int    // how many arguments
	usage    string // an example, for problems
	// accepts checks a literal argument when the text is parsed; nil accepts all.
	accepts func(any) bool
	apply   func(v value, args []value, env *Env) value
}

var filters = map[string]*filter{
	"default":    {1, 1, `default: "friend"`, nil, defaultTo},
	"upcase":     {0, 0, "upcase", nil, onText(func(s string, env *Env) string { return cases.Upper(tag(env)).String(s) })},
	"downcase":   {0, 0, "downcase", nil, onText(func(s string, env *Env) string { return cases.Lower(tag(env)).String(s) })},
	"capitalize": {0, 0, "capitalize", nil, onText(capitalize)},
	"strip":      {0, 0, "strip", nil, onText(func(s string, _ *Env) string { return strings.TrimSpace(s) })},
	"truncate":   {1, 2, `truncate: 30`, nil, truncateTo},
	"date":       {0, 1, `date: "%d %B"`, goodDateFormat, date},
	"plural":     {2, 6, `plural: "day", "days"`, isString, plural},
	"number":     {0, 1, "number: 1", isNumber, number},
}

var filterNames = slices.Sorted(maps.Keys(filters))

func isString(v any) bool { _, ok := v.(string); return ok }

func isNumber(v any) bool { _, ok := v.(float64); return ok }

// tag is the language of letters: Turkish upper case differs from English.
func tag(env *Env) language.Tag { return language.Make(string(env.Lang)) }

// onText makes a filter of a function over texts.
func onText(f func(string, *Env) string) func(value, []value, *Env) value {
	return func(v value, _ []value, env *Env) value {
		return value{f(show(v.v, env), env), v.own}
	}
}

func capitalize(s string, env *Env) string {
	_, n := utf8.DecodeRuneInString(s)
	return cases.Upper(tag(env)).String(s[:n]) + s[n:]
}

// defaultTo replaces what has nothing to show. false shows "no", so it stays.
func defaultTo(v value, args []value, env *Env) value {
	if strings.TrimSpace(show(v.v, env)) == "" {
		return args[0]
	}
	return v
}

func truncateTo(v value, args []value, env *Env) value {
	n, ok := asNumber(args[0].v)
	if !ok || n < 0 || n > maxValue {
		n = maxValue
	}
	ending := "…"
	if len(args) == 2 {
		ending = show(args[1].v, env)
	}
	return value{truncate(show(v.v, env), int(n), ending), v.own}
}
