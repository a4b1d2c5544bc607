package decide_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/decide"
)

// TestWaitForAnEvent: the event ends the wait while the member stands there, not before and not after; otherwise the time limit does.
func TestWaitForAnEvent(t *testing.T) {
	const doc = `
  - {id: before, wait: 1d}
  - {id: done, wait: {event: lesson.done, timeout: {after: 2d, goto: late}}}
  - {id: well, wait: 1h}
  - {id: twice, wait: {event: lesson.done, timeout: {after: 2d}}}
  - {id: late, wait: 3h}
`
	happened := func() *decide.Happened { return &decide.Happened{Event: "lesson.done"} }
	s := play(t, doc)
	s.run(
		line{in: &decide.Start{}, want: "= waiting time before/1 due 21 Oct 10:00"},
		line{in: happened(), want: "= waiting time before/1 due 21 Oct 10:00"},
		line{after: 24 * time.Hour, in: &decide.Due{}, want: "= waiting time done/1 due 23 Oct 10:00"},
		line{in: &decide.Happened{Event: "lesson.begun"}, want: "= waiting time done/1 due 23 Oct 10:00"},
		line{after: time.Hour, in: happened(), want: "wait.event_came done\n = waiting time well/1 due 21 Oct 12:00"},
		line{in: happened(), want: "= waiting time well/1 due 21 Oct 12:00"},
		line{after: time.Hour, in: &decide.Due{}, want: "= waiting time twice/1 due 23 Oct 12:00"},
		line{after: 48 * time.Hour, in: &decide.Due{}, want: "wait.timed_out twice\n = waiting time late/1 due 23 Oct 15:00"},
		line{in: happened(), want: "= waiting time late/1 due 23 Oct 15:00"},
	)
	s = play(t, doc)
	s.run(
		line{in: &decide.Start{}, want: "= waiting time before/1 due 21 Oct 10:00"},
		line{after: 24 * time.Hour, in: &decide.Due{}, want: "= waiting time done/1 due 23 Oct 10:00"},
		line{after: 48 * time.Hour, in: &decide.Due{}, want: "wait.timed_out done\n = waiting time late/1 due 23 Oct 13:00"},
	)
	// Both at one moment: whichever is decided first wins, and the other changes nothing.
	s = play(t, doc)
	s.run(
		line{in: &decide.Start{}, want: "= waiting time before/1 due 21 Oct 10:00"},
		line{after: 24 * time.Hour, in: &decide.Due{}, want: "= waiting time done/1 due 23 Oct 10:00"},
		line{after: 48 * time.Hour, in: happened(), want: "wait.event_came done\n = waiting time well/1 due 23 Oct 11:00"},
		line{in: &decide.Due{}, want: "= waiting time well/1 due 23 Oct 11:00"},
	)
}

// TestAnEventInAPause: it is kept, and what follows starts after the pause.
func TestAnEventInAPause(t *testing.T) {
	s := play(t, "  - {id: done, wait: {event: lesson.done, timeout: {after: 2d}}}\n  - {id: after, wait: 1h}\n")
	s.run(
		line{in: &decide.Start{}, want: "= waiting time done/1 due 22 Oct 10:00"},
		line{facts: func(f *decide.Facts) { f.Paused = true }, in: &decide.Happened{Event: "lesson.done"}, want: "wait.event_came done\n = active after/0 due 20 Oct 10:00"},
		line{after: 72 * time.Hour, facts: func(f *decide.Facts) { f.Paused = false }, in: &decide.Due{}, want: "= waiting time after/1 due 23 Oct 11:00"},
	)
}

// exam is a wait until noon three days before the exam.
const exam = `
  - {id: prepare, wait: {until: "12:00", date: {attribute: exam_on, before: 3d, missed: late}}}
  - {id: soon, wait: 1h}
  - {id: late, wait: 2h}
`

func examOn(value any) func(*decide.Facts) {
	return func(f *decide.Facts) { f.Attributes = map[string]any{"exam_on": value} }
}

