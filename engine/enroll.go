package engine

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// EntryResult says what became of one member who was to be enrolled.
type EntryResult string

const (
	Enrolled      EntryResult = "enrolled"
	AlreadyInside EntryResult = "already_active" // a run is active
	NotAgain      EntryResult = "reentry"        // the entry rule forbids another run (yet)
	UnknownMember EntryResult = "not_found"
	ErasedMember  EntryResult = "erased"
	Unaddressed   EntryResult = "no_address" // nowhere to send to on any of the campaign's channels
	NotMeant      EntryResult = "condition"  // the entry's condition does not hold
	NoKey         EntryResult = "no_key"     // the event does not say, as an id, what the run would be about
)

// EnrollResult is the answer for one member.
type EnrollResult struct {
	ExternalID string             // by which the member was named; empty: by Member
	Member     campaigns.MemberID // 0: nobody is known by the name
	Result     EntryResult
	Enrollment campaigns.EnrollmentID // 0 unless enrolled
	Again      Reentry                // after NotAgain, by the member's clock
}

// maxEnroll bounds one call; larger audiences come by schedule or in several calls.
const maxEnroll = 10_000

// Enrolling is who is taken into a campaign by hand.
type Enrolling struct {
	ExternalIDs []string
	Members     []campaigns.MemberID // named by their own ids, after the others
	Key         string               // what their runs are about, in a campaign whose runs have a key; empty: Data says it
	Data        json.RawMessage      // what the event would bring with which the campaign begins: an object, or nothing
}

func (w Enrolling) names() []EnrollResult {
	out := make([]EnrollResult, 0, len(w.ExternalIDs)+len(w.Members))
	for _, x := range w.ExternalIDs {
		out = append(out, EnrollResult{ExternalID: x, Result: UnknownMember})
	}
	for _, id := range w.Members {
		out = append(out, EnrollResult{Member: id, Result: UnknownMember})
	}
	return out
}

// way is how they come in. It refuses a run that no event of its object would find, a key that means nothing, and data that nothing could read.
func (w Enrolling) way(def *definition.Definition) (wayIn, error) {
	way := wayIn{source: "api", key: w.Key}
	data, err := w.data(def)
	if err != nil {
		return way, err
	}
	field := def.Entry.Key
	args := map[string]any{"campaign": string(def.Key), "field": field}
	if told, brings := def.Entry.RunKey(data); field != "" && brings {
		switch {
		case told == "":
			return way, fault.New(fault.Invalid, "invalid.run_key", args)
		case way.key != "" && way.key != told:
			return way, fault.New(fault.Invalid, "invalid.run_key_twice", args)
		}
		way.key = told
	}
	switch {
	case field == "" && way.key != "":
		return way, fault.New(fault.Invalid, "invalid.run_key_unasked", args)
	case field != "" && way.key == "":
		return way, fault.New(fault.Invalid, "invalid.run_key_missing", args)
	case way.key != "" && !definition.IsRunKey(way.key):
		return way, fault.New(fault.Invalid, "invalid.run_key", args)
	}
	if field != "" && data[field] == nil { // the event would tell it, too
		data = maps.Clone(data)
		if data == nil {
			data = map[string]any{}
		}
		data[field] = way.key
	}
	way.brought = brought(data, def.Brought)
	return way, nil
}

// data reads Data, within the bounds of an event's.
func (w Enrolling) data(def *definition.Definition) (map[string]any, error) {
	data, wrong := readEventData(w.Data)
	switch {
	case len(wrong) > 0:
		return nil, fault.New(fault.Invalid, "invalid.event_data", nil).With(wrong...)
	case len(data) > 0 && def.Entry.Event == "":
		return nil, fault.New(fault.Invalid, "invalid.data_unasked", map[string]any{"campaign": string(def.Key)})
	}
	return data, nil
}

