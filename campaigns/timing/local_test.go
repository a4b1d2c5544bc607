package timing_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func zone(t interface {
	Helper()
	Fatal(...any)
}, name string,
) *time.Location {
	t.Helper()
	loc, err := timing.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func local(t *testing.T, s string) timing.LocalDateTime {
	t.Helper()
	dt, err := timing.ParseLocalDateTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return dt
}

func clock(t *testing.T, s string) timing.LocalTime {
	t.Helper()
	lt, err := timing.ParseLocalTime(s)
	if err != nil {
		t.Fatal(err)
	}
	return lt
}

// same compares moments and says both as the zone's clock shows them.
func same(t *testing.T, got time.Time, want string) {
	t.Helper()
	if g := got.Format(time.RFC3339); g != want {
		t.Errorf("got %s, want %s", g, want)
	}
}

func TestLocalDateTimeIn(t *testing.T) {
	for _, c := range []struct{ zone, local, want, why string }{
		{"Europe/Berlin", "2026-07-01 10:00", "2026-07-01T10:00:00+02:00", "an ordinary day"},
		{"Europe/Berlin", "2026-03-29 01:59", "2026-03-29T01:59:00+01:00", "before the gap"},
		{"Europe/Berlin", "2026-03-29 02:00", "2026-03-29T03:00:00+02:00", "first minute of the gap"},
		{"Europe/Berlin", "2026-03-29 02:30", "2026-03-29T03:00:00+02:00", "inside the gap"},
		{"Europe/Berlin", "2026-03-29 03:00", "2026-03-29T03:00:00+02:00", "after the gap"},
		{"Europe/Berlin", "2026-10-25 01:59", "2026-10-25T01:59:00+02:00", "before the fold"},
		{"Europe/Berlin", "2026-10-25 02:00", "2026-10-25T02:00:00+02:00", "the first of two"},
		{"Europe/Berlin", "2026-10-25 02:59", "2026-10-25T02:59:00+02:00", "the first of two"},
		{"Europe/Berlin", "2026-10-25 03:00", "2026-10-25T03:00:00+01:00", "after the fold"},
		{"Europe/Berlin", "2090-03-26 02:30", "2090-03-26T03:00:00+02:00", "beyond the table, by the rule"},
		{"America/New_York", "2026-03-08 02:30", "2026-03-08T03:00:00-04:00", "gap west of Greenwich"},
		{"America/New_York", "2026-11-01 01:30", "2026-11-01T01:30:00-04:00", "fold west of Greenwich"},
		{"Asia/Tehran", "2022-03-22 00:30", "2022-03-22T01:00:00+04:30", "Iran's last spring gap, at midnight"},
		{"Asia/Tehran", "2022-09-21 23:30", "2022-09-21T23:30:00+04:30", "Iran's last fold, before midnight"},
		{"Asia/Tehran", "2026-03-22 00:30", "2026-03-22T00:30:00+03:30", "abolished since"},
		{"Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-04T02:30:00+11:00", "a gap of half an hour"},
		{"Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-05T01:45:00+11:00", "a fold of half an hour"},
		{"Pacific/Apia", "2011-12-29 23:59", "2011-12-29T23:59:00-10:00", "before the day that was left out"},
		{"Pacific/Apia", "2011-12-30 12:00", "2011-12-31T00:00:00+14:00", "the day that was left out"},
		{"Africa/Casablanca", "2026-02-15 02:30", "2026-02-15T02:30:00+01:00", "back for Ramadan: a fold"},
		{"Africa/Casablanca", "2026-03-22 02:30", "2026-03-22T03:00:00+01:00", "after Ramadan: a gap"},
		{"Asia/Kathmandu", "2026-03-29 02:30", "2026-03-29T02:30:00+05:45", "three quarters of an hour"},
		{"Asia/Kathmandu", "1986-01-01 00:05", "1986-01-01T00:15:00+05:45", "a gap of a quarter of an hour"},
		{"America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04T01:00:00-02:00", "midnight does not exist"},
		{"America/Sao_Paulo", "2018-02-17 23:30", "2018-02-17T23:30:00-02:00", "the hour before midnight twice"},
		{"UTC", "2026-03-29 02:30", "2026-03-29T02:30:00Z", "no offset ever"},
	} {
		t.Run(c.zone+" "+c.why, func(t *testing.T) {
			same(t, local(t, c.local).In(zone(t, c.zone)), c.want)
		})
	}
}

func TestPeriodAdd(t *testing.T) {
	for _, c := range []struct{ zone, from, period, want string }{
		{"Europe/Berlin", "2026-03-28T10:00:00+01:00", "1d", "2026-03-29T10:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28T10:00:00+01:00", "24h", "2026-03-29T11:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28T02:30:00+01:00", "1d", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28T02:30:00+01:00", "1d12h", "2026-03-29T15:00:00+02:00"},
		{"Europe/Berlin", "2026-03-27T02:30:00+01:00", "2d", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "2026-03-27T02:30:00+01:00", "3d", "2026-03-30T02:30:00+02:00"},
		{"Europe/Berlin", "2026-10-24T02:30:15+02:00", "1d", "2026-10-25T02:30:15+02:00"},
		{"Europe/Berlin", "2026-10-24T02:30:00+02:00", "1d1h", "2026-10-25T02:30:00+01:00"},
		{"Europe/Berlin", "2026-10-25T02:30:00+01:00", "1h", "2026-10-25T03:30:00+01:00"},
		{"Europe/Berlin", "2026-10-25T02:30:00+01:00", "1d", "2026-10-26T02:30:00+01:00"},
		{"Pacific/Apia", "2011-12-29T10:00:00-10:00", "1d", "2011-12-31T00:00:00+14:00"},
		{"Pacific/Apia", "2011-12-29T10:00:00-10:00", "2d", "2011-12-31T10:00:00+14:00"},
		{"America/Sao_Paulo", "2018-11-03T00:00:00-03:00", "1d", "2018-11-04T01:00:00-02:00"},
		{"Europe/Moscow", "2026-01-31T12:00:00Z", "30d", "2026-03-02T15:00:00+03:00"},
	} {
		p, err := timing.ParsePeriod(c.period)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(c.zone+" "+c.from+" "+c.period, func(t *testing.T) {
			same(t, p.Add(at(t, c.from), zone(t, c.zone)), c.want)
		})
	}
}

func TestNextLocal(t *testing.T) {
	for _, c := range []struct{ zone, from, clock, want string }{
		{"Europe/Berlin", "2026-07-01T09:59:59+02:00", "10:00", "2026-07-01T10:00:00+02:00"},
		{"Europe/Berlin", "2026-07-01T10:00:00+02:00", "10:00", "2026-07-01T10:00:00+02:00"},
		{"Europe/Berlin", "2026-07-01T10:00:01+02:00", "10:00", "2026-07-02T10:00:00+02:00"},
		{"Europe/Berlin", "2026-03-29T01:00:00+01:00", "02:30", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "2026-03-29T03:00:00+02:00", "02:30", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "2026-03-29T03:00:01+02:00", "02:30", "2026-03-30T02:30:00+02:00"},
		{"Europe/Berlin", "2026-10-25T02:10:00+02:00", "02:30", "2026-10-25T02:30:00+02:00"},
		{"Europe/Berlin", "2026-10-25T02:31:00+02:00", "02:30", "2026-10-26T02:30:00+01:00"},
		{"Europe/Berlin", "2026-10-25T02:10:00+01:00", "02:30", "2026-10-26T02:30:00+01:00"},
		{"Australia/Lord_Howe", "2026-10-04T01:50:00+10:30", "02:10", "2026-10-04T02:30:00+11:00"},
		{"America/Sao_Paulo", "2018-11-03T12:00:00-03:00", "00:00", "2018-11-04T01:00:00-02:00"},
		{"America/Sao_Paulo", "2018-02-17T23:30:00-03:00", "23:45", "2018-02-18T23:45:00-03:00"},
		{"Pacific/Apia", "2011-12-29T11:00:00-10:00", "10:00", "2011-12-31T00:00:00+14:00"},
		{"Pacific/Apia", "2011-12-31T00:00:01+14:00", "10:00", "2011-12-31T10:00:00+14:00"},
		{"Asia/Kathmandu", "2026-12-31T23:00:00+05:45", "10:00", "2027-01-01T10:00:00+05:45"},
	} {
		t.Run(c.zone+" "+c.from+" "+c.clock, func(t *testing.T) {
			same(t, timing.NextLocal(at(t, c.from), clock(t, c.clock), zone(t, c.zone)), c.want)
		})
	}
}

func TestRuleDue(t *testing.T) {
	ten := timing.LocalTime{Hour: 10}
	from := at(t, "2026-03-28T09:30:00+01:00")
	for _, c := range []struct {
		zone string
		rule timing.Rule
		want string
	}{
		{"Europe/Berlin", timing.Rule{From: from, For: timing.Period{Days: 1}, Until: &ten}, "2026-03-29T10:00:00+02:00"},
		{"Europe/Berlin", timing.Rule{From: from, For: timing.Period{Time: 24 * time.Hour}, Until: &ten}, "2026-03-30T10:00:00+02:00"},
		{"Europe/Berlin", timing.Rule{From: from, For: timing.Period{Days: 1}}, "2026-03-29T09:30:00+02:00"},
		{"Europe/Berlin", timing.Rule{From: from, Until: &ten}, "2026-03-28T10:00:00+01:00"},
		{"Asia/Kathmandu", timing.Rule{From: from, Until: &ten}, "2026-03-29T10:00:00+05:45"},
		{"America/New_York", timing.Rule{From: from, For: timing.Period{Days: 1}, Until: &ten}, "2026-03-29T10:00:00-04:00"},
		{"Europe/Berlin", timing.Rule{From: from}, "2026-03-28T09:30:00+01:00"},
	} {
		t.Run(c.zone, func(t *testing.T) { same(t, c.rule.Due(zone(t, c.zone)), c.want) })
	}
}
