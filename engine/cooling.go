package engine

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// cooldowns are the rests that providers asked for, by bucket: a channel, a chat ('telegram:MEMBER', or 'telegram:chat:ID' of the
// staff), a mail domain ('email:DOMAIN').
type cooldowns struct {
	by   map[string]store.Cooldown
	many map[campaigns.Channel]bool // there are some of single chats or domains
	// stopped are the channels of which nothing is sent until a person says so.
	stopped map[campaigns.Channel]bool
	all     bool // everything is stopped: no other system is called either
	// stops are the last times that channels were stopped.
	stops map[campaigns.Channel][]span
	// unreached are the last times that nobody could connect to a channel, as far as this process saw it.
	unreached map[campaigns.Channel]span
}

// noConnection is why a channel rests whose other side cannot be reached.
const noConnection = string(campaigns.NoConnection)

// span is a time from one moment to another; nil: it is not over.
type span struct {
	from time.Time
	to   *time.Time
}

// away says how the channel could not be had when the message expired; empty: it could be had, as far as is known.
func (c cooldowns) away(d *store.Delivery) campaigns.Reason {
	at := worthUntil(d)
	switch s, ok := c.unreached[d.Channel]; {
	case d.Reason == campaigns.Temporary, d.Reason == campaigns.RateLimited, c.stoppedAt(d.Channel, at):
		return campaigns.ChannelAway
	case ok && !s.from.After(at) && !at.After(s.to.Add(tryGap)) && !d.CreatedAt.After(*s.to): // what came later waited for something else
		return campaigns.NoConnection
	}
	return ""
}

// tryGap is longer than the time between two attempts to connect while messages wait: a rest, a server that does not answer, a sweep. What expires so soon after an outage has waited because of it.
const tryGap = 15 * time.Minute

// outages are the last times that channels could not be reached, by the rests that followed.
type outages struct {
	mu sync.Mutex
	by map[campaigns.Channel]span
}

// saw notes a rest that ends then. One that follows soon after the last belongs to the same time.
func (o *outages) saw(ch campaigns.Channel, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by == nil {
		o.by = map[campaigns.Channel]span{}
	}
	last, ok := o.by[ch]
	if !ok || until.Sub(*last.to) > tryGap {
		last = span{from: until.Add(-dialPause)}
	}
	last.to = &until
	o.by[ch] = last
}

func (o *outages) all() map[campaigns.Channel]span {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.by)
}

// stoppedAt reports whether the channel stood still at the moment.
func (c cooldowns) stoppedAt(ch campaigns.Channel, at time.Time) bool {
	return slices.ContainsFunc(c.stops[ch], func(s span) bool { return !s.from.After(at) && (s.to == nil || !s.to.Before(at)) })
}

func (c cooldowns) of(bucket string) (store.Cooldown, bool) {
	found, ok := c.by[bucket]
	return found, ok
}

// some reports whether single chats or domains of the channel rest or recover.
func (c cooldowns) some(ch campaigns.Channel) bool { return c.many[ch] }

const (
	// recovery is how long a mail domain takes to be trusted with twice the rate again.
	recovery = 15 * time.Minute
	// unknownRate is where a mail domain without a limit starts that slows us down, in mails a second; knownRate is where it counts as recovered.
	unknownRate, knownRate = 20.0, 1000.0
	// leastRate is the slowest that a domain gets: one mail a minute.
	leastRate = 1.0 / 60
	// recoveredBy is when even the slowest domain is fast again: sixteen doublings lead from leastRate to knownRate.
	recoveredBy = 16 * recovery
)

// cooldowns returns what rests or recovers, at most half a second old.
func (e *Engine) cooldowns(ctx context.Context) (cooldowns, error) {
	return e.cool.get(func() (cooldowns, error) {
		by, err := e.Store.Cooldowns(ctx, e.now().Add(-recoveredBy))
		c := cooldowns{by: by, many: map[campaigns.Channel]bool{}, stopped: map[campaigns.Channel]bool{}, stops: map[campaigns.Channel][]span{}}
		for bucket, x := range by {
			for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
				if len(bucket) > len(ch) && bucket[:len(ch)+1] == string(ch)+":" && (x.Rate > 0 || x.Until.After(e.now())) {
					c.many[ch] = true
				}
			}
		}
		if err != nil {
			return c, err
		}
		for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
			if rest, ok := by[string(ch)]; ok && rest.Reason == noConnection {
				e.outages.saw(ch, rest.Until)
			}
		}
		c.unreached = e.outages.all()
		switches, err := e.Store.Switches(ctx)
		for _, s := range switches {
			c.all = c.all || s.ReleasedAt == nil && s.Scope == scopeAll
			for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
				if s.Scope != scopeAll && s.Scope != string(ch) {
					continue
				}
				c.stopped[ch] = c.stopped[ch] || s.ReleasedAt == nil
				if s.Scope != scopeAll { // no other channel would have done better
					c.stops[ch] = append(c.stops[ch], span{s.TrippedAt, s.ReleasedAt})
				}
			}
		}
		return c, err
	})
}