// Enroll takes members into the campaign's live version by hand. Each id has its own answer; one that cannot be enrolled stops no other.
func (e *Engine) Enroll(ctx context.Context, p Principal, key campaigns.Key, externalIDs []string) ([]EnrollResult, error) {
	return e.EnrollAs(ctx, p, key, Enrolling{ExternalIDs: externalIDs})
}

// EnrollAs is Enroll for members named in either way. Faults: invalid.run_key_missing, invalid.run_key_unasked, invalid.run_key_twice and invalid.run_key for what the
// runs are about, invalid.event_data and invalid.data_unasked for what the event would bring, conflict.not_running.
func (e *Engine) EnrollAs(ctx context.Context, p Principal, key campaigns.Key, who Enrolling) ([]EnrollResult, error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return nil, err
	}
	out := who.names()
	if len(out) > maxEnroll {
		return nil, fault.New(fault.TooLarge, "too_large.enroll", map[string]any{"max": maxEnroll})
	}
	c, err := e.Store.CampaignByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	if c.State != campaigns.Running && c.State != campaigns.Paused {
		return nil, fault.New(fault.Conflict, "conflict.not_running", map[string]any{"state": locale.Term("state.campaign." + string(c.State))})
	}
	l, err := e.version(ctx, e.Store, c.ID, c.LiveVersion)
	if err != nil {
		return nil, err
	}
	way, err := who.way(l.def)
	if err != nil {
		return nil, err
	}
	for start := 0; start < len(out); start += e.Store.BulkRows() {
		end := min(start+e.Store.BulkRows(), len(out))
		if err := e.enrollSome(ctx, l, way, out[start:end]); err != nil {
			return nil, err
		}
	}
	e.wake("due", e.Waker.WakeDue(ctx))
	return out, nil
}

func (e *Engine) enrollSome(ctx context.Context, l *live, way wayIn, out []EnrollResult) error {
	return e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		if err := tx.MergesWait(ctx); err != nil {
			return err
		}
		ids, err := whoTheyAre(ctx, tx, out)
		if err != nil {
			return err
		}
		c, err := tx.Campaign(ctx, l.campaign)
		if err != nil {
			return err
		}
		if c.State != campaigns.Running && c.State != campaigns.Paused { // it ended meanwhile
			return fault.New(fault.Conflict, "conflict.not_running", map[string]any{"state": locale.Term("state.campaign." + string(c.State))})
		}
		became, err := e.enroll(ctx, tx, l, ids, way, e.now())
		if err != nil {
			return err
		}
		community, err := tx.Community(ctx)
		if err != nil {
			return err
		}
		for i := range out {
			if x := &out[i]; x.Member != 0 {
				a := became[x.Member]
				x.Result, x.Enrollment, x.Again = a.result, a.enrollment, a.again
				if from := a.again.From; from != nil {
					x.Again.From = new(from.In(zone(community, a.zone)))
				}
			}
		}
		return nil
	})
}

// whoTheyAre finds the members that are named, those who were merged as the ones that they became, and lists them.
func whoTheyAre(ctx context.Context, tx *store.Tx, named []EnrollResult) (ids []campaigns.MemberID, err error) {
	var external []string
	var own []campaigns.MemberID
	for _, x := range named {
		if x.ExternalID != "" || x.Member == 0 {
			external = append(external, x.ExternalID)
		} else {
			own = append(own, x.Member)
		}
	}
	known, err := tx.MemberIDsByExternalID(ctx, external)
	if err != nil {
		return nil, err
	}
	profiles, err := tx.Profiles(ctx, own)
	if err != nil {
		return nil, err
	}
	for i := range named {
		x := &named[i]
		if p := profiles[x.Member]; x.ExternalID == "" && x.Member != 0 && p != nil {
			x.Member = p.ID
		} else if x.ExternalID != "" || x.Member != 0 {
			x.Member = known[x.ExternalID]
		}
		if x.Member != 0 {
			ids = append(ids, x.Member)
		}
	}
	return ids, nil
}

