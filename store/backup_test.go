package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestBackupSQLite: a copy has what was committed, and neither it nor a restored database is ever half there.
func TestBackupSQLite(t *testing.T) {
	dir := t.TempDir()
	database, err := store.SQLiteFile(storetest.SQLiteURL(t))
	check(t, err)
	s := storetest.Open(t, "sqlite:"+database)
	ctx := t.Context()
	insert := func(s *store.Store, id string) {
		t.Helper()
		newMember(t, s, func(m *members.Member) { m.ExternalID = id })
	}
	insert(s, "u1")
	copied := filepath.Join(dir, "copy.db")
	check(t, store.BackupSQLite(ctx, database, copied))
	insert(s, "u2")
	if err := store.BackupSQLite(ctx, database, copied); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file that is there: %v", err)
	}
	if err := store.BackupSQLite(ctx, filepath.Join(dir, "nowhere.db"), filepath.Join(dir, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a database that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := store.BackupSQLite(ended, database, filepath.Join(dir, "y")); err == nil {
		t.Error("a backup that was ended says that it is done")
	}

	check(t, os.WriteFile(filepath.Join(dir, "torn.db"), half(t, copied), 0o600))
	for name, file := range map[string]string{"torn": filepath.Join(dir, "torn.db"), "not there": filepath.Join(dir, "z")} {
		if err := store.CopySQLite(ctx, file, filepath.Join(dir, "target.db")); err == nil {
			t.Errorf("a backup that is %s was restored", name)
		}
	}
	target := filepath.Join(dir, "folder", "target.db")
	restore := func(suffix string) string {
		t.Helper()
		check(t, store.CopySQLite(ctx, copied, target+".part"))
		kept, err := store.ReplaceSQLite(ctx, target+".part", target, suffix)
		check(t, err)
		return kept
	}
	if kept := restore(".old"); kept != "" {
		t.Fatalf("to an empty place: %q", kept)
	}
	restored, err := store.Open(ctx, store.Options{URL: "sqlite:" + target})
	check(t, err)
	if _, err := restored.MemberByExternalID(ctx, "u1"); err != nil {
		t.Errorf("u1: %v", err)
	}
	if _, err := restored.MemberByExternalID(ctx, "u2"); err == nil {
		t.Error("u2 came after the backup")
	}
	insert(restored, "u3")
	check(t, restored.Close())
	kept := restore(".old")
	if kept != target+".old" {
		t.Fatalf("over a database: %q", kept)
	}
	old := storetest.Open(t, "sqlite:"+kept)
	if _, err := old.MemberByExternalID(ctx, "u3"); err != nil {
		t.Errorf("what was replaced has lost u3: %v", err)
	}
	// A write-ahead log whose database is gone is none of the one that takes its place.
	other, err := store.Open(ctx, store.Options{URL: "sqlite:" + target})
	check(t, err)
	insert(other, "u4")
	log, err := os.ReadFile(target + "-wal")
	check(t, err)
	check(t, other.Close())
	check(t, os.Remove(target))
	check(t, os.WriteFile(target+"-wal", log, 0o600))
	if kept := restore(".lost"); kept != "" || len(log) == 0 {
		t.Errorf("kept %q, a log of %d bytes", kept, len(log))
	}
	clean := storetest.Open(t, "sqlite:"+target)
	if _, err := clean.MemberByExternalID(ctx, "u4"); err == nil {
		t.Error("the log of another database was read into the restored one")
	}
	for _, pattern := range []string{"*.part", "folder/*.part"} {
		if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	if _, err := store.SQLiteFile("postgres://x/y"); !errors.Is(err, store.ErrNotSQLite) {
		t.Errorf("of PostgreSQL: %v", err)
	}
}

func half(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	check(t, err)
	if !strings.HasPrefix(string(b), "SQLite format 3") {
		t.Fatal("the copy is no SQLite database")
	}
	return b[:len(b)/2]
}

// TestBackupSQLiteHere: a copy may be named as one names a file in the folder where one stands.
func TestBackupSQLiteHere(t *testing.T) {
	database, err := store.SQLiteFile(storetest.SQLiteURL(t))
	check(t, err)
	storetest.Open(t, "sqlite:"+database)
	t.Chdir(t.TempDir())
	check(t, store.BackupSQLite(t.Context(), database, "copy.db"))
	check(t, store.CopySQLite(t.Context(), "copy.db", "copy.db.restoring"))
}
