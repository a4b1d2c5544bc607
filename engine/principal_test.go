package engine_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// TestTokenLife: a token opens what its scopes say and nothing else, its use is noted, and it ends at once.
func TestTokenLife(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		token, err := w.e.CreateToken(ctx, engine.Operator, "crm", []engine.Scope{engine.MembersRead})
		must(t, err)
		p, err := w.e.Authenticate(ctx, token)
		must(t, err)
		if p.Require(engine.MembersRead) != nil || !fault.Is(p.Require(engine.MembersWrite), fault.Forbidden) {
			t.Errorf("scopes %v", p.Scopes)
		}
		if _, err := w.e.CreateToken(ctx, p, "more", []engine.Scope{engine.Admin}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a token makes tokens: %v", err)
		}
		used := func() time.Time {
			ts, err := w.e.Tokens(ctx, engine.Operator)
			must(t, err)
			if ts[0].LastUsedAt == nil {
				t.Fatal("its use is not noted")
			}
			return *ts[0].LastUsedAt
		}
		first := used()
		w.clock.set(first.Add(2 * time.Minute))
		_, err = w.e.Authenticate(ctx, token)
		must(t, err)
		if !used().After(first) {
			t.Error("its later use is not noted")
		}
		must(t, w.e.RevokeToken(ctx, engine.Operator, p.TokenID))
		for _, bad := range []string{token, token + "x", "kzk_", "", "Bearer"} {
			if _, err := w.e.Authenticate(ctx, bad); !fault.Is(err, fault.Unauthorized) {
				t.Errorf("%q opens: %v", bad, err)
			}
		}
	})
}
