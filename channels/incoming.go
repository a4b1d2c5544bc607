package channels

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// Incoming is one thing that a member did on a chat channel, in our own words. It holds personal values: never log it.
type Incoming struct {
	Kind IncomingKind
	// Chat is the address that it came from, as Message.To would have it. From is the sender's own id there; in a private chat they are equal.
	Chat, From string
	// FirstName, LastName and Language are what the provider says about the sender; Language may be empty.
	FirstName, LastName, Language string
	// Message is the provider's id of the message (of the pressed one for a press), ReplyTo the id of the message that it answers, or empty.
	Message, ReplyTo string
	Text             string
	// Command is the word of "/command", lower case and without the slash; Payload what follows it.
	Command, Payload string
	// Press is the id to acknowledge a pressed button by, Data the button's key.
	Press, Data string
	// Media is what kind of thing was sent: "voice", "photo", … or "contact"; File is the file, nil where there is none to fetch.
	Media string
	File  *IncomingFile
	At    time.Time
}

// IncomingFile is a file that a member sent; its content is fetched later.
type IncomingFile struct {
	// ID is what Chat.Fetch takes; Name and MIME are what the member's device says, possibly empty and never to be believed.
	ID, Name, MIME string
	Seconds        int   // of a recording; 0 unknown
	Size           int64 // bytes; 0 unknown
}

// IncomingKind says what the member did.
type IncomingKind string

const (
	IncomingCommand   IncomingKind = "command"
	IncomingText      IncomingKind = "text"
	IncomingMedia     IncomingKind = "media"
	IncomingPress     IncomingKind = "press"
	IncomingBlocked   IncomingKind = "blocked"   // the member blocked the bot
	IncomingUnblocked IncomingKind = "unblocked" // the member let the bot back in
	IncomingReaction  IncomingKind = "reaction"  // the member put a reaction on the message Message; Text is the emoji, empty when taken back
	IncomingIgnored   IncomingKind = "ignored"   // a group, an edit, something that concerns no member
)

// Chat is what a chat channel can do besides sending: none of it is a delivery.
type Chat interface {
	// Decode reads one raw update. An error means that it can never be read.
	Decode(raw json.RawMessage) (Incoming, error)
	// Name is the bot's name as links have it, without @ (Bot API getMe).
	Name(ctx context.Context) (string, error)
	// Acknowledge ends the waiting circle on a pressed button, with a short notice (at most 200 characters) or none.
	Acknowledge(ctx context.Context, press, notice string) error
	// Edit replaces the text and the buttons of a message that the bot sent. "Not modified" is no error.
	Edit(ctx context.Context, chat, message, html string, keyboard [][]Button) error
	// React puts the bot's reaction on a message of the member (Bot API setMessageReaction); emoji is one of the reactions that Telegram offers.
	React(ctx context.Context, chat, message, emoji string) error
	// Fetch opens a file that a member sent; the caller closes it. The Receipt's Class says what a failure means: Temporary and RateLimited may be
	// tried again, Refused and Broken not (Bot API getFile: files over 20 MB cannot be had).
	Fetch(ctx context.Context, file string) (io.ReadCloser, Receipt)
}
