package main

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kruzhok runs one command and returns what it printed.
func kruzhok(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.yaml", "key: hi\nkind: broadcast\nname: Hi\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - send: {text: {en: Hello}}\n")
	bad := write("bad.yaml", "key: hi\nkind: broadcast\nname: Hi\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - sned: {text: {en: Hello}}\n")
	config := write("config.yaml", "listen: nonsense\n")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	serve := []string{"serve", "--data-dir", dir, "--secret-key", strings.Repeat("k1", 32)}
	serve = serve[:len(serve):len(serve)] // each case appends to a copy
	for _, c := range []struct {
		name string
		args []string
		code int
		out  string // a part of stdout and stderr together
	}{
		{"help", []string{"--help"}, 0, "serve"},
		{"version", []string{"version"}, 0, "kruzhok dev"},
		{"unknown command", []string{"srve"}, 2, "srve"},
		{"no command", nil, 2, "See kruzhok --help."},
		{"check a good file", []string{"campaign", "check", good}, 0, "good.yaml: ok"},
		{"check a bad file", []string{"campaign", "check", bad}, 1, "bad.yaml:9:5: "},
		{"check in Russian", []string{"campaign", "check", "--lang=ru", bad}, 1, "send"},
		{"serve without a key", []string{"serve", "--data-dir", dir}, 1, "kruzhok secret"},
		{"a bad setting names its variable", []string{"serve", "--config", config}, 1, "KRUZHOK_LISTEN"},
		{"worker on SQLite", []string{"worker", "--data-dir", dir}, 1, "KRUZHOK_"},
		{"unknown scope", []string{"token", "create", "x", "--scope", "everything", "--data-dir", dir}, 1, "everything"},
		{"serve on no database", append(serve, "--database-url=sqlite:"+good), 1, "open database"},
		{"serve where nothing can be written", append(serve, "--data-dir", filepath.Join(good, "x")), 1, "data folder"},
		{"serve on a port in use", append(serve, "--data-dir", t.TempDir(), "--listen", taken.Addr().String()), 1, "KRUZHOK_LISTEN"},
		{"demo apart without services", []string{"demo", "--workers", "2"}, 1, "--database-url"},
		{"health of nobody", []string{"health", "--url", "http://127.0.0.1:1"}, 1, "does not answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := kruzhok(t, c.args...)
			if code != c.code || !strings.Contains(out+errs, c.out) {
				t.Errorf("exit %d (want %d), printed %q", code, c.code, out+errs)
			}
		})
	}
}

func TestTokenLifeOnTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	_, out, errs := kruzhok(t, "token", "create", "crm", "--scope=members:write,events:write", "--data-dir", dir)
	token := strings.TrimSpace(out)
	if !strings.HasPrefix(token, "kzk_") {
		t.Fatalf("no token: %q %q", out, errs)
	}
	_, out, _ = kruzhok(t, "token", "list", "--data-dir", dir)
	id, rest, _ := strings.Cut(out, "\t")
	if !strings.Contains(rest, "crm\tactive\tmembers:write,events:write") || strings.Contains(out, token) {
		t.Fatalf("list: %q", out)
	}
	if code, _, errs := kruzhok(t, "token", "revoke", id, "--data-dir", dir); code != 0 {
		t.Fatal(errs)
	}
	if _, out, _ = kruzhok(t, "token", "list", "--data-dir", dir); !strings.Contains(out, "revoked") {
		t.Errorf("list after revoking: %q", out)
	}
}

func TestSecretIsNewEachTime(t *testing.T) {
	_, a, _ := kruzhok(t, "secret")
	_, b, _ := kruzhok(t, "secret")
	if len(strings.TrimSpace(a)) < 43 || a == b {
		t.Errorf("secrets %q and %q", a, b)
	}
}

// TestHealthOfTheListenAddress: in the service's environment nobody has to say where it listens.
func TestHealthOfTheListenAddress(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer s.Close()
	t.Setenv("KRUZHOK_LISTEN", s.Listener.Addr().String())
	if code, out, errs := kruzhok(t, "health"); code != 0 || !strings.Contains(out, "ready") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
