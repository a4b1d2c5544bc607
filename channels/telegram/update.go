package telegram

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Kind says what an update is about.
type Kind string

const (
	KindText       Kind = "text"       // a private message with text
	KindCommand    Kind = "command"    // a private message that begins with /command
	KindMedia      Kind = "media"      // a private photo, voice message, round video, video, document or audio; Text is its caption
	KindContact    Kind = "contact"    // a shared contact; its number is not decoded
	KindCallback   Kind = "callback"   // a button was pressed
	KindMembership Kind = "membership" // the member blocked the bot or came back: Blocked tells
	KindReaction   Kind = "reaction"   // a reaction was put on a message, or taken back: Text is the emoji
	KindEdited     Kind = "edited"     // an edited message: acknowledged and ignored
	KindGroup      Kind = "group"      // anything in a group or a channel: ignored
	KindOther      Kind = "other"      // stickers, dice, service messages, kinds of the future: ignored
)

// Update is one update of the Bot API in our words. It holds personal values: never log it.
type Update struct {
	ID   int64
	Kind Kind
	// Chat is the chat id; 0 when the update has none.
	Chat int64
	From From
	// MessageID is the message itself, or for a callback the message with the button.
	MessageID int64
	// ReplyTo is the message that this one answers, or 0.
	ReplyTo int64
	// Date is the server's time of the act. A callback has none and leaves it zero.
	Date time.Time
	Text string
	// Command is lower-case, without slash and bot name; Payload is what follows, trimmed.
	Command, Payload string
	// CallbackID answers the button; CallbackData may be forged by a modified client.
	CallbackID, CallbackData string
	Media                    *Media
	// Blocked with KindMembership: the bot can no longer write to the member. Otherwise it can again.
	Blocked bool
}

// From is the sender. LanguageCode is optional and may vanish between messages.
type From struct {
	ID           int64  `json:"id"`
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name"`
	Username     string `json:"username"`
	LanguageCode string `json:"language_code"`
	IsBot        bool   `json:"is_bot"`
}

// Media is a file that a member sent. Kind is photo, voice, video_note, video, document or audio; Seconds and Size (bytes) are 0 when unknown.
type Media struct {
	Kind     string
	FileID   string
	UniqueID string
	Name     string // of a document, video or audio: as the device calls it
	MIME     string
	Seconds  int
	Size     int64
}

var errUpdate = errors.New("telegram: the update cannot be decoded")

// UpdateID reads only the update_id.
func UpdateID(raw json.RawMessage) (int64, bool) {
	var head struct {
		ID *int64 `json:"update_id"`
	}
	if json.Unmarshal(raw, &head) != nil || head.ID == nil {
		return 0, false
	}
	return *head.ID, true
}

// Decode reads one update. The error does not quote it. What this bot has no use for becomes KindOther, so that a new kind is no error.
func Decode(raw json.RawMessage) (Update, error) {
	var w wireUpdate
	if json.Unmarshal(raw, &w) != nil || w.ID == nil {
		return Update{}, errUpdate
	}
	u := w.update()
	u.ID = *w.ID
	if u.Kind != KindOther && u.Chat == 0 {
		return Update{}, errUpdate
	}
	return u, nil
}

func (w *wireUpdate) update() Update {
	switch {
	case w.Message != nil:
		return w.Message.update()
	case w.Edited != nil:
		u := w.Edited.head()
		u.Kind = w.Edited.Chat.kind(KindEdited)
		return u
	case w.Callback != nil:
		return w.Callback.update()
	case w.Membership != nil:
		return w.Membership.update()
	case w.Reaction != nil:
		return w.Reaction.update()
	}
	return Update{Kind: KindOther}
}

// The shapes of the Bot API, as far as they are read.
type (
	wireUpdate struct {
		ID         *int64          `json:"update_id"`
		Message    *wireMessage    `json:"message"`
		Edited     *wireMessage    `json:"edited_message"`
		Callback   *wireCallback   `json:"callback_query"`
		Membership *wireMembership `json:"my_chat_member"`
		Reaction   *wireReaction   `json:"message_reaction"`
	}
	// wireReaction is Bot API MessageReactionUpdated.
	wireReaction struct {
		Chat      wireChat `json:"chat"`
		MessageID int64    `json:"message_id"`
		User      From     `json:"user"`
		Date      int64    `json:"date"`
		New       []struct {
			Emoji string `json:"emoji"`
		} `json:"new_reaction"`
	}
	wireChat struct {
		ID   int64  `json:"id"`
		Type string `json:"type"`
	}
	wireMessage struct {
		ID      int64    `json:"message_id"`
		From    From     `json:"from"`
		Chat    wireChat `json:"chat"`
		Date    int64    `json:"date"`
		ReplyTo *struct {
			ID int64 `json:"message_id"`
		} `json:"reply_to_message"`
		Text      string     `json:"text"`
		Caption   string     `json:"caption"`
		Contact   *struct{}  `json:"contact"`
		Photo     []wireFile `json:"photo"`
		Voice     *wireFile  `json:"voice"`
		VideoNote *wireFile  `json:"video_note"`
		Video     *wireFile  `json:"video"`
		Document  *wireFile  `json:"document"`
		Audio     *wireFile  `json:"audio"`
	}
	wireFile struct {
		ID       string `json:"file_id"`
		UniqueID string `json:"file_unique_id"`
		Name     string `json:"file_name"`
		MIME     string `json:"mime_type"`
		Duration int    `json:"duration"`
		Size     int64  `json:"file_size"`
	}
	wireCallback struct {
		ID      string       `json:"id"`
		From    From         `json:"from"`
		Message *wireMessage `json:"message"`
		Data    string       `json:"data"`
	}
	wireMembership struct {
		Chat wireChat `json:"chat"`
		From From     `json:"from"`
		Date int64    `json:"date"`
		New  struct {
			Status string `json:"status"`
		} `json:"new_chat_member"`
	}
)

