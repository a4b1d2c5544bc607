package api

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, heading, more string }{
		{"Plain", "Plain", ""},
		{"a &lt; b &amp; c", "a &lt; b &amp; c", ""},
		{"<b>Bold</b> and <i>slanted</i>\nsecond\nthird", "<b>Bold</b> and <i>slanted</i>", "second<br>third"},
		{"<b>two\nlines</b>\nrest", "<b>two<br>lines</b>", "rest"},
		{"<pre>a\nb</pre>", "", "<pre>a\nb</pre>"},
		{"Read\n\n<blockquote>this</blockquote>", "Read", "<blockquote>this</blockquote>"},
		{`<a href="https://x.example/?a=1&amp;b=2">go</a>`, `<a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow">go</a>`, ""},
		{`<a href="javascript:alert(1)">no</a>`, "no", ""},
		{`<a href="JaVaScRiPt:alert(1)" onclick="x()">no</a>`, "no", ""},
		{`<a href="data:text/html,x">no</a><a href="//evil.example">no</a>`, "nono", ""},
		{`<script>alert(1)</script><img src=x onerror=alert(1)><b onclick="x">b</b>`, "<b>b</b>", ""},
		{`<svg><script>alert(1)</script></svg><math><mi>x</mi></math>`, "", ""},
		{`<style>*{}</style><iframe src=x></iframe><form action=x><input name=a></form>t`, "t", ""},
		{"<b>unclosed", "<b>unclosed</b>", ""},
	} {
		if heading, more := clean(c.in); string(heading) != c.heading || string(more) != c.more {
			t.Errorf("%q: %q, %q", c.in, heading, more)
		}
	}
}

// FuzzClean: whatever comes in, only known tags come out, and reading it again changes nothing.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"a\nb", "<b>x</b>", "<a href='javascript:x'>y</a>", "<svg><a xlink:href=x>", "<noscript><p title='</noscript><img src=x onerror=x>'>", "\x00<pre>\n</pre>", "<b><blockquote>x", "<!--><img src=x>-->"} {
		f.Add(s)
	}
	allowed := map[string]bool{"b": true, "strong": true, "i": true, "em": true, "u": true, "s": true, "code": true, "pre": true, "blockquote": true, "a": true, "br": true}
	f.Fuzz(func(t *testing.T, in string) {
		heading, more := clean(in)
		for _, part := range []string{string(heading), string(more)} {
			z := html.NewTokenizer(strings.NewReader(part))
			for z.Next() != html.ErrorToken {
				token := z.Token()
				if token.Type != html.TextToken && !allowed[token.Data] {
					t.Fatalf("%q lets %v pass", in, token)
				}
				for _, a := range token.Attr {
					if token.Data != "a" || a.Key != "href" && a.Key != "rel" || a.Key == "href" && !safeLink(a.Val) {
						t.Fatalf("%q lets the attribute %v pass", in, a)
					}
				}
			}
		}
	})
}
