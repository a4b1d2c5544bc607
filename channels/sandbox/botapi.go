package sandbox

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// BotAPIConfig configures a sandbox Bot API.
type BotAPIConfig struct {
	// Token that callers must present; empty means BotAPIToken.
	Token string
	// Username of the bot; empty means kruzhok_sandbox_bot.
	Username string
	// KeepTexts keeps conversations and the journal. Without it only counts per chat are kept, so that a load test stays small.
	KeepTexts bool
	// AnyChat accepts sends to every positive chat id, as if each had pressed Start.
	AnyChat bool
	// Now is the clock of message dates; nil means time.Now.
	Now func() time.Time
	// WebhookRetry is the first pause after a failed webhook delivery, doubled up to a minute; 0 means 1 s.
	WebhookRetry time.Duration
	// WebhookClient delivers to the webhook; nil means a client with a 30 s limit.
	WebhookClient *http.Client
}

// BotAPIToken is the token of a sandbox whose configuration names none. It is worth nothing anywhere else.
const BotAPIToken = "1000001:sandbox-token"

// BotAPI behaves as the Bot API server does for one bot in private chats: an http.Handler for /bot<token>/METHOD and /file/bot<token>/PATH,
// and Go methods that play the members. All of it is safe for concurrent use.
// Only parse_mode HTML is understood; groups, flood limits and expiry of updates are not played.
type BotAPI struct {
	cfg         BotAPIConfig
	shards      [botShards]botShard
	nextMessage atomic.Int64
	tally       botTally
	journal     botJournal
	faults      botFaults
	queue       botQueue
	webhook     botWebhook
	callbacks   botCallbacks
	files       botFiles
	commands    botCommands
	closed      chan struct{}
	closeOnce   sync.Once
}

// NewBotAPI makes a sandbox without members. Close it to end hanging calls and the webhook's deliveries.
func NewBotAPI(cfg BotAPIConfig) *BotAPI {
	if cfg.Token == "" {
		cfg.Token = BotAPIToken
	}
	if cfg.Username == "" {
		cfg.Username = "kruzhok_sandbox_bot"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.WebhookRetry <= 0 {
		cfg.WebhookRetry = time.Second
	}
	if cfg.WebhookClient == nil {
		cfg.WebhookClient = &http.Client{Timeout: 30 * time.Second}
	}
	b := &BotAPI{cfg: cfg, closed: make(chan struct{})}
	b.queue.nextID = 500001
	for i := range b.shards {
		b.shards[i].chats = map[int64]*botChat{}
	}
	return b
}

// Close ends hanging calls and the webhook's deliveries.
func (b *BotAPI) Close() {
	b.closeOnce.Do(func() { close(b.closed) })
	b.webhook.stop()
}

// botError is a refusal as the server words it.
type botError struct {
	code       int
	text       string
	retryAfter int
}

func botBad(text string) *botError { return &botError{code: 400, text: "Bad Request: " + text} }

// botMethod answers one call with the JSON of its result.
type botMethod func(b *BotAPI, ctx context.Context, p botParams) ([]byte, *botError)

var botMethods map[string]botMethod

// The table is filled at start because a method's code refers back to it through the handler.
func init() {
	botMethods = map[string]botMethod{
		"getme": (*BotAPI).getMe, "getupdates": (*BotAPI).getUpdates, "getfile": (*BotAPI).getFile,
		"sendmessage": (*BotAPI).sendMessage,
		"sendphoto":   botSendMedia("photo"), "sendvideo": botSendMedia("video"), "senddocument": botSendMedia("document"),
		"sendaudio": botSendMedia("audio"), "sendvoice": botSendMedia("voice"), "sendvideonote": botSendMedia("video_note"),
		"setmessagereaction": (*BotAPI).setMessageReaction, "sendchataction": (*BotAPI).sendChatAction,
		"editmessagetext": (*BotAPI).editMessageText, "editmessagereplymarkup": (*BotAPI).editMessageReplyMarkup,
		"answercallbackquery": (*BotAPI).answerCallbackQuery,
		"setmycommands":       (*BotAPI).setMyCommands, "getmycommands": (*BotAPI).getMyCommands, "deletemycommands": (*BotAPI).deleteMyCommands,
		"setwebhook": (*BotAPI).setWebhook, "deletewebhook": (*BotAPI).deleteWebhook, "getwebhookinfo": (*BotAPI).getWebhookInfo,
	}
}

// ServeHTTP answers one call.
func (b *BotAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/file/bot"); ok {
		b.serveFile(w, r, rest)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/bot")
	token, method, slash := strings.Cut(rest, "/")
	if !ok || !slash {
		writeBotError(w, &botError{code: 404, text: "Not Found"})
		return
	}
	if token != b.cfg.Token {
		writeBotError(w, &botError{code: 401, text: "Unauthorized"})
		return
	}
	method = strings.ToLower(method)
	p, refusal := readBotParams(w, r)
	if refusal != nil {
		writeBotError(w, refusal)
		return
	}
	b.answer(w, r, method, p)
}

func (b *BotAPI) answer(w http.ResponseWriter, r *http.Request, method string, p botParams) {
	call, ok := botMethods[method]
	if !ok {
		writeBotError(w, &botError{code: 404, text: "Not Found: method not found"})
		return
	}
	fault := b.faults.match(method, p.int64("chat_id"))
	if fault != nil && !fault.Accepted {
		b.fail(w, r, fault)
		return
	}
	result, refusal := call(b, r.Context(), p)
	switch {
	case fault != nil:
		b.fail(w, r, fault)
	case refusal != nil:
		writeBotError(w, refusal)
	default:
		writeBotResult(w, result)
	}
}

func writeBotResult(w http.ResponseWriter, result []byte) {
	body := make([]byte, 0, len(result)+24)
	body = append(body, `{"ok":true,"result":`...)
	body = append(body, result...)
	body = append(body, '}')
	botHeader(w)
	_, _ = w.Write(body) // a caller that is gone is no fault of ours
}

func writeBotError(w http.ResponseWriter, e *botError) {
	body := []byte(`{"ok":false,"error_code":` + strconv.Itoa(e.code) + `,"description":` + botQuote(e.text))
	if e.retryAfter > 0 {
		body = append(body, `,"parameters":{"retry_after":`+strconv.Itoa(e.retryAfter)+`}`...)
	}
	botHeader(w)
	w.WriteHeader(e.code)
	_, _ = w.Write(append(body, '}'))
}

func botHeader(w http.ResponseWriter) { w.Header()["Content-Type"] = []string{"application/json"} }

func (b *BotAPI) getMe(context.Context, botParams) ([]byte, *botError) {
	return []byte(b.self()), nil
}

// self is the bot as a User (Bot API User); its id is the number before the token's colon.
func (b *BotAPI) self() string {
	id, _, _ := strings.Cut(b.cfg.Token, ":")
	return `{"id":` + id + `,"is_bot":true,"first_name":"Kruzhok sandbox","username":` + botQuote(b.cfg.Username) +
		`,"can_join_groups":false,"can_read_all_group_messages":false,"supports_inline_queries":false}`
}
