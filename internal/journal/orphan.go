package journal

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"
)

// Orphan is the journal of a dead owner, held by this process until Remove or Release.
type Orphan struct {
	Owner string

	dir, path string
	lock      *flock.Flock
}

// Result is what became of one message.
type Result struct {
	ID int64
	Record
}

// Orphans takes every journal below dir whose owner is dead. No other process can take them meanwhile.
func Orphans(dir string) ([]Orphan, error) {
	var orphans []Orphan
	err := exclusively(dir, func() error {
		entries, err := os.ReadDir(dir)
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			o := Orphan{Owner: e.Name(), dir: dir, path: filepath.Join(dir, e.Name())}
			o.lock = flock.New(filepath.Join(o.path, ownerLock))
			taken, lockErr := o.lock.TryLock()
			if taken {
				orphans = append(orphans, o)
			}
			err = errors.Join(err, lockErr)
		}
		return err
	})
	if err != nil {
		return orphans, fmt.Errorf("find orphans: %w", err)
	}
	return orphans, nil
}

// Replay returns the last known result of each message, and the messages that were begun and have none. Each id comes once, in order.
//
// Results may have been committed before the owner died: apply them, and "unknown" for the begun ones, only to rows that
// the owner still claims. A torn record is skipped, and what follows it is still read.
func (o *Orphan) Replay() (results []Result, begun []int64, err error) {
	files, err := laneFiles(o.path)
	if err != nil {
		return nil, nil, fmt.Errorf("replay journal: %w", err)
	}
	var entries []entry
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, fmt.Errorf("replay journal: %w", err)
		}
		entries = append(entries, parseAll(content)...)
	}
	results, begun = settle(entries)
	return results, begun, nil
}

func parseAll(content []byte) (entries []entry) {
	for ; len(content) >= recordSize; content = content[recordSize:] {
		if e, ok := parse(content); ok {
			entries = append(entries, e)
		}
	}
	return entries
}

// settle keeps the last record of each id.
func settle(entries []entry) (results []Result, begun []int64) {
	last := map[int64]entry{}
	for _, e := range entries {
		if old, ok := last[e.id]; !ok || e.seq >= old.seq {
			last[e.id] = e
		}
	}
	for id, e := range last {
		if e.kind == kindBegun {
			begun = append(begun, id)
		} else {
			results = append(results, Result{ID: id, Record: e.Record})
		}
	}
	slices.Sort(begun)
	slices.SortFunc(results, func(a, b Result) int { return cmp.Compare(a.ID, b.ID) })
	return results, begun
}

// Remove deletes the journal. Call it only after everything that Replay returned is committed.
func (o *Orphan) Remove() error {
	err := exclusively(o.dir, func() error {
		files, err := laneFiles(o.path)
		for _, file := range files {
			err = errors.Join(err, os.Remove(file))
		}
		return errors.Join(err, leave(o.path, o.lock))
	})
	if err != nil {
		return fmt.Errorf("remove journal: %w", err)
	}
	return nil
}

// Release gives the journal up without removing it, for another process or a later try.
func (o *Orphan) Release() error { return o.lock.Close() }

// Living reports whether the owner of any journal below dir lives. A folder that is not there has none.
func Living(dir string) (living bool, err error) {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	err = exclusively(dir, func() error {
		entries, err := os.ReadDir(dir)
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			lock := flock.New(filepath.Join(dir, e.Name(), ownerLock))
			taken, lockErr := lock.TryLock()
			living = living || lockErr == nil && !taken
			err = errors.Join(err, lockErr, lock.Close())
		}
		return err
	})
	if err != nil {
		return living, fmt.Errorf("look for living owners: %w", err)
	}
	return living, nil
}
