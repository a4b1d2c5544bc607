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

// Cooldowns returns the buckets that are cooling down at now, with their ends.
func (q queries) Cooldowns(ctx context.Context, now time.Time) (map[string]time.Time, error) {
	ends := map[string]time.Time{}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var bucket string
		var until time.Time
		err = r.Scan(&bucket, timeInto{&until})
		ends[bucket] = until
		return
	}, `SELECT bucket, until FROM cooldowns WHERE until > $1`, micros(now))
	return ends, wrap("read cooldowns", err)
}

// SetCooldown notes a pause that a provider asked for; a later end wins.
func (tx *Tx) SetCooldown(ctx context.Context, bucket string, until time.Time, reason string) error {
	_, err := tx.run.exec(ctx, `INSERT INTO cooldowns (bucket, until, reason) VALUES ($1, $2, $3)
		ON CONFLICT (bucket) DO UPDATE SET until = excluded.until, reason = excluded.reason WHERE cooldowns.until < excluded.until`,
		bucket, micros(until), reason)
	return wrap("set cooldown", err)
}
