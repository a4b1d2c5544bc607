// Package engine is the application: every use case, every transaction, every authorisation. It is the only writer.
//
// The order is always the same: an input is stored, the pure decider decides, state and effects are written in one transaction,
// and what is to be sent is sent from the rows. Channels, queue and clock come in as interfaces.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/blob"
	"github.com/kruzhok/kruzhok/internal/journal"
	"github.com/kruzhok/kruzhok/store"
)

// Waker tells workers that there is something to do. A wake-up may be lost: rows are the truth, and sweeps find what was missed.
type Waker interface {
	// WakeActors asks for the actors' stored inputs to be handled.
	WakeActors(ctx context.Context, actors ...string) error
	// WakeDue asks for due enrollments to be decided.
	WakeDue(ctx context.Context) error
	// WakeLane asks for the deliveries of a lane on a channel to be sent.
	WakeLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel) error
}

// Observer counts what happens, for metrics.
type Observer interface {
	Delivered(ch campaigns.Channel, state campaigns.DeliveryState, reason campaigns.Reason, n int)
	Input(source string, state store.InputState)
	DueLag(d time.Duration)
	Sent(ch campaigns.Channel, took time.Duration)
}

// Options is what an Engine is made of.
type Options struct {
	Store   *store.Store
	Journal *journal.Journal // required where deliveries are sent
	// Senders by channel; a channel without one is off.
	Senders map[campaigns.Channel]channels.Sender
	// Chat is Telegram's other side; nil when the channel is off.
	Chat channels.Chat
	// Connections is how many connections bulk work uses on a channel, at most.
	Connections map[campaigns.Channel]int
	// BulkRunners is how many chunks of a channel are worked on side by side (default 2): while one writes what became of its messages, another sends.
	BulkRunners int
	// Rates are what the Limiter holds to.
	Rates   Rates
	Limiter Limiter
	// SwitchLimits are when sending stops by itself.
	SwitchLimits SwitchLimits
	Waker        Waker
	Observer     Observer
	// Owner names this process in claims; unique among processes and over restarts.
	Owner string
	// Secret signs links and buttons and keys hashes; 32 bytes at least.
	Secret []byte
	// PublicURL is the base of links to our pages, without a slash at its end.
	PublicURL string
	// MailFrom is the sender's name and address, ReplyDomain the domain of bounce and reply addresses (default: the sender's).
	MailFromName, MailFrom, ReplyDomain string
	// Staff are the addresses of those who run the community, by channel: whom notify steps tell.
	Staff map[campaigns.Channel][]string
	// Caller calls other systems; nil: there are none.
	Caller Caller
	// BotLinks is what stands before the bot's name in a link that opens it; empty: https://t.me/. The sandbox's phones are elsewhere.
	BotLinks string
	// Mailbox reads a mail address as people give it: the form to send to, and the key that makes two spellings the same.
	Mailbox func(raw string) (value, key string, err error)
	// Blobs keeps what members sent, at most MediaLimit bytes a file (default 20 MB); nil: only that it came is kept.
	Blobs      *blob.Store
	MediaLimit int64
	// UploadLimit is the same for the survey page (default 20 MB).
	UploadLimit int64
	// TakenFor says whom a split and a holdout take a member for; nil: for themselves. A simulation plays copies, whose ids are other ones.
	TakenFor func(campaigns.MemberID) campaigns.MemberID
	// Before is what conditions find that was with members before this installation had them; nil: nothing. In a simulation, copies have the past of those whom they
	// are copies of. Consents are not asked for: copies have their own.
	Before func(ctx context.Context, ids []campaigns.MemberID, asked []*definition.Condition, now time.Time) (map[campaigns.MemberID]*definition.Past, error)
	// Alone: a simulation. It plays some campaigns of many: those that a published one enrolls in need not be there. Drafts and segments were
	// saved elsewhere, and are read as such. Nobody else waits: more is done in one
	// transaction, and nobody is waited for to be handled with others.
	Alone bool
	// SegmentsEvery is how often everybody is asked whether they are in a segment that a campaign listens to (default 5 minutes).
	SegmentsEvery time.Duration
	// Newcomers: who is in a segment when a campaign begins to listen counts as coming into it. A simulation begins with them.
	Newcomers bool
	// Record is told of each decision once it is committed, and of none that was rolled back; called from many goroutines. Nil: nothing is recorded, at no cost.
	Record func(Decided)
	// Now is the clock. Tests and the demo move it.
	Now func() time.Time
	Log *slog.Logger
}

