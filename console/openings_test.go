package console

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/reports"
)

func TestOpeningsInWords(t *testing.T) {
	day := func(d int) timing.LocalDateTime {
		return timing.LocalDateTime{Year: 2026, Month: 12, Day: d, LocalTime: timing.LocalTime{Hour: 10}}
	}
	missed := day(7)
	weekly := &reports.Openings{Sentence: "every Monday at 10:00", Next: []timing.LocalDateTime{day(14), day(21)}, Missed: &missed}
	for want, got := range map[string]string{
		"": opensWords(look.Frame{Lang: "en"}, nil),
		"The audience comes in every Monday at 10:00. Next: 14 December, 21 December. On 7 December the audience did not come in, or not all of it: a pause or an outage lasted too long.": opensWords(look.Frame{Lang: "en"}, weekly),
		"Аудитория входит каждый день. 7 декабря аудитория не вошла или вошла не вся: пауза или сбой затянулись.":                                                                          opensWords(look.Frame{Lang: "ru"}, &reports.Openings{Sentence: "каждый день", Missed: &missed}),
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
