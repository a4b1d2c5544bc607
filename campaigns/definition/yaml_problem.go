package definition

import (
	"errors"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// yamlProblem says what the library found, in our words: its own are English, quote the source, and name the parser's parts.
func yamlProblem(err error, tokens token.Tokens, src *source, out *sink) {
	at := Place{Line: 1, Column: 1}
	var bad *yaml.SyntaxError
	if !errors.As(err, &bad) || bad.Token == nil || bad.Token.Position == nil {
		out.add(at, "yaml_syntax")
		return
	}
	at = tokenAt(bad.Token)
	if src.slip(tokens, at, out) {
		return
	}
	code := yamlCode(bad.Message, src.at(at.Line, at.Column))
	out.add(src.settle(at), code)
}

// afterQuote reports whether a closing quotation mark stands before the place on its line.
func (s *source) afterQuote(at Place) bool {
	if at.Line > len(s.lines) || at.Column > len(s.lines[at.Line-1]) {
		return false
	}
	before := strings.TrimRight(string(s.lines[at.Line-1][:at.Column-1]), " ")
	return strings.HasSuffix(before, `"`) || strings.HasSuffix(before, "'")
}

// yamlCode sorts the library's messages (parser and scanner of goccy/go-yaml v1.19) into ours.
func yamlCode(message string, first rune) string {
	switch {
	case first == '\t', strings.Contains(message, "'\t'"):
		return "tab_indent"
	case strings.Contains(message, "quoted text"):
		return "unclosed_quote"
	case strings.Contains(message, "end token"), strings.Contains(message, "must be specified"):
		return "unclosed_bracket"
	case strings.Contains(message, "character corresponding to"):
		return "unopened_bracket"
	case strings.Contains(message, "escape"):
		return "unknown_escape"
	case strings.Contains(message, "reserved character"), strings.Contains(message, "directive"):
		return "reserved_character"
	case strings.Contains(message, "mapping value is not allowed"), strings.Contains(message, "implicit line break"):
		return "colon_in_text"
	case strings.Contains(message, "invalid key"):
		return "key_not_text"
	case strings.Contains(message, "not allowed in this context"), strings.Contains(message, "non-map value"), strings.Contains(message, "unexpected key name"):
		return "indentation"
	}
	return "yaml_syntax"
}

// settle keeps a place inside the document.
func (s *source) settle(at Place) Place {
	at.Line = min(max(at.Line, 1), len(s.lines))
	at.Column = min(max(at.Column, 1), len(s.lines[at.Line-1])+1)
	return at
}

var liquidValue = regexp.MustCompile(`(?:^\s*-|:)\s+(\{\{|\{%)`)

var liquidMark = regexp.MustCompile(`\{[{%]`)

// unquotedLiquid finds the commonest slip on the line: text that begins with "{{" is a mapping to YAML unless it is quoted.
func (s *source) unquotedLiquid(line int) (Place, bool) {
	if line > len(s.lines) {
		return Place{}, false
	}
	text := string(s.lines[line-1])
	if m := liquidValue.FindStringSubmatchIndex(text); m != nil && !inQuotes(text[:m[2]]) {
		return Place{Line: line, Column: 1 + len([]rune(text[:m[2]]))}, true
	}
	for _, m := range liquidMark.FindAllStringIndex(text, -1) { // inside brackets it cannot stand in the middle of a text either
		if before := text[:m[0]]; !inQuotes(before) && strings.Count(before, "{")+strings.Count(before, "[") > strings.Count(before, "}")+strings.Count(before, "]") {
			return Place{Line: line, Column: 1 + len([]rune(before))}, true
		}
	}
	return Place{}, false
}

func inQuotes(before string) bool { return strings.Count(before, `"`)%2 == 1 }
