package reports

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// Why is the chain of decisions about one member in one campaign, in sentences. It holds what rows and events tell; what they do not tell is said to be unknown.
type Why struct {
	Member   string        `json:"member"`
	Campaign campaigns.Key `json:"campaign"`
	Name     string        `json:"name" doc:"Of the campaign, in the language of the sentences"`
	Entered  bool          `json:"entered"`
	// Entry says why the member is not inside; of who entered, which other times they were not taken in.
	Entry []WhyLine `json:"entry"`
	Runs  []WhyRun  `json:"runs" doc:"Passages, the newest first; at most 10"`
}

// WhyRun is one passage.
type WhyRun struct {
	Enrollment string                    `json:"enrollment_id"`
	Version    int                       `json:"version"`
	Key        string                    `json:"key,omitempty" doc:"What the passage is about, in a campaign whose runs have a key"`
	State      campaigns.EnrollmentState `json:"state" enum:"active,waiting,completed,exited"`
	Chain      []WhyLine                 `json:"chain" doc:"In the order of time"`
}

// WhyLine is one link of the chain.
type WhyLine struct {
	// At is absent where the moment is not kept.
	At    *time.Time        `json:"at,omitempty"`
	Local string            `json:"local,omitempty" doc:"The same by the member's own clock"`
	Kind  WhyKind           `json:"kind" enum:"entry,entered,decision,done,delivery,channel,passed,notice,call,response,event,waiting,ended"`
	Step  campaigns.StepID  `json:"step,omitempty"`
	What  string            `json:"what"`
	Why   campaigns.Reason  `json:"reason,omitempty"`
	Over  campaigns.Channel `json:"channel,omitempty"`
	Value any               `json:"value,omitempty" doc:"An answer; needs the scope responses:read"`
}

// WhyKind says what a line is about.
type WhyKind string

const (
	WhyEntry    WhyKind = "entry" // why the member is not inside
	WhyEntered  WhyKind = "entered"
	WhyDecision WhyKind = "decision" // which way a branch took
	WhyDone     WhyKind = "done"     // what a set or an award did
	WhyDelivery WhyKind = "delivery"
	WhyChannel  WhyKind = "channel" // why this channel and none before it
	WhyPassed   WhyKind = "passed"  // what would have held a message back that was sent, and why it did not
	WhyNotice   WhyKind = "notice"  // what a step told the staff
	WhyCall     WhyKind = "call"    // what a step asked of another system
	WhyResponse WhyKind = "response"
	WhyEvent    WhyKind = "event"
	WhyWaiting  WhyKind = "waiting"
	WhyEnded    WhyKind = "ended"
)

const (
	whyRuns   = 10
	localForm = "2006-01-02 15:04"
)

// Why explains one member in one campaign. Scopes members:read and campaigns:read; the values of answers need responses:read too.
// Faults not_found.member and not_found.campaign.
func (r *Reports) Why(ctx context.Context, p engine.Principal, key campaigns.Key, externalID, lang string) (*Why, error) {
	return r.why(ctx, p, key, lang, func() (*members.Member, error) { return r.store.MemberByExternalID(ctx, externalID) })
}

// WhyOf is Why for a member by internal id.
func (r *Reports) WhyOf(ctx context.Context, p engine.Principal, key campaigns.Key, id campaigns.MemberID, lang string) (*Why, error) {
	return r.why(ctx, p, key, lang, func() (*members.Member, error) { return r.store.Member(ctx, id) })
}

func (r *Reports) why(ctx context.Context, p engine.Principal, key campaigns.Key, lang string, find func() (*members.Member, error)) (*Why, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	m, err := find()
	if err != nil {
		return nil, err
	}
	e := &explainer{r: r, lang: lang, c: c, values: p.Require(engine.ResponsesRead) == nil}
	if err := e.load(ctx, m.ID); err != nil {
		return nil, err
	}
	if e.words, err = e.keyedWords(ctx, c.LiveVersion); err != nil {
		return nil, err
	}
	out := &Why{Member: m.ExternalID, Campaign: key, Name: nameIn(c, lang), Entry: []WhyLine{}, Runs: []WhyRun{}}
	rows, err := r.store.Enrollments(ctx, store.EnrollmentFilter{Campaign: c.ID, Member: e.p.Member.ID}, store.Page{Limit: sourcePage})
	if err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	for _, row := range rows[:min(len(rows), whyRuns)] {
		run, err := e.run(ctx, row)
		if err != nil {
			return nil, err
		}
		out.Runs = append(out.Runs, *run)
	}
	if out.Entered = len(rows) > 0; out.Entered {
		out.Entry, err = e.refused(ctx)
	} else {
		out.Entry, err = e.notEntered(ctx)
	}
	return out, err
}

