package engine

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// TestTheLaterMarkStands: of two marks on one message the later one is what stands, however late the earlier one comes; and nothing is remembered of either.
func TestTheLaterMarkStands(t *testing.T) {
	var m marks
	shown := ""
	mark := func(words string) *mark {
		return &mark{"7/1", m.next(), func(context.Context) error { shown += words; return nil }}
	}
	first, second := mark("first"), mark("second")
	one, freeOne := m.hold("7/1")
	two, freeTwo := m.hold("7/1")
	if err := one.put(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	freeOne()
	if err := two.put(t.Context(), first); err != nil || shown != "second" {
		t.Errorf("shown: %q, %v", shown, err)
	}
	freeTwo()
	if len(m.on) != 0 {
		t.Errorf("%d messages are remembered", len(m.on))
	}
}

// plain reads updates that are written as what they mean.
type plain struct{ channels.Chat }

func (plain) Decode(raw json.RawMessage) (in channels.Incoming, err error) {
	return in, json.Unmarshal(raw, &in)
}

// TestForeseeable: words, recordings and pressed options are handled with those of others; what needs more than is read ahead is not.
func TestForeseeable(t *testing.T) {
	e := &Engine{Options: Options{Chat: plain{}}, keys: deriveKeys(make([]byte, 32))}
	press := func(verb buttonVerb, chat string) channels.Incoming {
		return channels.Incoming{Kind: channels.IncomingPress, Data: e.buttonData(chat, button{verb, 42, "1"})}
	}
	for name, c := range map[string]struct {
		inc     channels.Incoming
		tries   int
		pressed campaigns.DeliveryID
		ok      bool
	}{
		"words":              {inc: channels.Incoming{Kind: channels.IncomingText, Text: "7"}, ok: true},
		"words for a second": {inc: channels.Incoming{Kind: channels.IncomingText, Text: "7"}, tries: 1},
		"a reply":            {inc: channels.Incoming{Kind: channels.IncomingText, Text: "7", ReplyTo: "3"}},
		"a command":          {inc: channels.Incoming{Kind: channels.IncomingCommand, Text: "help"}},
		"a recording":        {inc: channels.Incoming{Kind: channels.IncomingMedia, File: &channels.IncomingFile{ID: "f"}}, ok: true},
		"a sticker":          {inc: channels.Incoming{Kind: channels.IncomingMedia}},
		"an option":          {inc: press(pressOption, "7"), pressed: 42, ok: true},
		"a box":              {inc: press(pressToggle, "7")},
		"another's option":   {inc: press(pressOption, "8")},
		"a reaction":         {inc: channels.Incoming{Kind: channels.IncomingReaction}},
	} {
		c.inc.Chat = "7"
		raw, _ := json.Marshal(c.inc)
		_, call, ok := e.foreseeable(&store.Input{Source: "telegram", Actor: "telegram:7", Raw: string(raw), Tries: c.tries})
		if ok != c.ok || ok && call != (store.Call{Chat: "7", Pressed: c.pressed}) {
			t.Errorf("%s: %t %+v", name, ok, call)
		}
	}
}
