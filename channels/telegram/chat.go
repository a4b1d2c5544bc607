package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/kruzhok/kruzhok/channels"
)

// Chat is the channel's other side for the engine: what members do, and what is answered without a message.
type Chat struct{ Client *Client }

var _ channels.Chat = Chat{}

// Decode reads one raw update in the channels' words.
func (Chat) Decode(raw json.RawMessage) (channels.Incoming, error) {
	u, err := Decode(raw)
	if err != nil {
		return channels.Incoming{}, err
	}
	return u.incoming(), nil
}

// incomingKinds maps kinds; what is missing concerns no member and is ignored.
var incomingKinds = map[Kind]channels.IncomingKind{
	KindText: channels.IncomingText, KindCommand: channels.IncomingCommand, KindMedia: channels.IncomingMedia,
	KindContact: channels.IncomingMedia, KindCallback: channels.IncomingPress, KindReaction: channels.IncomingReaction,
}

func (u Update) incoming() channels.Incoming {
	in := channels.Incoming{
		Kind: channels.IncomingIgnored, Chat: number(u.Chat), From: number(u.From.ID), FirstName: u.From.FirstName, LastName: u.From.LastName,
		Language: u.From.LanguageCode, Message: number(u.MessageID), ReplyTo: number(u.ReplyTo), Text: u.Text,
		Command: u.Command, Payload: u.Payload, Press: u.CallbackID, Data: u.CallbackData, At: u.Date,
	}
	if kind, ok := incomingKinds[u.Kind]; ok && !u.From.IsBot {
		in.Kind = kind
	}
	switch {
	case u.Kind == KindMembership && u.Blocked:
		in.Kind = channels.IncomingBlocked
	case u.Kind == KindMembership:
		in.Kind = channels.IncomingUnblocked
	case u.Media != nil:
		in.Media = u.Media.Kind
		in.File = &channels.IncomingFile{ID: u.Media.FileID, Name: u.Media.Name, MIME: u.Media.MIME, Seconds: u.Media.Seconds, Size: u.Media.Size}
	case u.Kind == KindContact:
		in.Media = string(KindContact)
	}
	return in
}

// number is an id in decimal; 0, which stands for none, is empty.
func number(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// Name is the bot's username (Bot API getMe).
func (c Chat) Name(ctx context.Context) (string, error) {
	me, err := c.Client.GetMe(ctx)
	return me.Username, err
}

// Acknowledge ends the waiting circle on a pressed button (Bot API answerCallbackQuery).
func (c Chat) Acknowledge(ctx context.Context, press, notice string) error {
	return c.Client.AnswerCallback(ctx, press, notice)
}

// Edit replaces a message's text and buttons (Bot API editMessageText).
func (c Chat) Edit(ctx context.Context, chat, message, html string, keyboard [][]channels.Button) error {
	to, err := strconv.ParseInt(chat, 10, 64)
	if err != nil {
		return fmt.Errorf("edit message: chat id is no number")
	}
	id, err := strconv.ParseInt(message, 10, 64)
	if err != nil {
		return fmt.Errorf("edit message: message id is no number")
	}
	return c.Client.EditText(ctx, to, id, html, keyboard)
}
