package engine

import (
	"context"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// listing counts how often running campaigns are listed.
type listing struct {
	source
	lists int
}

func (c *listing) Campaigns(ctx context.Context, p store.Page, states ...campaigns.State) ([]*store.Campaign, error) {
	c.lists++
	return c.source.Campaigns(ctx, p, states...)
}

// TestTopicsAreReadOnceForAChunk: however many of its lines name topics that the community does not list.
func TestTopicsAreReadOnceForAChunk(t *testing.T) {
	s := storetest.Open(t, storetest.SQLiteURL(t))
	e, err := New(Options{Store: s, Secret: make([]byte, 32), Owner: "w"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.PatchCommunity(t.Context(), Operator, CommunityPatch{Topics: []string{"news"}}); err != nil {
		t.Fatal(err)
	}
	from, list := &listing{source: s}, &topicsRead{}
	for i := range 5 {
		w := &memberWrite{consents: []members.Consent{{Channel: campaigns.Email, Topic: "newz", Given: true}}, topics: list}
		if refused, err := e.unknownTopics(t.Context(), from, w, nil); refused == nil || err != nil {
			t.Errorf("line %d: %v, %v", i, refused, err)
		}
	}
	if from.lists != 1 {
		t.Errorf("campaigns were listed %d times", from.lists)
	}
}
