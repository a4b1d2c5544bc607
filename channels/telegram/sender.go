package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"regexp"
	"strconv"
	"sync"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
)

// SenderConfig says where media may be taken from. Without MediaDir only URLs and file_ids are sent.
type SenderConfig struct {
	MediaDir string
}

// Sender is the Telegram channel as the workers see it. One Sender serves all goroutines.
type Sender struct {
	client *Client
	media  mediaFolder
}

// NewSender makes a Sender over the client.
func NewSender(c *Client, cfg SenderConfig) *Sender {
	return &Sender{client: c, media: mediaFolder{dir: cfg.MediaDir, ids: map[mediaKey]string{}}}
}

// Channel is campaigns.Telegram.
func (s *Sender) Channel() campaigns.Channel { return campaigns.Telegram }

// Dial costs nothing: the Conn connects with its first message.
func (s *Sender) Dial(context.Context) (channels.Conn, error) {
	c := &conn{sender: s}
	c.link = s.client.link(c.wait)
	return c, nil
}

type conn struct {
	sender   *Sender
	link     *link // nil: the HTTP client's connections are used
	keyboard keyboard
	before   func() // of a stream: called before what may take its time, while no message has begun; or nil
}

// Close closes the connection, if there is one.
func (c *conn) Close() error {
	if c.link != nil {
		c.link.close()
	}
	return nil
}

// Send sends one message (Bot API sendMessage, sendPhoto and its like). Markup that Telegram cannot parse goes out once more as plain text,
// and the receipt's Detail says so; begin is called once for both.
func (c *conn) Send(ctx context.Context, m *channels.Message, begin func() error) channels.Receipt {
	out, err := c.prepare(m)
	if err != nil {
		return err.receipt
	}
	out.begin = sync.OnceValue(begin)
	res, failure := c.transmit(ctx, out)
	if statusIs(failure, 400, textWrongFile) && out.cached() {
		c.sender.media.forget(out.key)
		out.fileID = ""
		res, failure = c.transmit(ctx, out)
	}
	if statusIs(failure, 400, textCantParse) {
		return c.sendPlain(ctx, out, failure)
	}
	return receipt(res, failure)
}

// detailPlain marks a message that arrived without its markup: the template is broken.
const detailPlain = "sent as plain text: the markup is broken"

func (c *conn) sendPlain(ctx context.Context, out outgoing, first error) channels.Receipt {
	out.plain = true
	at := byteOffset(first)
	res, failure := c.transmit(ctx, out)
	r := receipt(res, failure)
	if r.Class == channels.OK {
		r.Detail = detailPlain + at
	}
	return r
}

var offsetShape = regexp.MustCompile(`byte offset ([0-9]{1,6})`)

func byteOffset(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	if m := offsetShape.FindStringSubmatch(e.Description); m != nil {
		return " at byte " + m[1]
	}
	return ""
}

func receipt(res json.RawMessage, err error) channels.Receipt {
	if err != nil {
		return Classify(err)
	}
	return channels.Receipt{ProviderID: messageID(res)}
}

// messageID is the id in a sent message, empty without one: it was accepted all the same. The Bot API says it first, so that nearly always it is
// read without decoding the rest.
func messageID(res json.RawMessage) string {
	if rest, ok := bytes.CutPrefix(res, []byte(`{"message_id":`)); ok {
		if end := bytes.IndexAny(rest, ",}"); end > 0 && end < 19 && rest[0] != '0' && len(bytes.TrimLeft(rest[:end], "0123456789")) == 0 {
			return string(rest[:end])
		}
	}
	var sent struct {
		ID int64 `json:"message_id"`
	}
	if json.Unmarshal(res, &sent) != nil || sent.ID == 0 {
		return ""
	}
	return strconv.FormatInt(sent.ID, 10)
}

// refused is a message that cannot be sent at all; nothing was called.
type refused struct{ receipt channels.Receipt }

func broken(detail string) *refused {
	return &refused{channels.Receipt{Class: channels.Broken, Detail: detail}}
}

// outgoing is one message on its way: the parameters without text, and the text in its two forms.
type outgoing struct {
	mediaSource
	method string
	params map[string]string
	field  string // text or caption
	html   string
	plain  bool
	begin  func() error
}

func (c *conn) prepare(m *channels.Message) (outgoing, *refused) {
	chat, err := strconv.ParseInt(m.To, 10, 64)
	if err != nil || chat == 0 {
		return outgoing{}, &refused{channels.Receipt{Class: channels.AddressDead, Reach: channels.ReachNotStarted, Detail: "the address is not a chat id"}}
	}
	out := outgoing{method: "sendMessage", field: "text", html: m.HTML, params: map[string]string{"chat_id": strconv.FormatInt(chat, 10)}}
	if m.ReplyTo != 0 {
		out.params["reply_parameters"] = `{"message_id":` + strconv.FormatInt(m.ReplyTo, 10) + `,"allow_sending_without_reply":true}`
	}
	if len(m.Keyboard) > 0 {
		out.params["reply_markup"] = c.keyboard.json(m.Keyboard)
	}
	if m.Media == nil {
		out.params["link_preview_options"] = `{"is_disabled":true}`
		return out, nil
	}
	return out, c.sender.attach(&out, m.Media)
}

// methods maps the kind of media to its Bot API method; the file's parameter is the kind itself.
var methods = map[channels.MediaKind]string{
	channels.Photo: "sendPhoto", channels.Video: "sendVideo", channels.Document: "sendDocument", channels.Audio: "sendAudio", channels.Voice: "sendVoice",
}

func (s *Sender) attach(out *outgoing, m *channels.Media) *refused {
	method, ok := methods[m.Kind]
	if !ok {
		return broken("the kind of media is unknown")
	}
	out.method, out.field = method, "caption"
	source, err := s.media.find(m)
	out.mediaSource = source
	return err
}

func (c *conn) transmit(ctx context.Context, out outgoing) (json.RawMessage, error) {
	r := request{method: out.method, params: out.values(), timeout: callTimeout, begin: out.begin}
	switch {
	case out.needsUpload():
		c.wait()
		return c.sender.upload(ctx, out, r)
	case c.link != nil:
		return c.link.call(ctx, r)
	}
	c.wait()
	return c.sender.client.do(ctx, r)
}

// values are the parameters of this attempt: those of the one before, changed where it differs.
func (o outgoing) values() map[string]string {
	p := o.params
	switch {
	case o.plain:
		p[o.field] = plainText(o.html)
		delete(p, "parse_mode")
	case o.html != "" || o.field == "text":
		p[o.field], p["parse_mode"] = o.html, "HTML"
	}
	switch {
	case o.kind == "":
	case o.needsUpload():
		delete(p, string(o.kind))
	default:
		p[string(o.kind)] = o.remote()
	}
	return p
}

var tagShape = regexp.MustCompile(`</?[A-Za-z][^<>]*>`)

// plainText drops the tags of Telegram HTML and decodes its entities; a lone < stays.
func plainText(s string) string { return html.UnescapeString(tagShape.ReplaceAllString(s, "")) }
