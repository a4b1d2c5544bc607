package decide_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// The reference of rounds walks minute by minute and reads the member's clock. It knows nothing of waits, messages and answers: a round is open while the clock
// says so, it opens as soon as somebody may open it, and it was due since the clock has said so without a break, by the zone in which it opens.

var roundZones = []string{
	"UTC", "Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Australia/Lord_Howe", "Antarctica/Troll", "America/Santiago", "Pacific/Pago_Pago",
}

// hitch is something that happens in a minute.
type hitch struct {
	at   int // minutes from the start
	what string
	zone *time.Location
}

// days is the life of one member in a repeat, by the minute.
type days struct {
	t       *rapid.T
	s       *script
	start   time.Time
	hitches []hitch
	leaves  map[int]int // minutes from writing to sending, by round
	away    bool        // nobody decides
	opened  []string
	missed  []int
	before  int
	out     *decide.Deliver
	written time.Time
	stored  *decide.Answered // while nobody decides
}

// roundSaid is what both say of a round that opened.
func roundSaid(n int, at, since time.Time) string {
	const minute = "2 Jan 15:04"
	return fmt.Sprintf("round %d at %s, due since %s", n, at.UTC().Format(minute), since.UTC().Format(minute))
}

func (d *days) take(in decide.Input) {
	for _, effect := range d.s.decide(in) {
		switch x := effect.(type) {
		case *decide.Deliver:
			d.out, d.written = x, d.s.now
			if x.Step == "finish" {
				continue
			}
			since := d.s.now
			if p := d.s.e.Waiting.Plan; p != nil {
				since = p.At
			}
			d.opened = append(d.opened, roundSaid(x.Visit, d.s.now, since))
		case *decide.CancelPending:
			d.out = nil
		case *decide.Record:
			switch x.Name {
			case "rounds.joined_late":
				d.before = x.Data["before"].(int)
			case "round.missed":
				d.missed = append(d.missed, x.Visit)
			}
		}
	}
}

// minute lets happen what is due in this minute.
func (d *days) minute(m int) {
	d.s.now = d.start.Add(time.Duration(m) * time.Minute)
	decided := !d.away
	for _, h := range d.hitches {
		if h.at != m {
			continue
		}
		switch h.what {
		case "pause":
			d.pause()
		case "away":
			d.away = !d.away
			decided = !d.away
		case "zone":
			d.s.f.Zone = h.zone
			d.take(&decide.ZoneChanged{})
			decided = true
		case "answer":
			d.answer()
		case "event":
			if !d.away {
				d.take(&decide.Happened{Event: "other"})
			}
		}
	}
	if decided {
		d.work()
	}
}

func (d *days) pause() {
	if d.s.f.Paused = !d.s.f.Paused; d.s.f.Paused {
		d.s.f.Pauses = append(d.s.f.Pauses, decide.Pause{From: d.s.now})
		return
	}
	d.s.f.Pauses = slices.Clone(d.s.f.Pauses)
	d.s.f.Pauses[len(d.s.f.Pauses)-1].To = d.s.now
}

func (d *days) answer() {
	if d.s.e.Wait != campaigns.WaitAnswer {
		return
	}
	in := voice(d.s.e.Visit)
	in.At = d.s.now
	if d.away {
		d.stored = in
		return
	}
	d.take(in)
}

// work is what workers do: answers that were stored, messages, and what is due.
func (d *days) work() {
	if in := d.stored; in != nil {
		d.stored = nil
		d.take(in)
	}
	for range 20 { // one thing leads to another
		switch x := d.out; {
		case d.s.f.Paused || d.s.e.State.Final():
			return
		case x != nil && !x.Expires.After(d.s.now):
			d.outcome(campaigns.Expired, campaigns.TooLate)
		case x != nil && d.s.now.Sub(d.written) >= time.Duration(d.leaves[x.Visit])*time.Minute:
			d.outcome(campaigns.Sent, "")
		case d.s.e.Due != nil && !d.s.e.Due.After(d.s.now):
			d.take(&decide.Due{})
		default:
			return
		}
	}
	d.t.Fatalf("one thing leads to another without an end: %s", stand(d.s.e))
}

