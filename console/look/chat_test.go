package look

import "testing"

// TestChatHTML: Telegram's tags stay as the phone's own, everything else that came is text or gone.
func TestChatHTML(t *testing.T) {
	for in, want := range map[string]string{
		"<b>Day 1</b>\n\nSay <i>it</i>":                         "<b>Day 1</b><br><br>Say <em>it</em>",
		"  \n<strong>x</strong>\n ":                             "<b>x</b>",
		"1 &lt; 2 &amp; 3":                                      "1 &lt; 2 &amp; 3",
		"<script>alert(1)</script><img src=x onerror=alert(1)>": "alert(1)",
		`<a href="javascript:alert(1)">go</a>`:                  "go",
		`<a href="https://a.example/?a=1&amp;b=2">go</a>`:       `<a target="_blank" rel="noopener noreferrer" href="https://a.example/?a=1&amp;b=2">go</a>`,
		`<span class="tg-spoiler">s</span>`:                     `<details class="spoiler"><summary>…</summary>s</details>`,
		`<blockquote expandable onclick="x">q</blockquote>`:     "<blockquote>q</blockquote>",
		"<pre><code class=\"language-go\">a\nb</code></pre>":    "<pre><code>a<br>b</code></pre>",
	} {
		if got := string(ChatHTML(in)); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
}
