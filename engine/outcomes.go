package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// results collects what became of some deliveries while they are being sent.
type results struct {
	channel  campaigns.Channel
	lane     campaigns.Lane
	mu       sync.Mutex
	outcomes []store.Outcome
	reach    map[reached]store.Reached
	cool     map[string]cooldown
	free     []*store.Delivery // questions that were not sent: their slot is free
	attempts batch             // for the kill switch
}

// reached is whose address an attempt told something about: the last one holds.
type reached struct {
	member  campaigns.MemberID
	channel campaigns.Channel
}

type cooldown struct {
	until  time.Time
	reason string
	rate   float64 // of a mail domain afterwards, in mails a second
}

func base(d *store.Delivery, now time.Time) store.Outcome {
	return store.Outcome{Delivery: d.ID, Enrollment: d.Enrollment, Chunk: d.Chunk, At: now}
}

// final adds a final state that the gates or rendering gave.
func (r *results) final(d *store.Delivery, s campaigns.DeliveryState, reason campaigns.Reason, now time.Time) {
	r.verdict(d, decide.Verdict{State: s, Reason: reason}, now)
}

// verdict adds what the gates said.
func (r *results) verdict(d *store.Delivery, v decide.Verdict, now time.Time) {
	o := base(d, now)
	o.State, o.Reason, o.DueAt, o.NoAttempt = v.State, v.Reason, v.Until, true
	if v.State == campaigns.Pending && v.Reason == campaigns.CampaignPaused {
		// It waits in the bulk lane, which is not scanned while the campaign stands still.
		o.Lane, o.DueAt = campaigns.Bulk, &now
	}
	if v.State == campaigns.Pending && v.Reason == campaigns.NextWindow {
		o.Lane = campaigns.Bulk // by then it answers nobody
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, o)
	if v.Reason == campaigns.RenderFailed || v.Reason == campaigns.Stumbled {
		r.attempts.count(d, v.State, v.Reason)
	}
	if v.State.Final() {
		r.free = append(r.free, d)
	}
}

// add adds the result of an attempt.
func (r *results) add(o store.Outcome, j job, receipt channels.Receipt, began time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, o)
	r.attempts.count(j.d, o.State, o.Reason)
	switch {
	case j.d.Name == linkMail: // it went to an address that is not the member's yet
	case o.State == campaigns.Sent && j.reach != channels.ReachOK:
		r.reaches(j, channels.ReachOK, began)
	case receipt.Class == channels.AddressDead:
		r.reaches(j, receipt.Reach, began)
	}
	if o.State.Final() && o.State != campaigns.Sent && o.State != campaigns.Unknown {
		r.free = append(r.free, j.d)
	}
	r.wholeChannel(j.d.Channel, receipt, o.At)
}

// wholeChannel notes the rest of a channel of which the receipt tells that it concerns all of it.
func (r *results) wholeChannel(ch campaigns.Channel, receipt channels.Receipt, at time.Time) {
	if !receipt.WholeChannel {
		return
	}
	pause := receipt.RetryAfter
	if pause <= 0 {
		pause = wholeChannelPause
	}
	r.cools(string(ch), cooldown{until: at.Add(pause), reason: string(receipt.Class)})
}

// reaches notes what the attempt told about the address.
func (r *results) reaches(j job, reach channels.Reach, began time.Time) {
	if r.reach == nil {
		r.reach = map[reached]store.Reached{}
	}
	d := j.d
	r.reach[reached{d.Member, d.Channel}] = store.Reached{
		Member: d.Member, Channel: d.Channel, Address: j.p.Addresses.On(d.Channel).Value, Reach: reach, Began: began,
	}
}

// cools notes that the channel has to rest; the longest rest wins.
func (r *results) cools(bucket string, c cooldown) {
	if r.cool == nil {
		r.cool = map[string]cooldown{}
	}
	if c.until.After(r.cool[bucket].until) {
		r.cool[bucket] = c
	}
}

// wholeChannelPause is how long a channel rests after a failure that concerns all of it, when the provider names no time.
const wholeChannelPause = 30 * time.Second

// maxAttempts bounds the attempts of one delivery; its step's limit usually ends it earlier.
const maxAttempts = 8

// backoff is the wait before the next attempt. Mail servers want minutes (RFC 5321 §4.5.4.1), chats seconds.
func backoff(ch campaigns.Channel, attempts int) time.Duration {
	first, most := 3*time.Second, time.Hour
	if ch == campaigns.Email {
		first, most = 450*time.Second, 16*time.Hour
	}
	return min(first<<max(attempts-1, 0), most)
}

