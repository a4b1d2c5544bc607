package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	tg "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// linkIdle is how long an unused connection is trusted: what lies between may forget it without a word, and a message lost there would be unknown.
const linkIdle = 30 * time.Second

// link is one connection to the Bot API for one Conn: a call after the other, each written at once and answered before the next, by the goroutine that calls.
// It is the library's HTTP client. net/http's transport, which all other calls use, has two goroutines for each connection and hands each request from one to
// the other (docs/decisions/016).
type link struct {
	client *Client
	to     *destination
	bot    *tg.BotAPI
	wait   func() // called before connecting

	conn *peer // nil: not connected
	used time.Time
	out  bytes.Buffer // the request
	in   []byte       // the answer's body
	body bytes.Reader

	// Of the call that is being made.
	ctx    context.Context //nolint:containedctx // the library passes none on
	until  time.Time
	flight *flight
}

// link returns a connection of one's own, nil where calls must go through net/http.
func (c *Client) link(wait func()) *link {
	if c.direct == nil {
		return nil
	}
	l := &link{client: c, to: c.direct, wait: wait}
	l.bot = c.bot(l)
	return l
}

// call is Client.do for a request without a file.
func (l *link) call(ctx context.Context, r request) (json.RawMessage, error) {
	f := &flight{begin: r.begin}
	l.ctx, l.until, l.flight = ctx, time.Now().Add(r.timeout), f
	if limit, ok := ctx.Deadline(); ok && limit.Before(l.until) {
		l.until = limit
	}
	res, err := l.bot.MakeRequest(r.method, r.params)
	if err != nil {
		return nil, l.client.explain(r.method, f, err)
	}
	return res.Result, nil
}

func (l *link) close() {
	if l.conn != nil {
		_ = l.conn.Close() // nothing is on its way
		l.conn = nil
	}
}

// errStale: the connection was gone before a byte of the request was taken.
var errStale = errors.New("the connection was closed while idle")

// Do implements tg.HTTPClient. The answer's body is good until the next call.
func (l *link) Do(r *http.Request) (*http.Response, error) {
	l.out.Reset()
	if err := r.Write(&l.out); err != nil {
		return nil, err
	}
	res, err := l.try(r)
	if errors.Is(err, errStale) {
		res, err = l.try(r)
	}
	return res, err
}

// try makes one attempt. errStale comes of an old connection only.
func (l *link) try(r *http.Request) (*http.Response, error) {
	if err := l.ctx.Err(); err != nil {
		return nil, err
	}
	old, err := l.ready()
	if err != nil {
		return nil, l.cause(err)
	}
	if err = l.flight.start(); err != nil { // nothing left: the connection is as good as before
		return nil, err
	}
	_ = l.conn.SetDeadline(l.until) // fails with the connection, which then tells
	stop := context.AfterFunc(l.ctx, l.conn.interrupt)
	n, err := l.conn.Write(l.out.Bytes())
	var res *http.Response
	if err == nil {
		_ = l.flight.handOver(true) // a link ends no call from outside
		res, err = l.hear(r)
	}
	if !stop() || err != nil || !l.conn.reusable() {
		l.close()
	}
	l.used = time.Now()
	if err != nil && n == 0 && old && l.ctx.Err() == nil && time.Now().Before(l.until) {
		err = errStale
	}
	return res, l.cause(err)
}

// ready connects unless there is a connection that still stands. old: there is one.
func (l *link) ready() (old bool, err error) {
	if l.conn != nil && time.Since(l.used) < linkIdle && l.conn.quiet() {
		return true, nil
	}
	l.close()
	l.wait()
	ctx, cancel := context.WithDeadline(l.ctx, l.until)
	defer cancel()
	l.conn, err = l.to.dial(ctx)
	l.used = time.Now()
	return false, err
}

// cause names the caller's reason where the connection only felt it.
func (l *link) cause(err error) error {
	var timeout net.Error
	switch {
	case err == nil:
		return nil
	case l.ctx.Err() != nil:
		return l.ctx.Err()
	case errors.As(err, &timeout) && timeout.Timeout() && !time.Now().Before(l.until):
		return context.DeadlineExceeded
	}
	return err
}
