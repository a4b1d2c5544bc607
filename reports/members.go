package reports

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// MemberQuery asks for one page of members.
type MemberQuery struct {
	Text     string // in names, external ids and addresses
	Language campaigns.Lang
	Channel  campaigns.Channel
	After    int64 // the last id of the page before
	Limit    int
}

// MemberList is one page. Next is the place of the next page, 0 on the last.
type MemberList struct {
	Rows      []MemberRow
	Next      int64
	Total     int // whom the filters leave; a search's words do not change it
	Languages []store.LanguageCount
}

// MemberRow is a member in a list.
type MemberRow struct {
	*store.Profile
}

// Name is what to call the member: names, else the external id, else the number.
func (m MemberRow) Name() string { return nameOf(m.Profile) }

func nameOf(p *store.Profile) string {
	return cmp.Or(p.FullName(), members.Shown(p.ExternalID), "#"+strconv.FormatInt(int64(p.ID), 10))
}

// Way says how a channel reaches a member.
type Way string

const (
	Arrives     Way = "arrives"
	NoAddress   Way = "no_address"
	Stopped     Way = "stopped"     // everything off
	NotStarted  Way = "not_started" // never pressed Start
	NoConsent   Way = "no_consent"  // agreed to nothing there
	Unconfirmed Way = "unconfirmed"
	Blocked     Way = "blocked"
	Gone        Way = "gone"
	Suppressed  Way = "suppressed" // a bounce, a complaint, an erasure
)

// Fails reports that the channel was tried and does not reach the member, rather than being turned off.
func (w Way) Fails() bool { return w == Blocked || w == Gone || w == Suppressed }

// WayOf tells how the channel reaches the member.
func WayOf(p *store.Profile, ch campaigns.Channel) Way {
	a, has := p.Addresses.Find(ch)
	switch {
	case !has:
		return NoAddress
	case a.Suppressed != "":
		return Suppressed
	case a.Reach == channels.ReachBlocked:
		return Blocked
	case a.Reach == channels.ReachGone:
		return Gone
	case p.StoppedAt != nil:
		return Stopped
	case a.Reach == channels.ReachNotStarted:
		return NotStarted
	case a.Proof == members.Unconfirmed:
		return Unconfirmed
	case !agrees(p.Consents, ch):
		return NoConsent
	}
	return Arrives
}

func agrees(consents members.Consents, ch campaigns.Channel) bool {
	for key, given := range consents {
		if given && key.Channel == ch {
			return true
		}
	}
	return false
}

// Members lists members. Scope members:read.
func (r *Reports) Members(ctx context.Context, p engine.Principal, q MemberQuery) (*MemberList, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	filter := store.MemberQuery{Text: q.Text, Language: q.Language, Channel: q.Channel}
	ids, err := r.store.FindMembers(ctx, filter, store.Page{After: q.After, Limit: q.Limit + 1})
	if err != nil {
		return nil, err
	}
	list := &MemberList{}
	if len(ids) > q.Limit {
		ids = ids[:q.Limit]
		list.Next = int64(ids[q.Limit-1])
	}
	profiles, err := r.store.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if m := profiles[id]; m != nil {
			list.Rows = append(list.Rows, MemberRow{m})
		}
	}
	if list.Total, err = r.store.CountMembers(ctx, filter); err != nil {
		return nil, err
	}
	list.Languages, err = r.store.MemberLanguages(ctx)
	return list, err
}

// InsideRow is a member who is inside a campaign, and where.
type InsideRow struct {
	*store.Enrollment
	Profile *store.Profile // nil without members:read
}

// Name is what to call the member.
func (i InsideRow) Name() string {
	if i.Profile == nil {
		return "#" + strconv.FormatInt(int64(i.Enrollment.Member), 10)
	}
	return nameOf(i.Profile)
}

// Inside lists who is inside the campaign, at the step where one is given. Scope campaigns:read; who they are needs members:read.
func (r *Reports) Inside(ctx context.Context, p engine.Principal, key campaigns.Key, step campaigns.StepID, page store.Page) ([]InsideRow, error) {
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	es, err := r.store.Inside(ctx, c.ID, step, page)
	if err != nil {
		return nil, err
	}
	rows := make([]InsideRow, len(es))
	var ids []campaigns.MemberID
	for i, e := range es {
		rows[i].Enrollment = e
		if !slices.Contains(ids, e.Member) {
			ids = append(ids, e.Member)
		}
	}
	if p.Require(engine.MembersRead) != nil {
		return rows, nil
	}
	profiles, err := r.store.Profiles(ctx, ids)
	for i := range rows {
		rows[i].Profile = profiles[rows[i].Member]
	}
	return rows, err
}

// OpenMessage is something that a member wrote and nobody has looked at.
type OpenMessage struct {
	*store.Message
	Name string
}

// OpenMessages lists them, the oldest first. Scope members:read.
func (r *Reports) OpenMessages(ctx context.Context, p engine.Principal, limit int) ([]OpenMessage, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	ms, err := r.store.Messages(ctx, "open", 0, store.Page{Limit: limit})
	if err != nil || len(ms) == 0 {
		return nil, err
	}
	ids := make([]campaigns.MemberID, len(ms))
	for i, m := range ms {
		ids[i] = m.Member
	}
	profiles, err := r.store.Profiles(ctx, ids)
	out := make([]OpenMessage, len(ms))
	for i, m := range ms {
		out[i].Message = m
		if x := profiles[m.Member]; x != nil {
			out[i].Name = nameOf(x)
		}
	}
	return out, err
}
