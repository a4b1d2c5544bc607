package engine_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/channels/telegram"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/blob"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/journal"
	"github.com/kruzhok/kruzhok/internal/race"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// clock is a time that stands still until it is moved.
type clock struct {
	mu   sync.Mutex
	t    time.Time
	runs time.Time // when it began to run by itself; zero: it stands
	// moved is told where it was set to; nil: nobody.
	moved func(time.Time)
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.runs.IsZero() {
		return c.t.Add(time.Since(c.runs))
	}
	c.t = c.t.Add(time.Microsecond) // two things never happen at once
	return c.t
}

// run lets the clock run.
func (c *clock) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs = time.Now()
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
	if c.moved != nil {
		c.moved(t)
	}
}

// world is an engine with real channels against sandbox servers and a clock in the test's hand. There is no queue: settle does what workers would.
type world struct {
	t     *testing.T
	e     *engine.Engine
	store *store.Store
	bot   *sandbox.BotAPI
	mail  *sandbox.MailServer
	tg    *telegram.Client
	clock *clock
	dir   string
	blobs *blob.Store

	offset int64 // of getUpdates
	taken  []engine.RawUpdate
}

// start is a Tuesday noon in UTC.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, s *store.Store) *world {
	t.Helper()
	w := &world{t: t, store: s, clock: &clock{t: start}, dir: t.TempDir()}
	bot, err := sandbox.ServeBotAPI("127.0.0.1:0", sandbox.BotAPIConfig{KeepTexts: true, Now: w.clock.now})
	must(t, err)
	t.Cleanup(func() { _ = bot.Close() })
	w.bot = bot.BotAPI
	w.mail, err = sandbox.NewMailServer(sandbox.MailConfig{KeepBodies: true})
	must(t, err)
	t.Cleanup(func() { w.mail.Close() })
	w.tg, err = telegram.New(telegram.Config{Token: sandbox.BotAPIToken, BaseURL: bot.URL})
	must(t, err)
	w.e = w.engine("worker-1")
	_, err = w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Name: new("Speaklingua"), TimeZone: new("Europe/Berlin"), PostalAddress: new("1 Example Street, Berlin")})
	must(t, err)
	return w
}

// engine makes another engine of the same installation, as a second process would.
func (w *world) engine(owner string) *engine.Engine { return w.engineWith(owner, nil) }

