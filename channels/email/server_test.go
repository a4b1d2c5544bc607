package email

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// newServer starts a sandbox and a connection to it.
func newServer(t *testing.T, cfg sandbox.MailConfig) (*sandbox.MailServer, channels.Conn) {
	t.Helper()
	cfg.KeepBodies = true
	srv, err := sandbox.NewMailServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	return srv, dialURL(t, srv.URL())
}

func dialURL(t *testing.T, url string) channels.Conn {
	t.Helper()
	c, err := New(mustParse(t, url)).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func mustParse(t *testing.T, url string) Config {
	t.Helper()
	cfg, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// begins counts calls of begin.
type begins struct {
	n   int
	err error
}

func (b *begins) begin() error {
	b.n++
	return b.err
}

func sample() *channels.Message {
	return &channels.Message{
		To: "anna@example.com",
		Mail: &channels.Mail{
			Text: []byte("Hi\n.dot\n..two dots\n"), HTML: []byte(`<p>Hi <a href="https://c.example.org/r">rules</a></p>`),
			Subject: "Hello", FromName: "Community", FromAddress: "news@c.example.org", EnvelopeFrom: "b+1.x@bounce.example.org",
			ToName: "Anna", ReplyTo: "r+tok@reply.example.org", MessageID: "d1.1@c.example.org", ListID: "news.c.example.org", ListName: "Community news",
			UnsubscribeURL: "https://u.example.org/1/tok", UnsubscribeMail: "u+tok@reply.example.org", FeedbackID: "welcome:c42:onboarding:kruzhok",
			AutoSubmitted: "auto-generated", Bulk: true, Date: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		},
	}
}

func TestSendArrivesWithItsHeaders(t *testing.T) {
	for name, cfg := range map[string]sandbox.MailConfig{
		"pipelined": {}, "one by one": {NoPipelining: true}, "7 bit": {NoEightBit: true}, "bare": {NoPipelining: true, NoEightBit: true, NoUTF8: true},
		"starttls": {StartTLS: true}, "smtps": {ImplicitTLS: true}, "auth": {StartTLS: true, User: "kruzhok@example.org", Password: "p@ss:w/?#rd"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, c := newServer(t, cfg)
			var b begins
			for range 3 {
				r := c.Send(t.Context(), sample(), b.begin)
				if r.Class != channels.OK || r.ProviderID != "2.0.0 accepted" {
					t.Fatalf("receipt %+v", r)
				}
			}
			if b.n != 3 {
				t.Errorf("begin was called %d times for 3 mails", b.n)
			}
			mails := srv.Mailbox().Mails("ANNA@example.com")
			if len(mails) != 3 {
				t.Fatalf("%d mails arrived", len(mails))
			}
			checkHeaders(t, mails[2])
		})
	}
}

func checkHeaders(t *testing.T, m sandbox.Mail) {
	t.Helper()
	for name, want := range map[string]string{
		"Subject": "Hello", "From": `"Community" <news@c.example.org>`, "To": `"Anna" <anna@example.com>`, "Reply-To": "<r+tok@reply.example.org>",
		"Message-ID": "<d1.1@c.example.org>", "Date": "Sun, 01 Mar 2026 12:00:00 +0000",
		"List-Id":          `"Community news" <news.c.example.org>`,
		"List-Unsubscribe": "<https://u.example.org/1/tok>, <mailto:u+tok@reply.example.org>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Feedback-ID": "welcome:c42:onboarding:kruzhok", "Auto-Submitted": "auto-generated", "Precedence": "bulk", "MIME-Version": "1.0",
		"User-Agent": "", "X-Mailer": "", "Bcc": "", "Cc": "",
	} {
		if got := m.Header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if m.EnvelopeFrom != "b+1.x@bounce.example.org" || m.MessageID != "d1.1@c.example.org" {
		t.Errorf("envelope from %q, id %q", m.EnvelopeFrom, m.MessageID)
	}
	if m.Text() != "Hi\r\n.dot\r\n..two dots\r\n" {
		t.Errorf("text %q", m.Text())
	}
	if l := sandbox.Links(m); len(l) != 1 || l[0] != (sandbox.Link{Text: "rules", URL: "https://c.example.org/r"}) {
		t.Errorf("links %v", l)
	}
}

func TestAuthMechanisms(t *testing.T) {
	for _, mech := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"} {
		srv, err := sandbox.NewMailServer(sandbox.MailConfig{StartTLS: true, User: "u", Password: "p", Mechanisms: []string{mech}})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		cfg := mustParse(t, srv.URL())
		for _, auth := range []AuthMechanism{AuthMechanism(strings.ToLower(mech)), AuthAuto} {
			if auth == AuthAuto && mech == "XOAUTH2" {
				continue // a token is never tried as a password
			}
			cfg.Auth = auth
			c, err := New(cfg).Dial(t.Context())
			if err != nil {
				t.Errorf("%s by %s: %v", mech, auth, err)
				continue
			}
			if r := c.Send(t.Context(), sample(), new(begins).begin); r.Class != channels.OK {
				t.Errorf("%s: %+v", mech, r)
			}
			_ = c.Close()
		}
	}
}
