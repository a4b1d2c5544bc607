package email

import (
	"context"

	"github.com/kruzhok/kruzhok/channels"
)

var _ channels.Streamer = (*conn)(nil)

// Stream implements channels.Streamer. With PIPELINING (RFC 2920) the envelope of the next mail leaves right behind the body of the last one: a round trip
// and some system calls less for each. No body leaves before its 354. Whatever does not go straight on is left to Send.
func (c *conn) Stream(ctx context.Context, f channels.Feed) {
	for m := f.Next(); m != nil; {
		if c.link != nil && c.link.pipelining && !c.closed {
			m = c.ahead(ctx, f, m)
		}
		if m == nil || ctx.Err() != nil {
			return
		}
		r := c.Send(ctx, m, func() error { return f.Turn(nil, channels.Receipt{}, m) })
		_ = f.Turn(m, r, nil) // nothing follows, so nothing is refused
		m = f.Next()
	}
}

// ahead sends m and what follows over the open connection, as long as all goes well. It returns the message that Send is to try, of which nothing left;
// nil: the feed has no more.
func (c *conn) ahead(ctx context.Context, f channels.Feed, m *channels.Message) *channels.Message {
	s := stream{transfer: transfer{link: c.link}, conn: c, feed: f}
	c.link.limit, _ = ctx.Deadline()
	stop := context.AfterFunc(ctx, c.link.kill)
	m = s.run(m)
	if !stop() || s.lost {
		c.drop()
	}
	return m
}

// stream is a run of mails over one connection.
type stream struct {
	transfer
	conn *conn
	feed channels.Feed

	done    *channels.Message // whose result the feed does not know yet
	receipt channels.Receipt
}

// run sends m and the next ones until the feed has no more. It returns early, with the message to go on with, when the connection is lost or a message
// cannot be made.
func (s *stream) run(m *channels.Message) *channels.Message {
	said := false // m's envelope
	for m != nil && !s.lost {
		if !said && !s.say(m) {
			break
		}
		m, said = s.step(m)
	}
	_ = s.tell(nil)
	return m
}

// say makes m's mail and writes its envelope.
func (s *stream) say(m *channels.Message) bool {
	if !s.conn.letter.make(m, s.link) {
		return false
	}
	s.lost = s.write(s.conn.letter.envelope(nil, s.link)) != nil
	return !s.lost
}

// step is called when m's envelope is said. It hears the answer, sends the body with the next message's envelope behind it, and hears what became of m.
// It returns the message to go on with, and whether its envelope is said. When the connection is lost before m begins, that is m.
func (s *stream) step(m *channels.Message) (next *channels.Message, said bool) {
	phase, r, inData, err := s.hear(nil)
	if s.stale || err != nil {
		s.lost = true
		return m, false
	}
	if phase != "" {
		s.unwind(r, inData)
		_ = s.tell(nil)
		s.done, s.receipt = m, withoutPersons(Classify(r.code, r.enhanced, r.text, phase), s.conn.letter.e)
		_ = s.tell(nil)
		return s.feed.Next(), false
	}
	if s.tell(m) != nil { // the server waits for a body, and even a dot would deliver an empty mail: only hanging up delivers nothing
		s.lost = true
		return s.feed.Next(), false
	}
	c := s.conn
	c.letter, c.leaving = c.leaving, c.letter
	packet := c.leaving.wire()
	if next = s.feed.Next(); next != nil && c.letter.make(next, s.link) {
		packet, said = c.letter.envelope(packet, s.link), true
		c.leaving.raw = packet
	}
	werr := s.write(packet)
	s.done, s.receipt = m, withoutPersons(s.end(werr), c.leaving.e)
	if s.lost || s.link.client.Text.R.Buffered() == 0 { // nothing is to be done until the server says more: what is known is told before
		_ = s.tell(nil)
	}
	return next, said
}

func (s *stream) write(packet []byte) error {
	s.link.within(s.link.cfg.FinalTimeout)
	return s.link.write(packet)
}

// tell tells the feed the result that it does not know yet, and that next begins.
func (s *stream) tell(next *channels.Message) error {
	done := s.done
	if done == nil && next == nil {
		return nil
	}
	s.done = nil
	return s.feed.Turn(done, s.receipt, next)
}
