package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Input is anything that arrived, stored before anything acts on it.
type Input struct {
	ID         campaigns.InputID
	Source     string
	SourceKey  string // the thing's own id: unique within the source
	Actor      string // whose inputs are handled in order
	Kind       string
	Raw        string
	Member     campaigns.MemberID // 0: not known yet
	State      InputState
	Tries      int
	Error      string
	ReceivedAt time.Time
	HandledAt  *time.Time
}

// InputState is the life cycle of an input. The SQL CHECK repeats the list.
type InputState string

const (
	// InputStored: waits to be handled. Left when the transaction that acts on it commits, or after too many tries.
	InputStored InputState = "stored"
	// InputDone is final: acted on.
	InputDone InputState = "done"
	// InputDead: could not be handled; a person may look and retry.
	InputDead InputState = "dead"
)

var inputColumns = columns[*Input]{
	ints("id", func(i *Input) campaigns.InputID { return i.ID }),
	texts("source", func(i *Input) string { return i.Source }),
	texts("source_key", func(i *Input) string { return i.SourceKey }),
	texts("actor", func(i *Input) string { return i.Actor }),
	texts("kind", func(i *Input) string { return i.Kind }),
	texts("raw", func(i *Input) string { return i.Raw }),
	nullInts("member_id", func(i *Input) campaigns.MemberID { return i.Member }),
	texts("state", func(i *Input) InputState { return i.State }),
	ints("tries", func(i *Input) int { return i.Tries }),
	texts("error", func(i *Input) string { return i.Error }),
	times("received_at", func(i *Input) time.Time { return i.ReceivedAt }),
	nullTimes("handled_at", func(i *Input) *time.Time { return i.HandledAt }),
}

var selectInput = `SELECT ` + inputColumns.list("") + ` FROM inputs`

func scanInput(r rows) (*Input, error) {
	i := &Input{}
	err := r.Scan(&i.ID, &i.Source, &i.SourceKey, &i.Actor, &i.Kind, &i.Raw, orZero(&i.Member), &i.State, &i.Tries, &i.Error,
		timeInto{&i.ReceivedAt}, timesInto{&i.HandledAt})
	return i, err
}

// InsertInputs stores inputs (ID 0 is filled in, State empty is stored); those whose source and source_key are known already are left out.
// It returns the ids that were stored.
func (tx *Tx) InsertInputs(ctx context.Context, in []*Input) ([]campaigns.InputID, error) {
	for _, i := range in {
		if i.State == "" {
			i.State = InputStored
		}
		if err := fill(ctx, tx.ids, &i.ID); err != nil {
			return nil, err
		}
	}
	at, err := inputColumns.insert(ctx, tx.queries, "inputs", `ON CONFLICT (source, source_key) DO NOTHING`, in)
	if err != nil {
		return nil, wrap("insert inputs", err)
	}
	ids := make([]campaigns.InputID, len(at))
	for i, j := range at {
		ids[i] = in[j].ID
	}
	return ids, nil
}

// RawInputs returns what the inputs of the source hold, by their keys. Of those that were erased it is empty.
func (q queries) RawInputs(ctx context.Context, source string, keys []string) (map[string]string, error) {
	raws := map[string]string{}
	_, err := many(ctx, q.run, func(r rows) (struct{}, error) {
		var key, raw string
		err := r.Scan(&key, &raw)
		raws[key] = raw
		return struct{}{}, err
	}, `SELECT source_key, raw FROM inputs WHERE source = $1 AND source_key`+q.dialect.among(2), source, list(q.dialect, keys))
	return raws, wrap("read inputs", err)
}

// Input returns the input. Fault not_found.input.
func (q queries) Input(ctx context.Context, id campaigns.InputID) (*Input, error) {
	i, ok, err := one(ctx, q.run, scanInput, selectInput+` WHERE id = $1`, id)
	return found("input", nil, i, ok, err)
}

// DeadInputs lists those that could not be handled, by id.
func (q queries) DeadInputs(ctx context.Context, p Page) ([]*Input, error) {
	f := q.filter("id > ", p.After)
	f.word("state = ", string(InputDead))
	in, err := many(ctx, q.run, scanInput, f.page(selectInput, p), f.args...)
	return in, wrap("list dead inputs", err)
}

// ReviveInput makes a dead input wait again, as if it had never been tried; false where it is not dead.
func (tx *Tx) ReviveInput(ctx context.Context, id campaigns.InputID) (bool, error) {
	n, err := tx.run.exec(ctx, `UPDATE inputs SET state = 'stored', tries = 0, error = '', handled_at = NULL WHERE id = $1 AND state = 'dead'`, id)
	return n == 1, wrap("revive input", err)
}