func (w *world) engineWith(owner string, waker engine.Waker) *engine.Engine {
	w.t.Helper()
	j, err := journal.Open(w.dir, owner)
	must(w.t, err)
	w.blobs, err = blob.Open(w.dir + "-blobs")
	must(w.t, err)
	w.t.Cleanup(func() { _ = j.Close() })
	cfg, err := email.ParseURL(w.mail.URL())
	must(w.t, err)
	e, err := engine.New(engine.Options{
		Store: w.store, Journal: j, Owner: owner, Secret: []byte("0123456789abcdef0123456789abcdef"), PublicURL: "https://kruzhok.test",
		MailFromName: "Speaklingua", MailFrom: "news@c.example.org", ReplyDomain: "reply.example.org", Mailbox: email.Address, Now: w.clock.now,
		Senders: map[campaigns.Channel]channels.Sender{campaigns.Telegram: telegram.NewSender(w.tg, telegram.SenderConfig{}), campaigns.Email: email.New(cfg)},
		Chat:    telegram.Chat{Client: w.tg},
		Blobs:   w.blobs, MediaLimit: 1000, UploadLimit: 1000,
		Connections: map[campaigns.Channel]int{campaigns.Telegram: 4, campaigns.Email: 4}, Waker: waker, SegmentsEvery: time.Hour, Record: replayed(w.t),
		Log: slog.New(slog.NewTextHandler(testLog{w.t}, &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	must(w.t, err)
	w.t.Cleanup(e.Close)
	return e
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	if os.Getenv("KRUZHOK_TEST_LOG") != "" {
		l.t.Log(strings.TrimSpace(string(b)))
	}
	return len(b), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settle does everything that can be done at this moment: takes updates in, handles inputs, decides what is due, sends.
func (w *world) settle() {
	w.t.Helper()
	ctx := w.t.Context()
	for range 200 {
		busy := w.receive()
		actors, err := w.e.SweepActors(ctx, -time.Hour, 1000)
		must(w.t, err)
		busy = busy || len(actors) > 0
		must(w.t, w.e.HandleActors(ctx, actors))
		_, err = w.e.AdvanceDue(ctx, time.Second)
		must(w.t, err)
		for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
			for _, lane := range []campaigns.Lane{campaigns.Interactive, campaigns.Bulk} {
				_, err := w.e.SendLane(ctx, lane, ch, time.Second)
				must(w.t, err)
			}
		}
		idle, err := w.e.Idle(ctx)
		must(w.t, err)
		if idle && !busy {
			return
		}
	}
	w.t.Fatal("the engine does not come to rest")
}

// receive stores what the sandbox bot has for us, and confirms it.
func (w *world) receive() bool {
	w.t.Helper()
	got := false
	for w.bot.Pending() > 0 {
		res, err := w.tg.Call(w.t.Context(), "getUpdates", map[string]string{"timeout": "0", "offset": strconv.FormatInt(w.offset, 10)})
		must(w.t, err)
		var updates []json.RawMessage
		must(w.t, json.Unmarshal(res, &updates))
		var raw []engine.RawUpdate
		for _, u := range updates {
			r := telegram.Raw(u)
			raw = append(raw, engine.RawUpdate{ID: r.ID, HasID: r.HasID, Raw: r.Raw})
			w.offset = max(w.offset, r.ID+1)
		}
		must(w.t, w.e.StoreUpdates(w.t.Context(), raw))
		w.taken = append(w.taken, raw...)
		got = true
	}
	return got
}

// later moves the clock, stopping wherever something becomes due on the way.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.until(w.clock.now().Add(d))
}

func (w *world) until(end time.Time) {
	w.t.Helper()
	for {
		w.settle()
		next, err := w.e.NextDue(w.t.Context())
		must(w.t, err)
		if next == nil || next.After(end) {
			break
		}
		if next.After(w.clock.now()) {
			w.clock.set(*next)
		}
	}
	w.clock.set(end)
	w.settle()
}

// publish makes a campaign from YAML and publishes it.
func (w *world) publish(src string) campaigns.Key {
	w.t.Helper()
	c, err := w.e.CreateCampaign(w.t.Context(), engine.Operator, engine.Draft{Source: src, Format: definition.YAML})
	must(w.t, detailed(err))
	_, err = w.e.Publish(w.t.Context(), engine.Operator, c.Key)
	must(w.t, err)
	return c.Key
}

func detailed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %+v", err, fault.Details(err, "en"))
}

// member makes a member. edit may change the input.
func (w *world) member(id string, edit func(*engine.MemberInput)) *engine.MemberView {
	w.t.Helper()
	in := engine.MemberInput{ExternalID: id, FirstName: new("Anna"), Language: new("en"), TimeZone: new("Europe/Berlin")}
	if edit != nil {
		edit(&in)
	}
	m, _, err := w.e.UpsertMember(w.t.Context(), engine.Operator, in)
	must(w.t, err)
	return m
}

// byMail gives a member an address with consent.
func byMail(address string) func(*engine.MemberInput) {
	return func(in *engine.MemberInput) {
		in.Email = new(address)
		in.Consents = []engine.ConsentInput{{Channel: campaigns.Email, Source: "test"}}
	}
}

func (w *world) event(name, member string) {
	w.t.Helper()
	id := fmt.Sprintf("%s-%s-%d", name, member, w.clock.now().UnixMicro())
	res, err := w.e.StoreEvents(w.t.Context(), engine.Operator, []engine.EventInput{{ID: id, Event: name, Member: member}})
	must(w.t, err)
	must(w.t, res[0].Err)
}

func (w *world) enrollment(key campaigns.Key, member campaigns.MemberID) *store.Enrollment {
	w.t.Helper()
	c, err := w.store.CampaignByKey(w.t.Context(), key)
	must(w.t, err)
	es, err := w.store.Enrollments(w.t.Context(), store.EnrollmentFilter{Campaign: c.ID, Member: member}, store.Page{})
	must(w.t, err)
	if len(es) == 0 {
		w.t.Fatal("not enrolled")
	}
	return es[len(es)-1]
}

// each runs the test on every engine that can be had. The race detector sees the same code of ours on both, and more at once on PostgreSQL: where that can be had,
// it is enough, and where a run with the detector is to follow, it is left to that one. The faults and the demo run on both each time, package store with the detector.
func each(t *testing.T, fn func(*testing.T, *world)) {
	switch {
	case race.Enabled && os.Getenv(storetest.PostgresEnv) != "":
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			fn(t, newWorld(t, storetest.Postgres(t)))
		})
		return
	case os.Getenv(storetest.SharedEnv) == "1":
		t.Run("sqlite", func(t *testing.T) {
			t.Parallel()
			fn(t, newWorld(t, storetest.SQLite(t)))
		})
		return
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		t.Parallel() // they wait for disks more than they compute
		fn(t, newWorld(t, s))
	})
}