func (d *days) outcome(state campaigns.DeliveryState, reason campaigns.Reason) {
	x := d.out
	d.out = nil
	d.take(&decide.Delivered{Step: x.Step, Visit: x.Visit, Channel: x.Channel, Part: x.Part, State: state, Reason: reason, At: d.s.now, Made: d.written})
}

// calendar is the reference's.
type calendar struct {
	first time.Time // the day
	at    timing.LocalTime
	known map[string]time.Time
}

func (c *calendar) opens(n int, zone *time.Location) time.Time {
	key := fmt.Sprint(n, zone)
	if t, ok := c.known[key]; ok {
		return t
	}
	day := c.first.AddDate(0, 0, n-1)
	want := time.Date(day.Year(), day.Month(), day.Day(), c.at.Hour, c.at.Minute, 0, 0, time.UTC)
	t := want.Add(-30 * time.Hour)
	for faceOf(t, zone).Before(want) {
		t = t.Add(time.Minute)
	}
	c.known[key] = t
	return t
}

func faceOf(t time.Time, zone *time.Location) time.Time {
	l := t.In(zone)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
}

// newest is the highest round that has opened by the clock, up to one beyond the last.
func (c *calendar) newest(t time.Time, zone *time.Location, times int) (n int) {
	for n <= times && !c.opens(n+1, zone).After(t) {
		n++
	}
	return n
}

// expect walks over the same history.
func (c *calendar) expect(d *days, zone *time.Location, times, minutes int) (opened []string, left []int) {
	paused, away, moved, had := false, false, false, 0
	since := make([]time.Time, times+2)
	for m := 0; m <= minutes; m++ {
		now := d.start.Add(time.Duration(m) * time.Minute)
		may := !away
		for _, h := range d.hitches {
			if h.at != m {
				continue
			}
			switch h.what {
			case "pause":
				paused = !paused
			case "away":
				away = !away
				may = !away
			case "zone":
				zone, may, moved = h.zone, true, moved || paused || away
			}
		}
		n := c.newest(now, zone, times)
		for i := 1; i <= times+1; i++ {
			if i > n {
				since[i] = time.Time{}
			} else if since[i].IsZero() {
				since[i] = now
			}
		}
		if had <= times && n > had && may && !paused {
			for i := had + 1; i < n; i++ {
				left = append(left, i)
			}
			if had = n; n <= times {
				due := since[n]
				by := c.opens(n, zone)
				if by.After(due) {
					due = by // a move to the west: the round opened again
				}
				said := roundSaid(n, now, due)
				if k := len(opened); moved && k < len(d.opened) && between(d.opened[k], n, now, by) {
					said = d.opened[k] // who moves while nothing is decided was to reach it some time since it opened
				}
				opened, moved = append(opened, said), false
			}
		}
	}
	return opened, left
}

// between reports whether it was said of the round that it opened now, and was due some time since the moment.
func between(said string, n int, now, from time.Time) bool {
	for t := from; !t.After(now); t = t.Add(time.Minute) {
		if said == roundSaid(n, now, t) {
			return true
		}
	}
	return false
}

func drawDays(t *rapid.T, minutes int) (hs []hitch) {
	for range rapid.IntRange(0, 8).Draw(t, "hitches") {
		h := hitch{at: rapid.IntRange(1, minutes-6*1440).Draw(t, "minute"), what: rapid.SampledFrom([]string{"pause", "away", "zone", "zone", "answer", "answer", "event"}).Draw(t, "what")}
		if slices.ContainsFunc(hs, func(o hitch) bool { return o.at == h.at }) {
			continue
		}
		switch h.what {
		case "zone":
			h.zone = zone(t, rapid.SampledFrom(roundZones).Draw(t, "zone"))
		case "pause", "away": // for a while
			until := h
			until.at = h.at + rapid.SampledFrom([]int{1, 90, 700, 1440, 3000}).Draw(t, "lasts")
			if slices.ContainsFunc(hs, func(o hitch) bool {
				return o.at == until.at || o.what == h.what && o.at <= until.at && o.at >= h.at-3000
			}) {
				continue // one at a time
			}
			hs = append(hs, until)
		}
		hs = append(hs, h)
	}
	slices.SortStableFunc(hs, func(a, b hitch) int { return a.at - b.at })
	return hs
}

