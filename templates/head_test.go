package templates

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestHeadsAreFrames: a filled head is, byte by byte, what framing the mail by itself gives.
func TestHeadsAreFrames(t *testing.T) {
	words := rapid.SampledFrom([]string{"", "a", "Anna", "Привет, Анна!", "<b>&\"", " padded ", "1", "😀", "\u00a0x", "two\nlines", "\uE001", "https://x.org/?a=1&b=2", "Open day 9"})
	urls := rapid.SampledFrom([]string{"https://x.org/u", "https://x.org/?a=1&b=2", "mailto:a@x.org", "tg://resolve?domain=x"})
	rapid.Check(t, func(t *rapid.T) {
		m := MailContent{
			Lang: rapid.SampledFrom([]campaigns.Lang{"en", "ru", "ar"}).Draw(t, "lang"), Subject: words.Draw(t, "subject"), Preheader: words.Draw(t, "preheader"),
			BodyHTML: "<p>" + words.Draw(t, "html") + "</p>\n<p>more</p>", BodyText: words.Draw(t, "text"), Why: words.Draw(t, "why"), Brand: words.Draw(t, "brand"),
			CommunityName: words.Draw(t, "community"), PostalAddress: words.Draw(t, "address"), Question: rapid.Bool().Draw(t, "question"),
		}
		for _, u := range []*string{&m.UnsubscribeURL, &m.PreferencesURL, &m.ConnectURL} {
			if rapid.Bool().Draw(t, "link") {
				*u = urls.Draw(t, "url")
			}
		}
		for range rapid.IntRange(0, 12).Draw(t, "buttons") {
			m.Buttons = append(m.Buttons, MailButton{Label: words.Draw(t, "label"), URL: urls.Draw(t, "to"), Main: rapid.Bool().Draw(t, "main")})
		}
		doc, text, err := Mail(m)
		if err != nil {
			t.Fatal(err)
		}
		body, plain := m.withoutEcho([]byte(m.BodyHTML), []byte(m.BodyText))
		m.BodyHTML, m.BodyText = string(body), string(plain)
		own := m.completed()
		if wantDoc, want := own.document(), own.text(); doc != wantDoc || text != want {
			t.Fatalf("\n got %s\n%s\nwant %s\n%s", doc, text, wantDoc, want)
		}
	})
}
