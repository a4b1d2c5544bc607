package telegram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// RawUpdate is one update as it came, with its id when that could be read.
type RawUpdate struct {
	ID    int64
	HasID bool
	Raw   json.RawMessage
}

// Key is what the update is deduplicated by, within one bot: its id, or its hash when it has none.
func (u RawUpdate) Key() string {
	if u.HasID {
		return strconv.FormatInt(u.ID, 10)
	}
	sum := sha256.Sum256(u.Raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Raw wraps the body of a webhook call.
func Raw(body json.RawMessage) RawUpdate {
	id, ok := UpdateID(body)
	return RawUpdate{ID: id, HasID: ok, Raw: body}
}

// PollConfig configures Poll. Store is required.
type PollConfig struct {
	// Store keeps a batch of 1–100 updates, deduplicated by Key; only when it returns nil are they confirmed to Telegram.
	Store func(ctx context.Context, updates []RawUpdate) error
	// CaughtUp hears that nothing is left at Telegram: all that was there is stored. It may be nil.
	CaughtUp func(context.Context) error
	// Timeout of one long poll: 0 means 50 s, Telegram's most.
	Timeout time.Duration
	// OnError hears of each failure before the pause that it causes. It may be nil.
	OnError func(error)
	// Sleep waits, or returns the context's error; nil is a real wait.
	Sleep func(ctx context.Context, d time.Duration) error
}

const (
	pollTimeout = 50 * time.Second
	pollLimit   = 100
	minPause    = 3 * time.Second
	maxPause    = time.Minute
)

// errStuck is told when a whole batch has no readable id.
var errStuck = errors.New("telegram getUpdates: no update of the batch has a readable id")

// Poll fetches updates until the context ends, and returns its error. One Poll may run per token: Telegram ends the older of two.
func Poll(ctx context.Context, c *Client, cfg PollConfig) error {
	p := &poller{client: c, cfg: cfg}
	if p.cfg.Timeout <= 0 || p.cfg.Timeout > pollTimeout {
		p.cfg.Timeout = pollTimeout
	}
	if p.cfg.Sleep == nil {
		p.cfg.Sleep = sleep
	}
	for ctx.Err() == nil {
		if err := p.round(ctx); err != nil && ctx.Err() == nil {
			p.recover(ctx, err)
		}
	}
	return ctx.Err()
}

type poller struct {
	client *Client
	cfg    PollConfig
	// offset confirms all ids below it; 0 asks for all that is unconfirmed.
	offset int64
	// next is one above the highest id that was ever confirmed.
	next   int64
	failed int // in a row
	// waits: nothing was left at the last fetch, so that the next one waits for something.
	waits bool
}

func (p *poller) round(ctx context.Context) error {
	batch, err := p.fetch(ctx)
	if p.waits = err == nil && len(batch) < pollLimit; err != nil {
		return err
	}
	if len(batch) == 0 {
		// All below the offset is confirmed by now. After a quiet week ids start anew, perhaps lower: an old offset would drop them.
		p.offset, p.failed = 0, 0
		return p.caughtUp(ctx)
	}
	if err := p.cfg.Store(ctx, batch); err != nil {
		p.waits = false
		return err
	}
	if err := p.confirm(batch); err != nil || !p.waits {
		return err
	}
	return p.caughtUp(ctx)
}

func (p *poller) caughtUp(ctx context.Context) error {
	if p.cfg.CaughtUp == nil {
		return nil
	}
	err := p.cfg.CaughtUp(ctx)
	p.waits = err == nil
	return err
}

func (p *poller) fetch(ctx context.Context) ([]RawUpdate, error) {
	timeout := time.Duration(0) // at first, and after a failure: whoever waits for what is there waits no longer than it takes
	if p.waits {
		timeout = p.cfg.Timeout
	}
	params := map[string]string{
		"offset": strconv.FormatInt(p.offset, 10), "limit": strconv.Itoa(pollLimit),
		"timeout": strconv.Itoa(int(timeout / time.Second)), "allowed_updates": allowedJSON(),
	}
	var raws []json.RawMessage
	if err := p.client.into(ctx, "getUpdates", params, &raws); err != nil {
		return nil, err
	}
	batch := make([]RawUpdate, len(raws))
	for i, raw := range raws {
		batch[i] = Raw(raw)
	}
	return batch, nil
}

// confirm moves the offset beyond the highest readable id. When none is readable, the batch (all that waits, in ascending ids) begins at
// the offset or above, so one step up confirms at most its first update, which is stored.
func (p *poller) confirm(batch []RawUpdate) error {
	high, readable := int64(0), false
	for _, u := range batch {
		if u.HasID && (!readable || u.ID > high) {
			high, readable = u.ID, true
		}
	}
	if readable {
		p.offset, p.next, p.failed = high+1, high+1, 0
		return nil
	}
	if p.next > 0 {
		p.next++
		p.offset = p.next
	}
	return errStuck
}

// recover tells of the failure, mends what can be mended, and waits.
func (p *poller) recover(ctx context.Context, err error) {
	p.failed++
	p.report(err)
	if statusIs(err, http.StatusConflict, "webhook is active") {
		if err := p.client.DeleteWebhook(ctx); err != nil && ctx.Err() == nil {
			p.report(err)
		}
	}
	_ = p.cfg.Sleep(ctx, p.pause(err)) // Poll looks at the context next
}

func (p *poller) report(err error) {
	if p.cfg.OnError != nil {
		p.cfg.OnError(err)
	}
}

// pause doubles from 3 s to 1 min and adds up to a fifth, so that many processes do not return together. A 429's own time goes first.
func (p *poller) pause(err error) time.Duration {
	d := min(minPause<<min(p.failed-1, 5), maxPause)
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Code == http.StatusTooManyRequests {
		d = max(refusal.RetryAfter, time.Second)
	}
	return d + rand.N(d/5)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
