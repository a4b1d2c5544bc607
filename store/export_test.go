package store

import "context"

// Exec runs a statement that no method has, in a transaction.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) error {
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.run.exec(ctx, sql, args...)
		return err
	})
}

// Texts returns the first column of every row as text.
func (s *Store) Texts(ctx context.Context, sql string, args ...any) ([]string, error) {
	return many(ctx, s.run, func(r rows) (v string, err error) {
		err = r.Scan(orEmpty(&v))
		return v, err
	}, sql, args...)
}
