package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/api"
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/channels/telegram"
	"github.com/kruzhok/kruzhok/console"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/demo/pages"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/blob"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/journal"
	"github.com/kruzhok/kruzhok/internal/ratelimit"
	"github.com/kruzhok/kruzhok/internal/telemetry"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/simulation"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates/starters"
	"github.com/kruzhok/kruzhok/workers"
)

// appOptions are what tests and the demo change about an App.
type appOptions struct {
	Out io.Writer        // the log
	Now func() time.Time // the clock; nil is the real one
	// Listener is served instead of the configured address.
	Listener net.Listener
	// Demo is what the demo adds to the pages; nil outside of it.
	Demo *demoPages
	// Record is told of every decision; see engine.Options.
	Record func(engine.Decided)
}

// demoPages are the virtual clock on every page, and the sandbox to play in. Whoever reaches them is the operator.
type demoPages struct {
	Virtual func() look.Virtual
	Pages   func(*look.Look) *pages.Pages
}

// App is one running process of the service, in all its roles.
type App struct {
	cfg      *config.Config
	log      *slog.Logger
	store    *store.Store
	embedded *workers.Embedded
	redis    redis.UniversalClient
	queue    *workers.Queue
	journal  *journal.Journal
	blobs    *blob.Store
	metrics  *telemetry.Metrics
	engine   *engine.Engine
	bot      *telegram.Client
	workers  *workers.Workers
	listener net.Listener
	handler  http.Handler
	look     *look.Look
}

// newApp opens everything that the roles need. Nothing is sent or received before Run.
func newApp(ctx context.Context, cfg *config.Config, o appOptions) (*App, error) {
	log, err := telemetry.NewLogger(o.Out, cfg.LogFormat, cfg.LogLevel)
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, log: log, metrics: telemetry.NewMetrics()}
	if err := a.open(ctx, o); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *App) open(ctx context.Context, o appOptions) error {
	for _, s := range a.cfg.Effective() {
		a.log.Info("setting", "name", s.Variable, "value", s.Value, "source", s.Source)
	}
	if err := a.openStore(ctx); err != nil {
		return err
	}
	if err := a.openRedis(ctx); err != nil {
		return err
	}
	if err := a.openEngine(ctx, o); err != nil {
		return err
	}
	if !a.cfg.Has(config.API) {
		return nil
	}
	a.listener = o.Listener
	return a.openHTTP(o)
}

