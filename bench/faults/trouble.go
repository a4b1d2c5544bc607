//go:build unix

package faults

import (
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink/botapi"
	"github.com/kruzhok/kruzhok/bench/sink/smtp"
)

// trouble is what goes wrong at the sinks at this moment.
type trouble struct {
	mu   sync.Mutex
	mail smtp.Script
	bot  botapi.Script
	hang <-chan struct{} // every answer waits for it
}

func (s *Site) mailTrouble(fn smtp.Script) (heal func()) {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	s.trouble.mail = fn
	return func() { s.calm() }
}

func (s *Site) botTrouble(fn botapi.Script) (heal func()) {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	s.trouble.bot = fn
	return func() { s.calm() }
}

func (s *Site) calm() {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	s.trouble.mail, s.trouble.bot = nil, nil
}

// hangs lets what the trouble answers wait until the channel is closed.
func (s *Site) hangs(until <-chan struct{}) {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	s.trouble.hang = until
}

func (s *Site) current() trouble {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	return trouble{mail: s.trouble.mail, bot: s.trouble.bot, hang: s.trouble.hang}
}

// farAway lets each message take its time, as it does over a real network: what strikes meets many of them between their last byte and their answer.
func (s *Site) farAway() (near func()) {
	wait := func() time.Duration { return time.Duration(10+s.random(50)) * time.Millisecond }
	s.mailTrouble(func(e smtp.Event) (a smtp.Answer) {
		if e.Moment == smtp.Taken {
			a.Delay = wait()
		}
		return a
	})
	return s.botTrouble(func(c botapi.Call) (a botapi.Answer) {
		if c.Moment == botapi.Done && c.Chat != 0 {
			a.Delay = wait()
		}
		return a
	})
}

// mailScript refuses those who are always refused, half of them only after the mail, and then what the trouble of the moment says.
func (s *Site) mailScript(e smtp.Event) smtp.Answer {
	m := s.crowd.byMail[e.To]
	if e.Moment == smtp.AtDot {
		s.tally.mailed(e.To, e.MessageID)
	}
	switch {
	case m == nil:
	case e.Moment == smtp.AtRcpt && m.kind == gone:
		return smtp.Answer{Reply: "550 5.1.1 no such user"}
	case e.Moment == smtp.AtRcpt && m.kind == refused && m.n%2 == 0:
		return smtp.Answer{Reply: "550 5.7.1 refused by policy"}
	case e.Moment == smtp.AtDot && m.kind == refused:
		return smtp.Answer{Reply: "554 5.7.1 refused for its content"}
	}
	now := s.current()
	if now.mail == nil {
		return smtp.Answer{}
	}
	a := now.mail(e)
	if a.Cut {
		a.Until = now.hang
	}
	return a
}

// botScript refuses those who blocked the bot, and then what the trouble of the moment says.
func (s *Site) botScript(c botapi.Call) botapi.Answer {
	if s.circle != nil && c.Moment == botapi.Arrived && s.circle.byChat[c.Chat].hasBlocked() {
		return botapi.Refusal(403, "Forbidden: bot was blocked by the user", 0)
	}
	if m := s.crowd.byChat[c.Chat]; m != nil && m.kind == blocked && c.Moment == botapi.Arrived {
		return botapi.Refusal(403, "Forbidden: bot was blocked by the user", 0)
	}
	now := s.current()
	if now.bot == nil {
		return botapi.Answer{}
	}
	a := now.bot(c)
	if a.Cut {
		a.Until = now.hang
	}
	return a
}
