package smtp

import (
	"strings"
	"time"
)

// Moment is when a script is asked.
type Moment string

const (
	Connected Moment = "connected" // before the greeting
	AtMail    Moment = "mail"      // before the answer to MAIL FROM
	AtRcpt    Moment = "rcpt"      // before the answer to RCPT TO
	AtData    Moment = "data"      // before 354
	InBody    Moment = "body"      // after the first line of the mail
	AtDot     Moment = "dot"       // after the final dot; the mail is taken only if the script has no answer of its own
	Taken     Moment = "taken"     // the mail is taken and in the ledger; only its answer is open
)

// Event is what a script is asked about. What is not known yet is empty.
type Event struct {
	Moment    Moment
	Session   int64 // numbers the connection
	To        string
	MessageID string
}

// Answer is what happens: first the delay, or a wait until a channel is closed; then the connection is cut, or the reply is said, or, without either, all
// goes its usual way. A reply of 421 ends the connection too (RFC 5321 §3.8). 354 at AtData asks for a body even when nobody was accepted.
type Answer struct {
	Delay time.Duration
	Until <-chan struct{}
	Cut   bool
	Reply string // "450 4.7.1 Greylisted"
}

// Script decides about one event. It is called from many goroutines at once.
type Script func(Event) Answer

// act does what the script says, and returns the reply that was said, if any. An error ends the session.
func (s *session) act(m Moment) (reply string, err error) {
	script := s.srv.script.Load()
	if script == nil {
		return "", nil
	}
	a := (*script)(Event{Moment: m, Session: s.number, To: s.lastRcpt(), MessageID: string(s.id)})
	s.wire.Pause(s.srv.Port, a.Delay, a.Until)
	switch {
	case a.Cut:
		return "", errEnd
	case a.Reply == "":
		return "", nil
	}
	s.wire.Say(a.Reply, "\r\n")
	if strings.HasPrefix(a.Reply, "421") {
		return a.Reply, errEnd
	}
	return a.Reply, nil
}
