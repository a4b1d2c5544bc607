package reports

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// Kind says what an entry of a timeline is about.
type Kind string

const (
	KindEntered  Kind = "enrollment.entered"
	KindEnded    Kind = "enrollment.ended"
	KindDelivery Kind = "delivery"
	KindNotice   Kind = "notice" // what a step told the staff about the member
	KindCall     Kind = "call"   // what a step asked of another system
	KindPoints   Kind = "points" // what a step gave
	KindResponse Kind = "response"
	KindConsent  Kind = "consent"
	KindMessage  Kind = "message" // the member wrote something that no question waited for; its text is in the messages
	KindEvent    Kind = "event"
)

// Entry is one thing that happened, or did not happen, with its reason.
type Entry struct {
	At   time.Time `json:"at"`
	Kind Kind      `json:"kind"`
	// What is the sentence in the asked language.
	What       string            `json:"what" doc:"The sentence for a person, in the asked language"`
	Campaign   campaigns.Key     `json:"campaign,omitempty"`
	Name       string            `json:"campaign_name,omitempty" doc:"Of the campaign, in the asked language"`
	Version    int               `json:"version,omitempty"`
	Enrollment string            `json:"enrollment_id,omitempty"`
	Delivery   string            `json:"delivery_id,omitempty"`
	Step       campaigns.StepID  `json:"step,omitempty"`
	Channel    campaigns.Channel `json:"channel,omitempty"`
	State      string            `json:"state,omitempty"`
	Reason     campaigns.Reason  `json:"reason,omitempty"`
	DueAt      *time.Time        `json:"due_at,omitempty" doc:"When it is tried or decided next"`
	Question   string            `json:"question,omitempty"`
	Value      any               `json:"value,omitempty" doc:"The answer; needs the scope responses:read"`
	Event      string            `json:"event,omitempty"`
	Topic      string            `json:"topic,omitempty"`
	Given      *bool             `json:"given,omitempty"`
	Points     int               `json:"points,omitempty" doc:"That a step gave; below 0: took"`
	Source     string            `json:"source,omitempty"`

	// Def is the version whose question a response answers; nil for everything else.
	Def *definition.Definition `json:"-"`

	campaign campaigns.CampaignID
	detail   string        // of a delivery
	words    string        // the key of the sentence
	named    string        // an arm of a split, an attribute, another campaign, a segment
	other    campaigns.Key // the campaign that a step enrolls in
	segment  campaigns.Key
	again    engine.Reentry   // of somebody who may not enter again
	silence  timing.Period    // of a question without an answer
	lost     campaigns.Reason // of the channel where a message stands that nobody sees
	unfit    definition.Misfit
	by       string // who asked for a call once more
	repeats  int64  // the call that was asked for once more
	from, to any    // the versions that a passage was moved between
	id       int64
}

// TimelineQuery asks for one page of a timeline.
type TimelineQuery struct {
	Lang   string
	Newest bool   // the newest first; otherwise the oldest
	Cursor string // where the page before ended
	Limit  int
}

// Timeline is one page of what happened to a member. NextCursor is empty on the last page.
type Timeline struct {
	Items      []Entry
	NextCursor string
}

const (
	// sourceRows bounds what is read of each source.
	sourcePage  = 500
	sourcePages = 20
)

// Timeline is the union of the member's rows and events, ordered by time. Scope members:read; the values of answers need responses:read too.
func (r *Reports) Timeline(ctx context.Context, p engine.Principal, externalID string, q TimelineQuery) (*Timeline, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	from, err := readPlace(q.Cursor)
	if err != nil {
		return nil, err
	}
	m, err := r.store.MemberByExternalID(ctx, externalID)
	if err != nil {
		return nil, err
	}
	return r.timeline(ctx, p, m, from, q)
}

func (r *Reports) timeline(ctx context.Context, p engine.Principal, m *members.Member, from *place, q TimelineQuery) (*Timeline, error) {
	entries, err := r.everything(ctx, m.ID, p.Require(engine.ResponsesRead) == nil)
	if err != nil {
		return nil, err
	}
	t, err := r.Teller(ctx, q.Lang, m.TimeZone)
	if err != nil {
		return nil, err
	}
	page := cut(entries, from, q)
	return page, t.write(ctx, page.Items)
}

