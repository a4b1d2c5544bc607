//go:build unix

package faults

import (
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink/botapi"
	"github.com/kruzhok/kruzhok/bench/sink/smtp"
)

// mailFaults are what a mail server does. One in a few mails meets them.
var mailFaults = []fault{
	{name: "mail down", strike: func(s *Site) func() { s.Mail.Down(); s.cut(); return func() { s.must(s.Mail.Up()) } }, lasts: 300 * time.Millisecond},
	onMail("mail slow", false, smtp.Answer{Delay: 150 * time.Millisecond}, smtp.Connected, smtp.AtMail, smtp.AtRcpt, smtp.AtData, smtp.AtDot, smtp.Taken),
	onMail("mail busy", false, smtp.Answer{Reply: "554 5.3.2 not now"}, smtp.Connected).reconnecting(),
	onMail("mail greylists", false, smtp.Answer{Reply: "450 4.7.1 Greylisted, come again"}, smtp.AtRcpt),
	onMail("mail throttles", false, smtp.Answer{Reply: "421 4.7.0 slow down"}, smtp.AtMail, smtp.AtDot),
	onMail("mail defers", false, smtp.Answer{Reply: "451 4.3.0 later"}, smtp.AtData, smtp.AtDot),
	onMail("mail cut before the body", false, smtp.Answer{Cut: true}, smtp.AtMail, smtp.AtRcpt, smtp.AtData),
	onMail("mail cut in the body", true, smtp.Answer{Cut: true}, smtp.InBody),
	onMail("mail cut at the dot", true, smtp.Answer{Cut: true}, smtp.AtDot),
	onMail("mail cut after the dot", true, smtp.Answer{Cut: true}, smtp.Taken),
	onMail("mail hangs before the dot", true, smtp.Answer{Cut: true}, smtp.AtMail, smtp.AtRcpt, smtp.InBody).hanging(),
	onMail("mail hangs after the dot", true, smtp.Answer{Cut: true}, smtp.Taken).hanging(),
}

// onMail gives the answer at one of the moments. unsure: it leaves the sender in doubt.
func onMail(name string, unsure bool, a smtp.Answer, moments ...smtp.Moment) fault {
	return fault{name: name, met: true, strike: func(s *Site) func() {
		return s.mailTrouble(func(e smtp.Event) smtp.Answer {
			for _, m := range moments {
				if e.Moment == m && s.chance(3) {
					if e.To == staffMail {
						s.struckStaff(name, m == smtp.Taken)
						return a
					}
					s.tally.struck(name, unsure)
					return a
				}
			}
			return smtp.Answer{}
		})
	}}
}

// chatFaults are what the Bot API does.
var chatFaults = []fault{
	{name: "chat down", strike: func(s *Site) func() { s.Bot.Down(); s.cut(); return func() { s.must(s.Bot.Up()) } }, lasts: 300 * time.Millisecond},
	onChat("chat slow", false, botapi.Answer{Delay: 150 * time.Millisecond}, botapi.Arrived, botapi.Done),
	onChat("chat 429", false, botapi.Refusal(429, "Too Many Requests: retry after 2", 2), botapi.Arrived),
	onChat("chat 500", true, botapi.Refusal(500, "Internal Server Error", 0), botapi.Arrived),
	onChat("chat 502 that is not JSON", true, botapi.Answer{Status: 502, Body: "<html><h1>Bad Gateway</h1></html>"}, botapi.Arrived),
	onChat("chat 200 that is not JSON", true, botapi.Answer{Status: 200, Body: "<html>welcome to the hotel's network</html>"}, botapi.Done),
	onChat("chat cut", true, botapi.Answer{Cut: true}, botapi.Arrived),
	onChat("chat answer lost", true, botapi.Answer{Cut: true}, botapi.Done),
	onChat("chat hangs", true, botapi.Answer{Cut: true}, botapi.Arrived).hanging(),
	onChat("chat hangs when done", true, botapi.Answer{Cut: true}, botapi.Done).hanging(),
}

// onChat gives the answer to one in a few messages, and once to whoever asks for updates: they come again.
func onChat(name string, unsure bool, a botapi.Answer, moments ...botapi.Moment) fault {
	return fault{name: name, met: true, strike: func(s *Site) func() {
		polls := 0
		return s.botTrouble(func(c botapi.Call) botapi.Answer {
			for _, m := range moments {
				if c.Moment == m && s.concerns(c, &polls) {
					if c.Chat == staffChat {
						s.struckStaff(name, m == botapi.Done)
						return a
					}
					s.tally.struck(name, unsure && c.Chat != 0)
					return a
				}
			}
			return botapi.Answer{}
		})
	}}
}

func (s *Site) concerns(c botapi.Call, polls *int) bool {
	if c.Method == "getUpdates" {
		s.mu.Lock()
		defer s.mu.Unlock()
		*polls++
		return *polls == 1
	}
	return strings.HasPrefix(c.Method, "send") && s.chance(3)
}

// hanging waits with its answer until the fault is over.
func (f fault) hanging() fault {
	begin := f.strike
	f.strike = func(s *Site) func() {
		until := make(chan struct{})
		s.hangs(until)
		heal := begin(s)
		return func() {
			heal()
			close(until)
			s.hangs(nil)
		}
	}
	return f
}

// after lets something else happen once the fault was met, and some time pass until it is over. It makes the fault a long one.
func (f fault) after(also func(*Site), lasts time.Duration) fault {
	f.also, f.lasts, f.rare = also, lasts, true
	return f
}

// reconnecting ends every connection first, so that there is somebody to be greeted.
func (f fault) reconnecting() fault {
	begin := f.strike
	f.strike = func(s *Site) func() {
		s.Mail.Drop()
		s.cut()
		return begin(s)
	}
	return f
}

// struckStaff notes that a message to the staff met the fault: one that was taken is sent again all the same.
func (s *Site) struckStaff(name string, taken bool) {
	s.tally.struck(name, false)
	if taken {
		s.tally.again()
	}
}

// cut notes that every connection of a channel was cut, perhaps in the middle of a message.
func (s *Site) cut() {
	s.tally.doubt(s.lines() / 2)
	s.tally.again()
}

// lines are the connections of all processes together.
func (s *Site) lines() int {
	n := 0
	for _, p := range s.procs {
		n += p.lines()
	}
	return n
}
