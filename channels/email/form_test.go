package email

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// received is what another library reads out of a raw mail.
type received struct {
	subject, listID   string
	fromName, toName  string
	from, to, replyTo string
	id                string
	date              time.Time
	parts             map[string]string
}

func read(raw []byte) (r received, err error) {
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		return r, err
	}
	h := mail.Header{Header: e.Header}
	r.parts = map[string]string{}
	var errs [8]error
	r.subject, errs[0] = h.Subject()
	r.listID, errs[1] = h.Text("List-Id")
	r.id, errs[2] = h.MessageID()
	r.date, errs[3] = h.Date()
	r.fromName, r.from, errs[4] = single(h, "From")
	r.toName, r.to, errs[5] = single(h, "To")
	_, r.replyTo, errs[6] = single(h, "Reply-To")
	errs[7] = e.Walk(func(_ []int, p *message.Entity, err error) error {
		kind, _, _ := p.Header.ContentType()
		if err != nil || strings.HasPrefix(kind, "multipart/") {
			return err
		}
		b, err := io.ReadAll(p.Body)
		r.parts[kind] = string(b)
		return err
	})
	return r, errors.Join(errs[:]...)
}

func single(h mail.Header, name string) (person, address string, err error) {
	l, err := h.AddressList(name)
	if err != nil || len(l) != 1 {
		return "", "", errors.Join(err, errors.New(name+": not one address"))
	}
	return l[0].Name, l[0].Address, nil
}

// awkward makes what members and authors type: emoji with joiners, Cyrillic, quotes, things that look like MIME, dots, white space.
func awkward(maxRunes int) *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		"Анна", "Ёжик", "👩‍👩‍👧", "🇷🇺", "é", "e\u0301", "漢字", "a", "Z", "0", ".", "..", "\"", "\\", "<", ">", "@", ",", ";", ":", "(", ")",
		"=?utf-8?q?x?=", "=", "?=", "_", "=20", " ", "  ", "\t", "-", "--", "\u200d", "\u00a0", "\u2028", "'", "&amp;", "%0d%0a", "\x7f", "\x01", "\uFFFD", strings.Repeat("x", 120),
	})
	return rapid.Custom(func(t *rapid.T) string {
		s := strings.Join(rapid.SliceOfN(piece, 0, maxRunes).Draw(t, "pieces"), "")
		if r := []rune(s); len(r) > maxRunes {
			s = string(r[:maxRunes])
		}
		return s
	})
}

func body() *rapid.Generator[string] {
	line := rapid.OneOf(awkward(40), rapid.SampledFrom([]string{".", "..", ".\r", "", "From me", "--", strings.Repeat("ж", 600), strings.Repeat("y", 3000), "trailing "}))
	return rapid.Custom(func(t *rapid.T) string {
		return "b" + strings.Join(rapid.SliceOfN(line, 0, 12).Draw(t, "lines"), rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end"))
	})
}

// Over the wire, with dot-stuffing, both encodings, with and without PIPELINING: what arrives reads back as what was meant.
func TestWhatArrivesIsWhatWasSent(t *testing.T) {
	for name, cfg := range map[string]sandbox.MailConfig{"8 bit": {}, "7 bit, one by one": {NoEightBit: true, NoPipelining: true}} {
		t.Run(name, func(t *testing.T) {
			srv, c := newServer(t, cfg)
			rapid.Check(t, func(t *rapid.T) {
				srv.Mailbox().Clear()
				m := sample()
				m.Mail.Subject = awkward(400).Draw(t, "subject")
				m.Mail.ToName, m.Mail.FromName, m.Mail.ListName = awkward(400).Draw(t, "to"), awkward(60).Draw(t, "from"), awkward(60).Draw(t, "list")
				m.Mail.Text, m.Mail.HTML = []byte(body().Draw(t, "text")), []byte(body().Draw(t, "html"))
				var b begins
				if r := c.Send(t.Context(), m, b.begin); r.Class != channels.OK || b.n != 1 {
					t.Fatalf("%+v", r)
				}
				mails := srv.Mailbox().Mails(m.To)
				if len(mails) != 1 {
					t.Fatalf("%d mails", len(mails))
				}
				compare(t, m, mails[0])
			})
		})
	}
}

// crlf is a body as it arrives.
func crlf(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

func compare(t *rapid.T, m *channels.Message, got sandbox.Mail) {
	r, err := read(got.Raw)
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, got.Raw)
	}
	want := received{
		subject: oneLine(m.Mail.Subject), listID: r.listID, fromName: displayName(m.Mail.FromName), toName: displayName(m.Mail.ToName),
		from: m.Mail.FromAddress, to: m.To, replyTo: m.Mail.ReplyTo, id: m.Mail.MessageID, date: m.Mail.Date,
		parts: map[string]string{"text/plain": crlf(string(m.Mail.Text)), "text/html": crlf(string(m.Mail.HTML))},
	}
	r.date = r.date.UTC()
	if !reflect.DeepEqual(r, want) {
		t.Fatalf("\n got %#v\nwant %#v\nraw\n%s", r, want, got.Raw)
	}
	if !strings.HasSuffix(r.listID, "<"+m.Mail.ListID+">") || !strings.Contains(r.listID, firstWord(displayName(m.Mail.ListName))) {
		t.Fatalf("list id %q for %q", r.listID, m.Mail.ListName)
	}
	checkForm(t, got.Raw)
	if got.Text() != crlf(string(m.Mail.Text)) || got.HTML() != crlf(string(m.Mail.HTML)) || got.Subject() != oneLine(m.Mail.Subject) {
		t.Fatalf("the mailbox reads %q %q %q", got.Text(), got.HTML(), got.Subject())
	}
}

