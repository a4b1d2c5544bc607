package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// merging is two members who turned out to be one, while they become it. The transaction holds both rows.
type merging struct {
	e          *Engine
	tx         *store.Tx
	now        time.Time
	into, from *store.Profile // the older one stays
	// proven says, by channel, whose address was proven just now: where both have one, it stays.
	proven map[campaigns.Channel]campaigns.MemberID
	// open are chats' open questions of runs that end, at which the runs that go on wait too: those take their answers.
	open []openQuestion
}

// openQuestion is a question that one run put in a chat and another one waits at.
type openQuestion struct {
	of   campaigns.MemberID // whose chat
	slot store.QuestionSlot // of the run that goes on
}

// lockPair locks two members in the order of their ids, so that two who are joined from both sides do not wait for each other.
func lockPair(ctx context.Context, tx *store.Tx, a, b campaigns.MemberID) (pa, pb *store.Profile, err error) {
	first, second := min(a, b), max(a, b)
	p, err := tx.LockMember(ctx, first)
	if err != nil {
		return nil, nil, err
	}
	q, err := tx.LockMember(ctx, second)
	if err != nil {
		return nil, nil, err
	}
	if a == first {
		return p, q, nil
	}
	return q, p, nil
}

// merge makes one member of two that the transaction holds: the older one stays and gets everything. It returns who stayed, as they are then.
func (e *Engine) merge(ctx context.Context, tx *store.Tx, a, b *store.Profile, proven map[campaigns.Channel]campaigns.MemberID, source string) (*store.Profile, error) {
	m := &merging{e: e, tx: tx, now: e.now(), into: a, from: b, proven: proven}
	if b.CreatedAt.Before(a.CreatedAt) || b.CreatedAt.Equal(a.CreatedAt) && b.ID < a.ID {
		m.into, m.from = b, a
	}
	zones := []string{m.into.TimeZone, m.from.TimeZone}
	stops := (m.into.StoppedAt != nil) != (m.from.StoppedAt != nil)
	if err := tx.EnrollingWaits(ctx); err != nil {
		return nil, err
	}
	exited, err := m.oneRunEach(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.consents(ctx); err != nil {
		return nil, err
	}
	keep, dropped := m.addresses()
	if err := tx.MergeMembers(ctx, store.Merge{From: m.from, Into: m.into, Keep: keep, At: m.now}); err != nil {
		return nil, err
	}
	if err := m.reopen(ctx, keep); err != nil {
		return nil, err
	}
	absorb(m.into, m.from, m.now)
	if err := tx.UpdateMember(ctx, &m.into.Member); err != nil {
		return nil, err
	}
	data := map[string]any{"source": source, "from": m.from.ID, "kept": proven, "dropped": dropped, "exited": exited}
	if err := tx.AppendEvents(ctx, []store.Event{{At: m.now, Name: "member.merged", Member: m.into.ID, Data: mustJSON(data)}}); err != nil {
		return nil, err
	}
	if err := m.settle(ctx, zones, stops); err != nil {
		return nil, err
	}
	return tx.LockMember(ctx, m.into.ID)
}

// settle lets the runs of both take in what is new for one of them: another zone, another day that they wait for, or that everything is off.
func (m *merging) settle(ctx context.Context, zones []string, stops bool) error {
	var err error
	if zones[0] != m.into.TimeZone || zones[1] != m.into.TimeZone {
		err = m.e.decideAll(ctx, m.tx, m.into.ID, &decide.ZoneChanged{}, nil)
	} else { // of two days, the one stays whose member does
		err = m.e.daysMoved(ctx, m.tx, m.into.ID, movedDays(m.from.Attributes, m.into.Attributes))
	}
	if err != nil {
		return err
	}
	if !stops {
		return nil
	}
	return m.e.decideAll(ctx, m.tx, m.into.ID, &decide.Left{Reason: campaigns.ExitUnsubscribed}, func(l *live) bool { return l.def.Purpose != campaigns.Service })
}

// addresses says whose address stays where both have one: the one that was proven just now, else the older member's. dropped are the channels of
// which one gave way.
func (m *merging) addresses() (keep map[campaigns.Channel]campaigns.MemberID, dropped []campaigns.Channel) {
	keep = map[campaigns.Channel]campaigns.MemberID{}
	for _, ch := range m.from.Addresses.Channels() {
		if _, both := m.into.Addresses.Find(ch); !both {
			continue
		}
		keep[ch] = m.into.ID
		if owner, ok := m.proven[ch]; ok {
			keep[ch] = owner
		}
		dropped = append(dropped, ch)
	}
	return keep, dropped
}

// oneRunEach ends, of two runs of one campaign with the same key, the one that is less far, and of equals the younger.
func (m *merging) oneRunEach(ctx context.Context) ([]campaigns.EnrollmentID, error) {
	type key struct {
		campaign campaigns.CampaignID
		run      string
	}
	theirs := map[key]*store.Enrollment{}
	rows, err := m.tx.LockMemberEnrollments(ctx, m.from.ID)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		theirs[key{row.Campaign, row.RunKey}] = row
	}
	if rows, err = m.tx.LockMemberEnrollments(ctx, m.into.ID); err != nil {
		return nil, err
	}
	w, err := m.e.newWork(ctx, m.tx)
	if err != nil {
		return nil, err
	}
	var exited []campaigns.EnrollmentID
	for _, mine := range rows {
		other := theirs[key{mine.Campaign, mine.RunKey}]
		if other == nil {
			continue
		}
		over, stays, p := other, mine, m.from
		if further, err := isFurther(other, mine); err != nil {
			return nil, err
		} else if further {
			over, stays, p = mine, other, m.into
		}
		if err := m.noteOpen(ctx, over, stays); err != nil {
			return nil, err
		}
		if err := w.decide(ctx, over, p, &decide.Left{Reason: campaigns.ExitMerged}); err != nil {
			return nil, err
		}
		exited = append(exited, over.ID)
	}
	_, err = w.flush(ctx)
	return exited, err
}

