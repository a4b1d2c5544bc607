package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

var urls = map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s := must[*store.Store](t)(store.Open(t.Context(), store.Options{URL: url}))
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func TestMigrateTwice(t *testing.T) {
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			s := open(t, url(t))
			if err := s.Ping(t.Context()); err == nil {
				t.Error("an empty database answers as if it had the schema")
			}
			check(t, s.Migrate(t.Context()))
			m := newMember(t, s)
			check(t, s.Migrate(t.Context()))
			check(t, s.Ping(t.Context()))
			same(t, m, must[*members.Member](t)(s.Member(t.Context(), m.ID)))
		})
	}
}

// TestSchemaBeforeTheNewest: a database of the migration before moves up with what is in it; until then nothing takes it for ready.
func TestSchemaBeforeTheNewest(t *testing.T) {
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			u := url(t)
			s := must[*store.Store](t)(store.Open(t.Context(), store.Options{URL: u}))
			check(t, s.Migrate(t.Context()))
			c := newCampaign(t, s, "c", campaigns.Running)
			m := newMember(t, s)
			for range 2 { // earlier runs
				newEnrollment(t, s, c, m, func(e *store.Enrollment) { e.State, e.EndedAt = campaigns.EnrollmentCompleted, ptr(at(1)) })
			}
			e := newEnrollment(t, s, c, m)
			d := stepDelivery(e)
			insert(t, s, d)
			check(t, s.Close())
			version := must[int64](t)(storetest.GoBack(t.Context(), u))
			s = open(t, u)
			if err := s.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("is %d, ", version)) || !strings.Contains(err.Error(), " is needed") {
				t.Errorf("an older database: %v", err)
			}
			check(t, s.Migrate(t.Context()))
			check(t, s.Ping(t.Context()))
			same(t, m, must[*members.Member](t)(s.Member(t.Context(), m.ID)))
			same(t, d.State, delivery(t, s, d.ID).State)
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				beside := &store.Enrollment{Campaign: c.ID, Version: 1, Member: m.ID, State: campaigns.EnrollmentActive, EnteredAt: now, UpdatedAt: now}
				same(t, 0, len(must[[]campaigns.EnrollmentID](t)(tx.InsertEnrollments(ctx, []*store.Enrollment{beside}))))
				return nil
			})
			if next := newMember(t, s); next.ID <= campaigns.MemberID(d.ID) {
				t.Errorf("an id was given again: %d after %d", next.ID, d.ID)
			}
		})
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		check(t, s.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, $1)`, true))
		for _, err := range []error{s.Migrate(t.Context()), s.Ping(t.Context())} {
			wantFault(t, err, "conflict.schema")
			if text := fault.Message(err, "en"); !contains(text, "999") {
				t.Errorf("message is %q", text)
			}
		}
	})
}

// migrateEnv makes the test binary a process that only migrates.
const migrateEnv = "KRUZHOK_TEST_MIGRATE"

func TestMain(m *testing.M) {
	if url := os.Getenv(migrateEnv); url != "" {
		os.Exit(migrateOnly(url))
	}
	os.Exit(m.Run())
}

func TestProcessesMigrateAtOnce(t *testing.T) {
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			u := url(t)
			var all []*exec.Cmd
			for range 3 {
				c := exec.Command(os.Args[0])
				c.Env = append(os.Environ(), migrateEnv+"="+u)
				c.Stderr = os.Stderr
				check(t, c.Start())
				all = append(all, c)
			}
			for _, c := range all {
				if err := c.Wait(); err != nil {
					t.Error(err)
				}
			}
			s := open(t, u)
			check(t, s.Ping(t.Context()))
			same(t, 1, len(must[[]string](t)(s.Texts(t.Context(), `SELECT CAST(id AS TEXT) FROM goose_db_version WHERE version_id = 1`))))
		})
	}
}

// TestDialectsHaveOneSchema compares the two folders' files, less what the dialects must write differently.
func TestDialectsHaveOneSchema(t *testing.T) {
	read := func(dialect string) string {
		b := must[[]byte](t)(os.ReadFile("migrations/" + dialect + "/00001_spine.sql"))
		text := string(b)
		for _, r := range [][2]string{{`INTEGER PRIMARY KEY`, `BIGINT PRIMARY KEY`}, {`DOUBLE PRECISION`, `REAL`}, {` WITH \(fillfactor = \d+\)`, ``}, {`[ \t]+`, ` `}} {
			text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
		}
		text, _, _ = strings.Cut(text, "-- A published version's bytes")
		return regexp.MustCompile(`(?s)CREATE (TABLE|SEQUENCE) id_blocks.*`).ReplaceAllString(text, "")
	}
	same(t, strings.Split(read("sqlite"), "\n"), strings.Split(read("postgres"), "\n"))
}

func migrateOnly(url string) int {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url})
	if err == nil {
		err = errors.Join(s.Migrate(ctx), s.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
