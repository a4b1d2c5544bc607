package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/demo"
)

// serve is the pages before the community is there.
func serve(t *testing.T) http.Handler {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	l := look.New(look.Options{Sandbox: true})
	t.Cleanup(l.Close)
	router := gin.New()
	New(Options{Lead: &demo.Director{}, Bot: sandbox.NewBotAPI(sandbox.BotAPIConfig{KeepTexts: true}), Look: l}).Mount(router)
	return router
}

// TestEveryRouteRefuses: what another site sends, and who comes by another name, gets nothing from any page; before there is a community, every page says so.
func TestEveryRouteRefuses(t *testing.T) {
	router := serve(t)
	call := func(r route, host string, header ...string) *httptest.ResponseRecorder {
		path := strings.NewReplacer(":chat", "1", ":address", "a@example.org", ":n", "1", ":part", "html", ":act", "say", ":id", "x", ":name", "b").Replace(r.path)
		req := httptest.NewRequest(r.method, path, nil)
		req.Host = host
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		router.ServeHTTP(rec, req)
		return rec
	}
	for _, r := range routes() {
		name := r.method + " " + r.path
		if rec := call(r, "evil.example"); rec.Code != http.StatusForbidden {
			t.Errorf("%s by another name: %d", name, rec.Code)
		}
		if r.method == http.MethodPost {
			for _, h := range [][]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
				if rec := call(r, "127.0.0.1:8080", h...); rec.Code != http.StatusForbidden {
					t.Errorf("%s with %v: %d", name, h, rec.Code)
				}
			}
		}
		rec := call(r, "127.0.0.1:8080")
		if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "<h1>") {
			t.Errorf("%s too early: %d", name, rec.Code)
		}
		if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe-inline") {
			t.Errorf("%s: policy %q", name, csp)
		}
	}
}
