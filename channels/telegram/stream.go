package telegram

import (
	"context"

	"github.com/kruzhok/kruzhok/channels"
)

var _ channels.Streamer = (*conn)(nil)

// Stream implements channels.Streamer. The Bot API answers each message before it takes the next on a connection, so nothing is under way meanwhile; but a
// result is told together with the next beginning, when that comes at once.
func (c *conn) Stream(ctx context.Context, f channels.Feed) {
	s := stream{feed: f}
	defer func() { // a panic loses no result either
		c.before = nil
		_ = s.tell(nil)
	}()
	c.before = func() { _ = s.tell(nil) }
	for m := f.Next(); m != nil; m = f.Next() {
		r := c.Send(ctx, m, func() error { return s.tell(m) })
		_ = s.tell(nil) // m never began; nothing follows, so nothing is refused
		s.done, s.receipt = m, r
		if r.Class != channels.OK {
			_ = s.tell(nil)
		}
	}
}

// stream holds a result that the feed does not know yet.
type stream struct {
	feed    channels.Feed
	done    *channels.Message
	receipt channels.Receipt
}

// tell tells it, and that next begins.
func (s *stream) tell(next *channels.Message) error {
	done := s.done
	if done == nil && next == nil {
		return nil
	}
	s.done = nil
	return s.feed.Turn(done, s.receipt, next)
}

// wait is called before anything that may take its time while nothing has begun.
func (c *conn) wait() {
	if c.before != nil {
		c.before()
	}
}