// ClaimActor claims the actor's inputs for the owner, or renews the owner's claim; false when another owner's claim still runs.
func (tx *Tx) ClaimActor(ctx context.Context, actor, owner string, now, until time.Time) (bool, error) {
	n, err := tx.run.exec(ctx, `INSERT INTO actor_claims (actor, claim_owner, claim_until) VALUES ($1, $2, $3)
		ON CONFLICT (actor) DO UPDATE SET claim_owner = excluded.claim_owner, claim_until = excluded.claim_until
		WHERE actor_claims.claim_owner = excluded.claim_owner OR actor_claims.claim_until <= $4`, actor, owner, micros(until), micros(now))
	return n == 1, wrap("claim actor", err)
}

// ClaimActor is Tx.ClaimActor in a transaction of its own.
func (s *Store) ClaimActor(ctx context.Context, actor, owner string, now, until time.Time) (mine bool, err error) {
	err = s.writeOne(ctx, func(tx *Tx) error {
		mine, err = tx.ClaimActor(ctx, actor, owner, now, until)
		return err
	})
	return mine, err
}

// ReleaseActor is Tx.ReleaseActor in a transaction of its own.
func (s *Store) ReleaseActor(ctx context.Context, actor, owner string) error {
	return s.writeOne(ctx, func(tx *Tx) error { return tx.ReleaseActor(ctx, actor, owner) })
}

// ReleaseActor ends the claim, if the owner still has it.
func (tx *Tx) ReleaseActor(ctx context.Context, actor, owner string) error {
	_, err := tx.run.exec(ctx, `DELETE FROM actor_claims WHERE actor = $1 AND claim_owner = $2`, actor, owner)
	return wrap("release actor", err)
}

// StoredInputs returns the actor's inputs that wait, in order of id.
func (q queries) StoredInputs(ctx context.Context, actor string, limit int) ([]*Input, error) {
	in, err := many(ctx, q.run, scanInput, selectInput+` WHERE actor = $1 AND state = 'stored' ORDER BY id LIMIT $2`, actor, limit)
	return in, wrap("list stored inputs", err)
}

// StoredActors lists actors with waiting inputs that were received before `before` and are not claimed at now, the longest waiting first.
func (q queries) StoredActors(ctx context.Context, before, now time.Time, limit int) ([]string, error) {
	actors, err := many(ctx, q.run, value[string], `SELECT i.actor FROM `+storedInputs+` GROUP BY i.actor ORDER BY min(i.id) LIMIT $3`, micros(now), micros(before), limit)
	return actors, wrap("list stored actors", err)
}

const storedInputs = `inputs i WHERE i.state = 'stored' AND i.received_at < $2 AND NOT EXISTS (SELECT 1 FROM actor_claims a WHERE a.actor = i.actor AND a.claim_until > $1)`

// FinishInput moves a stored input to done, with the member when it became known (0: as it was). False when it was not in state stored:
// somebody was faster.
func (tx *Tx) FinishInput(ctx context.Context, id campaigns.InputID, member campaigns.MemberID, now time.Time) (bool, error) {
	if tx.gathered != nil {
		tx.gathered.finished = append(tx.gathered.finished, finish{id, member, now})
		return true, nil
	}
	n, err := tx.run.exec(ctx, `UPDATE inputs SET state = 'done', handled_at = $3, member_id = COALESCE($2, member_id)
		WHERE id = $1 AND state = 'stored'`, id, zeroNull(member), micros(now))
	return n == 1, wrap("finish input", err)
}

// FailInput counts a try with its error; at maxTries the input is dead. errText holds no personal value.
func (tx *Tx) FailInput(ctx context.Context, id campaigns.InputID, errText string, maxTries int, now time.Time) error {
	_, err := tx.run.exec(ctx, `UPDATE inputs SET tries = tries + 1, error = $2,
			state = CASE WHEN tries + 1 >= $3 THEN 'dead' ELSE state END,
			handled_at = CASE WHEN tries + 1 >= $3 THEN $4 ELSE handled_at END
		WHERE id = $1 AND state = 'stored'`, id, errText, maxTries, micros(now))
	return wrap("fail input", err)
}

// ClearInput empties a stored input that is being handled: its member was erased by it, or it is nobody's. An actor that holds an address becomes "nobody".
func (tx *Tx) ClearInput(ctx context.Context, id campaigns.InputID) error {
	_, err := tx.run.exec(ctx, `UPDATE inputs SET raw = '', actor = CASE WHEN actor LIKE 'member:%' THEN actor ELSE 'nobody' END WHERE id = $1`, id)
	return wrap("clear input", err)
}
