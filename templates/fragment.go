package templates

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// The mail's type and colours, on white: ink 16.1:1, soft 7.2:1, link 6.5:1 (WCAG 2.2 §1.4.3 needs 4.5:1). A class lets dark mode override each.
const (
	fontStack = `-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif`
	monoStack = `ui-monospace,'SF Mono',Consolas,'DejaVu Sans Mono',monospace`
	inkStyle  = `font:400 16px/26px ` + fontStack + `;color:` + inkColor + `;`

	inkColor   = "#22211c"
	softColor  = "#5a5850"
	linkColor  = "#17694b"
	pageColor  = "#f9f8f5"
	sheetColor = "#ffffff"
	sunkColor  = "#f3f2ee"
	ruleColor  = "#e3e1da"
	edgeColor  = "#8a8880"
)

// HTML renders the body of a mail: a fragment with inline styles, to be framed by Mail.
func (t *Text) HTML(env Env) (string, error) {
	v, vals := t.prepare(&env)
	return string(v.appendHTML(make([]byte, 0, 1024), vals)), nil
}

func (v *variant) appendHTML(dst []byte, vals []filled) []byte {
	for i := range v.html {
		p := &v.html[i]
		dst = append(dst, p.text...)
		if p.slot >= 0 {
			dst = appendValue(dst, vals[p.slot], p.kind)
		}
	}
	return dst
}

func appendValue(dst []byte, v filled, kind pieceKind) []byte {
	s := v.text
	switch {
	case kind == slotURL:
		s = escapeURLValue(s)
	case kind == slotText && !v.own:
		s = breakMailLinks(s)
	}
	for line, rest, more := "", s, true; more; {
		line, rest, more = strings.Cut(rest, "\n")
		dst = appendEscaped(dst, line)
		if more {
			dst = append(dst, "<br>"...)
		}
	}
	return dst
}

// fragment writes the mail's HTML with slots.
type fragment struct {
	src []byte
	out []piece
	buf strings.Builder
}

func compileHTML(root ast.Node, src []byte) []piece {
	f := &fragment{src: src}
	f.children(root)
	f.flush()
	return f.out
}

func (f *fragment) flush() {
	if f.buf.Len() > 0 {
		f.out = append(f.out, piece{f.buf.String(), -1, slotText})
		f.buf.Reset()
	}
}

func (f *fragment) raw(s string) { f.buf.WriteString(s) }

// show writes pieces as text.
func (f *fragment) show(ps []piece) {
	for _, p := range ps {
		if p.slot >= 0 {
			f.flush()
			f.out = append(f.out, p)
			continue
		}
		escapeInto(&f.buf, p.text)
	}
}

func (f *fragment) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		f.node(c)
	}
}

func (f *fragment) wrap(open string, n ast.Node, end string) {
	f.raw(open)
	f.children(n)
	f.raw(end)
}

func (f *fragment) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		f.wrap(`<p class="ink" style="margin:0 0 16px;`+inkStyle+`">`, n, "</p>\n")
	case *ast.Heading:
		f.heading(n)
	case *ast.ThematicBreak:
		f.raw(`<hr class="rule" style="border:0;border-top:1px solid ` + ruleColor + `;margin:24px 0;">` + "\n")
	case *ast.FencedCodeBlock:
		f.raw(`<pre class="code" style="margin:0 0 16px;padding:12px 16px;border-radius:10px;background:` + sunkColor + `;font:400 15px/22px ` + monoStack + `;color:` + inkColor + `;white-space:pre-wrap;">`)
		f.show(pieces(blockText(n, f.src), slotCode, same))
		f.raw("</pre>\n")
	case *ast.Blockquote:
		f.wrap(`<blockquote class="quote" style="margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid `+edgeColor+`;">`+"\n", n, "</blockquote>\n")
	case *ast.List:
		f.list(n)
	case *ast.ListItem:
		f.wrap(`<li class="ink" style="margin:0 0 4px;`+inkStyle+`">`, n, "</li>\n")
	case *ast.HTMLBlock:
		f.show(pieces(blockText(n, f.src), slotText, same))
	case *east.Table, *east.TableHeader, *east.TableRow, *east.TableCell:
		f.wrap("", n, " ")
	default:
		f.inline(n)
	}
}

// heading: the mail's subject is its h1, so the text begins with h2.
func (f *fragment) heading(n *ast.Heading) {
	level := strconv.Itoa(min(n.Level+1, 4))
	size := map[string]string{"2": "20px/28px", "3": "18px/26px", "4": "16px/26px"}[level]
	f.wrap(`<h`+level+` class="ink" style="margin:8px 0 8px;font:600 `+size+` `+fontStack+`;color:`+inkColor+`;">`, n, "</h"+level+">\n")
}

func (f *fragment) list(n *ast.List) {
	tag, start := "ul", ""
	if n.IsOrdered() {
		tag = "ol"
		if n.Start != 1 {
			start = ` start="` + strconv.Itoa(n.Start) + `"`
		}
	}
	f.wrap(`<`+tag+start+` style="margin:0 0 16px;padding:0 0 0 24px;">`+"\n", n, "</"+tag+">\n")
}

func (f *fragment) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		f.text(n)
	case *ast.String:
		f.show([]piece{{string(n.Value), -1, slotText}})
	case *ast.Emphasis:
		tag := "em"
		if n.Level > 1 {
			tag = "strong"
		}
		f.wrap("<"+tag+">", n, "</"+tag+">")
	case *east.Strikethrough:
		f.wrap("<s>", n, "</s>")
	case *ast.CodeSpan:
		f.raw(`<code class="code" style="padding:1px 4px;border-radius:6px;background:` + sunkColor + `;font-family:` + monoStack + `;font-size:15px;">`)
		f.show(pieces(codeText(n, f.src), slotCode, same))
		f.raw("</code>")
	case *ast.Link:
		f.link(linkAddress(string(n.Destination)), func() { f.children(n) })
	case *ast.AutoLink:
		f.link(autoAddress(n, f.src), func() { f.show(autoLabel(n, f.src)) })
	case *ast.RawHTML:
		f.show(pieces(rawText(n, f.src), slotText, same))
	default:
		f.children(n)
	}
}

func (f *fragment) text(n *ast.Text) {
	f.show(pieces(string(n.Segment.Value(f.src)), slotText, unescape))
	if n.SoftLineBreak() || n.HardLineBreak() {
		f.raw("<br>\n")
	}
}

func (f *fragment) link(a address, label func()) {
	if len(a) == 0 || !a.usable() {
		label()
		return
	}
	f.raw(`<a class="link" href="`)
	f.show(a.forMail())
	f.raw(`" style="color:` + linkColor + `;">`)
	label()
	f.raw("</a>")
}
