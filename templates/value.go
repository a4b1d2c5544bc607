package templates

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/kruzhok/kruzhok/campaigns"
)

// value is what an expression yields. own marks the author's words (a literal), which are trusted to look like a link; everything else is data.
type value struct {
	v   any // string, float64, bool, time.Time, []string or nil
	own bool
}

// filled is a value ready for a slot: clean, capped, not escaped yet.
type filled struct {
	text string
	own  bool
}

// maxValue is the longest value that a message shows, in characters.
const maxValue = 400

// normal brings the types of the environment down to the few that the language knows.
func normal(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case []any:
		list := make([]string, 0, len(v))
		for _, x := range v {
			s, _ := normal(x).(string)
			list = append(list, s)
		}
		return list
	case string, float64, bool, time.Time, []string:
		return v
	case *time.Time:
		if v != nil {
			return *v
		}
		return nil
	}
	return byKind(v)
}

// byKind reads the values of named types, such as campaigns.Lang, by their kind.
func byKind(v any) any {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return r.String()
	case reflect.Bool:
		return r.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return float64(r.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return float64(r.Uint())
	case reflect.Float32:
		return r.Float()
	}
	return nil
}

// show writes a value as a person reads it.
func show(v any, env *Env) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return showNumber(v)
	case bool:
		w := wordsOf(env.Lang)
		if v {
			return w.yes
		}
		return w.no
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return formatDate(v.In(env.zone()), "long", env.Lang)
	case []string:
		return strings.Join(v, ", ")
	}
	return ""
}

func showNumber(n float64) string {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// clean removes what no channel can show: control characters but the newline, direction overrides (Telegram drops them as well;
// in a mail one of them would turn the rest of the line around), and broken UTF-8 (that is tidy). Then it caps the length.
func clean(s string) string { return truncate(tidy(s), maxValue, "…") }

func tidy(s string) string {
	if plainRunes(s) {
		return s
	}
	return strings.Map(cleanRune, strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n"))
}

// plainRunes is the common case: nothing to remove.
func plainRunes(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
		if s[i] >= utf8.RuneSelf {
			return plainRest(s[i:])
		}
	}
	return true
}

func plainRest(s string) bool {
	for i, r := range s {
		if r < ' ' || r >= 0x7f && cleanRune(r) != r || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
	}
	return true
}

func cleanRune(r rune) rune {
	switch {
	case r == '\n':
		return r
	case r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085':
		return '\n'
	case r == '\t':
		return ' '
	case r < ' ' || r >= 0x7f && r < 0xa0:
		return -1
	case campaigns.Turns(r):
		return -1
	}
	return r
}

// truncate shortens s to at most n characters with the ending, between graphemes.
func truncate(s string, n int, ending string) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	room := n - utf8.RuneCountInString(ending)
	kept, runes, state := 0, 0, -1
	for rest := s; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if runes += utf8.RuneCountInString(cluster); runes > room {
			break
		}
		kept += len(cluster)
	}
	if kept == 0 && room > 0 { // one endless grapheme: cut it between its runes
		for range room {
			_, size := utf8.DecodeRuneInString(s[kept:])
			kept += size
		}
	}
	return s[:kept] + ending
}

// breaker is WORD JOINER: invisible, of no width, and no part of any address.
const breaker = "\u2060"

// breakLinks puts a WORD JOINER where clients would begin to see a link, a mention, a command or a hashtag by themselves:
// "evil.com", "@name", "/start", "#tag", "http://…". At the end of a value as well: another value may follow.
func breakLinks(s string) string {
	if !strings.ContainsAny(s, ".@/#") {
		return s
	}
	var b strings.Builder
	prev := rune(0)
	for i, r := range s {
		b.WriteRune(r)
		if linkStart(prev, r, s[i+utf8.RuneLen(r):]) {
			b.WriteString(breaker)
		}
		prev = r
	}
	return b.String()
}

// linkStart reports whether r, between prev and rest, begins or carries something that clients link.
func linkStart(prev, r rune, rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	switch r {
	case '.':
		return rest == "" || isLetter(next)
	case '@':
		return rest == "" || isWord(next)
	case '/', '#':
		return !isWord(prev) && (rest == "" || isWord(next) || next == '/')
	}
	return false
}
