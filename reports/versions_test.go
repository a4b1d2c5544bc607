package reports

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestVersionThatCannotBeRead: a definition from which this program's language has moved on is read and parsed once, not for each line that names it.
func TestVersionThatCannotBeRead(t *testing.T) {
	s := storetest.SQLite(t)
	c := &store.Campaign{Key: "old", Name: "Old", Kind: "broadcast", State: campaigns.Running, DraftFormat: "yaml", CreatedAt: time.Now(), UpdatedAt: time.Now(), StateAt: time.Now()}
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertCampaign(t.Context(), c); err != nil {
			return err
		}
		return tx.InsertVersion(t.Context(), &store.Version{Campaign: c.ID, Number: 1, Source: "key: old\nwords_of: yesterday\n", Format: "yaml", PublishedAt: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	r := New(s, nil)
	for range 2 {
		if def, err := r.version(t.Context(), c.ID, 1); def != nil || err != nil {
			t.Errorf("%v, %v", def, err)
		}
	}
	if _, ok := r.parsed.Load(versionKey{c.ID, 1}); !ok {
		t.Error("it is read again each time")
	}
}
