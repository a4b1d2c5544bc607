package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/templates/starters"
)

// Stage is where the play happens: a running service, its sandbox channels and its clock.
type Stage struct {
	API   *Client
	Bot   *sandbox.BotAPI
	Mail  *sandbox.Mailbox
	Clock *Clock
	Out   io.Writer
	// Next is when something becomes due by itself, nil for never; Idle whether nothing is due or on its way.
	Next func(context.Context) (*time.Time, error)
	Idle func(context.Context) (bool, error)
	// Nudge, when set, makes the service do what is due now, without waiting for its next look.
	Nudge func(context.Context) error
}

// Zone is the community's.
const Zone = "Europe/Berlin"

// Play sets the community up, publishes an onboarding, a challenge and a survey, and walks the cast through all three.
func (s *Stage) Play(ctx context.Context, cast []*Player) error {
	steps := []struct {
		what string
		do   func(context.Context, []*Player) error
	}{
		{"set up the community", s.setUp},
		{"publish the campaigns", s.publish},
		{"members arrive", s.arrive},
		{"the first week passes", func(ctx context.Context, cast []*Player) error { return s.pass(ctx, cast, 12*24*time.Hour) }},
		{"begin 14 days of speaking", func(ctx context.Context, cast []*Player) error { return s.enroll(ctx, cast, "fourteen-days") }},
		{"the 14 days pass", func(ctx context.Context, cast []*Player) error { return s.pass(ctx, cast, 20*24*time.Hour) }},
		{"ask how we are doing", func(ctx context.Context, cast []*Player) error { return s.enroll(ctx, cast, "how-are-we") }},
		{"the survey passes", func(ctx context.Context, cast []*Player) error { return s.pass(ctx, cast, 14*24*time.Hour) }},
	}
	for _, step := range steps {
		began := time.Now()
		if err := step.do(ctx, cast); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		fmt.Fprintf(s.Out, "  %-26s %6.1f s\n", step.what, time.Since(began).Seconds())
	}
	return nil
}

func (s *Stage) setUp(ctx context.Context, _ []*Player) error {
	return s.API.Do(ctx, "PATCH", "/v1/community", map[string]any{
		"name": "Speaklingua", "time_zone": Zone, "languages": []string{"en", "ru"}, "postal_address": "1 Example Street, 10115 Berlin", "brand": "Speaklingua",
		"topics": []string{"community", "challenges", "surveys"},
	}, nil)
}

// played are the ready campaigns that the community has; the others wait in the console to be taken.
var played = []string{"first-week", "fourteen-days", "how-are-we"}

func (s *Stage) publish(ctx context.Context, _ []*Player) error {
	for _, key := range played {
		src, _ := starters.Source(key)
		if err := s.API.Do(ctx, "POST", "/v1/campaigns", []byte(src), nil); err != nil {
			return err
		}
		if err := s.API.Do(ctx, "POST", "/v1/campaigns/"+key+"/publication", nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// arrive makes the members: those of the platform over the API, with an event that they joined, the others by pressing Start.
func (s *Stage) arrive(ctx context.Context, cast []*Player) error {
	for _, p := range cast {
		user := sandbox.BotUser{ID: p.Chat, FirstName: p.Name, LanguageCode: p.Language}
		if p.Chat != 0 {
			s.Bot.Register(user)
		}
		if p.ID == "" {
			s.Bot.Start(user, "s_poster")
			continue
		}
		if p.Chat != 0 && !p.Blocked {
			s.Bot.Start(user, "s_site")
			if err := s.settle(ctx); err != nil {
				return err
			}
		}
		if err := s.API.Do(ctx, "PUT", "/v1/members/"+p.ID, p.body(), nil); err != nil {
			return err
		}
		if p.Blocked {
			s.Bot.Start(user, "")
			s.Bot.Block(p.Chat)
		}
		event := map[string]any{"id": "joined-" + p.ID, "event": "member.joined", "member": p.ID, "at": s.Clock.Now().UTC().Format(time.RFC3339)}
		if err := s.API.Do(ctx, "POST", "/v1/events", event, nil); err != nil {
			return err
		}
	}
	return nil
}

func (p *Player) body() map[string]any { return fields(p.Name, p.Language, p.Zone, p.Chat, p.Email) }

// fields are what the platform tells about somebody who signed up there and agreed to messages on what they have.
func fields(name, language, zone string, chat int64, mail string) map[string]any {
	body := map[string]any{"first_name": name, "language": language, "time_zone": zone}
	var consents []map[string]any
	if chat != 0 {
		body["telegram_chat_id"] = chat
		consents = append(consents, map[string]any{"channel": "telegram", "source": "sign-up form"})
	}
	if mail != "" {
		body["email"] = mail
		consents = append(consents, map[string]any{"channel": "email", "source": "sign-up form"})
	}
	body["consents"] = consents
	return body
}

// enroll puts the platform's members into a campaign by hand.
func (s *Stage) enroll(ctx context.Context, cast []*Player, campaign string) error {
	var ids []string
	for _, p := range cast {
		if p.ID != "" {
			ids = append(ids, p.ID)
		}
	}
	return s.API.Do(ctx, "POST", "/v1/campaigns/"+campaign+"/enrollments", map[string]any{"members": ids}, nil)
}

// pass lets time pass: from one due moment to the next, with everybody reading and answering in between.
func (s *Stage) pass(ctx context.Context, cast []*Player, d time.Duration) error {
	end := s.Clock.Now().Add(d)
	for {
		if err := s.live(ctx, cast); err != nil {
			return err
		}
		next, err := s.Next(ctx)
		if err != nil {
			return err
		}
		if next == nil || next.After(end) {
			break
		}
		if err := s.Clock.Set(*next); err != nil {
			return err
		}
	}
	if err := s.Clock.Set(end); err != nil {
		return err
	}
	return s.live(ctx, cast)
}

// live waits until the service is at rest and everybody has answered what they want to answer.
func (s *Stage) live(ctx context.Context, cast []*Player) error {
	for {
		if err := s.settle(ctx); err != nil {
			return err
		}
		acted := false
		for _, p := range cast {
			did, err := p.readChat(s.Bot)
			if err != nil {
				return err
			}
			read, err := p.readMail(ctx, s.Mail, s.API.Base)
			if err != nil {
				return err
			}
			acted = acted || did || read
		}
		if !acted {
			return nil
		}
	}
}

// settlePoll is how often the service is asked whether it is at rest.
const settlePoll = 3 * time.Millisecond

// patience is how long the service may take to come to rest.
const patience = 60 * time.Second

// settle waits until nothing is due, nothing is on its way and every update was taken. It has to see that twice: a worker may be between two steps.
func (s *Stage) settle(ctx context.Context) error {
	calm := 0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if s.Nudge != nil {
			if err := s.Nudge(ctx); err != nil {
				return err
			}
		}
		idle, err := s.Idle(ctx)
		if err != nil {
			return err
		}
		if idle && s.Bot.Pending() == 0 {
			calm++
		} else {
			calm = 0
		}
		if calm == 3 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settlePoll):
		}
	}
	return fmt.Errorf("the service did not come to rest in %s", patience)
}
