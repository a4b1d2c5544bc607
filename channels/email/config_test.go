package email

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func writeFile(t *testing.T, b []byte) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(f, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func contains(s, sub string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(sub)) }

func TestParseURL(t *testing.T) {
	for raw, want := range map[string]Config{
		"smtp://mail.example.org":                                          {Host: "mail.example.org", Port: 25, TLS: TLSOpportunistic},
		"smtp://u:p%40ss@mail.example.org":                                 {Host: "mail.example.org", Port: 587, TLS: TLSRequired, Auth: AuthAuto, User: "u", Password: "p@ss"},
		"smtps://u:p@mail.example.org":                                     {Host: "mail.example.org", Port: 465, TLS: TLSImplicit, Auth: AuthAuto, User: "u", Password: "p"},
		"smtp://u:p@h:2525?tls=opportunistic&auth=cram-md5&helo=c.example": {Host: "h", Port: 2525, TLS: TLSOpportunistic, Auth: AuthCRAMMD5, User: "u", Password: "p", Helo: "c.example"},
		"smtp://127.0.0.1:1?tls=none&insecure_skip_verify=true":            {Host: "127.0.0.1", Port: 1, TLS: TLSNone, InsecureSkipVerify: true},
		"smtp://[::1]/?tls=none&command_timeout=2s":                        {Host: "::1", Port: 25, TLS: TLSNone, CommandTimeout: 2e9},
		"smtps://u:tok@smtp.example.org:465?auth=xoauth2&tls=required":     {Host: "smtp.example.org", Port: 465, TLS: TLSImplicit, Auth: AuthXOAUTH2, User: "u", Password: "tok"},
		"smtp://u:p@localhost?tls=none&auth=xoauth2":                       {Host: "localhost", Port: 587, TLS: TLSNone, Auth: AuthXOAUTH2, User: "u", Password: "p"},
		"smtps://mail.sandbox.localhost?insecure_skip_verify=true":         {Host: "mail.sandbox.localhost", Port: 465, TLS: TLSImplicit, InsecureSkipVerify: true},
	} {
		got, err := ParseURL(raw)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %#v %v (tls %s)\nwant %#v", raw, got, err, got.TLS, want)
		}
	}
}

const secret = "hunter2"

var badURLs = []string{
	"", "mail.example.org", "http://h", "smtp://", "smtp:h", "smtp://h:0", "smtp://h:70000", "smtp://h/path", "smtp://h#x",
	"smtp://u:" + secret + "@", "smtp://u:" + secret + "@h:" + "port", "smtp://u:a/" + secret + "@h", "smtp://u:a?" + secret + "@h", "smtp://u:a#" + secret + "@h",
	"smtp://u:%zz" + secret + "@h", "smtp://u:" + secret + "\x7f@h", "smtp://:" + secret + "@h", "smtp://" + secret + "@h",
	"smtp://h?tls=" + secret, "smtp://h?tls=implicit", "smtp://h?" + secret + "=1", "smtp://h?auth=plain", "smtp://u:" + secret + "@h?auth=ntlm", "smtps://h?tls=none",
	"smtp://u:" + secret + "@h?tls=none&auth=plain", "smtp://u:" + secret + "@h?tls=none&auth=login", "smtp://u:" + secret + "@h?tls=opportunistic&auth=xoauth2",
	"smtp://h?insecure_skip_verify=true", "smtp://127.0.0.1.example.org?insecure_skip_verify=true", "smtp://127.0.0.1?insecure_skip_verify=yes",
	"smtp://h?helo=a%0d%0ab", "smtp://h?ca=/does/not/exist", "smtp://h?connect_timeout=0s", "smtp://h?final_timeout=soon", "smtp://h?tls=none&tls=required",
}

func TestParseURLErrorsKeepSecrets(t *testing.T) {
	for _, raw := range badURLs {
		c, err := ParseURL(raw)
		if err == nil {
			t.Errorf("%q was accepted as %s", raw, c)
		} else if contains(err.Error(), secret) {
			t.Errorf("%q: the error repeats the secret: %v", raw, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, raw := range badURLs {
		f.Add(raw)
	}
	f.Add("smtps://u:" + secret + "@mail.example.org?auth=plain")
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := ParseURL(raw)
		if err == nil && (c.Host == "" || c.Port < 1 || c.Port > 65535 || (c.Auth != AuthNone) != (c.User != "")) {
			t.Errorf("%q: %s", raw, c)
		}
	})
}

func TestConfigIsPrintedRedacted(t *testing.T) {
	c := mustParse(t, "smtp://user:"+secret+"@mail.example.org")
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{c.String(), fmt.Sprintf("%v %+v %#v %s %v", c, c, c, &c, New(c).cfg), c.LogValue().String(), string(j)} {
		if contains(s, secret) {
			t.Errorf("printed with the password: %s", s)
		}
	}
	if want := "smtp://***:***@mail.example.org:587?tls=required&auth=auto"; c.String() != want {
		t.Errorf("%s, want %s", c, want)
	}
}
