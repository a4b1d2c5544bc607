package templates

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// date shows a time in the member's zone. A text that is no date is shown as it is.
func date(v value, args []value, env *Env) value {
	t, ok := asTime(v.v, env.zone())
	if !ok {
		return v
	}
	format := "long"
	if len(args) == 1 {
		format = show(args[0].v, env)
	}
	return value{formatDate(t, format, env.Lang), true}
}

// goodDateFormat reports whether every directive of a literal format is known.
func goodDateFormat(v any) bool {
	format, ok := v.(string)
	if !ok {
		return false
	}
	for i := strings.IndexByte(format, '%'); i >= 0; i = strings.IndexByte(format, '%') {
		n := directiveLen(format[i:])
		if n == 0 {
			return false
		}
		format = format[i+n:]
	}
	return true
}

const directives = "aAbBdeHIjmMpSyY%"

// directiveLen measures "%d" or "%-d"; 0 is none of ours.
func directiveLen(s string) int {
	n := 1
	if strings.HasPrefix(s, "%-") {
		n = 2
	}
	if len(s) <= n || strings.IndexByte(directives, s[n]) < 0 {
		return 0
	}
	return n + 1
}

var showsDay = regexp.MustCompile(`%-?[de]`)

var (
	showsWords = regexp.MustCompile(`%-?[aAbB]`)
	showsTime  = regexp.MustCompile(`%-?[HI]`)
)

// formatDate writes t by "short" (24 Nov), "long" (24 November), or a strftime pattern (POSIX strftime; %-d drops the leading zero). In a language whose words
// we do not know, what has a word in it is a numeric date (ISO 8601).
func formatDate(t time.Time, format string, lang campaigns.Lang) string {
	w := wordsOf(lang)
	word := format == "short" || format == "long"
	switch {
	case !w.known && !word && showsTime.MatchString(format) && showsWords.MatchString(format):
		format = "%Y-%m-%d %H:%M"
	case !w.known && (word || showsWords.MatchString(format)):
		format = "%Y-%m-%d"
	case format == "short":
		format = w.short
	case format == "long":
		format = w.long
	}
	if !showsDay.MatchString(format) { // "%B %Y" has no day: «ноябрь 2026», not «ноября 2026»
		w.months, w.shortMonths = w.monthsAlone, w.shortMonthsAlone
	}
	var b strings.Builder
	for i := 0; i < len(format); {
		n := 0
		if format[i] == '%' {
			n = directiveLen(format[i:])
		}
		if n == 0 {
			b.WriteByte(format[i])
			i++
			continue
		}
		part := directive(t, format[i+n-1], w)
		if n == 3 {
			part = strings.TrimLeft(part[:len(part)-1], "0 ") + part[len(part)-1:]
		}
		b.WriteString(part)
		i += n
	}
	return b.String()
}

func directive(t time.Time, d byte, w words) string {
	switch d {
	case 'a':
		return w.shortDays[t.Weekday()]
	case 'A':
		return w.days[t.Weekday()]
	case 'b':
		return w.shortMonths[t.Month()-1]
	case 'B':
		return w.months[t.Month()-1]
	case 'p':
		return w.half(t)
	case 'Y':
		return strconv.Itoa(t.Year())
	case 'e':
		return t.Format("_2")
	case 'j':
		return t.Format("002")
	case '%':
		return "%"
	}
	return t.Format(map[byte]string{'d': "02", 'm': "01", 'y': "06", 'H': "15", 'I': "03", 'M': "04", 'S': "05"}[d])
}

// half is the half of the day.
func (w *words) half(t time.Time) string {
	if t.Hour() < 12 {
		return w.am
	}
	return w.pm
}
