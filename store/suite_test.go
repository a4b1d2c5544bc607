package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// now is the suite's clock; at is some seconds later.
var now = time.Date(2026, 11, 24, 9, 0, 0, 123456000, time.UTC)

func at(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }

func ptr[T any](v T) *T { return &v }

func each(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, fn)
}

func write(t testing.TB, s *store.Store, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func same[T any](t testing.TB, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(store.Enrollment{})); d != "" {
		t.Fatalf("differs (-want +got):\n%s", d)
	}
}

func wantFault(t testing.TB, err error, key string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Key != key {
		t.Fatalf("error is %v, want fault %s", err, key)
	}
	if fault.Message(err, "ru") == fault.Message(errors.New("internal"), "ru") {
		t.Errorf("fault %s has no message of its own", key)
	}
}

func newMember(t testing.TB, s *store.Store, change ...func(*members.Member)) *members.Member {
	t.Helper()
	m := &members.Member{State: members.Active, CreatedAt: now, UpdatedAt: now, Attributes: map[string]any{}}
	for _, c := range change {
		c(m)
	}
	write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertMember(ctx, m) })
	return m
}

func newCampaign(t testing.TB, s *store.Store, key string, state campaigns.State) *store.Campaign {
	t.Helper()
	c := &store.Campaign{
		Key: campaigns.Key(key), Name: key, Kind: "survey", State: state, Draft: "key: " + key, DraftFormat: "yaml", DraftRev: 1,
		CreatedAt: now, UpdatedAt: now, StateAt: now, StateBy: "token:1",
	}
	write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertCampaign(ctx, c) })
	return c
}

func newEnrollment(t testing.TB, s *store.Store, c *store.Campaign, m *members.Member, change ...func(*store.Enrollment)) *store.Enrollment {
	t.Helper()
	e := &store.Enrollment{
		Campaign: c.ID, Version: 1, Member: m.ID, Source: "api", State: campaigns.EnrollmentActive, Step: "hello", Visit: 1,
		Data: []byte(`{}`), EnteredAt: now, UpdatedAt: now,
	}
	for _, c := range change {
		c(e)
	}
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		if last := must[map[campaigns.MemberID]*store.Enrollment](t)(tx.LastRuns(ctx, c.ID, e.RunKey, []campaigns.MemberID{m.ID}))[m.ID]; last != nil {
			check(t, tx.MakeWay(ctx, []campaigns.EnrollmentID{last.ID}))
		}
		ids, err := tx.InsertEnrollments(ctx, []*store.Enrollment{e})
		if err == nil && len(ids) != 1 {
			err = fmt.Errorf("%d enrollments written", len(ids))
		}
		return err
	})
	return e
}

func stepDelivery(e *store.Enrollment, change ...func(*store.Delivery)) *store.Delivery {
	d := &store.Delivery{
		Kind: store.StepDelivery, Campaign: e.Campaign, Version: e.Version, Enrollment: e.ID, Member: e.Member, Step: e.Step,
		Visit: e.Visit, Channel: campaigns.Telegram, Lane: campaigns.Interactive, Priority: 5, State: campaigns.Pending, DueAt: ptr(now),
		ExpiresAt: at(86400), CreatedAt: now, Params: []byte(`{}`),
	}
	for _, c := range change {
		c(d)
	}
	return d
}

func insert(t testing.TB, s *store.Store, ds ...*store.Delivery) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		ids, err := tx.InsertDeliveries(ctx, ds)
		if err == nil && len(ids) != len(ds) {
			err = fmt.Errorf("%d of %d deliveries written", len(ids), len(ds))
		}
		return err
	})
}

func delivery(t testing.TB, s *store.Store, id campaigns.DeliveryID) *store.Delivery {
	t.Helper()
	return must[*store.Delivery](t)(s.Delivery(t.Context(), id))
}

func enrollment(t testing.TB, s *store.Store, id campaigns.EnrollmentID) *store.Enrollment {
	t.Helper()
	return must[*store.Enrollment](t)(s.Enrollment(t.Context(), id))
}
