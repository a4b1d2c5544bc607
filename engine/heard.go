package engine

import (
	"bytes"
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// heardFirst leaves out those whose time is over while something waits to be handled that their member did in time, as after an outage: it was first, and
// may be what was waited for. They stay due.
func (e *Engine) heardFirst(ctx context.Context, tx *store.Tx, rows []*store.Enrollment) ([]*store.Enrollment, error) {
	var who []campaigns.MemberID
	for _, row := range rows {
		if listens(row) {
			who = append(who, row.Member)
		}
	}
	since, err := tx.UnheardSince(ctx, who)
	if err != nil || len(since) == 0 {
		return rows, err
	}
	var others []*store.Enrollment
	for _, row := range rows {
		if at, ok := since[row.Member]; ok && listens(row) && !at.After(*row.DueAt) {
			continue
		}
		others = append(others, row)
	}
	return others, nil
}

// What a record holds of whoever waits for an event, or is in a round that an answer may close.
var (
	waitsForEvent = []byte(`"event":`)
	inRound       = []byte(`"round":`)
)

// listens reports whether it makes a difference for the enrollment that is due what its member did before. It may say so of one more.
func listens(row *store.Enrollment) bool {
	return row.WaitKind == campaigns.WaitAnswer || row.WaitKind == campaigns.WaitTime && (bytes.Contains(row.Data, waitsForEvent) || bytes.Contains(row.Data, inRound))
}