// firstWord is the start of a phrase that no quoting touches.
func firstWord(s string) string {
	return s[:max(0, strings.IndexFunc(s+" ", func(r rune) bool { return !unicode.IsLetter(r) }))]
}

// checkForm holds the header to RFC 5322 and RFC 2047: short ASCII lines, no empty folds, one of each.
func checkForm(t *rapid.T, raw []byte) {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	seen := map[string]bool{}
	for _, l := range strings.Split(string(head), "\r\n") {
		if len(l) > 320 || !isASCII(l) || strings.TrimSpace(l) == "" {
			t.Fatalf("header line %q", l)
		}
		for _, w := range strings.Fields(l) {
			if strings.HasPrefix(w, "=?") && len(w) > 75 {
				t.Fatalf("encoded word of %d characters: %q", len(w), w)
			}
		}
		if name, _, ok := strings.Cut(l, ":"); ok && l[0] != ' ' && l[0] != '\t' {
			if seen[strings.ToLower(name)] {
				t.Fatalf("two %s headers", name)
			}
			seen[strings.ToLower(name)] = true
		}
	}
}

func TestLongNamesAreCut(t *testing.T) {
	n := displayName(strings.Repeat("👩\u200d", 200))
	if utf8.RuneCountInString(n) > maxName || strings.HasSuffix(n, "\u200d") {
		t.Errorf("%d runes, %q", utf8.RuneCountInString(n), n)
	}
}

func TestOnlyOnePart(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	m := sample()
	m.Mail.HTML = nil
	if r := c.Send(t.Context(), m, new(begins).begin); r.Class != channels.OK {
		t.Fatalf("%+v", r)
	}
	got := srv.Mailbox().Mails(m.To)[0]
	if r, err := read(got.Raw); err != nil || len(r.parts) != 1 || r.parts["text/plain"] != crlf(string(m.Mail.Text)) {
		t.Errorf("%+v %v", r, err)
	}
}

func TestEightBitIsUsedWhereItFits(t *testing.T) {
	short, long := strings.Repeat("Привет\n", 20), strings.Repeat("я", 500)
	for _, c := range []struct {
		body  string
		offer bool
		want  transferEncoding
	}{{short, true, eightBit}, {short, false, quotedPrintable}, {long, true, quotedPrintable}, {"a\x00b", true, quotedPrintable}} {
		if got := encodingOf([]byte(c.body), c.offer); got != c.want {
			t.Errorf("offer %t, %d bytes: %d, want %d", c.offer, len(c.body), got, c.want)
		}
	}
}

