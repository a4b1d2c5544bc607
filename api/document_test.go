package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

func contextThatEnded(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

// TestDocumentAndRoutesAgree: each operation has its route, its scope and its answers; each route that needs a token is an operation.
func TestDocumentAndRoutesAgree(t *testing.T) {
	w := newWorld(t)
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			OperationID string         `json:"operationId"`
			Scope       string         `json:"x-scope"`
			Security    []any          `json:"security"`
			Responses   map[string]any `json:"responses"`
		}
	}
	must(t, json.Unmarshal([]byte(w.call("GET", "/openapi.json", "").body), &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
	documented := map[string]bool{}
	for path, item := range doc.Paths {
		for method, op := range item {
			name := strings.ToUpper(method) + " " + ginPath(path)
			documented[name] = true
			a, served := w.s.access[name]
			if !served || op.Scope != string(a.Scope) || len(op.Security) != 1 {
				t.Errorf("%s: scope %q in the document, %q in fact", name, op.Scope, a.Scope)
			}
			if op.Responses["401"] == nil || op.Responses["403"] == nil {
				t.Errorf("%s says nothing of 401 and 403", name)
			}
		}
	}
	for name, a := range w.s.access {
		if !a.Public && !documented[name] {
			t.Errorf("%s is not in the document", name)
		}
	}
}

func TestDocsPage(t *testing.T) {
	w := newWorld(t)
	got := w.call("GET", "/docs", "", "Authorization", "").want(200)
	for _, part := range []string{`id="create-campaign"`, `id="upsert-members"`, "campaigns:write", `id="not_found"`, "telegram_chat_id", "Idempotency-Key"} {
		if !strings.Contains(got.body, part) {
			t.Errorf("docs have no %s", part)
		}
	}
	checkPageHeaders(t, got)
}

func TestHealth(t *testing.T) {
	w := newWorld(t)
	w.call("GET", "/livez", "", "Authorization", "").want(200)
	w.call("GET", "/readyz", "", "Authorization", "").want(200)
	if got := w.call("GET", "/metrics", "").want(200); got.body != "up 1\n" {
		t.Errorf("metrics: %s", got.body)
	}
	for want, err := range map[string]error{
		"conflict.schema": fault.New(fault.Conflict, "conflict.schema", nil), "internal": errors.New("dial tcp 10.0.0.1: refused"),
	} {
		w.ready = err
		got := w.call("GET", "/readyz", "").want(http.StatusServiceUnavailable)
		if got.json()["reason"] != want || strings.Contains(got.body, "10.0.0.1") {
			t.Errorf("not ready: %s", got.body)
		}
	}
	w.call("GET", "/livez", "").want(200)
}

func TestAssets(t *testing.T) {
	w := newWorld(t)
	css := w.call("GET", assetURL("page.css"), "").want(200)
	if !strings.Contains(css.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(css.Header().Get("Content-Type"), "text/css") {
		t.Errorf("css: %v", css.Header())
	}
	for _, name := range regexp.MustCompile(`url\("([^"]+)"\)`).FindAllStringSubmatch(css.body, -1) {
		w.call("GET", assetURL(name[1]), "").want(200)
	}
	w.call("GET", "/assets/old/page.css", "").want(200)
	for _, path := range []string{"/assets/x/none.css", "/assets/x/..%2Fapi.go", "/assets/x/%2e%2e"} {
		w.call("GET", path, "").want(404)
	}
}

var (
	faultKeys   = regexp.MustCompile(`fault\.(?:New|Wrap)\((?:fault\.)?([A-Z][A-Za-z]+), (?:err, |cause, )?"([a-z_.]+[a-z])"`)
	detailCodes = regexp.MustCompile(`(?:Code: |\.wrong\([^,]+, )"([a-z0-9_]+)"`)
)

// TestEveryFaultHasWords reads the keys out of the source of those who speak to callers.
func TestEveryFaultHasWords(t *testing.T) {
	keys, codes := 0, 0
	for _, dir := range []string{".", "../engine", "../reports"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		must(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			src, err := os.ReadFile(file)
			must(t, err)
			for _, m := range faultKeys.FindAllStringSubmatch(string(src), -1) {
				if keys++; !locale.Has("error." + m[2]) {
					t.Errorf("%s: error.%s has no words", file, m[2])
				}
			}
			for _, m := range detailCodes.FindAllStringSubmatch(string(src), -1) {
				if codes++; !locale.Has("problem." + m[1]) {
					t.Errorf("%s: problem.%s has no words", file, m[1])
				}
			}
		}
	}
	if keys < 30 || codes < 15 {
		t.Errorf("only %d keys and %d codes were found", keys, codes)
	}
	for _, s := range sentences {
		if !locale.Has("problem." + s.code) {
			t.Errorf("problem.%s has no words", s.code)
		}
	}
	for _, kind := range fault.Kinds() {
		if !locale.Has("title."+string(kind)) || statuses[kind] == 0 {
			t.Errorf("the kind %s has no title or no status", kind)
		}
	}
}
