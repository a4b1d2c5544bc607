package templates

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/browser"
)

// TestLongWordsStayInsideTheMail: one endless word, wherever it stands, makes no mail wider than the phone that shows it.
func TestLongWordsStayInsideTheMail(t *testing.T) {
	b := browser.Start(t)
	word := strings.Repeat("Donaudampfschifffahrt", 15)
	for name, change := range map[string]func(m *MailContent, body string){
		"subject": func(m *MailContent, _ string) { m.Subject = word },
		"text":    func(m *MailContent, body string) { m.BodyHTML = body },
		"brand":   func(m *MailContent, _ string) { m.Brand = word },
		"address": func(m *MailContent, _ string) { m.PostalAddress = word },
		"answer":  func(m *MailContent, _ string) { m.Buttons[0].Label = word },
		"button":  func(m *MailContent, _ string) { m.Buttons[len(m.Buttons)-1].Label = word },
	} {
		url := "https://kruzhok.example/" + word
		body, err := parsed(t, strings.ReplaceAll("WORD\n\n"+url+"\n\n[WORD]("+url+")\n\n- WORD\n\n> WORD\n\n## WORD\n\n`WORD`\n\n```\nWORD\n```\n", "WORD", word)).HTML(Env{Lang: "en"})
		if err != nil {
			t.Fatal(err)
		}
		m := letter(t, "en")
		change(&m, body)
		doc, _, err := Mail(m)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, doc)
		}))
		tab := b.Open(t, server.URL, browser.View{Phone: true})
		if over := browser.Eval[float64](tab, `document.documentElement.scrollWidth - screen.width`); over > 0 {
			t.Errorf("%s: %v px beyond the phone", name, over)
		}
		server.Close()
	}
}
