package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Outgoing is a message that a mailbox's owner, or their server, sends in answer to a mail.
type Outgoing struct {
	Kind string // "reply", "bounce" or "complaint"
	From string // the envelope's; empty for a bounce (RFC 5321 §4.5.5)
	To   string
	At   time.Time
	Raw  []byte
}

// ErrNoMail says that the recipient has no such mail, or that it names nobody to answer to.
var ErrNoMail = errors.New("sandbox: no such mail")

// Outbox is what the recipient's mails were answered with, oldest first.
func (b *Mailbox) Outbox(rcpt string) []Outgoing {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Outgoing(nil), b.outbox[mailKey(rcpt)]...)
}

// Reply answers the recipient's n-th mail (from 1) with text, as a mail program does (RFC 5322 §3.6.4).
func (b *Mailbox) Reply(rcpt string, n int, text string) error {
	m, ok := b.mail(rcpt, n)
	if !ok {
		return ErrNoMail
	}
	to := replyTo(m)
	if to == "" {
		return ErrNoMail
	}
	var body bytes.Buffer
	w := quotedprintable.NewWriter(&body)
	_, _ = w.Write([]byte(text + "\r\n\r\n> " + strings.ReplaceAll(strings.TrimSpace(m.Text()), "\n", "\n> "))) // a Buffer takes everything
	_ = w.Close()
	now := b.now()
	raw := lines(
		"From: <"+rcpt+">", "To: <"+to+">", "Subject: "+mime.QEncoding.Encode("utf-8", "Re: "+m.Subject()), "Date: "+now.Format(time.RFC1123Z),
		"Message-ID: <"+token()+"@"+domain(rcpt)+">", "In-Reply-To: <"+m.MessageID+">", "References: <"+m.MessageID+">",
		"MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", body.String(),
	)
	b.answer(rcpt, Outgoing{Kind: "reply", From: rcpt, To: to, At: now, Raw: raw})
	return nil
}

// Bounce returns the mail as a server does that knows no such mailbox: a delivery status notification to the envelope's sender (RFC 3464).
func (b *Mailbox) Bounce(rcpt string, n int) error {
	m, ok := b.mail(rcpt, n)
	if !ok || m.EnvelopeFrom == "" {
		return ErrNoMail
	}
	now, mark := b.now(), token()
	raw := lines(
		"From: Mail Delivery System <MAILER-DAEMON@"+domain(rcpt)+">", "To: <"+m.EnvelopeFrom+">", "Subject: Undelivered Mail Returned to Sender",
		"Date: "+now.Format(time.RFC1123Z), "Message-ID: <"+token()+"@"+domain(rcpt)+">", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
		`Content-Type: multipart/report; report-type=delivery-status; boundary="`+mark+`"`, "",
		"--"+mark, "Content-Type: text/plain; charset=us-ascii", "", "This message could not be delivered: there is no such mailbox.", "",
		"--"+mark, "Content-Type: message/delivery-status", "",
		"Reporting-MTA: dns; "+domain(rcpt), "Arrival-Date: "+m.At.Format(time.RFC1123Z), "",
		"Final-Recipient: rfc822; "+rcpt, "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 <"+rcpt+">: user unknown", "",
		"--"+mark, "Content-Type: text/rfc822-headers", "", headers(m.Raw), "--"+mark+"--", "",
	)
	b.answer(rcpt, Outgoing{Kind: "bounce", To: m.EnvelopeFrom, At: now, Raw: raw})
	return nil
}

// Complain reports the mail as unwanted, as a provider does when somebody presses "spam": an abuse report (RFC 5965) to the envelope's sender.
func (b *Mailbox) Complain(rcpt string, n int) error {
	m, ok := b.mail(rcpt, n)
	if !ok || m.EnvelopeFrom == "" {
		return ErrNoMail
	}
	now, mark := b.now(), token()
	from := "feedback@" + domain(rcpt)
	raw := lines(
		"From: <"+from+">", "To: <"+m.EnvelopeFrom+">", "Subject: FW: "+mime.QEncoding.Encode("utf-8", m.Subject()), "Date: "+now.Format(time.RFC1123Z),
		"Message-ID: <"+token()+"@"+domain(rcpt)+">", "MIME-Version: 1.0", `Content-Type: multipart/report; report-type=feedback-report; boundary="`+mark+`"`, "",
		"--"+mark, "Content-Type: text/plain; charset=us-ascii", "", "This is an email abuse report for a message received on "+m.At.Format(time.RFC1123Z)+".", "",
		"--"+mark, "Content-Type: message/feedback-report", "",
		"Feedback-Type: abuse", "User-Agent: KruzhokSandbox/1", "Version: 1", "Original-Mail-From: <"+m.EnvelopeFrom+">", "Original-Rcpt-To: <"+rcpt+">", "",
		"--"+mark, "Content-Type: message/rfc822", "", string(m.Raw), "--"+mark+"--", "",
	)
	b.answer(rcpt, Outgoing{Kind: "complaint", From: from, To: m.EnvelopeFrom, At: now, Raw: raw})
	return nil
}

func (b *Mailbox) mail(rcpt string, n int) (Mail, bool) {
	all := b.Mails(rcpt)
	if n < 1 || n > len(all) {
		return Mail{}, false
	}
	return all[n-1], true
}

func (b *Mailbox) answer(rcpt string, o Outgoing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.outbox == nil {
		b.outbox = map[string][]Outgoing{}
	}
	b.outbox[mailKey(rcpt)] = append(b.outbox[mailKey(rcpt)], o)
	b.notify()
}

// Changed is closed at the next change of any mailbox.
func (b *Mailbox) Changed() <-chan struct{} { return b.nextChange() }

// replyTo is where an answer goes: Reply-To, else From (RFC 5322 §3.6.2).
func replyTo(m Mail) string {
	for _, name := range []string{"Reply-To", "From"} {
		if a, err := mail.ParseAddress(m.header(name)); err == nil {
			return a.Address
		}
	}
	return ""
}

func headers(raw []byte) string {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return string(head) + "\r\n"
}

func lines(list ...string) []byte {
	return []byte(strings.ReplaceAll(strings.ReplaceAll(strings.Join(list, "\r\n"), "\r\n", "\n"), "\n", "\r\n"))
}

func domain(address string) string {
	_, d, _ := strings.Cut(address, "@")
	return d
}

func token() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // never fails (crypto/rand.Read)
	return fmt.Sprintf("kruzhok.%s", hex.EncodeToString(b))
}