// noteOpen notes the question of a run that ends, where the one that goes on waits for the same answer.
func (m *merging) noteOpen(ctx context.Context, over, stays *store.Enrollment) error {
	slot, err := m.tx.QuestionSlot(ctx, over.Member)
	if err != nil || slot == nil || slot.Enrollment != over.ID || slot.Step != over.Step || !sameQuestion(over, stays) {
		return err
	}
	moved := *slot
	moved.Member, moved.Enrollment, moved.Visit = m.into.ID, stays.ID, stays.Visit
	m.open = append(m.open, openQuestion{over.Member, moved})
	return nil
}

// sameQuestion reports whether both runs wait for the answer to one step's question.
func sameQuestion(a, b *store.Enrollment) bool {
	waits := func(x *store.Enrollment) bool {
		return x.WaitKind == campaigns.WaitAnswer || x.WaitKind == campaigns.WaitDelivery
	}
	return a.Campaign == b.Campaign && a.Version == b.Version && a.Step == b.Step && waits(a) && waits(b)
}

// reopen gives the questions that are open in the chat that stays to the runs that go on.
func (m *merging) reopen(ctx context.Context, keep map[campaigns.Channel]campaigns.MemberID) error {
	for _, q := range m.open {
		if owner, both := keep[campaigns.Telegram]; both && owner != q.of {
			continue
		}
		if _, err := m.tx.TakeQuestionSlot(ctx, q.slot); err != nil {
			return err
		}
	}
	return nil
}

// goesOn finds the run that a merged member's ended one gave way to; nil where it is over too.
func goesOn(rows []*store.Enrollment, over *store.Enrollment) *store.Enrollment {
	for _, row := range rows {
		if row.Campaign == over.Campaign && row.RunKey == over.RunKey && !row.State.Final() {
			return row
		}
	}
	return nil
}

