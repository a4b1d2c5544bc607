package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/demo/recordings"
)

// Crowd is the sample community at play: it reads what comes and plans when to answer, by each one's own clock.
type Crowd struct {
	Bot    *sandbox.BotAPI
	Mail   *sandbox.Mailbox
	Clock  *Clock
	Base   string // of the service's pages
	People []*Person

	mu     sync.Mutex
	actors []*actor
	plan   []act
}

// actor is one person at play.
type actor struct {
	*Person
	r           *rand.Rand
	zone        *time.Location
	chats       int // messages that were read
	mails       int
	gone, taken bool // taken: the visitor plays them
	browser     *browser
}

// act is something that somebody is going to do.
type act struct {
	at  time.Time
	who *actor
	do  func(context.Context) error
}

// NewCrowd makes the people play. What lies in their chats and mailboxes already they have read; to whom the bot had the last word in a chat may
// still answer it.
func NewCrowd(bot *sandbox.BotAPI, mail *sandbox.Mailbox, clock *Clock, base string, people []*Person) (*Crowd, error) {
	c := &Crowd{Bot: bot, Mail: mail, Clock: clock, Base: base, People: people}
	for i, p := range people {
		zone, err := time.LoadLocation(p.Zone)
		if err != nil {
			return nil, err
		}
		a := &actor{Person: p, r: rand.New(rand.NewPCG(7, uint64(i))), zone: zone, browser: newBrowser(), mails: mail.Count(p.Email)}
		c.actors = append(c.actors, a)
		if p.Chat == 0 {
			continue
		}
		bot.Register(p.account())
		a.chats = bot.AcceptedBy(p.Chat)
		if talk := bot.Conversation(p.Chat); len(talk) > 0 && !talk[len(talk)-1].FromMember {
			a.chats--
		}
	}
	return c, nil
}

func (p *Person) account() sandbox.BotUser {
	return sandbox.BotUser{ID: p.Chat, FirstName: p.First, LastName: p.Last, LanguageCode: p.Language}
}

// Take stops the script of a person, so that a visitor can play them, or lets it go on: with what comes from then on.
func (c *Crowd) Take(id string, taken bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.actors {
		if a.ID == id && a.taken != taken {
			a.taken = taken
			a.chats, a.mails = c.Bot.AcceptedBy(a.Chat), c.Mail.Count(a.Email)
		}
	}
}

// allTaken are the people whom the visitor plays.
func (c *Crowd) allTaken() (ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.actors {
		if a.taken {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// Taken reports whether a visitor plays the person.
func (c *Crowd) Taken(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.actors, func(a *actor) bool { return a.ID == id && a.taken })
}

// Next is when somebody acts next; nil: nobody has a plan.
func (c *Crowd) Next() *time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var next *time.Time
	for i := range c.plan {
		if p := &c.plan[i]; !p.who.taken && !p.who.gone && (next == nil || p.at.Before(*next)) {
			next = &p.at
		}
	}
	return next
}

// Play lets everybody read what came, and do what they planned for now or before. It reports whether anybody did anything; what one could not do stops
// nobody else.
func (c *Crowd) Play(ctx context.Context) (bool, error) {
	c.mu.Lock()
	for _, a := range c.actors {
		if !a.gone && !a.taken {
			c.read(a)
		}
	}
	due := c.due(c.Clock.Now())
	c.mu.Unlock()
	var failed error
	for _, d := range due {
		if err := d.do(ctx); err != nil && ctx.Err() == nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", d.who.ID, err))
		}
	}
	return len(due) > 0, errors.Join(failed, ctx.Err())
}

func (c *Crowd) due(now time.Time) (due []act) {
	c.plan = slices.DeleteFunc(c.plan, func(p act) bool {
		if p.at.After(now) {
			return false
		}
		if !p.who.taken && !p.who.gone {
			due = append(due, p)
		}
		return true
	})
	slices.SortStableFunc(due, func(a, b act) int { return a.at.Compare(b.at) })
	return due
}

// later plans an act after the person's usual delay, in whole ten minutes, and never in their night.
func (c *Crowd) later(a *actor, do func(context.Context) error) {
	wait := a.Character.Min + time.Duration(a.r.Int64N(int64(a.Character.Max-a.Character.Min)))
	at := c.Clock.Now().Add(wait).Truncate(10 * time.Minute).Add(10 * time.Minute)
	if h := at.In(a.zone).Hour(); h < 8 {
		at = at.Add(time.Duration(8-h) * time.Hour)
	} else if h == 23 {
		at = at.Add(9 * time.Hour)
	}
	c.plan = append(c.plan, act{at, a, do})
}

