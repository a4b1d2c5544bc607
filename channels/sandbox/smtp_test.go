package sandbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// smtpTalk is a raw connection: what a client that makes mistakes would send.
type smtpTalk struct {
	net.Conn
	r *bufio.Reader
}

func newMailServer(t testing.TB, cfg MailConfig) *MailServer {
	t.Helper()
	s, err := NewMailServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func smtpDial(t testing.TB, s *MailServer) *smtpTalk {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	talk := &smtpTalk{c, bufio.NewReader(c)}
	if got := talk.reply(); got != "220 sandbox.localhost ESMTP" {
		t.Fatalf("greeting %q", got)
	}
	return talk
}

// reply is the last line of the next reply, or the error.
func (c *smtpTalk) reply() string {
	for {
		l, err := c.r.ReadString('\n')
		if err != nil {
			return "end"
		}
		if len(l) < 4 || l[3] != '-' {
			return strings.TrimRight(l, "\r\n")
		}
	}
}

// say sends bytes and returns the codes of n replies.
func (c *smtpTalk) say(n int, s string) string {
	if _, err := c.Write([]byte(s)); err != nil {
		return "end"
	}
	var out []string
	for range n {
		out = append(out, strings.SplitN(c.reply(), " ", 2)[0])
	}
	return strings.Join(out, " ")
}

const smtpEnvelope = "MAIL FROM:<b@bounce.example>\r\nRCPT TO:<Anna@example.com>\r\nDATA\r\n"

func TestMailSessions(t *testing.T) {
	const ok = smtpEnvelope + "Message-ID: <1@x>\r\n\r\nhi\r\n.\r\n"
	for name, c := range map[string]struct {
		cfg     MailConfig
		say     string
		replies string
	}{
		"pipelined":           {say: ok, replies: "250 250 354 250"},
		"two in a row":        {say: ok + ok, replies: "250 250 354 250 250 250 354 250"},
		"small letters":       {say: "mail from:<a@b>\r\nrcpt to:<c@d>\r\ndata\r\n.\r\n", replies: "250 250 354 250"},
		"no MAIL":             {say: "RCPT TO:<a@b>\r\nDATA\r\n", replies: "503 503"},
		"DATA after a mail":   {say: ok + "DATA\r\n", replies: "250 250 354 250 503"},
		"nested":              {say: "MAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", replies: "250 503"},
		"reset":               {say: "MAIL FROM:<a@b>\r\nRSET\r\nMAIL FROM:<>\r\n", replies: "250 250 250"},
		"syntax":              {say: "MAIL FROM:a@b\r\nMAIL FROM:<a b@c>\r\nMAIL FROM:<a@b> X=1\r\nHUH\r\nNOOP\nNOOP\r\n", replies: "501 501 555 500 500 250"},
		"no STARTTLS":         {say: "STARTTLS\r\n", replies: "502"},
		"no AUTH":             {say: "AUTH PLAIN AGEAYg==\r\n", replies: "504"},
		"auth required":       {cfg: MailConfig{User: "u", Password: "p"}, say: "MAIL FROM:<a@b>\r\n", replies: "530"},
		"wrong password":      {cfg: MailConfig{User: "u", Password: "p"}, say: "AUTH PLAIN AGEAYg==\r\nAUTH PLAIN !\r\n", replies: "535 501"},
		"pipelining withheld": {cfg: MailConfig{NoPipelining: true}, say: smtpEnvelope, replies: "503 end"},
		"8 bit, not said":     {say: smtpEnvelope + "\r\nж\r\n.\r\n", replies: "250 250 354 554"},
		"8 bit, withheld":     {cfg: MailConfig{NoEightBit: true}, say: "MAIL FROM:<a@b> BODY=8BITMIME\r\n", replies: "555"},
		"UTF-8, not said":     {say: "MAIL FROM:<a@b>\r\nRCPT TO:<ж@b>\r\n", replies: "250 553"},
		"UTF-8":               {say: "MAIL FROM:<ж@b> SMTPUTF8\r\nRCPT TO:<ж@b>\r\n", replies: "250 250"},
		"UTF-8, withheld":     {cfg: MailConfig{NoUTF8: true}, say: "MAIL FROM:<a@b> SMTPUTF8\r\n", replies: "555"},
		"bare LF":             {say: smtpEnvelope + "\r\na\nb\r\n.\r\n", replies: "250 250 354 554"},
		"bare CR":             {say: smtpEnvelope + "\r\na\rb\r\n.\r\n", replies: "250 250 354 554"},
		"long line":           {say: smtpEnvelope + "\r\n" + strings.Repeat("a", 999) + "\r\n.\r\n", replies: "250 250 354 554"},
		"longest line":        {say: smtpEnvelope + "\r\n" + strings.Repeat("a", 998) + "\r\n.\r\n", replies: "250 250 354 250"},
		"endless line":        {say: smtpEnvelope + strings.Repeat("a", 200_000) + "\r\n.\r\n", replies: "250 250 354 554"},
		// The next three hide a second mail behind an end that is none (SMTP smuggling).
		"LF dot LF":   {say: smtpEnvelope + "a\n.\nMAIL FROM:<evil@x>\r\n.\r\n", replies: "250 250 354 554"},
		"LF dot CRLF": {say: smtpEnvelope + "a\n.\r\nMAIL FROM:<evil@x>\r\n.\r\n", replies: "250 250 354 554"},
		"CRLF dot LF": {say: smtpEnvelope + "a\r\n.\nMAIL FROM:<evil@x>\r\n.\r\n", replies: "250 250 354 554"},
		"quit":        {say: "QUIT\r\n", replies: "221 end"},
	} {
		t.Run(name, func(t *testing.T) {
			talk := smtpDial(t, newMailServer(t, c.cfg))
			if got := talk.say(1, "EHLO x\r\n"); got != "250" {
				t.Fatalf("EHLO: %s", got)
			}
			if got := talk.say(len(strings.Fields(c.replies)), c.say); got != c.replies {
				t.Errorf("replies %s, want %s", got, c.replies)
			}
		})
	}
}

func TestTooBig(t *testing.T) {
	s := newMailServer(t, MailConfig{KeepBodies: true})
	talk := smtpDial(t, s)
	line := strings.Repeat("a", 998) + "\r\n"
	got := talk.say(5, "EHLO x\r\n"+smtpEnvelope+strings.Repeat(line, smtpMaxSize/len(line)+1)+".\r\n")
	if got != "250 250 250 354 552" || s.Mailbox().Total() != 0 {
		t.Errorf("%s, %d accepted", got, s.Mailbox().Total())
	}
}

// Whatever net/smtp stuffs comes out unstuffed, byte for byte.
func TestDotsAreUnstuffed(t *testing.T) {
	s := newMailServer(t, MailConfig{KeepBodies: true})
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	line := rapid.SampledFrom([]string{"", ".", "..", "...", ".a", "a.", "a", ". ", strings.Repeat(".", 300)})
	rapid.Check(t, func(t *rapid.T) {
		s.Mailbox().Clear()
		body := strings.Join(rapid.SliceOfN(line, 1, 30).Draw(t, "lines"), "\r\n") + "\r\n"
		if err := c.Mail("a@b"); err != nil {
			t.Fatal(err)
		}
		if err := c.Rcpt("c@d"); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := s.Mailbox().Mails("c@d"); len(got) != 1 || string(got[0].Raw) != body {
			t.Fatalf("got %q, want %q", got, body)
		}
	})
}

func TestStartTLSDropsWhatCameBefore(t *testing.T) {
	s := newMailServer(t, MailConfig{StartTLS: true})
	talk := smtpDial(t, s)
	if got := talk.say(2, "EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@x>\r\n"); got != "250 end" {
		t.Errorf("plaintext behind STARTTLS: %s", got)
	}
}

// net/smtp is a second opinion on TLS and AUTH.
func TestTLSAndAuth(t *testing.T) {
	s := newMailServer(t, MailConfig{StartTLS: true, User: "u", Password: "p"})
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CertPEM()) {
		t.Fatal("no certificate")
	}
	for _, try := range []struct {
		auth  smtp.Auth
		wrong bool
	}{{smtp.PlainAuth("", "u", "p", "127.0.0.1"), false}, {smtp.CRAMMD5Auth("u", "p"), false}, {smtp.PlainAuth("", "u", "x", "127.0.0.1"), true}} {
		c, err := smtp.Dial(s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.StartTLS(&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}); err != nil {
			t.Fatal(err)
		}
		if err := c.Auth(try.auth); (err != nil) != try.wrong {
			t.Errorf("auth: %v", err)
		}
		if !try.wrong && c.Mail("a@b") != nil {
			t.Error("MAIL refused after AUTH")
		}
		_ = c.Close()
	}
}

