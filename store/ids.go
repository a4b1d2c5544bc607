package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

// idBlock is how many ids are reserved at once. The sequence in migrations/postgres steps by it.
const idBlock = 1000

// NextID returns a fresh id, larger than any that this process was given before. Ids of one process come from blocks of 1000; a crash leaves a gap.
// It may be called inside and outside of transactions.
func (s *Store) NextID(ctx context.Context) (int64, error) { return s.NextIDs(ctx, 1) }

// NextIDs returns the first of n consecutive fresh ids, 1 ≤ n ≤ 1000.
func (s *Store) NextIDs(ctx context.Context, n int) (int64, error) { return nextIDs(ctx, s.ids, n) }

func nextIDs(ctx context.Context, from idSource, n int) (int64, error) {
	if n < 1 || n > idBlock {
		return 0, fmt.Errorf("next ids: %d asked for, 1 to %d can be given", n, idBlock)
	}
	first, err := from.next(ctx, n)
	if err != nil {
		return 0, fmt.Errorf("next ids: %w", err)
	}
	return first, nil
}

// fill gives the id a value unless it has one.
func fill[T ~int64](ctx context.Context, from idSource, id *T) error {
	if *id != 0 {
		return nil
	}
	n, err := nextIDs(ctx, from, 1)
	*id = T(n)
	return err
}

// pgIDs takes blocks from the sequence, which belongs to no transaction.
type pgIDs struct {
	side *pgxpool.Pool
	mu   sync.Mutex
	free int64 // the next id
	end  int64 // the first id after the block
}

func (p *pgIDs) next(ctx context.Context, n int) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free+int64(n) > p.end {
		var block int64
		if err := p.side.QueryRow(ctx, `SELECT nextval('id_blocks')`).Scan(&block); err != nil {
			return 0, err
		}
		p.free, p.end = block, block+idBlock
	}
	first := p.free
	p.free += int64(n)
	return first, nil
}

// liteIDs gives ids from memory and lets the next transaction that commits reserve them. A transaction of its own would wait for the
// one writer, which the caller may hold. An id matters only when a row with it is committed, and that commit reserves it.
//
// Another process on the same file (a command beside the server) is noticed when the reservation is not where this process left it:
// the transaction is repeated with fresh ids.
type liteIDs struct {
	file     runner // reads the reservation before the first id is given
	mu       sync.Mutex
	free     int64 // the next id
	end      int64 // the first id after the block
	reserved int64 // what the file says; 0: it was not asked yet
}

var errIDsMoved = errors.New("another process took these ids")

const liteReservation = `SELECT next FROM id_blocks WHERE id = 1`

func (l *liteIDs) next(ctx context.Context, n int) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reserved == 0 {
		next, _, err := one(ctx, l.file, value[int64], liteReservation)
		if err != nil {
			return 0, err
		}
		l.free, l.end, l.reserved = next, next, next
	}
	if l.free+int64(n) > l.end {
		l.free, l.end = l.end, l.end+idBlock
	}
	first := l.free
	l.free += int64(n)
	return first, nil
}

// keep reserves in w what was given out, and returns the mark for kept.
func (l *liteIDs) keep(ctx context.Context, w runner) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end <= l.reserved {
		return l.reserved, nil
	}
	n, err := w.exec(ctx, `UPDATE id_blocks SET next = $1 WHERE id = 1 AND next = $2`, l.end, l.reserved)
	if err != nil {
		return 0, fmt.Errorf("reserve ids: %w", err)
	}
	if n == 1 {
		return l.end, nil
	}
	found, _, err := one(ctx, w, value[int64], liteReservation)
	if err != nil {
		return 0, fmt.Errorf("read ids: %w", err)
	}
	l.reserved = found
	l.end = max(l.end, found) // never again what this process gave
	l.free = l.end
	return 0, errIDsMoved
}

// kept notes that the reservation was committed.
func (l *liteIDs) kept(mark int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reserved = max(l.reserved, mark)
}

// NextID is Store.NextID inside a transaction.
func (tx *Tx) NextID(ctx context.Context) (int64, error) { return nextIDs(ctx, tx.ids, 1) }

// NextIDs is Store.NextIDs inside a transaction.
func (tx *Tx) NextIDs(ctx context.Context, n int) (int64, error) { return nextIDs(ctx, tx.ids, n) }

// SkipIDs leaves n ids free. A database that was restored from a backup has given them since, in links that are out there and would lead to other rows.
func (tx *Tx) SkipIDs(ctx context.Context, n int64) error {
	if tx.dialect.postgres {
		_, _, err := one(ctx, tx.run, value[int64], `SELECT setval('id_blocks', last_value + $1) FROM id_blocks`, n)
		return wrap("skip ids", err)
	}
	_, err := tx.run.exec(ctx, `UPDATE id_blocks SET next = next + $1 WHERE id = 1`, n)
	return wrap("skip ids", err)
}
