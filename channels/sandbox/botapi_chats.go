package sandbox

import (
	"context"
	"slices"
	"sync"
	"time"
)

const botShards = 64

// botShard holds a part of the chats, so that parallel sends seldom meet.
type botShard struct {
	mu    sync.Mutex
	chats map[int64]*botChat
}

// botChat is the private chat with one member.
type botChat struct {
	user                      BotUser
	started, blocked, deleted bool
	messages                  []BotMessage // both sides; empty without KeepTexts
	accepted                  int
	action, notice            string
	actionAt                  time.Time
	changed                   chan struct{} // closed at the next change; nil while nobody waits
}

// BotUser is a member as Telegram shows one to a bot (Bot API User). ID is also the id of the private chat.
type BotUser struct {
	ID                            int64
	FirstName, LastName, Username string
	LanguageCode                  string
}

// BotMessage is one message of a conversation as it stands now.
type BotMessage struct {
	ID int64
	// FromMember tells whose message it is.
	FromMember bool
	// Text is what the reader sees, of media the caption; HTML is what the bot sent.
	Text, HTML string
	Keyboard   [][]BotButton
	Media      *BotMedia
	ReplyTo    int64
	Edited     bool
	// BotReaction and MemberReaction are emoji, or empty.
	BotReaction, MemberReaction string

	At time.Time
}

// BotButton is one key of an inline keyboard: URL or Data is set.
type BotButton struct{ Text, URL, Data string }

// BotMedia is a file in a message. URL is set when it was sent by link; Size (bytes) and Name when it was uploaded.
type BotMedia struct {
	Kind, FileID, URL, Name, MIME string
	Size                          int64
	Seconds                       int
}

// chat runs f on a chat under its lock; f gets nil when nobody with this id is known.
func (b *BotAPI) chat(id int64, f func(*botChat)) {
	s := &b.shards[uint64(id)%botShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[id]
	if c == nil && b.cfg.AnyChat && id > 0 {
		c = s.add(BotUser{ID: id, FirstName: "Member"})
		c.started = true
	}
	f(c)
}

func (s *botShard) add(u BotUser) *botChat {
	c := &botChat{user: u}
	s.chats[u.ID] = c
	return c
}

// writable says why the bot cannot write here, or nil.
func (c *botChat) writable() *botError {
	switch {
	case c == nil:
		return botBad("chat not found")
	case c.deleted:
		return &botError{code: 403, text: "Forbidden: user is deactivated"}
	case c.blocked:
		return &botError{code: 403, text: "Forbidden: bot was blocked by the user"}
	case !c.started:
		return &botError{code: 403, text: "Forbidden: bot can't initiate conversation with a user"}
	}
	return nil
}

func (c *botChat) notify() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

func (c *botChat) find(id int64) *BotMessage {
	for i := len(c.messages) - 1; i >= 0; i-- {
		if c.messages[i].ID == id {
			return &c.messages[i]
		}
	}
	return nil
}

// fromBot copies the bot's messages, so that a reader never sees one change.
func (c *botChat) fromBot() []BotMessage {
	var out []BotMessage
	for _, m := range c.messages {
		if !m.FromMember {
			out = append(out, m.copy())
		}
	}
	return out
}

func (m BotMessage) copy() BotMessage {
	rows := make([][]BotButton, len(m.Keyboard))
	for i, row := range m.Keyboard {
		rows[i] = slices.Clone(row)
	}
	m.Keyboard = rows
	if m.Media != nil {
		media := *m.Media
		m.Media = &media
	}
	return m
}

// Chat is what the bot has written to the member, oldest first, as it stands now. It needs KeepTexts.
func (b *BotAPI) Chat(userID int64) []BotMessage {
	var out []BotMessage
	b.chat(userID, func(c *botChat) {
		if c != nil {
			out = c.fromBot()
		}
	})
	return out
}

// Conversation is both sides of the chat, oldest first. It needs KeepTexts.
func (b *BotAPI) Conversation(userID int64) []BotMessage {
	var out []BotMessage
	b.chat(userID, func(c *botChat) {
		if c == nil {
			return
		}
		for _, m := range c.messages {
			out = append(out, m.copy())
		}
	})
	return out
}

// WaitFor returns when ok holds for the bot's messages to the member, or with the context's error. ok is asked at each change.
func (b *BotAPI) WaitFor(ctx context.Context, userID int64, ok func([]BotMessage) bool) error {
	for {
		messages, changed := b.watch(userID)
		if ok(messages) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watch also makes an unknown user known, so that a wait may begin before the member does.
func (b *BotAPI) watch(userID int64) ([]BotMessage, <-chan struct{}) {
	s := &b.shards[uint64(userID)%botShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[userID]
	if c == nil {
		c = s.add(BotUser{ID: userID, FirstName: "Member"})
		c.started = b.cfg.AnyChat
	}
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.fromBot(), c.changed
}

// AcceptedBy is how many sends to the chat were accepted.
func (b *BotAPI) AcceptedBy(userID int64) int {
	n := 0
	b.chat(userID, func(c *botChat) {
		if c != nil {
			n = c.accepted
		}
	})
	return n
}
