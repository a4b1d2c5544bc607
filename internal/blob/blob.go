// Package blob keeps the contents of files by their hash, in a folder: equal files are one, and a name tells whether its content is whole.
package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Store is a folder of contents. It is safe for concurrent use, also by several processes.
type Store struct {
	dir string // empty: nothing is kept
}

// Nowhere takes contents and keeps none of them: what is told of each is the same, and whoever asks for one finds that it is not there.
func Nowhere() *Store { return &Store{} }

// ErrTooLarge says that a content has more bytes than it may have.
var ErrTooLarge = errors.New("the content is too large")

// Open makes the folder where it is missing.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, incoming), 0o700); err != nil {
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	return &Store{dir: dir}, nil
}

// incoming is the folder of what is not whole yet.
const incoming = "incoming"

// Blob is a kept content.
type Blob struct {
	SHA256 string // hex; its name
	Size   int64  // bytes
	Head   []byte // the first bytes, at most 4096, to tell the kind by
}

// Put keeps what r brings, at most limit bytes. When it returns, a power cut takes nothing back. Error ErrTooLarge.
func (s *Store) Put(r io.Reader, limit int64) (Blob, error) {
	if s.dir == "" {
		return s.told(r, limit)
	}
	f, err := os.CreateTemp(filepath.Join(s.dir, incoming), "blob-")
	if err != nil {
		return Blob{}, fmt.Errorf("keep blob: %w", err)
	}
	defer os.Remove(f.Name()) // gone when it was renamed
	b, err := copyHashed(f, r, limit)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return Blob{}, fmt.Errorf("keep blob: %w", err)
	}
	if err := s.place(f.Name(), b.SHA256); err != nil {
		return Blob{}, fmt.Errorf("keep blob: %w", err)
	}
	return b, nil
}

// told is Put without a folder.
func (s *Store) told(r io.Reader, limit int64) (Blob, error) {
	b, err := copyHashed(io.Discard, r, limit)
	if err != nil {
		return Blob{}, fmt.Errorf("keep blob: %w", err)
	}
	return b, nil
}

func copyHashed(w io.Writer, r io.Reader, limit int64) (Blob, error) {
	hash, head := sha256.New(), &headWriter{}
	n, err := io.Copy(io.MultiWriter(w, hash, head), io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return Blob{}, err
	case n > limit:
		return Blob{}, ErrTooLarge
	}
	return Blob{SHA256: hex.EncodeToString(hash.Sum(nil)), Size: n, Head: head.b}, nil
}

// headWriter remembers the first bytes.
type headWriter struct{ b []byte }

// Write implements io.Writer.
func (h *headWriter) Write(p []byte) (int, error) {
	if room := 4096 - len(h.b); room > 0 {
		h.b = append(h.b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// place gives the whole content its name; the folder's entry is written through too.
func (s *Store) place(from, hash string) error {
	to, err := s.path(hash)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if d, err := os.Open(filepath.Dir(to)); err == nil { // some systems cannot sync a folder
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

// path is where a content lies: two levels, so that no folder grows large. Anything but a hash is refused.
func (s *Store) path(hash string) (string, error) {
	if b, err := hex.DecodeString(hash); err != nil || len(b) != sha256.Size {
		return "", fmt.Errorf("%w: no hash", fs.ErrInvalid)
	}
	if s.dir == "" {
		return "", fmt.Errorf("%w: nothing is kept", fs.ErrNotExist)
	}
	return filepath.Join(s.dir, hash[:2], hash), nil
}

// Get opens a content. Error fs.ErrNotExist.
func (s *Store) Get(hash string) (*os.File, error) {
	p, err := s.path(hash)
	if err != nil {
		return nil, err
	}
	return os.Open(p)
}

// Remove removes a content; one that is not there is no error.
func (s *Store) Remove(hash string) error {
	p, err := s.path(hash)
	if err == nil {
		err = os.Remove(p)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove blob: %w", err)
	}
	return nil
}

// Old calls f with the hash of every content that is older than age, and removes what was never finished.
func (s *Store) Old(age time.Duration, f func(hash string) error) error {
	if s.dir == "" {
		return nil
	}
	before := time.Now().Add(-age)
	return filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || info.ModTime().After(before) {
			return nil // gone meanwhile, or young
		}
		if filepath.Base(filepath.Dir(path)) == incoming {
			return os.Remove(path)
		}
		return f(d.Name())
	})
}
