package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// BotView is a chat as the member's phone shows it.
type BotView struct {
	User                      BotUser
	Started, Blocked, Deleted bool
	// Action is what the bot is doing right now ("typing"), empty when it shows nothing (Bot API sendChatAction).
	Action string
	// Notice is what the bot last answered to a pressed button, or empty.
	Notice   string
	Messages []BotMessage
	// Changed is closed at the next change.
	Changed <-chan struct{}
}

// View returns the chat; false when nobody with this id is known. It needs KeepTexts.
func (b *BotAPI) View(userID int64) (BotView, bool) {
	var v BotView
	known := false
	b.chat(userID, func(c *botChat) {
		if c == nil {
			return
		}
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		known = true
		v = BotView{User: c.user, Started: c.started, Blocked: c.blocked, Deleted: c.deleted, Notice: c.notice, Changed: c.changed}
		if time.Since(c.actionAt) < chatAction {
			v.Action = c.action
		}
		for _, m := range c.messages {
			v.Messages = append(v.Messages, m.copy())
		}
	})
	return v, known
}

// chatAction is how long an action is shown (Bot API sendChatAction).
const chatAction = 5 * time.Second

// Users are all accounts that are known, by id.
func (b *BotAPI) Users() []BotUser {
	var out []BotUser
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for _, c := range s.chats {
			out = append(out, c.user)
		}
		s.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b BotUser) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// BotUpload is a file that a member sends. Kind is photo, voice, video_note, video, document or audio.
type BotUpload struct {
	Kind, Name, MIME, Caption string
	Seconds                   int
	Content                   []byte
	ReplyTo                   int64
}

// SendUpload sends a file to the bot, which can download it, and returns the message's id.
func (b *BotAPI) SendUpload(userID int64, u BotUpload) (int64, error) {
	id, size := b.files.put(botFile{kind: u.Kind, name: u.Name, mime: u.MIME, content: u.Content}, b.cfg.KeepTexts)
	return b.write(userID, BotMessage{
		Text: u.Caption, ReplyTo: u.ReplyTo, Media: &BotMedia{Kind: u.Kind, FileID: id, Size: size, Seconds: u.Seconds, Name: u.Name, MIME: u.MIME},
	})
}

// BotFile is a file's content with what its sender said about it.
type BotFile struct {
	Kind, Name, MIME string
	Content          []byte
}

// File returns a file by its file_id. It needs KeepTexts.
func (b *BotAPI) File(fileID string) (BotFile, bool) {
	f, ok := b.files.get(fileID)
	return BotFile{Kind: f.kind, Name: f.name, MIME: f.mime, Content: f.content}, ok && f.content != nil
}

// React puts the member's reaction on a message, or takes it back when emoji is empty; the bot hears of it by message_reaction.
func (b *BotAPI) React(userID, messageID int64, emoji string) (err error) {
	b.chat(userID, func(c *botChat) {
		if c == nil || c.deleted {
			err = ErrBotNobody
			return
		}
		m := c.find(messageID)
		if m == nil {
			err = ErrBotNoMessage
			return
		}
		old := m.MemberReaction
		m.MemberReaction = emoji
		b.queue.push("message_reaction", []byte(`{"chat":`+c.user.chatJSON()+`,"message_id":`+strconv.FormatInt(messageID, 10)+
			`,"user":`+c.user.json(`"is_bot":false`)+`,"date":`+strconv.FormatInt(b.cfg.Now().Unix(), 10)+
			`,"old_reaction":`+reactionJSON(old)+`,"new_reaction":`+reactionJSON(emoji)+`}`))
		c.notify()
	})
	return err
}

func reactionJSON(emoji string) string {
	if emoji == "" {
		return "[]"
	}
	return `[{"type":"emoji","emoji":` + botQuote(emoji) + `}]`
}

// Revise changes the text of the member's own message; the bot hears of it by edited_message.
func (b *BotAPI) Revise(userID, messageID int64, text string) (err error) {
	b.chat(userID, func(c *botChat) {
		if c == nil || c.deleted {
			err = ErrBotNobody
			return
		}
		m := c.find(messageID)
		if m == nil || !m.FromMember || m.Media != nil {
			err = ErrBotNoMessage
			return
		}
		m.Text, m.Edited = text, true
		b.queue.push("edited_message", b.botMessageJSON(c.user, *m))
		c.notify()
	})
	return err
}

// botReactions are those that everybody may use (Bot API ReactionTypeEmoji), as far as the sandbox knows them.
var botReactions = []string{"👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🎉", "🤩", "🙏", "👌", "🕊", "💯", "🤣", "⚡", "🏆", "😢", "👀", "🤝", "🤗", "🫡", "✍"}

func (b *BotAPI) setMessageReaction(_ context.Context, p botParams) ([]byte, *botError) {
	var list []struct{ Type, Emoji string }
	if raw := p.get("reaction"); raw != "" && json.Unmarshal([]byte(raw), &list) != nil {
		return nil, botBad("can't parse reaction types JSON object")
	}
	if len(list) > 1 {
		return nil, botBad("REACTIONS_TOO_MANY") // a bot may set one (Bot API setMessageReaction)
	}
	if p.get("chat_id") == "" {
		return nil, botBad("chat_id is empty")
	}
	emoji := ""
	for _, r := range list {
		if emoji = r.Emoji; r.Type != "emoji" || !slices.Contains(botReactions, emoji) {
			return nil, botBad("REACTION_INVALID")
		}
	}
	var refusal *botError
	b.chat(p.int64("chat_id"), func(c *botChat) {
		if refusal = c.writable(); refusal != nil || !b.cfg.KeepTexts {
			return
		}
		m := c.find(p.int64("message_id"))
		if m == nil {
			refusal = botBad("message to react not found")
			return
		}
		m.BotReaction = emoji
		c.notify()
	})
	return []byte("true"), refusal
}

// botActions are the actions of Bot API sendChatAction.
var botActions = []string{
	"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document", "choose_sticker",
	"find_location", "record_video_note", "upload_video_note",
}

func (b *BotAPI) sendChatAction(_ context.Context, p botParams) ([]byte, *botError) {
	action := p.get("action")
	if !slices.Contains(botActions, action) {
		return nil, botBad("wrong parameter action in request")
	}
	var refusal *botError
	b.chat(p.int64("chat_id"), func(c *botChat) {
		if refusal = c.writable(); refusal == nil {
			c.action, c.actionAt = action, time.Now()
			c.notify()
		}
	})
	return []byte("true"), refusal
}