// kind is k in a private chat.
func (c wireChat) kind(k Kind) Kind {
	if c.Type != "private" {
		return KindGroup
	}
	return k
}

func (m *wireMessage) head() Update {
	u := Update{Chat: m.Chat.ID, From: m.From.clean(), MessageID: m.ID, Date: unix(m.Date)}
	if m.ReplyTo != nil {
		u.ReplyTo = m.ReplyTo.ID
	}
	return u
}

func (m *wireMessage) update() Update {
	u := m.head()
	u.Text = clean(m.Text)
	switch {
	case m.Text != "":
		u.Kind = KindText
		if name, payload, ok := splitCommand(u.Text); ok {
			u.Kind, u.Command, u.Payload = KindCommand, name, payload
		}
	case m.Contact != nil:
		u.Kind = KindContact
	default:
		u.Kind, u.Media, u.Text = KindOther, m.media(), clean(m.Caption)
		if u.Media != nil {
			u.Kind = KindMedia
		}
	}
	u.Kind = m.Chat.kind(u.Kind)
	return u
}

func (m *wireMessage) media() *Media {
	if n := len(m.Photo); n > 0 {
		return m.Photo[n-1].media("photo") // sizes come in ascending order
	}
	for _, f := range []struct {
		kind string
		file *wireFile
	}{{"voice", m.Voice}, {"video_note", m.VideoNote}, {"video", m.Video}, {"audio", m.Audio}, {"document", m.Document}} {
		if f.file != nil {
			return f.file.media(f.kind)
		}
	}
	return nil
}

func (f wireFile) media(kind string) *Media {
	if f.ID == "" {
		return nil
	}
	return &Media{Kind: kind, FileID: f.ID, UniqueID: f.UniqueID, Name: clean(f.Name), MIME: clean(f.MIME), Seconds: max(f.Duration, 0), Size: max(f.Size, 0)}
}

// update: the message may be missing (inline) or inaccessible (date 0); only an id can be told then.
func (c *wireCallback) update() Update {
	u := Update{Kind: KindOther, From: c.From.clean(), CallbackID: c.ID, CallbackData: clean(c.Data)}
	if c.Message == nil {
		return u
	}
	u.Chat, u.MessageID = c.Message.Chat.ID, c.Message.ID
	u.Kind = c.Message.Chat.kind(KindCallback)
	// A private chat has its member's id (Bot API Chat.id): whoever else presses there has forged it, and the button says nothing for them.
	if u.Kind == KindCallback && u.From.ID != 0 && u.From.ID != u.Chat {
		u.CallbackData = ""
	}
	return u
}

func (m *wireMembership) update() Update {
	u := Update{Chat: m.Chat.ID, From: m.From.clean(), Date: unix(m.Date), Kind: m.Chat.kind(KindMembership)}
	u.Blocked = m.New.Status == "kicked" || m.New.Status == "left"
	return u
}

func (r *wireReaction) update() Update {
	u := Update{Chat: r.Chat.ID, From: r.User.clean(), MessageID: r.MessageID, Date: unix(r.Date), Kind: r.Chat.kind(KindReaction)}
	if n := len(r.New); n > 0 {
		u.Text = clean(r.New[n-1].Emoji)
	}
	return u
}

// clean drops NUL, which no message shows and PostgreSQL's text cannot hold.
func clean(s string) string { return strings.ReplaceAll(s, "\x00", "") }

func (f From) clean() From {
	f.FirstName, f.LastName, f.Username, f.LanguageCode = clean(f.FirstName), clean(f.LastName), clean(f.Username), clean(f.LanguageCode)
	return f
}

// splitCommand reads "/name", "/name payload" and "/name@bot payload" (Bot API "Commands": 1–32 of letters, digits and _).
func splitCommand(text string) (name, payload string, ok bool) {
	if !strings.HasPrefix(text, "/") {
		return "", "", false
	}
	word, rest := text[1:], ""
	if i := strings.IndexAny(word, " \n\t"); i >= 0 {
		word, rest = word[:i], word[i:]
	}
	word, _, _ = strings.Cut(word, "@")
	if len(word) == 0 || len(word) > 32 || strings.ContainsFunc(word, notCommandRune) {
		return "", "", false
	}
	return strings.ToLower(word), strings.TrimSpace(rest), true
}

func notCommandRune(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