// stillAsked leads an answer to the run in which the same question waits, where the members of two runs have become one.
func stillAsked(ctx context.Context, tx *store.Tx, row *store.Enrollment, step campaigns.StepID, visit int) (*store.Enrollment, int, error) {
	if row.Reason != campaigns.ExitMerged {
		return row, visit, nil
	}
	rows, err := tx.LockMemberEnrollments(ctx, row.Member)
	if err != nil {
		return nil, 0, err
	}
	if other := goesOn(rows, row); other != nil && other.Step == step {
		return other, other.Visit, nil
	}
	return row, visit, nil
}

// isFurther reports whether run a has come further than b: by the steps that it entered, then by its age.
func isFurther(a, b *store.Enrollment) (bool, error) {
	x, err := fromRow(a)
	if err != nil {
		return false, err
	}
	y, err := fromRow(b)
	if err != nil {
		return false, err
	}
	if n, m := entered(x), entered(y); n != m {
		return n > m, nil
	}
	return a.EnteredAt.Before(b.EnteredAt), nil
}

func entered(en decide.Enrollment) (n int) {
	for _, visits := range en.Visits {
		n += visits
	}
	return n
}

// consents writes what two ledgers add up to. Where that is not what one of them said, an entry of its own says so.
func (m *merging) consents(ctx context.Context) error {
	mine, err := m.tx.Subscriptions(ctx, m.into.ID)
	if err != nil {
		return err
	}
	theirs, err := m.tx.Subscriptions(ctx, m.from.ID)
	if err != nil {
		return err
	}
	sum, changed := addUp(mine, theirs)
	for _, s := range changed {
		if err := m.tx.AppendConsent(ctx, m.into.ID, members.Consent{Channel: s.Channel, Topic: s.Topic, Given: s.Given, Source: "merge", At: m.now}); err != nil {
			return err
		}
	}
	for _, s := range sum { // after the entries: what was said keeps its time for the next merge
		if err := m.tx.PutSubscription(ctx, m.into.ID, s); err != nil {
			return err
		}
	}
	return nil
}

// addUp says what two ledgers of one person mean: for each channel and topic the later entry, of two at one time the withdrawal; and who withdrew
// every topic later than the other agreed to a single one withdrew that too. changed are those of which one of the two said otherwise.
func addUp(a, b []store.Subscription) (sum, changed []store.Subscription) {
	x, y := byKey(a), byKey(b)
	keys := maps.Clone(x)
	maps.Copy(keys, y)
	for _, key := range slices.SortedFunc(maps.Keys(keys), compareKeys) {
		s, hasX := x[key]
		t, hasY := y[key]
		all := members.ConsentKey{Channel: key.Channel, Topic: members.AllTopics}
		switch {
		case !hasX:
			s = withdrawn(t, x[all])
		case !hasY:
			s = withdrawn(s, y[all])
		case key.Topic == members.Everything: // evidence of the switch, which stays off when one of the two turned it off
			if !t.Given {
				s = t
			}
		case t.At.After(s.At) || t.At.Equal(s.At) && !t.Given:
			s = t
		}
		sum = append(sum, s)
		if hasX && x[key].Given != s.Given || hasY && y[key].Given != s.Given {
			changed = append(changed, s)
		}
	}
	return sum, changed
}

// withdrawn is the agreement to one topic, or its end when every topic was withdrawn after it.
func withdrawn(s, all store.Subscription) store.Subscription {
	if s.Given && s.Topic != members.Everything && !all.At.IsZero() && !all.Given && all.At.After(s.At) {
		s.Given, s.At = false, all.At
	}
	return s
}

func byKey(ss []store.Subscription) map[members.ConsentKey]store.Subscription {
	out := map[members.ConsentKey]store.Subscription{}
	for _, s := range ss {
		out[s.ConsentKey] = s
	}
	return out
}

