package simulation

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// Simulator plays beside a live service: drafts that are kept there, and copies of its members. It reads and writes nothing else of it.
type Simulator struct {
	Engine *engine.Engine
	// Dir is where journals are put while they are needed.
	Dir string
	// Most is how long one may take: whoever keeps the only place, keeps it from the others.
	Most time.Duration

	busy chan struct{}
}

// NewSimulator makes one that plays one simulation at a time: it takes as much of the machine as it can get, and members who wait for an answer go first.
func NewSimulator(e *engine.Engine, dir string) (*Simulator, error) {
	if dir != "" {
		if err := clean(dir, time.Now().Add(-leftAfter)); err != nil {
			return nil, fmt.Errorf("clean simulations: %w", err)
		}
	}
	return &Simulator{Engine: e, Dir: dir, Most: mostTime, busy: make(chan struct{}, 1)}, nil
}

// mostTime is many times what a simulation takes that comes to its bound on messages.
const mostTime = 15 * time.Minute

// leftAfter is how old a folder is that nobody plays on any more: its process was killed. Another process may play beside this one.
const leftAfter = time.Hour

// clean makes the folder, and removes what was left in it before a time.
func clean(dir string, before time.Time) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range found {
		if info, err := f.Info(); err == nil && info.ModTime().Before(before) {
			if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Request is what a caller asks for. Exactly one of Invented, ExternalIDs and Sample says who is played; none: 20 who are made up.
type Request struct {
	Plan
	// Keys are campaigns whose drafts are played, before the Plan's own.
	Keys []campaigns.Key
	// ExternalIDs and Sample are members of the live service: these, or so many of the first campaign's audience.
	ExternalIDs []string
	Sample      int
}

// Simulate plays the request. Scopes campaigns:read, and members:read where members are copied. Faults: rate_limited.simulation while another one is played,
// invalid.simulation_time for one that takes too long, and those of Run.
func (s *Simulator) Simulate(ctx context.Context, p engine.Principal, r Request) (*Result, error) {
	result, err := s.inTime(ctx, p, r)
	return result, placed(err, func(i int) string {
		if i < len(r.Keys) {
			return fmt.Sprintf("campaigns[%d]", i)
		}
		return fmt.Sprintf("definitions[%d]", i-len(r.Keys))
	})
}

// inTime simulates alone, for as long as a simulation may take.
func (s *Simulator) inTime(ctx context.Context, p engine.Principal, r Request) (*Result, error) {
	if err := p.Require(engine.CampaignsRead); err != nil {
		return nil, err
	}
	done := s.Busy()
	if done == nil {
		return nil, fault.New(fault.RateLimited, "rate_limited.simulation", nil)
	}
	defer done()
	late := fault.New(fault.Invalid, "invalid.simulation_time", map[string]any{"n": int(s.Most.Minutes())})
	ctx, cancel := context.WithTimeoutCause(ctx, s.Most, late)
	defer cancel()
	result, err := s.simulate(ctx, p, r)
	if err != nil && context.Cause(ctx) == late {
		return nil, late
	}
	return result, err
}

func (s *Simulator) simulate(ctx context.Context, p engine.Principal, r Request) (*Result, error) {
	plan := r.Plan
	plan.HasMedia = s.Engine.HasMedia
	plan.Dir, plan.Start = s.Dir, cmp.Or(plan.Start, s.Engine.Now().Truncate(time.Hour))
	var drafts []engine.Draft
	for _, key := range r.Keys {
		c, err := s.Engine.Campaign(ctx, p, key)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, engine.Draft{Source: c.Draft, Format: definition.Format(c.DraftFormat)})
	}
	plan.Campaigns = append(drafts, plan.Campaigns...)
	if err := s.named(ctx, p, &plan); err != nil {
		return nil, err
	}
	c, err := s.Engine.Community(ctx, engine.Principal{Name: p.Name, Scopes: []engine.Scope{engine.SettingsRead}}) // what every message shows
	if err != nil {
		return nil, err
	}
	plan.Community = Community{Name: c.Name, TimeZone: c.TimeZone, PostalAddress: c.PostalAddress, Brand: c.Brand, Languages: c.Languages, Budget: engine.BudgetInputs(c.Budget)}
	if plan.Members, err = s.copies(ctx, p, &r, plan); err != nil {
		return nil, err
	}
	if plan.Members != nil {
		plan.past = s.Engine.Store.Past
	}
	return Run(ctx, plan)
}

// named adds the segments and campaigns of the live service, where conditions or steps name any.
func (s *Simulator) named(ctx context.Context, p engine.Principal, plan *Plan) error {
	defs, err := parse(plan.Campaigns)
	if err != nil || !slices.ContainsFunc(defs, func(d *definition.Definition) bool { return len(d.Named()) > 0 }) {
		return err
	}
	rows, err := s.Engine.Segments(ctx, p)
	if err != nil {
		return err
	}
	for _, r := range rows {
		plan.Segments = append(plan.Segments, engine.Draft{Source: r.Source, Format: definition.Format(r.Format)})
	}
	for page := (store.Page{Limit: 500}); ; {
		cs, err := s.Engine.Campaigns(ctx, p, page)
		if err != nil {
			return err
		}
		for _, c := range cs {
			if c, err = s.Engine.Campaign(ctx, p, c.Key); err != nil {
				return err
			}
			plan.Others = append(plan.Others, engine.Draft{Source: c.Draft, Format: definition.Format(c.DraftFormat)})
			page.After = int64(c.ID)
		}
		if len(cs) < page.Limit {
			return nil
		}
	}
}

// Busy takes the one place, for those who play or must not be disturbed; nil: it is taken.
func (s *Simulator) Busy() (done func()) {
	select {
	case s.busy <- struct{}{}:
		return func() { <-s.busy }
	default:
		return nil
	}
}

// copies are the members of the live service who are to be played; nil: none.
func (s *Simulator) copies(ctx context.Context, p engine.Principal, r *Request, plan Plan) ([]Member, error) {
	if len(r.ExternalIDs) == 0 && r.Sample == 0 {
		return nil, nil
	}
	if wrong := between(nil, "members", max(len(r.ExternalIDs), r.Sample), 1, MaxMembers); wrong != nil {
		return nil, fault.New(fault.Invalid, "invalid.simulation", nil).With(wrong...)
	}
	defs, err := parse(plan.Campaigns)
	if err != nil {
		return nil, err
	}
	var among *definition.Condition
	if len(defs) > 0 {
		among = defs[0].Entry.Meant()
	}
	found, err := s.Engine.Sample(ctx, p, r.ExternalIDs, among, r.Sample)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.Invalid, "invalid.simulation", nil).With(fault.Detail{Path: "members.sample", Code: "nobody_in_audience"})
	}
	if len(plan.Mix) == 0 {
		plan.Mix = []Share{{Behaviour: Behaviour{Name: Answers, After: defaultAfter}, Weight: 1}}
	}
	does := deal(plan.Mix, len(found), plan.Seed)
	out := make([]Member, len(found))
	for i, m := range found {
		out[i] = copyOf(m, does[i])
	}
	return out, nil
}