// A CR, LF or NUL in any string of the header never leaves: every field of channels.Mail, whatever is added to it later, and To.
func TestHeaderInjectionIsImpossible(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	fields := []string{"To"}
	typ := reflect.TypeFor[channels.Mail]()
	for i := range typ.NumField() {
		if typ.Field(i).Type.Kind() == reflect.String {
			fields = append(fields, typ.Field(i).Name)
		}
	}
	if len(fields) != 14 {
		t.Errorf("%d string fields", len(fields))
	}
	for _, f := range fields {
		for _, evil := range []string{"\r\nBcc: x@example.org", "\n", "\r", "\x00", "\r\n\r\n<p>body</p>", "\r\n.\r\nMAIL FROM:<x@example.org>"} {
			for _, where := range []func(old string) string{
				func(old string) string { return old + evil }, func(old string) string { return evil + old }, func(old string) string { return old[:len(old)/2] + evil + old[len(old)/2:] },
			} {
				m := sample()
				v := reflect.ValueOf(m.Mail).Elem().FieldByName(f)
				if f == "To" {
					v = reflect.ValueOf(m).Elem().FieldByName(f)
				}
				v.SetString(where(v.String()))
				var b begins
				if r := c.Send(t.Context(), m, b.begin); r.Class != channels.Broken || b.n != 0 || strings.Contains(r.Detail, "example") {
					t.Errorf("%s = %q: %+v", f, v.String(), r)
				}
			}
		}
	}
	if n := srv.Mailbox().Total(); n != 0 {
		t.Errorf("%d mails left", n)
	}
}

