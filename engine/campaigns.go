package engine

import (
	"context"
	"errors"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// Draft is a definition as the author typed it.
type Draft struct {
	Source string
	Format definition.Format
}

// Checked is what is to be known of a definition without a problem before it is published as the next version of the campaign with its key.
type Checked struct {
	// Outdated are the texts that lag behind in a language.
	Outdated []difference.Text
	// Missing are the texts that are missing in a language, Warnings the places of what should not be published unless somebody means it.
	Missing  []difference.Text
	Warnings []fault.Detail
	// Lost are media files that are not there.
	Lost []LostMedia
	// Untold are steps that tell the staff, where nobody is set up for some of it; Unset are endpoints that steps call and that the settings do not name.
	Untold []campaigns.StepID
	Unset  []string
}

// CheckDefinition reports every problem of a draft as a fault of kind invalid. Without one it could be published; with later, as soon as the campaigns and segments
// that it names are there.
func (e *Engine) CheckDefinition(ctx context.Context, p Principal, d Draft, later bool) (*Checked, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	def, err := parseDraft(d)
	if err != nil {
		return nil, err
	}
	if !later {
		if err := e.checkNamed(ctx, e.Store, def); err != nil {
			return nil, err
		}
	}
	words, err := e.wordingsOf(ctx, d, def.Key)
	if err != nil {
		return nil, err
	}
	doubts, err := e.doubts(ctx, def.Mentions)
	if err != nil {
		return nil, err
	}
	return &Checked{
		Outdated: only(words, difference.Text.Outdated), Missing: only(words, difference.Text.Missing), Warnings: append(places(def.Warnings), doubts...),
		Lost: Lost(def, e.HasMedia), Untold: e.untold(def), Unset: e.unset(def),
	}, nil
}

// doubts are of topics and endpoints that nobody knows here, and that are nearly called as others.
func (e *Engine) doubts(ctx context.Context, mentions []definition.Mention) ([]fault.Detail, error) {
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	known := map[definition.MentionKind][]string{definition.MentionTopic: c.Topics, definition.MentionEndpoint: e.Endpoints()}
	return places(definition.DoubtMentions(mentions, known)), nil
}

// ParseDraft reads a draft; every problem of it is a detail of the fault.
func ParseDraft(d Draft) (*definition.Definition, error) { return parseDraft(d) }

// ParseStoredDraft is ParseDraft for one that was saved, perhaps when the language allowed more.
func ParseStoredDraft(d Draft) (*definition.Definition, error) {
	return readDraft(d, definition.ParseStored)
}

func parseDraft(d Draft) (*definition.Definition, error) { return readDraft(d, definition.Parse) }

func readDraft(d Draft, parse func([]byte, definition.Format) (*definition.Definition, []definition.Problem)) (*definition.Definition, error) {
	def, problems := parse([]byte(d.Source), d.Format)
	if len(problems) > 0 {
		return nil, invalidDefinition(problems)
	}
	return def, nil
}

// CreateCampaign keeps a draft under the key that its definition names. Nobody gets anything before it is published.
func (e *Engine) CreateCampaign(ctx context.Context, p Principal, d Draft) (*store.Campaign, error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return nil, err
	}
	read := parseDraft
	if e.Alone { // what is there was saved elsewhere; what is played is published, and read strictly then
		read = ParseStoredDraft
	}
	def, err := read(d)
	if err != nil {
		return nil, err
	}
	id, err := e.Store.NextID(ctx)
	if err != nil {
		return nil, err
	}
	now := e.now()
	c := &store.Campaign{
		ID: campaigns.CampaignID(id), Key: def.Key, Name: def.Name, Names: def.Names, Kind: string(def.Kind), State: campaigns.Draft,
		Draft: d.Source, DraftFormat: string(d.Format), DraftRev: 1, CreatedAt: now, UpdatedAt: now, StateAt: now, StateBy: p.Name,
	}
	return c, e.Store.Write(ctx, func(tx *store.Tx) error { return tx.InsertCampaign(ctx, c) })
}

// CloneCampaign makes a new draft of the campaign's draft, under another key and name; an empty name stays what it is. Nothing else is taken over: no version, and
// nobody inside. Faults: not_found.campaign, conflict.campaign when the key is taken, invalid.copy for a key or a name that cannot be.
func (e *Engine) CloneCampaign(ctx context.Context, p Principal, key, other campaigns.Key, name string) (*store.Campaign, error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return nil, err
	}
	c, err := e.Store.CampaignByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	src, ok := definition.Renamed(c.Draft, definition.Format(c.DraftFormat), other, name)
	if !ok {
		return nil, fault.New(fault.Invalid, "invalid.copy", map[string]any{"key": string(other)})
	}
	return e.CreateCampaign(ctx, p, Draft{src, definition.Format(c.DraftFormat)})
}

