package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const sqliteReaders = 4

// sqliteEngine is one file in WAL mode: one connection that writes, four that read. Whoever waits for one is served in turn (line),
// so with the mutex around bulk work at most one bulk transaction stands ahead of an interactive one (15 ms at p99, measured).
type sqliteEngine struct {
	path    string
	memory  *memory // nil: a file; see openMemory
	writers *sql.DB
	readers *sql.DB
	writer  *line
	reader  *line
	bulk    sync.Mutex
	turns   turns
	ids     *liteIDs
}

func openSQLite(ctx context.Context, path string) (_ *sqliteEngine, err error) {
	if path, err = sqlitePath(path); err != nil {
		return nil, err
	}
	e := &sqliteEngine{path: path, writer: newLine(1), reader: newLine(sqliteReaders)}
	e.ids = &liteIDs{file: e}
	defer func() {
		if err != nil {
			_ = e.closeDBs()
		}
	}()
	// The writer comes first: it makes the file a WAL database.
	if e.writers, err = e.connect(ctx, e.writer, 1, writerCache, durable); err != nil {
		return nil, err
	}
	if e.readers, err = e.connect(ctx, e.reader, sqliteReaders, readerCache, "query_only(ON)"); err != nil {
		return nil, err
	}
	return e, nil
}

// sqlitePath makes the path absolute, and the file and its folder for this user alone; SQLite gives -wal and -shm the file's mode.
func sqlitePath(path string) (string, error) {
	path = strings.TrimPrefix(path, "//") // sqlite:///var/lib/… as others write it
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return "", errors.New("sqlite: a path is needed")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

func (e *sqliteEngine) connect(ctx context.Context, to *line, n int, pragmas ...string) (*sql.DB, error) {
	db, err := e.open(n, pragmas...)
	if err != nil {
		return nil, err
	}
	for range n {
		if err := give(ctx, db, to); err != nil {
			_ = db.Close()
			return nil, err
		}
	}
	return db, nil
}

// lockWait is how long opening waits for others' locks, as busy_timeout does for statements. Where two processes make a new file a WAL database at once, and could
// wait for each other, SQLite asks no busy handler and refuses one of them (sqlite3_busy_handler, "could result in a deadlock").
const lockWait = 10 * time.Second

// give puts one of the pool's connections into the line.
func give(ctx context.Context, db *sql.DB, to *line) error {
	c, err := db.Conn(ctx)
	for end := time.Now().Add(lockWait); locked(err) && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(10 * time.Millisecond)
		c, err = db.Conn(ctx)
	}
	if err == nil {
		to.give(&liteConn{conn: c, prepared: map[string]*sql.Stmt{}})
	}
	return err
}

func (e *sqliteEngine) open(n int, pragmas ...string) (*sql.DB, error) {
	all := append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "temp_store(MEMORY)"}, pragmas...)
	u := url.URL{Scheme: "file", Path: e.path, RawQuery: url.Values{"_pragma": all}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	return db, nil
}

// migrations is a connection for goose, which wants a pool of its own; it is closed when the schema is up.
func (e *sqliteEngine) migrations() (*sql.DB, error) { return e.open(1, writerCache, durable) }

// How many kB of pages a connection keeps in memory. The writer's are those of the indexes that it changes; what the readers look at stands in the system's
// cache too, and there are several of them.
const (
	writerCache = "cache_size(-32768)"
	readerCache = "cache_size(-16384)"
)

// durable is what a commit waits for: the disk.
const durable = "synchronous(FULL)"

func (e *sqliteEngine) dialect() dialect   { return dialect{} }
func (e *sqliteEngine) idSource() idSource { return e.ids }

func (e *sqliteEngine) exec(context.Context, string, ...any) (int64, error) {
	return 0, errors.New("sqlite: write outside a transaction")
}

func (e *sqliteEngine) query(ctx context.Context, text string, args ...any) (rows, error) {
	c, err := e.takeReader(ctx)
	if err != nil {
		return nil, err
	}
	rs, err := c.query(ctx, text, args...)
	if err != nil {
		e.reader.give(c)
		return nil, err
	}
	return &returning{rows: rs, back: func() { e.reader.give(c) }}, nil
}

// returning gives the connection back when the rows are closed.
type returning struct {
	rows
	back func()
	once sync.Once
}

func (r *returning) Close() {
	r.once.Do(func() {
		r.rows.Close()
		r.back()
	})
}

func (e *sqliteEngine) read(ctx context.Context, fn func(runner) error) error {
	c, err := e.takeReader(ctx)
	if err != nil {
		return err
	}
	defer func() { e.reader.give(c) }()
	return c.transact("BEGIN", func() error { return fn(c) })
}

func (e *sqliteEngine) write(ctx context.Context, how manner, fn func(runner) error) error {
	if how == bulk || how == often {
		e.bulk.Lock()
		defer e.bulk.Unlock()
		if e.memory == nil {
			e.turns.wait(ctx)
		}
	} else {
		e.turns.begin()
		defer e.turns.end()
	}
	c, err := e.writer.take(ctx)
	if err != nil {
		return err
	}
	defer func() { e.writer.give(c) }()
	// The transaction is short and bounded: once begun it ends by itself. A cancelable context would also cost a goroutine a statement.
	w := uncanceled{c}
	kept := int64(0)
	err = c.transact("BEGIN IMMEDIATE", func() error {
		if err := fn(w); err != nil {
			return err
		}
		kept, err = e.ids.keep(ctx, w)
		return err
	})
	if err == nil {
		e.ids.kept(kept)
	}
	return e.fits(err)
}

// again: the file is locked by another process, or ids were given out by one.
func (e *sqliteEngine) again(err error) bool {
	return locked(err) || errors.Is(err, errIDsMoved)
}

// locked: by another connection.
func locked(err error) bool {
	var se *sqlite.Error
	return errors.As(err, &se) && (se.Code()&0xff == sqlite3.SQLITE_BUSY || se.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

func (e *sqliteEngine) close() error {
	if e.memory != nil {
		return e.forget()
	}
	e.reader.close(sqliteReaders)
	e.writer.close(1)
	return e.closeDBs()
}

func (e *sqliteEngine) closeDBs() error {
	var errs []error
	for _, db := range []*sql.DB{e.readers, e.writers} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
