package templates

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdownParser is CommonMark without indented code and setext headings (an indented line in YAML and a dash line are no markup to a coordinator),
// with strikethrough and bare links, and with tables so that they can be refused.
var markdownParser = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(parser.NewBlockquoteParser(), 800),
		util.Prioritized(parser.NewHTMLBlockParser(), 900),
		util.Prioritized(indentedParagraph{parser.NewParagraphParser()}, 1000),
	),
	parser.WithInlineParsers(append(parser.DefaultInlineParsers(),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(extension.NewLinkifyParser(
			extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"}),
			extension.WithLinkifyURLRegexp(bareURL),
			extension.WithLinkifyWWWRegexp(bareWWW),
		), 999),
	)...),
	parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(),
		util.Prioritized(extension.NewTableParagraphTransformer(), 200),
	)...),
	parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
)

var (
	bareURL = regexp.MustCompile("^https?://[\\pL\\d\\x{F0000}-\\x{FFFFD}][\\pL\\d\\x{F0000}-\\x{FFFFD}.-]*(?::\\d+)?(?:[/?#][^\\s<>\"«»`]*)?")
	bareWWW = regexp.MustCompile("^www\\.[\\pL\\d-]+\\.[\\pL\\d.-]+(?:[/?#][^\\s<>\"«»`]*)?")
)

// indentedParagraph takes the lines that would be indented code elsewhere; without it goldmark would drop them.
type indentedParagraph struct{ parser.BlockParser }

func (indentedParagraph) CanAcceptIndentedLine() bool { return true }

func parseMarkdown(src []byte) ast.Node { return markdownParser.Parse(text.NewReader(src)) }

// piece is a stretch of text, or a slot.
type piece struct {
	text string
	slot int // -1 for text
	kind pieceKind
}

// pieceKind says how a slot's value is escaped where it lands.
type pieceKind uint8

const (
	slotText pieceKind = iota // shown text
	slotCode                  // shown text where newlines stand for themselves and nothing is linked
	slotURL                   // a part of a link's address
)

// pieces cuts s at its slots. The texts between are given to each.
func pieces(s string, kind pieceKind, each func(string) string) []piece {
	var out []piece
	for s != "" {
		at := strings.IndexFunc(s, isSlot)
		if at < 0 {
			return append(out, piece{each(s), -1, kind})
		}
		if at > 0 {
			out = append(out, piece{each(s[:at]), -1, kind})
		}
		r, size := utf8.DecodeRuneInString(s[at:])
		out = append(out, piece{slot: int(r - firstSlot), kind: kind})
		s = s[at+size:]
	}
	return out
}

func same(s string) string { return s }

// unescape resolves backslash escapes and entities (CommonMark §2.4, §2.5), which goldmark leaves to its renderers.
func unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			i++
			b.WriteByte(s[i])
		case s[i] == '&':
			n := entityLen(s[i:])
			b.WriteString(entity(s[i : i+n]))
			i += n - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

var entityForm = regexp.MustCompile(`^&(?:[A-Za-z][A-Za-z0-9]{0,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});`)

func entityLen(s string) int { return max(1, len(entityForm.FindString(s))) }

// entity decodes one reference. A control character or one of our slots by number is no character.
func entity(s string) string {
	decoded := html.UnescapeString(s)
	return strings.Map(func(r rune) rune {
		if isSlot(r) || r < ' ' && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, decoded)
}

// codeText is the text of an inline code span: raw, with line ends as spaces.
func codeText(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(src))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// blockText is the raw text of a code or HTML block, without the last line end.
func blockText(n ast.Node, src []byte) string {
	var b strings.Builder
	lines := n.Lines()
	for i := range lines.Len() {
		segment := lines.At(i)
		b.Write(segment.Value(src))
	}
	if h, ok := n.(*ast.HTMLBlock); ok && h.HasClosure() {
		b.Write(h.ClosureLine.Value(src))
	}
	return strings.TrimRight(b.String(), "\n")
}

// rawText is the source of inline HTML.
func rawText(n *ast.RawHTML, src []byte) string {
	var b strings.Builder
	for i := range n.Segments.Len() {
		segment := n.Segments.At(i)
		b.Write(segment.Value(src))
	}
	return b.String()
}

var notLanguage = regexp.MustCompile(`[^A-Za-z0-9+#_.-]`)

// codeLanguage is a fence's info word, as far as a class name may hold it.
func codeLanguage(n *ast.FencedCodeBlock, src []byte) string {
	return notLanguage.ReplaceAllString(string(n.Language(src)), "")
}
