//go:build unix

package faults

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// circle is a second, smaller crowd. It goes through what a broadcast does not have: calls of another system, notices to the staff, questions that go by a
// second channel, a budget over several campaigns, a segment that lets members in, and a version that is published in the middle.
type circle struct {
	people []*person
	inside int // so many of them, from the first on, have entered
	byChat map[int64]*person
	byMail map[string]*person

	begun, done atomic.Int64 // what they do: each answer is one thing

	mu       sync.Mutex
	arrivals map[int][]arrival
}

// role says which campaigns a person is in.
type role string

const (
	guest    role = "guest"    // in care: a call, a notice to the staff, a question by two channels
	reader   role = "reader"   // in the tips, of which the budget lets a part through at a time
	newcomer role = "newcomer" // comes into a segment, and is in the course, of which a new version is published
)

// manner says what a guest does with the question.
type manner string

const (
	atOnce  manner = "at once" // presses the button as soon as the question stands in the chat
	inChat  manner = "in chat" // presses it when the mail has come too
	onPage  manner = "on page" // answers by the mail's page
	onBoth  manner = "on both" // presses, and answers by the page, at one moment
	leaving manner = "leaving" // blocks the bot when the question stands there, and answers by the mail's page
	mute    manner = "mute"    // does not answer
)

// person is one of the circle.
type person struct {
	n       int
	role    role
	manner  manner
	refused bool // the other system refuses the call
	told    bool // the staff is told of the guest
	byMail  bool // has no chat

	mu       sync.Mutex
	question *question // where the guest can press
	no       string    // the other button's data
	page     string    // token of the mail's page
	acted    bool      // has begun to answer
	answers  []string  // by which channels it was given, once it was taken
	blocked  bool      // has blocked the bot
}

func (p *person) id() string   { return fmt.Sprintf("c%d", p.n) }
func (p *person) name() string { return fmt.Sprintf("C%d", p.n) }
func (p *person) chat() int64  { return int64(5_000_000 + p.n) }
func (p *person) mail() string { return fmt.Sprintf("%s@circle.example.org", p.id()) }

// churns: the newcomer leaves the segment for a while.
func (p *person) churns() bool { return p.role == newcomer && p.n%2 == 0 }

// arrival is one message that a sink took. The clock is another one for some moments after a jump: it came between the two times.
type arrival struct {
	chat           bool // it came there; else by mail
	step           string
	said           string // what follows the step's words
	earliest, last time.Time
}

// The first of a circle, so that a small one has somebody of every kind.
var firstRoles = []role{guest, reader, newcomer, guest, reader, newcomer}

func newCircle(seed uint64, n int) *circle {
	rnd := rand.New(rand.NewPCG(seed, 4))
	c := &circle{byChat: map[int64]*person{}, byMail: map[string]*person{}, arrivals: map[int][]arrival{}}
	guests := 0
	for i := range n {
		p := &person{n: i, role: drawRole(rnd, i), manner: mute}
		switch p.role {
		case guest:
			p.manner = []manner{atOnce, inChat, onPage, onBoth, leaving, mute}[(guests+rnd.IntN(2))%6]
			p.refused, p.told = rnd.IntN(10) == 0, guests%toldOf == 1
			guests++
		default:
			p.byMail = rnd.IntN(3) == 0
		}
		c.people = append(c.people, p)
		c.byMail[p.mail()] = p
		if !p.byMail {
			c.byChat[p.chat()] = p
		}
	}
	return c
}

// toldOf: of one guest in so many the staff is told. One address hears of one each three seconds.
const toldOf = 14

func drawRole(rnd *rand.Rand, i int) role {
	n := rnd.IntN(10)
	switch {
	case i < len(firstRoles):
		return firstRoles[i]
	case n < 6:
		return guest
	case n < 8:
		return reader
	}
	return newcomer
}

// line is the person as the API takes them.
func (p *person) line(tags []string) map[string]any {
	v := map[string]any{"external_id": p.id(), "first_name": p.name(), "language": "en", "email": p.mail(), "tags": tags}
	consents := []map[string]any{{"channel": "email", "source": "test"}}
	if !p.byMail {
		v["telegram_chat_id"] = p.chat()
		consents = append(consents, map[string]any{"channel": "telegram", "source": "test"})
	}
	v["consents"] = consents
	return v
}

// tags are those that the person has from the start.
func (p *person) tags() []string {
	if p.told {
		return []string{"told"}
	}
	return []string{}
}

// How much a member gets: mostPer messages in budgetPer.
const (
	mostPer   = 2
	budgetPer = "6h"
	// surelyPer is less than the budget's span by what a message may count longer or shorter: the hour in which it left, and an hour that the clock is put back.
	surelyPer = 4 * time.Hour
)

