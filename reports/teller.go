package reports

import (
	"cmp"
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// Teller writes what happened to members in sentences of one language. It remembers what is called how, so it is for one answer, and for one caller at a time.
type Teller struct {
	r    *Reports
	lang string
	zone *time.Location // by whose clock moments are told
	// about is the campaign that all is told about; beside the names of others stand their keys then. Empty: none is.
	about campaigns.Key

	campaigns map[campaigns.CampaignID]*store.Campaign
	others    map[campaigns.Key]string
	segments  map[campaigns.Key]string
}

// Teller tells by the clock of the zone; empty, or none that is known: the community's.
func (r *Reports) Teller(ctx context.Context, lang, zone string) (*Teller, error) {
	c, err := r.store.Community(ctx)
	if err != nil {
		return nil, err
	}
	loc, err := time.LoadLocation(cmp.Or(zone, c.TimeZone))
	if err != nil {
		loc = time.UTC
	}
	return r.teller(lang, loc), nil
}

func (r *Reports) teller(lang string, zone *time.Location) *Teller {
	return &Teller{
		r: r, lang: lang, zone: zone,
		campaigns: map[campaigns.CampaignID]*store.Campaign{}, others: map[campaigns.Key]string{}, segments: map[campaigns.Key]string{},
	}
}

// In is the same teller by the clock of another zone.
func (t *Teller) In(zone *time.Location) *Teller {
	out := *t
	out.zone = zone
	return &out
}

// Event is what a member's timeline says of the event.
func (t *Teller) Event(ctx context.Context, ev store.Event) (string, error) {
	entries := eventEntries(ev)[:1]
	err := t.write(ctx, entries)
	return entries[0].What, err
}

// write adds the campaigns' keys and the sentences.
func (t *Teller) write(ctx context.Context, entries []Entry) (err error) {
	for i := range entries {
		e := &entries[i]
		if err := t.name(ctx, e); err != nil {
			return err
		}
		if e.Kind == KindResponse && e.Value != nil {
			if e.Def, err = t.r.version(ctx, e.campaign, e.Version); err != nil {
				return err
			}
		}
		e.What = e.sentence(t.lang, t.zone)
	}
	return nil
}

// name looks up what the campaigns and the segment are called that the entry speaks of.
func (t *Teller) name(ctx context.Context, e *Entry) (err error) {
	if e.campaign != 0 {
		c := t.campaigns[e.campaign]
		if c == nil {
			if c, err = t.r.store.Campaign(ctx, e.campaign); err != nil {
				return err
			}
			t.campaigns[e.campaign] = c
		}
		e.Campaign, e.Name = c.Key, nameIn(c, t.lang)
	}
	if e.other != "" {
		e.named, err = t.Campaign(ctx, e.other)
	}
	if e.segment != "" {
		e.named = t.segment(ctx, e.segment)
	}
	return err
}

// Campaign is what the campaign is called; one that is gone, or was never there, is called by its key.
func (t *Teller) Campaign(ctx context.Context, key campaigns.Key) (string, error) {
	if name, known := t.others[key]; known {
		return name, nil
	}
	c, err := t.r.store.CampaignByKey(ctx, key)
	name := string(key)
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return "", err
	default:
		name = nameIn(c, t.lang)
		if t.about != "" && t.about != key {
			name = withKey(name, key)
		}
	}
	t.others[key] = name
	return name, nil
}

func (t *Teller) segment(ctx context.Context, key campaigns.Key) string {
	if t.segments[key] == "" {
		t.segments[key] = t.r.segmentName(ctx, key, t.lang)
	}
	return t.segments[key]
}

// dayAndTime is a moment as it is said to a person, with the year where it is another than now's.
func dayAndTime(lang string, at, now time.Time) string {
	if at.Year() != now.In(at.Location()).Year() {
		return locale.LongDate(lang, at) + at.Format(", 15:04")
	}
	return locale.DateTime(lang, at)
}