// explainer explains one member in one campaign.
type explainer struct {
	r         *Reports
	lang      string
	c         *store.Campaign
	p         *store.Profile
	community *store.Community
	zone      *time.Location
	values    bool // of answers may be told
	words     explain.Words
	teller    *Teller
}

func (e *explainer) load(ctx context.Context, id campaigns.MemberID) error {
	ps, err := e.r.store.Profiles(ctx, []campaigns.MemberID{id})
	if err != nil {
		return err
	}
	e.p = ps[id]
	if e.community, err = e.r.store.Community(ctx); err != nil {
		return err
	}
	if e.zone, err = time.LoadLocation(cmp.Or(e.p.TimeZone, e.community.TimeZone)); err != nil {
		e.zone = time.UTC
	}
	e.teller = e.r.teller(e.lang, e.zone)
	e.teller.about = e.c.Key
	return nil
}

// keyedWords call what the version names by its name, with its key beside it: what is told here is looked up elsewhere.
func (e *explainer) keyedWords(ctx context.Context, version int) (explain.Words, error) {
	none := explain.Words{Lang: e.lang}
	if version == 0 {
		return none, nil
	}
	def, err := e.r.version(ctx, e.c.ID, version)
	if err != nil || def == nil {
		return none, err
	}
	named, err := e.r.words(ctx, def.Named(), e.lang)
	if err != nil {
		return none, err
	}
	both := func(name func(campaigns.Key) string) func(campaigns.Key) string {
		return func(key campaigns.Key) string { return withKey(name(key), key) }
	}
	return explain.Words{Lang: e.lang, Campaign: both(named.Campaign), Segment: both(named.Segment)}.About(def), nil
}

// withKey is a name with the key beside it, where they differ.
func withKey(name string, key campaigns.Key) string {
	if name == "" || name == string(key) {
		return string(key)
	}
	return name + " (" + string(key) + ")"
}

func (e *explainer) say(key string, args map[string]any) string { return locale.T(e.lang, key, args) }

func (e *explainer) line(kind WhyKind, at *time.Time, key string, args map[string]any) WhyLine {
	l := WhyLine{At: at, Kind: kind, What: e.say(key, args)}
	if at != nil {
		l.Local = at.In(e.zone).Format(localForm)
	}
	return l
}

// when is a moment as it is said to a person: by the member's clock.
func (e *explainer) when(at time.Time) string { return locale.DateTime(e.lang, at.In(e.zone)) }

// run explains one passage.
func (e *explainer) run(ctx context.Context, row *store.Enrollment) (*WhyRun, error) {
	def, err := e.r.version(ctx, row.Campaign, row.Version)
	if err != nil {
		return nil, err
	}
	w := &passage{explainer: e, row: row, def: def, words: e.words}
	if row.Version != e.c.LiveVersion {
		if w.words, err = e.keyedWords(ctx, row.Version); err != nil {
			return nil, err
		}
	}
	if err := json.Unmarshal(row.Data, &w.en); err != nil {
		return nil, err
	}
	if err := w.read(ctx); err != nil {
		return nil, err
	}
	chain, err := w.chain(ctx)
	if err != nil {
		return nil, err
	}
	return &WhyRun{Enrollment: text(int64(row.ID)), Version: row.Version, Key: row.RunKey, State: row.State, Chain: chain}, nil
}

// passage is one run while it is explained; def is nil when its version cannot be read any more.
type passage struct {
	*explainer
	row        *store.Enrollment
	def        *definition.Definition
	words      explain.Words // of its own version
	en         decide.Enrollment
	deliveries []*store.Delivery
	notices    []*store.Notice
	calls      []*store.OutsideCall
	events     []store.Event
	responses  []*store.Response
}

