package telegram

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/channels"
)

// React puts the bot's reaction on a message (Bot API setMessageReaction).
func (c Chat) React(ctx context.Context, chat, message, emoji string) error {
	p := map[string]string{"chat_id": chat, "message_id": message, "reaction": "[]"}
	if emoji != "" {
		p["reaction"] = `[{"type":"emoji","emoji":` + strconv.Quote(emoji) + `}]`
	}
	return c.Client.effect(ctx, "setMessageReaction", p)
}

// Fetch opens a file that a member sent (Bot API getFile): its link is good for an hour, and files over 20 MB have none.
func (c Chat) Fetch(ctx context.Context, file string) (io.ReadCloser, channels.Receipt) {
	var found struct {
		Path string `json:"file_path"`
	}
	if err := c.Client.into(ctx, "getFile", map[string]string{"file_id": file}, &found); err != nil {
		return nil, Classify(err)
	}
	res, err := c.Client.file(ctx, found.Path)
	if err != nil { // it may quote the address, which holds the token
		return nil, channels.Receipt{Class: channels.Temporary, Code: "getFile", Detail: "no answer"}
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, channels.Receipt{}
	}
	_ = res.Body.Close()
	class := channels.Temporary
	if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusBadRequest {
		class = channels.Refused
	}
	return nil, channels.Receipt{Class: class, Code: strconv.Itoa(res.StatusCode), Detail: "file"}
}

// file downloads from the server that files are kept on.
func (c *Client) file(ctx context.Context, path string) (*http.Response, error) {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/file/bot"+c.token+"/"+strings.Join(parts, "/"), nil)
	if err != nil {
		return nil, err
	}
	return c.http.Do(req)
}
