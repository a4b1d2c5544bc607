package sandbox

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	botMaxText    = 4096 // characters after entity parsing (Bot API sendMessage)
	botMaxCaption = 1024
	botMaxData    = 64 // bytes (Bot API InlineKeyboardButton)
	botMaxButtons = 100
)

func (b *BotAPI) sendMessage(_ context.Context, p botParams) ([]byte, *botError) {
	m, refusal := readBotText(p, "text", botMaxText, "message is too long")
	if refusal != nil {
		return nil, refusal
	}
	if m.Text == "" {
		return nil, botBad("message text is empty")
	}
	return b.send("sendMessage", p, m)
}

// botSendMedia makes sendPhoto and its like: the file's parameter is the kind itself.
func botSendMedia(kind string) botMethod {
	method := "send" + strings.ToUpper(kind[:1]) + kind[1:]
	return func(b *BotAPI, _ context.Context, p botParams) ([]byte, *botError) {
		m, refusal := readBotText(p, "caption", botMaxCaption, "message caption is too long")
		if refusal != nil {
			return nil, refusal
		}
		if m.Media, refusal = b.readMedia(kind, p); refusal != nil {
			return nil, refusal
		}
		return b.send(method, p, m)
	}
}

// readBotText reads text or caption in its parse_mode, with the server's trimming.
func readBotText(p botParams, field string, limit int, tooLong string) (BotMessage, *botError) {
	m := BotMessage{HTML: p.get(field)}
	if !utf8.ValidString(m.HTML) {
		return m, botBad("strings must be encoded in UTF-8")
	}
	m.Text = m.HTML
	switch strings.ToLower(p.get("parse_mode")) {
	case "html":
		text, fault := parseBotHTML(m.HTML)
		if fault != "" {
			return m, botBad("can't parse entities: " + fault)
		}
		m.Text = text
	case "":
	default:
		return m, botBad("unsupported parse_mode")
	}
	m.Text = strings.TrimSpace(m.Text)
	if utf8.RuneCountInString(m.Text) > limit {
		return m, botBad(tooLong)
	}
	return m, nil
}

// send puts the message into the chat.
func (b *BotAPI) send(method string, p botParams, m BotMessage) ([]byte, *botError) {
	keyboard, refusal := readBotKeyboard(p.get("reply_markup"))
	if refusal != nil {
		return nil, refusal
	}
	if p.get("chat_id") == "" {
		return nil, botBad("chat_id is empty")
	}
	m.Keyboard, m.At = keyboard, b.cfg.Now()
	var out []byte
	b.chat(p.int64("chat_id"), func(c *botChat) {
		if refusal = c.writable(); refusal != nil {
			return
		}
		if m.ReplyTo, refusal = b.replyTarget(c, p); refusal != nil {
			return
		}
		m.ID = b.nextMessage.Add(1)
		b.record(c, method, m)
		out = b.botMessageJSON(c.user, m)
	})
	return out, refusal
}

// record runs under the chat's lock, so that the journal keeps each chat's order.
func (b *BotAPI) record(c *botChat, method string, m BotMessage) {
	c.accepted++
	if b.cfg.KeepTexts {
		c.messages = append(c.messages, m)
		b.journal.add(BotCall{Method: method, Chat: c.user.ID, MessageID: m.ID, Text: m.Text, At: m.At})
	}
	c.notify()
	b.tally.add()
}

func (b *BotAPI) replyTarget(c *botChat, p botParams) (int64, *botError) {
	var reply struct {
		ID    int64 `json:"message_id"`
		Allow bool  `json:"allow_sending_without_reply"`
	}
	if raw := p.get("reply_parameters"); raw != "" {
		if json.Unmarshal([]byte(raw), &reply) != nil {
			return 0, botBad("can't parse reply parameters JSON object")
		}
	} else {
		reply.ID, reply.Allow = p.int64("reply_to_message_id"), p.bool("allow_sending_without_reply")
	}
	if reply.ID == 0 || !b.cfg.KeepTexts || c.find(reply.ID) != nil {
		return reply.ID, nil
	}
	if reply.Allow {
		return 0, nil
	}
	return 0, botBad("message to be replied not found")
}

