package definition

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// readYAML reads one YAML document without anchors, aliases, merge keys, tags and directives.
func readYAML(src *source, out *sink) *node {
	tokens, ok := yamlTokens(src, out)
	if !ok || !newYAMLGuard(out).allows(tokens) || src.oddIndents(tokens, out) {
		return nil
	}
	file, ok := yamlTree(tokens, src, out)
	if !ok {
		return nil
	}
	body := soleBody(file)
	if body == nil {
		out.add(Place{Line: 1, Column: 1}, "empty_document")
		return nil
	}
	y := &yamlReader{limits: limits{out: out}, src: src}
	n := y.value(body, Place{Line: 1, Column: 1}, 1)
	if y.over {
		return nil
	}
	return n
}

// soleBody returns the one value of the file; the guard has refused a second document.
func soleBody(file *ast.File) ast.Node {
	for _, doc := range file.Docs {
		if doc.Body != nil {
			return doc.Body
		}
	}
	return nil
}

// yamlTokens and yamlTree keep a panic of the library from leaving this package: its own fuzzers find one now and then.
func yamlTokens(src *source, out *sink) (tokens token.Tokens, ok bool) {
	defer func() {
		if recover() != nil {
			out.add(Place{Line: 1, Column: 1}, "yaml_syntax")
			ok = false
		}
	}()
	return lexer.Tokenize(src.text), true
}

func yamlTree(tokens token.Tokens, src *source, out *sink) (file *ast.File, ok bool) {
	defer func() {
		if recover() != nil {
			out.add(Place{Line: 1, Column: 1}, "yaml_syntax")
			ok = false
		}
	}()
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		yamlProblem(err, tokens, src, out)
		return nil, false
	}
	return file, true
}

// yamlReader turns the library's tree into nodes.
type yamlReader struct {
	limits
	src *source
}

