package sink

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

// Ledger counts what a sink has taken, by whom it was for and what it was: a recipient and a Message-ID, a chat and the first line of a text.
// It is safe for concurrent use; a million entries take some 150 MB and no time worth naming.
type Ledger struct {
	seed   maphash.Seed
	shards [32]ledgerShard
	total  atomic.Int64
	apart  atomic.Int64 // different ones
}

type ledgerShard struct {
	mu     sync.Mutex
	counts map[string]int32
	key    []byte // the last one, to spare an allocation
}

// NewLedger returns an empty ledger.
func NewLedger() *Ledger {
	l := &Ledger{seed: maphash.MakeSeed()}
	l.Reset()
	return l
}

// between stands between whom and what: it is in neither.
const between = "\x00"

// Add counts one more.
func (l *Ledger) Add(whom, what []byte) {
	s := &l.shards[maphash.Bytes(l.seed, whom)%uint64(len(l.shards))]
	l.total.Add(1)
	s.mu.Lock()
	s.key = append(append(append(s.key[:0], whom...), between...), what...)
	if n, ok := s.counts[string(s.key)]; ok {
		s.counts[string(s.key)] = n + 1
	} else {
		s.counts[string(s.key)] = 1
		l.apart.Add(1)
	}
	s.mu.Unlock()
}

// Count is how often it was taken.
func (l *Ledger) Count(whom, what string) int {
	s := &l.shards[maphash.String(l.seed, whom)%uint64(len(l.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.counts[whom+between+what])
}

// Total is how many were taken in all.
func (l *Ledger) Total() int64 { return l.total.Load() }

// Each shows every entry, in no order. fn must not call the ledger.
func (l *Ledger) Each(fn func(whom, what string, n int)) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for key, n := range s.counts {
			whom, what, _ := strings.Cut(key, between)
			fn(whom, what, int(n))
		}
		s.mu.Unlock()
	}
}

// Totals sums a ledger up.
type Totals struct {
	// Taken is how many messages were taken, Different how many different ones; what was taken more than once is Repeated times too many.
	Taken     int64 `json:"taken"`
	Different int64 `json:"different"`
	Repeated  int64 `json:"repeated"`
}

// Totals is the sum so far. It looks at no entry: whoever waits for the end asks often.
func (l *Ledger) Totals() Totals {
	apart := l.apart.Load() // before the total, which is never less
	total := l.total.Load()
	return Totals{Taken: total, Different: apart, Repeated: total - apart}
}

// Reset forgets everything.
func (l *Ledger) Reset() {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		s.counts = map[string]int32{}
		s.mu.Unlock()
	}
	l.total.Store(0)
	l.apart.Store(0)
}
