package telegram_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/channels/telegram"
)

// inbox is a Store that deduplicates, signals, and fails when told to.
type inbox struct {
	mu      sync.Mutex
	fail    int
	batches int
	raw     map[string]string
	stored  chan string // keys, in order of their first arrival
}

func newInbox() *inbox { return &inbox{raw: map[string]string{}, stored: make(chan string, 1000)} }

func (i *inbox) store(_ context.Context, us []telegram.RawUpdate) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.batches++
	if i.fail > 0 {
		i.fail--
		return errors.New("disk full")
	}
	for _, u := range us {
		if _, known := i.raw[u.Key()]; !known {
			i.raw[u.Key()] = string(u.Raw)
			i.stored <- u.Key()
		}
	}
	return nil
}

// poll runs Poll in the background; stop cancels it and waits.
func poll(t *testing.T, c *telegram.Client, in *inbox) (errs chan error, pauses chan time.Duration, stop func()) {
	t.Helper()
	errs, pauses = make(chan error, 1000), make(chan time.Duration, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- telegram.Poll(ctx, c, telegram.PollConfig{
			Store: in.store, OnError: func(err error) { errs <- err },
			Sleep: func(ctx context.Context, d time.Duration) error { pauses <- d; return ctx.Err() },
		})
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("Poll ended with %v", err)
				}
			case <-time.After(5 * time.Second):
				t.Error("Poll does not stop")
			}
		})
	}
	t.Cleanup(stop)
	return errs, pauses, stop
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestPollStoresThenConfirms(t *testing.T) {
	s, c := serve(t)
	in := newInbox()
	in.fail = 1
	s.Start(anna, "deep")
	errs, pauses, stop := poll(t, c, in)
	receive(t, in.stored)
	if err := receive(t, errs); err.Error() != "disk full" {
		t.Errorf("first failure: %v", err)
	}
	if d := receive(t, pauses); d < 3*time.Second || d > 4*time.Second {
		t.Errorf("first pause %v", d)
	}
	s.Block(anna.ID)
	receive(t, in.stored)
	stop()
	for _, raw := range in.raw {
		if u, err := telegram.Decode(json.RawMessage(raw)); err != nil || u.Chat != anna.ID {
			t.Errorf("%s: %+v %v", raw, u, err)
		}
	}
}

func TestPollStoresAndConfirmsWhatItCannotRead(t *testing.T) {
	s, c := serve(t)
	in := newInbox()
	s.Start(anna, "")
	s.Inject(json.RawMessage(`{"update_id":` + "500002" + `,"message":"poison"}`))
	s.Inject(json.RawMessage(`{"update_id":"no number"}`))
	s.Inject(json.RawMessage(`["no object"]`))
	_, _, _ = poll(t, c, in)
	for range 4 {
		receive(t, in.stored)
	}
	s.Start(anna, "after")
	if key := receive(t, in.stored); strings.HasPrefix(key, "sha256:") {
		t.Errorf("the next update is kept by %s", key)
	}
}

func TestPollGetsPastABatchWithoutIDs(t *testing.T) {
	s, c := serve(t)
	in := newInbox()
	s.Start(anna, "")
	errs, _, _ := poll(t, c, in)
	receive(t, in.stored)
	s.Inject(json.RawMessage(`{"update_id":"no number"}`))
	receive(t, in.stored)
	receive(t, errs)
	s.Start(anna, "after")
	receive(t, in.stored)
}

