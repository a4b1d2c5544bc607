package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// world is a database with members who wait in two campaigns, one for the engine and one for its rival.
type world struct {
	store *store.Store
	raw   raw
	e     *engine.Engine
	now   time.Time
	n     int
	turns int
	ends  []func()

	ours, theirs campaigns.CampaignID
}

// course is what both campaigns are: a wait of a day or two, then a message.
const course = `
key: %s
kind: onboarding
name: %s
topic: community
languages: [en, ru]
channels: [email]
entry: {event: member.joined, reentry: never}
steps:
  - wait: {for: %s}
  - id: hello
    send: {subject: {en: Hello, ru: Привет}, text: {en: "Hi {{ member.first_name }}", ru: "Привет, {{ member.first_name }}"}}
`

func newWorld(ctx context.Context, url string, n int) (w *world, err error) {
	w = &world{n: n, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.store, err = store.Open(ctx, store.Options{URL: url}); err != nil {
		return nil, err
	}
	w.ends = append(w.ends, func() { _ = w.store.Close() })
	if err := w.store.Migrate(ctx); err != nil {
		return nil, err
	}
	if w.raw, err = openRaw(ctx, url); err != nil {
		return nil, err
	}
	w.ends = append(w.ends, w.raw.close)
	if err := w.people(ctx); err != nil {
		return nil, fmt.Errorf("write members: %w", err)
	}
	cfg, err := email.ParseURL("smtp://127.0.0.1:25") // never dialled: nothing is sent
	if err != nil {
		return nil, err
	}
	if w.e, err = engine.New(engine.Options{
		Store: w.store, Owner: "bench", Secret: []byte("0123456789abcdef0123456789abcdef"), Now: func() time.Time { return w.now },
		Senders: map[campaigns.Channel]channels.Sender{campaigns.Email: email.New(cfg)},
	}); err != nil {
		return nil, err
	}
	w.ends = append(w.ends, w.e.Close)
	return w, w.begin(ctx)
}

func (w *world) close() {
	for i := len(w.ends) - 1; i >= 0; i-- {
		w.ends[i]()
	}
}

// people writes members as an import would have: an address and a consent on each channel, tags, attributes. Their ids are 1 to n.
func (w *world) people(ctx context.Context) error {
	if err := w.store.Write(ctx, func(tx *store.Tx) error { return tx.SkipIDs(ctx, int64(3*w.n)) }); err != nil {
		return err
	}
	const from = ` FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) SELECT n FROM numbers) AS numbers`
	for _, sql := range []string{
		`INSERT INTO members (id, external_id, first_name, last_name, language, time_zone, attributes, state, created_at, updated_at)
			SELECT n, 'member-' || n, 'Анна', 'Petrova', CASE WHEN n % 2 = 0 THEN 'en' ELSE 'ru' END, 'Europe/Berlin', '{"level":"b1","lessons":12}', 'active', 1, 1` + from,
		`INSERT INTO member_tags (member_id, tag_key, tag) SELECT n, 'beginner', 'beginner'` + from,
		`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
			SELECT $1 + n, n, 'email', 'member-' || n || '@example.org', 'member-' || n || '@example.org', 'email-' || n, 'ok', 1, 1` + from,
		`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
			SELECT 2 * $1 + n, n, 'telegram', '' || (1000000 + n), '' || (1000000 + n), 'telegram-' || n, 'ok', 1, 1` + from,
		`INSERT INTO subscriptions (member_id, channel, topic, given, at) SELECT n, 'email', 'community', true, 1` + from,
		`INSERT INTO subscriptions (member_id, channel, topic, given, at) SELECT n, 'telegram', 'community', true, 1` + from,
	} {
		if _, err := w.raw.exec(ctx, sql, int64(w.n)); err != nil {
			return err
		}
	}
	return nil
}

// begin enrolls everybody in both campaigns, and lets their waits begin. The engine's ends after a day, the rival's after two.
func (w *world) begin(ctx context.Context) (err error) {
	if w.ours, err = w.enrollAll(ctx, "ours", "1d"); err != nil {
		return err
	}
	if w.theirs, err = w.enrollAll(ctx, "theirs", "2d"); err != nil {
		return err
	}
	if err := w.advance(ctx); err != nil {
		return err
	}
	if err := w.raw.settle(ctx); err != nil {
		return err
	}
	w.now = w.now.Add(25 * time.Hour)
	return nil
}

func (w *world) enrollAll(ctx context.Context, key, wait string) (campaigns.CampaignID, error) {
	c, err := w.e.CreateCampaign(ctx, engine.Operator, engine.Draft{Source: fmt.Sprintf(course, key, key, wait), Format: definition.YAML})
	if err != nil {
		return 0, err
	}
	if _, err := w.e.Publish(ctx, engine.Operator, c.Key); err != nil {
		return 0, err
	}
	for start := 1; start <= w.n; start += 10_000 {
		var ids []string
		for n := start; n < min(start+10_000, w.n+1); n++ {
			ids = append(ids, fmt.Sprintf("member-%d", n))
		}
		if _, err := w.e.Enroll(ctx, engine.Operator, c.Key, ids); err != nil {
			return 0, err
		}
	}
	return c.ID, nil
}

// advance lets the engine decide for all that is due, as a worker's task would.
func (w *world) advance(ctx context.Context) error {
	for {
		more, err := w.e.AdvanceDue(ctx, 2*time.Second)
		if err != nil || !more {
			return err
		}
	}
}

// check compares what the two wrote: every enrollment waits for its delivery.
func (w *world) check(ctx context.Context) error {
	for _, id := range []campaigns.CampaignID{w.ours, w.theirs} {
		n, err := w.raw.number(ctx, `SELECT count(*) FROM enrollments e JOIN deliveries d ON d.id = e.wait_delivery AND d.enrollment_id = e.id
			WHERE e.campaign_id = $1 AND e.state = 'waiting' AND e.wait_kind = 'delivery' AND e.step = 'hello' AND e.due_at IS NULL AND d.step = 'hello'`, int64(id))
		if err != nil {
			return err
		}
		if n != int64(w.n) {
			return fmt.Errorf("campaign %d: %d of %d enrollments wait for a delivery", id, n, w.n)
		}
	}
	return nil
}

var errShort = errors.New("the rival's two statements differ in what they found")

func isPostgres(url string) bool { return strings.HasPrefix(url, "postgres") }
