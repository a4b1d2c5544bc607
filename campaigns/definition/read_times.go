package definition

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// written returns a scalar as it was typed: a period such as 90 is a number to YAML, and its problem is still that it is no period.
func (n *node) written() (string, bool) {
	return n.text, n.kind == textNode || n.kind == numberNode
}

func (r *reader) period(n *node) timing.Period {
	s, ok := n.written()
	if !ok {
		r.out.add(n.place, "expected_period").expect("2d")
		return timing.Period{}
	}
	p, err := timing.ParsePeriod(s)
	switch {
	case err == nil:
	case errors.Is(err, timing.ErrBounds):
		r.out.add(n.place, "period_bounds", "value", s)
	default:
		r.out.add(n.place, "expected_period", "value", s).expect("2d").meant(meantPeriod(s))
	}
	return p
}

// meantPeriod finds a period in "2 days", "24 hours", "2D", "1w" or "30", which is in minutes.
func meantPeriod(s string) string {
	s = strings.ToLower(s)
	for _, unit := range []struct{ long, short string }{
		{"days", "d"}, {"day", "d"}, {"hours", "h"}, {"hour", "h"}, {"minutes", "m"}, {"minute", "m"}, {"mins", "m"}, {"min", "m"}, {" ", ""},
	} {
		s = strings.ReplaceAll(s, unit.long, unit.short)
	}
	weeks, isWeeks := strings.CutSuffix(strings.NewReplacer("weeks", "w", "week", "w").Replace(s), "w")
	if n, err := strconv.Atoi(weeks); err == nil && n > 0 && n < 1000 {
		if isWeeks {
			s = strconv.Itoa(7*n) + "d"
		} else {
			s += "m"
		}
	}
	if _, err := timing.ParsePeriod(s); err != nil {
		return ""
	}
	return s
}

func (r *reader) localTime(n *node) timing.LocalTime {
	s, ok := n.written()
	if !ok {
		r.out.add(n.place, "expected_time").expect(`"22:00"`)
		return timing.LocalTime{}
	}
	t, err := timing.ParseLocalTime(s)
	switch {
	case err == nil:
	case errors.Is(err, timing.ErrBounds):
		r.out.add(n.place, "time_bounds", "value", s)
	default:
		if p := r.out.add(n.place, "expected_time", "value", s).meant(meantTime(s)); p.DidYouMean == "" {
			p.expect(`"22:00"`)
		}
	}
	return t
}

// meantTime finds a time in "9:00" and "9".
func meantTime(s string) string {
	for _, try := range []string{"0" + s, s + ":00", "0" + s + ":00"} {
		if _, err := timing.ParseLocalTime(try); err == nil {
			return `"` + try + `"`
		}
	}
	return ""
}

func (r *reader) dateTime(n *node) timing.LocalDateTime {
	s, ok := n.written()
	if !ok {
		r.out.add(n.place, "expected_date_time").expect(`"2026-12-01 10:00"`)
		return timing.LocalDateTime{}
	}
	t, err := timing.ParseLocalDateTime(s)
	switch {
	case err == nil:
	case errors.Is(err, timing.ErrBounds):
		r.out.add(n.place, "date_time_bounds", "value", s)
	default:
		r.out.add(n.place, "expected_date_time", "value", s).expect(`"2026-12-01 10:00"`)
	}
	return t
}

// language reads a BCP 47 tag in its usual spelling, so that equal languages are equal words.
func (r *reader) language(n *node) (campaigns.Lang, bool) {
	s, ok := r.str(n)
	if !ok {
		return "", false
	}
	return r.languageTag(n.place, s)
}

func (r *reader) languageTag(at Place, s string) (campaigns.Lang, bool) {
	tag, err := language.Raw.Parse(s)
	if plain := plainly(s); err != nil && plain != s {
		if usual, err := language.Raw.Parse(plain); err == nil && usual.String() == plain {
			r.out.foreign(at, s, plain)
			return campaigns.Lang(plain), true
		}
	}
	if err != nil || tag == language.Und || strings.ContainsAny(s, "_") && tag.String() == s {
		usual := r.out.language(s)
		r.out.add(at, "invalid_language", "value", s).meant(usual)
		return campaigns.Lang(usual), usual != ""
	}
	if usual := tag.String(); usual != s {
		r.out.add(at, "language_spelling", "value", s).meant(usual)
		return campaigns.Lang(usual), true
	}
	return campaigns.Lang(s), true
}
