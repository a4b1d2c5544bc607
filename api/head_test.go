package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestHead: HEAD tells of a resource of the API what GET does, without its body; what only a POST does it does not do.
func TestHead(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/a", `{}`).want(201)
	srv := httptest.NewServer(w.s)
	defer srv.Close()
	for _, c := range []struct {
		path   string
		status int
	}{{"/v1/members/a", 200}, {"/v1/members/nobody", 404}, {"/v1/campaigns", 200}, {"/v1/segment-checks", 405}, {"/livez", 200}} {
		var got [2]http.Header
		for i, method := range []string{http.MethodGet, http.MethodHead} {
			req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+c.path, nil)
			must(t, err)
			req.Header.Set("Authorization", "Bearer "+w.token)
			res, err := srv.Client().Do(req)
			must(t, err)
			body, err := io.ReadAll(res.Body)
			must(t, err)
			_ = res.Body.Close()
			if res.StatusCode != c.status || (len(body) == 0) != (method == http.MethodHead) {
				t.Errorf("%s %s: %d with %d bytes, want %d", method, c.path, res.StatusCode, len(body), c.status)
			}
			got[i] = res.Header
		}
		if got[0].Get("Content-Type") != got[1].Get("Content-Type") || got[0].Get("ETag") != got[1].Get("ETag") {
			t.Errorf("%s: %v and %v", c.path, got[0], got[1])
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, srv.URL+"/v1/members", nil)
	must(t, err)
	res, err := srv.Client().Do(req)
	must(t, err)
	if _ = res.Body.Close(); res.StatusCode != 401 {
		t.Errorf("without a token: %d", res.StatusCode)
	}
}
