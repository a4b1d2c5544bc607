package email

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes a server's text safe to store and to show: one printable line of at most limit bytes, with everything that looks like an address replaced.
func clean(text string, limit int) string {
	if plainWords(text) {
		return cutBytes(text, limit)
	}
	words := strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	for i, w := range words {
		if looksLikeAddress(w) {
			words[i] = "<address>"
		}
	}
	return cutBytes(strings.Join(words, " "), limit)
}

// plainWords recognises the common case, in which nothing is to be replaced: printable ASCII, single spaces, and nothing that an address could be written with.
func plainWords(s string) bool {
	before := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == ' ' && before == ' ' || c == '@' || c == '%' || c == '=' || c == '&' {
			return false
		}
		before = c
	}
	return before != ' ' || s == ""
}

// looksLikeAddress: an @ in any of its spellings. A server may write it percent-encoded in a URL, quoted-printable, or full-width.
func looksLikeAddress(w string) bool {
	if strings.ContainsAny(w, "@@﹫") {
		return true
	}
	w = strings.ToLower(w)
	return strings.Contains(w, "%40") || strings.Contains(w, "=40") || strings.Contains(w, "&#64;")
}

func cutBytes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	s = s[:limit]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// withoutMailbox removes the parts of an address from a text, whatever their case: servers like to say "user anna unknown".
// Very short local parts stay, for they would eat ordinary words.
func withoutMailbox(text string, m mailbox) string {
	if strings.IndexByte(text, '@') >= 0 {
		text = replaceWord(replaceWord(text, m.wire(), "<address>"), m.local+"@"+m.unicode, "<address>")
	}
	if len(m.local) >= 2 {
		text = replaceWord(text, m.local, "<address>")
	}
	return text
}

// replaceWord replaces whole words only, without regard to case.
func replaceWord(text, word, by string) string {
	i := indexFold(text, word)
	if i < 0 {
		return text
	}
	var b strings.Builder
	for {
		i := indexFold(text, word)
		if i < 0 {
			return b.String() + text
		}
		end := i + len(word)
		before, _ := utf8.DecodeLastRuneInString(b.String() + text[:i])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if isWordRune(before) || isWordRune(after) {
			b.WriteString(text[:end])
		} else {
			b.WriteString(text[:i] + by)
		}
		text = text[end:]
	}
}

func indexFold(text, word string) int {
	for i := 0; i+len(word) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
