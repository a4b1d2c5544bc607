package definition

import "github.com/goccy/go-yaml/token"

// yamlGuard looks at the tokens before a tree is built of them. It refuses what the language has no use for, and nesting that would
// take the parser's recursion far down: inside brackets each one is a level, outside them each level begins further to the right.
type yamlGuard struct {
	out      *sink
	brackets int
	colons   int // on this line, outside brackets
	keys     int
	line     int
	content  bool // something of the document was seen
	ended    bool
	refused  bool
}

// Bounds of what the parser is given; MaxDepth is checked on its tree.
const (
	maxBrackets = 4 * MaxDepth
	maxIndent   = 1000
	maxColons   = 50
)

func newYAMLGuard(out *sink) *yamlGuard { return &yamlGuard{out: out} }

func (g *yamlGuard) allows(tokens token.Tokens) bool {
	for _, tok := range tokens {
		if !g.allow(tok) {
			return false
		}
	}
	return !g.refused
}

// allow returns false to stop at once.
func (g *yamlGuard) allow(tok *token.Token) bool {
	switch tok.Type {
	case token.CommentType:
		return true
	case token.AnchorType, token.AliasType, token.MergeKeyType:
		g.refuse(tok, "alias")
	case token.TagType:
		g.refuse(tok, "tag")
	case token.DirectiveType:
		if tok.Position.Column == 1 {
			g.refuse(tok, "directive")
			return false
		}
	case token.DocumentHeaderType, token.DocumentEndType:
		return g.separator(tok)
	}
	if g.ended {
		g.refuse(tok, "several_documents")
		return false
	}
	g.content = true
	return g.count(tok) && g.depth(tok)
}

func (g *yamlGuard) separator(tok *token.Token) bool {
	if tok.Type == token.DocumentEndType {
		g.ended = g.content
		return true
	}
	if g.content || g.ended {
		g.refuse(tok, "several_documents")
		return false
	}
	return true
}

// count bounds the keys before the tree is built: the parser copies a mapping for each of its keys, and each key has a value.
func (g *yamlGuard) count(tok *token.Token) bool {
	if tok.Type != token.MappingValueType {
		return true
	}
	if g.keys++; g.keys > MaxNodes/2 {
		g.out.add(tokenAt(tok), "too_many_nodes", "limit", MaxNodes)
		return false
	}
	return true
}

func (g *yamlGuard) depth(tok *token.Token) bool {
	if tok.Position.Line != g.line {
		g.line, g.colons = tok.Position.Line, 0
	}
	deep := false
	switch tok.Type {
	case token.MappingStartType, token.SequenceStartType:
		g.brackets++
		deep = g.brackets > maxBrackets
	case token.MappingEndType, token.SequenceEndType:
		g.brackets = max(g.brackets-1, 0)
	case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
		if g.brackets == 0 {
			g.colons++
			deep = g.colons > maxColons || tok.Type != token.MappingValueType && tok.Position.Column > maxIndent
		}
	}
	if deep {
		g.out.add(tokenAt(tok), "too_deep", "limit", MaxDepth)
	}
	return !deep
}

func (g *yamlGuard) refuse(tok *token.Token, code string) {
	g.refused = true
	g.out.add(tokenAt(tok), code)
}

func tokenAt(tok *token.Token) Place {
	return Place{Line: max(tok.Position.Line, 1), Column: max(tok.Position.Column, 1)}
}