// everything reads each source in pages: the number of statements does not grow with the number of entries by more than one in 500.
func (r *Reports) everything(ctx context.Context, id campaigns.MemberID, values bool) ([]Entry, error) {
	var all []Entry
	sources := []func(store.Page) (int64, []Entry, error){
		func(p store.Page) (int64, []Entry, error) {
			rows, err := r.store.Enrollments(ctx, store.EnrollmentFilter{Member: id}, p)
			return spread(rows, err, func(e *store.Enrollment) int64 { return int64(e.ID) }, enrollmentEntries)
		},
		func(p store.Page) (int64, []Entry, error) {
			rows, err := r.store.Deliveries(ctx, store.DeliveryFilter{Member: id}, p)
			return spread(rows, err, func(d *store.Delivery) int64 { return int64(d.ID) }, deliveryEntries)
		},
		func(p store.Page) (int64, []Entry, error) {
			rows, err := r.store.Notices(ctx, store.NoticeFilter{Member: id}, p)
			return spread(rows, err, func(n *store.Notice) int64 { return n.ID }, noticeEntries)
		},
		func(p store.Page) (int64, []Entry, error) {
			rows, err := r.store.Calls(ctx, store.CallFilter{Member: id}, p)
			return spread(rows, err, func(c *store.OutsideCall) int64 { return c.ID }, callEntries)
		},
		func(p store.Page) (int64, []Entry, error) {
			rows, err := r.store.PointsOf(ctx, id, p)
			return spread(rows, err, func(x store.Points) int64 { return x.ID }, pointsEntries)
		},
		func(p store.Page) (int64, []Entry, error) {
			rows, err := r.store.Responses(ctx, store.ResponseFilter{Member: id}, p)
			return spread(rows, err, func(x *store.Response) int64 { return x.ID }, func(x *store.Response) []Entry { return responseEntries(x, values) })
		},
		func(p store.Page) (int64, []Entry, error) {
			rows, err := r.store.Messages(ctx, "", id, p)
			return spread(rows, err, func(m *store.Message) int64 { return m.ID }, messageEntries)
		},
		func(p store.Page) (int64, []Entry, error) {
			rows, err := r.store.Events(ctx, store.EventFilter{Member: id}, p)
			return spread(rows, err, func(e store.Event) int64 { return e.ID }, eventEntries)
		},
	}
	for _, source := range sources {
		entries, err := drain(source)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	ledger, err := r.store.ConsentLedger(ctx, id)
	for i, c := range ledger {
		all = append(all, consentEntry(c, i))
	}
	markRepeats(all)
	return all, err
}

// spread turns rows into entries and returns the last row's id, 0 on the last page.
func spread[T any](rows []T, err error, id func(T) int64, entries func(T) []Entry) (int64, []Entry, error) {
	var out []Entry
	for _, row := range rows {
		out = append(out, entries(row)...)
	}
	if err != nil || len(rows) < sourcePage {
		return 0, out, err
	}
	return id(rows[len(rows)-1]), out, nil
}

func drain(source func(store.Page) (int64, []Entry, error)) ([]Entry, error) {
	var all []Entry
	page := store.Page{Limit: sourcePage}
	for range sourcePages {
		last, entries, err := source(page)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
		if last == 0 {
			break
		}
		page.After = last
	}
	return all, nil
}

// place is where an entry stands: its time, then its kind and id, so that no two stand at the same.
type place struct {
	at   int64
	kind Kind
	id   int64
}

func (e *Entry) place() place { return place{e.At.UnixMicro(), e.Kind, e.id} }

func (a place) compare(b place) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id), cmp.Compare(a.kind, b.kind))
}

func (a place) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "t:%d:%d:%s", a.at, a.id, a.kind))
}

func readPlace(cursor string) (*place, error) {
	if cursor == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.SplitN(string(raw), ":", 4)
	if err != nil || len(parts) != 4 || parts[0] != "t" {
		return nil, fault.New(fault.Invalid, "invalid.cursor", nil)
	}
	at, aerr := strconv.ParseInt(parts[1], 10, 64)
	id, ierr := strconv.ParseInt(parts[2], 10, 64)
	if aerr != nil || ierr != nil {
		return nil, fault.New(fault.Invalid, "invalid.cursor", nil)
	}
	return &place{at, Kind(parts[3]), id}, nil
}

// cut sorts and takes one page after the place.
func cut(entries []Entry, from *place, q TimelineQuery) *Timeline {
	direction := 1
	if q.Newest {
		direction = -1
	}
	slices.SortFunc(entries, func(a, b Entry) int { return direction * a.place().compare(b.place()) })
	start := 0
	if from != nil {
		for start < len(entries) && direction*entries[start].place().compare(*from) <= 0 {
			start++
		}
	}
	end := min(start+q.Limit, len(entries))
	page := &Timeline{Items: append([]Entry{}, entries[start:end]...)}
	if end < len(entries) && end > start {
		page.NextCursor = entries[end-1].place().cursor()
	}
	return page
}
