package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// actSpan is how long after a member's own act messages count as replies to it: they go by the interactive lane and no quiet hours hold them.
const actSpan = 10 * time.Minute

// spoken is the member's language as far as it is known, else the community's first.
func spoken(p *store.Profile, c *store.Community) campaigns.Lang {
	if p.Language != "" {
		return p.Language
	}
	return Fallback(c)
}

// interactive reports whether the member did something within actSpan.
func interactive(p *store.Profile, now time.Time) bool {
	return p.LastActAt != nil && now.Sub(*p.LastActAt) < actSpan
}

// channelFacts is what is known about the member's address on the channel; ok is false when there is none.
func (e *Engine) channelFacts(p *store.Profile, ch campaigns.Channel, topic string) (decide.ChannelFacts, bool) {
	a, ok := p.Addresses.Find(ch)
	if !ok {
		return decide.ChannelFacts{}, false
	}
	return decide.ChannelFacts{
		Reach: a.Reach, Consent: p.Consents.Allows(ch, topic), Suppressed: a.Suppressed != "", Unconfirmed: a.Proof == members.Unconfirmed, Off: e.off(ch),
	}, true
}

// takenFor is who a split and a holdout take the member for: a copy in a simulation goes the way of the member that it is a copy of.
func (e *Engine) takenFor(id campaigns.MemberID) campaigns.MemberID {
	if e.TakenFor == nil {
		return id
	}
	return e.TakenFor(id)
}

// standing is how a campaign stands at the moment of a transaction: its state, and the pauses that it had.
type standing struct {
	state  campaigns.State
	paused bool
	pauses []decide.Pause
}

// standing reads it, once for each campaign and transaction.
func (w *work) standing(ctx context.Context, id campaigns.CampaignID) (standing, error) {
	if s, ok := w.campaigns[id]; ok {
		return s, nil
	}
	c, err := w.tx.Campaign(ctx, id)
	if err != nil {
		return standing{}, err
	}
	pauses, err := w.tx.Pauses(ctx, id)
	if err != nil {
		return standing{}, err
	}
	s := standingOf(c.State, pauses)
	w.campaigns[id] = s
	return s, nil
}

func standingOf(state campaigns.State, pauses []store.Pause) standing {
	s := standing{state: state, paused: state == campaigns.Paused}
	for _, p := range pauses {
		span := decide.Pause{From: p.From}
		if p.To != nil {
			span.To = *p.To
		}
		s.pauses = append(s.pauses, span)
	}
	return s
}

// facts is what a decision about the member may know.
func (e *Engine) facts(p *store.Profile, topic string, s standing, c *store.Community, now time.Time) decide.Facts {
	f := decide.Facts{
		Language: spoken(p, c), Zone: zone(c, p.TimeZone), Attributes: p.Attributes, Tags: p.Tags,
		Channels: map[campaigns.Channel]decide.ChannelFacts{}, Stopped: p.StoppedAt != nil, Interactive: interactive(p, now), LastAct: p.LastActAt,
		Paused: s.paused, Pauses: s.pauses,
	}
	for _, a := range p.Addresses {
		f.Channels[a.Channel], _ = e.channelFacts(p, a.Channel, topic)
	}
	return f
}

// reachKey is what is known of a member's addresses, on each channel that there is.
type reachKey [2]struct {
	channel campaigns.Channel
	facts   decide.ChannelFacts
}

// reachOf is what is known of the addresses of one of many.
func (w *work) reachOf(m *store.MemberFacts) (key reachKey) {
	for i, a := range m.Addresses {
		key[i].channel = a.Channel
		key[i].facts = decide.ChannelFacts{
			Reach: a.Reach, Consent: a.Consent, Suppressed: a.Suppressed, Unconfirmed: a.Proof == members.Unconfirmed, Off: w.e.off(a.Channel),
		}
	}
	return key
}

// alike is all that differs between members where the first decision by a version looks at nothing else (live.alike): for those of whom it is equal, the
// decision is too.
type alike struct {
	language campaigns.Lang
	zone     string
	stopped  bool
	acts     bool // did something within actSpan
	reach    reachKey
}

func (w *work) actsNow(m *store.MemberFacts) bool {
	return m.LastActAt != nil && w.now.Sub(*m.LastActAt) < actSpan
}

// factsOf is facts for one of many: from the part of the profile that deciding looks at. Members of whose addresses the same is known share the map,
// which nobody changes.
func (w *work) factsOf(m *store.MemberFacts, s standing) decide.Facts {
	key := w.reachOf(m)
	known, ok := w.reaches[key]
	if !ok {
		known = map[campaigns.Channel]decide.ChannelFacts{}
		for _, k := range key[:len(m.Addresses)] {
			known[k.channel] = k.facts
		}
		w.reaches[key] = known
	}
	language := m.Language
	if language == "" {
		language = Fallback(w.community)
	}
	return decide.Facts{
		Language: language, Zone: zone(w.community, m.TimeZone), Attributes: m.Attributes, Tags: m.Tags, Channels: known, Stopped: m.StoppedAt != nil,
		Interactive: w.actsNow(m), LastAct: m.LastActAt, Paused: s.paused, Pauses: s.pauses,
	}
}

// errBadRow: a passage's own record cannot be read.
var errBadRow = errors.New("record cannot be read")

// fromRow is the decider's view of a row.
func fromRow(r *store.Enrollment) (decide.Enrollment, error) { return new(records).fromRow(r) }

// records reads one row after another. Rows of one campaign that stand at the same step have mostly the same record, so that it is read once.
type records struct {
	data json.RawMessage
	en   decide.Enrollment // what data says; nobody changes it, since a decision copies what it changes
}

func (rs *records) fromRow(r *store.Enrollment) (decide.Enrollment, error) {
	if !bytes.Equal(rs.data, r.Data) {
		var en decide.Enrollment
		if err := json.Unmarshal(r.Data, &en); err != nil {
			return en, fmt.Errorf("read enrollment %d: %w: %w", r.ID, errBadRow, err)
		}
		rs.data, rs.en = r.Data, en
	}
	en := rs.en
	en.State, en.Reason, en.Step, en.Visit, en.Wait = r.State, r.Reason, r.Step, r.Visit, r.WaitKind
	en.Key, en.Entered = r.RunKey, r.EnteredAt
	if r.DueAt != nil {
		due := *r.DueAt
		en.Due = &due
	}
	return en, nil
}

// into writes it into the row. The delivery that is waited for is set where it is made.
func (d *decision) into(r *store.Enrollment, now time.Time) {
	en := &d.next
	r.State, r.Reason, r.Step, r.Visit, r.WaitKind = en.State, en.Reason, en.Step, en.Visit, en.Wait
	r.DueAt, r.UpdatedAt, r.Data = en.Due, now, d.data
	if r.WaitKind != campaigns.WaitDelivery {
		r.WaitDelivery = 0
	}
	if r.State.Final() && r.EndedAt == nil {
		ended := now
		r.EndedAt = &ended
	}
}

// mustJSON encodes values of our own types, which always can be.
func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return b
}
