package botapi

import (
	"strconv"
	"time"
)

// Moment is when a script is asked.
type Moment string

const (
	Arrived Moment = "arrived" // the call is read; it has an effect only if the script has no answer of its own
	Done    Moment = "done"    // it has had its effect, a message is in the ledger; only its answer is open
)

// Call is one call of a method.
type Call struct {
	Moment Moment
	Method string // as it was written: sendMessage
	Chat   int64  // 0 without one
	// Marker is the first line of the text or caption, at most markerLength bytes of it.
	Marker string
	// Keyboard is reply_markup, empty without one; MessageID the id of a message that was taken.
	Keyboard  string
	MessageID int64
}

// Answer is what happens: first the delay, or a wait until a channel is closed; then the connection is cut, or the status and body are given, or, without
// either, all goes its usual way.
type Answer struct {
	Delay  time.Duration
	Until  <-chan struct{}
	Cut    bool
	Status int
	Body   string
}

// Script decides about one call. It is called from many goroutines at once.
type Script func(Call) Answer

// Refusal is what the Bot API says when it refuses; retryAfter in seconds, 0 for none (Bot API "Making requests", ResponseParameters).
func Refusal(code int, description string, retryAfter int) Answer {
	body := `{"ok":false,"error_code":` + strconv.Itoa(code) + `,"description":` + strconv.Quote(description)
	if retryAfter > 0 {
		body += `,"parameters":{"retry_after":` + strconv.Itoa(retryAfter) + `}`
	}
	return Answer{Status: code, Body: body + "}"}
}

// act does what the script says. handled: the call has had its answer. An error ends the session.
func (s *session) act(m Moment) (handled bool, err error) {
	script := s.srv.script.Load()
	if script == nil {
		return false, nil
	}
	a := (*script)(s.call(m))
	s.wire.Pause(s.srv.Port, a.Delay, a.Until)
	switch {
	case a.Cut:
		return true, errEnd
	case a.Status == 0:
		return false, nil
	}
	s.answer(a.Status, a.Body)
	return true, nil
}
