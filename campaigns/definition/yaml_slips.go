package definition

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"

	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// slip says which of the commonest slips makes the document unreadable, and where it is: the library's parser notices most of them one or more lines
// later, and as something else. at is where it noticed.
func (s *source) slip(tokens token.Tokens, at Place, out *sink) bool {
	return s.liquidSlip(at, out) || s.spaceSlip(at, out) || s.commentSlip(tokens, at, out) || s.quoteSlip(tokens, at, out) ||
		s.colonSlip(at, out) || s.beginningSlip(at, out) || s.bracketSlip(tokens, at, out)
}

func (s *source) liquidSlip(at Place, out *sink) bool {
	place, ok := s.unquotedLiquid(at.Line)
	if ok {
		out.add(place, "unquoted_liquid")
	}
	return ok
}

// oddSpace is one where a line is indented or a value is set off.
var oddSpace = regexp.MustCompile(`^(?:[ \t-]*|[^"'#]*?:[ \t]*)([` + meant.Unseen + `])`)

func (s *source) spaceSlip(at Place, out *sink) bool {
	for line := max(1, at.Line-1); line <= min(at.Line, len(s.lines)); line++ {
		text := string(s.lines[line-1])
		m := oddSpace.FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		out.add(Place{Line: line, Column: 1 + len([]rune(text[:m[2]]))}, "odd_space", "character", codePoint([]rune(text[m[2]:])[0]))
		return true
	}
	return false
}

// oddIndents reports the lines that such a space begins: with it they mean something else, or fit nowhere.
func (s *source) oddIndents(tokens token.Tokens, out *sink) (found bool) {
	for _, tok := range tokens {
		at := tokenAt(tok)
		first := s.at(at.Line, at.Column)
		if tok.Type != token.StringType || out.stored || first == 0 || inBlockText(tok) || !strings.ContainsRune(meant.Unseen, first) || !strings.HasPrefix(tok.Value, string(first)) {
			continue
		}
		if strings.TrimLeft(string(s.lines[at.Line-1][:at.Column-1]), " ") == "" {
			out.add(at, "odd_space", "character", codePoint(first))
			found = true
		}
	}
	return found
}

// inBlockText reports a token that is the content of a block text (| or >): a space there is of the text.
func inBlockText(tok *token.Token) bool {
	return tok.Prev != nil && (tok.Prev.Type == token.LiteralType || tok.Prev.Type == token.FoldedType)
}

// commentSlip: inside brackets a comment that a hashtag began has swallowed what closes them.
func (s *source) commentSlip(tokens token.Tokens, at Place, out *sink) bool {
	depth := 0
	var found *token.Token
	for _, tok := range tokens {
		switch tok.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.CommentType:
			if depth > 0 && tok.Position.Line <= at.Line && strings.ContainsAny(tok.Value, "}]") && s.hasText(tok) {
				found = tok
			}
		}
	}
	if found != nil {
		out.add(tokenAt(found), "text_cut", "rest", "#"+found.Value)
	}
	return found != nil
}

// hasText reports whether the comment stands behind something on its line.
func (s *source) hasText(comment *token.Token) bool {
	line, column := comment.Position.Line, comment.Position.Column
	return s.at(line, column) == '#' && strings.TrimSpace(string(s.lines[line-1][:column-1])) != ""
}

// swallowed is how a quoted text ends that went on to the opening mark of the next one.
var swallowed = regexp.MustCompile(`[\p{L}_-]+:\s*$`)

// quoteSlip: something follows a closing quotation mark, or what seems to be one.
func (s *source) quoteSlip(tokens token.Tokens, at Place, out *sink) bool {
	i := slices.IndexFunc(tokens, func(t *token.Token) bool { return tokenAt(t) == at })
	if i < 1 || !s.afterQuote(at) {
		return false
	}
	quoted := tokens[i-1]
	if quoted.Type != token.DoubleQuoteType && quoted.Type != token.SingleQuoteType {
		return false
	}
	if place := tokenAt(quoted); swallowed.MatchString(quoted.Value) && strings.ContainsRune(`"'`, s.at(place.Line, place.Column)) {
		out.add(place, "unclosed_quote")
		return true
	}
	out.add(at, "after_quote")
	return true
}

// near are the line of the place and the one before, by their numbers.
func (s *source) near(at Place) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for _, line := range []int{at.Line, at.Line - 1} {
			if line >= 1 && line <= len(s.lines) && !yield(line, string(s.lines[line-1])) {
				return
			}
		}
	}
}

var tightColon = regexp.MustCompile(`^\s*(?:- +)*([A-Za-z_]+):([^\s:/].*)$`)

// colonSlip: a key of the language without a space after its colon is a text to YAML.
func (s *source) colonSlip(at Place, out *sink) bool {
	for line, text := range s.near(at) {
		m := tightColon.FindStringSubmatch(text)
		if m == nil || !isWord(m[1]) {
			continue
		}
		column := 1 + len([]rune(text[:strings.Index(text, m[1]+":")+len(m[1])]))
		out.add(Place{Line: line, Column: column}, "colon_without_space", "key", m[1])
		return true
	}
	return false
}

// isWord reports a key of some mapping of the language, or the tag of a language that has two letters.
func isWord(word string) bool {
	return len(word) == 2 || slices.ContainsFunc(append(objects(), segmentObject), func(o *object) bool { return o.has(word) })
}

// otherBeginning is a text without quotes that begins as something else does: a link in Markdown as a list, a hyphen as an entry of one.
var otherBeginning = regexp.MustCompile(`(?:[\w-]+:|^\s*-)\s+(?:(\[)[^\]]*\][^\s,}\]]|(-) )`)

func (s *source) beginningSlip(at Place, out *sink) bool {
	for line, text := range s.near(at) {
		m := otherBeginning.FindStringSubmatchIndex(text)
		if m == nil || m[4] >= 0 && strings.HasPrefix(strings.TrimSpace(text), "- ") {
			continue
		}
		start := max(m[2], m[4])
		out.add(Place{Line: line, Column: 1 + len([]rune(text[:start]))}, "unquoted_beginning", "sign", text[start:start+1])
		return true
	}
	return false
}

// openBracket is one that is not closed yet.
type openBracket struct {
	at     Place
	indent int // of the key or hyphen that it belongs to: what it holds stands further to the right
}

// bracketSlip: a line begins no further to the right than what the bracket belongs to, so the bracket was to be closed before.
func (s *source) bracketSlip(tokens token.Tokens, at Place, out *sink) bool {
	var open []openBracket
	line := 0
	for i, tok := range tokens {
		place := tokenAt(tok)
		if place.Line > at.Line || place.Line == at.Line && place.Column > at.Column {
			break
		}
		first := place.Line != line
		line = place.Line
		switch tok.Type {
		case token.MappingEndType, token.SequenceEndType:
			open = open[:max(len(open)-1, 0)]
			continue
		case token.CommentType:
			continue
		}
		if first && len(open) > 0 && place.Column <= open[0].indent {
			out.add(open[len(open)-1].at, "unclosed_bracket")
			return true
		}
		if tok.Type == token.MappingStartType || tok.Type == token.SequenceStartType {
			open = append(open, openBracket{place, ownerColumn(tokens, i)})
		}
	}
	return false
}

// ownerColumn is where the key or hyphen stands that the token is the value of.
func ownerColumn(tokens token.Tokens, i int) int {
	switch {
	case i >= 2 && tokens[i-1].Type == token.MappingValueType:
		return tokens[i-2].Position.Column
	case i >= 1 && tokens[i-1].Type == token.SequenceEntryType:
		return tokens[i-1].Position.Column
	}
	return 0
}
