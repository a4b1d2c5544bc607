package templates

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestDatesAndNumbersOfLanguages: months in the form that stands beside a day, and alone; the order of the language; its separators; twelve hours where they are counted.
func TestDatesAndNumbersOfLanguages(t *testing.T) {
	at := time.Date(2026, 11, 3, 15, 5, 0, 0, time.UTC)
	plain := strings.NewReplacer("\u00a0", " ", "\u202f", " ")
	for lang, want := range map[campaigns.Lang]string{
		"en":      "3 November|3 Nov|Tuesday, Tue|November 2026|03:05 PM|−1,234,567.5|12,345|1234",
		"en-GB":   "3 November|3 Nov|Tuesday, Tue|November 2026|03:05 PM|−1,234,567.5|12,345|1234",
		"ru":      "3 ноября|3 нояб.|вторник, вт|ноябрь 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"de":      "3. November|3. Nov.|Dienstag, Di.|November 2026|03:05 PM|−1.234.567,5|12.345|1234",
		"de-LU":   "3. November|3. Nov.|Dienstag, Di.|November 2026|03:05 PM|−1.234.567,5|12.345|1234",
		"it-CH":   "3 novembre|3 nov|martedì, mar|novembre 2026|03:05 PM|−1’234’567.5|12’345|1234",
		"de-LI":   "3. November|3. Nov.|Dienstag, Di.|November 2026|03:05 PM|−1’234’567.5|12’345|1234",
		"pt-AO":   "3 de novembro|3 de nov.|terça-feira, terça|novembro 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"es-CU":   "3 de noviembre|3 nov.|martes, mar.|noviembre 2026|03:05 PM|−1,234,567.5|12,345|1234",
		"de-CH":   "3. November|3. Nov.|Dienstag, Di.|November 2026|03:05 PM|−1’234’567.5|12’345|1234",
		"fr":      "3 novembre|3 nov.|mardi, mar.|novembre 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"es":      "3 de noviembre|3 nov.|martes, mar.|noviembre 2026|03:05 PM|−1.234.567,5|12.345|1234",
		"es-AR":   "3 de noviembre|3 nov.|martes, mar.|noviembre 2026|03:05 PM|−1.234.567,5|12.345|1234",
		"es-PE":   "3 de noviembre|3 nov.|martes, mar.|noviembre 2026|03:05 PM|−1,234,567.5|12,345|1234",
		"pl":      "3 listopada|3 lis|wtorek, wt.|listopad 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"uk":      "3 листопада|3 лист.|вівторок, вт|листопад 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"be":      "3 лістапада|3 ліс|аўторак, аў|лістапад 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"cs":      "3. listopadu|3. 11.|úterý, út|listopad 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"pt-BR":   "3 de novembro|3 de nov.|terça-feira, ter.|novembro 2026|03:05 PM|−1.234.567,5|12.345|1234",
		"pt-PT":   "3 de novembro|3 de nov.|terça-feira, terça|novembro 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"kk":      "3 қараша|3 қар.|сейсенбі, сс|қараша 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"uz":      "3-noyabr|3-noy|seshanba, Sesh|noyabr 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"tr":      "3 Kasım|3 Kas|Salı, Sal|Kasım 2026|03:05 PM|−1.234.567,5|12.345|1234",
		"no":      "3. november|3. nov.|tirsdag, tir.|november 2026|03:05 PM|−1 234 567,5|12 345|1234",
		"el":      "3 Νοεμβρίου|3 Νοε|Τρίτη, Τρί|Νοέμβριος 2026|03:05 μ.μ.|−1.234.567,5|12.345|1234",
		"hi":      "3 नवंबर|3 नव॰|मंगलवार, मंगल|नवंबर 2026|03:05 pm|−12,34,567.5|12,345|1234",
		"zh-TW":   "11月3日|11月3日|星期二, 週二|11月 2026|03:05 下午|−1,234,567.5|12,345|1234",
		"ar":      "3 نوفمبر|3 نوفمبر|الثلاثاء, الثلاثاء|نوفمبر 2026|03:05 م|−1,234,567.5|12,345|1234",
		"tlh":     "2026-11-03|2026-11-03|2026-11-03|2026-11-03|03:05 PM|−1 234 567,5|12 345|1234", // unknown: ISO 8601, no English
		"kk-Latn": "2026-11-03|2026-11-03|2026-11-03|2026-11-03|03:05 PM|−1 234 567,5|12 345|1234", // its words are known in Cyrillic alone
	} {
		got := plain.Replace(strings.Join([]string{
			formatDate(at, "long", lang), formatDate(at, "short", lang), formatDate(at, "%A, %a", lang), formatDate(at, "%B %Y", lang), formatDate(at, "%I:%M %p", lang),
			formatNumber(-1234567.5, -1, lang), formatNumber(12345, 0, lang), formatNumber(1234, 0, lang),
		}, "|"))
		if got != want {
			t.Errorf("%s:\n%s\nwant\n%s", lang, got, want)
		}
	}
	if got := formatDate(at, "%A, %-d %B, %H:%M", "tlh"); got != "2026-11-03 15:05" {
		t.Errorf("a date with its time in an unknown language: %s", got)
	}
	if got := formatDate(at, "%d.%m.%Y", "tlh"); got != "03.11.2026" {
		t.Errorf("numbers alone in an unknown language: %s", got)
	}
}

// TestEveryLanguageIsWhole: what is read of each language has all its words, and patterns that are patterns.
func TestEveryLanguageIsWhole(t *testing.T) {
	for key := range languages {
		w := wordsOf(campaigns.Lang(key))
		for what, n := range map[string][2]int{
			"months": {len(w.months), 12}, "months alone": {len(w.monthsAlone), 12}, "short months": {len(w.shortMonths), 12}, "days": {len(w.days), 7}, "short days": {len(w.shortDays), 7},
		} {
			if n[0] != n[1] {
				t.Errorf("%s: %d %s", key, n[0], what)
			}
		}
		for _, word := range append(append(append(append([]string{w.am, w.pm, w.group, w.point}, w.months...), w.monthsAlone...), w.shortMonths...), append(w.days, w.shortDays...)...) {
			if word == "" {
				t.Errorf("%s: an empty word", key)
			}
		}
		if !goodDateFormat(w.long) || !goodDateFormat(w.short) {
			t.Errorf("%s: %+v", key, w)
		}
	}
	for key := range monthsAlone {
		if languages[key] == nil {
			t.Errorf("months of %s, which is not read", key)
		}
	}
	for key := range patterns {
		if languages[key] == nil {
			t.Errorf("patterns of %s, which is not read", key)
		}
	}
}

// TestTheReferenceNamesEveryLanguage: whoever writes a text sees whether its months are known.
func TestTheReferenceNamesEveryLanguage(t *testing.T) {
	page, err := os.ReadFile("../docs/campaigns.md")
	if err != nil {
		t.Fatal(err)
	}
	for key := range languages {
		if !strings.Contains(string(page), "`"+key+"`") {
			t.Errorf("docs/campaigns.md does not name %s", key)
		}
	}
}

// TestShortMonthsAlone: a short month without a day beside it is not inflected.
func TestShortMonthsAlone(t *testing.T) {
	at := time.Date(2026, 3, 3, 15, 5, 0, 0, time.UTC)
	for lang, want := range map[campaigns.Lang]string{"ru": "март 2026, 3\u00a0марта", "ca": "març 2026, 3\u00a0de març", "en": "Mar 2026, 3\u00a0Mar"} {
		if got := formatDate(at, "%b %Y", lang) + ", " + formatDate(at, "short", lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
