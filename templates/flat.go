package templates

import (
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// mark is one tag around a stretch of text.
type mark struct {
	id   int // tells two neighbours of the same kind apart
	tag  string
	lang string  // of pre
	href address // of a
}

type opKind uint8

const (
	opText  opKind = iota
	opSlot         // a value
	opBreak        // at least n newlines before what follows
)

// op is one instruction of a flat program.
type op struct {
	kind   opKind
	text   string
	slot   int
	escape pieceKind
	n      int
	marks  []mark
	prefix string // what each line begins with
	aside  bool   // the address after a link, which a line leaves out
}

// flattener turns the Markdown tree into a flat program: for Telegram with marks, for plain text with signs.
type flattener struct {
	src    []byte
	plain  bool
	ops    []op
	marks  []mark
	prefix string
	aside  bool
	ids    int
	depth  int  // of lists
	glued  bool // the next block goes on in the line of its bullet
}

func compileFlat(root ast.Node, src []byte, plain bool) []op {
	f := &flattener{src: src, plain: plain}
	f.children(root)
	return f.ops
}

func (f *flattener) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		f.node(c)
	}
}

func (f *flattener) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		f.gap(2)
		f.children(n)
	case *ast.Heading:
		f.gap(2)
		f.within(mark{tag: "b"}, func() { f.children(n) })
	case *ast.ThematicBreak:
		f.gap(2)
		f.text("———")
	case *ast.FencedCodeBlock:
		f.gap(2)
		f.code(mark{tag: "pre", lang: codeLanguage(n, f.src)}, blockText(n, f.src))
	case *ast.HTMLBlock:
		f.gap(2)
		f.pieces(pieces(blockText(n, f.src), slotText, same))
	case *ast.Blockquote:
		f.quote(n)
	case *ast.List:
		f.list(n)
	case *east.Table:
		f.gap(2)
		f.table(n)
	default:
		f.inline(n)
	}
}

func (f *flattener) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		f.pieces(pieces(string(n.Segment.Value(f.src)), slotText, unescape))
		if n.SoftLineBreak() || n.HardLineBreak() {
			f.text("\n")
		}
	case *ast.String:
		f.text(string(n.Value))
	case *ast.Emphasis:
		tag := "i"
		if n.Level > 1 {
			tag = "b"
		}
		f.within(mark{tag: tag}, func() { f.children(n) })
	case *east.Strikethrough:
		f.within(mark{tag: "s"}, func() { f.children(n) })
	case *ast.CodeSpan:
		f.code(mark{tag: "code"}, codeText(n, f.src))
	case *ast.Link:
		f.link(n)
	case *ast.AutoLink:
		f.pieces(autoLabel(n, f.src))
	case *ast.RawHTML:
		f.pieces(pieces(rawText(n, f.src), slotText, same))
	default:
		f.children(n)
	}
}

// gap asks for newlines before the next block.
func (f *flattener) gap(n int) {
	if f.glued {
		f.glued = false
		return
	}
	f.ops = append(f.ops, op{kind: opBreak, n: n})
}

func (f *flattener) text(s string) { f.pieces([]piece{{s, -1, slotText}}) }

func (f *flattener) pieces(ps []piece) {
	f.glued = false
	for _, p := range ps {
		o := op{kind: opSlot, text: p.text, slot: p.slot, escape: p.kind, marks: f.marks, prefix: f.prefix, aside: f.aside}
		if p.slot < 0 {
			o.kind = opText
		}
		f.ops = append(f.ops, o)
	}
}

// within puts a mark around what do writes, unless the same kind is there already or the text is plain.
func (f *flattener) within(m mark, do func()) {
	if f.plain || f.has(m.tag) {
		do()
		return
	}
	f.ids++
	m.id = f.ids
	outer := f.marks
	f.marks = append(slices.Clone(outer), m)
	do()
	f.marks = outer
}

func (f *flattener) has(tag string) bool {
	return slices.ContainsFunc(f.marks, func(m mark) bool { return m.tag == tag })
}

