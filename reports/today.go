package reports

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// pulseDays is how many days the pulse shows.
const pulseDays = 14

// Limits of what comes: how far ahead, and how many lines.
const (
	comingDays  = 7
	comingLines = 8
)

// Today is what a coordinator sees first: what needs them, what runs, what comes, and how the last days went.
type Today struct {
	Now       time.Time `json:"-"` // in the community's zone
	Zone      string
	Community string
	Needs     store.Attention
	// Failed are messages of the last week that failed or are unknown, by campaign.
	Failed []FailedLine
	// Lacking are running campaigns without a text for a language that some of their members read.
	Lacking   []LackingLine
	Campaigns []CampaignLine // all but the archived, the running first
	Coming    []ComingLine
	Pulse     []PulseDay // the last 14 days, the oldest first
	Left      int        // who turned everything off in them
	Readers   bool       // the principal may read members: messages are told of
}

// CampaignLine is a campaign in a list.
type CampaignLine struct {
	CampaignHead
	Answered int // members who answered at least one question
	Channels []campaigns.Channel
	Rounds   int // of its repeats
	def      *definition.Definition
}

// ByEvent reports a campaign whose entry is an event.
func (l CampaignLine) ByEvent() bool { return l.def != nil && l.def.Entry.Event != "" }

// FailedLine counts the messages of a campaign that ended in one state for one reason.
type FailedLine struct {
	Campaign campaigns.Key
	Name     string
	State    campaigns.DeliveryState
	Reason   campaigns.Reason
	Sentence string
	N        int
}

// LackingLine counts members whose language a campaign does not speak.
type LackingLine struct {
	Campaign campaigns.Key
	Name     string
	Language campaigns.Lang
	N, Of    int
}

// ComingLine is what happens at a time.
type ComingLine struct {
	At       time.Time // the first of them, in the community's zone
	Campaign campaigns.Key
	Name     string
	Def      *definition.Definition `json:"-"` // of the version; nil: not known
	Step     *definition.Step       `json:"-"` // nil: the campaign begins
	N        int                    // members; 0: not known before
	Spread   bool                   // each in their own time zone
}

// PulseDay counts one day.
type PulseDay struct {
	Day                        time.Time
	Delivered, Final, Answered int
}

