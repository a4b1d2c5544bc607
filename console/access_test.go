package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

// filled is a route's path with something in its places.
func filled(path string) string {
	return strings.NewReplacer(":key", "none", ":id", "1", ":view", "steps", ":scope", "email").Replace(path)
}

// TestEveryRouteRefuses: who is not signed in, whose token has too little, and what another site sends come to no page of the console.
func TestEveryRouteRefuses(t *testing.T) {
	w := newWorld(t, newSQLite(t), func(o *Options) { o.Open = false })
	token, err := w.e.CreateToken(t.Context(), engine.Operator, "little", []engine.Scope{engine.EventsWrite})
	must(t, err)
	little := sessionCookie + "=" + token
	tried := 0
	for name, access := range w.console.Table() {
		method, path, _ := strings.Cut(name, " ")
		target := filled(path)
		if method == http.MethodPost {
			if rec := w.call(method, target, url.Values{}, "Sec-Fetch-Site", "cross-site", "Cookie", little); rec.Code != http.StatusForbidden {
				t.Errorf("%s from another site: %d", name, rec.Code)
			}
		}
		if access.Public {
			continue
		}
		tried++
		want := http.StatusUnauthorized
		if method == http.MethodGet {
			want = http.StatusSeeOther // to sign in, and back
		}
		if rec := w.call(method, target, nil); rec.Code != want || want == http.StatusSeeOther && !strings.HasPrefix(rec.Header().Get("Location"), "/console/sign-in?") {
			t.Errorf("%s without a token: %d %s", name, rec.Code, rec.Header().Get("Location"))
		}
		if rec := w.call(method, target, nil, "Cookie", little); rec.Code != http.StatusForbidden {
			t.Errorf("%s with too little: %d", name, rec.Code)
		}
		if rec := w.call(method, target, nil, "Cookie", sessionCookie+"=kzk_nonsense"); rec.Code != want {
			t.Errorf("%s with a wrong token: %d", name, rec.Code)
		}
	}
	if tried < 20 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// TestOpenConsoleAnswersToThisMachineAlone: where nobody signs in, a name that leads here gets nothing.
func TestOpenConsoleAnswersToThisMachineAlone(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	for name := range w.console.Table() {
		method, path, _ := strings.Cut(name, " ")
		if strings.HasPrefix(path, "/look/") { // pictures and styles, the same for everybody
			continue
		}
		if rec := w.call(method, filled(path), nil, "Host", "evil.example"); rec.Code != http.StatusForbidden {
			t.Errorf("%s by another name: %d", name, rec.Code)
		}
	}
}
