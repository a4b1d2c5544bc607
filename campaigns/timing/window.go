package timing

import "time"

// Contains reports whether clocks in loc show a time inside the window at t. It goes by the clock face alone: an hour that a fold
// repeats is inside twice, one that a gap skips is not there.
func (w Window) Contains(t time.Time, loc *time.Location) bool {
	return w.contains(sinceMidnight(t.In(loc)))
}

func (w Window) contains(clock time.Duration) bool {
	from, to := w.From.sinceMidnight(), w.To.sinceMidnight()
	if from <= to {
		return from <= clock && clock < to
	}
	return clock >= from || clock < to
}

// Free is how much of a day the window leaves, by the clock face.
func (w Window) Free() time.Duration {
	return day - (w.To.sinceMidnight()-w.From.sinceMidnight()+day)%day
}

// End returns the first moment at or after t that is outside the window: t itself, or the end of the window that contains t.
// Where clocks jump, that is the moment after which they show a time outside it.
func (w Window) End(t time.Time, loc *time.Location) time.Time {
	t = t.In(loc)
	for {
		clock := sinceMidnight(t)
		if !w.contains(clock) {
			return t
		}
		end := t.Add((w.To.sinceMidnight() - clock + day) % day)
		if jump := spanEnd(t); !jump.IsZero() && !end.Before(jump) {
			end = jump
		}
		t = end.In(loc)
	}
}

// Hold returns the earliest moment at or after t that is outside every window; nil windows are passed over. Windows that touch or
// overlap hold as one. It reports false, and returns t, when together they leave no minute of the day.
func Hold(t time.Time, loc *time.Location, windows ...*Window) (time.Time, bool) {
	free := pass(t, loc, windows)
	if free.Equal(t) {
		return free, true
	}
	if wholeDay(windows) {
		return t.In(loc), false
	}
	for {
		next := pass(free, loc, windows)
		if next.Equal(free) {
			return free, true
		}
		free = next
	}
}

// pass leaves each window once, in their order.
func pass(t time.Time, loc *time.Location, windows []*Window) time.Time {
	t = t.In(loc)
	for _, w := range windows {
		if w != nil {
			t = w.End(t, loc)
		}
	}
	return t
}

// wholeDay reports whether the windows together cover every minute of the clock face: whether one can go from window to window
// from midnight to midnight.
func wholeDay(windows []*Window) bool {
	for clock := time.Duration(0); clock < day; {
		at := clock
		for _, w := range windows {
			if w != nil && w.contains(at) {
				clock += (w.To.sinceMidnight() - at + day) % day
				break
			}
		}
		if clock == at {
			return false
		}
	}
	return true
}

func (lt LocalTime) sinceMidnight() time.Duration {
	return time.Duration(lt.Hour)*time.Hour + time.Duration(lt.Minute)*time.Minute
}

// sinceMidnight returns what the clock shows at t in t's location.
func sinceMidnight(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}

// Free is how much of the time between two moments no window holds.
func Free(from, to time.Time, loc *time.Location, windows ...*Window) (sum time.Duration) {
	if wholeDay(windows) {
		return 0
	}
	for t := from; ; {
		t, _ = Hold(t, loc, windows...)
		if !t.Before(to) {
			return sum
		}
		end := to
		for _, w := range windows {
			if w == nil || w.From == w.To {
				continue
			}
			if begins := NextLocal(t.Add(time.Nanosecond), w.From, loc); begins.Before(end) {
				end = begins
			}
		}
		sum += end.Sub(t)
		t = end
	}
}

// Around is first or, later, the last moment at which clocks in loc show lt, on one of the days where there are some, at or before t; and the next one. At
// first, clocks may show another time: that of the day may be in a gap.
func Around(first, t time.Time, loc *time.Location, lt LocalTime, on ...time.Weekday) (last, next time.Time) {
	for last = first; ; last = next {
		if next = NextLocal(last.Add(time.Minute), lt, loc, on...); next.After(t) {
			return last, next
		}
	}
}
