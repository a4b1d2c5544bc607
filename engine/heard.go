package engine

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// What was not fetched while nobody was there is fetched first, for catchUp; until a minute after the start nobody can say when it was done.
const (
	catchUp = 5 * time.Second
	benefit = time.Minute
)

// absence is when the process began, by the engine's clock and by the real one; zero: it was always there.
type absence struct{ shown, real time.Time }

// heardFirst leaves out those whose time is over while something waits to be handled that their member did in time, as after an outage: it was first, and
// may be what was waited for. They stay due. Of what ran out before this process began, all waits until it has fetched what came meanwhile: a press does not
// tell when it was done.
func (e *Engine) heardFirst(ctx context.Context, tx *store.Tx, rows []*store.Enrollment) ([]*store.Enrollment, error) {
	if !slices.ContainsFunc(rows, listens) {
		return rows, nil
	}
	var who []campaigns.MemberID
	for _, row := range rows {
		if listens(row) {
			who = append(who, row.Member)
		}
	}
	since, err := tx.UnheardSince(ctx, who)
	if err != nil {
		return nil, err
	}
	away := e.away
	catching := time.Since(away.real) < catchUp
	return slices.DeleteFunc(rows, func(row *store.Enrollment) bool {
		if !listens(row) {
			return false
		}
		ranOut := row.DueAt.Before(away.shown)
		at, unheard := since[row.Member]
		return ranOut && catching || unheard && (!at.After(*row.DueAt) || ranOut && at.Before(away.shown.Add(benefit)))
	}), nil
}

// What a record holds of whoever waits for an event, is in a round that an answer may close, or is asked by another channel too where nothing is heard.
var (
	waitsForEvent = []byte(`"event":`)
	inRound       = []byte(`"round":`)
	isSilent      = []byte(`"silence":`)
	hasTwin       = []byte(`"twin":`)
)

// listens reports whether it makes a difference for the enrollment that is due what its member did before. It may say so of one more.
func listens(row *store.Enrollment) bool {
	has := func(part []byte) bool { return bytes.Contains(row.Data, part) }
	switch row.WaitKind {
	case campaigns.WaitAnswer:
		return true
	case campaigns.WaitTime:
		return has(waitsForEvent) || has(inRound) || has(isSilent)
	case campaigns.WaitDelivery: // a question's time may be over while its second message is on its way
		return has(hasTwin)
	}
	return false
}
