package api

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

const importFile = "external_id,first_name,email,email_proof\nu1,Anna,anna@example.org,seen\nu2,Bo,nowhere,\n"

// TestImport: a dry run and a run report the same, in the caller's language; the run alone writes.
func TestImport(t *testing.T) {
	w := newWorld(t)
	for _, dry := range []string{"true", "false"} {
		got := w.call("POST", "/v1/members/import?consent_source=form&dry_run="+dry, importFile, "Content-Type", "text/csv; charset=utf-8", "Accept-Language", "ru").want(200)
		r := got.json()
		if r["rows"] != 2.0 || r["created"] != 1.0 || r["refused"] != 1.0 || r["problems_total"] != 1.0 {
			t.Errorf("dry %s: %v", dry, r)
		}
		p := r["problems"].([]any)[0].(map[string]any)
		if p["line"] != 3.0 || p["path"] != "email" || p["code"] != "bad_email" || !strings.ContainsAny(p["message"].(string), "абвгд") || strings.Contains(got.body, "nowhere") {
			t.Errorf("dry %s: problem %v", dry, p)
		}
		want := 404
		if dry == "false" {
			want = 200
		}
		w.call("GET", "/v1/members/u1", "").want(want)
	}
}

// TestImportRefuses: another kind of file, a header that is wrong, a parameter that is none, and a file over the limit, said in words.
func TestImportRefuses(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxImport = 100 << 10 })
	csv := []string{"Content-Type", "text/csv"}
	w.call("POST", "/v1/members/import", importFile, "Content-Type", "application/json").problem(415, "invalid.content_type")
	w.call("POST", "/v1/members/import?dry_run=perhaps", importFile, csv...).problem(422, "invalid.request")
	wrong := w.call("POST", "/v1/members/import?consent_source=x&dry-run=true", importFile, csv...)
	if wrong.problem(422, "invalid.request"); !strings.Contains(wrong.body, "dry-run") || strings.Contains(wrong.body, "{n}") {
		t.Errorf("a parameter that is none: %s", wrong.body)
	}
	w.call("GET", "/v1/members/u1", "").problem(404, "not_found.member")
	w.call("POST", "/v1/members/import", importFile, csv...).problem(422, "invalid.import")
	w.call("POST", "/v1/members/import?consent_source=x", "", csv...).problem(422, "invalid.import")
	// Without a length, and broken off in the middle: the rows before are not written either.
	var many strings.Builder
	for i := range 12000 { // more than are read ahead and written at once
		fmt.Fprintf(&many, "m%d,x,,\n", i)
	}
	for name, body := range map[string]io.Reader{
		"too long": strings.NewReader(importFile + many.String()),
		"broken":   io.MultiReader(strings.NewReader((importFile + many.String())[:90000]), iotest.ErrReader(io.ErrUnexpectedEOF)),
	} {
		whole := httptest.NewServer(w.s.gin)
		req, err := http.NewRequestWithContext(t.Context(), "POST", whole.URL+"/v1/members/import?consent_source=x", io.MultiReader(body))
		must(t, err)
		req.Header.Set("Content-Type", "text/csv")
		req.Header.Set("Authorization", "Bearer "+w.token)
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %s", name, res.Status)
			}
		}
		whole.Close() // waits for a request whose caller has gone
		w.call("GET", "/v1/members/u1", "").want(404)
	}
	long := importFile + strings.Repeat("u9,x,,\n", 20<<10)
	w.call("POST", "/v1/members/import?consent_source=x", long, csv...).problem(413, "too_large.import")
	w.call("GET", "/v1/members/u9", "").want(404)
}
