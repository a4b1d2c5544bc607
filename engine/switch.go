package engine

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// Switch is a scope that is stopped, or was.
type Switch struct {
	Scope      string // 'all', a channel, or 'campaign'
	Campaign   *store.Campaign
	Reason     store.SwitchReason
	Figures    *Figures // nil: a person stopped it
	TrippedAt  time.Time
	TrippedBy  string // a person, or SwitchItself
	ReleasedAt *time.Time
	ReleasedBy string
}

// SwitchItself is who trips by figures.
const SwitchItself = "switch"

// On reports whether nothing of the scope is sent.
func (s Switch) On() bool { return s.ReleasedAt == nil }

// Switches lists what is stopped, and what was stopped last of each scope.
func (e *Engine) Switches(ctx context.Context, p Principal) ([]Switch, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	rows, err := e.Store.Switches(ctx)
	if err != nil {
		return nil, err
	}
	var out []Switch
	for _, r := range rows {
		s, err := e.viewSwitch(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (e *Engine) viewSwitch(ctx context.Context, r store.Switch) (s Switch, err error) {
	s = Switch{Scope: r.Scope, Reason: r.Reason, TrippedAt: r.TrippedAt, TrippedBy: r.TrippedBy, ReleasedAt: r.ReleasedAt, ReleasedBy: r.ReleasedBy}
	if r.Reason != store.SwitchPerson {
		s.Figures = &Figures{}
		if err := json.Unmarshal(r.Figures, s.Figures); err != nil {
			return s, err
		}
	}
	if id, ok := strings.CutPrefix(r.Scope, "campaign:"); ok {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return s, err
		}
		s.Scope = "campaign"
		s.Campaign, err = e.Store.Campaign(ctx, campaigns.CampaignID(n))
		return s, err
	}
	return s, nil
}

// SwitchScopes are what a person can stop here; a campaign is stopped by its pause.
func SwitchScopes() []string {
	return []string{scopeAll, string(campaigns.Telegram), string(campaigns.Email)}
}

// Trip stops everything, or a channel: within two seconds nothing more of it is sent by any process, and deliveries stay pending. Twice is as good as once.
func (e *Engine) Trip(ctx context.Context, p Principal, scope string) error {
	return e.turn(ctx, p, scope, func(tx *store.Tx, now time.Time) (bool, error) {
		return tx.TripSwitch(ctx, store.Switch{Scope: scope, Reason: store.SwitchPerson, TrippedAt: now, TrippedBy: p.Name})
	}, "switch.tripped", map[string]any{"scope": scope, "reason": store.SwitchPerson, "by": p.Name})
}

// Release lets it go on where it stopped.
func (e *Engine) Release(ctx context.Context, p Principal, scope string) error {
	return e.turn(ctx, p, scope, func(tx *store.Tx, now time.Time) (bool, error) {
		return tx.ReleaseSwitch(ctx, scope, p.Name, now)
	}, "switch.released", map[string]any{"scope": scope, "by": p.Name})
}

func (e *Engine) turn(ctx context.Context, p Principal, scope string, do func(*store.Tx, time.Time) (bool, error), event string, data map[string]any) error {
	if err := p.Require(CampaignsWrite); err != nil {
		return err
	}
	if !slices.Contains(SwitchScopes(), scope) {
		return fault.New(fault.NotFound, "not_found.switch", nil)
	}
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		now := e.now()
		changed, err := do(tx, now)
		if err != nil || !changed {
			return err
		}
		return tx.AppendEvents(ctx, []store.Event{e.event(now, event, 0, data)})
	})
	e.cool.forget()
	for ch := range e.Senders {
		e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Bulk, ch))
	}
	return err
}

// WatchSwitches writes down what this process has counted, and stops what exceeds a limit. Each process that sends calls it every second.
func (e *Engine) WatchSwitches(ctx context.Context) (err error) {
	now := e.now()
	counted, left := e.tally.take(now), e.left.Swap(false)
	if len(counted) == 0 && !left {
		return nil
	}
	defer func() {
		if err != nil { // it is judged the next time, whatever happens until then
			e.left.Store(true)
		}
	}()
	if err := e.Store.Write(ctx, func(tx *store.Tx) error { return tx.AddAttempts(ctx, e.Owner, counted) }); err != nil {
		e.tally.giveBack(counted)
		return err
	}
	switch {
	case left:
		return e.trip(ctx, now.Add(-complaintWindow), now)
	case slices.ContainsFunc(counted, func(a store.Attempts) bool { return a.Failed > 0 }):
		return e.trip(ctx, now.Add(-longWindow), now)
	}
	return nil
}

