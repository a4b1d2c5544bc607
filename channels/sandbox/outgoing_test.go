package sandbox

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"
)

const arrived = "From: Speaklingua <news@c.example.org>\r\nReply-To: <r-1@reply.example.org>\r\nSubject: =?utf-8?q?=D0=9F=D1=80=D0=B8=D0=B2=D0=B5=D1=82?=\r\n" +
	"Message-ID: <m-1@c.example.org>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n"

func answered(t *testing.T) (*Mailbox, func(kind string) *mail.Message) {
	t.Helper()
	b := newMailbox(true, func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) })
	b.add("anna@example.org", "b-1@reply.example.org", "m-1@c.example.org", []byte(arrived))
	return b, func(kind string) *mail.Message {
		t.Helper()
		all := b.Outbox("anna@example.org")
		o := all[len(all)-1]
		if o.Kind != kind {
			t.Fatalf("the last is a %s", o.Kind)
		}
		if bytes.Contains(bytes.ReplaceAll(o.Raw, []byte("\r\n"), nil), []byte("\n")) {
			t.Error("a line ends with LF alone")
		}
		m, err := mail.ReadMessage(bytes.NewReader(o.Raw))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

// TestAnswersAreRealMessages: a reply goes to Reply-To and names what it answers; a bounce and a complaint go to the envelope's sender, in their standard forms.
func TestAnswersAreRealMessages(t *testing.T) {
	b, last := answered(t)
	if err := b.Reply("Anna@example.org", 1, "Спасибо"); err != nil {
		t.Fatal(err)
	}
	reply := last("reply")
	if reply.Header.Get("To") != "<r-1@reply.example.org>" || reply.Header.Get("In-Reply-To") != "<m-1@c.example.org>" || reply.Header.Get("References") != "<m-1@c.example.org>" {
		t.Errorf("reply headers %v", reply.Header)
	}
	if err := b.Bounce("anna@example.org", 1); err != nil {
		t.Fatal(err)
	}
	parts := reported(t, last("bounce"), "delivery-status")
	for _, want := range []string{"Final-Recipient: rfc822; anna@example.org", "Action: failed", "Status: 5.1.1"} {
		if !strings.Contains(parts["message/delivery-status"], want) {
			t.Errorf("the bounce has no %q", want)
		}
	}
	if !strings.Contains(parts["text/rfc822-headers"], "Message-ID: <m-1@c.example.org>") {
		t.Error("the bounce does not name the mail")
	}
	if err := b.Complain("anna@example.org", 1); err != nil {
		t.Fatal(err)
	}
	parts = reported(t, last("complaint"), "feedback-report")
	if !strings.Contains(parts["message/feedback-report"], "Feedback-Type: abuse") || !strings.Contains(parts["message/rfc822"], "Message-ID: <m-1@c.example.org>") {
		t.Errorf("the complaint is %v", parts)
	}
	for _, n := range []int{0, 2} {
		if b.Reply("anna@example.org", n, "x") == nil || b.Bounce("nobody@example.org", n) == nil {
			t.Error("a mail that is not there was answered")
		}
	}
}

// reported reads a multipart/report (RFC 6522) by the types of its parts.
func reported(t *testing.T, m *mail.Message, kind string) map[string]string {
	t.Helper()
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/report" || params["report-type"] != kind {
		t.Fatalf("%s %v: %v", media, params, err)
	}
	if to := m.Header.Get("To"); to != "<b-1@reply.example.org>" {
		t.Errorf("it goes to %s", to)
	}
	out := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextPart()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		out[p.Header.Get("Content-Type")] = string(body)
	}
}
