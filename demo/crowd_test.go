package demo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// TestOneFailsNobodyElse: what one person cannot do is told, and the others do what they planned; who is played by the visitor does nothing.
func TestOneFailsNobodyElse(t *testing.T) {
	bot := sandbox.NewBotAPI(sandbox.BotAPIConfig{KeepTexts: true})
	defer bot.Close()
	server, err := sandbox.NewMailServer(sandbox.MailConfig{KeepBodies: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	clock, err := NewClock("", start)
	if err != nil {
		t.Fatal(err)
	}
	people := People(4)
	c, err := NewCrowd(bot, server.Mailbox(), clock, "http://127.0.0.1:1", people)
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	act := func(id string, err error) func(context.Context) error {
		return func(context.Context) error { did = append(did, id); return err }
	}
	c.At(start.Add(time.Hour), people[0].ID, act("first", errors.New("no page")))
	c.At(start.Add(2*time.Hour), people[1].ID, act("second", nil))
	c.At(start.Add(2*time.Hour), people[2].ID, act("taken", nil))
	c.At(start.Add(9*time.Hour), people[3].ID, act("later", nil))
	c.Take(people[2].ID, true)
	if next := c.Next(); next == nil || !next.Equal(start.Add(time.Hour)) {
		t.Errorf("next: %v", next)
	}
	if err := clock.Set(start.Add(3 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	acted, err := c.Play(t.Context())
	if !acted || err == nil || !strings.Contains(err.Error(), "no page") || !strings.Contains(err.Error(), people[0].ID) {
		t.Errorf("acted %v, %v", acted, err)
	}
	if got := strings.Join(did, " "); got != "first second" {
		t.Errorf("done: %s", got)
	}
	if acted, err = c.Play(t.Context()); acted || err != nil || !c.Taken(people[2].ID) {
		t.Errorf("once more: %v, %v", acted, err)
	}
}