// outcome is what a receipt means for the delivery.
func (e *Engine) outcome(d *store.Delivery, r channels.Receipt) store.Outcome {
	o := base(d, e.now())
	o.Code, o.Detail, o.ProviderID = storable(r.Code, 100), storable(r.Detail, 300), storable(r.ProviderID, 200)
	later := func(reason campaigns.Reason, wait time.Duration, counts bool) {
		due := o.At.Add(wait)
		o.State, o.Reason, o.DueAt, o.NoAttempt = campaigns.Pending, reason, &due, !counts
	}
	attempt := d.Attempts
	if d.Chunk != 0 {
		attempt++ // a chunk's claim does not raise it
	}
	switch r.Class {
	case channels.OK:
		o.State = campaigns.Sent
	case channels.RateLimited:
		later(campaigns.RateLimited, max(r.RetryAfter, time.Second), false)
	case channels.Temporary:
		if attempt >= maxAttempts {
			o.State, o.Reason = campaigns.Failed, campaigns.AttemptsUsedUp
			break
		}
		later(campaigns.Temporary, max(r.RetryAfter, backoff(d.Channel, attempt)), true)
	case channels.AddressDead:
		o.State, o.Reason = campaigns.Failed, deadReason(r.Reach)
	case channels.Uncertain:
		o.State, o.Reason = campaigns.Unknown, campaigns.OutcomeUnknown
	case channels.Broken:
		if r.WholeChannel { // our setup, not this message: it waits for a person
			later(campaigns.Temporary, max(r.RetryAfter, wholeChannelPause), false)
			break
		}
		o.State, o.Reason = campaigns.Failed, campaigns.Rejected
		switch r.Code {
		case panicCode:
			o.Reason = campaigns.Stumbled
		case channels.NoMediaFile:
			o.Reason = campaigns.MediaMissing
		}
	default:
		o.State, o.Reason = campaigns.Failed, campaigns.Rejected
	}
	return o
}

// storable makes what another server said fit for every database.
func storable(s string, runes int) string {
	return clip(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""), runes)
}

func deadReason(r channels.Reach) campaigns.Reason {
	switch r {
	case channels.ReachBlocked:
		return campaigns.Blocked
	case channels.ReachNotStarted:
		return campaigns.NotStarted
	}
	return campaigns.Gone
}

// writeOutcomes commits what became of deliveries. While the database is away it tries again, since the journal alone knows it until then;
// when it is there and refuses them together, each is written by itself.
func (e *Engine) writeOutcomes(ctx context.Context, res *results) error {
	if len(res.outcomes) == 0 && len(res.cool) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	err := e.writePatiently(ctx, res)
	if err != nil && len(res.outcomes) > 1 {
		err = e.writeEach(ctx, res)
	}
	if len(res.cool) > 0 {
		e.cool.forget()
	}
	if err != nil {
		return err
	}
	e.settled(res)
	return nil
}

// settled does what follows when outcomes are written.
func (e *Engine) settled(res *results) {
	if len(res.cool) > 0 {
		e.cool.forget()
	}
	for id, n := range res.attempts {
		e.tally.add(attemptKey{id, res.channel}, n[0], n[1])
	}
	for _, o := range res.outcomes {
		e.Observer.Delivered(res.channel, o.State, o.Reason, 1)
	}
}

func (e *Engine) writePatiently(ctx context.Context, res *results) error {
	return e.patiently("outcomes not written", len(res.outcomes), func() error { return e.writeOnce(ctx, res) })
}

// writeOnce does not let a member who answers stand behind bulk work: the next answer waits for this outcome's worker.
func (e *Engine) writeOnce(ctx context.Context, res *results) error {
	return e.write(res.lane)(ctx, func(tx *store.Tx) error { return e.writeResults(ctx, tx, res) })
}

// write is how a lane writes: interactive work goes first.
func (e *Engine) write(lane campaigns.Lane) writer {
	if lane == campaigns.Interactive {
		return e.Store.Write
	}
	return e.Store.WriteOften
}

// writeEach writes the outcomes one by one. One that cannot be written stays claimed, and is unknown when its claim has run out.
func (e *Engine) writeEach(ctx context.Context, res *results) error {
	var failed error
	for _, o := range res.outcomes {
		one := &results{outcomes: []store.Outcome{o}}
		if err := e.Store.WriteBulk(ctx, func(tx *store.Tx) error { return e.writeResults(ctx, tx, one) }); err != nil {
			e.Log.Error("outcome not written", "delivery", o.Delivery, "state", o.State, "error", err)
			failed = errors.Join(failed, err)
		}
	}
	rest := &results{reach: res.reach, cool: res.cool, free: res.free}
	return errors.Join(failed, e.Store.WriteBulk(ctx, func(tx *store.Tx) error { return e.writeResults(ctx, tx, rest) }))
}

func (e *Engine) writeResults(ctx context.Context, tx *store.Tx, res *results) error {
	now := e.now()
	if _, err := tx.WriteOutcomes(ctx, res.outcomes); err != nil {
		return err
	}
	if err := tx.SetReaches(ctx, slices.Collect(maps.Values(res.reach)), e.now()); err != nil {
		return err
	}
	for bucket, c := range res.cool {
		if err := tx.SetCooldown(ctx, bucket, store.Cooldown{Until: c.until, Reason: c.reason, Rate: c.rate}, now); err != nil {
			return err
		}
	}
	for _, d := range res.free {
		if d.Channel == campaigns.Telegram && d.Enrollment != 0 {
			if err := tx.FreeDeliverySlot(ctx, d.Member, d.ID, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// providerNumber is a Telegram message id, or 0.
func providerNumber(id string) int64 {
	if strings.Trim(id, "0123456789") != "" { // a mail server's words
		return 0
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
