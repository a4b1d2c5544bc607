package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// live is one published version, ready to decide and to render by. It never changes.
type live struct {
	campaign campaigns.CampaignID
	version  int
	def      *definition.Definition

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

type liveKey struct {
	campaign campaigns.CampaignID
	version  int
}

// liveCache keeps versions that are in use. A version never changes, so nothing is ever stale; the number of versions is small.
type liveCache struct {
	mu sync.Mutex
	m  map[liveKey]*live
}

// maxLive bounds the cache; beyond it, it starts anew.
const maxLive = 500

// version returns a published version, parsed.
func (e *Engine) version(ctx context.Context, id campaigns.CampaignID, number int) (*live, error) {
	key := liveKey{id, number}
	e.live.mu.Lock()
	l := e.live.m[key]
	e.live.mu.Unlock()
	if l != nil {
		return l, nil
	}
	v, err := e.Store.Version(ctx, id, number)
	if err != nil {
		return nil, err
	}
	def, problems := definition.Parse([]byte(v.Source), definition.Format(v.Format))
	if len(problems) > 0 {
		return nil, fmt.Errorf("parse campaign %d version %d: %s at line %d", id, number, problems[0].Code, problems[0].Line)
	}
	l = &live{campaign: id, version: number, def: def, texts: map[string]*templates.Text{}}
	e.live.mu.Lock()
	defer e.live.mu.Unlock()
	if e.live.m == nil || len(e.live.m) >= maxLive {
		e.live.m = map[liveKey]*live{}
	}
	e.live.m[key] = l
	return l, nil
}

// statesTTL is how old the knowledge of a campaign's state may be at the moment of sending: well under the two seconds in which a pause takes effect.
const statesTTL = 500 * time.Millisecond

// stateCache knows every campaign's state, renewed as a whole.
type stateCache struct {
	mu sync.Mutex
	m  map[campaigns.CampaignID]*store.Campaign
	at time.Time
}

// campaignStates returns all campaigns that can matter to running work, at most half a second old.
func (e *Engine) campaignStates(ctx context.Context) (map[campaigns.CampaignID]*store.Campaign, error) {
	s := &e.states
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m != nil && time.Since(s.at) < statesTTL {
		return s.m, nil
	}
	m := map[campaigns.CampaignID]*store.Campaign{}
	for page := (store.Page{Limit: 500}); ; {
		cs, err := e.Store.Campaigns(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, c := range cs {
			m[c.ID] = c
			page.After = int64(c.ID)
		}
		if len(cs) < page.Limit {
			break
		}
	}
	s.m, s.at = m, time.Now()
	return m, nil
}

// forgetStates makes the next look at a campaign's state a fresh one in this process.
func (e *Engine) forgetStates() {
	e.states.mu.Lock()
	e.states.m = nil
	e.states.mu.Unlock()
}

// campaignState returns the campaign's state, at most half a second old; Finished for one that is gone.
func (e *Engine) campaignState(ctx context.Context, id campaigns.CampaignID) (campaigns.State, error) {
	m, err := e.campaignStates(ctx)
	if err != nil {
		return "", err
	}
	if c := m[id]; c != nil {
		return c.State, nil
	}
	return campaigns.Finished, nil
}

// open lists the campaigns that take members in: running or paused, with a live version.
func (e *Engine) open(ctx context.Context) ([]*store.Campaign, error) {
	m, err := e.campaignStates(ctx)
	if err != nil {
		return nil, err
	}
	var out []*store.Campaign
	for _, c := range m {
		if c.LiveVersion > 0 && (c.State == campaigns.Running || c.State == campaigns.Paused) {
			out = append(out, c)
		}
	}
	return out, nil
}

// invalidDefinition is the fault that carries every problem of a definition.
func invalidDefinition(problems []definition.Problem) error {
	details := make([]fault.Detail, len(problems))
	for i, p := range problems {
		details[i] = fault.Detail{Path: p.Path, Line: p.Line, Column: p.Column, Code: p.Code, Args: p.Args, Expected: p.Expected, DidYouMean: p.DidYouMean}
	}
	return fault.New(fault.Invalid, "invalid.definition", map[string]any{"n": len(problems)}).With(details...)
}
