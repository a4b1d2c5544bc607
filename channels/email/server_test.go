package email

import (
	"context"
	"errors"
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
		To:   "anna@example.com",
		Text: "Hi\n.dot\n..two dots\n",
		HTML: `<p>Hi <a href="https://c.example.org/r">rules</a></p>`,
		Mail: &channels.Mail{
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

func TestVerifiedCertificate(t *testing.T) {
	srv, err := sandbox.NewMailServer(sandbox.MailConfig{StartTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	cfg := mustParse(t, "smtp://"+srv.Addr()+"?tls=required")
	wantDial(t, cfg, channels.Receipt{Class: channels.Broken, WholeChannel: true, Detail: "the mail server's certificate could not be verified"})
	cfg = mustParse(t, "smtp://"+srv.Addr()+"?tls=required&ca="+writeFile(t, srv.CertPEM()))
	c, err := New(cfg).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func wantDial(t *testing.T, cfg Config, want channels.Receipt) {
	t.Helper()
	_, err := New(cfg).Dial(t.Context())
	var d *DialError
	if !errors.As(err, &d) {
		t.Fatalf("dial: %v, want a *DialError", err)
	}
	if d.Receipt() != want {
		t.Errorf("dial:\n got %+v\nwant %+v", d.Receipt(), want)
	}
}

func TestDialFailures(t *testing.T) {
	type tc struct {
		srv    sandbox.MailConfig
		fault  *sandbox.MailFault
		change func(*Config)
		want   channels.Receipt
	}
	whole := func(class channels.Class, code, detail string) channels.Receipt {
		return channels.Receipt{Class: class, WholeChannel: true, Code: code, Detail: detail}
	}
	retry := func(r channels.Receipt, d time.Duration) channels.Receipt {
		r.RetryAfter = d
		return r
	}
	for name, c := range map[string]tc{
		"wrong password": {srv: sandbox.MailConfig{StartTLS: true, User: "u", Password: "p"}, change: func(c *Config) { c.Password = "x" },
			want: whole(channels.Broken, "535 5.7.8", "authentication failed")},
		"mechanism missing": {srv: sandbox.MailConfig{StartTLS: true, User: "u", Password: "p", Mechanisms: []string{"LOGIN"}}, change: func(c *Config) { c.Auth = AuthPlain },
			want: whole(channels.Broken, "", "the mail server does not offer the configured authentication, or only without TLS")},
		"no AUTH at all": {change: func(c *Config) { c.User, c.Password, c.Auth = "u", "p", AuthAuto },
			want: whole(channels.Broken, "", "the mail server does not offer the configured authentication, or only without TLS")},
		"no STARTTLS": {change: func(c *Config) { c.TLS = TLSRequired },
			want: whole(channels.Broken, "", "the mail server does not offer STARTTLS, which is required")},
		"554 greeting": {fault: &sandbox.MailFault{Phase: sandbox.MailAtConnect, Reply: "554 5.7.1 no service for you@home"},
			want: retry(whole(channels.Temporary, "554 5.7.1", "no service for <address>"), greylisted)},
		"421 greeting": {fault: &sandbox.MailFault{Phase: sandbox.MailAtConnect, Reply: "421 busy"},
			want: retry(whole(channels.Temporary, "421", "busy"), greylisted)},
		"hangs up": {fault: &sandbox.MailFault{Phase: sandbox.MailAtConnect, Cut: true},
			want: retry(whole(channels.Temporary, "", "the mail server cannot be reached: connection was lost"), time.Minute)},
		"silent": {fault: &sandbox.MailFault{Phase: sandbox.MailAtConnect, Delay: time.Hour}, change: func(c *Config) { c.ConnectTimeout = 50 * time.Millisecond },
			want: retry(whole(channels.Temporary, "", "the mail server cannot be reached: connection timed out"), time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			srv, err := sandbox.NewMailServer(c.srv)
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			if c.fault != nil {
				srv.Fault(*c.fault)
			}
			cfg := mustParse(t, srv.URL())
			if c.change != nil {
				c.change(&cfg)
			}
			wantDial(t, cfg, c.want)
		})
	}
}

func TestServerIsDown(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	srv.Down()
	var b begins
	r := c.Send(t.Context(), sample(), b.begin)
	if r.Class != channels.Temporary || !r.WholeChannel || b.n != 0 {
		t.Errorf("down: %+v, begun %d", r, b.n)
	}
	if err := srv.Up(); err != nil {
		t.Fatal(err)
	}
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
		t.Errorf("up again: %+v", r)
	}
}

// Every fault, at every phase, with and without pipelining: the class, whether the mail had begun, whether it was accepted, and that the next mail gets through.
func TestFaults(t *testing.T) {
	type tc struct {
		fault          sandbox.MailFault
		class          channels.Class
		code           string
		reach          channels.Reach
		begun, arrived int
	}
	for name, c := range map[string]tc{
		"450 at RCPT":            {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "450 4.7.1 Greylisted"}, class: channels.Temporary, code: "450 4.7.1"},
		"550 at RCPT":            {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550 5.1.1 no anna here"}, class: channels.AddressDead, code: "550 5.1.1", reach: channels.ReachGone},
		"421 at RCPT":            {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "421 4.7.0 slow down"}, class: channels.Temporary, code: "421 4.7.0"},
		"cut at RCPT":            {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Cut: true}, class: channels.Temporary},
		"553 at MAIL":            {fault: sandbox.MailFault{Phase: sandbox.MailAtMail, Reply: "553 5.7.1 not yours"}, class: channels.Broken, code: "553 5.7.1"},
		"451 at MAIL":            {fault: sandbox.MailFault{Phase: sandbox.MailAtMail, Reply: "451 4.3.0 later"}, class: channels.Temporary, code: "451 4.3.0"},
		"552 at DATA":            {fault: sandbox.MailFault{Phase: sandbox.MailAtData, Reply: "552 5.3.4 too big"}, class: channels.Refused, code: "552 5.3.4"},
		"cut at DATA":            {fault: sandbox.MailFault{Phase: sandbox.MailAtData, Cut: true}, class: channels.Temporary},
		"cut in the body":        {fault: sandbox.MailFault{Phase: sandbox.MailInBody, Cut: true}, class: channels.Uncertain, begun: 1},
		"cut before acceptance":  {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Cut: true}, class: channels.Uncertain, begun: 1},
		"cut after acceptance":   {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Cut: true}, class: channels.Uncertain, begun: 1, arrived: 1},
		"silent after":           {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Delay: time.Hour}, class: channels.Uncertain, begun: 1, arrived: 1},
		"silent at RCPT":         {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Delay: time.Hour}, class: channels.Temporary},
		"554 after the dot":      {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "554 5.7.1 spam"}, class: channels.Refused, code: "554 5.7.1", begun: 1},
		"451 after the dot":      {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "451 4.3.0 disk"}, class: channels.Temporary, code: "451 4.3.0", begun: 1},
		"nonsense after the dot": {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Reply: "what?"}, class: channels.Uncertain, begun: 1, arrived: 1},
		"354 after the dot":      {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Reply: "354 more"}, class: channels.Uncertain, begun: 1, arrived: 1},
		"multi-line refusal": {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550-5.1.1 The account <Anna@Example.com>\r\n550 5.1.1 does not exist"},
			class: channels.AddressDead, code: "550 5.1.1", reach: channels.ReachGone},
	} {
		for _, noPipelining := range []bool{false, true} {
			t.Run(name+pick(noPipelining, ", one by one", ", pipelined"), func(t *testing.T) {
				c.fault.Times = 1
				srv, err := sandbox.NewMailServer(sandbox.MailConfig{NoPipelining: noPipelining, KeepBodies: true})
				if err != nil {
					t.Fatal(err)
				}
				defer srv.Close()
				srv.Fault(c.fault)
				cfg := mustParse(t, srv.URL())
				cfg.CommandTimeout, cfg.FinalTimeout = 10*time.Second, 10*time.Second
				if c.fault.Delay > 0 {
					cfg.CommandTimeout, cfg.FinalTimeout = 50*time.Millisecond, 50*time.Millisecond
				}
				conn := dialConfig(t, cfg)
				var b begins
				r := conn.Send(t.Context(), sample(), b.begin)
				if r.Class != c.class || r.Code != c.code || r.Reach != c.reach || r.WholeChannel || b.n != c.begun {
					t.Errorf("%+v, begun %d", r, b.n)
				}
				if contains(r.Detail, "anna") || contains(r.Detail, "@") {
					t.Errorf("detail holds the address: %q", r.Detail)
				}
				if n := srv.Mailbox().Total(); n != c.arrived {
					t.Errorf("%d accepted, want %d", n, c.arrived)
				}
				cfg.CommandTimeout, cfg.FinalTimeout = 10*time.Second, 10*time.Second
				if r := conn.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
					t.Errorf("next mail: %+v", r)
				}
			})
		}
	}
}

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func dialConfig(t *testing.T, cfg Config) channels.Conn {
	t.Helper()
	c, err := New(cfg).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRefusedRecipientGetsOnlyTheDot(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{EagerData: true})
	srv.Fault(sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550 5.1.1 gone", Times: 1})
	var b begins
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.AddressDead || b.n != 0 {
		t.Errorf("%+v, begun %d", r, b.n)
	}
	if n := srv.Unwanted(); n != 0 {
		t.Errorf("%d bytes of the body went out after RCPT was refused", n)
	}
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
		t.Errorf("next: %+v", r)
	}
}

