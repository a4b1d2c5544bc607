package simulation

import (
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Bounds of the memory that a simulation takes: a service that members wait for must not end because of one.
const (
	// maxDatabase is how many bytes the databases of a simulation have together.
	maxDatabase = 256 << 20
	// maxKept is how many bytes are kept beside them: what is told of members' days, and what waits to be answered.
	maxKept = 32 << 20
	// itemBytes is about what an item of a story takes beside its texts, and a message that waits to be answered.
	itemBytes = 600
	// keyBytes is what a button sends (Bot API InlineKeyboardButton: at most 64 bytes).
	keyBytes = 64
)

// fits is the fault that ends a simulation which has become too large; nil: it has not.
func (s *stage) fits() error {
	if !s.store.Full() && s.kept.Load() <= s.plan.kept {
		return nil
	}
	now := s.clock.now()
	return fault.New(fault.Invalid, "invalid.simulation_size", map[string]any{
		"at": locale.DateTime(s.plan.Lang, now.In(s.plan.zone)), "day": s.plan.dayOf(now),
	})
}

// unless is err, or what it comes of: a database that takes nothing more.
func (s *stage) unless(err error) error {
	if err == nil || s.store == nil {
		return err
	}
	if full := s.fits(); full != nil {
		return full
	}
	return err
}

// textBytes is what the member reads.
func textBytes(m *channels.Message) int64 {
	n := len(m.HTML)
	if m.Mail != nil {
		n += len(m.Mail.Subject) + len(m.Mail.HTML) + len(m.Mail.Text)
	}
	return int64(n)
}
