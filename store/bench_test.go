package store_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// BenchmarkBulk is a bulk delivery's life in the database: written with its chunk, claimed through it, ended by its outcome. One op is one delivery.
func BenchmarkBulk(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			c := newCampaign(b, s, "a", campaigns.Running)
			b.ReportAllocs()
			for done := 0; done < b.N; {
				done += bulkLife(b, s, c, min(s.BulkRows(), b.N-done))
			}
		})
	}
}

func bulkLife(b *testing.B, s *store.Store, c *store.Campaign, n int) int {
	ctx := b.Context()
	check(b, s.WriteBulk(ctx, func(tx *store.Tx) error {
		first, err := s.NextIDs(ctx, n)
		check(b, err)
		k := must[int64](b)(s.NextID(ctx))
		ds := make([]*store.Delivery, n)
		for i := range ds {
			id := first + int64(i)
			ds[i] = &store.Delivery{
				ID: campaigns.DeliveryID(id), Kind: store.StepDelivery, Campaign: c.ID, Version: 1, Enrollment: campaigns.EnrollmentID(id),
				Member: campaigns.MemberID(id), Step: "hello", Visit: 1, Channel: campaigns.Email, Lane: campaigns.Bulk, Priority: 5, State: campaigns.Pending,
				Chunk: k, ExpiresAt: at(9), CreatedAt: now,
			}
		}
		if _, err := tx.InsertDeliveries(ctx, ds); err != nil {
			return err
		}
		return tx.InsertChunk(ctx, store.Chunk{ID: k, Campaign: c.ID, Channel: campaigns.Email, Lo: ds[0].ID, Hi: ds[n-1].ID, Left: n, DueAt: now})
	}))
	var k *store.Chunk
	check(b, s.Write(ctx, func(tx *store.Tx) (err error) {
		k, err = tx.ClaimChunk(ctx, campaigns.Email, "w", now, at(60))
		return err
	}))
	ds := must[[]*store.Delivery](b)(s.ChunkDeliveries(ctx, k))
	os := make([]store.Outcome, len(ds))
	for i, d := range ds {
		os[i] = store.Outcome{Delivery: d.ID, Enrollment: d.Enrollment, Chunk: k.ID, State: campaigns.Sent, ProviderID: "250 2.0.0 ok", At: at(1)}
	}
	check(b, s.WriteBulk(ctx, func(tx *store.Tx) error {
		_, err := tx.WriteOutcomes(ctx, os)
		return err
	}))
	return len(ds)
}