// PutDraft replaces the campaign's draft. rev 0 means whatever revision there is.
func (e *Engine) PutDraft(ctx context.Context, p Principal, key campaigns.Key, rev int64, d Draft) (*store.Campaign, error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return nil, err
	}
	def, err := parseDraft(d)
	if err != nil {
		return nil, err
	}
	if def.Key != key {
		return nil, fault.New(fault.Invalid, "invalid.key_changed", map[string]any{"key": string(key)})
	}
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.LockCampaign(ctx, key)
		if err != nil {
			return err
		}
		if rev == 0 {
			rev = c.DraftRev
		}
		return tx.UpdateDraft(ctx, c.ID, rev, def.Name, def.Names, string(def.Kind), d.Source, string(d.Format), e.now())
	})
	if err != nil {
		return nil, err
	}
	return e.Store.CampaignByKey(ctx, key)
}

// Campaign returns the campaign.
func (e *Engine) Campaign(ctx context.Context, p Principal, key campaigns.Key) (*store.Campaign, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	return e.Store.CampaignByKey(ctx, key)
}

// Campaigns lists campaigns by id.
func (e *Engine) Campaigns(ctx context.Context, p Principal, page store.Page) ([]*store.Campaign, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	return e.Store.Campaigns(ctx, page)
}

// Versions lists the campaign's versions, the newest first.
func (e *Engine) Versions(ctx context.Context, p Principal, key campaigns.Key) ([]*store.Version, error) {
	c, err := e.Campaign(ctx, p, key)
	if err != nil {
		return nil, err
	}
	return e.Store.Versions(ctx, c.ID)
}

// Version returns one version with its source.
func (e *Engine) Version(ctx context.Context, p Principal, key campaigns.Key, number int) (*store.Version, error) {
	c, err := e.Campaign(ctx, p, key)
	if err != nil {
		return nil, err
	}
	return e.Store.Version(ctx, c.ID, number)
}

// Definition returns the parsed live version; fault conflict.not_published before the first publication.
func (e *Engine) Definition(ctx context.Context, c *store.Campaign) (*definition.Definition, error) {
	if c.LiveVersion == 0 {
		return nil, fault.New(fault.Conflict, "conflict.not_published", nil)
	}
	l, err := e.version(ctx, e.Store, c.ID, c.LiveVersion)
	if err != nil {
		return nil, err
	}
	return l.def, nil
}

// schedule writes when the version's audience is enrolled, or that no schedule is left, and returns the state that a publication leads to.
func (e *Engine) schedule(ctx context.Context, tx *store.Tx, c *store.Campaign, v *store.Version, def *definition.Definition, now time.Time) (campaigns.State, error) {
	if def.Entry.Audience() == nil {
		old, err := tx.Schedule(ctx, v.Campaign)
		if err == nil && old != nil && old.DoneAt == nil { // an older version's audience comes no more
			err = tx.MoveSchedule(ctx, v.Campaign, old.LastMember, &now)
		}
		return campaigns.Running, err
	}
	if def.Entry.Segment != "" {
		return e.openToPresent(ctx, tx, c, v, def, now)
	}
	next, err := e.firstOpening(ctx, tx, c, v, def.Entry.Schedule, now)
	if err != nil {
		return "", err
	}
	if err := tx.PutSchedule(ctx, next); err != nil {
		return "", err
	}
	switch {
	case def.Entry.Schedule.Recurs == nil && next.DoneAt != nil && c.State == campaigns.Finished: // nobody comes in anew
		return campaigns.Finished, nil
	case next.DueAt.After(now) && next.DoneAt == nil:
		return campaigns.Scheduled, nil
	}
	return campaigns.Running, nil
}

// openToPresent lets the present members of a segment in, or goes on where the older version was, and returns the state that this leads to.
func (e *Engine) openToPresent(ctx context.Context, tx *store.Tx, c *store.Campaign, v *store.Version, def *definition.Definition, now time.Time) (campaigns.State, error) {
	row := store.Schedule{Campaign: v.Campaign, Version: v.Number, DueAt: now}
	was, err := tx.HoldSchedule(ctx, v.Campaign)
	if err != nil {
		return "", err
	}
	p, err := e.present(ctx, tx, c, def, was)
	if err != nil {
		return "", err
	}
	if p.Opens == OpensNever {
		row.DueAt, row.LastMember, row.DoneAt = was.DueAt, was.LastMember, was.DoneAt
		if c.State == campaigns.Finished && row.DoneAt == nil {
			row.DoneAt = &now
		}
	}
	if err := tx.PutSchedule(ctx, row); err != nil {
		return "", err
	}
	if c.State == campaigns.Finished && row.DoneAt != nil && !def.Entry.Listens() { // nobody comes in anew
		return campaigns.Finished, nil
	}
	return campaigns.Running, nil
}