// value reads a node; after is the place of the mark before it, for values whose own place the library does not know.
func (y *yamlReader) value(v ast.Node, after Place, depth int) *node {
	n := &node{place: y.placeOf(v, after)}
	if !y.enter(n.place, depth) {
		return n
	}
	switch v := v.(type) {
	case *ast.MappingNode:
		n.flow = v.IsFlowStyle
		y.mapping(n, v.Values, depth)
		if v.IsFlowStyle {
			n.place = y.tokenPlace(v.Start, n.place.Path)
		}
	case *ast.MappingValueNode:
		y.mapping(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		y.list(n, v, depth)
	case *ast.LiteralNode:
		n.kind, n.text, n.style = textNode, v.Value.Value, blockScalar
	case ast.ScalarNode:
		y.scalar(n, v.GetToken(), after)
	default:
		y.out.add(n.place, "yaml_syntax")
	}
	return n
}

func (y *yamlReader) scalar(n *node, tok *token.Token, after Place) {
	n.text = tok.Value
	switch tok.Type {
	case token.SingleQuoteType:
		n.kind, n.style = textNode, singleQuoted
	case token.DoubleQuoteType:
		n.kind, n.style = textNode, doubleQuoted
	default:
		n.kind, n.cut = resolve(n.text), y.cutBy(tok, after)
		if n.kind == textNode && strings.Contains(n.text, ": ") && !y.out.stored { // the library takes it between brackets; others do not
			y.out.add(n.place, "colon_in_text")
		}
	}
}

// cutBy returns the comment that ends a value without quotes on its line, or stands in its place: it may be the rest of a text. after is right behind
// the colon or hyphen before the value.
func (y *yamlReader) cutBy(tok *token.Token, after Place) *comment {
	if next := tok.Next; next != nil && next.Type == token.CommentType && y.src.hasText(next) {
		return &comment{tokenAt(next), "#" + next.Value}
	}
	if line, column := y.src.nextOnLine(after); resolve(tok.Value) == nullNode && y.src.at(line, column) == '#' {
		return &comment{Place{Line: line, Column: column}, string(y.src.lines[line-1][column-1:])}
	}
	return nil
}

func (y *yamlReader) mapping(n *node, values []*ast.MappingValueNode, depth int) {
	n.kind = mappingNode
	seen := map[string]Place{}
	for i, v := range values {
		key, at, ok := y.key(v.Key, n.place.Path)
		if i == 0 && at.Line > 0 {
			n.place.Line, n.place.Column = at.Line, at.Column
		}
		if !ok {
			y.out.add(at, "key_not_text")
			continue
		}
		colon := y.tokenPlace(v.Start, at.Path)
		colon.Column++
		e := entry{key: key, place: at, value: y.value(v.Value, colon, depth+1)}
		bare := y.bare(v.Key.GetToken())
		e.rest = n.flow && (bare || strings.Contains(key, " ")) && n.endsInText()
		n.addEntry(e, seen, y.out)
		if y.over {
			return
		}
	}
}

// endsInText reports whether the last entry so far is a text without quotes, or the rest of one.
func (n *node) endsInText() bool {
	if len(n.entries) == 0 {
		return false
	}
	last := n.entries[len(n.entries)-1]
	return last.rest || last.value.kind == textNode && last.value.style == plainScalar
}

// bare reports whether no colon follows the key, and refuses one that no space follows: the library takes it between brackets; others do not.
func (y *yamlReader) bare(key *token.Token) bool {
	colon := key.Next
	if colon == nil || colon.Type != token.MappingValueType {
		return true
	}
	at := y.tokenPlace(colon, "")
	after := y.src.at(at.Line, at.Column+1)
	if key.Type == token.StringType && y.src.at(at.Line, at.Column) == ':' && after != 0 && !strings.ContainsRune(" \t,[]{}", after) && !y.out.stored {
		y.out.add(at, "colon_without_space", "key", key.Value)
	}
	return false
}

func (y *yamlReader) key(k ast.MapKeyNode, path string) (string, Place, bool) {
	tok := k.GetToken()
	at := y.tokenPlace(tok, path)
	if _, ok := k.(ast.ScalarNode); !ok || tok.Type == token.MappingKeyType {
		return "", at, false
	}
	at.Path = child(path, tok.Value)
	return tok.Value, at, true
}

func (y *yamlReader) list(n *node, v *ast.SequenceNode, depth int) {
	n.kind, n.flow = listNode, v.IsFlowStyle
	for i, value := range v.Values {
		after := n.place
		if i < len(v.Entries) && v.Entries[i].Start != nil {
			after = y.tokenPlace(v.Entries[i].Start, "")
			after.Column++
		}
		after.Path = item(n.place.Path, i)
		n.items = append(n.items, y.value(value, after, depth+1))
		if y.over {
			return
		}
	}
}

func (y *yamlReader) tokenPlace(tok *token.Token, path string) Place {
	if tok == nil || tok.Position == nil {
		return Place{Line: 1, Column: 1, Path: path}
	}
	return Place{Line: max(tok.Position.Line, 1), Column: max(tok.Position.Column, 1), Path: path}
}

// placeOf trusts the token where the source agrees with it. The token of a text over several lines may name a later line: then the
// first character after the mark before it is the place.
func (y *yamlReader) placeOf(v ast.Node, after Place) Place {
	at := y.tokenPlace(v.GetToken(), after.Path)
	tok := v.GetToken()
	if _, ok := v.(ast.ScalarNode); !ok || tok == nil || tok.Value == "" {
		return at
	}
	first := []rune(tok.Value)[0]
	if _, null := v.(*ast.NullNode); null && y.src.at(at.Line, at.Column) != first {
		return after // nothing is written: right behind the colon or hyphen
	}
	if tok.Type != token.StringType {
		return at
	}
	if y.src.at(at.Line, at.Column) == first && !strings.Contains(strings.TrimSpace(tok.Origin), "\n") {
		return at
	}
	if line, column := y.src.firstAfter(after.Line, after.Column); y.src.at(line, column) == first {
		at.Line, at.Column = line, column
	}
	return at
}

// nextOnLine is the first place from this one on, on its line, where no space stands.
func (s *source) nextOnLine(at Place) (line, column int) {
	line, column = at.Line, at.Column
	for s.at(line, column) == ' ' {
		column++
	}
	return line, column
}

// firstAfter returns the first character from the place on that is neither white space nor a comment.
func (s *source) firstAfter(line, column int) (int, int) {
	for line <= len(s.lines) {
		switch r := s.at(line, column); r {
		case 0, '#':
			line, column = line+1, 1
		case ' ', '\t':
			column++
		default:
			return line, column
		}
	}
	return line, column
}
