package console

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// TestStartersThatWereTaken are offered no more: not when their campaign is archived and in no list, nor when it stands beyond the lists' end.
func TestStartersThatWereTaken(t *testing.T) {
	const action = `action="/console/starters/first-week"`
	w := newWorld(t, newSQLite(t))
	offered := func() (n int) {
		for _, path := range []string{"/console", "/console/campaigns"} {
			n += strings.Count(w.get(path, "en"), action)
		}
		return n
	}
	if n := offered(); n != 2 {
		t.Fatalf("at the start it is offered %d times", n)
	}
	w.post("/console/starters/first-week", map[string][]string{})
	for _, step := range []func(campaigns.Key) error{
		func(k campaigns.Key) error { _, err := w.e.Publish(t.Context(), engine.Operator, k); return err },
		func(k campaigns.Key) error { _, err := w.e.End(t.Context(), engine.Operator, k); return err },
		func(k campaigns.Key) error { _, err := w.e.Archive(t.Context(), engine.Operator, k); return err },
	} {
		must(t, step("first-week"))
	}
	if n := offered(); n != 0 {
		t.Errorf("its campaign is archived, and it is offered %d times", n)
	}

	w = newWorld(t, newSQLite(t))
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		for i := range 205 {
			c := &store.Campaign{Key: campaigns.Key(fmt.Sprint("other-", i)), Name: "Other", Kind: "survey", State: campaigns.Draft, DraftFormat: "yaml", CreatedAt: start, UpdatedAt: start, StateAt: start}
			if err := tx.InsertCampaign(t.Context(), c); err != nil {
				return err
			}
		}
		return nil
	}))
	w.post("/console/starters/first-week", map[string][]string{})
	if n := offered(); n != 0 {
		t.Errorf("its campaign is beyond the lists' end, and it is offered %d times", n)
	}
}
