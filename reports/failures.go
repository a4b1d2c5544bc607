package reports

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// Letter is something that came in and could not be handled. What it says is not here: who may read it has the API.
type Letter struct {
	ID      campaigns.InputID
	Source  string // telegram, page, api
	Event   string // an API event's name
	State   string // stored, done, dead
	Why     string // engine.WhyDead
	Error   string // the program's own words, without personal values
	Tries   int
	At      time.Time  // when it came
	TriedAt *time.Time // when it was tried last, or handled
	Member  campaigns.MemberID
	Name    string // of the member; empty: not known
	Chat    string // where the member is not known
	Nobody  bool   // its member was erased
}

// Letters is one page of them, the oldest first. Next is the place of the next page, 0 on the last.
type Letters struct {
	Rows []Letter
	Next int64
	Dead []store.DeadCount
}

// Letters lists what came in and could not be handled. Scope members:read.
func (r *Reports) Letters(ctx context.Context, p engine.Principal, after int64, limit int) (*Letters, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	ins, err := r.store.DeadInputs(ctx, store.Page{After: after, Limit: limit + 1})
	if err != nil {
		return nil, err
	}
	out := &Letters{}
	if len(ins) > limit {
		ins = ins[:limit]
		out.Next = int64(ins[limit-1].ID)
	}
	if out.Rows, err = r.letters(ctx, ins); err != nil {
		return nil, err
	}
	out.Dead, err = r.store.CountDead(ctx)
	return out, err
}

// Letter is one of them, whatever became of it. Scope members:read. Fault not_found.input.
func (r *Reports) Letter(ctx context.Context, p engine.Principal, id campaigns.InputID) (*Letter, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	in, err := r.store.Input(ctx, id)
	if err != nil {
		return nil, err
	}
	rows, err := r.letters(ctx, []*store.Input{in})
	if err != nil {
		return nil, err
	}
	return &rows[0], nil
}

// letters finds out whose they are: the member that the input names, or that of its chat.
func (r *Reports) letters(ctx context.Context, ins []*store.Input) ([]Letter, error) {
	rows := make([]Letter, len(ins))
	var chats []string
	for i, in := range ins {
		rows[i] = letterOf(in)
		if rows[i].Chat != "" {
			chats = append(chats, rows[i].Chat)
		}
	}
	known, err := r.store.MembersByChat(ctx, chats)
	if err != nil {
		return nil, err
	}
	var ids []campaigns.MemberID
	for i := range rows {
		if id, ok := known[rows[i].Chat]; ok {
			rows[i].Member, rows[i].Chat = id, ""
		}
		if rows[i].Member != 0 {
			ids = append(ids, rows[i].Member)
		}
	}
	profiles, err := r.store.Profiles(ctx, ids)
	for i := range rows {
		if x := profiles[rows[i].Member]; x != nil {
			rows[i].Name = nameOf(x)
		}
	}
	return rows, err
}

func letterOf(in *store.Input) Letter {
	l := Letter{
		ID: in.ID, Source: in.Source, State: string(in.State), Why: engine.WhyDead(in), Error: in.Error, Tries: in.Tries, At: in.ReceivedAt, TriedAt: in.HandledAt,
		Member: in.Member, Nobody: in.Raw == "",
	}
	if chat, ok := strings.CutPrefix(in.Actor, "telegram:"); ok && in.Member == 0 && chat != "?" {
		l.Chat = chat
	}
	if in.Source == "api" {
		var ev struct {
			Event string `json:"event"`
		}
		_ = json.Unmarshal([]byte(in.Raw), &ev) // one that cannot be read has no name
		l.Event = ev.Event
	}
	return l
}

// FailedMessages are messages of one step that failed by our own fault.
type FailedMessages struct {
	engine.FailedKind
	Endpoint    string                 // of calls of another system
	Name        string                 // of the campaign; empty: replies of the bot
	Step        *definition.Step       `json:"-"` // nil: of a version that cannot be read, or a reply
	Def         *definition.Definition `json:"-"`
	N           int
	Member      campaigns.MemberID // of a single one
	MemberName  string
	First, Last time.Time
	// Again: they can be sent after all. Over: a question, whose moment has passed.
	Again, Over bool
}

// Failed lists the newest messages that failed by our own fault, by step. Scope members:read.
func (r *Reports) Failed(ctx context.Context, p engine.Principal, lang string) ([]FailedMessages, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	counts, err := r.store.CountFailed(ctx)
	if err != nil || len(counts) == 0 {
		return nil, err
	}
	return r.failed(ctx, counts, lang)
}

// failed names the campaigns and steps, and the member where there is one alone.
func (r *Reports) failed(ctx context.Context, counts []store.FailedCount, lang string) ([]FailedMessages, error) {
	var ids []campaigns.MemberID
	for _, c := range counts {
		if c.N == 1 {
			ids = append(ids, c.Member)
		}
	}
	profiles, err := r.store.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]FailedMessages, len(counts))
	for i, c := range counts {
		m := &out[i]
		m.FailedKind = engine.FailedKind{Step: c.Step, Channel: c.Channel, Reason: c.Reason}
		m.N, m.First, m.Last = c.N, c.First, c.Last
		if x := profiles[c.Member]; c.N == 1 && x != nil {
			m.Member, m.MemberName = x.ID, nameOf(x)
		}
		if c.Campaign == 0 {
			continue
		}
		if err := r.failedIn(ctx, m, c, lang); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *Reports) failedIn(ctx context.Context, m *FailedMessages, c store.FailedCount, lang string) error {
	camp, err := r.store.Campaign(ctx, c.Campaign)
	if err != nil {
		return err
	}
	m.Campaign, m.Name = camp.Key, headOf(camp, lang).Name
	if m.Def, err = r.version(ctx, c.Campaign, c.Version); err != nil || m.Def == nil {
		return err
	}
	if m.Step = m.Def.Step(c.Step); m.Step != nil {
		m.Over = m.Step.Ask() != nil
		m.Again = !m.Over && camp.State != campaigns.Archived
	}
	return nil
}

// Untold lists the newest notices that did not reach the staff, by step. Again is true of all: a person may have the staff told after all. Scope members:read.
func (r *Reports) Untold(ctx context.Context, p engine.Principal, lang string) ([]FailedMessages, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	counts, err := r.store.CountUntold(ctx)
	if err != nil || len(counts) == 0 {
		return nil, err
	}
	out, err := r.failed(ctx, counts, lang)
	for i := range out {
		out[i].Again, out[i].Over = true, false
	}
	return out, err
}

// Unanswered lists the newest calls of other systems that failed, by step. Again is true of all: a person may have them made once more. Scope members:read.
func (r *Reports) Unanswered(ctx context.Context, p engine.Principal, lang string) ([]FailedMessages, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	calls, err := r.store.CountUnanswered(ctx)
	if err != nil || len(calls) == 0 {
		return nil, err
	}
	counts := make([]store.FailedCount, len(calls))
	for i, c := range calls {
		counts[i] = store.FailedCount{
			FailedKind: store.FailedKind{Campaign: c.Campaign, Step: c.Step, Reason: c.Reason}, Version: c.Version, N: c.N, Member: c.Member, First: c.First, Last: c.Last,
		}
	}
	out, err := r.failed(ctx, counts, lang)
	for i := range out {
		out[i].Endpoint, out[i].Again, out[i].Over = calls[i].Endpoint, true, false
	}
	return out, err
}
