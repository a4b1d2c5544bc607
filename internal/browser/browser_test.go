package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kruzhok/kruzhok/internal/browser"
)

// TestTabSeesWhatAReaderSees: language, theme, width and script are what the view says; a form can be filled in and sent.
func TestTabSeesWhatAReaderSees(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang=ru><meta name=viewport content="width=device-width, initial-scale=1"><title>t</title><main><h1>Да</h1><form method=post action=/go><label for=q>q</label><input id=q name=q><button id=b>Да</button></form>
			<p id=r>%s %s</p></main>`, r.FormValue("q"), r.Header.Get("Accept-Language"))
	}))
	defer server.Close()
	b := browser.Start(t)
	for _, noScript := range []bool{false, true} {
		tab := b.Open(t, server.URL, browser.View{Phone: true, Dark: true, Lang: "ru", NoScript: noScript})
		tab.Type("#q", "привет")
		tab.Key(browser.Enter)
		tab.WaitText("#r", "привет ru")
		if !browser.Eval[bool](tab, `matchMedia("(prefers-color-scheme: dark)").matches && innerWidth === 390`) {
			t.Error("the view is not the one that was asked for")
		}
	}
	tab := b.Open(t, server.URL, browser.View{})
	tab.Accessible()
	tab.Wait(`(window.asked = (window.asked ?? 0) + 1, Promise.resolve(window.asked > 2))`)
	if n := browser.Eval[int](tab, "window.asked"); n != 3 {
		t.Errorf("a promise was taken for true after %d times", n)
	}
}