// Engine is the application. It is safe for concurrent use.
type Engine struct {
	Options
	keys     keys
	live     liveCache
	segments segmentCache
	states   cache[campaignsByID]
	pool     map[poolKey]*linePool
	cool     cache[cooldowns]
	outages  outages
	dry      dryness
	tally    tally
	left     atomic.Bool // a member complained or left since the switches were judged
	settings cache[*store.Community]
	flood    flood
	parts    partSizes
	crowd    crowd
	marks    marks
	woken    recently[string]
	swept    recently[sweptCampaign] // found empty
	noticed  recently[sweptCampaign] // asked to be emptied
	filled   atomic.Bool             // the words of earlier members are written
	claims   atomic.Uint64           // tells claims apart
	unseated sync.Map                // since when an audience finds no seat: time.Time by campaigns.CampaignID
	waited   sync.Map                // since when a campaign's next audience waits for what is behind: time.Time by campaigns.CampaignID
	bot      atomic.Pointer[string]  // the bot's name, once it is known
	budgeted atomic.Int64            // when the settings were changed by whose budget everything waits
	waiting  atomic.Int64            // how many wait for the database to take their outcomes
	leaps    leaps
	away     absence // before this process began
	held     heldDue
	fetched  cache[fetched]
	caughtUp atomic.Int64 // when it was said last, in microseconds of wall time
	seats    map[campaigns.Channel]*seats
	fetches  signal            // a file waits to be fetched
	called   map[string]signal // by endpoint: a call waits to be made
	beside   sync.WaitGroup    // what runs beside a transaction: acknowledging presses, chunks in hand
	life     context.Context   //nolint:containedctx // of chunks in hand, which outlast the task that entered them
	end      context.CancelFunc
	closed   chan struct{}
	closing  sync.Once
}

// New checks the options and makes an Engine.
func New(o Options) (*Engine, error) {
	switch {
	case o.Store == nil:
		return nil, errors.New("make engine: no store")
	case len(o.Secret) < 32:
		return nil, errors.New("make engine: the secret needs 32 bytes at least")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Waker == nil {
		o.Waker = noWaker{}
	}
	if o.Observer == nil {
		o.Observer = noObserver{}
	}
	if o.BulkRunners == 0 {
		o.BulkRunners = 2
	}
	if o.MediaLimit == 0 {
		o.MediaLimit = defaultFile
	}
	if o.SegmentsEvery == 0 {
		o.SegmentsEvery = segmentsEvery
	}
	if o.UploadLimit == 0 {
		o.UploadLimit = defaultFile
	}
	e := &Engine{Options: o, fetches: make(signal, 1), keys: deriveKeys(o.Secret), pool: map[poolKey]*linePool{}, closed: make(chan struct{})}
	e.life, e.end = context.WithCancel(context.Background())
	e.crowd.open()
	e.openSeats()
	e.called = map[string]signal{}
	for _, endpoint := range e.Endpoints() {
		e.called[endpoint] = make(signal, 1)
	}
	e.states.ttl, e.cool.ttl, e.settings.ttl, e.fetched.ttl = statesTTL, statesTTL, settingsTTL, fetchedTTL
	for ch := range o.Senders {
		for _, lane := range []campaigns.Lane{campaigns.Interactive, campaigns.Bulk} {
			e.pool[poolKey{ch, lane}] = newLinePool(e, ch, e.connections(ch, lane))
		}
	}
	return e, nil
}

// closeGrace is how long Close waits for what is on its way.
const closeGrace = 8 * time.Second

// Close ends the connections, after everything that uses the engine has returned. Once is as good as twice.
func (e *Engine) Close() {
	e.closing.Do(func() {
		close(e.closed)
		stop := time.AfterFunc(closeGrace, e.end)
		defer stop.Stop()
		e.beside.Wait()
		e.end()
	})
	for _, p := range e.pool {
		p.close()
	}
}

// connections is the number of connections for a lane. Interactive work has some of its own on each channel.
func (e *Engine) connections(ch campaigns.Channel, lane campaigns.Lane) int {
	switch {
	case lane == campaigns.Interactive && ch == campaigns.Telegram:
		return chatConnections
	case lane == campaigns.Interactive:
		return interactiveConnections
	}
	return max(1, e.Connections[ch])
}

const (
	interactiveConnections = 4
	// chatConnections is for the chat, where each is one call at a time, and the other side is some tens of milliseconds away.
	chatConnections = 16
)

// now is the engine's time, in UTC and whole microseconds as the store keeps it.
func (e *Engine) now() time.Time { return e.Now().UTC().Truncate(time.Microsecond) }

// off reports whether the channel is not configured.
func (e *Engine) off(ch campaigns.Channel) bool { return e.Senders[ch] == nil }

type noWaker struct{}

func (noWaker) WakeActors(context.Context, ...string) error                       { return nil }
func (noWaker) WakeDue(context.Context) error                                     { return nil }
func (noWaker) WakeLane(context.Context, campaigns.Lane, campaigns.Channel) error { return nil }

type noObserver struct{}

func (noObserver) Delivered(campaigns.Channel, campaigns.DeliveryState, campaigns.Reason, int) {}
func (noObserver) Input(string, store.InputState)                                              {}
func (noObserver) DueLag(time.Duration)                                                        {}
func (noObserver) Sent(campaigns.Channel, time.Duration)                                       {}

// wake passes a wake-up on; a lost one is found by the sweeps, so it is only logged.
func (e *Engine) wake(what string, err error) {
	if err != nil {
		e.Log.Warn("wake-up lost", "what", what, "error", err)
	}
}