// At plans an act for a moment.
func (c *Crowd) At(at time.Time, id string, do func(context.Context) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.actors {
		if a.ID == id {
			c.plan = append(c.plan, act{at, a, do})
		}
	}
}

// read plans what follows from new messages.
func (c *Crowd) read(a *actor) {
	if a.Chat != 0 && c.Bot.AcceptedBy(a.Chat) > a.chats {
		all := c.Bot.Chat(a.Chat)
		for ; a.chats < len(all); a.chats++ {
			c.message(a, all[a.chats])
		}
	}
	if a.Email != "" && c.Mail.Count(a.Email) > a.mails {
		all := c.Mail.Mails(a.Email)
		for ; a.mails < len(all); a.mails++ {
			c.letter(a, all[a.mails])
		}
	}
}

// message plans the answer to a message of the bot.
func (c *Crowd) message(a *actor, m sandbox.BotMessage) {
	c.leaves(a)
	switch {
	case task(m.Text):
		if a.r.Float64() < a.Character.Speaks {
			c.later(a, func(context.Context) error { return c.record(a) })
		}
	case keys(m) != nil:
		if a.r.Float64() < a.Character.Answers {
			c.later(a, func(context.Context) error { return c.press(a, m) })
		}
	case strings.Contains(m.Text, "?"):
		if a.r.Float64() < a.Character.Answers {
			c.later(a, func(context.Context) error { return quiet(c.Bot.Say(a.Chat, typed(a.r, a.Language, m.Text))) })
		}
	case a.r.Float64() < a.Character.Writes:
		c.later(a, func(context.Context) error { return quiet(c.Bot.Say(a.Chat, pick(a.r, remarks[a.Language]))) })
	}
}

// leaves lets those who are going to go plan it, after some messages.
func (c *Crowd) leaves(a *actor) {
	if a.Character.Leaves == Stays || a.chats < 8 || a.r.Float64() >= 0.2 {
		return
	}
	how := a.Character.Leaves
	a.Character.Leaves = Stays
	c.later(a, func(context.Context) error {
		a.gone = true
		if how == Blocks {
			c.Bot.Block(a.Chat)
			return nil
		}
		return quiet(c.Bot.Say(a.Chat, "/stop"))
	})
}

// quiet: a chat that was blocked meanwhile takes no words, and that is no fault of the play.
func quiet(_ int64, err error) error {
	if cmp.Or(err == sandbox.ErrBotBlocked, err == sandbox.ErrBotNobody) { //nolint:errorlint // returned as they are
		return nil
	}
	return err
}

// task reports whether the text is a day's task of the challenge.
func task(text string) bool {
	return strings.HasPrefix(text, "Day ") || strings.HasPrefix(text, "День ")
}

// keys are the callback buttons.
func keys(m sandbox.BotMessage) (out []sandbox.BotButton) {
	for _, row := range m.Keyboard {
		for _, b := range row {
			if b.Data != "" {
				out = append(out, b)
			}
		}
	}
	return out
}

// record sends a voice or, now and then, a round video.
func (c *Crowd) record(a *actor) error {
	rec := pick(a.r, recordings.Voices(a.Language))
	if a.r.IntN(5) == 0 {
		rec = pick(a.r, recordings.Notes())
	}
	return quiet(c.Bot.SendUpload(a.Chat, sandbox.BotUpload{Kind: rec.Kind, MIME: rec.MIME, Seconds: rec.Seconds, Content: rec.Content}))
}

// press presses an option, or several and the last key where several may be taken.
func (c *Crowd) press(a *actor, m sandbox.BotMessage) error {
	all := keys(m)
	chosen := []sandbox.BotButton{pick(a.r, all)}
	switch {
	case len(all) == 11: // 0 to 10
		chosen[0] = all[score(a.r)]
	case several(m.Text):
		chosen = []sandbox.BotButton{all[a.r.IntN(len(all)-1)], all[len(all)-1]}
	}
	for _, b := range chosen {
		if _, err := c.Bot.Press(a.Chat, m.ID, b.Data); err != nil && err != sandbox.ErrBotNoButton { //nolint:errorlint // returned as it is
			return quiet(0, err)
		}
	}
	return nil
}

func several(text string) bool {
	return strings.Contains(text, "as many as you like") || strings.Contains(text, "несколько")
}

// typed is what somebody types to a question.
func typed(r *rand.Rand, lang, question string) string {
	if strings.Contains(question, "reason") || strings.Contains(question, "оценка") {
		return pick(r, reasons[lang])
	}
	return pick(r, sentences[lang])
}