func compareKeys(a, b members.ConsentKey) int {
	return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Topic, b.Topic))
}

// absorb fills what the one who stays does not have from the other; where both have something, the one who stays keeps it. Everything off stays off.
func absorb(into, from *store.Profile, now time.Time) {
	fill := func(dst *string, src string) {
		if *dst == "" {
			*dst = src
		}
	}
	fill(&into.ExternalID, from.ExternalID)
	if into.FirstName == "" && into.LastName == "" { // a name is one thing
		into.FirstName, into.LastName = from.FirstName, from.LastName
	}
	fill(&into.TimeZone, from.TimeZone)
	if into.Language == "" {
		into.Language = from.Language
	}
	if into.Quiet == nil {
		into.Quiet = from.Quiet
	}
	into.Tags = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(into.Tags), from.Tags...))))
	attributes := maps.Clone(from.Attributes)
	if attributes == nil {
		attributes = map[string]any{}
	}
	for name, value := range into.Attributes {
		if theirs := attributes[name]; theirs == nil || !badFormality(name, value) || badFormality(name, theirs) { // a form that is none gives way to one
			attributes[name] = value
		}
	}
	into.Attributes = attributes
	into.StoppedAt, into.LastActAt = later(into.StoppedAt, from.StoppedAt), later(into.LastActAt, from.LastActAt)
	into.UpdatedAt = now
}

// later is the later of two moments that may not be known.
func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// errMoved: whose address it is changed while the members were locked; what was begun is tried again.
var errMoved = fault.New(fault.Unavailable, "unavailable.moved", nil)

// claimed makes the address the member's, whoever had it: nobody (it is written), the member (it stays) or another member (they become one).
// The owner is 0 for nobody; both are locked. It returns who the member is then.
func (e *Engine) claimed(ctx context.Context, tx *store.Tx, p, owner *store.Profile, a members.Address, key, source string) (*store.Profile, error) {
	now := e.now()
	switch {
	case owner != nil && owner.ID != p.ID:
		proven := map[campaigns.Channel]campaigns.MemberID{a.Channel: owner.ID}
		if a.Channel == campaigns.Email {
			proven[campaigns.Telegram] = p.ID // the chat that asked
		}
		var err error
		if p, err = e.merge(ctx, tx, p, owner, proven, source); err != nil {
			return nil, err
		}
	case owner == nil:
		a.Member = p.ID
		if err := tx.SetAddress(ctx, a, key, e.AddressHash(a.Channel, key), now); err != nil {
			return nil, err
		}
	}
	data := map[string]any{"channel": a.Channel, "source": source}
	if err := tx.AppendEvents(ctx, []store.Event{{At: now, Name: "member.linked", Member: p.ID, Data: mustJSON(data)}}); err != nil {
		return nil, err
	}
	return tx.LockMember(ctx, p.ID)
}

// holder locks the member and whoever has the address; owner is nil for nobody.
func (e *Engine) holder(ctx context.Context, tx *store.Tx, id campaigns.MemberID, ch campaigns.Channel, key string) (p, owner *store.Profile, err error) {
	had, err := tx.MemberByAddress(ctx, ch, key)
	switch {
	case fault.Is(err, fault.NotFound):
		p, err = tx.LockMember(ctx, id)
	case err == nil:
		p, owner, err = lockPair(ctx, tx, id, had.ID)
	}
	if err != nil {
		return nil, nil, err
	}
	now, err := tx.MemberByAddress(ctx, ch, key) // while we waited for the locks
	switch {
	case fault.Is(err, fault.NotFound) && owner == nil:
		return p, nil, nil
	case err != nil && !fault.Is(err, fault.NotFound):
		return nil, nil, err
	case err != nil || owner == nil || now.ID != owner.ID:
		return nil, nil, errMoved
	}
	return p, owner, nil
}