// head is how every campaign of the circle begins.
const head = `
kind: onboarding
topic: news
languages: [en]
channels: [telegram, email]
`

// silence is how long the question waits before it goes by mail too.
const silence = 3 * time.Hour

// care has a call of another system, whose answer stands in the next message, a notice to the staff, and a question that goes by mail too.
const care = `
key: care
name: Care
priority: high` + head + `
entry: {manual: true, reentry: never}
steps:
  - id: place
    call: {endpoint: desk, send: {who: "{{ member.external_id }}"}, timeout: 7d, failed: sorry}
  - id: point
    award: {points: 1}
  - id: seat
    send: {text: {en: "seat of {{ member.first_name }}: {{ call.place.seat }}"}, expires: 20d}
  - id: some
    branch:
      - if: {tag: told}
        steps: [{id: tell, notify: {text: {en: "look after {{ member.first_name }}"}}}]
  - id: free
    ask: {type: yes_no, final: true, text: {en: "free, {{ member.first_name }}?"}, timeout: {after: 60d}, expires: 20d, escalate: {after: 3h}}
  - id: done
    send: {text: {en: "done, {{ member.first_name }}"}, expires: 20d}
  - end: true
  - id: sorry
    send: {text: {en: "sorry, {{ member.first_name }}"}, expires: 20d}
`

// The tips together are more than the budget lets through at once. What is worth an hour alone is skipped, the others wait.
var tips = map[string]string{
	"tip-a": `
key: tip-a
name: Tips` + head + `
entry: {manual: true, reentry: never}
steps:
  - {id: first, send: {text: {en: "first tip, {{ member.first_name }}"}, expires: 20d}}
  - {id: second, send: {text: {en: "second tip, {{ member.first_name }}"}, expires: 20d}}
`,
	"tip-b": `
key: tip-b
name: More tips` + head + `
entry: {manual: true, reentry: never}
steps:
  - {id: third, send: {text: {en: "third tip, {{ member.first_name }}"}, expires: 20d}}
`,
	"flash": `
key: flash
name: Flash` + head + `
priority: low
entry: {manual: true, reentry: never}
steps:
  - {id: flash, send: {text: {en: "now, {{ member.first_name }}"}, expires: 1h}}
`,
}

const segment = `
key: newcomers
name: Newcomers
who: {tag: newcomer}
`

// join takes in who comes into the segment.
const join = `
key: join
name: Join
priority: high` + head + `
entry: {segment: newcomers, who: both, reentry: never}
steps:
  - {id: hi, send: {text: {en: "hi, {{ member.first_name }}"}, expires: 20d}}
`

// course is published twice. Whoever waits for the evening in the first version goes back to the noon of the second, and has had the message behind it.
const course = `
key: course
name: Course
priority: high` + head + `
entry: {manual: true, reentry: never}
steps:
  - {id: hello, send: {text: {en: "hello, {{ member.first_name }}"}, expires: 20d}}
  - {id: mid, send: {text: {en: "mid, {{ member.first_name }}"}, expires: 20d}}
  - {id: evening, wait: {until: "18:00"}}
  - {id: bye, send: {text: {en: "bye, {{ member.first_name }}"}, expires: 20d}}
`

const secondCourse = `
key: course
name: Course
priority: high` + head + `
entry: {manual: true, reentry: never}
steps:
  - {id: hello, send: {text: {en: "hello, {{ member.first_name }}"}, expires: 20d}}
  - {id: noon, wait: {until: "12:00"}}
  - {id: mid, send: {text: {en: "mid, {{ member.first_name }}"}, expires: 20d}}
  - {id: night, wait: {until: "18:00"}}
  - {id: bye, send: {text: {en: "bye, {{ member.first_name }}"}, expires: 20d}}
  - {id: encore, send: {text: {en: "encore, {{ member.first_name }}"}, expires: 20d}}
`

// words are how each step's message begins; the name follows.
var words = map[string]string{
	"seat": "seat of ", "free": "free, ", "done": "done, ", "sorry": "sorry, ", "first": "first tip, ", "second": "second tip, ", "third": "third tip, ",
	"flash": "now, ", "hi": "hi, ", "hello": "hello, ", "mid": "mid, ", "bye": "bye, ", "encore": "encore, ",
}

// marker is how the step's text begins in the person's chat.
func (p *person) marker(step string) string {
	switch step {
	case "seat":
		return words[step] + p.name() + ": "
	case "free":
		return words[step] + p.name() + "?"
	}
	return words[step] + p.name()
}

// circleKeys are its campaigns.
func circleKeys() []string { return []string{"care", "tip-a", "tip-b", "flash", "join", "course"} }