func (a *App) openStore(ctx context.Context) (err error) {
	if err := os.MkdirAll(a.cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if a.store, err = store.Open(ctx, store.Options{URL: a.cfg.DatabaseURL}); err != nil {
		return err
	}
	return spoken(a.store.Migrate(ctx))
}

func (a *App) openRedis(ctx context.Context) (err error) {
	if a.cfg.RedisURL == "" {
		if a.embedded, err = workers.StartEmbedded(); err != nil {
			return err
		}
		a.redis = a.embedded.Client()
	} else if a.redis, err = workers.OpenRedis(a.cfg.RedisURL, a.log); err != nil {
		return err
	}
	a.queue = workers.NewQueue(a.redis)
	return nil
}

func (a *App) openEngine(ctx context.Context, o appOptions) (err error) {
	key, err := a.cfg.Key()
	if err != nil {
		return err
	}
	opts := engine.Options{
		Store: a.store, Waker: a.queue, Observer: newObserver(a.metrics), Limiter: ratelimit.New(a.redis), Rates: rates(a.cfg), SwitchLimits: limits(a.cfg), SegmentsEvery: a.cfg.SegmentsEvery, Owner: owner(), Secret: key,
		PublicURL: a.cfg.PublicURL, ReplyDomain: a.cfg.ReplyDomain, Mailbox: email.Address, Now: o.Now, Log: a.log, Record: o.Record,
		Senders: map[campaigns.Channel]channels.Sender{}, Staff: a.cfg.Staff(), Caller: caller(a.cfg),
		Connections: map[campaigns.Channel]int{campaigns.Telegram: a.cfg.TelegramConnections, campaigns.Email: a.cfg.SMTPConnections},
	}
	if o.Demo != nil {
		opts.BotLinks, opts.Caller = a.cfg.PublicURL+"/sandbox/bot/", nil // the demo calls nobody
	}
	if err := a.openChannels(&opts); err != nil {
		return err
	}
	if a.blobs, err = blob.Open(a.cfg.BlobDir); err != nil {
		return err
	}
	opts.Blobs, opts.MediaLimit, opts.UploadLimit = a.blobs, int64(a.cfg.MediaLimit), int64(a.cfg.UploadLimit)
	if a.cfg.Has(config.Worker) || a.cfg.Has(config.API) {
		if a.journal, err = journal.Open(a.cfg.JournalDir(), opts.Owner); err != nil {
			return err
		}
		opts.Journal = a.journal
	}
	if a.engine, err = engine.New(opts); err != nil {
		return err
	}
	a.engine.Began()
	return nil
}

// openChannels makes the channels that are configured; a missing one is off, with a notice.
func (a *App) openChannels(o *engine.Options) (err error) {
	if a.cfg.TelegramToken == "" {
		a.log.Warn("Telegram is off: KRUZHOK_TELEGRAM_TOKEN is not set")
	} else {
		if a.bot, err = telegram.New(telegram.Config{Token: a.cfg.TelegramToken, BaseURL: a.cfg.TelegramAPIURL}); err != nil {
			return err
		}
		o.Senders[campaigns.Telegram] = telegram.NewSender(a.bot, telegram.SenderConfig{MediaDir: a.cfg.MediaDir})
	}
	o.Chat = telegram.Chat{Client: a.bot}
	if a.cfg.SMTPURL == "" || a.cfg.MailFrom == "" {
		a.log.Warn("Email is off: KRUZHOK_SMTP_URL and KRUZHOK_MAIL_FROM are not both set")
		return nil
	}
	cfg, err := email.ParseURL(a.cfg.SMTPURL)
	if err != nil {
		return err
	}
	from, err := mail.ParseAddress(a.cfg.MailFrom)
	if err != nil {
		return errors.New("KRUZHOK_MAIL_FROM: write it as Name <news@example.org>")
	}
	if cfg.DKIM, err = dkimKeys(a.cfg); err != nil {
		return err
	}
	o.MailFromName, o.MailFrom = from.Name, from.Address
	o.Senders[campaigns.Email] = email.New(cfg)
	return nil
}

// dkimKeys reads the keys that sign mails.
func dkimKeys(cfg *config.Config) (keys []email.DKIMKey, err error) {
	files, selectors := cfg.DKIM()
	for i, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", config.Variable("dkim-key-file"), err)
		}
		k, err := email.ParseDKIMKey(selectors[i], content)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", config.Variable("dkim-key-file"), file, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func (a *App) openHTTP(o appOptions) (err error) {
	read := reports.New(a.store, a.blobs)
	read.Now = a.engine.Now
	simulator, err := simulation.NewSimulator(a.engine, filepath.Join(a.cfg.DataDir, "simulations"))
	if err != nil {
		return err
	}
	options := api.Options{
		Engine: a.engine, Reports: read, Simulator: simulator, Log: a.log, Metrics: a.metrics.Handler(), PublicURL: a.cfg.PublicURL, Version: version, MaxImport: int64(a.cfg.ImportLimit),
		MaxRequests: a.cfg.MaxRequests,
		Ready:       a.store.Ping,
		Webhook:     api.Webhook{Enabled: a.cfg.TelegramMode == "webhook" && a.bot != nil, Secret: a.cfg.TelegramWebhookSecret},
	}
	secure := strings.HasPrefix(a.cfg.PublicURL, "https://")
	shown := look.Options{Log: a.log, Secure: secure, Sandbox: o.Demo != nil}
	if o.Demo != nil {
		shown.Virtual = o.Demo.Virtual
	}
	a.look = look.New(shown)
	k, err := console.New(console.Options{
		Engine: a.engine, Reports: read, Look: a.look, Log: a.log, Now: o.Now, Open: o.Demo != nil, Secure: secure, Starters: readyCampaigns(),
		SurveyPage: api.SurveyPage,
	})
	if err != nil {
		return err
	}
	options.Mount = append(options.Mount, k.Mount)
	if o.Demo != nil {
		options.Mount = append(options.Mount, o.Demo.Pages(a.look).Mount)
	}
	if a.handler, err = api.New(options); err != nil {
		return err
	}
	if a.listener == nil {
		if a.listener, err = net.Listen("tcp", a.cfg.Listen); err != nil {
			return fmt.Errorf("KRUZHOK_LISTEN: %w", err)
		}
	}
	return nil
}

// readyCampaigns are the starters as the console offers them.
func readyCampaigns() []console.Starter {
	var out []console.Starter
	for _, key := range starters.Names() {
		source, _ := starters.Source(key)
		if def, _ := definition.Parse([]byte(source), definition.YAML); def != nil {
			out = append(out, console.Starter{Key: key, Kind: string(def.Kind), Source: source})
		}
	}
	return out
}

// rates are the limits of what leaves.
func rates(c *config.Config) engine.Rates {
	return engine.Rates{
		Bot: c.TelegramRate, Chat: c.TelegramChatRate, ChatBurst: c.TelegramChatBurst, Group: c.TelegramGroupRate, Domains: c.MailDomainRates,
	}
}

