package engine

import (
	"context"
	"errors"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// Present is what publishing does with an entry by the present members of a segment.
type Present struct {
	// Opens is OpensNow, or OpensNever: an older version took them in, or is at it.
	Opens Opens
	// Nobody: an older version looked for them, and nobody came in.
	Nobody bool
}

// present is nil for an entry that has no present members. They are taken in once: a later version that says the same goes on where the older one was, also when the
// campaign has finished, so that a correction brings nobody an old message. But one that listens, where the older did not or has ended, looks for those who came
// meanwhile, unless others would enter again with them. And who is there now is taken in when nobody was then.
func (e *Engine) present(ctx context.Context, from openedFrom, c *store.Campaign, def *definition.Definition, was *store.Schedule) (*Present, error) {
	if def.Entry.Segment == "" || def.Entry.Audience() == nil {
		return nil, nil
	}
	out := &Present{Opens: OpensNow}
	if was == nil || c.LiveVersion == 0 {
		return out, nil
	}
	l, err := e.version(ctx, from, c.ID, c.LiveVersion)
	if errors.Is(err, errBadVersion) || err == nil && (l.def.Entry.Audience() == nil || l.def.Entry.Segment != def.Entry.Segment) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	ended := c.State == campaigns.Finished
	if out.Nobody, err = from.TookNobody(ctx, was); err != nil {
		return nil, err
	}
	if def.Entry.Listens() {
		out.Nobody = false // who comes later tells
		if def.Entry.Reentry == definition.ReentryNever && (ended || !l.def.Entry.Listens()) {
			return out, nil
		}
	}
	if unopened := ended && was.DoneAt == nil && was.LastMember == 0; !out.Nobody && !unopened {
		out.Opens = OpensNever
	}
	return out, nil
}
