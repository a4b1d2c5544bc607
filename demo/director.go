package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Director leads the play: the past at full speed, then the present at the clock's own, and leaps ahead when the visitor asks.
type Director struct {
	Clock *Clock
	Stage *Stage
	Crowd *Crowd
	// Nudge makes the service do what is due now, without waiting for its next look.
	Nudge func(context.Context) error
	// Failed hears what somebody in the community could not do. The play goes on.
	Failed func(error)

	move     sync.Mutex // held while the clock is moved
	mu       sync.Mutex
	busy     Progress
	visitors []*Person
	past     Past
}

// Begin gives the director the stage; before it, only the clock runs.
func (d *Director) Begin(stage *Stage, crowd *Crowd, nudge func(context.Context) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Stage, d.Crowd, d.Nudge = stage, crowd, nudge
}

// Begun reports whether there is a stage.
func (d *Director) Begun() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Stage != nil
}

// Progress is what the clock is doing; Kind is empty at rest.
type Progress struct {
	Kind      string // "past" or "leap"
	Done, All int    // days of the past
}

// Busy tells what the clock is doing.
func (d *Director) Busy() Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.busy
}

func (d *Director) doing(p Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = p
}

// Now is the virtual time.
func (d *Director) Now() time.Time { return d.Clock.Now() }

// Rate is how fast the clock runs.
func (d *Director) Rate() int { return d.Clock.Rate() }

// SetRate lets it run 1 or 60 times as fast as the real one.
func (d *Director) SetRate(n int) error { return d.Clock.SetRate(n) }

// Leap is how far the clock is moved at once.
type Leap string

// The leaps.
const (
	LeapNext Leap = "next" // to whatever becomes due next
	LeapHour Leap = "hour"
	LeapDay  Leap = "day"
)

// ErrBusy says that the clock is being moved already.
var ErrBusy = errors.New("the clock is being moved")

// Leap moves the clock, from due time to due time, with everybody acting in between. It returns when it has arrived.
func (d *Director) Leap(ctx context.Context, how Leap) error {
	if !d.move.TryLock() {
		return ErrBusy
	}
	defer d.move.Unlock()
	d.doing(Progress{Kind: "leap"})
	defer d.doing(Progress{})
	to := d.Now().Add(time.Hour)
	switch how {
	case LeapDay:
		to = d.Now().Add(24 * time.Hour)
	case LeapNext:
		next, err := d.next(ctx)
		if err != nil || next == nil {
			return err
		}
		to = next.Add(time.Second)
	}
	return d.advance(ctx, to)
}

// next is when something becomes due or somebody acts.
func (d *Director) next(ctx context.Context) (*time.Time, error) {
	next, err := d.Stage.Next(ctx)
	if err != nil {
		return nil, err
	}
	if act := d.Crowd.Next(); act != nil && (next == nil || act.Before(*next)) {
		next = act
	}
	return next, nil
}

// near is how far apart two due moments may be to be taken in one.
const near = time.Minute

func (d *Director) advance(ctx context.Context, to time.Time) error {
	for {
		if err := d.live(ctx); err != nil {
			return err
		}
		next, err := d.next(ctx)
		if err != nil {
			return err
		}
		if next == nil || next.After(to) {
			break
		}
		at := next.Add(near)
		if at.After(to) {
			at = to
		}
		if err := d.Clock.Set(at); err != nil {
			return err
		}
	}
	if err := d.Clock.Set(to); err != nil {
		return err
	}
	return d.live(ctx)
}

// live waits until the service is at rest and everybody has done what they wanted to do by now.
func (d *Director) live(ctx context.Context) error {
	for {
		if err := d.rest(ctx); err != nil {
			return err
		}
		acted, err := d.Crowd.Play(ctx)
		d.told(ctx, err)
		if !acted || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// rest has everything done that is to be done by now.
func (d *Director) rest(ctx context.Context) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if d.Stage.Bot.Pending() == 0 {
			if err := d.Nudge(ctx); err != nil {
				return err
			}
			if idle, err := d.Stage.Idle(ctx); err != nil || idle && d.Stage.Bot.Pending() == 0 {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond): // the poller is taking updates in
		}
	}
	return fmt.Errorf("the service did not come to rest in %s", patience)
}

