package templates

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
)

// head is a framed mail cut where its own words and links stand. Mails of one campaign and language differ in nothing else, so that the frame is written
// once for them, and filled for each: a tenth of the work.
type head struct{ html, text []stretch }

// stretch is what always stands there, and the blank that follows it; the last one has none.
type stretch struct {
	always string
	then   blank
}

// blank is where something of the mail's own stands. In a frame that is being written it is one character of the Private Use Area, which the frame's own
// words must not have.
type blank rune

const (
	noBlank      blank = 0
	blankSubject blank = 0xE000 + iota
	blankHTML
	blankText
	blankUnsubscribe
	blankPreferences
	blankConnect
	blankButtons // label and address of each
)

const maxHeadButtons = 40

func isPrivateUse(r rune) bool { return r >= 0xE000 && r <= 0xF8FF }

// headKey is all that the frame depends on besides the mail's own words and links.
type headKey struct {
	lang                                              campaigns.Lang
	preheader, why, brand, community, address         string
	buttons                                           string // a letter for each: main, short or long
	question, text, unsubscribe, preferences, connect bool
}

// key is that of the mail with these words; ok is false for one that is framed by itself.
func (m *MailContent) key(words []byte) (k headKey, ok bool) {
	k = headKey{
		lang: m.Lang, preheader: m.Preheader, why: m.Why, brand: m.Brand, community: m.CommunityName, address: m.PostalAddress, question: m.Question,
		text: len(words) > 0, unsubscribe: m.UnsubscribeURL != "", preferences: m.PreferencesURL != "", connect: m.ConnectURL != "",
	}
	if len(m.Buttons) > maxHeadButtons || m.Subject == "" || !trimmed(m.Subject) || len(bytes.TrimSpace(words)) != len(words) {
		return k, false
	}
	kinds := make([]byte, len(m.Buttons))
	for i, b := range m.Buttons {
		if b.Label == "" || !trimmed(b.Label) || !trimmed(b.URL) {
			return k, false
		}
		kinds[i] = b.kind()
	}
	k.buttons = string(kinds)
	return k, true
}

// trimmed: in the text part, blocks lose the white space around them.
func trimmed(s string) bool { return len(strings.TrimSpace(s)) == len(s) }

func (b *MailButton) kind() byte {
	switch {
	case b.Main:
		return 'm'
	case utf8.RuneCountInString(b.Label) <= shortLabel:
		return 's'
	}
	return 'l'
}

// heads keeps what was written.
var heads struct {
	sync.RWMutex
	m map[headKey]*head
}

// maxHeads bounds it; beyond, it starts anew.
const maxHeads = 256

// headFor returns the head for the key; nil when the frame's own words have characters that would be taken for blanks.
func headFor(k headKey) *head {
	heads.RLock()
	h, found := heads.m[k]
	heads.RUnlock()
	if found {
		return h
	}
	if !strings.ContainsFunc(k.preheader+k.why+k.brand+k.community+k.address, isPrivateUse) {
		h = k.write()
	}
	heads.Lock()
	defer heads.Unlock()
	if heads.m == nil || len(heads.m) >= maxHeads {
		heads.m = map[headKey]*head{}
	}
	heads.m[k] = h
	return h
}

// write frames a mail that has nothing but blanks, and cuts it.
func (k headKey) write() *head {
	m := MailContent{
		Lang: k.lang, Preheader: k.preheader, Why: k.why, Brand: k.brand, CommunityName: k.community, PostalAddress: k.address, Question: k.question,
		Subject: blankSubject.mark(true, 1), BodyHTML: blankHTML.mark(true, 1), BodyText: blankText.mark(k.text, 1),
		UnsubscribeURL: blankUnsubscribe.mark(k.unsubscribe, 1), PreferencesURL: blankPreferences.mark(k.preferences, 1), ConnectURL: blankConnect.mark(k.connect, 1),
	}
	for i, kind := range []byte(k.buttons) {
		label := blankButtons + blank(2*i)
		wide := 1
		if kind == 'l' {
			wide = shortLabel + 1 // where it stands depends on its length
		}
		m.Buttons = append(m.Buttons, MailButton{Label: label.mark(true, wide), URL: (label + 1).mark(true, 1), Main: kind == 'm'})
	}
	m = m.completed()
	return &head{cutAtBlanks(m.document()), cutAtBlanks(m.text())}
}

// mark is the blank as it stands in a frame that is being written.
func (p blank) mark(there bool, wide int) string {
	if !there {
		return ""
	}
	return strings.Repeat(string(rune(p)), wide)
}

func cutAtBlanks(s string) (out []stretch) {
	from, last := 0, noBlank
	for i, r := range s {
		at := i + utf8.RuneLen(r)
		if !isPrivateUse(r) {
			last = noBlank
			continue
		}
		if blank(r) != last {
			out = append(out, stretch{s[from:i], blank(r)})
		}
		from, last = at, blank(r)
	}
	return append(out, stretch{always: s[from:]})
}

// fill appends the frame with the mail's own words and links in it.
func (h *head) fill(document, text []byte, m *MailContent, body, words []byte) (_, _ []byte) {
	for _, s := range h.html {
		document = append(document, s.always...)
		switch s.then {
		case noBlank:
		case blankHTML:
			document = append(document, body...)
		default:
			document = appendEscaped(document, tidy(m.at(s.then)))
		}
	}
	for _, s := range h.text {
		text = append(text, s.always...)
		if s.then == blankText {
			text = append(text, words...)
		} else {
			text = append(text, m.at(s.then)...)
		}
	}
	return document, text
}

// at is what stands at the blank.
func (m *MailContent) at(p blank) string {
	switch p {
	case noBlank:
		return ""
	case blankSubject:
		return m.Subject
	case blankUnsubscribe:
		return m.UnsubscribeURL
	case blankPreferences:
		return m.PreferencesURL
	case blankConnect:
		return m.ConnectURL
	}
	b := &m.Buttons[(p-blankButtons)/2]
	if (p-blankButtons)%2 == 1 {
		return b.URL
	}
	return spaced(b.Label)
}
