package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
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
	Err       error
}

// Bounds of an event.
const (
	maxEvents    = 1000
	maxEventData = 32 << 10
)

var eventName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)

// StoreEvents stores events, each once by its id; they are handled in their order soon after. One that is wrong stops no other.
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
	return out, nil
}

func checkEvent(in EventInput, known bool) error {
	c := &memberCheck{}
	c.text("id", &in.ID, maxExternalID)
	if in.ID == "" {
		c.wrong("id", "missing_value", nil, "")
	}
	if !eventName.MatchString(in.Event) || len(in.Event) > 100 {
		c.wrong("event", "bad_event_name", nil, "lesson.finished")
	}
	if !known {
		c.wrong("member", "unknown_member", nil, "")
	}
	if len(in.Data) > maxEventData || !utf8.Valid(in.Data) {
		c.wrong("data", "too_long_value", map[string]any{"max": maxEventData}, "")
	}
	if len(c.details) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "invalid.event", nil).With(c.details...)
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
	return e.happened(ctx, tx, in, p, ev.Event, map[string]any{"id": ev.ID})
}

// happened is one event in a member's life: exits first, then entries.
func (e *Engine) happened(ctx context.Context, tx *store.Tx, in *store.Input, p *store.Profile, name string, data map[string]any) (*after, error) {
	now := e.now()
	data["event"] = name
	if err := tx.AppendEvents(ctx, []store.Event{{At: now, Name: "event.received", Member: p.ID, Data: mustJSON(data)}}); err != nil {
		return nil, err
	}
	if err := e.decideAll(ctx, tx, p.ID, &decide.Happened{Event: name}, nil); err != nil {
		return nil, err
	}
	open, err := e.open(ctx, tx)
	if err != nil {
		return nil, err
	}
	out := &after{}
	for _, c := range open {
		l, err := e.version(ctx, tx, c.ID, c.LiveVersion)
		if errors.Is(err, errBadVersion) { // whom it would take in, nobody can say; the other campaigns' members do not wait for it
			e.Log.Error("campaign takes nobody in", "campaign", c.ID, "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		if l.def.Entry.Event != name {
			continue
		}
		if err := e.enter(ctx, tx, l, p, "event:"+name, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// enter enrolls one member and decides the first step at once, in the transaction that holds the member.
func (e *Engine) enter(ctx context.Context, tx *store.Tx, l *live, p *store.Profile, source string, out *after) error {
	_, err := e.enterAfter(ctx, tx, l, p, source, 0, out)
	return err
}

// enterAfter is enter at the end of a chain of campaigns, and says what became of it.
func (e *Engine) enterAfter(ctx context.Context, tx *store.Tx, l *live, p *store.Profile, source string, hops int, out *after) (EntryResult, error) {
	results, enrolled, err := e.enroll(ctx, tx, l, []campaigns.MemberID{p.ID}, source, e.now())
	if err != nil || enrolled[p.ID] == 0 {
		return results[p.ID], err
	}
	return Enrolled, e.begin(ctx, tx, enrolled[p.ID], p, hops, out)
}

// begin decides the first step of a passage that was just written.
func (e *Engine) begin(ctx context.Context, tx *store.Tx, id campaigns.EnrollmentID, p *store.Profile, hops int, out *after) error {
	row, err := tx.LockEnrollment(ctx, id)
	if err != nil {
		return err
	}
	if hops > 0 {
		row.Data = mustJSON(map[string]int{"hops": hops})
	}
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return err
	}
	if err := w.decide(ctx, row, p, &decide.Start{}); err != nil {
		return err
	}
	ids, err := w.flush(ctx)
	out.send = append(out.send, ids...)
	return err
}