// event makes a campaign's event.
func (e *Engine) event(at time.Time, name string, id campaigns.CampaignID, data map[string]any) store.Event {
	return store.Event{At: at, Name: name, Campaign: id, Data: mustJSON(data)}
}

// Pause stops the campaign: nothing is sent and no step starts within two seconds; answers are kept.
func (e *Engine) Pause(ctx context.Context, p Principal, key campaigns.Key) (*store.Campaign, error) {
	return e.move(ctx, p, key, "campaign.paused", func(tx *store.Tx, c *store.Campaign, now time.Time) error {
		if c.State == campaigns.Paused {
			return nil
		}
		if err := tx.SetCampaignState(ctx, c.ID, c.State, campaigns.Paused, p.Name, now); err != nil {
			return err
		}
		return tx.OpenPause(ctx, c.ID, p.Name, now)
	})
}

// Resume goes on where the pause stopped; nothing is lost or repeated.
func (e *Engine) Resume(ctx context.Context, p Principal, key campaigns.Key) (*store.Campaign, error) {
	c, err := e.move(ctx, p, key, "campaign.resumed", func(tx *store.Tx, c *store.Campaign, now time.Time) error {
		if c.State != campaigns.Paused {
			return fault.New(fault.Conflict, "conflict.not_paused", map[string]any{"state": locale.Term("state.campaign." + string(c.State))})
		}
		next := campaigns.Running
		s, err := tx.Schedule(ctx, c.ID)
		if err != nil {
			return err
		}
		if s != nil && s.DoneAt == nil && s.LastMember == 0 && s.DueAt.After(now) {
			begun, err := hasBegun(ctx, tx, s)
			if err != nil {
				return err
			}
			if !begun {
				next = campaigns.Scheduled
			}
		}
		if err := tx.SetCampaignState(ctx, c.ID, c.State, next, p.Name, now); err != nil {
			return err
		}
		if err := e.released(ctx, tx, p, c.ID, now); err != nil {
			return err
		}
		return tx.ClosePause(ctx, c.ID, now)
	})
	if err == nil {
		e.callsGoOn(ctx, c.ID)
	}
	return c, err
}

// End finishes the campaign: everybody inside exits with the reason, nothing more is sent.
func (e *Engine) End(ctx context.Context, p Principal, key campaigns.Key) (*store.Campaign, error) {
	c, err := e.move(ctx, p, key, "campaign.ended", func(tx *store.Tx, c *store.Campaign, now time.Time) error {
		if c.State == campaigns.Finished {
			return nil
		}
		if err := tx.SetCampaignState(ctx, c.ID, c.State, campaigns.Finished, p.Name, now); err != nil {
			return err
		}
		if err := e.released(ctx, tx, p, c.ID, now); err != nil {
			return err
		}
		return tx.ClosePause(ctx, c.ID, now)
	})
	if err != nil {
		return nil, err
	}
	_, err = e.SweepEnded(ctx)
	return c, err
}

// Archive puts a campaign out of sight that has finished or was never published. Fault conflict.not_ended for one that goes on: it is ended first.
func (e *Engine) Archive(ctx context.Context, p Principal, key campaigns.Key) (*store.Campaign, error) {
	return e.move(ctx, p, key, "campaign.archived", func(tx *store.Tx, c *store.Campaign, now time.Time) error {
		if c.State != campaigns.Archived && !c.State.May(campaigns.Archived) {
			return fault.New(fault.Conflict, "conflict.not_ended", map[string]any{"state": locale.Term("state.campaign." + string(c.State))})
		}
		return tx.SetCampaignState(ctx, c.ID, c.State, campaigns.Archived, p.Name, now)
	})
}

// stateInWords has the state that forbids something said in the reader's language: the store knows it as its row has it.
func stateInWords(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Key != "conflict.campaign_state" {
		return err
	}
	if state, ok := f.Args["state"].(string); ok {
		return fault.Wrap(f.Kind, err, f.Key, map[string]any{"state": locale.Term("state.campaign." + state)})
	}
	return err
}

// move is one transition of a campaign with its event.
func (e *Engine) move(ctx context.Context, p Principal, key campaigns.Key, event string, fn func(*store.Tx, *store.Campaign, time.Time) error) (*store.Campaign, error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return nil, err
	}
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.LockCampaign(ctx, key)
		if err != nil {
			return err
		}
		now := e.now()
		if err := fn(tx, c, now); err != nil {
			return err
		}
		return tx.AppendEvents(ctx, []store.Event{e.event(now, event, c.ID, map[string]any{"by": p.Name})})
	})
	if err != nil {
		return nil, stateInWords(err)
	}
	e.states.forget()
	e.wake("due", e.Waker.WakeDue(ctx))
	for ch := range e.Senders {
		e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Bulk, ch))
	}
	return e.Store.CampaignByKey(ctx, key)
}