// trip judges what was counted since.
func (e *Engine) trip(ctx context.Context, since, now time.Time) error {
	counts, err := e.Store.CountAttempts(ctx, since.Truncate(time.Minute))
	if err != nil {
		return err
	}
	rows, err := e.Store.Switches(ctx)
	if err != nil {
		return err
	}
	released := map[string]time.Time{}
	for _, r := range rows {
		if r.ReleasedAt != nil {
			released[r.Scope] = *r.ReleasedAt
		}
	}
	for _, v := range judge(counts, released, e.SwitchLimits, now) {
		err = errors.Join(err, e.tripBy(ctx, v, now))
	}
	return err
}

// tripBy stops what the figures say. A campaign is paused, by the switch.
func (e *Engine) tripBy(ctx context.Context, v verdict, now time.Time) error {
	tripped := false
	err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if tripped, err = e.pauseTripped(ctx, tx, v, now); err != nil || !tripped {
			return err
		}
		s := store.Switch{Scope: v.scope, Reason: v.reason, Figures: mustJSON(v.figures), TrippedAt: now, TrippedBy: SwitchItself}
		if tripped, err = tx.TripSwitch(ctx, s); err != nil || !tripped {
			return err
		}
		f := v.figures
		data := map[string]any{"scope": v.scope, "reason": v.reason, "by": SwitchItself, "n": f.N, "of": f.Of, "percent": f.Percent, "limit": f.Limit, "minutes": f.Minutes}
		return tx.AppendEvents(ctx, []store.Event{e.event(now, "switch.tripped", v.campaign, data)})
	})
	if tripped && err == nil {
		e.Log.Error("sending stopped by the kill switch", "scope", v.scope, "reason", v.reason, "n", v.figures.N, "of", v.figures.Of)
		e.states.forget()
		e.cool.forget()
	}
	return err
}

// pauseTripped pauses the campaign of a campaign's scope; false: it does not run any more.
func (e *Engine) pauseTripped(ctx context.Context, tx *store.Tx, v verdict, now time.Time) (bool, error) {
	if v.campaign == 0 {
		return true, nil
	}
	c, err := tx.Campaign(ctx, v.campaign)
	if err != nil {
		return false, err
	}
	if c, err = tx.LockCampaign(ctx, c.Key); err != nil || c.State != campaigns.Running {
		return false, err
	}
	if err := tx.SetCampaignState(ctx, c.ID, c.State, campaigns.Paused, SwitchItself, now); err != nil {
		return false, err
	}
	if err := tx.OpenPause(ctx, c.ID, SwitchItself, now); err != nil {
		return false, err
	}
	return true, tx.AppendEvents(ctx, []store.Event{e.event(now, "campaign.paused", c.ID, map[string]any{"by": SwitchItself})})
}

// released notes that a campaign that the switch had stopped goes on, or is over: a person did that.
func (e *Engine) released(ctx context.Context, tx *store.Tx, p Principal, id campaigns.CampaignID, now time.Time) error {
	changed, err := tx.ReleaseSwitch(ctx, campaignScope(id), p.Name, now)
	if err != nil || !changed {
		return err
	}
	return tx.AppendEvents(ctx, []store.Event{e.event(now, "switch.released", id, map[string]any{"scope": campaignScope(id), "by": p.Name})})
}

// DropAttempts forgets counts that no window reaches.
func (e *Engine) DropAttempts(ctx context.Context) error {
	return e.Store.Write(ctx, func(tx *store.Tx) error { return tx.DropAttempts(ctx, e.now().Add(-complaintWindow-time.Hour)) })
}

// leaveSpan is how soon after a message a member's leaving counts as a complaint about it.
const leaveSpan = time.Hour

// leftAfter counts a member who blocks the bot or stops everything soon after a campaign's Telegram message as a complaint about that campaign: nothing
// else tells how members take it there. One who comes back and leaves again complains once a day: nobody alone may stop a campaign.
func (e *Engine) leftAfter(ctx context.Context, tx *store.Tx, p *store.Profile, now time.Time) error {
	if p.StoppedAt != nil { // said once already
		return nil
	}
	if before, err := tx.LeftSince(ctx, p.ID, now.Add(-complaintWindow)); err != nil || before {
		return err
	}
	id, err := tx.LastCampaign(ctx, p.ID, campaigns.Telegram, now.Add(-leaveSpan))
	if err != nil || id == 0 {
		return err
	}
	return e.complaint(ctx, tx, id, campaigns.Telegram, now)
}

// complaint counts a complaint about a campaign's message, in the transaction that takes it in.
func (e *Engine) complaint(ctx context.Context, tx *store.Tx, id campaigns.CampaignID, ch campaigns.Channel, now time.Time) error {
	e.left.Store(true)
	return tx.AddAttempts(ctx, e.Owner, []store.Attempts{{Campaign: id, Channel: ch, Minute: now.Truncate(time.Minute), Complaints: 1}})
}
