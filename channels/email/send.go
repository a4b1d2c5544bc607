package email

import (
	"context"
	"errors"
	"net"
	"os"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
)

// Sender opens SMTP connections to one server. It is safe for concurrent use.
type Sender struct{ cfg Config }

var _ channels.Sender = (*Sender)(nil)

// New returns a sender; nothing is connected before Dial.
func New(cfg Config) *Sender { return &Sender{cfg: cfg.withDefaults()} }

// Channel is campaigns.Email.
func (s *Sender) Channel() campaigns.Channel { return campaigns.Email }

// Dial connects, protects the connection and authenticates. Its error is a *DialError.
func (s *Sender) Dial(ctx context.Context) (channels.Conn, error) {
	c := &conn{cfg: &s.cfg, letter: &letter{}, leaving: &letter{}}
	if err := c.dial(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// conn is a Conn: one connection at a time, opened anew when the server closed the last one between mails.
type conn struct {
	cfg             *Config
	link            *link // nil when there is none
	closed          bool
	letter, leaving *letter // the mail that is made, and in a stream the one before it
}

func (c *conn) dial(ctx context.Context) error {
	l, err := open(ctx, c.cfg)
	if err != nil {
		return dialError(err)
	}
	c.link = l
	return nil
}

// drop forgets a connection whose state is unknown.
func (c *conn) drop() {
	if c.link != nil {
		c.link.kill()
		c.link = nil
	}
}

// Close says goodbye to the server. A Conn that was closed sends nothing more.
func (c *conn) Close() error {
	c.closed = true
	if c.link != nil {
		c.link.quit()
		c.link = nil
	}
	return nil
}

// Send implements channels.Conn. A connection that turns out to have been closed by the server is replaced once.
func (c *conn) Send(ctx context.Context, m *channels.Message, begin func() error) channels.Receipt {
	e, refused := check(m)
	if refused != nil {
		return *refused
	}
	if c.closed {
		return channels.Receipt{Class: channels.Temporary, Detail: "connection is closed"}
	}
	for {
		fresh := c.link == nil
		if fresh {
			if err := c.dial(ctx); err != nil {
				return receiptOf(err)
			}
		}
		r, stale := c.attempt(ctx, e, begin)
		if !stale || fresh || ctx.Err() != nil {
			return withoutPersons(r, e)
		}
	}
}

// attempt sends over the open connection. stale: the server had hung up before it looked at this mail.
func (c *conn) attempt(ctx context.Context, e *envelope, begin func() error) (r channels.Receipt, stale bool) {
	if e.needsUTF8() && !c.link.utf8 {
		return channels.Receipt{Class: channels.Refused, Code: "5.6.7", Detail: "the mail server does not support SMTPUTF8"}, false
	}
	if err := c.letter.write(e, c.link); err != nil {
		return *broken(err.Error()), false
	}
	c.link.limit, _ = ctx.Deadline()
	stop := context.AfterFunc(ctx, c.link.kill)
	t := transfer{link: c.link, begin: begin}
	r = t.run(ctx, c.letter)
	if !stop() || t.lost {
		c.drop()
	}
	return r, t.stale
}

// withoutPersons takes the member and the envelope sender out of what the server said.
func withoutPersons(r channels.Receipt, e *envelope) channels.Receipt {
	for _, m := range []mailbox{e.to, e.bounce} {
		if m.ascii != "" {
			r.Detail = withoutMailbox(r.Detail, m)
			r.ProviderID = cutBytes(withoutMailbox(r.ProviderID, m), 200)
		}
	}
	return r
}

// lostBefore is the receipt for a connection that broke before anything of the message left.
func lostBefore(err error) channels.Receipt {
	return channels.Receipt{Class: channels.Temporary, Detail: "connection " + why(err) + " before the message began"}
}

// lostAfter is the one for a connection that broke after begin: the message may have arrived.
func lostAfter(err error) channels.Receipt {
	return channels.Receipt{Class: channels.Uncertain, Detail: "connection " + why(err) + " after the message began, before the server's answer"}
}

func why(err error) string {
	var n net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &n) && n.Timeout():
		return "timed out"
	case errors.Is(err, errProtocol):
		return "spoke no SMTP"
	case errors.Is(err, context.Canceled), errors.Is(err, net.ErrClosed):
		return "was ended by us"
	}
	return "was lost"
}
