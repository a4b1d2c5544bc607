package main

import (
	"bytes"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/api"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// aService is a service's API; the environment names it and a token that may do what campaigns as files need.
func aService(t *testing.T) (token string) {
	t.Helper()
	s := storetest.SQLite(t)
	e, err := engine.New(engine.Options{Store: s, Secret: bytes.Repeat([]byte("k"), 32), Mailbox: email.Address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	h, err := api.New(api.Options{Engine: e, Reports: reports.New(s, nil)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	token, err = e.CreateToken(t.Context(), engine.Operator, "code", []engine.Scope{engine.CampaignsRead, engine.CampaignsWrite})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRUZHOK_API_URL", server.URL)
	t.Setenv("KRUZHOK_API_TOKEN_FILE", filepath.Join(t.TempDir(), "token"))
	if err := os.WriteFile(os.Getenv("KRUZHOK_API_TOKEN_FILE"), []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return token
}

// TestCampaignsAsFiles walks the way of a coordinator: a plan, a question, a yes, and then nothing to do. The token is never printed.
func TestCampaignsAsFiles(t *testing.T) {
	token := aService(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "hi.yaml")
	good := "key: hi\nkind: broadcast\nname: Hi\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - send: {text: {en: Hello}}\n"
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(good)
	segment := filepath.Join(t.TempDir(), "b1.yaml")
	if err := os.WriteFile(segment, []byte("key: b1\nname: B1\nwho: {attribute: level, is: b1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		person io.Reader
		args   string
		code   int
		says   []string
	}{
		{"a plan", nil, "plan FILE", 0, []string{"+ hi: new campaign", "1 new"}},
		{"for a script", nil, "plan --exit-code FILE", 3, []string{"1 new"}},
		{"with nobody to ask", nil, "apply FILE", 1, []string{"+ hi: new campaign", "--yes"}},
		{"no", strings.NewReader("n\n"), "apply FILE", 1, []string{"Only “yes” goes on", "Nothing was changed."}},
		{"nothing typed", strings.NewReader(""), "apply FILE --lang=ru", 1, []string{"Ничего не изменено."}},
		{"still new", nil, "plan --exit-code FILE", 3, nil},
		{"yes", strings.NewReader("Yes\n"), "apply FILE", 0, []string{"hi: the draft is saved", "Add --publish"}},
		{"done", nil, "plan --exit-code FILE", 0, []string{"= hi: unchanged", "Nothing to do"}},
		{"nobody is asked for nothing", nil, "apply FILE", 0, []string{"Nothing to do"}},
		{"moves nobody", nil, "apply --yes --publish --move a=b FILE", 1, []string{"--inside move"}},
		{"published", nil, "apply --yes --publish FILE", 0, []string{"publishes version 1", "hi: version 1 is published"}},
		{"not twice", nil, "plan --publish --exit-code FILE", 0, []string{"Nothing to do"}},
		{"export where it is", nil, "export --dir DIR", 0, []string{"hi.yaml: unchanged"}},
		{"in Russian", nil, "plan --lang ru FILE", 0, []string{"= hi: без изменений"}},
		{"no such campaign", nil, "export --dir DIR nobody", 1, []string{"nobody"}},
		{"no such folder", nil, "plan DIR/nowhere", 1, []string{"nowhere is not there"}},
		{"segments too", nil, "check SEGMENT FILE", 0, []string{"b1.yaml: ok", "hi.yaml: ok"}},
		{"a segment is no draft", nil, "apply --yes SEGMENT", 0, []string{"+ b1: new segment", "b1: the segment is saved"}},
		{"a bad flag", nil, "plan --exitcode FILE", 2, []string{"--exit-code"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			args := strings.Fields(strings.NewReplacer("FILE", file, "SEGMENT", segment, "DIR", dir).Replace("campaign " + c.args))
			if code := runWith(t.Context(), args, c.person, &out, &out); code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			if strings.Contains(out.String(), "drafts") && strings.HasSuffix(c.args, "SEGMENT") {
				t.Errorf("a segment is called a draft: %s", out.String())
			}
			for _, want := range c.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in %q", want, out.String())
				}
			}
			if strings.Contains(out.String(), token) {
				t.Error("the token is printed")
			}
		})
	}
	write(strings.Replace(good, "send:", "sned:", 1))
	if code, out, _ := kruzhok(t, "campaign", "apply", "--yes", file); code != 1 || !strings.Contains(out, "hi.yaml:9:5: ") {
		t.Errorf("a file with a problem: %d %s", code, out)
	}
	if code, _, errs := kruzhok(t, "campaign", "export", "--dir", dir); code != 1 || !strings.Contains(errs, "--force") {
		t.Errorf("export over a changed file: %d %s", code, errs)
	}
	if code, _, _ := kruzhok(t, "campaign", "export", "--dir", dir, "--force", "hi"); code != 0 {
		t.Errorf("export --force: %d", code)
	}
	if back, err := os.ReadFile(file); err != nil || string(back) != good {
		t.Errorf("came back as %q, %v", back, err)
	}
}

// TestLanguageOfTheTerminal: the flag, then the variables in the order of POSIX.
func TestLanguageOfTheTerminal(t *testing.T) {
	for _, c := range []struct{ flag, all, lang, want string }{
		{"", "", "", "en"},
		{"", "", "C", "en"},
		{"", "", "ru_RU.UTF-8", "ru"},
		{"", "en_GB.UTF-8", "ru_RU.UTF-8", "en"},
		{"ru", "en_GB.UTF-8", "", "ru"},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_MESSAGES", "")
		t.Setenv("LANG", c.lang)
		if got := (speech{c.flag}).language(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestSchemaIsPrinted(t *testing.T) {
	if code, out, _ := kruzhok(t, "campaign", "schema"); code != 0 || out != string(definition.JSONSchema()) {
		t.Errorf("%d %.80s", code, out)
	}
	if code, out, _ := kruzhok(t, "campaign", "schema", "--segment"); code != 0 || out != string(definition.SegmentSchema()) {
		t.Errorf("%d %.80s", code, out)
	}
}