// Prepare sets the community and its campaigns up, with all members known and nothing happened yet.
func (d *Director) Prepare(ctx context.Context) error {
	if err := d.Stage.setUp(ctx, nil); err != nil {
		return err
	}
	var lines []byte
	for _, p := range d.Crowd.People {
		line, err := json.Marshal(p.body())
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	if len(lines) > 0 {
		if err := d.Stage.API.Do(ctx, "POST", "/v1/members/bulk", Stream(lines), nil); err != nil {
			return err
		}
	}
	return d.Stage.publish(ctx, nil)
}

func (p *Person) body() map[string]any {
	body := fields(p.First, p.Language, p.Zone, p.Chat, p.Email)
	body["external_id"], body["last_name"] = p.ID, p.Last
	return body
}

// PastDays is how long the sample community has been together when the visitor comes.
const PastDays = 18

// PlayPast lets the community's past happen, up to the moment until: people join, the challenge begins, the survey goes out.
// What a kept demo has played already is not played again.
func (d *Director) PlayPast(ctx context.Context, until time.Time) error {
	d.move.Lock()
	defer d.move.Unlock()
	defer d.doing(Progress{})
	from, past := d.Now(), d.Past()
	if past.Began.IsZero() {
		past.Began, from = d.Now(), time.Time{}
		d.setPast(past)
	}
	d.script(past.Began, from)
	all := wholeDays(until.Sub(past.Began))
	for d.Now().Before(until) {
		day := wholeDays(d.Now().Sub(past.Began)) + 1
		d.doing(Progress{Kind: "past", Done: min(day, all), All: all})
		to := d.Now().Add(24 * time.Hour)
		if to.After(until) {
			to = until
		}
		if err := d.advance(ctx, to); err != nil {
			return fmt.Errorf("play day %d: %w", day, err)
		}
	}
	past.Over = true
	d.setPast(past)
	return nil
}

func wholeDays(d time.Duration) int { return int(d.Round(time.Hour) / (24 * time.Hour)) }

// Past is how far the community's past was played.
func (d *Director) Past() Past {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.past
}

func (d *Director) setPast(p Past) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.past = p
}

// script plans what does not follow from messages: joining, the challenge, the survey; from is where it goes on.
func (d *Director) script(begin, from time.Time) {
	const day = 24 * time.Hour
	at := func(when time.Time, id string, do func(context.Context) error) {
		if when.After(from) {
			d.Crowd.At(when, id, do)
		}
	}
	for i, p := range d.Crowd.People {
		at(begin.Add(time.Duration(i)*4*day/time.Duration(len(d.Crowd.People))).Truncate(20*time.Minute), p.ID, func(ctx context.Context) error { return d.join(ctx, p) })
		if i%5 < 3 { // three of five take up the challenge, over two days
			at(begin.Add(7*day+time.Duration(i%24)*2*time.Hour).Truncate(20*time.Minute), p.ID, func(ctx context.Context) error { return d.event(ctx, "challenge.joined", p) })
		}
	}
	if len(d.Crowd.People) > 0 {
		at(begin.Add(13*day), d.Crowd.People[0].ID, d.survey)
	}
}

func (d *Director) join(ctx context.Context, p *Person) error {
	if p.Chat != 0 {
		d.Stage.Bot.Start(p.account(), "s_site")
	}
	return d.event(ctx, "member.joined", p)
}

func (d *Director) event(ctx context.Context, name string, p *Person) error {
	body := map[string]any{"id": name + "-" + p.ID, "event": name, "member": p.ID, "at": d.Now().UTC().Format(time.RFC3339)}
	return d.Stage.API.Do(ctx, "POST", "/v1/events", body, nil)
}

// survey asks everybody how we are doing.
func (d *Director) survey(ctx context.Context) error {
	ids := make([]string, len(d.Crowd.People))
	for i, p := range d.Crowd.People {
		ids[i] = p.ID
	}
	return d.Stage.API.Do(ctx, "POST", "/v1/campaigns/how-are-we/enrollments", map[string]any{"members": ids}, nil)
}

// Live lets the present go on until ctx ends: everybody acts as the clock runs.
func (d *Director) Live(ctx context.Context) {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !d.move.TryLock() {
			continue // a leap lets everybody act
		}
		_, err := d.Crowd.Play(ctx)
		d.move.Unlock()
		d.told(ctx, err)
	}
}

// told tells what failed, unless it is the end that made it fail.
func (d *Director) told(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil && d.Failed != nil {
		d.Failed(err)
	}
}

// Take stops the script of a person, so that the visitor can play them, or lets it go on.
func (d *Director) Take(id string, taken bool) { d.Crowd.Take(id, taken) }

// Taken reports whether the visitor plays the person; visitors always.
func (d *Director) Taken(id string) bool {
	return strings.HasPrefix(id, visitorPrefix) || d.Crowd.Taken(id)
}
