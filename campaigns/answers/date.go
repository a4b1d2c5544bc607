package answers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// dateLayout is how an answer keeps its day.
const dateLayout = "2006-01-02"

// days are the words for days near today.
var days = map[string]int{
	"the day before yesterday": -2, "day before yesterday": -2, "yesterday": -1, "today": 0, "tomorrow": 1, "day after tomorrow": 2, "the day after tomorrow": 2,
	"позавчера": -2, "вчера": -1, "сегодня": 0, "завтра": 1, "послезавтра": 2,
}

// readDate reads a day in numbers (2026-12-31, 31.12.2026, 31/12/2026, 31.12), in words of both languages (12 марта 2027, March 12,
// 2027, 12 March) or from today (завтра, yesterday). Of two numbers the first is the day, unless only the other can be the month's.
// Without a year it is the nearest such day from today on.
func readDate(a *campaigns.Answer, text string, c Context) *Rejection {
	key := strings.TrimRight(plain(text), ".!, ")
	if n, ok := days[key]; ok {
		a.Text = today(c).AddDate(0, 0, n).Format(dateLayout)
		return nil
	}
	d, code := parseDate(key)
	if code == "" {
		code = d.complete(today(c))
	}
	if code != "" {
		return rejectDate(code, c)
	}
	a.Text = fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
	return nil
}

// today returns the member's day at midnight in UTC, where days can be counted.
func today(c Context) time.Time {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	y, m, d := c.Now.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// date is a day as it was written; year is -1 when it was left out.
type date struct{ year, month, day int }

var (
	isoForm   = regexp.MustCompile(`^(\d{4}) ?[-./] ?(\d{1,2}) ?[-./] ?(\d{1,2})$`)
	dayForm   = regexp.MustCompile(`^(\d{1,2}) ?[-./] ?(\d{1,2})(?: ?[-./] ?(\d+))?$`)
	wordForm  = regexp.MustCompile(`^(?:the )?(\d{1,2})(?:st|nd|rd|th|-?го|-?ое)? (?:of )?(\pL+)\.?,?(?: (\d+))?$`)
	monthForm = regexp.MustCompile(`^(\pL+)\.? (?:the )?(\d{1,2})(?:st|nd|rd|th)?(?:,? (\d+))?$`)
	yearWord  = regexp.MustCompile(` ?(г|год|года)$`)
)

// parseDate returns the code of a rejection, or nothing.
func parseDate(s string) (d date, code string) {
	s = yearWord.ReplaceAllString(s, "")
	if m := isoForm.FindStringSubmatch(s); m != nil {
		return date{number(m[1]), number(m[2]), number(m[3])}, ""
	}
	if m := dayForm.FindStringSubmatch(s); m != nil {
		d = date{day: number(m[1]), month: number(m[2])}
		if d.month > 12 && d.day <= 12 {
			d.day, d.month = d.month, d.day
		}
		return d.withYear(m[3])
	}
	if m := wordForm.FindStringSubmatch(s); m != nil {
		return date{day: number(m[1]), month: month(m[2])}.withYear(m[3])
	}
	if m := monthForm.FindStringSubmatch(s); m != nil {
		return date{day: number(m[2]), month: month(m[1])}.withYear(m[3])
	}
	return d, NotDate
}

func (d date) withYear(year string) (date, string) {
	switch {
	case d.month < 0:
		return d, NotDate
	case year == "":
		d.year = -1
	case len(year) != 4:
		return d, DateYear
	default:
		d.year = number(year)
	}
	return d, ""
}

// complete finds the year that was left out, and refuses days that the calendar does not have.
func (d *date) complete(today time.Time) (code string) {
	if d.year >= 0 && d.year < 1000 {
		return DateYear
	}
	if d.year > 0 {
		if !timing.ValidDate(d.year, time.Month(d.month), d.day) {
			return DateMissing
		}
		return ""
	}
	for year := today.Year(); year <= today.Year()+8; year++ { // 29 February may be eight years away, around 2100
		at := time.Date(year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
		if timing.ValidDate(year, time.Month(d.month), d.day) && !at.Before(today) {
			d.year = year
			return ""
		}
	}
	return DateMissing
}

// number reads a few digits.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// monthNames in both languages, as plain writes them; a word of three letters and more may be the beginning of one.
var monthNames = [12][]string{
	{"january", "января", "январь"},
	{"february", "февраля", "февраль"},
	{"march", "марта", "март"},
	{"april", "апреля", "апрель"},
	{"may", "мая", "май"},
	{"june", "июня", "июнь"},
	{"july", "июля", "июль"},
	{"august", "августа", "август"},
	{"september", "сентября", "сентябрь"},
	{"october", "октября", "октябрь"},
	{"november", "ноября", "ноябрь"},
	{"december", "декабря", "декабрь"},
}

// month returns 1 to 12, or -1 for a word that is no month.
func month(word string) int {
	if len([]rune(word)) < 3 {
		return -1
	}
	begins := func(name string) bool { return strings.HasPrefix(name, word) }
	for i, names := range monthNames {
		if slices.ContainsFunc(names, begins) {
			return i + 1
		}
	}
	return -1
}

// rejectDate adds an example in the member's language: the last day of this year.
func rejectDate(code string, c Context) *Rejection {
	at := time.Date(today(c).Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	example := at.Format("2 January 2006")
	if locale.Match(string(c.Lang)) == "ru" {
		example = at.Format("02.01.2006")
	}
	return &Rejection{Code: code, Args: map[string]any{"example": example}}
}