// limits are when sending stops by itself.
func limits(c *config.Config) engine.SwitchLimits {
	return engine.SwitchLimits{Errors: c.SwitchErrors, Complaints: c.SwitchComplaints, Blocks: c.SwitchBlocks, Minimum: c.SwitchMinimum}
}

// owner names this process in claims and journals.
func owner() string {
	host, _ := os.Hostname()
	b := make([]byte, 6)
	_, _ = rand.Read(b) // never fails (crypto/rand.Read)
	return fmt.Sprintf("%.20s-%d-%s", host, os.Getpid(), hex.EncodeToString(b))
}

// Run does what the roles say until ctx ends, then drains: no new work is taken, what runs may end.
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	if a.journal != nil {
		if _, err := a.engine.Recover(ctx, a.cfg.JournalDir()); err != nil {
			return err
		}
	}
	if a.cfg.Has(config.Worker) {
		if err := a.startWorkers(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var background sync.WaitGroup
	failed := make(chan error, 1)
	a.start(ctx, &background, failed)
	a.log.Info("ready", "roles", a.cfg.Roles, "url", a.cfg.PublicURL)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	cancel()
	background.Wait()
	if a.workers != nil {
		a.workers.Stop()
	}
	a.log.Info("stopped")
	return err
}

func (a *App) startWorkers() error {
	var chans []campaigns.Channel
	for ch := range a.engine.Senders {
		chans = append(chans, ch)
	}
	a.workers = workers.New(a.redis, a.engine, a.queue, chans, a.log)
	return a.workers.Start()
}

// start begins what runs beside the workers.
func (a *App) start(ctx context.Context, background *sync.WaitGroup, failed chan<- error) {
	if a.cfg.Has(config.Worker) {
		background.Go(func() { a.maintain(ctx) })
		background.Go(func() { a.watch(ctx) })
		background.Go(func() { a.fetch(ctx) })
		background.Go(func() { a.tellStaff(ctx) })
		a.callOthers(ctx, background)
	}
	if a.cfg.Has(config.Scheduler) {
		background.Go(func() {
			a.engine.Hold(ctx, "scheduler", func(ctx context.Context) {
				var counting sync.WaitGroup
				counting.Go(func() { workers.Count(ctx, a.engine, a.log) })
				workers.Sweep(ctx, a.engine, a.log)
				counting.Wait()
			})
		})
	}
	if a.cfg.Has(config.Inbound) && a.bot != nil {
		background.Go(func() { a.receive(ctx) })
	}
	if a.listener != nil {
		background.Go(func() {
			if err := a.serveHTTP(ctx); err != nil {
				failed <- err
			}
		})
	}
}

// maintain replays the journals of processes that died beside this one and settles claims that nobody comes back for.
func (a *App) maintain(ctx context.Context) {
	workers.Every(ctx, 10*time.Second, func() {
		if _, err := a.engine.Recover(ctx, a.cfg.JournalDir()); err != nil && ctx.Err() == nil {
			a.log.Warn("journals not replayed", "error", err)
		}
		if _, err := a.engine.ExpireClaims(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("old claims not settled", "error", err)
		}
		if err := a.engine.DropIdempotent(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("old answers not forgotten", "error", err)
		}
		if err := a.engine.DropAttempts(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("old counts not forgotten", "error", err)
		}
		if err := a.engine.DropCooldowns(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("old cool-downs not forgotten", "error", err)
		}
		if err := a.engine.DropHolds(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("old places in budgets not forgotten", "error", err)
		}
		if err := a.engine.WakeHeld(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("messages held by an old budget not woken", "error", err)
		}
		if err := a.engine.DropLinkCodes(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("old linking codes not removed", "error", err)
		}
		a.measure(ctx)
	})
}

// watch writes down each second what became of messages, and stops what goes wrong.
func (a *App) watch(ctx context.Context) {
	workers.Every(ctx, time.Second, func() {
		if err := a.engine.WatchSwitches(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("the kill switch could not look", "error", err)
		}
	})
}

// tellEvery keeps within what a group takes, 20 messages a minute (Bot API FAQ): each look sends one at most.
const tellEvery = 3 * time.Second

// tellStaff sends what notify steps tell.
func (a *App) tellStaff(ctx context.Context) {
	workers.Every(ctx, tellEvery, func() {
		if err := a.engine.TellStaff(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("the staff was not told", "error", err)
		}
	})
}

// callEvery is how soon a call is made that another process wrote, or that is tried again.
const callEvery = time.Second

// callOthers makes the calls of call steps, those of each endpoint beside the others': one that is slow holds none of them up.
func (a *App) callOthers(ctx context.Context, background *sync.WaitGroup) {
	background.Go(func() {
		workers.Every(ctx, callEvery, func() { a.calledOthers(ctx, a.engine.FailUnknownCalls(ctx)) })
	})
	for _, endpoint := range a.engine.Endpoints() {
		background.Go(func() {
			tick := time.NewTicker(callEvery)
			defer tick.Stop()
			for ctx.Err() == nil {
				a.calledOthers(ctx, a.engine.CallOthers(ctx, endpoint))
				select {
				case <-ctx.Done():
				case <-tick.C:
				case <-a.engine.CallWaits(endpoint):
				}
			}
		})
	}
}

func (a *App) calledOthers(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		a.log.Warn("other systems were not called", "error", err)
	}
}