// readBotKeyboard reads an inline keyboard (Bot API InlineKeyboardMarkup); the other markups have no place in the sandbox.
func readBotKeyboard(raw string) ([][]BotButton, *botError) {
	if raw == "" {
		return nil, nil
	}
	var markup struct {
		Rows [][]struct {
			Text string `json:"text"`
			URL  string `json:"url"`
			Data string `json:"callback_data"`
		} `json:"inline_keyboard"`
	}
	if json.Unmarshal([]byte(raw), &markup) != nil {
		return nil, botBad("can't parse reply keyboard markup JSON object")
	}
	total := 0
	rows := make([][]BotButton, 0, len(markup.Rows))
	for _, row := range markup.Rows {
		out := make([]BotButton, 0, len(row))
		for _, b := range row {
			button := BotButton(b)
			if refusal := button.check(); refusal != nil {
				return nil, refusal
			}
			out = append(out, button)
		}
		if total += len(out); len(out) > 0 {
			rows = append(rows, out)
		}
	}
	if total > botMaxButtons {
		return nil, botBad("reply markup is too long")
	}
	return rows, nil
}

func (b BotButton) check() *botError {
	switch {
	case b.Text == "":
		return botBad("can't parse inline keyboard button: Field \"text\" must be of type String")
	case b.URL == "" && b.Data == "":
		return botBad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	case len(b.Data) > botMaxData:
		return botBad("BUTTON_DATA_INVALID")
	case b.URL != "" && !validBotURL(b.URL):
		return botBad("BUTTON_URL_INVALID")
	}
	return nil
}

func validBotURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "tg") && u.Host != ""
}

// botMessageJSON is the message as the Bot API shows it (Bot API Message), without entities.
func (b *BotAPI) botMessageJSON(u BotUser, m BotMessage) []byte {
	out := make([]byte, 0, 512)
	out = append(out, `{"message_id":`...)
	out = strconv.AppendInt(out, m.ID, 10)
	out = append(out, `,"from":`...)
	if m.FromMember {
		out = append(out, u.json(`"is_bot":false`)...)
	} else {
		out = append(out, b.self()...)
	}
	out = append(out, `,"chat":`...)
	out = append(out, u.chatJSON()...)
	out = append(out, `,"date":`...)
	out = strconv.AppendInt(out, m.At.Unix(), 10)
	if m.Edited {
		out = append(out, `,"edit_date":`...)
		out = strconv.AppendInt(out, b.cfg.Now().Unix(), 10)
	}
	if m.ReplyTo != 0 {
		out = append(out, `,"reply_to_message":{"message_id":`...)
		out = strconv.AppendInt(out, m.ReplyTo, 10)
		out = append(out, `,"chat":`+u.chatJSON()+`,"date":1}`...)
	}
	out = m.appendContent(out)
	return append(out, '}')
}

func (m BotMessage) appendContent(out []byte) []byte {
	field := `,"text":`
	if m.Media != nil {
		out, field = append(append(out, ','), m.Media.json()...), `,"caption":`
	}
	if m.Text != "" {
		out = append(append(out, field...), botQuote(m.Text)...)
	}
	if m.FromMember && strings.HasPrefix(m.Text, "/") {
		length := len(strings.Fields(m.Text)[0])
		out = append(out, `,"entities":[{"type":"bot_command","offset":0,"length":`+strconv.Itoa(length)+`}]`...)
	}
	if len(m.Keyboard) > 0 {
		out = append(append(out, `,"reply_markup":{"inline_keyboard":`...), botKeyboardJSON(m.Keyboard)...)
		out = append(out, '}')
	}
	return out
}

func botKeyboardJSON(rows [][]BotButton) []byte {
	type button struct {
		Text string `json:"text"`
		URL  string `json:"url,omitempty"`
		Data string `json:"callback_data,omitempty"`
	}
	out := make([][]button, len(rows))
	for i, row := range rows {
		for _, b := range row {
			out[i] = append(out[i], button(b))
		}
	}
	raw, _ := json.Marshal(out) // strings always encode
	return raw
}

func (u BotUser) names() string {
	s := `,"first_name":` + botQuote(u.FirstName)
	if u.LastName != "" {
		s += `,"last_name":` + botQuote(u.LastName)
	}
	if u.Username != "" {
		s += `,"username":` + botQuote(u.Username)
	}
	return s
}

func (u BotUser) json(kind string) string {
	s := `{"id":` + strconv.FormatInt(u.ID, 10) + `,` + kind + u.names()
	if u.LanguageCode != "" {
		s += `,"language_code":` + botQuote(u.LanguageCode)
	}
	return s + `}`
}

func (u BotUser) chatJSON() string {
	return `{"id":` + strconv.FormatInt(u.ID, 10) + `,"type":"private"` + u.names() + `}`
}
