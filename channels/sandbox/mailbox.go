package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Acceptance is one mail that the server took responsibility for, whether or not the client heard so.
type Acceptance struct {
	Rcpt, EnvelopeFrom string
	// MessageID without angle brackets.
	MessageID string
	At        time.Time
}

// Mailbox holds what the server accepted. Recipients are compared without regard to case. It is safe for concurrent use.
type Mailbox struct {
	keep bool
	now  func() time.Time

	mu      sync.Mutex
	journal []Acceptance
	mails   map[string][]Mail
	counts  map[string]int
	outbox  map[string][]Outgoing // by recipient of what is answered
	changed chan struct{}         // nil while nobody waits; closed at the next change
}

func newMailbox(keep bool, now func() time.Time) *Mailbox {
	if now == nil {
		now = time.Now
	}
	return &Mailbox{keep: keep, now: now, mails: map[string][]Mail{}, counts: map[string]int{}}
}

func mailKey(rcpt string) string { return strings.ToLower(rcpt) }

func (b *Mailbox) add(rcpt, from, id string, raw []byte) {
	a := Acceptance{Rcpt: rcpt, EnvelopeFrom: from, MessageID: id, At: b.now()}
	key := mailKey(rcpt)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.journal = append(b.journal, a)
	b.counts[key]++
	if b.keep {
		b.mails[key] = append(b.mails[key], Mail{Acceptance: a, Raw: raw})
	}
	b.notify()
}

func (b *Mailbox) notify() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// Journal is every acceptance in order.
func (b *Mailbox) Journal() []Acceptance {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.journal)
}

// Total is the length of the journal.
func (b *Mailbox) Total() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.journal)
}

// Count is how many mails the recipient got, kept or not.
func (b *Mailbox) Count(rcpt string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[mailKey(rcpt)]
}

// Recipients are those who got a mail, sorted, in lower case.
func (b *Mailbox) Recipients() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]string, 0, len(b.counts))
	for r := range b.counts {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

// Mails are the recipient's mails, oldest first; none without MailConfig.KeepBodies.
func (b *Mailbox) Mails(rcpt string) []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails[mailKey(rcpt)])
}

// Clear forgets everything, the journal too.
func (b *Mailbox) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.journal, b.mails, b.counts, b.outbox = nil, map[string][]Mail{}, map[string]int{}, nil
}

// WaitFor returns the recipient's mails once done says so; done is asked at the start and after each change. An empty done waits for the first mail.
func (b *Mailbox) WaitFor(ctx context.Context, rcpt string, done func([]Mail) bool) ([]Mail, error) {
	if done == nil {
		done = func(m []Mail) bool { return len(m) > 0 }
	}
	var mails []Mail
	err := b.wait(ctx, func() bool {
		mails = b.Mails(rcpt)
		return done(mails)
	})
	if err != nil {
		return mails, fmt.Errorf("wait for mail, %d so far: %w", len(mails), err)
	}
	return mails, nil
}

// WaitTotal returns once at least n mails were accepted for anyone.
func (b *Mailbox) WaitTotal(ctx context.Context, n int) error {
	if err := b.wait(ctx, func() bool { return b.Total() >= n }); err != nil {
		return fmt.Errorf("wait for %d mails, %d so far: %w", n, b.Total(), err)
	}
	return nil
}

func (b *Mailbox) wait(ctx context.Context, done func() bool) error {
	for {
		changed := b.nextChange() // before looking, so that no change falls between
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *Mailbox) nextChange() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}
