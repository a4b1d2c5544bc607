package sandbox

import (
	"errors"
	"strconv"
)

// What a member cannot do.
var (
	ErrBotNobody   = errors.New("sandbox: no such member, or the account is deleted")
	ErrBotBlocked  = errors.New("sandbox: the member blocked the bot")
	ErrBotNoButton = errors.New("sandbox: the message has no such button")
	// ErrBotNoMessage: there is no such message, or it cannot be changed by the member.
	ErrBotNoMessage = errors.New("sandbox: no such message")
)

// Register makes an account known that never pressed Start.
func (b *BotAPI) Register(u BotUser) { b.member(u, func(*botChat) {}) }

func (b *BotAPI) member(u BotUser, f func(*botChat)) {
	s := &b.shards[uint64(u.ID)%botShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[u.ID]
	if c == nil {
		c = s.add(u)
	}
	c.user = u
	f(c)
}

// Start presses Start, or opens t.me/bot?start=payload. A member who had blocked the bot unblocks it first. It returns the message's id.
func (b *BotAPI) Start(u BotUser, payload string) int64 {
	text := "/start"
	if payload != "" {
		text += " " + payload
	}
	var id int64
	b.member(u, func(c *botChat) {
		if c.blocked {
			b.setBlocked(c, false)
		}
		c.started, c.deleted = true, false
		id = b.receive(c, BotMessage{Text: text})
	})
	return id
}

// Say writes text to the bot and returns the message's id.
func (b *BotAPI) Say(userID int64, text string) (int64, error) {
	return b.write(userID, BotMessage{Text: text})
}

// ReplyTo answers the message with text.
func (b *BotAPI) ReplyTo(userID, messageID int64, text string) (int64, error) {
	return b.write(userID, BotMessage{Text: text, ReplyTo: messageID})
}

// SendFile sends media to the bot: kind is photo, voice, video_note, video, document or audio; content can be downloaded by the bot.
func (b *BotAPI) SendFile(userID int64, kind, caption string, seconds int, content []byte) (int64, error) {
	return b.SendUpload(userID, BotUpload{Kind: kind, Caption: caption, Seconds: seconds, Content: content})
}

func (b *BotAPI) write(userID int64, m BotMessage) (id int64, err error) {
	b.chat(userID, func(c *botChat) {
		switch {
		case c == nil || c.deleted:
			err = ErrBotNobody
		case c.blocked:
			err = ErrBotBlocked
		default:
			c.started = true
			id = b.receive(c, m)
		}
	})
	return id, err
}

// receive runs under the chat's lock.
func (b *BotAPI) receive(c *botChat, m BotMessage) int64 {
	m.ID, m.FromMember, m.At, m.HTML = b.nextMessage.Add(1), true, b.cfg.Now(), ""
	if b.cfg.KeepTexts {
		c.messages = append(c.messages, m)
	}
	b.queue.push("message", b.botMessageJSON(c.user, m))
	c.notify()
	return m.ID
}

// Press presses a button of a message, named by its callback data or its label, and returns the callback's id for WaitAnswer. It needs KeepTexts.
func (b *BotAPI) Press(userID, messageID int64, dataOrLabel string) (string, error) {
	return b.press(userID, messageID, func(m *BotMessage) (string, bool) { return m.button(dataOrLabel) })
}

// Forge sends callback data that no button carries, as a modified client can.
func (b *BotAPI) Forge(userID, messageID int64, data string) (string, error) {
	return b.press(userID, messageID, func(*BotMessage) (string, bool) { return data, true })
}

func (b *BotAPI) press(userID, messageID int64, find func(*BotMessage) (string, bool)) (id string, err error) {
	b.chat(userID, func(c *botChat) {
		switch {
		case c == nil || c.deleted:
			err = ErrBotNobody
			return
		case c.blocked:
			err = ErrBotBlocked
			return
		}
		m := c.find(messageID)
		if m == nil {
			err = ErrBotNoButton
			return
		}
		data, ok := find(m)
		if !ok {
			err = ErrBotNoButton
			return
		}
		c.notice = ""
		id = b.callbacks.open(c.user.ID)
		b.queue.push("callback_query", []byte(`{"id":`+botQuote(id)+`,"from":`+c.user.json(`"is_bot":false`)+
			`,"message":`+string(b.botMessageJSON(c.user, *m))+`,"chat_instance":"1","data":`+botQuote(data)+`}`))
	})
	return id, err
}

// button finds a callback button by its data, or else by its label.
func (m *BotMessage) button(dataOrLabel string) (string, bool) {
	label, found := "", false
	for _, row := range m.Keyboard {
		for _, b := range row {
			if b.Data != "" && b.Data == dataOrLabel {
				return b.Data, true
			}
			if b.Data != "" && b.Text == dataOrLabel && !found {
				label, found = b.Data, true
			}
		}
	}
	return label, found
}

func (c *botCallbacks) open(chat int64) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil {
		c.byID = map[string]*botCallback{}
	}
	c.next++
	id := strconv.FormatInt(4_000_000_000_000_000_000+c.next, 10)
	c.byID[id] = &botCallback{chat: chat, answered: make(chan struct{})}
	return id
}

// Block blocks the bot: it hears of it by my_chat_member, and its sends are refused with 403.
func (b *BotAPI) Block(userID int64) { b.block(userID, true) }

// Unblock takes it back.
func (b *BotAPI) Unblock(userID int64) { b.block(userID, false) }

func (b *BotAPI) block(userID int64, blocked bool) {
	b.chat(userID, func(c *botChat) {
		if c != nil && c.blocked != blocked {
			b.setBlocked(c, blocked)
		}
	})
}

func (b *BotAPI) setBlocked(c *botChat, blocked bool) {
	c.blocked = blocked
	c.notify()
	before, after := `"status":"member"`, `"status":"kicked","until_date":0`
	if !blocked {
		before, after = after, before
	}
	b.queue.push("my_chat_member", []byte(`{"chat":`+c.user.chatJSON()+`,"from":`+c.user.json(`"is_bot":false`)+
		`,"date":`+strconv.FormatInt(b.cfg.Now().Unix(), 10)+
		`,"old_chat_member":{"user":`+b.self()+`,`+before+`},"new_chat_member":{"user":`+b.self()+`,`+after+`}}`))
}

// Deactivate deletes the member's account: the bot hears nothing, and its sends are refused with 403.
func (b *BotAPI) Deactivate(userID int64) {
	b.chat(userID, func(c *botChat) {
		if c != nil {
			c.deleted = true
		}
	})
}
