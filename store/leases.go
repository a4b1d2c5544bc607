package store

import (
	"context"
	"time"
)

// TakeLease takes or renews the named lease for the holder; false when another holder's lease still runs.
func (tx *Tx) TakeLease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	n, err := tx.run.exec(ctx, `INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE leases.holder = excluded.holder OR leases.until <= $4`, name, holder, micros(until), micros(now))
	return n == 1, wrap("take lease", err)
}

// ReleaseLease gives it back, if the holder still has it.
func (tx *Tx) ReleaseLease(ctx context.Context, name, holder string) error {
	_, err := tx.run.exec(ctx, `DELETE FROM leases WHERE name = $1 AND holder = $2`, name, holder)
	return wrap("release lease", err)
}

// momentOf is the holder of a moment: a row of leases that no process holds.
const momentOf = "-"

// PutMoment notes a moment that processes share, by its name.
func (tx *Tx) PutMoment(ctx context.Context, name string, at time.Time) error {
	_, err := tx.run.exec(ctx, `INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until`, name, momentOf, micros(at))
	return wrap("note moment", err)
}

// Moment returns it; zero: there is none.
func (q queries) Moment(ctx context.Context, name string) (time.Time, error) {
	at, _, err := one(ctx, q.run, func(r rows) (at time.Time, err error) {
		err = r.Scan(timeInto{&at})
		return at, err
	}, `SELECT until FROM leases WHERE name = $1 AND holder = $2`, name, momentOf)
	return at, wrap("read moment", err)
}

// DropMoment forgets it.
func (tx *Tx) DropMoment(ctx context.Context, name string) error {
	return tx.ReleaseLease(ctx, name, momentOf)
}

// Cooldown is a rest that a provider asked for. Rate is where its mail domain starts again afterwards, in mails a second; 0: unchanged.
type Cooldown struct {
	Until  time.Time
	Reason string
	Rate   float64
}

// Cooldowns returns the rests that end after since, by bucket.
func (q queries) Cooldowns(ctx context.Context, since time.Time) (map[string]Cooldown, error) {
	all := map[string]Cooldown{}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var bucket string
		var c Cooldown
		err = r.Scan(&bucket, timeInto{&c.Until}, &c.Reason, &c.Rate)
		all[bucket] = c
		return
	}, `SELECT bucket, until, reason, rate FROM cooldowns WHERE until > $1`, micros(since))
	return all, wrap("read cooldowns", err)
}

// SetCooldown notes a rest; a later end wins. Who rests already at now keeps its rate: several messages were told at once what is one slow-down.
func (tx *Tx) SetCooldown(ctx context.Context, bucket string, c Cooldown, now time.Time) error {
	_, err := tx.run.exec(ctx, `INSERT INTO cooldowns (bucket, until, reason, rate) VALUES ($1, $2, $3, $4)
		ON CONFLICT (bucket) DO UPDATE SET until = excluded.until, reason = excluded.reason,
			rate = CASE WHEN cooldowns.until > $5 AND cooldowns.rate > 0 THEN cooldowns.rate ELSE excluded.rate END
		WHERE cooldowns.until < excluded.until`, bucket, micros(c.Until), c.Reason, c.Rate, micros(now))
	return wrap("set cooldown", err)
}

// EndCooldown ends a rest that is for the reason.
func (tx *Tx) EndCooldown(ctx context.Context, bucket, reason string) error {
	_, err := tx.run.exec(ctx, `DELETE FROM cooldowns WHERE bucket = $1 AND reason = $2`, bucket, reason)
	return wrap("end cooldown", err)
}

// DropCooldowns forgets rests that ended before.
func (tx *Tx) DropCooldowns(ctx context.Context, before time.Time) error {
	_, err := tx.run.exec(ctx, `DELETE FROM cooldowns WHERE until < $1`, micros(before))
	return wrap("drop cooldowns", err)
}
