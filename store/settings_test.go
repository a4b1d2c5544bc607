package store_test

import (
	"context"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

func TestCommunity(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		get := func() *store.Community { return must[*store.Community](t)(s.Community(t.Context())) }
		same(t, &store.Community{TimeZone: "UTC", Languages: []campaigns.Lang{"en", "ru"}}, get())
		c := &store.Community{
			Name: "Кружок", TimeZone: "Europe/Berlin", Languages: []campaigns.Lang{"ru"}, Topics: []string{"news"}, PostalAddress: "a\nb",
			Brand: "x", PrivacyURL: "https://x.example", UpdatedAt: now,
		}
		for _, name := range []string{"one", "two"} {
			c.Name = name
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SaveCommunity(ctx, c) })
			same(t, c, get())
		}
	})
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a := &store.Token{Name: "ci", Hash: "h1", Scopes: []string{"read", "write"}, CreatedAt: now}
		b := &store.Token{Name: "b", Hash: "h2", CreatedAt: now}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.InsertToken(ctx, a))
			check(t, tx.InsertToken(ctx, b))
			return tx.TouchToken(ctx, a.ID, at(1))
		})
		a.LastUsedAt = ptr(at(1))
		same(t, a, must[*store.Token](t)(s.TokenByHash(t.Context(), "h1")))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.RevokeToken(ctx, a.ID, at(2)))
			check(t, tx.RevokeToken(ctx, a.ID, at(3)))
			wantFault(t, tx.RevokeToken(ctx, 1<<40, now), "not_found.token")
			return nil
		})
		a.RevokedAt = ptr(at(2))
		same(t, []*store.Token{a, b}, must[[]*store.Token](t)(s.Tokens(t.Context())))
		_, err := s.TokenByHash(t.Context(), "h1")
		wantFault(t, err, "not_found.token")
	})
}

func TestIdempotentRequests(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		begin := func(token int64, hash string, when, since int) (r *store.IdempotentResult) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				r, err = tx.BeginIdempotent(ctx, token, "key", hash, at(when), at(since))
				return err
			})
			return r
		}
		finish := func(r store.IdempotentResult) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.FinishIdempotent(ctx, 1, "key", r) })
		}
		same(t, nil, begin(1, "h", 0, -10))
		same(t, nil, begin(2, "h", 0, -10)) // another token's key
		running := &store.IdempotentResult{RequestHash: "h", CreatedAt: now}
		same(t, running, begin(1, "other", 1, -9))
		done := store.IdempotentResult{RequestHash: "h", Status: 201, ContentType: "application/json", Body: "{}", CreatedAt: now}
		finish(done)
		same(t, &done, begin(1, "h", 2, -8))
		same(t, nil, begin(1, "h2", 20, 1)) // too old: replaced
		same(t, &store.IdempotentResult{RequestHash: "h2", CreatedAt: at(20)}, begin(1, "h2", 21, 2))
		finish(store.IdempotentResult{})
		same(t, nil, begin(1, "h3", 22, 3))
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DropIdempotent(ctx, at(22)) })
		same(t, []string{"h3"}, must[[]string](t)(s.Texts(t.Context(), `SELECT request_hash FROM idempotency_keys`)))
	})
}

func TestLeases(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for i, step := range []struct {
			holder      string
			from, until int
			want        bool
		}{{"a", 0, 10, true}, {"b", 9, 19, false}, {"a", 5, 15, true}, {"b", 15, 25, true}, {"a", 16, 26, false}} {
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				if ok := must[bool](t)(tx.TakeLease(ctx, "sweep", step.holder, at(step.from), at(step.until))); ok != step.want {
					t.Errorf("lease %d: %v", i, ok)
				}
				return nil
			})
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.ReleaseLease(ctx, "sweep", "a"))
			same(t, false, must[bool](t)(tx.TakeLease(ctx, "sweep", "a", at(16), at(26))))
			check(t, tx.ReleaseLease(ctx, "sweep", "b"))
			same(t, true, must[bool](t)(tx.TakeLease(ctx, "sweep", "a", at(16), at(26))))
			return nil
		})
	})
}

func TestCooldowns(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		rest := func(until int, rate float64) store.Cooldown {
			return store.Cooldown{Until: at(until), Reason: "429", Rate: rate}
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.SetCooldown(ctx, "telegram", rest(10, 0), at(0)))
			check(t, tx.SetCooldown(ctx, "telegram", rest(5, 0), at(0))) // a later end wins
			check(t, tx.SetCooldown(ctx, "email:a.example", rest(3, 8), at(0)))
			check(t, tx.SetCooldown(ctx, "email:a.example", rest(4, 4), at(2))) // told so together with the one before: one slow-down
			check(t, tx.SetCooldown(ctx, "email:b.example", rest(3, 8), at(0)))
			return tx.SetCooldown(ctx, "email:b.example", rest(7, 4), at(5))
		})
		all := map[string]store.Cooldown{"telegram": rest(10, 0), "email:a.example": rest(4, 8), "email:b.example": rest(7, 4)}
		same(t, all, must[map[string]store.Cooldown](t)(s.Cooldowns(t.Context(), at(0))))
		same(t, map[string]store.Cooldown{"telegram": rest(10, 0)}, must[map[string]store.Cooldown](t)(s.Cooldowns(t.Context(), at(7))))
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DropCooldowns(ctx, at(10)) })
		same(t, map[string]store.Cooldown{"telegram": rest(10, 0)}, must[map[string]store.Cooldown](t)(s.Cooldowns(t.Context(), at(0))))
	})
}
