// Package journal keeps, on local disk, what a worker has begun to send: the one thing that SQL cannot know in time.
//
// Before a message's bytes leave, its id is appended by one write(2); so is its result before SQL hears of it. Both lie in the
// kernel's page cache then, which a SIGKILL does not touch, so no fsync is needed (it would cost 100 µs where a write costs 1).
// After power loss the tail may be missing; claims in SQL were synchronous, so what they cover becomes unknown and is not sent twice.
//
// A process is an owner with a folder of its own and a lock on it; a lock that can be taken belongs to the dead.
// Each connection writes its own lane, so that lanes share nothing. The next process replays the dead owner's lanes, commits
// the results (and "unknown" for what was begun without one) to SQL, and only then removes them.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gofrs/flock"
)

const (
	ownerLock = "owner.lock" // in an owner's folder: held while the owner lives
	dirLock   = ".lock"      // in the journal folder: held while an owner's folder is made or removed
	suffix    = ".journal"
)

// ErrOwnerExists is returned by Open when the owner lives already, or left records that must be replayed first.
var ErrOwnerExists = errors.New("the owner lives, or left records behind: replay its orphan first")

// Journal is the folder of one living owner. Its methods may be called from any goroutine.
type Journal struct {
	dir, path string // all owners; this one
	lock      *flock.Flock
	seq       atomic.Uint64 // orders records of all lanes; see record.seq

	mu    sync.Mutex
	lanes []*Lane
	made  int
}

// Open takes the folder of an owner below dir. owner is a file name that no other living process uses.
func Open(dir, owner string) (*Journal, error) {
	if owner == "" || strings.HasPrefix(owner, ".") || owner != filepath.Base(owner) {
		return nil, fmt.Errorf("open journal: %q is not a file name", owner)
	}
	j := &Journal{dir: dir, path: filepath.Join(dir, owner)}
	if err := exclusively(dir, j.take); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return j, nil
}

func (j *Journal) take() error {
	if err := os.MkdirAll(j.path, 0o700); err != nil {
		return err
	}
	j.lock = flock.New(filepath.Join(j.path, ownerLock))
	taken, err := j.lock.TryLock()
	if err != nil {
		return err
	}
	files, err := laneFiles(j.path)
	if !taken || len(files) > 0 {
		_ = j.lock.Close()
		return errors.Join(ErrOwnerExists, err)
	}
	return err
}

// Lane opens a file for one connection.
func (j *Journal) Lane() (*Lane, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.made++
	l := &Lane{journal: j, name: fmt.Sprintf("lane-%04d", j.made), open: map[int64]begun{}}
	if err := l.rotate(); err != nil {
		return nil, fmt.Errorf("open lane: %w", err)
	}
	j.lanes = append(slices.DeleteFunc(j.lanes, (*Lane).gone), l)
	return l, nil
}

// Close closes the lanes and gives up the lock. What is committed leaves nothing behind; the rest stays for a replay.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for _, l := range j.lanes {
		errs = append(errs, l.Close(), l.release())
	}
	return errors.Join(append(errs, exclusively(j.dir, func() error { return leave(j.path, j.lock) }))...)
}

// leave gives up an owner's lock and removes its folder if no records are in it. The caller holds the journal folder's lock.
func leave(path string, lock *flock.Flock) error {
	files, err := laneFiles(path)
	if err := errors.Join(err, lock.Close()); err != nil || len(files) > 0 {
		return err
	}
	// The lock file goes after the lock: Windows removes no open file.
	if err := os.Remove(filepath.Join(path, ownerLock)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Remove(path)
}

// exclusively runs f while no other process makes or removes an owner's folder below dir.
func exclusively(dir string, f func() error) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, dirLock))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock folder: %w", err)
	}
	return errors.Join(f(), lock.Close())
}

func laneFiles(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	return files, err
}
