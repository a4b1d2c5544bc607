package blob_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/internal/blob"
)

func open(t *testing.T) (*blob.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// TestEqualContentsAreOne: what is put can be read, and the same again takes no more room.
func TestEqualContentsAreOne(t *testing.T) {
	s, dir := open(t)
	content := bytes.Repeat([]byte("kruzhok "), 1000)
	var hash string
	for range 2 {
		b, err := s.Put(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		if b.Size != int64(len(content)) || !bytes.Equal(b.Head, content[:4096]) {
			t.Errorf("size %d, head %d", b.Size, len(b.Head))
		}
		hash = b.SHA256
	}
	f, err := s.Get(hash)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, content) {
		t.Errorf("read %d bytes: %v", len(got), err)
	}
	if files := count(t, dir); files != 1 {
		t.Errorf("%d files", files)
	}
}

func count(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNothingHalf: a content that is too large, or whose source breaks, leaves nothing.
func TestNothingHalf(t *testing.T) {
	s, dir := open(t)
	if _, err := s.Put(strings.NewReader("123456"), 5); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("six bytes of five: %v", err)
	}
	broken := errors.New("broken")
	if _, err := s.Put(io.MultiReader(strings.NewReader("12"), failing{broken}), 5); !errors.Is(err, broken) {
		t.Errorf("a broken source: %v", err)
	}
	if n := count(t, dir); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestOnlyHashesAreNames: nobody reaches another file through a name.
func TestOnlyHashesAreNames(t *testing.T) {
	s, _ := open(t)
	for _, name := range []string{"", "..", "../../etc/passwd", strings.Repeat("a", 63), strings.Repeat("g", 64)} {
		if _, err := s.Get(name); err == nil {
			t.Errorf("%q was opened", name)
		}
		if err := s.Remove(name); err == nil {
			t.Errorf("%q was removed", name)
		}
	}
}

// TestOldOnesAreFound: what was never finished goes, what is whole is named.
func TestOldOnesAreFound(t *testing.T) {
	s, dir := open(t)
	b, err := s.Put(strings.NewReader("old"), 10)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "incoming", "blob-half")
	if err := os.WriteFile(half, []byte("ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	var found []string
	look := func(hash string) error { found = append(found, hash); return s.Remove(hash) }
	if err := s.Old(time.Hour, look); err != nil || len(found) != 0 {
		t.Fatalf("young ones were found: %v %v", found, err)
	}
	past := time.Now().Add(-2 * time.Hour)
	for _, p := range []string{half, filepath.Join(dir, b.SHA256[:2], b.SHA256)} {
		if err := os.Chtimes(p, past, past); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Old(time.Hour, look); err != nil || len(found) != 1 || found[0] != b.SHA256 {
		t.Fatalf("found %v %v", found, err)
	}
	if n := count(t, dir); n != 0 {
		t.Errorf("%d files are left", n)
	}
	if err := s.Remove(b.SHA256); err != nil {
		t.Errorf("removing twice: %v", err)
	}
}

// TestNowhere: of a content the same is told as where it is kept, and nothing is.
func TestNowhere(t *testing.T) {
	kept, _ := open(t)
	nowhere := blob.Nowhere()
	want, err := kept.Put(strings.NewReader("a voice"), 7)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := nowhere.Put(strings.NewReader("a voice"), 7); err != nil || got.SHA256 != want.SHA256 || got.Size != want.Size || !bytes.Equal(got.Head, want.Head) {
		t.Errorf("%+v %v, not %+v", got, err, want)
	}
	if _, err := nowhere.Put(strings.NewReader("a voice"), 6); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("one that is too large: %v", err)
	}
	if _, err := nowhere.Get(want.SHA256); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got: %v", err)
	}
	if err := errors.Join(nowhere.Remove(want.SHA256), nowhere.Old(0, func(string) error { return errors.New("found") })); err != nil {
		t.Error(err)
	}
}