// TestWaitForADay: the day in the attribute with the offset, by the member's clock on that day; what is no day, or past, is told and goes the other way.
func TestWaitForADay(t *testing.T) {
	for value, want := range map[any]string{
		"2026-10-28":           "= waiting time prepare/1 due 25 Oct 11:00", // the clocks went back
		"2026-10-27":           "= waiting time prepare/1 due 24 Oct 10:00",
		"2026-10-27T22:30:00Z": "= waiting time prepare/1 due 24 Oct 10:00", // 23:30 in Berlin
		"2026-10-27T23:30:00Z": "= waiting time prepare/1 due 25 Oct 11:00", // the 28th in Berlin
		"2026-10-23":           "wait.date_passed prepare [attribute:exam_on]\n = waiting time late/1 due 20 Oct 12:00",
		"soon":                 "wait.date_unreadable prepare [attribute:exam_on]\n = waiting time late/1 due 20 Oct 12:00",
		20261027.0:             "wait.date_unreadable prepare [attribute:exam_on]\n = waiting time late/1 due 20 Oct 12:00",
		"":                     "wait.date_missing prepare [attribute:exam_on]\n = waiting time late/1 due 20 Oct 12:00",
		nil:                    "wait.date_missing prepare [attribute:exam_on]\n = waiting time late/1 due 20 Oct 12:00",
	} {
		s := play(t, exam)
		s.run(line{facts: examOn(value), in: &decide.Start{}, want: want})
	}
}

// TestTheDayMoves: a day that is put off, brought forward or taken away while it is waited for, and a member who moves.
func TestTheDayMoves(t *testing.T) {
	stands := line{facts: examOn("2026-10-27"), in: &decide.Start{}, want: "= waiting time prepare/1 due 24 Oct 10:00"}
	comes := 4 * 24 * time.Hour
	for name, lines := range map[string][]line{
		"told":              {{facts: examOn("2026-11-27"), in: &decide.ZoneChanged{}, want: "= waiting time prepare/1 due 24 Nov 11:00"}},
		"brought forward":   {{facts: examOn("2026-10-25"), in: &decide.ZoneChanged{}, want: "= waiting time prepare/1 due 22 Oct 10:00"}},
		"put off, not told": {{after: comes, facts: examOn("2026-10-29"), in: &decide.Due{}, want: "= waiting time prepare/1 due 26 Oct 11:00"}},
		"it came":           {{after: comes, in: &decide.Due{}, want: "= waiting time soon/1 due 24 Oct 11:00"}},
		"taken away": {
			{facts: examOn(nil), in: &decide.ZoneChanged{}, want: "= waiting time prepare/1 due 20 Oct 10:00"},
			{in: &decide.Due{}, want: "wait.date_missing prepare [attribute:exam_on]\n = waiting time late/1 due 20 Oct 12:00"},
		},
		"the member moves": {{facts: func(f *decide.Facts) { f.Zone = zone(t, "America/New_York") }, in: &decide.ZoneChanged{}, want: "= waiting time prepare/1 due 24 Oct 16:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, exam)
			s.run(append([]line{stands}, lines...)...)
		})
	}
}

// TestWaitForWhatTheEventTold: two runs of one member wait for the moments that their own events brought, and follow the member's clock.
func TestWaitForWhatTheEventTold(t *testing.T) {
	const booked = `
key: test
kind: onboarding
name: Test
topic: news
languages: [en]
channels: [telegram]
entry: {event: lesson.booked, key: id}
steps:
  - {id: eve, wait: {until: "18:00", date: {event: starts_at, before: 1d}}}
  - {id: soon, wait: {date: {event: starts_at, before: 90m}}}
  - {id: after, wait: {date: {event: starts_at, after: 1h}}}
`
	for written, want := range map[string][3]string{
		"2026-10-22T18:30:00+02:00": {"21 Oct 16:00", "22 Oct 15:00", "22 Oct 17:30"},
		"2026-10-26 09:00":          {"25 Oct 17:00", "26 Oct 06:30", "26 Oct 09:00"}, // clocks are put back in the night before
	} {
		t.Run(written, func(t *testing.T) {
			s := play(t, booked)
			s.e.Brought = map[string]any{"starts_at": written}
			at := func(day string) time.Duration {
				due, err := time.Parse("2006 2 Jan 15:04", "2026 "+day)
				if err != nil {
					t.Fatal(err)
				}
				return due.Sub(s.now)
			}
			s.run(line{in: &decide.Start{}, want: "= waiting time eve/1 due " + want[0]})
			s.run(line{after: at(want[0]), in: &decide.Due{}, want: "= waiting time soon/1 due " + want[1]})
			s.run(line{after: at(want[1]), in: &decide.Due{}, want: "= waiting time after/1 due " + want[2]})
		})
	}
	over := func(why string) string {
		said := ""
		for _, step := range []string{"eve", "soon", "after"} {
			said += "wait.date_" + why + " " + step + " [attribute:event.starts_at]\n"
		}
		return said + "enrollment.completed after\n= completed after/1"
	}
	for written, want := range map[string]string{"": over("missing"), "tomorrow": over("unreadable"), "2026-10-25": "= waiting time eve/1 due 24 Oct 16:00"} {
		s := play(t, booked)
		s.e.Brought = map[string]any{"starts_at": written}
		s.run(line{in: &decide.Start{}, want: want})
	}
}

