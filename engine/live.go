package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// live is one published version, ready to decide and to render by. It never changes.
type live struct {
	campaign campaigns.CampaignID
	version  int
	since    time.Time // when it was published
	def      *definition.Definition
	facts    bool // deciding looks at no more of a member than def.Needs names
	needs    definition.Needs
	decided  bool // members can enter with the first decision made
	// looksBack: conditions ask for what was, or name segments, which may.
	looksBack bool
	minds     bool // some step's message is judged by when it was due
	alike     bool // the first decision about a member looks at nothing but what alike holds

	feedbackID string // of its mails

	mu    sync.Mutex
	texts map[string]*templates.Text
}

// text returns the parsed form of one of the definition's texts. The checker has read it before, so it parses.
func (l *live) text(src string) (*templates.Text, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.texts[src]; t != nil {
		return t, nil
	}
	t, problems := templates.Parse(src)
	if len(problems) > 0 {
		return nil, fmt.Errorf("parse text of campaign %d version %d: %s", l.campaign, l.version, problems[0].Code)
	}
	l.texts[src] = t
	return t, nil
}

// splits reports whether a step goes by who the member is.
func splits(def *definition.Definition) bool {
	return slices.ContainsFunc(def.Order, func(s *definition.Step) bool {
		_, ok := s.Body.(*definition.Split)
		return ok
	})
}

// together is how members come in who enter together.
func (l *live) together() wayIn {
	if key := l.def.Entry.Segment; key != "" {
		return wayIn{source: "segment:" + string(key)}
	}
	return wayIn{source: "schedule"}
}

type liveKey struct {
	campaign campaigns.CampaignID
	version  int
}

// liveCache keeps versions that are in use. A version never changes, so nothing is ever stale; the number of versions is small.
type liveCache struct {
	mu        sync.Mutex
	m         map[liveKey]*live
	histories map[liveKey]difference.History                     // of texts, by the newest of their versions
	same      map[movedKey]map[campaigns.StepID]campaigns.StepID // as decide.Same tells
}

// movedKey is a way from one version to another.
type movedKey struct {
	liveKey
	to int
}

// maxLive bounds the cache; beyond it, it starts anew.
const maxLive = 500

// maxHistories bounds theirs: each holds a document.
const maxHistories = 100

// errBadVersion: a published version that this binary cannot read. It stays so until another binary runs.
var errBadVersion = errors.New("published version cannot be read")

// version returns a published version, parsed.
func (e *Engine) version(ctx context.Context, from source, id campaigns.CampaignID, number int) (*live, error) {
	key := liveKey{id, number}
	e.live.mu.Lock()
	l := e.live.m[key]
	e.live.mu.Unlock()
	if l != nil {
		return l, nil
	}
	v, err := from.Version(ctx, id, number)
	if err != nil {
		return nil, err
	}
	def, problems := definition.ParseStored([]byte(v.Source), definition.Format(v.Format))
	if len(problems) > 0 {
		return nil, fmt.Errorf("parse campaign %d version %d: %w: %s at line %d", id, number, errBadVersion, problems[0].Code, problems[0].Line)
	}
	l = &live{campaign: id, version: number, since: v.PublishedAt, def: def, facts: decidesByFacts(def), needs: def.Needs(), texts: map[string]*templates.Text{}}
	l.feedbackID = string(def.Key) + ":" + string(def.Kind) + ":" + clip(def.Topic, 30) + ":kruzhok"
	l.minds = slices.ContainsFunc(def.Order, def.MindsMoment)
	l.looksBack = l.needs.Segments || len(l.needs.Past) > 0
	l.facts = l.facts && !l.needs.Segments // what those look at may be another thing tomorrow
	l.decided = l.facts && entersDecided(def)
	l.alike = l.decided && !l.looksBack && !l.needs.Attributes && !l.needs.Tags && len(l.needs.Dates) == 0 && def.Holdout == 0 && !splits(def)
	e.live.mu.Lock()
	defer e.live.mu.Unlock()
	if e.live.m == nil || len(e.live.m) >= maxLive {
		e.live.m = map[liveKey]*live{}
	}
	e.live.m[key] = l
	return l, nil
}

// decidesByFacts reports whether facts are enough to decide by: a set step changes the member, and a text that may need a second message is made anew
// to see whether it does.
func decidesByFacts(def *definition.Definition) bool {
	return !changesMembers(def) && !slices.ContainsFunc(def.Order, func(s *definition.Step) bool {
		body, ok := s.Body.(*definition.Send)
		return ok && mayBeLong(body)
	})
}

// statesTTL is how old the knowledge of a campaign's state may be at the moment of sending: well under the two seconds in which a pause takes effect.
// Decisions read it in their transaction.
const statesTTL = 500 * time.Millisecond

type campaignsByID map[campaigns.CampaignID]*store.Campaign

// state is the campaign's; Finished for one that is a draft, archived or gone.
func (m campaignsByID) state(id campaigns.CampaignID) campaigns.State {
	if c := m[id]; c != nil {
		return c.State
	}
	return campaigns.Finished
}

// published are the states of campaigns that can matter to running work.
var published = []campaigns.State{campaigns.Scheduled, campaigns.Running, campaigns.Paused, campaigns.Finished, campaigns.Archived}

// campaignStates returns all campaigns that can matter to running work, at most half a second old. Not for use in a transaction.
func (e *Engine) campaignStates(ctx context.Context) (campaignsByID, error) {
	return e.states.get(func() (campaignsByID, error) {
		cs, err := listCampaigns(ctx, e.Store, published...)
		m := make(campaignsByID, len(cs))
		for _, c := range cs {
			m[c.ID] = c
		}
		return m, err
	})
}

// campaignState returns the campaign's state, at most half a second old.
func (e *Engine) campaignState(ctx context.Context, id campaigns.CampaignID) (campaigns.State, error) {
	m, err := e.campaignStates(ctx)
	return m.state(id), err
}

// open lists the campaigns that take members in: running or paused, with a live version. It reads the transaction, not the cache:
// an event that follows a publication in another process must find it.
func (e *Engine) open(ctx context.Context, from source) ([]*store.Campaign, error) {
	cs, err := listCampaigns(ctx, from, campaigns.Running, campaigns.Paused)
	return slices.DeleteFunc(cs, func(c *store.Campaign) bool { return !takesIn(c) }), err
}

// takesIn reports a campaign that is open.
func takesIn(c *store.Campaign) bool {
	return c.LiveVersion > 0 && (c.State == campaigns.Running || c.State == campaigns.Paused)
}

func listCampaigns(ctx context.Context, from source, states ...campaigns.State) ([]*store.Campaign, error) {
	var all []*store.Campaign
	for page := (store.Page{Limit: 500}); ; page.After = int64(all[len(all)-1].ID) {
		cs, err := from.Campaigns(ctx, page, states...)
		if err != nil {
			return nil, err
		}
		if all = append(all, cs...); len(cs) < page.Limit {
			return all, nil
		}
	}
}

// invalidDefinition is the fault that carries every problem of a definition.
func invalidDefinition(problems []definition.Problem) error {
	return fault.New(fault.Invalid, "invalid.definition", map[string]any{"n": len(problems)}).With(places(problems)...)
}

// places are problems as faults tell them.
func places(problems []definition.Problem) []fault.Detail {
	details := make([]fault.Detail, len(problems))
	for i, p := range problems {
		details[i] = fault.Detail{Path: p.Path, Line: p.Line, Column: p.Column, Code: p.Code, Args: p.Args, Expected: p.Expected, DidYouMean: p.DidYouMean}
	}
	return details
}