func (w *passage) read(ctx context.Context) (err error) {
	s := w.r.store
	if w.deliveries, err = pages(func(p store.Page) ([]*store.Delivery, error) {
		return s.Deliveries(ctx, store.DeliveryFilter{Enrollment: w.row.ID}, p)
	}, func(d *store.Delivery) int64 { return int64(d.ID) }); err != nil {
		return err
	}
	if w.notices, err = pages(func(p store.Page) ([]*store.Notice, error) {
		return s.Notices(ctx, store.NoticeFilter{Enrollment: w.row.ID}, p)
	}, func(n *store.Notice) int64 { return n.ID }); err != nil {
		return err
	}
	if w.calls, err = pages(func(p store.Page) ([]*store.OutsideCall, error) {
		return s.Calls(ctx, store.CallFilter{Enrollment: w.row.ID}, p)
	}, func(c *store.OutsideCall) int64 { return c.ID }); err != nil {
		return err
	}
	if w.events, err = pages(func(p store.Page) ([]store.Event, error) {
		return s.Events(ctx, store.EventFilter{Enrollment: w.row.ID}, p)
	}, func(e store.Event) int64 { return e.ID }); err != nil {
		return err
	}
	w.responses, err = pages(func(p store.Page) ([]*store.Response, error) {
		return s.Responses(ctx, store.ResponseFilter{Campaign: w.row.Campaign, Member: w.row.Member}, p)
	}, func(x *store.Response) int64 { return x.ID })
	w.responses = slices.DeleteFunc(w.responses, func(x *store.Response) bool { return x.Enrollment != w.row.ID })
	return err
}

// pages reads a list, as far as a timeline would.
func pages[T any](read func(store.Page) ([]T, error), id func(T) int64) (out []T, err error) {
	for page := (store.Page{Limit: sourcePage}); len(out) < sourcePage*sourcePages; page.After = id(out[len(out)-1]) {
		rows, err := read(page)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
		if len(rows) < sourcePage {
			break
		}
	}
	return out, nil
}

// chain is all that happened and was decided, in the order of time.
func (w *passage) chain(ctx context.Context) ([]WhyLine, error) {
	var entries []Entry
	for _, d := range w.deliveries {
		entries = append(entries, deliveryEntries(d)...)
	}
	for _, n := range w.notices {
		entries = append(entries, noticeEntries(n)...)
	}
	for _, c := range w.calls {
		entries = append(entries, callEntries(c)...)
	}
	for _, x := range w.responses {
		entries = append(entries, responseEntries(x, w.values)...)
	}
	for _, ev := range w.events {
		entries = append(entries, eventEntries(ev)...)
	}
	markRepeats(entries)
	slices.SortFunc(entries, func(a, b Entry) int { return a.place().compare(b.place()) })
	if err := w.teller.write(ctx, entries); err != nil {
		return nil, err
	}
	entered, err := w.entered(ctx)
	if err != nil {
		return nil, err
	}
	lines := []WhyLine{entered}
	byID := map[string]*store.Delivery{}
	for _, d := range w.deliveries {
		byID[text(int64(d.ID))] = d
	}
	kinds := map[Kind]WhyKind{KindDelivery: WhyDelivery, KindNotice: WhyNotice, KindCall: WhyCall, KindResponse: WhyResponse, KindEvent: WhyEvent}
	for i := range entries {
		x := &entries[i]
		at := x.At
		l := WhyLine{At: &at, Local: at.In(w.zone).Format(localForm), Kind: kinds[x.Kind], Step: x.Step, What: x.What, Why: x.Reason, Over: x.Channel, Value: x.Value}
		lines = append(lines, l)
		if d := byID[x.Delivery]; x.Kind == KindDelivery && d != nil && w.def != nil {
			lines = append(append(lines, w.channel(d, at)...), w.passed(d, at)...)
		}
	}
	lines = w.withDecisions(lines)
	return append(lines, w.stands()...), nil
}

// entered is how the member came in. By which version is not told: a move, and a correction of texts without a word, leave that by which the passage goes.
func (w *passage) entered(ctx context.Context) (l WhyLine, err error) {
	at := w.row.EnteredAt
	key, args := "why.entered.other", map[string]any{"source": w.row.Source}
	switch source, name := cutSource(w.row.Source); source {
	case "event":
		key, args["event"] = "why.entered.event", name
	case "campaign":
		key = "why.entered.campaign"
		if args["campaign"], err = w.teller.Campaign(ctx, campaigns.Key(name)); err != nil {
			return l, err
		}
	case "schedule":
		key = "why.entered.schedule"
	case "segment":
		key, args["segment"] = "why.entered.segment", w.teller.segment(ctx, campaigns.Key(name))
	case "api":
		key = "why.entered.api"
	}
	version := "why.entered.version"
	if w.row.EndedAt != nil {
		version += "_ended"
	}
	l = w.line(WhyEntered, &at, key, args)
	l.What += " " + w.say(version, map[string]any{"version": w.row.Version})
	return l, nil
}
