package engine

import (
	"context"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// wordings lists the texts of what is to be the campaign's version after live, in its languages.
func (e *Engine) wordings(ctx context.Context, from publishedFrom, id campaigns.CampaignID, live int, now *difference.Document) ([]difference.Text, error) {
	h, err := e.history(ctx, from, id, live)
	if err != nil {
		return nil, err
	}
	right, err := from.RightWordings(ctx, id)
	if err != nil {
		return nil, err
	}
	list := h.Languages(now)
	for i := range list {
		list[i] = list[i].Settle(func(beside string) bool { return slices.Contains(right, beside) })
	}
	return list, nil
}

// wordingsOf lists the texts of a draft that has no problem, as the next version of the campaign with the key, if there is one.
func (e *Engine) wordingsOf(ctx context.Context, d Draft, key campaigns.Key) ([]difference.Text, error) {
	now, _ := difference.Read([]byte(d.Source), d.Format)
	c, err := e.Store.CampaignByKey(ctx, key)
	switch {
	case fault.Is(err, fault.NotFound):
		return difference.History{}.Languages(now), nil
	case err != nil:
		return nil, err
	}
	return e.wordings(ctx, e.Store, c.ID, c.LiveVersion, now)
}

// only are the texts of which it holds.
func only(list []difference.Text, holds func(difference.Text) bool) []difference.Text {
	return slices.DeleteFunc(slices.Clone(list), func(t difference.Text) bool { return !holds(t) })
}

// history is what the campaign's versions up to the number leave for the texts of the next. A version that cannot be read is passed over.
func (e *Engine) history(ctx context.Context, from source, id campaigns.CampaignID, number int) (difference.History, error) {
	begin, h := e.live.historyUpTo(id, number)
	for n := begin + 1; n <= number; n++ {
		v, err := from.Version(ctx, id, n)
		if err != nil {
			return h, err
		}
		if doc, _ := difference.Read([]byte(v.Source), definition.Format(v.Format)); doc != nil {
			h = h.With(doc)
		}
	}
	if number > begin {
		e.live.keepHistory(liveKey{id, number}, h)
	}
	return h, nil
}

// historyUpTo is the nearest one that is kept, and the number of its newest version; 0: none is.
func (c *liveCache) historyUpTo(id campaigns.CampaignID, number int) (int, difference.History) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := number; n > 0; n-- {
		if h, ok := c.histories[liveKey{id, n}]; ok {
			return n, h
		}
	}
	return 0, difference.History{}
}

func (c *liveCache) keepHistory(key liveKey, h difference.History) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.histories == nil || len(c.histories) >= maxHistories {
		c.histories = map[liveKey]difference.History{}
	}
	c.histories[key] = h
}

// WordingAt names a text of a draft in one language.
type WordingAt struct {
	Step campaigns.StepID // empty: of the campaign itself
	Path string           // below it, as difference.Text has it
	Lang campaigns.Lang
}

// CallRight notes that the draft's text is right as it is, beside what it stands beside now in the other languages: it does not lag behind any more, in the draft and
// in versions that say the same. rev 0 means whatever revision there is. Scope campaigns:write. Faults: conflict.draft for another revision, not_found.text.
func (e *Engine) CallRight(ctx context.Context, p Principal, key campaigns.Key, rev int64, at WordingAt) error {
	if err := p.Require(CampaignsWrite); err != nil {
		return err
	}
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.LockCampaign(ctx, key)
		if err != nil {
			return err
		}
		if rev != 0 && rev != c.DraftRev {
			return fault.New(fault.Conflict, "conflict.draft", nil)
		}
		pub, err := e.publication(ctx, tx, c, nil)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(pub.Words, func(t difference.Text) bool { return t.Step == at.Step && t.Path == at.Path && t.Has(at.Lang) })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found.text", map[string]any{"text": difference.Text{Step: at.Step, Path: at.Path}.Name(), "language": string(at.Lang)})
		}
		return tx.InsertRightWording(ctx, c.ID, pub.Words[i].Beside(at.Lang), p.Name, e.now())
	})
}
