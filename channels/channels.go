// Package channels says what every channel can do: take a Message, report a Receipt with a failure class, and turn what members send into inputs.
// The channels themselves (telegram, email, sandbox) live below and know nothing of each other or of the engine.
package channels

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Message is one rendered message to one address. It holds personal values: never log it. It may become another one as soon as what became of it is known:
// who keeps a message copies it, a mail's headers and parts too.
type Message struct {
	Delivery campaigns.DeliveryID
	// To is the address: a chat id in decimal for Telegram, a mailbox for email.
	To   string
	Lang campaigns.Lang
	// HTML is Telegram HTML (Bot API "HTML style"). A mail has its parts in Mail.
	HTML string
	// Keyboard is the inline keyboard, row by row. Telegram only: in mail, links are part of its parts.
	Keyboard [][]Button
	// Media is sent with HTML as its caption. Telegram only.
	Media *Media
	// ReplyTo is the Telegram message id that this answers, or 0.
	ReplyTo int64
	// Mail holds what only a mail has; nil on Telegram.
	Mail *Mail
}

// Button is one key of an inline keyboard: either URL or Data is set. Data is at most 64 bytes (Bot API InlineKeyboardButton).
type Button struct {
	Text string
	URL  string
	Data string
}

// Media is a picture, a file or a recording to send. Source is an http(s) URL, a Telegram file_id, or the path of a file inside the media folder.
type Media struct {
	Kind   MediaKind
	Source string
}

// MediaKind is the kind of media that a send step may carry.
type MediaKind string

const (
	Photo    MediaKind = "photo"
	Video    MediaKind = "video"
	Document MediaKind = "document"
	Audio    MediaKind = "audio"
	Voice    MediaKind = "voice"
)

// Mail holds the parts and headers of one mail. A header's value with CR, LF or NUL is refused by the email channel, whatever it is.
type Mail struct {
	// HTML is the whole HTML part, Text the plain one; either may be empty.
	HTML, Text []byte
	Subject    string
	// FromName and FromAddress make the From header; EnvelopeFrom is the SMTP MAIL FROM (one per delivery, RFC 5321 §4.1.1.2).
	FromName, FromAddress, EnvelopeFrom string
	// ToName is the display name of the recipient, possibly empty.
	ToName string
	// ReplyTo is a bare address, or empty.
	ReplyTo string
	// MessageID without angle brackets; the same for every attempt of a delivery.
	MessageID string
	// ListID is the identifier without angle brackets, ListName the phrase before it (RFC 2919). Empty: no List-* headers.
	ListID, ListName string
	// UnsubscribeURL is the https one-click URL (RFC 8058); UnsubscribeMail the mailto address, possibly empty.
	UnsubscribeURL, UnsubscribeMail string
	// FeedbackID is "a:b:c:sender" (Gmail's Feedback-ID).
	FeedbackID string
	// AutoSubmitted is "auto-generated" or "auto-replied" (RFC 3834 §5), or empty.
	AutoSubmitted string
	// Bulk adds "Precedence: bulk".
	Bulk bool
	// Date of the message.
	Date time.Time
}

// Class says what a failure means for the delivery and for the address.
type Class string

const (
	OK          Class = ""             // accepted
	Temporary   Class = "temporary"    // try again later; counts as an attempt
	RateLimited Class = "rate_limited" // try again after RetryAfter; counts as no attempt
	Refused     Class = "rejected"     // this message is refused; the address is fine
	AddressDead Class = "address_dead" // the address is unusable; Reach says how
	Broken      Class = "broken"       // our message or our setup is at fault: a template bug, missing rights, a wrong token
	Uncertain   Class = "unknown"      // begun, and no answer: it may have arrived
)

// Reach is what is known about an address. The SQL CHECK of addresses.reach repeats this list.
type Reach string

const (
	ReachUnknown    Reach = "unknown"     // nothing sent yet, nothing heard
	ReachOK         Reach = "ok"          // something arrived, or the member wrote
	ReachBlocked    Reach = "blocked"     // the bot is blocked; may return
	ReachNotStarted Reach = "not_started" // this bot does not know the chat
	ReachGone       Reach = "gone"        // the account or mailbox is deleted; terminal
)

// Usable reports whether sending to the address is worth an attempt.
func (r Reach) Usable() bool { return r == ReachUnknown || r == ReachOK }

// Receipt is the result of one attempt. It never holds a secret or a personal value: Detail is safe to store and to show.
type Receipt struct {
	Class Class
	// ProviderID is the Telegram message id in decimal, or what the mail server said after 250; at most 200 bytes.
	ProviderID string
	// RetryAfter is set with RateLimited, and may be set with Temporary.
	RetryAfter time.Duration
	// WholeChannel: the pause concerns the whole channel (bot token, mail server), not this address.
	WholeChannel bool
	// Reach is set with AddressDead.
	Reach Reach
	// MigratedTo is the new address when the provider says it changed (Bot API migrate_to_chat_id), or empty.
	MigratedTo string
	// Code is the provider's code ("403", "550 5.1.1"); Detail its text, without the token and without the address.
	Code, Detail string
}

// NoMediaFile is the Code of a receipt, whose Detail is then the file's name alone: it is not in the media folder.
const NoMediaFile = "no_media_file"

// Sender opens connections of one channel.
type Sender interface {
	Channel() campaigns.Channel
	// Dial returns a Conn for one goroutine. On Telegram it costs nothing; on email it is one SMTP connection.
	Dial(ctx context.Context) (Conn, error)
}

// Conn sends one message at a time.
type Conn interface {
	// Send delivers m. It calls begin exactly once, after everything that can fail without a trace (building, connecting, MAIL FROM, RCPT TO, DATA's 354)
	// and right before the first byte of the message leaves; when begin fails nothing is sent and the receipt is Temporary.
	// A failure before begin is never Uncertain.
	Send(ctx context.Context, m *Message, begin func() error) Receipt
	Close() error
}

// Streamer is a Conn that can have the next message under way while the answer to the last one is awaited.
type Streamer interface {
	Conn
	// Stream sends what the feed gives until it gives no more. For a message of which nothing left, and of which the feed hears nothing, the time was
	// not right: the feed had no more to give, or refused its beginning.
	Stream(ctx context.Context, f Feed)
}

// Feed is where a stream takes its messages from, and whom it tells what became of them. It is used by one goroutine.
type Feed interface {
	// Next returns the next message; nil: no more.
	Next() *Message
	// Turn tells the result of one message, and that of another the first byte is about to leave: both at once where the connection is busy, so that a
	// journal writes once. Either may be nil. With an error next must not leave; what is told of done holds even then.
	Turn(done *Message, r Receipt, next *Message) error
}
