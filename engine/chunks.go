package engine

import (
	"context"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// Sizes of a chunk: fewer deliveries of one campaign and channel are claimed row by row, more make several.
const (
	minChunk = 8
	maxChunk = 500
)

type chunkKey struct {
	campaign campaigns.CampaignID
	channel  campaigns.Channel
	priority int
}

// chunk numbers bulk deliveries of one campaign and channel together and gives them one lease: claiming them will be one write.
func (w *work) chunk(ctx context.Context) error {
	groups := map[chunkKey][]*store.Delivery{}
	for _, d := range w.deliveries {
		if d.Lane == campaigns.Bulk && d.State == campaigns.Pending {
			k := chunkKey{d.Campaign, d.Channel, d.Priority}
			groups[k] = append(groups[k], d)
		}
	}
	waits := make(map[campaigns.DeliveryID]*store.Enrollment, len(w.rows))
	for _, r := range w.rows {
		if r.WaitDelivery != 0 {
			waits[r.WaitDelivery] = r
		}
	}
	for k, group := range groups {
		for ds := range slices.Chunk(group, maxChunk) {
			if len(ds) < minChunk {
				continue
			}
			if err := w.lease(ctx, k, ds, waits); err != nil {
				return err
			}
		}
	}
	return nil
}

// lease writes one chunk over the deliveries.
func (w *work) lease(ctx context.Context, k chunkKey, ds []*store.Delivery, waits map[campaigns.DeliveryID]*store.Enrollment) error {
	first, err := w.tx.NextIDs(ctx, len(ds)+1)
	if err != nil {
		return err
	}
	c := store.Chunk{
		ID: first, Campaign: k.campaign, Channel: k.channel, Lo: campaigns.DeliveryID(first + 1), Hi: campaigns.DeliveryID(first + int64(len(ds))),
		Left: len(ds), Priority: k.priority, DueAt: w.now,
	}
	if err := w.hand.take(ctx, w.tx, &c, ds); err != nil {
		return err
	}
	for i, d := range ds {
		row := waits[d.ID]
		d.ID, d.Chunk, d.DueAt = c.Lo+campaigns.DeliveryID(i), c.ID, nil
		if row != nil {
			row.WaitDelivery = d.ID
		}
	}
	return w.tx.InsertChunk(ctx, c)
}
