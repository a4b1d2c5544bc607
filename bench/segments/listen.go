package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/bench/seed"
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

type segment struct {
	key, who string
	// change makes some differ by the next round, without a mark.
	change func(ctx context.Context, b *bench) error
}

var segments = []segment{
	{"tag-language-attribute", "{all: [{tag: vip}, {language: ru}, {attribute: level, is: l3}]}", func(ctx context.Context, b *bench) error {
		_, err := b.db.ExecContext(ctx, fmt.Sprintf(`DELETE FROM member_tags WHERE tag_key = 'vip' AND (member_id / 5) %% 100 = %d`, b.changes))
		return err
	}},
	{"look-back", "{last_event: lesson.done, older_than: 30d}", func(_ context.Context, b *bench) error {
		b.now = b.now.Add(24 * time.Hour)
		return nil
	}},
}

// bench is one segment of one database.
type bench struct {
	db      *seed.DB
	store   *store.Store
	segment segment
	times   int
	changes int
	now     time.Time
	engine  *engine.Engine
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.engine, err = engine.New(engine.Options{Store: b.store, Secret: make([]byte, 32), SegmentsEvery: 24 * 365 * time.Hour, Now: func() time.Time { return b.now }}); err != nil {
		return err
	}
	defer b.engine.Close()
	who, err := engine.ParseSegment(engine.Draft{Source: "key: " + b.segment.key + "\nname: N\nwho: " + b.segment.who + "\n", Format: definition.YAML})
	if err != nil {
		return err
	}
	if err := b.count(ctx, "count, the condition asked", func() (int, error) {
		return b.store.CountAudience(ctx, store.Asked{Condition: &who.Who, Fallback: "en", Now: b.now})
	}); err != nil {
		return err
	}
	if err := b.listen(ctx); err != nil {
		return err
	}
	if err := b.rounds(ctx); err != nil {
		return err
	}
	_, err = b.engine.End(ctx, engine.Operator, campaigns.Key(b.segment.key))
	return err
}

func (b *bench) count(_ context.Context, what string, count func() (int, error)) error {
	var all []time.Duration
	n := 0
	for range max(b.times, 5) {
		began := time.Now()
		var err error
		if n, err = count(); err != nil {
			return err
		}
		all = append(all, time.Since(began))
	}
	took(what, all, fmt.Sprintf("%d members", n))
	return nil
}

// listen publishes a campaign that listens, and tells how long the first round takes.
func (b *bench) listen(ctx context.Context) error {
	if _, err := b.engine.CreateSegment(ctx, engine.Operator, engine.Draft{Source: "key: " + b.segment.key + "\nname: N\nwho: " + b.segment.who + "\n", Format: definition.YAML}); err != nil {
		return err
	}
	src := "key: " + b.segment.key + "\nkind: onboarding\nname: N\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {segment: " + b.segment.key + ", who: future}\nsteps: [{wait: 300d}]\n"
	c, err := b.engine.CreateCampaign(ctx, engine.Operator, engine.Draft{Source: src, Format: definition.YAML})
	if err != nil {
		return err
	}
	if _, err := b.engine.Publish(ctx, engine.Operator, c.Key); err != nil {
		return err
	}
	if err := b.timed(ctx, "first round", 1, nil); err != nil {
		return err
	}
	w, err := b.store.WatchOf(ctx, c.Key)
	if err != nil {
		return err
	}
	return b.count(ctx, "count, of the list", func() (int, error) { return b.store.CountListed(ctx, w.ID) })
}

func (b *bench) rounds(ctx context.Context) error {
	if err := b.timed(ctx, "a round that finds nobody", b.times, nil); err != nil {
		return err
	}
	return b.timed(ctx, "a round that finds some", b.times, b.segment.change)
}

// timed lets rounds begin and end, and tells how long they took, how many came and left in the last, and how long other writes waited.
func (b *bench) timed(ctx context.Context, what string, times int, change func(context.Context, *bench) error) error {
	var all, waits []time.Duration
	var some int
	for range times {
		b.changes++
		if change != nil {
			if err := change(ctx, b); err != nil {
				return err
			}
		}
		b.now = b.now.Add(time.Second)
		err := b.store.Write(ctx, func(tx *store.Tx) error { return tx.WatchAnew(ctx, b.now) })
		if err != nil {
			return err
		}
		beside, end := b.writing(ctx)
		began := time.Now()
		if err := b.settle(ctx); err != nil {
			end()
			return err
		}
		all = append(all, time.Since(began))
		end()
		waits = append(waits, *beside...)
		if err := b.db.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM events WHERE name IN ('segment.entered', 'segment.left') AND at >= %d`, b.now.UnixMicro())).Scan(&some); err != nil {
			return err
		}
	}
	slices.Sort(waits)
	more := fmt.Sprintf("%d came or left", some)
	if len(waits) > 0 {
		more += fmt.Sprintf("; another write waits %.0f ms at p99, %.0f at most", ms(waits[len(waits)*99/100]), ms(waits[len(waits)-1]))
	}
	took(what, all, more)
	return nil
}

// settle works until the round is over and whoever came is taken in.
func (b *bench) settle(ctx context.Context) error {
	for {
		more, err := b.engine.AdvanceDue(ctx, time.Second)
		if err != nil || !more {
			return err
		}
	}
}

// writing writes something small a hundred times a second, as an answer does, until it is ended, and says how long each took.
func (b *bench) writing(ctx context.Context) (waits *[]time.Duration, end func()) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	waits = &[]time.Duration{}
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
			began := time.Now()
			err := b.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
				_, err := tx.InsertInputs(ctx, []*store.Input{{Source: "bench", SourceKey: fmt.Sprint(began.UnixNano(), n), Actor: "bench", Kind: "bench", Raw: "{}", ReceivedAt: began, State: store.InputDone}})
				return err
			})
			if err == nil {
				*waits = append(*waits, time.Since(began))
			}
		}
	})
	return waits, func() { stop(); wg.Wait() }
}
