// Package telegram is the Telegram channel: sending through the Bot API, the error table, the decoding of updates, the polling loop.
// The library go-telegram-bot-api is used as transport only and is known to no other package.
package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	tg "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// DefaultBaseURL is the Bot API in Telegram's cloud.
const DefaultBaseURL = "https://api.telegram.org"

const (
	callTimeout = 15 * time.Second
	maxAnswer   = 8 << 20
)

var (
	tokenShape  = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{1,200}$`)
	methodShape = regexp.MustCompile(`^[A-Za-z]{1,64}$`)
)

// Config is what a Client needs. BaseURL is empty for Telegram's cloud; HTTP is nil for a client of our own.
type Config struct {
	Token   string
	BaseURL string
	HTTP    *http.Client
}

// Client calls Bot API methods. It is safe for concurrent use and holds no connection of its own beyond the HTTP client's pool.
type Client struct {
	token, base string
	http        *http.Client
	direct      *destination // of links; nil: every call goes through http
}

// New checks the configuration and calls nothing. No error repeats the token or the URL, which may hold a secret too.
func New(cfg Config) (*Client, error) {
	if !tokenShape.MatchString(cfg.Token) {
		return nil, errors.New("telegram: the bot token is malformed: expected digits, a colon, then letters, digits, - and _")
	}
	base, err := checkBase(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{token: cfg.Token, base: base, http: withoutRedirects(cfg.HTTP)}
	if cfg.HTTP == nil {
		c.direct = directTo(base, http.ProxyFromEnvironment)
	}
	return c, nil
}

func checkBase(base string) (string, error) {
	if base == "" {
		return DefaultBaseURL, nil
	}
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return "", errors.New("telegram: the base URL cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("telegram: the base URL must begin with http:// or https://")
	case u.Host == "" || u.User != nil || strings.ContainsAny(base, "?#"):
		return "", errors.New("telegram: the base URL must be a host and a path, without user, query or fragment")
	}
	return strings.TrimRight(base, "/"), nil
}

// withoutRedirects copies the client: a redirect would send the token and the message to a place that nobody configured.
func withoutRedirects(given *http.Client) *http.Client {
	hc := &http.Client{}
	if given != nil {
		*hc = *given
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		own := t.Clone()
		own.MaxIdleConnsPerHost = 64
		hc.Transport = own
	}
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return hc
}

// Call calls one method and returns its result. Params are strings; structured ones are JSON (Bot API "Making requests").
// The error is *Error when the Bot API refused, and *NoAnswerError when no usable answer came. A call lasts at most 15 s, getUpdates its own timeout more.
func (c *Client) Call(ctx context.Context, method string, params map[string]string) (json.RawMessage, error) {
	return c.do(ctx, request{method: method, params: params, timeout: timeoutOf(method, params)})
}

func timeoutOf(method string, params map[string]string) time.Duration {
	if method != "getUpdates" {
		return callTimeout
	}
	seconds, _ := strconv.Atoi(params["timeout"])
	return callTimeout + time.Duration(min(max(seconds, 0), 50))*time.Second
}

// request is one call. begin, if any, runs right before the first byte of the body leaves; file, if any, makes it an upload.
type request struct {
	method  string
	params  map[string]string
	file    *upload
	timeout time.Duration
	begin   func() error
}

func (c *Client) do(ctx context.Context, r request) (json.RawMessage, error) {
	if !methodShape.MatchString(r.method) {
		return nil, errors.New("telegram: malformed method name")
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	f := &flight{begin: r.begin}
	res, err := c.transmit(c.bot(doer{ctx: ctx, http: c.http, flight: f}), r)
	if err != nil {
		return nil, c.explain(r.method, f, err)
	}
	return res.Result, nil
}

// bot is the library's client over ours.
func (c *Client) bot(over tg.HTTPClient) *tg.BotAPI {
	bot := &tg.BotAPI{Token: c.token, Client: over}
	// The library passes the endpoint to Sprintf, so a % of the base must be doubled.
	bot.SetAPIEndpoint(strings.ReplaceAll(c.base, "%", "%%") + "/bot%s/%s")
	return bot
}

func (c *Client) transmit(bot *tg.BotAPI, r request) (*tg.APIResponse, error) {
	if r.file == nil {
		return bot.MakeRequest(r.method, r.params)
	}
	data := tg.FileReader{Name: r.file.name, Reader: r.file.reader}
	return bot.UploadFiles(r.method, r.params, []tg.RequestFile{{Name: r.file.field, Data: data}})
}

// decodeResult decodes a method's result; the error does not quote it.
func decodeResult(method string, raw json.RawMessage, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("telegram %s: the result has an unexpected shape", method)
	}
	return nil
}