// stoppedPause is how long work on a stopped channel rests before it looks at the switch again.
const stoppedPause = 5 * time.Second

// cooling returns how long the channel has to rest yet. One that is stopped rests as long as it is asked.
func (e *Engine) cooling(ctx context.Context, ch campaigns.Channel) (time.Duration, error) {
	c, err := e.cooldowns(ctx)
	if c.stopped[ch] {
		return stoppedPause, err
	}
	return max(c.by[string(ch)].Until.Sub(e.now()), 0), err
}

// DropCooldowns forgets rests that matter no more.
func (e *Engine) DropCooldowns(ctx context.Context) error {
	return e.Store.Write(ctx, func(tx *store.Tx) error { return tx.DropCooldowns(ctx, e.now().Add(-recoveredBy)) })
}

func chatCooldown(d *store.Delivery) string {
	return string(campaigns.Telegram) + ":" + strconv.FormatInt(int64(d.Member), 10)
}

func domainCooldown(domain string) string { return string(campaigns.Email) + ":" + domain }

// domainRate is how many mails a second the domain gets now, 0 for any number, and how long it gets none yet. One that slowed us down starts again at
// half of its rate, which doubles with each recovery: multiplicative decrease, slow increase, all of it told by one row.
func (e *Engine) domainRate(domain string, slow cooldowns, now time.Time) (rate float64, opens time.Duration) {
	limit, named := e.Rates.Domains[domain]
	if !named {
		limit = e.Rates.Domains["*"]
	}
	c, ok := slow.of(domainCooldown(domain))
	if !ok || c.Rate <= 0 {
		return limit, 0
	}
	opens = max(c.Until.Sub(now), 0)
	rate = c.Rate
	for after := now.Sub(c.Until); after >= recovery && rate < knownRate; after -= recovery {
		rate *= 2
	}
	switch {
	case limit > 0 && rate >= limit:
		return limit, opens
	case limit == 0 && rate >= knownRate:
		return 0, opens
	}
	return rate, opens
}

// throttled notes in the results what has to rest after an attempt that was told to come later: the chat (its bucket), the domain of the address, or the
// whole channel when several are told so within a moment (whether Telegram's 429 concerns one chat or the bot is not documented; a relay's 421 may mean all
// it has).
func (e *Engine) throttled(ch campaigns.Channel, chat, address string, r channels.Receipt, began time.Time, res *results) {
	if r.Class != channels.RateLimited || r.WholeChannel {
		return
	}
	now := e.now()
	rest := cooldown{until: now.Add(max(r.RetryAfter, time.Second)), reason: string(r.Class)}
	if ch != campaigns.Email {
		res.rests(chat, rest)
		if e.flood.limited(ch, chat, began, 2) {
			res.rests(string(ch), rest)
		}
		return
	}
	domain := domainOf(address)
	c, err := e.cooldowns(context.Background())
	rate, _ := e.domainRate(domain, c, now)
	if rate == 0 || err != nil {
		rate = unknownRate
	}
	rest.rate = max(rate/2, leastRate)
	res.rests(domainCooldown(domain), rest)
	if e.flood.limited(ch, domain, began, 3) {
		res.rests(string(ch), cooldown{until: now.Add(wholeChannelPause), reason: string(r.Class)})
	}
}

// rests is cools for whoever does not hold the results.
func (r *results) rests(bucket string, c cooldown) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cools(bucket, c)
}

// flood notices when a provider slows us down altogether: several chats or domains within a moment.
type flood struct {
	mu   sync.Mutex
	last map[campaigns.Channel][]slowed // the newest of each
}

type slowed struct {
	who string
	at  time.Time
}

const floodSpan = 5 * time.Second

// limited notes that who was slowed down, and reports whether at least n were within floodSpan.
func (f *flood) limited(ch campaigns.Channel, who string, now time.Time, n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	recent := []slowed{{who, now}}
	for _, s := range f.last[ch] {
		if s.who != who && now.Sub(s.at) < floodSpan && len(recent) < n {
			recent = append(recent, s)
		}
	}
	if f.last == nil {
		f.last = map[campaigns.Channel][]slowed{}
	}
	f.last[ch] = recent
	return len(recent) >= n
}
