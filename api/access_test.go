package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

// publicRoutes are all that need no token, and why that is right: health words, documents that are the same for everybody, assets,
// pages whose address is the right, and the webhook, which has its own secret.
var publicRoutes = []string{
	"GET /livez", "GET /readyz", "GET /metrics", "GET /openapi.json", "HEAD /openapi.json", "GET /docs", "HEAD /docs",
	"GET /assets/:build/:name", "HEAD /assets/:build/:name", "GET /s/:token", "HEAD /s/:token", "POST /s/:token",
	"GET /u/:token", "HEAD /u/:token", "POST /u/:token", "GET /link/:token", "HEAD /link/:token", "POST /link/:token",
	"GET /mailbox/:token", "HEAD /mailbox/:token", "POST /mailbox/:token", "GET /settings/:token", "HEAD /settings/:token",
	"POST /settings/:token", "POST /telegram/webhook",
}

// TestEveryRouteHasADecision walks what gin really serves.
func TestEveryRouteHasADecision(t *testing.T) {
	w := newWorld(t)
	routes := w.s.gin.Routes()
	if len(routes) < 40 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, r := range routes {
		name := r.Method + " " + r.Path
		a, decided := w.s.access[name]
		switch {
		case !decided:
			t.Errorf("%s: nobody decided who may call it", name)
		case a.Public && !slices.Contains(publicRoutes, name):
			t.Errorf("%s is public and not on the list of public routes", name)
		case !a.Public && slices.Contains(publicRoutes, name):
			t.Errorf("%s is on the list of public routes and is not public", name)
		case !a.Public && !slices.Contains(engine.Scopes(), a.Scope):
			t.Errorf("%s asks for the unknown scope %q", name, a.Scope)
		}
	}
}

var param = regexp.MustCompile(`:[a-z_]+`)

// TestEveryRouteRefuses: without a token, with a wrong one, and with one that may do everything else.
func TestEveryRouteRefuses(t *testing.T) {
	w := newWorld(t)
	others := map[engine.Scope]string{}
	for _, scope := range engine.Scopes() {
		var rest []engine.Scope
		for _, s := range engine.Scopes() {
			if s != scope && s != engine.Admin {
				rest = append(rest, s)
			}
		}
		others[scope] = w.newToken(rest...)
	}
	for name, a := range w.s.access {
		if a.Public {
			continue
		}
		method, path, _ := strings.Cut(name, " ")
		path = param.ReplaceAllString(path, "1")
		t.Run(name, func(t *testing.T) {
			for _, header := range []string{"", "Bearer", "Bearer ", "Bearer kzk_wrong", "Basic " + w.token, "Bearer " + w.token + "x"} {
				got := w.in(t).call(method, path, `{"x"`, "Authorization", header)
				got.problem(http.StatusUnauthorized, "unauthorized.token")
				if !strings.HasPrefix(got.Header().Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("no WWW-Authenticate for %q", header)
				}
			}
			w.in(t).call(method, path, `{"x"`, "Authorization", "Bearer "+others[a.Scope]).problem(http.StatusForbidden, "forbidden.scope")
		})
	}
}

func TestRevokedTokenEndsAtOnce(t *testing.T) {
	w := newWorld(t)
	made := w.call("POST", "/v1/tokens", `{"name":"script","scopes":["members:read"]}`).want(201).json()
	token := made["token"].(string)
	w.call("GET", "/v1/members", "", "Authorization", "bearer "+token).want(200)
	w.call("DELETE", "/v1/tokens/"+made["id"].(string), "").want(204)
	w.call("GET", "/v1/members", "", "Authorization", "Bearer "+token).problem(401, "unauthorized.token")
	if list := w.call("GET", "/v1/tokens", "").want(200); strings.Contains(list.body, token) || !strings.Contains(list.body, `"revoked_at"`) {
		t.Errorf("tokens: %s", list.body)
	}
	w.call("DELETE", "/v1/tokens/12345", "").problem(404, "not_found.token")
	w.call("POST", "/v1/tokens", `{"name":"x","scopes":["everything"]}`).problem(422, "invalid.scope")
}
