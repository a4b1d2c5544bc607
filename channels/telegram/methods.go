package telegram

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// Me is the bot itself (Bot API getMe).
type Me struct {
	ID        int64  `json:"id"`
	Username  string `json:"username"`
	FirstName string `json:"first_name"`
}

// GetMe asks who the token belongs to.
func (c *Client) GetMe(ctx context.Context) (Me, error) {
	var me Me
	err := c.into(ctx, "getMe", nil, &me)
	return me, err
}

// answerLimit is the length of a callback answer in characters (Bot API answerCallbackQuery).
const answerLimit = 200

// AnswerCallback ends the button's waiting state, with a short notice if text is not empty. One that came too late is no error.
func (c *Client) AnswerCallback(ctx context.Context, id, text string) error {
	p := map[string]string{"callback_query_id": id}
	if r := []rune(text); len(r) > answerLimit {
		text = string(r[:answerLimit-1]) + "…"
	}
	if text != "" {
		p["text"] = text
	}
	return c.effect(ctx, "answerCallbackQuery", p)
}

// EditText replaces text and keyboard of a message that the bot sent (Bot API editMessageText). A message that is so already is no error.
func (c *Client) EditText(ctx context.Context, chat, messageID int64, html string, keyboard [][]channels.Button) error {
	p := map[string]string{
		"chat_id": strconv.FormatInt(chat, 10), "message_id": strconv.FormatInt(messageID, 10),
		"text": html, "parse_mode": "HTML", "link_preview_options": `{"is_disabled":true}`,
	}
	if len(keyboard) > 0 {
		p["reply_markup"] = keyboardJSON(keyboard)
	}
	return c.effect(ctx, "editMessageText", p)
}

// EditKeyboard replaces the keyboard alone; an empty one removes it (Bot API editMessageReplyMarkup). It works on captions too.
func (c *Client) EditKeyboard(ctx context.Context, chat, messageID int64, keyboard [][]channels.Button) error {
	p := map[string]string{"chat_id": strconv.FormatInt(chat, 10), "message_id": strconv.FormatInt(messageID, 10)}
	if len(keyboard) > 0 {
		p["reply_markup"] = keyboardJSON(keyboard)
	}
	return c.effect(ctx, "editMessageReplyMarkup", p)
}

// effect calls a method whose refusal may mean that the wish is already true.
func (c *Client) effect(ctx context.Context, method string, p map[string]string) error {
	_, err := c.Call(ctx, method, p)
	if err != nil && Classify(err).Class == channels.OK {
		return nil
	}
	return err
}

// Command is one line of the bot's menu: Name of a-z, 0-9 and _ (1–32), Description of 1–256 characters (Bot API BotCommand).
type Command struct {
	Name        string `json:"command"`
	Description string `json:"description"`
}

// SetCommands sets the menu for a two-letter language, or for everybody else when lang is empty.
func (c *Client) SetCommands(ctx context.Context, lang string, commands []Command) error {
	list, err := json.Marshal(commands)
	if err != nil {
		return err
	}
	p := map[string]string{"commands": string(list)}
	if lang != "" {
		p["language_code"] = lang
	}
	_, err = c.Call(ctx, "setMyCommands", p)
	return err
}

// AllowedUpdates is what the bot subscribes to. An omitted list keeps the former setting, so it is always sent.
func AllowedUpdates() []string {
	return []string{"message", "edited_message", "callback_query", "my_chat_member", "message_reaction"}
}

func allowedJSON() string { return `["` + strings.Join(AllowedUpdates(), `","`) + `"]` }

// Webhook says where Telegram delivers updates: an https URL on port 443, 80, 88 or 8443, and the secret that comes back in SecretHeader.
type Webhook struct {
	URL, Secret string
	// MaxConnections is 1–100, or 0 for Telegram's own 40.
	MaxConnections int
}

// SetWebhook switches from polling to the webhook; updates that wait are delivered to it.
func (c *Client) SetWebhook(ctx context.Context, w Webhook) error {
	p := map[string]string{"url": w.URL, "allowed_updates": allowedJSON()}
	if w.Secret != "" {
		if err := CheckSecret(w.Secret); err != nil {
			return err
		}
		p["secret_token"] = w.Secret
	}
	if w.MaxConnections > 0 {
		p["max_connections"] = strconv.Itoa(w.MaxConnections)
	}
	_, err := c.Call(ctx, "setWebhook", p)
	return err
}

// DeleteWebhook switches back to polling. It never drops pending updates: they hold members' answers.
func (c *Client) DeleteWebhook(ctx context.Context) error {
	_, err := c.Call(ctx, "deleteWebhook", nil)
	return err
}

// WebhookInfo is Telegram's view of the webhook. An empty URL means polling. LastError is the server's text about our endpoint.
type WebhookInfo struct {
	URL            string
	Pending        int
	LastErrorAt    time.Time
	LastError      string
	AllowedUpdates []string
}

// WebhookInfo asks for it (Bot API getWebhookInfo).
func (c *Client) WebhookInfo(ctx context.Context) (WebhookInfo, error) {
	var raw struct {
		URL       string   `json:"url"`
		Pending   int      `json:"pending_update_count"`
		ErrorDate int64    `json:"last_error_date"`
		Error     string   `json:"last_error_message"`
		Allowed   []string `json:"allowed_updates"`
	}
	if err := c.into(ctx, "getWebhookInfo", nil, &raw); err != nil {
		return WebhookInfo{}, err
	}
	return WebhookInfo{URL: raw.URL, Pending: raw.Pending, LastErrorAt: unix(raw.ErrorDate), LastError: publicText(raw.Error), AllowedUpdates: raw.Allowed}, nil
}

func (c *Client) into(ctx context.Context, method string, p map[string]string, out any) error {
	raw, err := c.Call(ctx, method, p)
	if err != nil {
		return err
	}
	return decodeResult(method, raw, out)
}

// unix is a Bot API date; 0 means none.
func unix(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
