package engine

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// memory is what conditions of one version look back at, read once in a transaction.
type memory struct {
	segments definition.Segments
	asked    []*definition.Condition
	read     map[campaigns.MemberID]bool
	past     map[campaigns.MemberID]*definition.Past
}

func (w *work) memory(ctx context.Context, l *live) (*memory, error) {
	if m := w.memories[l]; m != nil {
		return m, nil
	}
	m := &memory{read: map[campaigns.MemberID]bool{}, past: map[campaigns.MemberID]*definition.Past{}, asked: l.needs.Past}
	if l.needs.Segments {
		var err error
		if m.segments, err = w.e.segmentsNow(ctx, w.tx); err != nil {
			return nil, err
		}
		m.asked = l.def.NeedsWithin(m.segments).Past
	}
	w.memories[l] = m
	return m, nil
}

// rememberRows reads the past of all whose rows are of the version, so that deciding for each reads nothing more. A version that does not look back reads nothing.
func (w *work) rememberRows(ctx context.Context, l *live, rows []*store.Enrollment) error {
	if l == nil || !l.looksBack {
		return nil
	}
	ids := make([]campaigns.MemberID, 0, len(rows))
	for _, r := range rows {
		if r.Version == l.version {
			ids = append(ids, r.Member)
		}
	}
	return w.remember(ctx, l, ids)
}

func (w *work) remember(ctx context.Context, l *live, ids []campaigns.MemberID) error {
	m, err := w.memory(ctx, l)
	if err != nil || len(ids) == 0 {
		return err
	}
	past, err := w.tx.Past(ctx, ids, m.asked, w.now)
	if err != nil {
		return err
	}
	before, err := w.e.before(ctx, ids, m.asked, w.now)
	for _, id := range ids {
		m.read[id], m.past[id] = true, before[id].Then(past[id])
	}
	return err
}

// lookBack adds to the facts what conditions of the version ask for of what was.
func (w *work) lookBack(ctx context.Context, l *live, id campaigns.MemberID, f *decide.Facts) error {
	if !l.looksBack {
		return nil
	}
	m, err := w.memory(ctx, l)
	if err != nil {
		return err
	}
	if !m.read[id] {
		if err := w.remember(ctx, l, []campaigns.MemberID{id}); err != nil {
			return err
		}
	}
	f.Past, f.Segments = m.past[id], m.segments
	return nil
}