// Today reads it all. Scope campaigns:read; what members wrote is counted for members:read.
func (r *Reports) Today(ctx context.Context, p engine.Principal, now time.Time, lang string) (*Today, error) {
	if err := p.Require(engine.CampaignsRead); err != nil {
		return nil, err
	}
	t := &Today{Readers: p.Require(engine.MembersRead) == nil}
	community, err := r.store.Community(ctx)
	if err != nil {
		return nil, err
	}
	t.Community, t.Zone, t.Now = community.Name, community.TimeZone, now.In(zoneOf(community.TimeZone))
	since := midnight(t.Now).AddDate(0, 0, 1-pulseDays)
	if t.Needs, err = r.store.Attention(ctx, since); err != nil {
		return nil, err
	}
	t.Left = t.Needs.StoppedSince
	if t.Campaigns, err = r.campaignLines(ctx, lang); err != nil {
		return nil, err
	}
	for _, add := range []func(context.Context, *Today, string) error{r.addPulse, r.addComing, r.addLacking} {
		if err := add(ctx, t, lang); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Zone is where the community's days and hours are counted; UTC where it names none.
func (r *Reports) Zone(ctx context.Context) (*time.Location, error) {
	community, err := r.store.Community(ctx)
	if err != nil {
		return nil, err
	}
	return zoneOf(community.TimeZone), nil
}

// Topics are those that the community lists; none: it lists none.
func (r *Reports) Topics(ctx context.Context) ([]string, error) {
	community, err := r.store.Community(ctx)
	if err != nil {
		return nil, err
	}
	return community.Topics, nil
}

func zoneOf(name string) *time.Location {
	if z, err := time.LoadLocation(name); err == nil {
		return z
	}
	return time.UTC
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// maxLines bounds a list of campaigns on a page.
const maxLines = 200

// Campaigns lists all campaigns but the archived, the running first. Scope campaigns:read.
func (r *Reports) Campaigns(ctx context.Context, p engine.Principal, lang string) ([]CampaignLine, error) {
	if err := p.Require(engine.CampaignsRead); err != nil {
		return nil, err
	}
	return r.campaignLines(ctx, lang)
}

var stateOrder = []campaigns.State{campaigns.Running, campaigns.Paused, campaigns.Scheduled, campaigns.Draft, campaigns.Finished}

func (r *Reports) campaignLines(ctx context.Context, lang string) ([]CampaignLine, error) {
	all, err := r.store.Campaigns(ctx, store.Page{Limit: maxLines}, stateOrder...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	ids := make([]campaigns.CampaignID, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	counts, err := r.store.CountByCampaign(ctx, ids)
	if err != nil {
		return nil, err
	}
	answered, err := r.store.Answered(ctx, ids)
	if err != nil {
		return nil, err
	}
	lines := make([]CampaignLine, len(all))
	for i, c := range all {
		lines[i] = CampaignLine{CampaignHead: headOf(c, lang), Answered: answered[c.ID]}
		for _, n := range counts {
			if n.Campaign == c.ID {
				lines[i].add(n.State, n.N)
			}
		}
		if def, err := r.live(ctx, c); err == nil && def != nil {
			lines[i].Channels, lines[i].Rounds, lines[i].def = def.Channels, roundsIn(def), def
		}
	}
	slices.SortStableFunc(lines, func(a, b CampaignLine) int {
		return cmp.Or(cmp.Compare(slices.Index(stateOrder, a.State), slices.Index(stateOrder, b.State)), b.StateAt.Compare(a.StateAt))
	})
	return lines, nil
}

func roundsIn(def *definition.Definition) (n int) {
	for _, s := range def.Order {
		if rep, ok := s.Body.(*definition.Repeat); ok {
			n += rep.Times
		}
	}
	return n
}

// addPulse counts the days, and what failed within the last seven of them.
func (r *Reports) addPulse(ctx context.Context, t *Today, lang string) error {
	first := midnight(t.Now).AddDate(0, 0, 1-pulseDays)
	for i := range pulseDays {
		t.Pulse = append(t.Pulse, PulseDay{Day: first.AddDate(0, 0, i)})
	}
	deliveries, err := r.store.RecentDeliveries(ctx, first)
	if err != nil {
		return err
	}
	answers, err := r.store.RecentAnswers(ctx, first)
	if err != nil {
		return err
	}
	week := t.Now.AddDate(0, 0, -7)
	for _, d := range deliveries {
		if day := t.day(d.At); day != nil && d.State != campaigns.Canceled && d.State != campaigns.HeldOut {
			day.Final += d.N
			if d.State == campaigns.Sent {
				day.Delivered += d.N
			}
		}
		if bad := d.State == campaigns.Failed || d.State == campaigns.Unknown; bad && d.At.After(week) {
			t.fail(d, lang)
		}
	}
	for _, a := range answers {
		if day := t.day(a.At); day != nil {
			day.Answered += a.N
		}
	}
	return nil
}

func (t *Today) day(at time.Time) *PulseDay {
	at = midnight(at.In(t.Now.Location()))
	for i := range t.Pulse {
		if t.Pulse[i].Day.Equal(at) {
			return &t.Pulse[i]
		}
	}
	return nil
}

// dead are reasons that say something of the member and nothing of us: nobody can do anything about a blocked bot.
var dead = []campaigns.Reason{campaigns.Blocked, campaigns.NotStarted, campaigns.Gone}

func (t *Today) fail(d store.DeliveryCount, lang string) {
	if slices.Contains(dead, d.Reason) {
		return
	}
	line := FailedLine{State: d.State, Reason: d.Reason, Sentence: reasonWords(lang, d.Reason), N: d.N}
	for _, c := range t.Campaigns {
		if c.ID == d.Campaign {
			line.Campaign, line.Name = c.Key, c.Name
		}
	}
	for i, f := range t.Failed {
		if f.Campaign == line.Campaign && f.State == line.State && f.Reason == line.Reason {
			t.Failed[i].N += line.N
			return
		}
	}
	t.Failed = append(t.Failed, line)
}

// addLacking looks for members who read a language that a running campaign does not have.
func (r *Reports) addLacking(ctx context.Context, t *Today, _ string) error {
	for i, c := range t.Campaigns {
		if c.State != campaigns.Running || i >= 5 { // a statement each; the rest is told on their own pages
			continue
		}
		if c.def == nil || c.Inside == 0 {
			continue
		}
		counts, err := r.store.CountLanguages(ctx, c.ID)
		if err != nil {
			return err
		}
		t.Lacking = append(t.Lacking, lacking(c, counts)...)
	}
	return nil
}

// lacking leaves out single members with rare languages: the fallback is right for them.
func lacking(c CampaignLine, counts []store.LanguageCount) (out []LackingLine) {
	for _, l := range counts {
		spoken := slices.ContainsFunc(c.def.Languages, func(x campaigns.Lang) bool { return baseOf(x) == baseOf(l.Language) })
		if l.Language != "" && !spoken && l.N*10 >= c.Total {
			out = append(out, LackingLine{c.Key, c.Name, l.Language, l.N, c.Total})
		}
	}
	return out
}

func baseOf(l campaigns.Lang) campaigns.Lang {
	for i, c := range l {
		if c == '-' {
			return l[:i]
		}
	}
	return l
}