// wayIn is what brings members in, and what their runs are about.
type wayIn struct {
	source, key string
	at          time.Time      // when what lets them in was received; zero: it is now
	acted       bool           // an act of the member's own leads them in
	brought     map[string]any // by the event, by field
}

// admission is what became of one member who was to be enrolled.
type admission struct {
	result     EntryResult
	enrollment campaigns.EnrollmentID // 0 unless enrolled
	again      Reentry                // after NotAgain
	zone       string                 // the member's own; empty: the community's
}

// enroll, in a transaction in which merges wait or that holds the members, writes active enrollments, due now, for those of the members who may enter, and says for each what became of them.
func (e *Engine) enroll(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID, by wayIn, now time.Time) (map[campaigns.MemberID]admission, error) {
	became := map[campaigns.MemberID]admission{}
	profiles, err := tx.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	last, err := tx.LastRuns(ctx, l.campaign, by.key, ids)
	if err != nil {
		return nil, err
	}
	var enter []campaigns.MemberID
	var over []campaigns.EnrollmentID
	var refused []store.Event
	for _, id := range ids {
		if _, seen := became[id]; seen {
			continue
		}
		a := admission{result: entry(l.def, profiles[id], last[id], now)}
		switch a.result {
		case Enrolled:
			enter = append(enter, id)
			if run := last[id]; run != nil {
				over = append(over, run.ID)
			}
		case NotAgain:
			a.again, a.zone = reentry(l.def.Entry, last[id]), profiles[id].TimeZone
		case Unaddressed:
			refused = append(refused, refusal(l, id, a, now))
		}
		became[id] = a
	}
	if err := tx.MakeWay(ctx, over); err != nil {
		return nil, err
	}
	rows, err := newEnrollments(ctx, tx, l, enter, by, now)
	if err != nil {
		return nil, err
	}
	written, err := tx.InsertEnrollments(ctx, rows)
	if err != nil {
		return nil, err
	}
	member := map[campaigns.EnrollmentID]campaigns.MemberID{}
	for _, row := range rows {
		member[row.ID] = row.Member
	}
	for _, id := range enter { // whoever is not among the written
		became[id] = admission{result: AlreadyInside}
	}
	for _, id := range written {
		became[member[id]] = admission{result: Enrolled, enrollment: id}
	}
	return became, tx.AppendEvents(ctx, refused)
}

// refusal is the event that tells why somebody was not taken in whom nobody told.
func refusal(l *live, id campaigns.MemberID, a admission, now time.Time) store.Event {
	ev := store.Event{At: now, Name: "enrollment.refused", Member: id, Campaign: l.campaign, Reason: campaigns.Reason(a.result)}
	if a.result == NotAgain {
		ev.Data = mustJSON(a.again)
	}
	return ev
}

// entry says whether the member may enter the campaign now.
func entry(def *definition.Definition, p *store.Profile, last *store.Enrollment, now time.Time) EntryResult {
	switch {
	case p == nil:
		return UnknownMember
	case p.State == members.Erased:
		return ErasedMember
	case last != nil && !last.State.Final():
		return AlreadyInside
	case last != nil && !again(def.Entry, last, now):
		return NotAgain
	case !addressed(def, p):
		return Unaddressed
	}
	return Enrolled
}

// Reentry says when a member may enter again whom the entry rule keeps out. Records of before it was kept hold nothing of it.
type Reentry struct {
	From  *time.Time `json:"again_from,omitempty"`
	Never bool       `json:"again_never,omitempty"`
	Keyed bool       `json:"again_keyed,omitempty"` // it is about runs of one key: those of another have their own
}

// reentry applies the entry rule to a member whose last run is over.
func reentry(entry definition.Entry, last *store.Enrollment) Reentry {
	r := Reentry{Never: entry.Reentry == definition.ReentryNever, Keyed: entry.Key != ""}
	if !r.Never && last.EndedAt != nil {
		r.From = new(entry.After.Add(*last.EndedAt, time.UTC))
	}
	return r
}

