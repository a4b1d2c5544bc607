package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/store"
)

// The moments of fetching from chats that processes share.
const (
	lastFetched = "telegram-fetched" // by wall time: a moment at which nothing was left to be fetched
	awayUntil   = "telegram-away"    // by the community's clock: when that was so again after nobody had fetched for a while
)

const (
	// fetchedEvery is how often the moment is written, at most.
	fetchedEvery = 5 * time.Second
	// notFetched is after how long without it nobody fetches: longer than one long poll with its margin and that.
	notFetched = 90 * time.Second
	// mostUnfetched is how long questions wait for whoever fetches. A bot that was given up would hold them for ever.
	mostUnfetched = 24 * time.Hour
	fetchedTTL    = time.Second
)

// fetched is what is known of fetching; zero: nothing.
type fetched struct{ last, away time.Time }

// CaughtUp says that all that waited at Telegram was fetched and stored at this moment.
func (e *Engine) CaughtUp(ctx context.Context) error {
	wall := time.Now()
	if wall.Sub(time.UnixMicro(e.caughtUp.Load())) < fetchedEvery {
		return nil
	}
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		last, err := tx.Moment(ctx, lastFetched)
		if err != nil {
			return err
		}
		if !last.IsZero() && wall.Sub(last) > notFetched {
			if err := tx.PutMoment(ctx, awayUntil, e.now()); err != nil {
				return err
			}
		}
		return tx.PutMoment(ctx, lastFetched, wall)
	})
	if err == nil {
		e.caughtUp.Store(wall.UnixMicro())
		e.fetched.forget()
	}
	return err
}

// NotFetched says that nobody has to fetch: Telegram brings what members do.
func (e *Engine) NotFetched(ctx context.Context) error {
	defer e.fetched.forget()
	return e.Store.Write(ctx, func(tx *store.Tx) error { return tx.DropMoment(ctx, lastFetched) })
}

// unheard is in which time what members did was not fetched, by this process's beginning and by those who fetch.
func (e *Engine) unheard(ctx context.Context) (store.Absence, error) {
	a := e.away.now()
	f, err := e.fetched.get(func() (f fetched, err error) {
		if f.last, err = e.Store.Moment(ctx, lastFetched); err == nil {
			f.away, err = e.Store.Moment(ctx, awayUntil)
		}
		return f, err
	})
	if err != nil {
		return a, err
	}
	if f.away.After(a.Ended) {
		a.Ended = f.away
	}
	if f.away.After(a.Until) {
		a.Until = f.away
	}
	if since := time.Since(f.last); !f.last.IsZero() && since > notFetched && since < mostUnfetched {
		a.Unfetched = e.now().Add(-since)
	}
	return a, nil
}
