package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/demo/recordings"
)

// Player is one scripted member: what they read, and what they answer to it.
type Player struct {
	ID       string // external id; empty: comes by the bot alone
	Name     string
	Language string
	Zone     string
	Chat     int64  // 0: no Telegram
	Email    string // empty: no mail
	// Answers to questions; one without an answer stays open.
	Answers []Answer
	// Blocked: has blocked the bot before anything is sent.
	Blocked bool

	seen    int            // messages of the bot that were read
	mails   int            // mails that were read
	given   map[string]int // answers given, by question part
	browser *browser
}

// Answer is what a player answers to a question that contains a text.
type Answer struct {
	Question string
	// Say is a button's label (several: separated by "|"), or what is typed.
	Say string
	// Value is what is chosen on the page, where that is not the label.
	Value string
	// Record, when set, is the language in which a voice is recorded instead.
	Record string
	// First, when set, is a wrong answer that is given before.
	First string
}

func (p *Player) answer(text string) (Answer, bool) {
	for _, a := range p.Answers {
		if strings.Contains(text, a.Question) {
			return a, true
		}
	}
	return Answer{}, false
}

// readChat answers what the bot asked since the last look. It reports whether it did anything.
func (p *Player) readChat(bot *sandbox.BotAPI) (bool, error) {
	if p.Chat == 0 {
		return false, nil
	}
	messages := bot.Chat(p.Chat)
	acted := false
	for ; p.seen < len(messages); p.seen++ {
		m := messages[p.seen]
		a, ok := p.answer(m.Text)
		if !ok {
			continue
		}
		acted = true
		if err := p.answerInChat(bot, m, a); err != nil {
			return true, fmt.Errorf("%s answers %q: %w", p.Name, a.Question, err)
		}
	}
	return acted, nil
}

func (p *Player) answerInChat(bot *sandbox.BotAPI, m sandbox.BotMessage, a Answer) error {
	p.given[a.Question]++
	if a.Record != "" {
		voice := recordings.Voices(a.Record)[0]
		_, err := bot.SendUpload(p.Chat, sandbox.BotUpload{Kind: voice.Kind, MIME: voice.MIME, Seconds: voice.Seconds, Content: voice.Content})
		return err
	}
	if len(m.Keyboard) == 0 {
		if a.First != "" {
			if _, err := bot.Say(p.Chat, a.First); err != nil {
				return err
			}
		}
		_, err := bot.Say(p.Chat, a.Say)
		return err
	}
	labels := strings.Split(a.Say, "|")
	for _, label := range labels {
		if _, err := bot.Press(p.Chat, m.ID, label); err != nil {
			return err
		}
	}
	if len(labels) == 1 {
		_, err := bot.Press(p.Chat, m.ID, labels[0]) // a finger that slips: pressing twice is pressing once
		return err
	}
	return p.pressDone(bot, m)
}

// pressDone presses the last key of a question with several answers.
func (p *Player) pressDone(bot *sandbox.BotAPI, m sandbox.BotMessage) error {
	last := m.Keyboard[len(m.Keyboard)-1]
	_, err := bot.Press(p.Chat, m.ID, last[len(last)-1].Data)
	return err
}

// readMail opens the survey links of new mails and answers on the page for as long as it asks.
func (p *Player) readMail(ctx context.Context, box *sandbox.Mailbox, base string) (bool, error) {
	if p.Email == "" {
		return false, nil
	}
	mails := box.Mails(p.Email)
	acted := false
	for ; p.mails < len(mails); p.mails++ {
		link := surveyLink(mails[p.mails], base)
		if link == "" {
			continue
		}
		did, err := p.answerOnPage(ctx, link, mails[p.mails].Text())
		acted = acted || did
		if err != nil {
			return acted, fmt.Errorf("%s answers by mail: %w", p.Name, err)
		}
	}
	return acted, nil
}

func surveyLink(m sandbox.Mail, base string) string {
	for _, l := range sandbox.Links(m) {
		if strings.HasPrefix(l.URL, base+"/s/") {
			link, _, _ := strings.Cut(l.URL, "?")
			return link
		}
	}
	return ""
}

// answerOnPage goes from question to question. The first is the one that the mail asked.
func (p *Player) answerOnPage(ctx context.Context, link, asked string) (acted bool, err error) {
	if p.browser == nil {
		p.browser = newBrowser()
	}
	if _, ok := p.answer(asked); !ok {
		return false, nil
	}
	f, err := p.browser.open(ctx, link)
	for range 20 {
		if errors.Is(err, errNoForm) {
			return acted, nil
		}
		if err != nil {
			return acted, err
		}
		values, ok := p.fill(f)
		if !ok {
			return acted, nil
		}
		acted = true
		f, err = p.browser.send(ctx, f, values)
	}
	return acted, fmt.Errorf("the page asks for ever")
}

// fill answers the form's question; false when the player leaves it open.
func (p *Player) fill(f *form) (url.Values, bool) {
	a, ok := p.answer(f.text)
	if !ok || len(f.fields) == 0 {
		return nil, false
	}
	p.given[a.Question]++
	if a.Record != "" {
		voice := recordings.Voices(a.Record)[0]
		f.file = &upload{f.fields[0].name, voice.Name, voice.Content}
		return url.Values{}, f.fields[0].kind == "file"
	}
	value := a.Say
	if a.Value != "" {
		value = a.Value
	}
	return url.Values{f.fields[0].name: strings.Split(value, "|")}, true
}
