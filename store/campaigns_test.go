package store_test

import (
	"context"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

func TestCampaignIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a := newCampaign(t, s, "a", campaigns.Draft)
		b := newCampaign(t, s, "b", campaigns.Running)
		same(t, a, must[*store.Campaign](t)(s.CampaignByKey(t.Context(), "a")))
		same(t, b, must[*store.Campaign](t)(s.Campaign(t.Context(), b.ID)))
		one, other := *a, *b
		one.Draft, other.Draft = "", "" // lists leave the text out
		same(t, []*store.Campaign{&one, &other}, must[[]*store.Campaign](t)(s.Campaigns(t.Context(), store.Page{})))
		same(t, []*store.Campaign{&other}, must[[]*store.Campaign](t)(s.Campaigns(t.Context(), store.Page{}, campaigns.Running, campaigns.Paused)))
		same(t, []*store.Campaign{&other}, must[[]*store.Campaign](t)(s.Campaigns(t.Context(), store.Page{After: int64(a.ID), Limit: 1})))
		_, err := s.Campaign(t.Context(), b.ID+100)
		wantFault(t, err, "not_found.campaign")
		_, err = s.CampaignByKey(t.Context(), "c")
		wantFault(t, err, "not_found.campaign")
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			again := *a
			again.ID = 0
			wantFault(t, tx.InsertCampaign(ctx, &again), "conflict.campaign")
			_, err := tx.LockCampaign(ctx, "c")
			wantFault(t, err, "not_found.campaign")
			same(t, a, must[*store.Campaign](t)(tx.LockCampaign(ctx, "a")))
			return nil
		})
	})
}

func TestDraftIsReplacedByItsRevision(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Draft)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.UpdateDraft(ctx, c.ID, 1, "New", map[campaigns.Lang]string{"en": "New", "ru": "Новая"}, "broadcast", "{}", "json", at(1)))
			wantFault(t, tx.UpdateDraft(ctx, c.ID, 1, "Late", nil, "survey", "x", "yaml", at(2)), "conflict.draft")
			return nil
		})
		c.Names = map[campaigns.Lang]string{"en": "New", "ru": "Новая"}
		c.Name, c.Kind, c.Draft, c.DraftFormat, c.DraftRev, c.UpdatedAt = "New", "broadcast", "{}", "json", 2, at(1)
		same(t, c, must[*store.Campaign](t)(s.Campaign(t.Context(), c.ID)))
	})
}

// Every pair of states: the store allows what campaigns.State.May allows, from the state that is there.
func TestCampaignStateIsCompareAndSet(t *testing.T) {
	states := []campaigns.State{campaigns.Draft, campaigns.Scheduled, campaigns.Running, campaigns.Paused, campaigns.Finished, campaigns.Archived}
	each(t, func(t *testing.T, s *store.Store) {
		for _, from := range states {
			for _, to := range states {
				c := newCampaign(t, s, string(from)+"-"+string(to), from)
				write(t, s, func(ctx context.Context, tx *store.Tx) error {
					err := tx.SetCampaignState(ctx, c.ID, from, to, "token:2", at(1))
					if !from.May(to) {
						wantFault(t, err, "conflict.campaign_state")
						return nil
					}
					wantFault(t, tx.SetCampaignState(ctx, c.ID, from, to, "token:3", at(2)), "conflict.campaign_state")
					return err
				})
				got := must[*store.Campaign](t)(s.Campaign(t.Context(), c.ID))
				if from.May(to) != (got.State == to && got.StateBy == "token:2" && got.StateAt.Equal(at(1))) && from != to {
					t.Errorf("%s to %s: state is %s by %s", from, to, got.State, got.StateBy)
				}
			}
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			wantFault(t, tx.SetCampaignState(ctx, 1<<40, campaigns.Draft, campaigns.Running, "x", now), "not_found.campaign")
			return nil
		})
	})
}

func TestVersionsNeverChange(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Draft)
		one := &store.Version{Campaign: c.ID, Number: 1, Source: "# комментарий\nkey: a\r\n", Format: "yaml", SHA256: "ab", PublishedAt: now, PublishedBy: "token:1"}
		two := *one
		two.Number, two.Source = 2, "key: a2"
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.InsertVersion(ctx, one))
			return tx.InsertVersion(ctx, &two)
		})
		same(t, one, must[*store.Version](t)(s.Version(t.Context(), c.ID, 1)))
		same(t, 2, must[*store.Campaign](t)(s.Campaign(t.Context(), c.ID)).LiveVersion)
		list := must[[]*store.Version](t)(s.Versions(t.Context(), c.ID))
		if len(list) != 2 || list[0].Number != 2 || list[0].Source != "" {
			t.Errorf("versions are %v", list)
		}
		_, err := s.Version(t.Context(), c.ID, 3)
		wantFault(t, err, "not_found.version")
		if err := s.Exec(t.Context(), `UPDATE campaign_versions SET source = 'x'`); err == nil {
			t.Error("a published version was changed")
		}
		again := s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertVersion(t.Context(), one) })
		if again == nil {
			t.Error("a version was written twice")
		}
	})
}

func TestPausesAreKept(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.ClosePause(ctx, c.ID, now)) // none is open
			check(t, tx.OpenPause(ctx, c.ID, "token:1", at(1)))
			check(t, tx.OpenPause(ctx, c.ID, "token:2", at(2))) // one is open
			check(t, tx.ClosePause(ctx, c.ID, at(3)))
			return tx.OpenPause(ctx, c.ID, "token:3", at(4))
		})
		same(t, []store.Pause{{From: at(1), To: ptr(at(3)), By: "token:1"}, {From: at(4), By: "token:3"}},
			must[[]store.Pause](t)(s.Pauses(t.Context(), c.ID)))
	})
}

func TestSchedules(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		running, paused, later := newCampaign(t, s, "a", campaigns.Scheduled), newCampaign(t, s, "b", campaigns.Paused), newCampaign(t, s, "c", campaigns.Running)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i, c := range []*store.Campaign{running, paused, later} {
				check(t, tx.PutSchedule(ctx, store.Schedule{Campaign: c.ID, Version: 1, DueAt: at(i)}))
			}
			return nil
		})
		want := store.Schedule{Campaign: running.ID, Version: 1, DueAt: now}
		same(t, []store.Schedule{want}, must[[]store.Schedule](t)(s.DueSchedules(t.Context(), at(1))))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			same(t, &want, must[*store.Schedule](t)(tx.LockSchedule(ctx, running.ID)))
			if !s.Embedded() {
				write(t, s, func(ctx context.Context, other *store.Tx) error {
					if got := must[*store.Schedule](t)(other.LockSchedule(ctx, running.ID)); got != nil {
						t.Error("two workers hold one schedule")
					}
					return nil
				})
			}
			return tx.MoveSchedule(ctx, running.ID, 77, ptr(at(5)))
		})
		want.LastMember, want.DoneAt = 77, ptr(at(5))
		same(t, &want, must[*store.Schedule](t)(s.Schedule(t.Context(), running.ID)))
		same(t, 0, len(must[[]store.Schedule](t)(s.DueSchedules(t.Context(), at(1)))))
		none := must[*store.Schedule](t)(s.Schedule(t.Context(), 1<<40))
		if none != nil {
			t.Errorf("schedule is %v", none)
		}
	})
}
