package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/store"
)

// daysSource is the source of inputs that tell of days which a campaign's set steps moved.
const daysSource = "days"

// movedDays names the attributes that held a day and hold it no more, or another: somebody may wait for it. A day that nobody could have waited for moves
// nothing.
func movedDays(had, has map[string]any) (names []string) {
	for name, value := range had {
		text, ok := value.(string)
		if !ok || value == has[name] {
			continue
		}
		if _, err := timing.ReadDay(text, time.UTC); err == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// daysMoved lets the passages that wait for one of these attributes' days wait for what stands there now.
func (e *Engine) daysMoved(ctx context.Context, tx *store.Tx, id campaigns.MemberID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	return e.decideAll(ctx, tx, id, &decide.ZoneChanged{}, func(l *live) bool {
		return slices.ContainsFunc(l.needs.Dates, func(name string) bool { return slices.Contains(names, name) })
	})
}

// moveDays stores that a set step moved days. The passages that wait for them are others than the one that is decided: they have a transaction of their own,
// in the order of all that happens to the member.
func (w *work) moveDays(ctx context.Context, id campaigns.MemberID, names []string) error {
	if len(names) == 0 {
		return nil
	}
	key, err := w.tx.NextID(ctx)
	if err != nil {
		return err
	}
	w.inputs = append(w.inputs, &store.Input{
		Source: daysSource, SourceKey: fmt.Sprint(key), Actor: memberActor(id), Kind: "moved", Raw: string(mustJSON(names)), Member: id, ReceivedAt: w.now,
	})
	return nil
}

func (e *Engine) handleDays(ctx context.Context, tx *store.Tx, in *store.Input) (*after, error) {
	var names []string
	if err := json.Unmarshal([]byte(in.Raw), &names); err != nil {
		return nil, fmt.Errorf("read moved days: %w", err)
	}
	p, err := tx.LockMember(ctx, in.Member)
	if err != nil {
		return nil, err
	}
	in.Member = p.ID // the two may have been merged since it was stored
	return nil, e.daysMoved(ctx, tx, p.ID, names)
}
