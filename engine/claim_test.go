package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestClaimWithoutAnswer: the database goes away after it has committed a claim and before it says so. What nobody knows to be claimed is given back;
// the other claims of the process stay.
func TestClaimWithoutAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e, err := New(Options{Store: s, Secret: make([]byte, 32), Owner: "w"})
		if err != nil {
			t.Fatal(err)
		}
		c := &store.Campaign{Key: "a", Kind: "broadcast", State: campaigns.Running, DraftFormat: "yaml"}
		in := func(fn func(tx *store.Tx) error) {
			t.Helper()
			if err := s.Write(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		in(func(tx *store.Tx) error { return tx.InsertCampaign(t.Context(), c) })
		for id := range int64(2) {
			in(func(tx *store.Tx) error {
				return tx.InsertChunk(t.Context(), store.Chunk{ID: id + 1, Campaign: c.ID, Channel: campaigns.Email, Left: 1})
			})
		}
		held := func() (n int) {
			in(func(tx *store.Tx) error {
				chunks, _, err := tx.OwnerClaims(t.Context(), "w")
				n = len(chunks)
				return err
			})
			return n
		}
		claim := func(write writer) error {
			return e.claim(t.Context(), write, time.Minute, func(tx *store.Tx, now, until time.Time) error {
				k, err := tx.ClaimChunk(t.Context(), campaigns.Email, "w", now, until)
				if k == nil {
					t.Error("nothing to claim")
				}
				return err
			})
		}
		if err := claim(s.Write); err != nil || held() != 1 {
			t.Fatalf("%d held, %v", held(), err)
		}
		silent := func(ctx context.Context, fn func(*store.Tx) error) error {
			return errors.Join(s.Write(ctx, fn), fault.Wrap(fault.Unavailable, errors.New("connection lost"), "unavailable.database", nil))
		}
		if err := claim(silent); !fault.Is(err, fault.Unavailable) || held() != 1 {
			t.Errorf("%d held after a claim without an answer, %v", held(), err)
		}
	})
}
