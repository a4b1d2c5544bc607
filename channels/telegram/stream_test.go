package telegram

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kruzhok/kruzhok/channels"
)

// turns gives five messages, and holds the connection to the rules of channels.Feed.
type turns struct {
	t      *testing.T
	give   []*channels.Message
	got    map[string]channels.Class // by chat
	open   *channels.Message         // begun, without a result
	both   int                       // turns that told a result and a beginning at once
	refuse string                    // whose beginning is refused
	panics int                       // which Next panics, from 1
	nexts  int
}

func newTurns(t *testing.T) *turns {
	f := &turns{t: t, got: map[string]channels.Class{}}
	for i := range 5 {
		f.give = append(f.give, &channels.Message{To: fmt.Sprint(i + 1), HTML: "x"})
	}
	return f
}

func (f *turns) Next() *channels.Message {
	if f.nexts++; f.nexts == f.panics {
		panic("stumbled")
	}
	if len(f.give) == 0 {
		return nil
	}
	m := f.give[0]
	f.give = f.give[1:]
	return m
}

func (f *turns) Turn(done *channels.Message, r channels.Receipt, next *channels.Message) error {
	if done != nil {
		if _, again := f.got[done.To]; again || f.open != nil && f.open != done {
			f.t.Errorf("a result of %s, twice or out of turn", done.To)
		}
		f.got[done.To], f.open = r.Class, nil
	}
	if next == nil {
		return nil
	}
	if f.open != nil {
		f.t.Errorf("%s begins before the result of %s", next.To, f.open.To)
	}
	if done != nil {
		f.both++
	}
	if next.To == f.refuse {
		return errors.New("disk full")
	}
	f.open = next
	return nil
}

func TestStream(t *testing.T) {
	const blocked = "HTTP/1.1 403 Forbidden\r\nContent-Length: 73\r\n\r\n" + `{"ok":false,"error_code":403,"description":"bot was blocked by the user"}`
	answers := func(third string) func(*visit) {
		return func(v *visit) {
			for v.request() {
				if v.s.requests.Load() != 3 {
					v.say(okAnswer)
				} else if third == "" {
					return
				} else {
					v.say(third)
				}
			}
		}
	}
	for name, c := range map[string]struct {
		script func(*visit)
		change func(*turns)
		third  channels.Class
		both   int
		sent   int64
	}{
		"all goes well":                   {script: answers(okAnswer), both: 4, sent: 5},
		"the third is refused":            {script: answers(blocked), third: channels.AddressDead, both: 3, sent: 5},
		"the answer to the third is lost": {script: answers(""), third: channels.Uncertain, both: 3, sent: 5},
		"the third must not begin":        {script: answers(okAnswer), change: func(f *turns) { f.refuse = "3" }, third: channels.Temporary, both: 3, sent: 4},
		"the third cannot be sent":        {script: answers(okAnswer), change: func(f *turns) { f.give[2].To = "3x" }, third: channels.AddressDead, both: 2, sent: 4},
		"results are told before connecting": {
			script: func(v *visit) {
				if v.request() {
					v.say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + okBody)
				}
			}, sent: 5,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, c.script)
			f := newTurns(t)
			if c.change != nil {
				c.change(f)
			}
			third := f.give[2].To
			x := dial(t, s.url, nil)
			x.Stream(t.Context(), f)
			if len(f.got) != 5 || f.got[third] != c.third || f.both != c.both || s.requests.Load() != c.sent || f.open != nil {
				t.Errorf("results %v, %d at once, %d requests", f.got, f.both, s.requests.Load())
			}
			for chat, class := range f.got {
				if chat != third && class != channels.OK {
					t.Errorf("%s: %s", chat, class)
				}
			}
		})
	}
}

// TestStreamStumbles: a panic takes no result with it that was known.
func TestStreamStumbles(t *testing.T) {
	s := listen(t, func(v *visit) { v.converse(okAnswer) })
	f := newTurns(t)
	f.panics = 4
	x := dial(t, s.url, nil)
	func() {
		defer func() { _ = recover() }()
		x.Stream(t.Context(), f)
	}()
	if len(f.got) != 3 || f.open != nil || x.before != nil {
		t.Errorf("results %v", f.got)
	}
}
