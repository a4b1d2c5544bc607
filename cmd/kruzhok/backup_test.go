//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/bench/faults"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestBackupAndRestore: a copy is made while messages leave; it is put back when the service stands still, with its campaigns paused; resumed, the rest goes
// out. What was replaced is kept.
func TestBackupAndRestore(t *testing.T) {
	const n = 400
	s := site(t, false, n)
	command := func(args ...string) (int, string, string) {
		return kruzhok(t, append(args, "--database-url", s.Database, "--data-dir", s.DataDir())...)
	}
	s.Start()
	s.Populate()
	s.Enroll(0, n)
	s.UnderWay(0)
	copied := filepath.Join(s.Dir, "copy.db")
	if code, out, errs := command("backup", copied); code != 0 || !strings.Contains(out, "whole") {
		t.Fatalf("backup: %d %s%s", code, out, errs)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", info, err)
	}
	if code, _, errs := command("backup", copied); code != 1 || !strings.Contains(errs, "is there already") {
		t.Errorf("a second backup to the file: %d %s", code, errs)
	}
	s.Settle()
	if sums := s.Reconcile(); sums.Unknown > 0 {
		t.Errorf("unknown: %+v", sums)
	}
	const left = `SELECT count(*) FROM deliveries WHERE state IN ('sent', 'unknown') AND step IN ('news', 'going')`
	all := s.Number(left)
	if code, _, errs := command("restore", copied); code != 1 || !strings.Contains(errs, "stop it first") {
		t.Fatalf("restore below a running service: %d %s", code, errs)
	}
	p := s.Processes()[0]
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}

	broken := filepath.Join(s.Dir, "broken.db")
	if err := os.WriteFile(broken, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{broken, filepath.Join(s.Dir, "nowhere.db")} {
		if code, _, errs := command("restore", bad); code != 1 || errs == "" {
			t.Errorf("restore of %s: %d %s", bad, code, errs)
		}
	}
	if now := s.Number(left); now != all {
		t.Errorf("what cannot be restored changed something: %d messages had left, now %d", all, now)
	}
	given := nextID(t, s)
	code, out, errs := command("restore", copied)
	if code != 0 || !strings.Contains(out, "campaigns paused: 1") || !strings.Contains(out, "is kept as") {
		t.Fatalf("restore: %d %s%s", code, out, errs)
	}
	if kept, err := filepath.Glob(strings.TrimPrefix(s.Database, "sqlite:") + ".before-restore-*"); err != nil || len(kept) == 0 {
		t.Errorf("what was replaced is gone: %v, %v", kept, err)
	}
	if next := nextID(t, s); next <= given {
		t.Errorf("the id %d is given, after %d was in a link", next, given)
	}
	if paused, before := s.Number(`SELECT count(*) FROM campaigns WHERE state = 'paused'`), s.Number(left); paused != 1 || before >= all {
		t.Fatalf("restored: %d campaigns paused, %d messages of %d had left", paused, before, all)
	}
	p.Start()
	s.Ready()
	if err := s.API.Do(t.Context(), "DELETE", "/v1/campaigns/fire/pause", nil, nil); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if after := s.Number(left); after < all { // more: what was on its way to those who refuse is unknown now
		t.Errorf("%d messages of %d left after all", after, all)
	}
}

// nextID is the id that the database gives next.
func nextID(t *testing.T, s *faults.Site) int64 {
	t.Helper()
	id, err := storetest.Open(t, s.Database).NextID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestBackupOfPostgreSQL: its own tools are named; and the recipe of docs/operations.md makes a database that the service takes.
func TestBackupOfPostgreSQL(t *testing.T) {
	from, to := storetest.PostgresURL(t), storetest.PostgresURL(t)
	if code, _, errs := kruzhok(t, "backup", filepath.Join(t.TempDir(), "x"), "--database-url", from, "--data-dir", t.TempDir()); code != 1 || !strings.Contains(errs, "pg_dump") {
		t.Errorf("backup: %d %s", code, errs)
	}
	s := storetest.Open(t, from)
	e, err := engine.New(engine.Options{Store: s, Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	name := "Anna"
	if _, _, err := e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", FirstName: &name}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kruzhok.dump")
	for _, args := range [][]string{
		{"pg_dump", "--format=custom", "--file=" + file, from},
		{"pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname=" + to, file},
		{
			"psql", to, "-v", "ON_ERROR_STOP=1", "-c", "UPDATE campaigns SET state = 'paused' WHERE state IN ('running', 'scheduled')", "-c", "DELETE FROM leases", "-c", "DELETE FROM actor_claims",
			"-c", "SELECT setval('id_blocks', last_value + 68719476736) FROM id_blocks",
		},
	} {
		if out, err := exec.CommandContext(t.Context(), postgresTool(t, args[0]), args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	restored, err := store.Open(t.Context(), store.Options{URL: to})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = restored.Close() }()
	if err := restored.Ping(t.Context()); err != nil {
		t.Errorf("the restored schema: %v", err)
	}
	before, err := s.NextID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if next, err := restored.NextID(t.Context()); err != nil || next <= before+1000 {
		t.Errorf("the id %d after %d: %v", next, before, err)
	}
	if m, err := restored.MemberByExternalID(t.Context(), "u1"); err != nil || m.FirstName != "Anna" {
		t.Errorf("the restored member: %+v, %v", m, err)
	}
}

// postgresTool is a program of PostgreSQL: Debian keeps the server's beside it, out of PATH.
func postgresTool(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(found) > 0 {
		return found[len(found)-1]
	}
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv(storetest.RequireEnv) != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}