// copyOf takes over what deciding and rendering need. The addresses themselves stay where they are.
func copyOf(m *engine.MemberView, does Behaviour) Member {
	out := Member{
		ID: cmp.Or(m.ExternalID, fmt.Sprintf("id:%d", m.Member.ID)), Live: m.Member.ID, FirstName: m.FirstName, LastName: m.LastName, Language: m.Language, Zone: m.TimeZone,
		Attributes: m.Attributes, Tags: m.Tags, Stopped: m.StoppedAt != nil, Does: does, Addresses: map[campaigns.Channel]Address{},
	}
	if m.Quiet != nil {
		out.Quiet = &engine.QuietInput{From: m.Quiet.From.String(), To: m.Quiet.To.String()}
	}
	for _, a := range m.Addresses {
		out.Addresses[a.Channel] = Address{Reach: a.Reach, Suppressed: a.Suppressed, Unconfirmed: a.Proof == members.Unconfirmed}
	}
	for key, given := range m.Consents {
		if key.Topic == members.Everything { // evidence of Stopped
			continue
		}
		in := engine.ConsentInput{Channel: key.Channel, Topic: key.Topic, Source: consentSource, Given: &given}
		if key.Topic == members.AllTopics {
			in.Topic = ""
		}
		out.Consents = append(out.Consents, in)
	}
	slices.SortFunc(out.Consents, func(a, b engine.ConsentInput) int { // "every topic" first: it must not undo one
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Topic, b.Topic))
	})
	return out
}