// again reports whether the entry rule lets the member in again now.
func again(entry definition.Entry, last *store.Enrollment, now time.Time) bool {
	from := reentry(entry, last).From
	return from != nil && !now.Before(*from)
}

// endedBy is what again asks of a last run, for SQL: by when it must have ended; nil: nobody enters twice.
func endedBy(entry definition.Entry, now time.Time) *time.Time {
	if entry.Reentry == definition.ReentryNever {
		return nil
	}
	by := now.Add(-entry.After.Add(now, time.UTC).Sub(now)) // in UTC a day is 24 hours, so that a period can be taken off as it is added
	return &by
}

// addressed reports whether the member has an address on any of the campaign's channels.
func addressed(def *definition.Definition, p *store.Profile) bool {
	for _, ch := range def.Channels {
		if _, ok := p.Addresses.Find(ch); ok {
			return true
		}
	}
	return false
}

// mayEnter keeps those of a schedule's audience whom the entry rule lets in; their earlier runs make way.
func (e *Engine) mayEnter(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID, now time.Time) ([]campaigns.MemberID, error) {
	last, err := tx.LastRuns(ctx, l.campaign, "", ids)
	if err != nil {
		return nil, err
	}
	var out []campaigns.MemberID
	var over []campaigns.EnrollmentID
	for _, id := range ids {
		switch run := last[id]; {
		case run == nil:
			out = append(out, id)
		case run.State.Final() && again(l.def.Entry, run, now):
			out, over = append(out, id), append(over, run.ID)
		}
	}
	return out, tx.MakeWay(ctx, over)
}

// newEnrollments makes active rows, due now.
func newEnrollments(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID, by wayIn, now time.Time) ([]*store.Enrollment, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	first, err := tx.NextIDs(ctx, len(ids))
	if err != nil {
		return nil, err
	}
	rows, room := make([]*store.Enrollment, len(ids)), make([]store.Enrollment, len(ids))
	for i, id := range ids {
		room[i] = *newEnrollment(l, by, now)
		room[i].ID, room[i].Member = campaigns.EnrollmentID(first+int64(i)), id
		rows[i] = &room[i]
	}
	return rows, nil
}

// newEnrollment is a row of nobody yet.
func newEnrollment(l *live, by wayIn, now time.Time) *store.Enrollment {
	data := []byte("{}")
	if len(by.brought) > 0 {
		data = mustJSON(decide.Enrollment{Brought: by.brought})
	}
	return &store.Enrollment{
		Campaign: l.campaign, Version: l.version, Source: by.source, RunKey: by.key,
		State: campaigns.EnrollmentActive, DueAt: &now, Data: data, EnteredAt: now, UpdatedAt: now,
	}
}

// Enrollments lists a campaign's enrollments.
func (e *Engine) Enrollments(ctx context.Context, p Principal, key campaigns.Key, state campaigns.EnrollmentState, page store.Page) ([]*store.Enrollment, error) {
	c, err := e.Campaign(ctx, p, key)
	if err != nil {
		return nil, err
	}
	return e.Store.Enrollments(ctx, store.EnrollmentFilter{Campaign: c.ID, State: state}, page)
}

// Withdraw takes one member out of the campaign. An enrollment that is over already stays as it is.
func (e *Engine) Withdraw(ctx context.Context, p Principal, key campaigns.Key, id campaigns.EnrollmentID) (*store.Enrollment, error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return nil, err
	}
	c, err := e.Store.CampaignByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	found, err := e.Store.Enrollment(ctx, id)
	if err != nil {
		return nil, err
	}
	if found.Campaign != c.ID {
		return nil, fault.New(fault.NotFound, "not_found.enrollment", nil)
	}
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockMember(ctx, found.Member)
		if err != nil {
			return err
		}
		return e.decideAllRuns(ctx, tx, p.ID, &decide.Left{Reason: campaigns.ExitWithdrawn}, func(row *store.Enrollment) bool { return row.ID == id })
	})
	if err != nil {
		return nil, err
	}
	return e.Store.Enrollment(ctx, id)
}
