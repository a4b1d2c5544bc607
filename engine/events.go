package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// EventInput is one event that a platform reports about a member.
type EventInput struct {
	ID     string          `json:"id"`
	Event  string          `json:"event"`
	Member string          `json:"member"` // external id
	At     time.Time       `json:"at"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// EventResult says what became of one event: it is stored, or was stored before, or Err says what is wrong.
type EventResult struct {
	ID        string
	Duplicate bool
	// Differs names the fields of a duplicate that are others than those that are stored: two events have one id, and the first stays.
	Differs []string
	Err     error
}

// Bounds of an event.
const (
	maxEvents    = 1000
	maxEventData = 32 << 10
)

// StoreEvents stores events, each once by its id; they are handled in their order soon after. One that is wrong stops no other. Of one whose id is known already
// the first stays, as a sender who had no answer sends it again; where that is another event, the result says in what.
func (e *Engine) StoreEvents(ctx context.Context, p Principal, ins []EventInput) ([]EventResult, error) {
	if err := p.Require(EventsWrite); err != nil {
		return nil, err
	}
	if len(ins) > maxEvents {
		return nil, fault.New(fault.TooLarge, "too_large.events", map[string]any{"max": maxEvents})
	}
	var names []string
	for _, in := range ins {
		names = append(names, in.Member)
	}
	known, err := e.Store.MemberIDsByExternalID(ctx, names)
	if err != nil {
		return nil, err
	}
	out := make([]EventResult, len(ins))
	var inputs []*store.Input
	for i, in := range ins {
		out[i].ID = in.ID
		id, ok := known[in.Member]
		if out[i].Err = checkEvent(in, ok); out[i].Err != nil {
			continue
		}
		inputs = append(inputs, &store.Input{Source: "api", SourceKey: in.ID, Actor: memberActor(id), Kind: "event", Raw: string(mustJSON(in)), Member: id})
	}
	stored, err := e.storeInputs(ctx, inputs)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Duplicate = out[i].Err == nil && !stored[out[i].ID]
		if out[i].Err == nil {
			delete(stored, out[i].ID) // the same id again in this call is a duplicate
		}
	}
	return out, e.compareEvents(ctx, ins, out)
}

// comparedEvents is how many are read at once to be compared: each may have maxEventData.
const comparedEvents = 100

// compareEvents tells of duplicates in what they differ from the events that are stored.
func (e *Engine) compareEvents(ctx context.Context, ins []EventInput, out []EventResult) error {
	var twice []int
	for i := range out {
		if out[i].Duplicate {
			twice = append(twice, i)
		}
	}
	for some := range slices.Chunk(twice, comparedEvents) {
		ids := make([]string, len(some))
		for n, i := range some {
			ids[n] = ins[i].ID
		}
		raws, err := e.Store.RawInputs(ctx, "api", ids)
		if err != nil {
			return err
		}
		for _, i := range some {
			out[i].Differs = differs(raws[ins[i].ID], ins[i])
		}
	}
	return nil
}

// differs are the fields in which the event is not the one that is stored. Of one whose content was erased nothing can be said; when it happened is left out, since
// who does not say it gets the time of the call.
func differs(raw string, in EventInput) (fields []string) {
	var had EventInput
	if json.Unmarshal([]byte(raw), &had) != nil {
		return nil
	}
	for _, f := range []struct {
		name string
		same bool
	}{{"event", had.Event == in.Event}, {"member", had.Member == in.Member}, {"data", sameData(had.Data, in.Data)}} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// sameData compares what two events bring, whatever the order of its fields and the spaces between them. Nothing is as good as null.
func sameData(a, b json.RawMessage) bool {
	read := func(raw json.RawMessage) (v any) {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		_ = d.Decode(&v)
		return v
	}
	return reflect.DeepEqual(read(a), read(b))
}

func checkEvent(in EventInput, known bool) error {
	c := &memberCheck{}
	c.text("id", &in.ID, maxExternalID)
	if in.ID == "" {
		c.wrong("id", "missing_value", nil, "")
	}
	if !definition.EventName(in.Event) {
		c.wrong("event", "bad_event_name", nil, "lesson.finished")
	}
	if !known {
		c.wrong("member", "unknown_member", nil, "")
	}
	if len(in.Data) > maxEventData || !utf8.Valid(in.Data) { // what is no object fits no campaign, and is kept as the fact that it is
		c.wrong("data", "too_long_value", map[string]any{"max": maxEventData}, "")
	}
	if len(c.details) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "invalid.event", nil).With(c.details...)
}

// readEventData reads what an event brings, and says what is wrong with it.
func readEventData(raw json.RawMessage) (data map[string]any, wrong []fault.Detail) {
	if len(raw) > maxEventData || !utf8.Valid(raw) {
		return nil, []fault.Detail{{Path: "data", Code: "too_long_value", Args: map[string]any{"max": maxEventData}}}
	}
	if len(raw) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // a run's key may have more digits than a float64 holds
	if err := d.Decode(&data); err != nil {
		return nil, []fault.Detail{{Path: "data", Code: "expected_object"}}
	}
	return data, nil
}

// memberActor is whose inputs are handled in order: a member's.
func memberActor(id campaigns.MemberID) string { return "member:" + strconv.FormatInt(int64(id), 10) }

// chatActor is the same before the chat's member is known.
func chatActor(chat string) string { return "telegram:" + chat }

// storeInputs stores inputs and wakes their actors. It returns the source keys that were new.
func (e *Engine) storeInputs(ctx context.Context, inputs []*store.Input) (map[string]bool, error) {
	stored := map[string]bool{}
	if len(inputs) == 0 {
		return stored, nil
	}
	now := e.now()
	first, err := e.Store.NextIDs(ctx, len(inputs))
	if err != nil {
		return nil, err
	}
	byID := map[campaigns.InputID]*store.Input{}
	for i, in := range inputs {
		in.ID, in.State, in.ReceivedAt = campaigns.InputID(first+int64(i)), store.InputStored, now
		byID[in.ID] = in
	}
	var ids []campaigns.InputID
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		ids, err = tx.InsertInputs(ctx, inputs)
		return err
	})
	if err != nil {
		return nil, err
	}
	var actors []string
	for _, id := range ids {
		in := byID[id]
		stored[in.SourceKey] = true
		e.Observer.Input(in.Source, store.InputStored)
		if in.Source != "page" { // whoever stored a form handles it at once
			actors = append(actors, in.Actor)
		}
	}
	e.wakeActors(ctx, actors)
	return stored, nil
}

// handleEvent lets an API event end what it ends and start what it starts.
func (e *Engine) handleEvent(ctx context.Context, tx *store.Tx, in *store.Input) (*after, error) {
	var ev EventInput
	if err := json.Unmarshal([]byte(in.Raw), &ev); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	p, err := tx.LockMember(ctx, in.Member)
	if err != nil {
		return nil, err
	}
	in.Member = p.ID // the two may have been merged since it was stored
	h := happening{event: ev.Event, at: in.ReceivedAt, noted: map[string]any{"id": ev.ID}}
	d := json.NewDecoder(bytes.NewReader(ev.Data))
	d.UseNumber()         // a run's key may have more digits than a float64 holds
	_ = d.Decode(&h.data) // of what is no mapping nothing can be asked
	return e.happened(ctx, tx, p, h)
}

// happening is one event in a member's life.
type happening struct {
	event string
	at    time.Time      // when it was received
	own   bool           // the member did it here
	data  map[string]any // what it brought: for decisions, in no log
	noted map[string]any // what the log holds of it; never a personal value
}

// happened is one event in a member's life: goals and exits first, then entries.
func (e *Engine) happened(ctx context.Context, tx *store.Tx, p *store.Profile, h happening) (*after, error) {
	open, err := e.openVersions(ctx, tx)
	if err != nil {
		return nil, err
	}
	noted := map[string]any{"event": h.event}
	maps.Copy(noted, h.noted)
	if none, more := unfit(open, h); len(none) > 0 {
		noted["unfit"] = none
		if more > 0 {
			noted["unfit_more"] = more
		}
	}
	if err := tx.AppendEvents(ctx, []store.Event{{At: e.now(), Name: "event.received", Member: p.ID, Data: mustJSON(noted)}}); err != nil {
		return nil, err
	}
	if err := e.decideAll(ctx, tx, p.ID, &decide.Happened{Event: h.event, Data: h.data, At: h.at, Own: h.own}, nil); err != nil {
		return nil, err
	}
	// After those that go on: one that ends at this very moment elsewhere is met here.
	if err := e.reachGoals(ctx, tx, p, h, open); err != nil {
		return nil, err
	}
	open = slices.DeleteFunc(open, func(l *live) bool { return !l.def.Entry.Is(h.event, h.data) })
	if len(open) > 0 {
		if err := refresh(ctx, tx, p); err != nil {
			return nil, err
		}
	}
	out := &after{}
	for _, l := range open {
		if err := e.enter(ctx, tx, l, p, h, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Unfit says, in the record of an event, which campaign that begins with it asks for other data.
type Unfit struct {
	Campaign campaigns.Key `json:"campaign,omitempty"`
	Version  int           `json:"version"`
	definition.Misfit
}

// UnfitOf reads them from the record of an event, and how many more there were than it holds.
func UnfitOf(ev store.Event) (named []Unfit, more int) {
	var data struct {
		Unfit []Unfit `json:"unfit"`
		More  int     `json:"unfit_more"`
	}
	_ = json.Unmarshal(ev.Data, &data) // what has none says nothing
	return data.Unfit, data.More
}

// OtherData is the reason why an event began nothing that did not bring what the entry asks for.
const OtherData campaigns.Reason = "data"

// maxUnfit bounds what one record holds.
const maxUnfit = 20

func unfit(open []*live, h happening) (named []Unfit, more int) {
	for _, l := range open {
		if l.def.Entry.Event != h.event {
			continue
		}
		m := l.def.Entry.Misfit(h.data)
		switch {
		case m == nil:
		case len(named) == maxUnfit:
			more++
		default:
			named = append(named, Unfit{l.def.Key, l.version, *m})
		}
	}
	return named, more
}

// refresh reads the member anew: what went on by the event may have changed them.
func refresh(ctx context.Context, tx *store.Tx, p *store.Profile) error {
	fresh, err := tx.Profiles(ctx, []campaigns.MemberID{p.ID})
	if err == nil && fresh[p.ID] != nil {
		*p = *fresh[p.ID]
	}
	return err
}

// openVersions are the live versions of the campaigns that are open.
func (e *Engine) openVersions(ctx context.Context, tx *store.Tx) (out []*live, err error) {
	open, err := e.open(ctx, tx)
	for _, c := range open {
		l, err := e.version(ctx, tx, c.ID, c.LiveVersion)
		if errors.Is(err, errBadVersion) { // whom it would take in, nobody can say; the other campaigns' members do not wait for it
			e.Log.Error("campaign takes nobody in", "campaign", c.ID, "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, err
}

// enter takes in the member to whom the event happened. Of who may not enter, an event tells why.
func (e *Engine) enter(ctx context.Context, tx *store.Tx, l *live, p *store.Profile, h happening, out *after) error {
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return err
	}
	key, why, err := w.mayEnter(ctx, l, p, h)
	if err != nil {
		return err
	}
	a := admission{result: why}
	if why == Enrolled {
		if a, err = e.enterAfter(ctx, tx, l, p, wayIn{source: "event:" + h.event, key: key, at: h.at, acted: h.own, brought: brought(h.data, l.def.Brought)}, 0, out); err != nil {
			return err
		}
	}
	switch a.result {
	case NotMeant, NoKey, AlreadyInside, NotAgain: // who has no address is told of already
		ev := refusal(l, p.ID, a, w.now)
		if field := l.def.Entry.Key; a.result == NoKey {
			ev.Data = mustJSON(Unfit{Version: l.version, Misfit: definition.Misfit{Field: field, Came: definition.CameOf(h.data[field])}})
		}
		return tx.AppendEvents(ctx, []store.Event{ev})
	}
	return nil
}

// enterAfter enrolls one member at the end of a chain of campaigns and decides the first step at once, in the transaction that holds the member. It says what
// became of it.
func (e *Engine) enterAfter(ctx context.Context, tx *store.Tx, l *live, p *store.Profile, way wayIn, hops int, out *after) (admission, error) {
	became, err := e.enroll(ctx, tx, l, []campaigns.MemberID{p.ID}, way, e.now())
	a := became[p.ID]
	if err != nil || a.enrollment == 0 {
		return a, err
	}
	return a, e.begin(ctx, tx, a.enrollment, p, decide.Enrollment{Hops: hops, Brought: way.brought, Acted: way.acted}, way.at, out)
}

// begin decides the first step of a passage that was just written, of which the wish was received at a moment; as is what its record holds before.
func (e *Engine) begin(ctx context.Context, tx *store.Tx, id campaigns.EnrollmentID, p *store.Profile, as decide.Enrollment, at time.Time, out *after) error {
	row, err := tx.LockEnrollment(ctx, id)
	if err != nil {
		return err
	}
	row.Data = mustJSON(as)
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return err
	}
	start := &decide.Start{}
	if !at.IsZero() && at.Before(w.now) {
		start.NotBefore = &at
	}
	if err := w.decide(ctx, row, p, start); err != nil {
		return err
	}
	ids, err := w.flush(ctx)
	out.send = append(out.send, ids...)
	return err
}

// mayEnter says what the run would be about, and whether the event and the member are what the entry asks for.
func (w *work) mayEnter(ctx context.Context, l *live, p *store.Profile, h happening) (key string, _ EntryResult, err error) {
	entry := &l.def.Entry
	if entry.Key != "" {
		if key, _ = entry.RunKey(h.data); key == "" {
			return "", NoKey, nil
		}
	}
	if entry.If == nil {
		return key, Enrolled, nil
	}
	s, err := w.standing(ctx, l.campaign)
	if err != nil {
		return "", "", err
	}
	f := w.e.facts(p, l.def.Topic, s, w.community, w.now)
	if err := w.lookBack(ctx, l, p.ID, &f); err != nil {
		return "", "", err
	}
	if !decide.MayEnter(l.def, f, w.now) {
		return "", NotMeant, nil
	}
	return key, Enrolled, nil
}
