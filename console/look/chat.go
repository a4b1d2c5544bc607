package look

import (
	"html/template"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// shownTags are those of Telegram HTML that the phone shows (Bot API "HTML style"), with what they become here.
var shownTags = map[string]string{
	"b": "b", "strong": "b", "i": "em", "em": "em", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s", "code": "code", "pre": "pre",
	"blockquote": "blockquote", "tg-spoiler": "details",
}

// ChatHTML is a message of the bot as the phone shows it: Telegram's tags, and nothing else that came.
func ChatHTML(telegram string) template.HTML {
	nodes, err := html.ParseFragment(strings.NewReader(strings.TrimSpace(telegram)), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return ChatText(strings.TrimSpace(telegram))
	}
	var b strings.Builder
	for _, n := range nodes {
		show(&b, n)
	}
	return made(b.String())
}

func show(b *strings.Builder, n *html.Node) {
	if n.Type == html.TextNode {
		b.WriteString(strings.ReplaceAll(html.EscapeString(n.Data), "\n", "<br>"))
		return
	}
	open, end := tags(n)
	b.WriteString(open)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		show(b, c)
	}
	b.WriteString(end)
}

func tags(n *html.Node) (open, end string) {
	attr := map[string]string{}
	for _, a := range n.Attr {
		attr[a.Key] = a.Val
	}
	switch tag := shownTags[n.Data]; {
	case n.Data == "a":
		if to := SafeURL(attr["href"]); to != "" {
			return `<a target="_blank" rel="noopener noreferrer" href="` + html.EscapeString(to) + `">`, "</a>"
		}
	case tag == "details", n.Data == "span" && attr["class"] == "tg-spoiler":
		return `<details class="spoiler"><summary>…</summary>`, "</details>"
	case tag != "":
		return "<" + tag + ">", "</" + tag + ">"
	}
	return "", ""
}

// SafeURL lets addresses pass that a messenger opens.
func SafeURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || !slices.Contains([]string{"http", "https", "mailto", "tg"}, u.Scheme) {
		return ""
	}
	return s
}

// ChatText is typed text with its line breaks.
func ChatText(s string) template.HTML {
	return made(strings.ReplaceAll(html.EscapeString(s), "\n", "<br>"))
}

func made(s string) template.HTML { return template.HTML(s) } //nolint:gosec // by this file, which escapes