// TestTheVeryMoment: its seconds count, and so does which of two times that look alike it is.
func TestTheVeryMoment(t *testing.T) {
	waits := func(step, due string) string { // to the minute
		at, err := time.Parse(time.RFC3339, due)
		if err != nil {
			t.Fatal(err)
		}
		return "= waiting time " + step + " due " + at.Format("2 Jan 15:04")
	}
	for written, want := range map[string]string{
		"2026-10-20T13:30:15+02:00":    "2026-10-20T10:00:15Z", // 15 seconds from now
		"2026-10-20 13:30:59":          "2026-10-20T10:00:59Z",
		"2026-10-20T13:30:15.75+02:00": "2026-10-20T10:00:15Z",
		"2026-10-25T04:00:30+01:00":    "2026-10-25T01:30:30Z", // half past two for the second time
		"2026-10-25T03:00:30+01:00":    "2026-10-25T00:30:30Z", // and for the first
		"2026-10-22T18:00:00+02:00":    "2026-10-22T14:30:00Z",
	} {
		s := play(t, "  - {id: soon, wait: {date: {attribute: exam_on, before: 90m}}}\n  - {id: after, wait: 1d}\n")
		s.run(line{facts: examOn(written), in: &decide.Start{}, want: waits("soon/1", want)})
		if s.e.Due == nil || s.e.Due.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("%s: due %v, want %s", written, s.e.Due, want)
		}
		at, _ := time.Parse(time.RFC3339, want)
		s.run(line{after: at.Sub(s.now), in: &decide.Due{}, want: waits("after/1", at.In(s.f.Zone).AddDate(0, 0, 1).UTC().Format(time.RFC3339))})
	}
	s := play(t, "  - {id: soon, wait: {date: {attribute: exam_on, before: 90m}}}\n")
	s.run(line{facts: examOn("2026-10-20T13:29:59+02:00"), in: &decide.Start{}, want: "wait.date_passed soon [attribute:exam_on]\nenrollment.completed soon\n= completed soon/1"})
}

// TestWaitForAWeekday: today's until its time has come, then the next, by the member's clock wherever they move.
func TestWaitForAWeekday(t *testing.T) {
	s := play(t, "  - {id: a, wait: {until: \"12:30\", on: [tuesday, friday]}}\n  - goto: a\n")
	s.run(
		line{in: &decide.Start{}, want: "= waiting time a/1 due 20 Oct 10:30"},
		line{after: 30 * time.Minute, in: &decide.Due{}, want: "= waiting time a/2 due 23 Oct 10:30"},
		line{facts: func(f *decide.Facts) { f.Zone = zone(t, "Asia/Tokyo") }, in: &decide.ZoneChanged{}, want: "= waiting time a/2 due 23 Oct 03:30"},
	)
}

// TestNotify: the effect, and on at once.
func TestNotify(t *testing.T) {
	s := play(t, "  - {id: tell, notify: {text: {en: \"{{ member.full_name }} is here\"}}}\n  - {id: after, wait: 1d}\n")
	s.run(line{in: &decide.Start{}, want: "notify tell/1\n = waiting time after/1 due 21 Oct 10:00"})
}

// TestEnroll: the effect, and on at once.
func TestEnroll(t *testing.T) {
	s := play(t, "  - {id: more, enroll: spring-course}\n  - {id: after, wait: 1d}\n")
	s.run(line{in: &decide.Start{}, want: "enroll more/1 spring-course\n = waiting time after/1 due 21 Oct 10:00"})
}