// After an empty answer the offset is forgotten: ids may start anew below it, and would be confirmed unread.
func TestPollForgetsTheOffsetWhenAllIsConfirmed(t *testing.T) {
	answers := make(chan string, 3)
	offsets := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offsets <- r.FormValue("offset")
		select {
		case a := <-answers:
			_, _ = io.WriteString(w, `{"ok":true,"result":`+a+`}`)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	c, err := telegram.New(telegram.Config{Token: "1:x", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	answers <- `[{"update_id":9007199254740993}]`
	answers <- `[]`
	_, _, stop := poll(t, c, newInbox())
	for _, want := range []string{"0", "9007199254740994", "0"} {
		if got := receive(t, offsets); got != want {
			t.Errorf("offset %s, want %s", got, want)
		}
	}
	stop()
}

// TestPollSaysWhenNothingIsLeft: not behind a batch that is as large as batches are, and not before it is stored; the first fetch, and one after a failure, waits for nothing.
func TestPollSaysWhenNothingIsLeft(t *testing.T) {
	var full []string
	for i := range 100 {
		full = append(full, fmt.Sprintf(`{"update_id":%d}`, i+1))
	}
	answers := []string{"[" + strings.Join(full, ",") + "]", `[{"update_id":101}]`, "no answer", `[]`, `[{"update_id":102}]`}
	fetches := make(chan string, 10)
	stored := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetches <- r.FormValue("timeout")
		if len(answers) == 0 {
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, `{"ok":true,"result":`+answers[0]+`}`)
		answers = answers[1:]
	}))
	t.Cleanup(s.Close)
	c, err := telegram.New(telegram.Config{Token: "1:x", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	var caughtUp []int // how many were stored then
	go func() {
		defer close(done)
		_ = telegram.Poll(ctx, c, telegram.PollConfig{
			Store:    func(_ context.Context, us []telegram.RawUpdate) error { stored += len(us); return nil },
			CaughtUp: func(context.Context) error { caughtUp = append(caughtUp, stored); return nil },
			Sleep:    func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		})
	}()
	for _, want := range []string{"0", "0", "50", "0", "50", "50"} {
		if got := receive(t, fetches); got != want {
			t.Errorf("waits %s s, want %s", got, want)
		}
	}
	cancel()
	<-done
	if !slices.Equal(caughtUp, []int{101, 101, 102}) {
		t.Errorf("caught up with %d stored", caughtUp)
	}
}

func TestTwoPollers(t *testing.T) {
	s, c := serve(t)
	a, b := newInbox(), newInbox()
	errsA, _, _ := poll(t, c, a)
	errsB, _, stopB := poll(t, c, b)
	conflict := func(err error) bool { return strings.Contains(err.Error(), "409") }
	select {
	case err := <-errsA:
		if !conflict(err) {
			t.Error(err)
		}
	case err := <-errsB:
		if !conflict(err) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no conflict")
	}
	stopB()
	s.Start(anna, "")
	receive(t, a.stored)
}

func TestPollDeletesAWebhookAndKeepsUpdates(t *testing.T) {
	s, c := serve(t)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	defer hook.Close()
	if err := c.SetWebhook(t.Context(), telegram.Webhook{URL: hook.URL}); err != nil {
		t.Fatal(err)
	}
	s.Start(anna, "")
	in := newInbox()
	errs, _, _ := poll(t, c, in)
	receive(t, in.stored)
	if err := receive(t, errs); !strings.Contains(err.Error(), "webhook is active") {
		t.Error(err)
	}
}

func TestPollHonoursRetryAfterAndBacksOff(t *testing.T) {
	s, c := serve(t)
	s.Fault("getUpdates", 0, sandbox.BotFault{Kind: sandbox.BotGarbage, Times: 7})
	s.Fault("getUpdates", 0, sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 42, Times: 1})
	in := newInbox()
	s.Start(anna, "")
	_, pauses, _ := poll(t, c, in)
	if d := receive(t, pauses); d < 42*time.Second || d > 51*time.Second {
		t.Errorf("pause after 429: %v", d)
	}
	var last time.Duration
	for range 7 {
		last = receive(t, pauses)
	}
	if last < time.Minute || last > 72*time.Second {
		t.Errorf("the longest pause is %v", last)
	}
	receive(t, in.stored)
}

func TestWebhookDelivery(t *testing.T) {
	s, c := serve(t)
	type call struct{ secret, body string }
	calls := make(chan call, 10)
	status := make(chan int, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- call{r.Header.Get(telegram.SecretHeader), string(body)}
		w.WriteHeader(<-status)
	}))
	defer hook.Close()
	if err := c.SetWebhook(t.Context(), telegram.Webhook{URL: hook.URL, Secret: "s_1"}); err != nil {
		t.Fatal(err)
	}
	status <- 500
	status <- 200
	s.Start(anna, "x")
	first, again := receive(t, calls), receive(t, calls)
	if first != again || !telegram.VerifySecret(first.secret, "s_1") || !telegram.Raw(json.RawMessage(first.body)).HasID {
		t.Errorf("%+v then %+v", first, again)
	}
	info, err := c.WebhookInfo(t.Context())
	if err != nil || info.URL != hook.URL || info.LastError == "" || len(info.AllowedUpdates) != len(telegram.AllowedUpdates()) {
		t.Errorf("info %+v %v", info, err)
	}
	if err := c.DeleteWebhook(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.SetWebhook(t.Context(), telegram.Webhook{URL: hook.URL, Secret: "no good"}); err == nil {
		t.Error("a malformed secret is accepted")
	}
}