// Over pauses, outages, moves of the member and changes of clocks, rounds open when a slow reading of the clock says so, once each, and are late by that moment.
func TestRoundsByTheClock(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const minutes = 13 * 1440
		times := rapid.IntRange(1, 4).Draw(rt, "times")
		at := rapid.SampledFrom([]timing.LocalTime{{Hour: 10}, {Hour: 2, Minute: 30}, {}, {Hour: 23, Minute: 45}}).Draw(rt, "at")
		start := rapid.SampledFrom([]string{"2026-10-02T11:17:00Z", "2026-10-23T08:00:00Z", "2026-10-30T01:30:00Z", "2027-03-12T16:40:00Z", "2027-03-26T00:05:00Z"}).Draw(rt, "start")
		began, err := time.Parse(time.RFC3339, start)
		if err != nil {
			rt.Fatal(err)
		}
		home := zone(rt, rapid.SampledFrom(roundZones).Draw(rt, "home"))
		starts := rapid.SampledFrom([]int{-100, -2, -1, 0, 1, 2}).Draw(rt, "starts")
		step := rapid.SampledFrom([]string{
			"ask: {type: voice, text: {en: Speak}, timeout: {after: 20h}, late: {after: 1m, then: skip}}",
			"ask: {type: voice, text: {en: Speak}, timeout: {after: 3d}, late: {after: 1m, then: skip}}",
			"send: {text: {en: Speak}, late: {after: 1m, then: skip}}",
		}).Draw(rt, "step")
		then := rapid.SampledFrom([]string{"award: {points: 1}", "wait: 3d", "call: {endpoint: shop, timeout: 3d}", "wait: {event: lesson.done, timeout: {after: 2h}}"}).Draw(rt, "then")
		c := &calendar{at: at, known: map[string]time.Time{}, first: faceOf(began, home).Truncate(24 * time.Hour)}
		calendarDay := ""
		if starts > -100 {
			c.first = c.first.AddDate(0, 0, starts)
			calendarDay = fmt.Sprintf("starts: %q, ", c.first.Format(time.DateOnly))
		} else if c.opens(1, home).Before(began) {
			c = &calendar{at: at, known: map[string]time.Time{}, first: c.first.AddDate(0, 0, 1)}
		}
		s := play(t, fmt.Sprintf("  - {id: days, repeat: {times: %d, at: %q, %ssteps: [{id: task, %s}, {id: then, %s}]}}\n  - {id: finish, send: {text: {en: Well done}}}\n",
			times, at.String(), calendarDay, step, then))
		s.f.Zone, s.now = home, began
		d := &days{t: rt, s: s, start: began, hitches: drawDays(rt, minutes), leaves: map[int]int{}}
		for n := 1; n <= times; n++ {
			d.leaves[n] = rapid.SampledFrom([]int{0, 0, 3, 300, 2000}).Draw(rt, "leaves")
		}
		for m := 0; m <= minutes && !s.e.State.Final(); m++ {
			if m == 0 {
				s.now = began
				d.take(&decide.Start{})
			}
			d.minute(m)
		}
		opened, left := c.expect(d, home, times, minutes)
		told := fmt.Sprintf("%v\nopened  %s\nby the clock %s", d.hitches, strings.Join(d.opened, "; "), strings.Join(opened, "; "))
		if !s.e.State.Final() || !slices.Equal(d.opened, opened) {
			rt.Fatalf("%s\n%s", stand(s.e), told)
		}
		for n := 1; n <= times; n++ {
			was := n <= d.before || slices.Contains(d.missed, n)
			if slices.Contains(left, n) && !was {
				rt.Fatalf("nothing says where round %d is: missed %v, before %d\n%s", n, d.missed, d.before, told)
			}
		}
	})
}
