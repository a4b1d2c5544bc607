package store

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// recorder keeps the statements that methods run.
type recorder struct {
	runner
	seen map[string][]any
}

func (r recorder) exec(ctx context.Context, text string, args ...any) (int64, error) {
	r.seen[text] = args
	return r.runner.exec(ctx, text, args...)
}

func (r recorder) query(ctx context.Context, text string, args ...any) (rows, error) {
	r.seen[text] = args
	return r.runner.query(ctx, text, args...)
}

// wholeTable is a plan that reads all of a table that grows with members or messages, or all of a campaign's rows.
var wholeTable = regexp.MustCompile(`^SCAN (deliveries|enrollments|inputs|members|events|responses|messages|addresses|chunks|calls|a|d|e|k)( USING (COVERING )?INDEX (sqlite_autoindex|\w+_by_)\w*)?$|by_campaign \(campaign_id=\?( AND id>\?)?\)$`)

// TestHotStatementsWalkIndexes runs what happens all the time and looks at SQLite's plans.
func TestHotStatementsWalkIndexes(t *testing.T) {
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "x.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), func(tx *Tx) error {
		r := recorder{tx.run, map[string][]any{}}
		tx.run = r
		if err := hotCalls(t.Context(), tx); err != nil {
			return err
		}
		if len(r.seen) < 40 {
			t.Errorf("%d statements were seen", len(r.seen))
		}
		for text, args := range r.seen {
			plan, err := many(t.Context(), r.runner, func(rs rows) (step string, err error) {
				var a, b, c int
				err = rs.Scan(&a, &b, &c, &step)
				return step, err
			}, "EXPLAIN QUERY PLAN "+text, args...)
			if err != nil {
				return err
			}
			for _, step := range plan {
				if wholeTable.MatchString(step) {
					t.Errorf("%s\n%s", step, text)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ignoring is the error, unless it is this one.
func ignoring(err, not error) error {
	if errors.Is(err, not) {
		return nil
	}
	return err
}

func hotCalls(ctx context.Context, tx *Tx) error {
	now := time.Unix(1, 0)
	step := &Delivery{Kind: StepDelivery, Enrollment: 1, Channel: campaigns.Email, Lane: campaigns.Bulk, State: campaigns.Pending}
	reply := &Delivery{Kind: SystemDelivery, Input: 1, Channel: campaigns.Email, Lane: campaigns.Interactive, State: campaigns.Pending}
	e := &Enrollment{State: campaigns.EnrollmentActive}
	for _, call := range []func() error{
		func() error { _, err := tx.InsertEnrollments(ctx, []*Enrollment{e}); return err },
		func() error { _, err := tx.InsertDeliveries(ctx, []*Delivery{step, reply}); return err },
		func() error {
			_, err := tx.ClaimDue(ctx, campaigns.Bulk, campaigns.Email, "w", now, now, 5)
			return err
		},
		func() error {
			_, err := tx.ClaimDue(ctx, campaigns.Interactive, campaigns.Email, "w", now, now, 5)
			return err
		},
		func() error {
			_, err := tx.ClaimDeliveries(ctx, []campaigns.DeliveryID{1}, campaigns.Telegram, "w", now, now)
			return err
		},
		func() error { _, err := tx.ClaimChunk(ctx, campaigns.Email, "w", now, now); return err },
		func() error { _, err := tx.ChunkDeliveries(ctx, &Chunk{}); return err },
		func() error { return tx.ReleaseChunk(ctx, 1, "w") },
		func() error { return tx.ReleaseDeliveries(ctx, []campaigns.DeliveryID{1}, "w", now) },
		func() error { _, err := tx.DueChannels(ctx, now); return err },
		func() error {
			_, err := tx.WriteOutcomes(ctx, []Outcome{
				{Delivery: step.ID, Enrollment: 1, Chunk: 1, State: campaigns.Sent},
				{Delivery: reply.ID, Enrollment: 1, State: campaigns.Sent},
				{Delivery: 3, Chunk: 1, State: campaigns.Pending},
				{Delivery: 4, State: campaigns.Pending},
			})
			return err
		},
		func() error { return tx.CancelPending(ctx, []campaigns.EnrollmentID{1}, "x", now) },
		func() error { return tx.CancelPendingOfMember(ctx, 1, "x", now) },
		func() error { _, err := tx.ExpireClaims(ctx, now, now, 5); return err },
		func() error { return tx.FreeOwner(ctx, "w", now) },
		func() error { return tx.ReleaseClaim(ctx, "w", now) },
		func() error { _, _, err := tx.OwnerClaims(ctx, "w"); return err },
		func() error { _, err := tx.TakeQuestionSlot(ctx, QuestionSlot{Member: 1, Enrollment: 1}); return err },
		func() error { return tx.FreeQuestionSlot(ctx, 1, 1, now) },
		func() error { _, err := tx.DeliveryByProviderID(ctx, 1, campaigns.Email, "x"); return err },
		func() error { _, err := tx.PointsOf(ctx, 1, Page{Limit: 5}); return err },
		func() error { _, err := tx.LastRuns(ctx, 1, "", []campaigns.MemberID{1}); return err },
		func() error { _, _, err := tx.LockDue(ctx, 1, DueSpot{}, now, Absence{}, 5); return err },
		func() error { _, err := tx.IsBehind(ctx, 1, now, now); return err },
		func() error { _, err := tx.LockMemberEnrollments(ctx, 1); return err },
		func() error { return tx.SaveEnrollments(ctx, []*Enrollment{e}) },
		func() error { _, err := tx.DueCampaigns(ctx, now); return err },
		func() error { _, err := tx.NextDue(ctx); return err },
		func() error { _, err := tx.Waiting(ctx, now, now); return err },
		func() error { _, err := tx.StoredInputs(ctx, "x", 5); return err },
		func() error { _, err := tx.StoredActors(ctx, now, now, 5); return err },
		func() error { _, err := tx.InsertInputs(ctx, []*Input{{Source: "a", SourceKey: "b"}}); return err },
		func() error { _, err := tx.FinishInput(ctx, 1, 1, now); return err },
		func() error { _, err := tx.Profiles(ctx, []campaigns.MemberID{1}); return err },
		func() error { _, err := tx.Events(ctx, EventFilter{Enrollment: 1}, Page{}); return err },
		func() error { _, err := tx.Backlog(ctx); return err },
		func() error { _, _, err := tx.HeldByOthers(ctx, HeldLane{1, campaigns.Email}, nil, now, 5); return err },
		func() error { _, _, err := tx.HeldByOthers(ctx, HeldLane{0, campaigns.Email}, nil, now, 5); return err },
		func() error { _, err := tx.DropHolds(ctx, now, 5); return err },
		func() error { _, err := tx.DueFor(ctx, []campaigns.MemberID{1}, now, now); return err },
		func() error { _, err := tx.HastenCalls(ctx, "x", 1, now, now, 5); return err },
		func() error { _, err := tx.MemberIDsByExternalID(ctx, []string{"x"}); return err },
		func() error { _, err := tx.ClaimActors(ctx, []string{"x"}, "w", now, now); return err },
		func() error { return tx.ReleaseActors(ctx, []string{"x"}, "w") },
		func() error { _, err := tx.WaitingActors(ctx, []string{"x"}); return err },
		func() error { _, err := tx.FirstInputs(ctx, []string{"x"}); return err },
		func() error { _, err := tx.LockProfiles(ctx, []campaigns.MemberID{1}); return err },
		func() error { _, err := tx.LockEnrollments(ctx, []campaigns.EnrollmentID{1}); return err },
		func() error { _, err := tx.calling(ctx, []Call{{Chat: "1"}}); return err },
		func() error {
			return tx.foreseeAnswerers(ctx, &foreseen{
				answered: map[campaigns.MemberID]map[campaigns.CampaignID]bool{}, enrollments: map[campaigns.EnrollmentID]*Enrollment{1: {Campaign: 1, Member: 1}},
			})
		},
		func() error { return tx.insertResponses(ctx, []*Response{{ID: 1, Round: 1}}) },
		func() error { return tx.insertMedia(ctx, []*Media{{ID: 1, Kind: "voice", State: MediaPending}}) },
		func() error { err := tx.finishInputs(ctx, []finish{{input: 1}}); return ignoring(err, ErrApart) },
	} {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}
