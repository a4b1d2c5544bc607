package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// openMemory is a database in memory: one connection that reads and writes, for whose pages nobody else asks. It costs no file, no write-ahead log and no lock,
// and no page is read twice; but a read that is not the Tx's own waits until the transaction ends.
func openMemory(ctx context.Context, most int64) (*sqliteEngine, error) {
	dsn := "file::memory:?_pragma=temp_store(MEMORY)"
	if most > 0 {
		dsn += fmt.Sprintf("&_pragma=page_size(%d)&_pragma=max_page_count(%d)", memoryPage, max(most/memoryPage, 1))
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	one := newLine(1)
	e := &sqliteEngine{memory: new(memory), writers: db, writer: one, reader: one}
	e.ids = &liteIDs{file: e}
	if err := give(ctx, db, one); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return e, nil
}

// memory is what a database in memory has that a file has not.
type memory struct {
	full atomic.Bool // something did not fit
}

// memoryPage is SQLite's own default, in bytes.
const memoryPage = 4096

// ErrFull says that a database in memory has as many bytes as it may have. It is not away: waiting does not help.
var ErrFull = errors.New("sqlite in memory: the bound of its size is reached")

// Full reports whether something did not fit into a database in memory, whoever was told of it.
func (s *Store) Full() bool {
	e, ok := s.engine.(*sqliteEngine)
	return ok && e.memory != nil && e.memory.full.Load()
}

// fits is err of a write, or ErrFull.
func (e *sqliteEngine) fits(err error) error {
	var se *sqlite.Error
	if e.memory == nil || !errors.As(err, &se) || se.Code()&0xff != sqlite3.SQLITE_FULL {
		return err
	}
	e.memory.full.Store(true)
	return ErrFull
}

// memoryMigrator lends the one connection to the migrations.
func (e *sqliteEngine) memoryMigrator(ctx context.Context) (migrator, func() error, error) {
	c, err := e.writer.take(ctx)
	if err != nil {
		return nil, nil, err
	}
	c.close() // the pool keeps it, and with it the database
	end := func() error {
		if err := give(context.WithoutCancel(ctx), e.writers, e.writer); err != nil {
			e.writer.shut()
			return err
		}
		// The first id may be asked for inside of a transaction, which could not read then what is reserved.
		_, err := e.ids.next(context.WithoutCancel(ctx), 0)
		return err
	}
	m, err := provider(e.dialect(), e.writers)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return m, end, nil
}

// memoryPatience is how long a read waits at most for the transaction that has the connection: no transaction takes so long, but one whose own caller waits.
const memoryPatience = time.Minute

var errReadsItself = errors.New("sqlite in memory: the connection is not given back; a transaction may wait for a read beside it")

// takeReader is take for whoever reads.
func (e *sqliteEngine) takeReader(ctx context.Context) (*liteConn, error) {
	if e.memory == nil {
		return e.reader.take(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, memoryPatience, errReadsItself)
	defer cancel()
	c, err := e.reader.take(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = context.Cause(ctx)
	}
	return c, err
}

// forget closes the database, and with it it is gone.
func (e *sqliteEngine) forget() error {
	e.writer.close(1)
	return e.closeDBs()
}