// fetchEvery is how soon a file is fetched that another process noted, or that is tried again.
const fetchEvery = 2 * time.Second

// fetch brings in what members sent: at once when this process noted it.
func (a *App) fetch(ctx context.Context) {
	tick := time.NewTicker(fetchEvery)
	defer tick.Stop()
	clean := time.NewTicker(time.Hour)
	defer clean.Stop()
	for ctx.Err() == nil {
		if err := a.engine.FetchMedia(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("files not fetched", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-a.engine.MediaWaits():
		case <-clean.C:
			if err := a.engine.SweepBlobs(ctx); err != nil {
				a.log.Warn("contents without an owner not removed", "error", err)
			}
		}
	}
}

// measure shows in the metrics what waits.
func (a *App) measure(ctx context.Context) {
	b, err := a.store.Backlog(ctx)
	if err != nil {
		return // the lines above have said it
	}
	for queue, n := range map[string]int{"inputs": b.StoredInputs, "dead_inputs": b.DeadInputs, "deliveries": b.PendingDeliveries, "chunks": b.OpenChunks} {
		a.metrics.Queue.WithLabelValues(queue).Set(float64(n))
	}
}

// receive takes Telegram's updates: by polling under a lease, or by a webhook that the API serves.
func (a *App) receive(ctx context.Context) {
	a.setMenu(ctx)
	if a.cfg.TelegramMode == "webhook" {
		hook := telegram.Webhook{URL: a.cfg.PublicURL + "/telegram/webhook", Secret: a.cfg.TelegramWebhookSecret}
		if err := a.bot.SetWebhook(ctx, hook); err != nil {
			a.log.Error("webhook not set", "error", err)
		}
		if err := a.engine.NotFetched(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("questions may wait for whoever fetched before", "error", err)
		}
		return
	}
	a.engine.Hold(ctx, "telegram-poller", func(ctx context.Context) {
		err := telegram.Poll(ctx, a.bot, telegram.PollConfig{
			Store: func(ctx context.Context, us []telegram.RawUpdate) error {
				raw := make([]engine.RawUpdate, len(us))
				for i, u := range us {
					raw[i] = engine.RawUpdate{ID: u.ID, HasID: u.HasID, Raw: u.Raw}
				}
				return a.engine.StoreUpdates(ctx, raw)
			},
			CaughtUp: a.engine.CaughtUp,
			OnError:  func(err error) { a.log.Warn("polling", "error", err) },
		})
		if err != nil && ctx.Err() == nil {
			a.log.Error("polling ended", "error", err)
		}
	})
}

func (a *App) serveHTTP(ctx context.Context) error {
	server := &http.Server{Handler: a.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(a.listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	a.look.Close() // open streams would hold the server for ever
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.ShutdownTimeout)
	defer cancel()
	return server.Shutdown(drain)
}

// close gives everything back, in the order opposite to opening.
func (a *App) close() {
	if a.engine != nil {
		a.engine.Close()
	}
	if a.journal != nil {
		_ = a.journal.Close() // what it holds is committed, or replayed at the next start
	}
	if a.queue != nil {
		a.queue.Close()
	}
	if a.redis != nil {
		_ = a.redis.Close()
	}
	if a.embedded != nil {
		a.embedded.Close()
	}
	if a.listener != nil {
		_ = a.listener.Close()
	}
	if a.store != nil {
		_ = a.store.Close()
	}
}

// withEngine opens an engine for a command that neither sends nor receives.
func withEngine(e *env, c *config.Config, fn func(*engine.Engine) error) error {
	if err := c.Check(); err != nil {
		return err
	}
	s, err := store.Open(e.ctx, store.Options{URL: c.DatabaseURL})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(e.ctx); err != nil {
		return spoken(err)
	}
	en, err := engine.New(engine.Options{Store: s, Secret: make([]byte, 32), Mailbox: email.Address})
	if err != nil {
		return err
	}
	return fn(en)
}

// spoken is an error in the words that its fault has for people.
func spoken(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return errors.New(fault.Message(err, "en"))
	}
	return err
}