func TestMailServerURL(t *testing.T) {
	for _, c := range []struct {
		cfg  MailConfig
		want string
	}{
		{MailConfig{}, "smtp://ADDR?tls=none"},
		{MailConfig{StartTLS: true, User: "u@x", Password: "p:/"}, "smtp://u%40x:p%3A%2F@ADDR?tls=required&insecure_skip_verify=true"},
		{MailConfig{ImplicitTLS: true}, "smtps://ADDR?insecure_skip_verify=true"},
	} {
		s := newMailServer(t, c.cfg)
		if got := strings.ReplaceAll(s.URL(), s.Addr(), "ADDR"); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestMailFaults(t *testing.T) {
	s := newMailServer(t, MailConfig{})
	deliver := func(to string) string {
		talk := smtpDial(t, s)
		return talk.say(5, "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<"+to+">\r\nDATA\r\nMessage-ID:\r\n <id@x>\r\n\r\n.\r\n")
	}
	clear := s.Fault(MailFault{Phase: MailAtRcpt, Match: "bad.example", Reply: "550 5.1.1 no"})
	if got := deliver("a@good.example"); got != "250 250 250 354 250" {
		t.Errorf("another domain: %s", got)
	}
	if got := deliver("a@bad.example"); !strings.HasPrefix(got, "250 250 550 503") {
		t.Errorf("fault: %s", got)
	}
	clear()
	s.Fault(MailFault{Phase: MailAfterDot, Cut: true, Times: 1})
	if got := deliver("a@bad.example"); got != "250 250 250 354 end" {
		t.Errorf("cut: %s", got)
	}
	if got := deliver("a@bad.example"); got != "250 250 250 354 250" {
		t.Errorf("once only: %s", got)
	}
	j := s.Mailbox().Journal()
	if len(j) != 3 || j[1].MessageID != "id@x" || j[1].EnvelopeFrom != "a@b" || j[1].Rcpt != "a@bad.example" || j[1].At.IsZero() {
		t.Errorf("journal %+v: what was accepted and not answered belongs into it", j)
	}
	if s.Mailbox().Count("A@BAD.example") != 2 || len(s.Mailbox().Mails("a@bad.example")) != 0 {
		t.Errorf("without KeepBodies there are counts and no mails")
	}
}

func TestDownAndUp(t *testing.T) {
	s := newMailServer(t, MailConfig{})
	talk := smtpDial(t, s)
	s.Down()
	if got := talk.say(1, "NOOP\r\n"); got != "end" {
		t.Errorf("a connection outlived Down: %s", got)
	}
	if c, err := net.Dial("tcp", s.Addr()); err == nil {
		_ = c.Close()
		t.Error("connected while down")
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	smtpDial(t, s)
	if err := s.Close(); err != nil || s.Up() == nil {
		t.Error("Close is final")
	}
}

func TestWaitFor(t *testing.T) {
	s := newMailServer(t, MailConfig{KeepBodies: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Mailbox().WaitFor(ctx, "x@y", nil); err == nil {
		t.Error("an ended context does not end the wait")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := s.Mailbox().WaitFor(t.Context(), "X@y", func(m []Mail) bool { return len(m) >= 50 })
			if err != nil || len(got) < 50 {
				t.Errorf("%d mails, %v", len(got), err)
			}
		})
	}
	wg.Go(func() {
		if err := s.Mailbox().WaitTotal(t.Context(), 100); err != nil {
			t.Error(err)
		}
	})
	for i := range 100 {
		s.box.add("x@y", "", fmt.Sprint(i), nil)
	}
	wg.Wait()
}

func TestMailIsRead(t *testing.T) {
	m := Mail{Raw: []byte(strings.ReplaceAll(`From: =?utf-8?b?0JrRgNGD0LbQvtC6?= <news@c.example>
Subject: =?utf-8?q?=D0=9F=D1=80=D0=B8?= =?utf-8?q?=D0=B2=D0=B5=D1=82?=
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=i

--i
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

0J/RgNC40LLQtdGC
--i
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p><a href=3D"https://x.example/?a=3D1&amp;b=3D2"> one <b>big</b>
link</a><a name=3Dx>no</a></p>
--i--
--o--
`, "\n", "\r\n"))}
	name, addr := m.From()
	if m.Subject() != "Привет" || name != "Кружок" || addr != "news@c.example" || m.Text() != "Привет" || m.Header("X-None") != "" {
		t.Errorf("%q %q %q %q", m.Subject(), name, addr, m.Text())
	}
	if l := Links(m); len(l) != 1 || l[0] != (Link{"one big link", "https://x.example/?a=1&b=2"}) {
		t.Errorf("links %q", l)
	}
	plain := Mail{Raw: []byte("Subject: x\r\n\r\nsee https://a.example/1, or (http://b.example).\r\n")}
	if l := Links(plain); len(l) != 2 || l[0].URL != "https://a.example/1" || l[1].URL != "http://b.example" {
		t.Errorf("links of a text %q", l)
	}
}

func FuzzMailSession(f *testing.F) {
	f.Add(smtpEnvelope + "a\n.\r\n..\r\n.\r\nQUIT\r\n")
	f.Add("AUTH LOGIN\r\n=\r\nSTARTTLS\r\nMAIL FROM:<\r\nRCPT TO:>\r\n\n\n")
	f.Add("EHLO \r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n")
	f.Fuzz(func(t *testing.T, said string) {
		s := &MailServer{cfg: MailConfig{KeepBodies: true}, box: newMailbox(true, nil), done: make(chan struct{})}
		ours, theirs := net.Pipe()
		var wg sync.WaitGroup
		wg.Go(func() {
			defer theirs.Close()
			newSMTPSession(s, theirs, false).run()
		})
		wg.Go(func() {
			_, _ = bufio.NewReader(ours).WriteTo(nowhere{})
		})
		_, _ = ours.Write([]byte("EHLO x\r\n" + said))
		_ = ours.Close()
		wg.Wait()
		for _, a := range s.box.Journal() {
			if a.Rcpt == "" || strings.ContainsAny(a.Rcpt+a.EnvelopeFrom, "<> \t") {
				t.Errorf("accepted %+v", a)
			}
		}
	})
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkMailServer measures what the server can take on one pipelined connection: it must never be the slow end of a load test.
func BenchmarkMailServer(b *testing.B) {
	s := newMailServer(b, MailConfig{})
	talk := smtpDial(b, s)
	_ = talk.SetDeadline(time.Time{})
	talk.say(1, "EHLO x\r\n")
	mail := []byte(smtpEnvelope + "Message-ID: <1@x>\r\n\r\n" + strings.Repeat(strings.Repeat("a", 70)+"\r\n", 75) + ".\r\n")
	b.ResetTimer()
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 4 * b.N {
			talk.reply()
		}
	})
	for range b.N {
		if _, err := talk.Write(mail); err != nil {
			b.Fatal(err)
		}
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	if n := s.Mailbox().Total(); n < b.N {
		b.Fatalf("%d of %d arrived", n, b.N)
	}
}
