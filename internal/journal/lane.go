package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

const (
	rotateAt   = 1 << 20  // a file of this size is left for a new one
	truncateAt = 64 << 10 // a file of this size is emptied as soon as nothing in it is open
)

// ErrLaneBroken: an earlier write left a torn record that could not be cut off. Open another lane.
var ErrLaneBroken = errors.New("the lane is broken or closed")

// Lane is the journal of one connection.
//
// An id is open from Begin until Committed has been called for it as often as Begin was: once for each attempt, after that attempt's
// outcome is in SQL. A file is emptied or removed only when no id that was begun in it, or in an older one, is open; so files stay
// near 1 MiB, and no open record can be lost, however late or out of order the commits come.
//
// Begin and Result belong to the connection's goroutine; Committed may come from another.
type Lane struct {
	journal *Journal
	name    string

	mu     sync.Mutex
	file   *os.File
	size   int64
	closed bool
	files  []laneFile // oldest first; the last is file
	number int
	open   map[int64]begun
	buf    [2 * recordSize]byte
}

// laneFile is one file of the lane.
type laneFile struct {
	number int
	path   string
	open   int // open ids that were begun in it
}

// begun says how often an open id was begun without being committed, and in which file first.
type begun struct{ times, file int }

// Begin records that the message is about to leave. When it fails, nothing may be sent.
func (l *Lane) Begin(id int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	l.entry(0, kindBegun, id, Record{})
	return l.begin(id, recordSize)
}

// Result records how the message ended. It may fail: the message then counts as begun until SQL knows better.
func (l *Lane) Result(id int64, r Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entry(0, kindResult, id, r)
	return l.write(recordSize)
}

// Next is Result for one message and Begin for the next in a single write, for pipelined connections. When it fails, next may not be sent.
func (l *Lane) Next(done int64, r Record, next int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	l.entry(0, kindResult, done, r)
	l.entry(recordSize, kindBegun, next, Record{})
	return l.begin(next, 2*recordSize)
}

// Committed says that the outcomes of these messages are in SQL: one mention for each Begin. Ids that were never begun are ignored.
func (l *Lane) Committed(ids ...int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.commit(id)
	}
	return l.shrink()
}

// Close ends the lane for its connection. Its files go when the last open id is committed.
func (l *Lane) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.shrink()
}

// entry puts a record into the buffer.
func (l *Lane) entry(at int, kind byte, id int64, r Record) {
	e := entry{kind: kind, seq: l.journal.seq.Add(1), id: id, Record: r}
	e.put(l.buf[at:])
}

// ready makes room for records: it rotates a file that is full.
func (l *Lane) ready() error {
	if l.file == nil || l.closed {
		return ErrLaneBroken
	}
	if l.size < rotateAt {
		return nil
	}
	if err := l.rotate(); err != nil {
		return fmt.Errorf("rotate lane: %w", err)
	}
	return l.shrink()
}

// begin writes the buffer, whose last record begins id, and counts the id as open.
func (l *Lane) begin(id int64, n int) error {
	if err := l.write(n); err != nil {
		return err
	}
	current := &l.files[len(l.files)-1]
	b, again := l.open[id]
	if !again {
		b.file = current.number
		current.open++
	}
	b.times++
	l.open[id] = b
	return nil
}

// write appends n bytes of the buffer. A torn record is cut off, so that the ones after it stay readable.
func (l *Lane) write(n int) error {
	if l.file == nil {
		return ErrLaneBroken
	}
	if _, err := l.file.Write(l.buf[:n]); err != nil {
		if cut := l.cut(l.size); cut != nil {
			err = errors.Join(err, cut, l.file.Close())
			l.file = nil
		}
		return fmt.Errorf("write journal: %w", err)
	}
	l.size += int64(n)
	return nil
}

func (l *Lane) cut(size int64) error {
	if err := l.file.Truncate(size); err != nil {
		return err
	}
	_, err := l.file.Seek(size, 0)
	l.size = size
	return err
}

func (l *Lane) commit(id int64) {
	b, ok := l.open[id]
	if !ok {
		return
	}
	if b.times--; b.times > 0 {
		l.open[id] = b
		return
	}
	delete(l.open, id)
	for i := range l.files {
		if l.files[i].number == b.file {
			l.files[i].open--
		}
	}
}

// rotate goes on in a new file.
func (l *Lane) rotate() error {
	path := filepath.Join(l.journal.path, fmt.Sprintf("%s-%06d%s", l.name, l.number+1, suffix))
	// Not O_APPEND: Windows does not truncate such files.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if l.file != nil {
		err = l.file.Close()
	}
	l.number++
	l.file, l.size = file, 0
	l.files = append(l.files, laneFile{number: l.number, path: path})
	return err
}

// shrink removes files that hold nothing open, oldest first: a result may stand in a younger file than its beginning,
// and must not go before it.
func (l *Lane) shrink() error {
	for len(l.files) > 1 && l.files[0].open == 0 {
		if err := os.Remove(l.files[0].path); err != nil {
			return fmt.Errorf("remove journal: %w", err)
		}
		l.files = l.files[1:]
	}
	switch {
	case len(l.open) > 0 || l.file == nil:
		return nil
	case l.closed:
		return l.remove()
	case l.size >= truncateAt:
		return l.cut(0)
	}
	return nil
}

// remove ends a closed lane without open ids.
func (l *Lane) remove() error {
	err := l.file.Close()
	l.file = nil
	return errors.Join(err, os.Remove(l.files[0].path))
}

// release closes the file of a lane whose open ids are left for a replay.
func (l *Lane) release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// gone reports that nothing of the lane is left to close.
func (l *Lane) gone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file == nil
}
