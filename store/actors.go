package store

import (
	"context"
	"slices"
	"time"
)

// ClaimActors claims those of the actors that nobody holds at now, and returns them. The claims of others are looked at and not locked: ON CONFLICT would lock
// each of them, and their owners wait to end them.
func (tx *Tx) ClaimActors(ctx context.Context, actors []string, owner string, now, until time.Time) (mine []string, err error) {
	actors = slices.Sorted(slices.Values(actors)) // two who claim the same two in another order would wait for each other for ever
	if tx.dialect.postgres {
		mine, err = many(ctx, tx.run, value[string], `INSERT INTO actor_claims (actor, claim_owner, claim_until) SELECT a, $2, $3 FROM unnest($1::text[]) AS a
			WHERE NOT EXISTS (SELECT 1 FROM actor_claims c WHERE c.actor = a AND c.claim_until > $4 OFFSET 0)
			ON CONFLICT (actor) DO UPDATE SET claim_owner = excluded.claim_owner, claim_until = excluded.claim_until
			WHERE actor_claims.claim_until <= $4 RETURNING actor`, actors, owner, micros(until), micros(now))
		return mine, wrap("claim actors", err)
	}
	for _, a := range actors {
		ok, err := tx.ClaimActor(ctx, a, owner, now, until)
		if err != nil {
			return nil, err
		}
		if ok {
			mine = append(mine, a)
		}
	}
	return mine, nil
}

// ReleaseActors ends the owner's claims on these actors.
func (tx *Tx) ReleaseActors(ctx context.Context, actors []string, owner string) error {
	if len(actors) == 0 {
		return nil
	}
	_, err := tx.run.exec(ctx, `DELETE FROM actor_claims WHERE actor`+tx.dialect.among(1)+` AND claim_owner = $2`, list(tx.dialect, actors), owner)
	return wrap("release actors", err)
}

// WaitingActors are those of the actors of which an input waits. Asked after their release is committed, it finds every input whose wake-up was refused.
func (q queries) WaitingActors(ctx context.Context, actors []string) ([]string, error) {
	if len(actors) == 0 {
		return nil, nil
	}
	waiting, err := many(ctx, q.run, value[string], `SELECT DISTINCT actor FROM inputs WHERE actor`+q.dialect.among(1)+` AND state = 'stored'`, list(q.dialect, actors))
	return waiting, wrap("look for inputs", err)
}

// FirstInputs returns the first input that waits of each of the actors.
func (q queries) FirstInputs(ctx context.Context, actors []string) ([]*Input, error) {
	in, err := many(ctx, q.run, scanInput, selectInput+` WHERE id IN (SELECT min(id) FROM inputs WHERE actor`+q.dialect.among(1)+`
		AND state = 'stored' GROUP BY actor) ORDER BY id`, list(q.dialect, actors))
	return in, wrap("list first inputs", err)
}
