package api

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// TestIdempotentRuns: one at a time; what failed on our side, or died, may run again; a day later the key is free.
func TestIdempotentRuns(t *testing.T) {
	w := newWorld(t)
	p := engine.Principal{TokenID: 1}
	ran := 0
	run := func(status int, err error) (engine.Reply, bool, error) {
		return w.e.Idempotent(t.Context(), p, "k", "h", func(context.Context) (engine.Reply, error) {
			ran++
			_, _, running := w.e.Idempotent(t.Context(), p, "k", "h", nil)
			if !fault.Is(running, fault.Conflict) {
				t.Errorf("while it runs: %v", running)
			}
			return engine.Reply{Status: status, Body: "b", ContentType: "c"}, err
		})
	}
	if _, _, err := run(200, errors.New("broke")); err == nil {
		t.Error("no error")
	}
	if r, replayed, err := run(500, nil); err != nil || replayed || r.Status != 500 {
		t.Errorf("%+v %v %v", r, replayed, err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _, _ = w.e.Idempotent(t.Context(), p, "k", "h", func(context.Context) (engine.Reply, error) { ran++; panic("x") })
	}()
	if r, replayed, err := run(201, nil); err != nil || replayed || r.Status != 201 || ran != 4 {
		t.Errorf("%+v %v %v after %d runs", r, replayed, err, ran)
	}
	if r, replayed, err := run(201, nil); err != nil || !replayed || r != (engine.Reply{Status: 201, Body: "b", ContentType: "c"}) || ran != 4 {
		t.Errorf("%+v %v %v after %d runs", r, replayed, err, ran)
	}
	w.now = w.now.Add(25 * time.Hour)
	if _, replayed, err := run(201, nil); err != nil || replayed || ran != 5 {
		t.Errorf("a day later: %v %v", replayed, err)
	}
}
