package templates

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// words are a language's own: months and days need grammar, so they are not sentences of a catalog.
type words struct {
	months, shortMonths, days, shortDays []string
	monthsAlone                          []string // where no day stands before them
	yes, no                              string
	// known is false for a language whose words we do not have: its dates are numbers.
	known bool
}

var english = words{
	months:      strings.Fields("January February March April May June July August September October November December"),
	monthsAlone: strings.Fields("January February March April May June July August September October November December"),
	shortMonths: strings.Fields("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
	days:        strings.Fields("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
	shortDays:   strings.Fields("Sun Mon Tue Wed Thu Fri Sat"),
	yes:         "yes", no: "no", known: true,
}

var russian = words{
	months:      strings.Fields("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
	monthsAlone: strings.Fields("январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь"),
	shortMonths: strings.Fields("янв. февр. марта апр. мая июня июля авг. сент. окт. нояб. дек."),
	days:        strings.Fields("воскресенье понедельник вторник среда четверг пятница суббота"),
	shortDays:   strings.Fields("вс пн вт ср чт пт сб"),
	yes:         "да", no: "нет", known: true,
}

// wordsOf returns the words of a language; unknown languages get English ones, and numeric dates.
func wordsOf(lang campaigns.Lang) words {
	switch base, _, _ := strings.Cut(strings.ToLower(string(lang)), "-"); base {
	case "ru":
		return russian
	case "en", "":
		return english
	}
	w := english
	w.known = false
	return w
}

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

// formatDate writes t by "short" (24 Nov), "long" (24 November), or a strftime pattern (POSIX strftime; %-d drops the leading zero).
func formatDate(t time.Time, format string, lang campaigns.Lang) string {
	w := wordsOf(lang)
	switch {
	case (format == "short" || format == "long") && !w.known:
		format = "%Y-%m-%d"
	case format == "short":
		format = "%-d\u00a0%b"
	case format == "long":
		format = "%-d\u00a0%B"
	}
	if !showsDay.MatchString(format) { // "%B %Y" has no day: «ноябрь 2026», not «ноября 2026»
		w.months = w.monthsAlone
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
	case 'Y':
		return strconv.Itoa(t.Year())
	case 'e':
		return t.Format("_2")
	case 'j':
		return t.Format("002")
	case '%':
		return "%"
	}
	return t.Format(map[byte]string{'d': "02", 'm': "01", 'y': "06", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM"}[d])
}
