package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// botWebhook delivers updates one by one, in order; a failing endpoint blocks the queue, as the server's does.
type botWebhook struct {
	mu        sync.Mutex
	url       string
	secret    string
	cancel    context.CancelFunc
	done      chan struct{}
	lastError string
	errorAt   time.Time
}

var botSecretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{0,256}$`)

func (b *BotAPI) setWebhook(ctx context.Context, p botParams) ([]byte, *botError) {
	to := p.get("url")
	if to == "" {
		return b.deleteWebhook(ctx, p)
	}
	if !botHookURL(to) {
		return nil, botBad("bad webhook: An HTTPS URL must be provided for webhook")
	}
	if !botSecretShape.MatchString(p.get("secret_token")) {
		return nil, botBad("secret token contains unallowed characters")
	}
	b.webhook.stop()
	if refusal := b.queue.hook(p, true); refusal != nil {
		return nil, refusal
	}
	b.startWebhook(to, p.get("secret_token"))
	return []byte("true"), nil
}

// botHookURL accepts https, and http on this machine for tests, as a local Bot API server does.
func botHookURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && local
}

func (b *BotAPI) deleteWebhook(_ context.Context, p botParams) ([]byte, *botError) {
	b.webhook.stop()
	if refusal := b.queue.hook(p, false); refusal != nil {
		return nil, refusal
	}
	return []byte("true"), nil
}

// hook switches between webhook and polling, and drops what waits when the call asks for it.
func (q *botQueue) hook(p botParams, on bool) *botError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if refusal := q.setAllowed(p); refusal != nil {
		return refusal
	}
	if on {
		q.end("Conflict: terminated by setWebhook request")
	}
	if p.bool("drop_pending_updates") {
		q.updates = nil
	}
	q.hooked = on
	return nil
}

func (b *BotAPI) startWebhook(to, secret string) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &b.webhook
	w.mu.Lock()
	defer w.mu.Unlock()
	w.url, w.secret, w.cancel, w.done = to, secret, cancel, make(chan struct{})
	w.lastError, w.errorAt = "", time.Time{}
	go func(done chan struct{}) {
		defer close(done)
		b.deliver(ctx, to, secret)
	}(w.done)
}

// stop ends the deliveries and waits for the one under way.
func (w *botWebhook) stop() {
	w.mu.Lock()
	cancel, done := w.cancel, w.done
	w.url, w.cancel, w.done = "", nil, nil
	w.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

func (b *BotAPI) deliver(ctx context.Context, to, secret string) {
	pause := b.cfg.WebhookRetry
	for ctx.Err() == nil {
		u, changed := b.queue.first()
		if changed != nil {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		if err := b.post(ctx, to, secret, u.raw); err != nil {
			b.webhook.failed(err, b.cfg.Now())
			botPause(ctx, pause)
			pause = min(2*pause, time.Minute)
			continue
		}
		pause = b.cfg.WebhookRetry
		b.queue.drop(u.id)
	}
}

func (q *botQueue) first() (botUpdate, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.updates) > 0 {
		return q.updates[0], nil
	}
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return botUpdate{}, q.changed
}

func (q *botQueue) drop(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.updates) > 0 && q.updates[0].id == id {
		q.updates = q.updates[1:]
	}
}

func (b *BotAPI) post(ctx context.Context, to, secret string, raw []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if secret != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	}
	res, err := b.cfg.WebhookClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		//lint:ignore ST1005 these are the server's words, shown by getWebhookInfo
		return fmt.Errorf("Wrong response from the webhook: %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	}
	return nil
}

func (w *botWebhook) failed(err error, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastError, w.errorAt = err.Error(), at
}

func botPause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (b *BotAPI) getWebhookInfo(context.Context, botParams) ([]byte, *botError) {
	pending := b.Pending()
	w := &b.webhook
	w.mu.Lock()
	defer w.mu.Unlock()
	out := `{"url":` + botQuote(w.url) + `,"has_custom_certificate":false,"pending_update_count":` + strconv.Itoa(pending)
	if w.lastError != "" {
		out += `,"last_error_date":` + strconv.FormatInt(w.errorAt.Unix(), 10) + `,"last_error_message":` + botQuote(w.lastError)
	}
	return []byte(out + b.queue.allowedJSON() + `}`), nil
}

func (q *botQueue) allowedJSON() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.allowed) == 0 {
		return ""
	}
	out := `,"allowed_updates":[`
	for i, kind := range q.allowed {
		if i > 0 {
			out += ","
		}
		out += botQuote(kind)
	}
	return out + "]"
}
