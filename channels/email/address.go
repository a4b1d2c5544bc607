package email

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The reasons why something is no mailbox. They never repeat what was typed.
var (
	ErrAddressEmpty  = errors.New("address is empty")
	ErrAddressLong   = errors.New("address is too long")
	ErrAddressAt     = errors.New("address needs exactly one @ with something on both sides")
	ErrAddressLocal  = errors.New("address has a character or a dot before the @ that is not allowed there")
	ErrAddressDomain = errors.New("address has no valid domain after the @")
)

// Address checks a mailbox as a member gives it: a bare address, without a display name, comment, quotes or domain literal.
// display is for showing and for Message.To: the local part as typed (NFC), the domain in Unicode and lower case.
// key is for comparing, suppression and uniqueness: the local part case-folded, the domain in ASCII (RFC 5890 A-labels).
// Limits are RFC 5321 §4.5.3.1: 64 octets before the @, 254 in all.
func Address(s string) (display, key string, err error) {
	m, err := parseMailbox(s, true)
	if err != nil {
		return "", "", err
	}
	return m.local + "@" + m.unicode, foldLocal(m.local) + "@" + m.ascii, nil
}

// mailbox is a checked address: no part holds a space, a control character, an angle bracket or a second @.
type mailbox struct{ local, ascii, unicode string }

// wire is the address as SMTP and headers carry it: the domain in ASCII.
func (m mailbox) wire() string {
	if m.ascii == "" {
		return ""
	}
	return m.local + "@" + m.ascii
}

// needsUTF8 reports whether the address can only travel with SMTPUTF8 (RFC 6531).
func (m mailbox) needsUTF8() bool { return !isASCII(m.local) }

// parseMailbox checks an address. A public one needs a domain with a dot; our own may be on a host of the machine (news@localhost).
func parseMailbox(s string, public bool) (mailbox, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return mailbox{}, ErrAddressEmpty
	}
	if len(s) > 1024 || !utf8.ValidString(s) {
		return mailbox{}, ErrAddressLong
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") {
		return mailbox{}, ErrAddressAt
	}
	m := mailbox{local: local}
	plain := isASCII(local)
	if !plain {
		m.local = norm.NFC.String(local)
	}
	if !validLocal(m.local) {
		return mailbox{}, ErrAddressLocal
	}
	if m.ascii, m.unicode, ok = parseDomain(domain); !ok || public && !strings.Contains(m.ascii, ".") {
		return mailbox{}, ErrAddressDomain
	}
	// The folded form may be longer than the typed one (ß is ss), and the key must pass here again.
	longest := len(m.local)
	if !plain {
		longest = max(longest, len(foldLocal(m.local)))
	}
	if longest > 64 || longest+1+max(len(m.ascii), len(m.unicode)) > 254 {
		return mailbox{}, ErrAddressLong
	}
	return m, nil
}

// foldLocal makes local parts comparable. Folding can leave NFC and composing can unfold, so it goes on until nothing changes.
func foldLocal(s string) string {
	for range 4 {
		next := norm.NFC.String(cases.Fold().String(s))
		if next == s {
			break
		}
		s = next
	}
	return s
}

// validLocal accepts a dot-atom (RFC 5322 §3.2.3) with the letters, marks, numbers and symbols of RFC 6532; no quoted strings.
func validLocal(s string) bool {
	if s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r):
		case r < utf8.RuneSelf, r == utf8.RuneError:
			return false
		case !unicode.IsOneOf([]*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.S, unicode.P}, r):
			return false
		}
	}
	return true
}

// parseDomain returns the domain in ASCII and in Unicode, both in lower case and without a trailing dot.
func parseDomain(s string) (ascii, uni string, ok bool) {
	ascii = strings.ToLower(strings.TrimSuffix(s, "."))
	// Plain ASCII is taken as it is: IDNA forbids hyphens in the third and fourth place, which registered names have.
	plain := isASCII(ascii) && !strings.Contains(ascii, "xn--")
	if !plain {
		var err error
		if ascii, err = idna.Lookup.ToASCII(ascii); err != nil || !isASCII(ascii) {
			return "", "", false
		}
	}
	if len(ascii) > 253 {
		return "", "", false
	}
	last := ""
	for rest, more := ascii, true; more; {
		if last, rest, more = strings.Cut(rest, "."); !validLabel(last) {
			return "", "", false
		}
	}
	if strings.Trim(last, "0123456789") == "" { // an IP address or a mistake (RFC 3696 §2)
		return "", "", false
	}
	if plain {
		return ascii, ascii, true
	}
	uni, err := idna.Lookup.ToUnicode(ascii)
	if back, berr := idna.Lookup.ToASCII(uni); err != nil || berr != nil || back != ascii {
		uni = ascii
	}
	return ascii, uni, true
}

func validLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(l, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
