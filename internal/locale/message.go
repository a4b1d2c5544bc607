package locale

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/feature/plural"
)

// message is one text in one language: a template for each plural form, or one under plain.
type message map[plural.Form]template

// plain marks the only template of a message without plural forms.
const plain = plural.Form(255)

// template is a text cut at its placeholders.
type template []piece

// piece is either literal text or the name of an argument.
type piece struct{ literal, name string }

var forms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two,
	"few": plural.Few, "many": plural.Many, "other": plural.Other,
}

func parseMessage(value any) (message, error) {
	switch v := value.(type) {
	case string:
		return message{plain: parseTemplate(v)}, nil
	case map[string]any:
		return parsePlural(v)
	}
	return nil, errors.New("neither a text nor plural forms (quote it?)")
}

func parsePlural(byName map[string]any) (message, error) {
	m := message{}
	for name, value := range byName {
		form, known := forms[name]
		text, isText := value.(string)
		if !known || !isText {
			return nil, fmt.Errorf("%s is not a plural form with a text", name)
		}
		m[form] = parseTemplate(text)
	}
	if _, ok := m[plural.Other]; !ok {
		return nil, errors.New(`the plural form "other" is missing`)
	}
	return m, nil
}

func parseTemplate(text string) template {
	var t template
	for text != "" {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			return append(t, piece{literal: text})
		}
		name := leadingName(text[open+1:])
		if name == "" { // the brace stands for itself
			t = append(t, piece{literal: text[:open+1]})
			text = text[open+1:]
			continue
		}
		t = append(t, piece{literal: text[:open]}, piece{name: name})
		text = text[open+len(name)+2:]
	}
	return t
}

// leadingName returns the name in "name}…", or nothing.
func leadingName(s string) string {
	end := strings.IndexByte(s, '}')
	if end <= 0 || s[0] < 'a' || s[0] > 'z' {
		return ""
	}
	for _, c := range s[:end] {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return ""
		}
	}
	return s[:end]
}

// text fills the form that args["n"] asks for.
func (m message) text(lang string, args map[string]any) string {
	t, ok := m[plain]
	if !ok {
		t = m.form(lang, args["n"])
	}
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.literal)
		if p.name != "" {
			b.WriteString(fill(lang, p.name, args))
		}
	}
	return b.String()
}

func (m message) form(lang string, n any) template {
	number, ok := toFloat(n)
	if !ok {
		return m[plural.Other]
	}
	if t, ok := m[pluralForm(lang, number)]; ok {
		return t
	}
	return m[plural.Other]
}

// fill writes one argument. {n} and fractions are numbers for reading; other whole numbers may be ids and stay bare.
func fill(lang, name string, args map[string]any) string {
	value, ok := args[name]
	if !ok {
		return "{" + name + "}"
	}
	if term, ok := value.(Term); ok {
		return T(lang, string(term), nil)
	}
	if tongue, ok := value.(Tongue); ok {
		return Language(lang, string(tongue))
	}
	number, isNumber := toFloat(value)
	_, whole := toInt(value)
	if isNumber && (name == "n" || !whole) {
		return Number(lang, number)
	}
	return fmt.Sprint(value)
}
