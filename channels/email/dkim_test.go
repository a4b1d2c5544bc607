package email

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// dkimPair is a key as in its file, and what DNS says of it.
func dkimPair(t testing.TB, ed bool) (file []byte, record string) {
	t.Helper()
	var key any
	if ed {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, record = private, "v=DKIM1; k=ed25519; p="+base64.StdEncoding.EncodeToString(public)
	} else {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.MarshalPKIXPublicKey(private.Public())
		if err != nil {
			t.Fatal(err)
		}
		key, record = private, "v=DKIM1; k=rsa; p="+base64.StdEncoding.EncodeToString(public)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), record
}

// TestSignedMailsVerify: what arrives, over a stream, verifies with both keys, also with dots and long lines in it, and does not when a word is changed.
func TestSignedMailsVerify(t *testing.T) {
	srv, err := sandbox.NewMailServer(sandbox.MailConfig{KeepBodies: true})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	cfg := mustParse(t, srv.URL())
	records := map[string]string{}
	for name, ed := range map[string]bool{"k1": false, "k2": true} {
		file, record := dkimPair(t, ed)
		k, err := ParseDKIMKey(name, file)
		if err != nil {
			t.Fatal(err)
		}
		cfg.DKIM = append(cfg.DKIM, k)
		records[name+"._domainkey.c.example.org"] = record
	}
	f := newFeed(t.Fatalf, 3)
	f.give[1].Mail.Text, f.give[1].Mail.Subject = []byte("Привет\n.точка\n"+strings.Repeat("ж", 2000)), "Тема "+strings.Repeat("ы", 200)
	play(t, dialConfig(t, cfg), f)
	verify := func(raw []byte) (valid int) {
		t.Helper()
		vs, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(at string) ([]string, error) { return []string{records[at]}, nil }})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range vs {
			if v.Err == nil && v.Domain == "c.example.org" {
				valid++
			}
		}
		return valid
	}
	for _, m := range f.give {
		mails := srv.Mailbox().Mails(m.To)
		if len(mails) != 1 {
			t.Fatalf("%d mails", len(mails))
		}
		raw := mails[0].Raw
		if n := verify(raw); n != 2 {
			t.Errorf("%d of 2 signatures hold:\n%s", n, raw)
		}
		for _, changed := range [][2]string{{"Subject: ", "Subject: no "}, {"List-Unsubscribe: <", "List-Unsubscribe: <x"}, {"/html", "/plain"}} {
			if n := verify(bytes.Replace(raw, []byte(changed[0]), []byte(changed[1]), 1)); n != 0 {
				t.Errorf("%d signatures hold when %q is changed", n, changed[0])
			}
		}
		if bytes.Contains(raw, []byte("8bit")) {
			t.Error("a signed mail goes as 8bit")
		}
	}
}

func TestBadDKIMKeys(t *testing.T) {
	good, _ := dkimPair(t, true)
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // refused
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		selector string
		file     []byte
		want     string
	}{
		"selector":  {"k 1", good, "no selector"},
		"no pem":    {"k1", []byte("k1"), "BEGIN PRIVATE KEY"},
		"garbage":   {"k1", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), "cannot be read"},
		"short RSA": {"k1", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(short)}), "1024 bits"},
	} {
		if _, err := ParseDKIMKey(c.selector, c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkSign is what DKIM adds to a mail.
func BenchmarkSign(b *testing.B) {
	for name, ed := range map[string]bool{"RSA-2048": false, "Ed25519": true} {
		b.Run(name, func(b *testing.B) {
			file, _ := dkimPair(b, ed)
			k, err := ParseDKIMKey("k1", file)
			if err != nil {
				b.Fatal(err)
			}
			e, _ := check(sample())
			raw, _, _, err := new(forms).compose(nil, e, false)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := sign([]DKIMKey{k}, "c.example.org", raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
