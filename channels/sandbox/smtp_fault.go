package sandbox

import (
	"strings"
	"sync/atomic"
	"time"
)

// MailPhase is the moment of an SMTP conversation at which a fault strikes.
type MailPhase string

const (
	MailAtConnect MailPhase = "connect" // in place of the 220 greeting
	MailAtMail    MailPhase = "mail"    // in place of the answer to MAIL FROM
	MailAtRcpt    MailPhase = "rcpt"    // in place of the answer to RCPT TO
	MailAtData    MailPhase = "data"    // in place of 354
	MailInBody    MailPhase = "body"    // after the first line of the message, before the final dot; the connection ends
	MailAtDot     MailPhase = "dot"     // after the final dot, in place of acceptance: the mail is not accepted
	MailAfterDot  MailPhase = "after"   // the mail is accepted and in the journal; only its answer is touched
)

// MailFault is one fault. Delay comes first; then the connection is cut, or Reply is sent ("450 4.7.1 Greylisted"), or all goes on as if nothing was.
// A reply that begins with 421 also ends the connection (RFC 5321 §3.8).
type MailFault struct {
	Phase MailPhase
	// Match limits the fault to recipients that contain it; at connect and mail nobody is known yet, so it must be empty.
	Match string
	Delay time.Duration
	Cut   bool
	Reply string
	// Times it strikes; 0 means until it is cleared.
	Times int
}

type smtpFault struct {
	MailFault
	left atomic.Int64
}

// Fault adds a fault; earlier ones are looked at first. The returned function takes it away.
func (s *MailServer) Fault(f MailFault) (clear func()) {
	n := &smtpFault{MailFault: f}
	n.left.Store(int64(f.Times))
	s.mu.Lock()
	defer s.mu.Unlock()
	next := append(s.faultList(), n)
	s.faults.Store(&next)
	return func() { s.removeFault(n) }
}

// ClearFaults makes the server well again.
func (s *MailServer) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.Store(nil)
}

func (s *MailServer) removeFault(gone *smtpFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var next []*smtpFault
	for _, f := range s.faultList() {
		if f != gone {
			next = append(next, f)
		}
	}
	s.faults.Store(&next)
}

// faultList is a copy, so that sessions may read the old list without a lock.
func (s *MailServer) faultList() []*smtpFault {
	if p := s.faults.Load(); p != nil {
		return append([]*smtpFault(nil), *p...)
	}
	return nil
}

// faultFor takes one strike of the first fault that fits, or returns nil.
func (s *MailServer) faultFor(p MailPhase, rcpts ...string) *smtpFault {
	list := s.faults.Load()
	if list == nil {
		return nil
	}
	for _, f := range *list {
		if f.Phase == p && f.fits(rcpts) && f.take() {
			return f
		}
	}
	return nil
}

func (f *smtpFault) fits(rcpts []string) bool {
	if f.Match == "" {
		return true
	}
	for _, r := range rcpts {
		if strings.Contains(r, f.Match) {
			return true
		}
	}
	return false
}

func (f *smtpFault) take() bool {
	if f.Times == 0 {
		return true
	}
	return f.left.Add(-1) >= 0
}

// wait lets the fault's delay pass, or less if the server closes.
func (f *smtpFault) wait(done <-chan struct{}) {
	if f.Delay <= 0 {
		return
	}
	t := time.NewTimer(f.Delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-done:
	}
}
