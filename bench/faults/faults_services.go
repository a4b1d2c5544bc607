//go:build unix

package faults

import (
	"syscall"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink/smtp"
	"github.com/kruzhok/kruzhok/store/storetest"
)

func apart(s *Site) bool { return s.opt.Apart }

// alone: PostgreSQL and Redis are reached directly.
func alone(s *Site) bool { return s.redis != nil }

func pooled(s *Site) bool { return s.opt.Pooled }

// processFaults happen to the processes of the program.
var processFaults = []fault{
	{name: "kill", strike: func(s *Site) func() {
		p := s.anyProcess()
		s.kill(p)
		p.Start()
		return func() {}
	}},
	{name: "kill, back later", strike: func(s *Site) func() {
		p := s.anyProcess()
		s.kill(p)
		return p.Start
	}, lasts: 500 * time.Millisecond},
	{name: "kill all", strike: func(s *Site) func() {
		for _, p := range s.procs {
			s.kill(p)
		}
		return func() {
			for _, p := range s.procs {
				p.Start()
			}
		}
	}, fits: apart},
	// All end without a word on the schema of yesterday, with whatever is on its way; those that start at one moment bring it up.
	{name: "upgrade", strike: func(s *Site) func() {
		for _, p := range s.procs {
			s.kill(p)
		}
		s.looking.Lock() // nobody may look while the database is another one
		_, err := storetest.GoBack(s.t.Context(), s.Database)
		s.looking.Unlock()
		if err != nil {
			s.t.Fatalf("go back to the schema before: %v", err)
		}
		return func() {
			for _, p := range s.procs {
				p.Start()
			}
		}
	}},
	// A frozen process loses its leases to another, and goes on as if nothing had been.
	{name: "freeze", strike: func(s *Site) func() {
		p := s.anyProcess()
		p.signal(syscall.SIGSTOP)
		s.tally.froze(p.lines())
		return func() { p.signal(syscall.SIGCONT) }
	}, lasts: 14 * time.Second, fits: apart, rare: true},
}

func (s *Site) anyProcess() *Process { return s.procs[s.random(len(s.procs))] }

func (s *Site) kill(p *Process) {
	p.Kill()
	s.tally.killed(p.lines())
}

// redisFaults happen to Redis.
var redisFaults = []fault{
	{name: "redis FLUSHALL", strike: func(s *Site) func() { s.redis.Flush(); return func() {} }, fits: alone},
	{name: "redis restarts", strike: func(s *Site) func() { s.redis.Stop(); s.redis.Start(); return func() {} }, fits: alone},
	{name: "redis away", strike: func(s *Site) func() {
		s.redis.Stop()
		time.Sleep(s.opt.Away)
		return s.redis.Start
	}, fits: alone},
	{name: "redis hangs", strike: func(s *Site) func() {
		s.redis.Freeze()
		time.Sleep(s.opt.Away)
		return s.redis.Thaw
	}, fits: alone},
	// What the old master knew and had not told yet is forgotten.
	{name: "redis fails over", strike: func(s *Site) func() { s.watched.FailOver(); return func() {} }, fits: pooled},
}

// postgresFaults happen to PostgreSQL. What the staff was just told cannot be written down then, and is told again; so it is where the disk is full.
var postgresFaults = []fault{
	{name: "postgres restarts", strike: func(s *Site) func() {
		s.tally.again()
		s.postgres.Stop(syscall.SIGINT)
		s.postgres.Start()
		return func() {}
	}, fits: apart},
	{name: "postgres crashes", strike: func(s *Site) func() {
		s.tally.again()
		s.postgres.Stop(syscall.SIGQUIT)
		s.postgres.Start()
		return func() {}
	}, fits: apart},
	{name: "postgres away", strike: func(s *Site) func() {
		s.tally.again()
		s.postgres.Stop(syscall.SIGINT)
		time.Sleep(s.opt.Away)
		return s.postgres.Start
	}, fits: apart},
	{name: "pool restarts", strike: func(s *Site) func() {
		s.tally.again()
		s.bouncer.Stop()
		s.bouncer.Start()
		return func() {}
	}, fits: pooled},
}

// otherFaults happen to the machine. The clock's jumps are longer than any claim lasts.
var otherFaults = []fault{
	{name: "clock 10 minutes ahead", strike: func(s *Site) func() { s.clock.jump(10 * time.Minute); return func() {} }},
	{name: "clock 3 hours ahead", strike: func(s *Site) func() { s.clock.jump(3 * time.Hour); return func() {} }},
	{name: "clock an hour back", strike: func(s *Site) func() { s.clock.jump(-time.Hour); return func() {} }},
	// Workers hold claims, of messages that hang and of those that wait behind them, when the clock says that the claims have run out.
	onMail("clock ahead of claims", true, smtp.Answer{Cut: true}, smtp.Taken).hanging().after(func(s *Site) { s.clock.jump(10 * time.Minute) }, 15*time.Second),
	{name: "disk full", strike: func(s *Site) func() { s.tally.again(); return s.disk.fill(s) }, lasts: time.Second, fits: func(s *Site) bool { return s.disk != nil }},
}