func TestBrokenMessages(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*channels.Message)
		class  channels.Class
	}{
		"no mail":             {func(m *channels.Message) { m.Mail = nil }, channels.Broken},
		"no body":             {func(m *channels.Message) { m.Mail.Text, m.Mail.HTML = nil, nil }, channels.Broken},
		"recipient":           {func(m *channels.Message) { m.To = "anna" }, channels.AddressDead},
		"two recipients":      {func(m *channels.Message) { m.To = "a@example.com,b@example.com" }, channels.AddressDead},
		"parameters":          {func(m *channels.Message) { m.To = "a@example.com> NOTIFY=NEVER" }, channels.AddressDead},
		"from":                {func(m *channels.Message) { m.Mail.FromAddress = "" }, channels.Broken},
		"envelope":            {func(m *channels.Message) { m.Mail.EnvelopeFrom = "<>" }, channels.Broken},
		"reply-to":            {func(m *channels.Message) { m.Mail.ReplyTo = "Anna <a@example.com>" }, channels.Broken},
		"no message id":       {func(m *channels.Message) { m.Mail.MessageID = "" }, channels.Broken},
		"brackets in id":      {func(m *channels.Message) { m.Mail.MessageID = "<a@b>" }, channels.Broken},
		"spaces in list id":   {func(m *channels.Message) { m.Mail.ListID = "a b" }, channels.Broken},
		"list id breaks out":  {func(m *channels.Message) { m.Mail.ListID = "a> <b" }, channels.Broken},
		"url breaks out":      {func(m *channels.Message) { m.Mail.UnsubscribeURL = "https://u.example/>, <https://evil.example/" }, channels.Broken},
		"javascript":          {func(m *channels.Message) { m.Mail.UnsubscribeURL = "javascript:alert(1)" }, channels.Broken},
		"url too long":        {func(m *channels.Message) { m.Mail.UnsubscribeURL = "https://u.example/" + strings.Repeat("a", 1000) }, channels.Broken},
		"Unicode feedback id": {func(m *channels.Message) { m.Mail.FeedbackID = "кампания" }, channels.Broken},
		"auto-submitted":      {func(m *channels.Message) { m.Mail.AutoSubmitted = "no" }, channels.Broken},
		"no date":             {func(m *channels.Message) { m.Mail.Date = time.Time{} }, channels.Broken},
	} {
		m := sample()
		c.change(m)
		_, r := check(m)
		if r == nil || r.Class != c.class {
			t.Errorf("%s: %+v", name, r)
		} else if (r.Class == channels.AddressDead) != (r.Reach == channels.ReachGone) || strings.Contains(r.Detail, "example") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestOneClickOnlyWhereItIsSafe(t *testing.T) {
	for url, want := range map[string]bool{"https://u.example.org/1": true, "http://localhost:8080/u": true, "http://127.0.0.1/u": true, "http://u.example.org/1": false, "": false} {
		m := sample()
		m.Mail.UnsubscribeURL = url
		e, r := check(m)
		if r != nil {
			t.Fatalf("%s: %+v", url, r)
		}
		raw, _, _, err := new(forms).compose(nil, e, true)
		if err != nil || bytes.Contains(raw, []byte("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")) != want {
			t.Errorf("%s: one-click is not %t (%v)\n%s", url, want, err, raw)
		}
	}
}

func TestMailtoIsEscaped(t *testing.T) {
	for in, want := range map[string]string{"u+tok@r.example": "u+tok@r.example", "a?b&c=d%@r.example": "a%3Fb%26c=d%25@r.example", "ж@r.example": "%D0%B6@r.example"} {
		if got := mailto(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestNullSenderAndNoLists(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	m := sample()
	m.Mail.EnvelopeFrom, m.Mail.ListID, m.Mail.AutoSubmitted = "", "", "auto-replied"
	if r := c.Send(t.Context(), m, new(begins).begin); r.Class != channels.OK {
		t.Fatalf("%+v", r)
	}
	got := srv.Mailbox().Mails(m.To)[0]
	if got.EnvelopeFrom != "" || bytes.Contains(got.Raw, []byte("List-")) {
		t.Errorf("from %q\n%s", got.EnvelopeFrom, got.Raw)
	}
}

// Text that looks encoded, or does not fold, is encoded; the rest stays readable.
func TestEncodeText(t *testing.T) {
	for in, want := range map[string]string{
		"Hello, Anna":            "Hello, Anna",
		" a\t b ":                "a b",
		"=?utf-8?q?x?=":          "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?=",
		"\x7f":                   "=?utf-8?b?fw==?=",
		"Привет":                 "=?utf-8?b?0J/RgNC40LLQtdGC?=",
		strings.Repeat("a", 61):  "=?utf-8?b?" + strings.Repeat("YWFh", 15) + "?= =?utf-8?b?YWFhYWFhYWFhYWFhYWFhYQ==?=",
		"x" + "\xff" + "y":       "=?utf-8?b?eO+/vXk=?=",
		strings.Repeat("ab ", 9): strings.TrimSpace(strings.Repeat("ab ", 9)),
	} {
		if got := encodeText(in); got != want {
			t.Errorf("%q:\n got %s\nwant %s", in, got, want)
		}
	}
}

// TestNoEncodedLineBeginsWithADot: also where a long line is broken right before one, for such a mail is sent without doubling dots.
func TestNoEncodedLineBeginsWithADot(t *testing.T) {
	for n := range 160 {
		line := strings.Repeat("x", n) + strings.Repeat(".", 80)
		for got := range strings.SplitSeq(string(appendQuoted(nil, []byte(line))), "\r\n") {
			if strings.HasPrefix(got, ".") || len(got) > wrapAt {
				t.Fatalf("after %d characters: %q", n, got)
			}
		}
	}
}

// TestFormsAreBounded: a connection that lives long keeps no form of each campaign that it ever sent.
func TestFormsAreBounded(t *testing.T) {
	var fs forms
	for i := range 3 * maxForms {
		m := sample()
		m.Mail.ListID, m.Mail.FeedbackID = "news.example.org", strings.Repeat("x", i+1)
		e, refused := check(m)
		if refused != nil {
			t.Fatal(refused)
		}
		if _, _, _, err := fs.compose(nil, e, true); err != nil {
			t.Fatal(err)
		}
		if len(fs) == 0 || len(fs) > maxForms {
			t.Fatalf("%d forms", len(fs))
		}
	}
}

// TestDetailNamesNobody: neither the member nor the envelope's sender, whose address may tell who got the mail, is in what is kept of an answer.
func TestDetailNamesNobody(t *testing.T) {
	m := sample()
	m.Mail.EnvelopeFrom = "b+secret@example.net"
	e, refused := check(m)
	if refused != nil {
		t.Fatal(refused)
	}
	said := "<anna@example.com> from b+secret@example.net"
	r := withoutPersons(channels.Receipt{Detail: said, ProviderID: said}, e)
	for _, person := range []string{"anna@", "secret"} {
		if strings.Contains(r.Detail+r.ProviderID, person) {
			t.Errorf("kept: %+v", r)
		}
	}
}

// TestValidUTF8 compares it with the library's on texts that are cut, shifted and damaged.
func TestValidUTF8(t *testing.T) {
	text := []byte("plain words, кириллица и 漢字, 🙂 and \uFFFD; " + strings.Repeat("x", 20) + "я")
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		from := rnd.IntN(len(text))
		s := bytes.Clone(text[from : from+rnd.IntN(len(text)-from+1)])
		if len(s) > 0 && rnd.IntN(2) == 0 {
			s[rnd.IntN(len(s))] = byte(rnd.IntN(256))
		}
		if validUTF8(s) != utf8.Valid(s) {
			t.Fatalf("%q: %t", s, validUTF8(s))
		}
	}
}
