package templates

import (
	"strings"
	"sync"
	"time"

	"github.com/go-playground/locales"
	"golang.org/x/text/language"

	"github.com/kruzhok/kruzhok/campaigns"
)

// words are a language's own: months and days need grammar, so they are not sentences of a catalog.
type words struct {
	months, shortMonths, days, shortDays []string
	monthsAlone, shortMonthsAlone        []string // where no day stands before them
	long, short                          string   // patterns of a day and its month
	am, pm                               string
	yes, no                              string
	// known is false for a language whose words we do not have: its dates are numbers.
	known bool
	separators
}

// separators are those of numbers: between groups, and before the fraction. Groups have three digits, all but the last one may have fewer.
type separators struct {
	group, point string
	higher       int
}

var english = words{
	months:      strings.Fields("January February March April May June July August September October November December"),
	monthsAlone: strings.Fields("January February March April May June July August September October November December"),
	shortMonths: strings.Fields("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"), shortMonthsAlone: strings.Fields("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
	days:      strings.Fields("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
	shortDays: strings.Fields("Sun Mon Tue Wed Thu Fri Sat"),
	long:      dayMonth, short: dayShortMonth, am: "AM", pm: "PM",
	yes: "yes", no: "no", known: true, separators: separators{",", ".", 3},
}

var russian = words{
	months:      strings.Fields("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
	monthsAlone: strings.Fields("январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь"),
	shortMonths: strings.Fields("янв. февр. марта апр. мая июня июля авг. сент. окт. нояб. дек."), shortMonthsAlone: strings.Fields("янв. февр. март апр. май июнь июль авг. сент. окт. нояб. дек."),
	days:      strings.Fields("воскресенье понедельник вторник среда четверг пятница суббота"),
	shortDays: strings.Fields("вс пн вт ср чт пт сб"),
	long:      dayMonth, short: dayShortMonth, am: "AM", pm: "PM",
	yes: "да", no: "нет", known: true, separators: neutral,
}

// neutral separators are those of a language that we do not know (ISO 80000-1, with a comma).
var neutral = separators{"\u202f", ",", 3}

// read holds the languages that were read from the CLDR, by their key.
var read sync.Map

// wordsOf returns the words of a language. One that we do not know has numeric dates, and the English words for yes and no.
func wordsOf(lang campaigns.Lang) words {
	switch base, _, _ := strings.Cut(strings.ToLower(string(lang)), "-"); base {
	case "ru":
		return russian
	case "en", "":
		return english
	}
	key := keyOf(lang)
	if key == "" {
		return words{am: english.am, pm: english.pm, yes: english.yes, no: english.no, separators: neutral}
	}
	if w, ok := read.Load(key); ok {
		return w.(words)
	}
	w := readLanguage(key, languages[key]())
	read.Store(key, w)
	return w
}

// keyOf finds the language among those that we have: with its region, with a script that is not the usual one, alone; empty: it is none of them.
func keyOf(lang campaigns.Lang) string {
	tag := language.Make(string(lang))
	base, _ := tag.Base()
	name := base.String()
	if other, ok := sameWords[name]; ok {
		name = other
	}
	usual, _ := language.Make(name).Script()
	script, _ := tag.Script()
	region, _ := tag.Region()
	keys := []string{name + "-" + region.String(), name + "-" + regions[name+"-"+region.String()], name}
	if script != usual {
		keys = []string{name + "-" + script.String()}
	}
	for _, key := range keys {
		if languages[key] != nil {
			return key
		}
	}
	return ""
}

// sameWords are languages that are written as another one is.
var sameWords = map[string]string{"no": "nb"}

// regions are those that are written as another one of their language: the ones of es-419 (UN M49 419) whose numbers have a point before the fraction, Liechtenstein as
// Switzerland, and the Portuguese of Africa and Asia as Portugal's.
var regions = map[string]string{
	"es-DO": "419", "es-GT": "419", "es-HN": "419", "es-NI": "419", "es-PA": "419", "es-PE": "419", "es-PR": "419", "es-SV": "419", "es-US": "419", "es-419": "419",
	"es-CU": "419", "es-BR": "419", "es-BZ": "419", "de-LI": "CH",
	"pt-AO": "PT", "pt-CV": "PT", "pt-GQ": "PT", "pt-GW": "PT", "pt-LU": "PT", "pt-CH": "PT", "pt-MO": "PT", "pt-MZ": "PT", "pt-ST": "PT", "pt-TL": "PT",
}

// readLanguage takes what dates and numbers need out of the CLDR's data.
func readLanguage(key string, l locales.Translator) words {
	base, _, _ := strings.Cut(key, "-")
	w := words{
		months: l.MonthsWide(), monthsAlone: l.MonthsWide(), shortMonths: l.MonthsAbbreviated(), shortMonthsAlone: l.MonthsAbbreviated(), days: l.WeekdaysWide(), shortDays: l.WeekdaysAbbreviated(),
		long: dayMonth, short: dayShortMonth, yes: english.yes, no: english.no, known: true, separators: separatorsOf(l),
	}
	w.am, w.pm = halves(l)
	if alone := monthsAlone[base]; alone != "" {
		w.monthsAlone = strings.Fields(alone)
	}
	if alone := shortMonthsAlone[base]; alone != "" {
		w.shortMonthsAlone = strings.Fields(alone)
	}
	if p, ok := patterns[base]; ok {
		w.long, w.short = p[0], p[1]
	}
	if s, ok := westernDigits[key]; ok {
		w.separators = s
	}
	return w
}

// halves are what stands beside a time of twelve hours; AM and PM where the language counts to twenty-four.
func halves(l locales.Translator) (am, pm string) {
	half := func(hour int) string {
		beside, found := strings.CutPrefix(l.FmtTimeShort(time.Date(2026, 11, 30, hour, 30, 0, 0, time.UTC)), "10:30")
		if !found {
			beside, found = strings.CutSuffix(beside, "10:30")
		}
		if !found {
			return ""
		}
		return strings.TrimSpace(beside)
	}
	if am, pm = half(10), half(22); am == "" || pm == "" {
		return english.am, english.pm
	}
	return am, pm
}

// separatorsOf reads them off a number. Every space is a narrow one that does not break.
func separatorsOf(l locales.Translator) separators {
	s := neutral
	if own, ok := l.(interface {
		Decimal() string
		Group() string
	}); ok {
		s.group, s.point = own.Group(), own.Decimal()
	}
	if groups := strings.Split(l.FmtNumber(12345678, 0), s.group); s.group != "" && len(groups) > 2 {
		s.higher = len(groups[len(groups)-2])
	}
	if strings.TrimSpace(s.group) == "" {
		s.group = neutral.group
	}
	return s
}