// code writes raw text. On Telegram code holds no other entity and stands in none but a quote (Bot API, "Formatting options"):
// inside a link the link wins, inside bold the code does.
func (f *flattener) code(m mark, s string) {
	outer, prefix := f.marks, f.prefix
	defer func() { f.marks, f.prefix = outer, prefix }()
	if !f.plain {
		f.prefix = ""
	}
	if f.has("a") {
		f.pieces(pieces(s, slotText, same))
		return
	}
	f.marks = slices.DeleteFunc(slices.Clone(outer), func(m mark) bool { return m.tag != "blockquote" })
	f.within(m, func() { f.pieces(pieces(s, slotCode, same)) })
}

func (f *flattener) quote(n ast.Node) {
	f.gap(2)
	f.glued = true
	outer := f.prefix
	if f.plain {
		f.prefix += "> "
	}
	f.within(mark{tag: "blockquote"}, func() { f.children(n) })
	f.glued, f.prefix = false, outer
}

// link: Telegram makes no links of mailto (it drops the entity), so the address is shown there as in plain text.
func (f *flattener) link(n *ast.Link) {
	a := linkAddress(string(n.Destination))
	if len(a) == 0 || !a.usable() {
		f.children(n)
		return
	}
	if !f.plain && a.scheme() != "mailto" {
		f.within(mark{tag: "a", href: a}, func() { f.children(n) })
		return
	}
	from := len(f.ops)
	f.children(n)
	if a.scheme() == "mailto" {
		a = append(address{{strings.TrimPrefix(a.head(), a.head()[:len("mailto:")]), -1, slotURL}}, a[1:]...)
	}
	if !sameAddress(f.ops[from:], a) {
		f.asideAddress(a)
	}
}

func (f *flattener) asideAddress(a address) {
	f.aside = true
	f.text(" (")
	f.pieces(a)
	f.text(")")
	f.aside = false
}

// sameAddress reports whether a link's label is its address.
func sameAddress(label []op, a address) bool {
	if len(label) != 1 || len(a) != 1 {
		return false
	}
	return label[0].kind == opText && a[0].slot < 0 && label[0].text == a[0].text
}

func (f *flattener) list(n *ast.List) {
	between := 2
	if n.IsTight {
		between = 1
	}
	if f.depth == 0 {
		f.gap(2)
	} else {
		f.gap(1)
	}
	outer, number := f.prefix, n.Start
	f.depth++
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		if item != n.FirstChild() {
			f.gap(between)
		}
		sign := f.bullet(n, number)
		number++
		f.text(sign)
		f.prefix = outer + f.indent(sign)
		f.glued = true
		f.item(item, between)
		f.prefix, f.glued = outer, false
	}
	f.depth--
}

// item writes the blocks of a list item, closer together than blocks of the text.
func (f *flattener) item(item ast.Node, between int) {
	for c := item.FirstChild(); c != nil; c = c.NextSibling() {
		switch c.(type) {
		case *ast.Paragraph, *ast.TextBlock:
			f.gap(between)
			f.children(c)
		default:
			f.node(c)
		}
	}
}

func (f *flattener) bullet(n *ast.List, number int) string {
	switch {
	case n.IsOrdered():
		return strconv.Itoa(number) + ". "
	case f.plain:
		return "- "
	case f.depth > 1:
		return "◦ "
	}
	return "• "
}

// indent is what stands under a bullet: spaces in plain text, an em space on Telegram (its fonts are not of one width).
func (f *flattener) indent(sign string) string {
	if f.plain {
		return strings.Repeat(" ", len(sign))
	}
	return "\u2003"
}

// table shows a refused table as lines.
func (f *flattener) table(n ast.Node) {
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		if row != n.FirstChild() {
			f.text("\n")
		}
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if cell != row.FirstChild() {
				f.text(" | ")
			}
			f.children(cell)
		}
	}
}