func TestFailingBeginSendsNothing(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	b := begins{err: errors.New("disk full")}
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.Temporary || b.n != 1 {
		t.Errorf("%+v", r)
	}
	b.err = nil
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
		t.Errorf("next: %+v", r)
	}
	if n := srv.Mailbox().Total(); n != 1 {
		t.Errorf("%d mails accepted, want only the second", n)
	}
}

func TestReconnectsWhenTheServerHungUp(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	var b begins
	for i, end := range []func(){
		func() {},
		srv.DropConnections,
		func() {
			srv.Fault(sandbox.MailFault{Phase: sandbox.MailAtMail, Reply: "421 4.4.2 idle too long", Times: 1})
		},
		func() { srv.Fault(sandbox.MailFault{Phase: sandbox.MailAtMail, Cut: true, Times: 1}) },
	} {
		end()
		if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if n := srv.Mailbox().Total(); b.n != 4 || n != 4 {
		t.Errorf("begun %d, arrived %d, want 4", b.n, n)
	}
}

func TestCancellation(t *testing.T) {
	for phase, want := range map[sandbox.MailPhase]channels.Class{sandbox.MailAtRcpt: channels.Temporary, sandbox.MailAfterDot: channels.Uncertain} {
		srv, c := newServer(t, sandbox.MailConfig{})
		srv.Fault(sandbox.MailFault{Phase: phase, Delay: time.Hour, Times: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		r := c.Send(ctx, sample(), new(begins).begin)
		cancel()
		if r.Class != want {
			t.Errorf("%s: %+v", phase, r)
		}
		if r := c.Send(t.Context(), sample(), new(begins).begin); r.Class != channels.OK {
			t.Errorf("next: %+v", r)
		}
	}
}

func TestInternationalAddresses(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	m := sample()
	m.To = "Анна@почта.рф"
	if r := c.Send(t.Context(), m, new(begins).begin); r.Class != channels.OK {
		t.Fatalf("%+v", r)
	}
	if srv.Mailbox().Count("анна@xn--80a1acny.xn--p1ai") != 1 {
		t.Errorf("arrived for %q", srv.Mailbox().Recipients())
	}
	_, c = newServer(t, sandbox.MailConfig{NoUTF8: true})
	if r := c.Send(t.Context(), m, new(begins).begin); r.Class != channels.Refused || r.Code != "5.6.7" {
		t.Errorf("without SMTPUTF8: %+v", r)
	}
	m.To = "anna@почта.рф"
	if r := c.Send(t.Context(), m, new(begins).begin); r.Class != channels.OK {
		t.Errorf("only the domain is Unicode: %+v", r)
	}
}
