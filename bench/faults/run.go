//go:build unix

package faults

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Play plays the plan, waits until everything is final, and compares the ledgers.
func (s *Site) Play() {
	s.t.Helper()
	plan := s.plan()
	s.t.Logf("seed %d, %d members, plan: %s\nagain: %s", s.opt.Seed, s.opt.Members, strings.Join(names(plan), ", "), s.opt.Replay)
	s.Populate()
	s.hang()
	began, played := time.Now(), 0
	ctx, quiet := context.WithCancel(s.t.Context())
	var chatting sync.WaitGroup
	chatting.Go(func() { s.chatter(ctx) })
	for i, f := range plan {
		if s.opt.Until > 0 && time.Since(began) > s.opt.Until {
			break
		}
		s.round(f, part{i, len(plan)})
		s.recovered(f)
		played = i + 1
	}
	quiet()
	chatting.Wait()
	s.gathered()
	s.further = 2 * time.Hour // there is little left, and nothing more goes wrong
	s.Settle()
	s.tooLate()
	s.Settle()
	s.report(plan[:played], s.Reconcile(), time.Since(began))
}

// part is one of so many equal parts.
type part struct{ i, of int }

// in are the bounds of the part of n.
func (p part) in(n int) (from, to int) { return p.i * n / p.of, (p.i + 1) * n / p.of }

// wave lets the next of both crowds enter.
func (s *Site) wave(p part) {
	s.t.Helper()
	s.Enroll(p.in(s.opt.Members))
	s.enter(p.in(s.opt.Circle))
}

// round lets one thing go wrong while a wave of members gets its messages. In the middle one a version is published, as soon as the fault lets it.
func (s *Site) round(f fault, p part) {
	s.t.Helper()
	s.rested()
	before := s.Taken()
	lasts := f.lasts
	if lasts == 0 {
		lasts = time.Duration(s.random(200)) * time.Millisecond
	}
	if f.met {
		met := s.tally.strikesOf(f.name)
		heal := f.strike(s)
		s.wave(p)
		s.halfway(p)
		s.passing(s.opt.Patience, f.name+" to be met", func(m inMotion) bool { return s.tally.strikesOf(f.name) > met || m.sent() })
		if s.tally.strikesOf(f.name) == met { // a server that is busy refuses new connections, and none was needed
			s.t.Logf("%s was met by nobody", f.name)
		}
		if f.also != nil {
			f.also(s)
		}
		time.Sleep(lasts)
		heal()
		return
	}
	near := s.farAway()
	defer near()
	s.wave(p)
	s.halfway(p)
	s.UnderWay(before)
	s.tally.struck(f.name, false)
	heal := f.strike(s)
	time.Sleep(lasts)
	heal()
}

func (s *Site) halfway(p part) {
	s.t.Helper()
	if p.i == p.of/2 {
		s.publish()
	}
}

// recovered waits until messages leave again, or none is left to go: members chat on all the while, so that there may always be an input to handle.
func (s *Site) recovered(f fault) {
	s.t.Helper()
	before := s.Taken()
	s.passing(s.opt.Patience, "messages to leave again after "+f.name, func(m inMotion) bool { return s.Taken() > before || m.sent() })
}

// UnderWay waits until the sinks have taken more than before, and then for a random moment: faults are to strike while messages are on their way.
func (s *Site) UnderWay(before int64) {
	for end := time.Now().Add(10 * time.Second); s.Taken() == before && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(s.random(100)) * time.Millisecond)
}

// Taken is how many messages the sinks took so far.
func (s *Site) Taken() int64 { return s.Mail.Ledger.Total() + s.Bot.Ledger.Total() }

// rested lets the time pass for which a channel rests, or the next fault would be met by nobody.
func (s *Site) rested() {
	s.t.Helper()
	s.waitFor(s.opt.Patience, "the channels to have rested", func() bool {
		until, resting, err := s.books.resting(s.t.Context(), s.clock.now())
		switch {
		case err != nil:
			return false
		case !resting:
			return true
		}
		s.leap(until)
		return false
	})
}

// leap lets time pass up to then, when nobody holds anything whose claim could run out meanwhile.
func (s *Site) leap(then time.Time) bool {
	m, err := s.books.inMotion(s.t.Context())
	if err != nil || m.claims > 0 {
		return false
	}
	s.clock.jump(then.Sub(s.clock.now()) + s.further) // and what is due a little later too
	return true
}

// Settle waits until nothing is in motion.
func (s *Site) Settle() {
	s.t.Helper()
	s.passing(s.opt.Patience, "everything to be final", func(m inMotion) bool {
		if !m.over() || !s.tally.allReleased() || s.circle != nil && s.circle.begun.Load() != s.circle.done.Load() {
			return false
		}
		updates := s.Bot.Updates.Counts()
		m, err := s.books.inMotion(s.t.Context()) // once more: an update may have been stored since
		return err == nil && m.over() && updates.Confirmed == updates.Pushed
	})
}

// passing waits for something to come about. Where nothing moves because it waits for its time, that time comes.
func (s *Site) passing(limit time.Duration, what string, ok func(inMotion) bool) {
	s.t.Helper()
	type progress struct{ deliveries, enrollments, others, taken int64 } // inputs and marks come and go all the time
	var last progress
	var still time.Time
	s.waitFor(limit, what, func() bool {
		m, err := s.books.inMotion(s.t.Context())
		now := progress{m.deliveries, m.enrollments, m.others, s.Taken()}
		switch {
		case err != nil:
			return false
		case ok(m):
			return true
		case now != last:
			last, still = now, time.Now()
			return false
		case time.Since(still) < time.Second/2:
			return false
		}
		if due, ok, err := s.books.nextDue(s.t.Context(), s.clock.now()); err == nil && ok && s.leap(due) {
			s.leaps++
			still = time.Now()
		}
		return false
	})
}
