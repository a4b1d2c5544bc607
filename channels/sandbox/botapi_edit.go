package sandbox

import (
	"context"
	"reflect"
	"sync"
)

func (b *BotAPI) editMessageText(_ context.Context, p botParams) ([]byte, *botError) {
	next, refusal := readBotText(p, "text", botMaxText, "message is too long")
	if refusal != nil {
		return nil, refusal
	}
	if next.Text == "" {
		return nil, botBad("message text is empty")
	}
	return b.edit(p, func(m *BotMessage) *botError {
		if m.Media != nil {
			return botBad("there is no text in the message to edit")
		}
		m.Text, m.HTML = next.Text, next.HTML
		return nil
	})
}

func (b *BotAPI) editMessageReplyMarkup(_ context.Context, p botParams) ([]byte, *botError) {
	return b.edit(p, func(*BotMessage) *botError { return nil })
}

// edit changes a message of the bot. Both methods replace the keyboard, and an omitted one removes it. Without KeepTexts every edit succeeds.
func (b *BotAPI) edit(p botParams, change func(*BotMessage) *botError) ([]byte, *botError) {
	keyboard, refusal := readBotKeyboard(p.get("reply_markup"))
	if refusal != nil {
		return nil, refusal
	}
	switch {
	case p.get("chat_id") == "" && p.int64("message_id") == 0:
		return nil, botBad("message identifier is not specified") // of an inline message, then
	case p.get("chat_id") == "":
		return nil, botBad("chat_id is empty")
	}
	var out []byte
	b.chat(p.int64("chat_id"), func(c *botChat) {
		if refusal = c.writable(); refusal != nil {
			return
		}
		if !b.cfg.KeepTexts {
			out = []byte("true")
			return
		}
		m := c.find(p.int64("message_id"))
		if refusal = applyBotEdit(m, keyboard, change); refusal != nil {
			return
		}
		out = b.botMessageJSON(c.user, *m)
		c.notify()
	})
	return out, refusal
}

func applyBotEdit(m *BotMessage, keyboard [][]BotButton, change func(*BotMessage) *botError) *botError {
	switch {
	case m == nil:
		return botBad("message to edit not found")
	case m.FromMember:
		return botBad("message can't be edited")
	}
	next := *m
	if refusal := change(&next); refusal != nil {
		return refusal
	}
	next.Keyboard = keyboard
	if next.HTML == m.HTML && sameBotKeyboard(next.Keyboard, m.Keyboard) {
		return botBad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	next.Edited = true
	*m = next
	return nil
}

func sameBotKeyboard(a, b [][]BotButton) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// BotAnswer is what the member saw after pressing a button.
type BotAnswer struct {
	Text  string
	Alert bool
}

// botCallbacks are the pressed buttons that wait for their answer, and with KeepTexts the answered ones.
type botCallbacks struct {
	mu   sync.Mutex
	next int64
	byID map[string]*botCallback
}

type botCallback struct {
	chat     int64
	answer   BotAnswer
	answered chan struct{}
	done     bool
}

// take answers a callback once.
func (c *botCallbacks) take(id string, a BotAnswer, keep bool) (chat int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cb := c.byID[id]
	if cb == nil || cb.done {
		return 0, false
	}
	cb.answer, cb.done = a, true
	close(cb.answered)
	if !keep {
		delete(c.byID, id)
	}
	return cb.chat, true
}

func (b *BotAPI) answerCallbackQuery(_ context.Context, p botParams) ([]byte, *botError) {
	a := BotAnswer{Text: p.get("text"), Alert: p.bool("show_alert")}
	if len([]rune(a.Text)) > 200 {
		return nil, botBad("MESSAGE_TOO_LONG")
	}
	chat, ok := b.callbacks.take(p.get("callback_query_id"), a, b.cfg.KeepTexts)
	if !ok {
		return nil, botBad("query is too old and response timeout expired or query ID is invalid")
	}
	b.chat(chat, func(c *botChat) {
		if c != nil && a.Text != "" {
			c.notice = a.Text
			c.notify()
		}
	})
	return []byte("true"), nil
}

// WaitAnswer returns what the bot answered to a pressed button, or the context's error. An unknown id waits for the context.
func (b *BotAPI) WaitAnswer(ctx context.Context, callbackID string) (BotAnswer, error) {
	b.callbacks.mu.Lock()
	cb := b.callbacks.byID[callbackID]
	b.callbacks.mu.Unlock()
	if cb == nil {
		<-ctx.Done()
		return BotAnswer{}, ctx.Err()
	}
	select {
	case <-cb.answered:
		return cb.answer, nil
	case <-ctx.Done():
		return BotAnswer{}, ctx.Err()
	}
}

// ExpireCallbacks makes every unanswered button press too old to be answered.
func (b *BotAPI) ExpireCallbacks() {
	b.callbacks.mu.Lock()
	defer b.callbacks.mu.Unlock()
	for id, cb := range b.callbacks.byID {
		if !cb.done {
			delete(b.callbacks.byID, id)
		}
	}
}
