package api

import (
	"html/template"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Telegram HTML knows a few tags (Bot API, formatting options). Our renderer writes them; the page lets these pass and nothing else,
// so that a mistake there cannot become markup here.
var (
	inlineTags = []atom.Atom{atom.B, atom.Strong, atom.I, atom.Em, atom.U, atom.S, atom.Code}
	blockTags  = []atom.Atom{atom.Pre, atom.Blockquote}
	deadTags   = []atom.Atom{atom.Script, atom.Style, atom.Template, atom.Iframe, atom.Object, atom.Textarea, atom.Title, atom.Noscript}
	linkKinds  = []string{"http", "https", "mailto", "tg"}
)

// clean makes a question's Telegram HTML safe and parts its first line, the heading, from the rest.
func clean(telegram string) (heading, more template.HTML) {
	nodes, err := html.ParseFragment(strings.NewReader(telegram), &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"})
	if err != nil {
		return template.HTML(html.EscapeString(telegram)), ""
	}
	first, rest := parted(nodes)
	return template.HTML(strings.TrimSpace(written(first))), template.HTML(strings.TrimSpace(written(rest)))
}

// parted cuts the nodes at the first line break that stands in no tag. A heading holds no blocks: with one before the break, all is rest.
func parted(nodes []*html.Node) (first, rest []*html.Node) {
	for i, n := range nodes {
		if n.Type == html.ElementNode && slices.Contains(blockTags, n.DataAtom) {
			return first, nodes[i:]
		}
		if n.Type != html.TextNode {
			first = append(first, n)
			continue
		}
		before, after, found := strings.Cut(n.Data, "\n")
		first = append(first, textNode(before))
		if found {
			return first, append([]*html.Node{textNode(strings.TrimLeft(after, "\n"))}, nodes[i+1:]...)
		}
	}
	return first, nil
}

func textNode(s string) *html.Node { return &html.Node{Type: html.TextNode, Data: s} }

func written(nodes []*html.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		write(&b, n, false)
	}
	return b.String()
}

// write writes what may pass. Of an unknown tag its text stays; of a dead one nothing does.
func write(b *strings.Builder, n *html.Node, verbatim bool) {
	if n.Type == html.TextNode {
		text := html.EscapeString(n.Data)
		if !verbatim {
			text = strings.ReplaceAll(text, "\n", "<br>")
		}
		b.WriteString(text)
		return
	}
	if n.Type != html.ElementNode || slices.Contains(deadTags, n.DataAtom) || n.Namespace != "" {
		return
	}
	open, end := tags(n)
	b.WriteString(open)
	for child := range n.ChildNodes() {
		write(b, child, verbatim || n.DataAtom == atom.Pre)
	}
	b.WriteString(end)
}

func tags(n *html.Node) (open, end string) {
	switch {
	case slices.Contains(inlineTags, n.DataAtom), slices.Contains(blockTags, n.DataAtom):
		return "<" + n.DataAtom.String() + ">", "</" + n.DataAtom.String() + ">"
	case n.DataAtom == atom.A && safeLink(attribute(n, "href")):
		return `<a href="` + html.EscapeString(attribute(n, "href")) + `" rel="noopener noreferrer nofollow">`, "</a>"
	}
	return "", ""
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func safeLink(href string) bool {
	u, err := url.Parse(href)
	return err == nil && slices.Contains(linkKinds, strings.ToLower(u.Scheme))
}
