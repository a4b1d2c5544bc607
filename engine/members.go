package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// MemberInput is what a caller says about a member. Absent (nil) fields stay as they are; an empty text clears its field,
// an empty address takes the address away.
type MemberInput struct {
	ExternalID     string
	FirstName      *string
	LastName       *string
	Language       *string
	TimeZone       *string
	QuietHours     *QuietInput
	Email          *string
	TelegramChatID *string        // decimal
	Attributes     map[string]any // merged by key; nil removes one
	Tags           *[]string      // replaces all
	Consents       []ConsentInput // added to the ledger where they change something
}

// QuietInput are the member's own quiet hours, as local times ("22:00"); both empty: none.
type QuietInput struct{ From, To string }

// ConsentInput is one consent, or (Given false) its withdrawal. An empty topic means every topic.
type ConsentInput struct {
	Channel campaigns.Channel
	Topic   string
	Source  string
	Wording string
	Given   *bool // default true
}

// MemberView is a member with addresses and consents, as the API shows it.
type MemberView struct {
	store.Profile
}

// Member returns one member.
func (e *Engine) Member(ctx context.Context, p Principal, externalID string) (*MemberView, error) {
	if err := p.Require(MembersRead); err != nil {
		return nil, err
	}
	m, err := e.Store.MemberByExternalID(ctx, externalID)
	if err != nil {
		return nil, err
	}
	return e.memberView(ctx, m.ID)
}

// MemberByID returns one member by our own id: the way to members who came by the bot alone.
func (e *Engine) MemberByID(ctx context.Context, p Principal, id campaigns.MemberID) (*MemberView, error) {
	if err := p.Require(MembersRead); err != nil {
		return nil, err
	}
	return e.memberView(ctx, id)
}

// Members lists members by id.
func (e *Engine) Members(ctx context.Context, p Principal, page store.Page) ([]*MemberView, error) {
	if err := p.Require(MembersRead); err != nil {
		return nil, err
	}
	ms, err := e.Store.Members(ctx, page)
	if err != nil {
		return nil, err
	}
	ids := make([]campaigns.MemberID, len(ms))
	for i, m := range ms {
		ids[i] = m.ID
	}
	profiles, err := e.Store.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*MemberView, 0, len(ms))
	for _, id := range ids {
		if p := profiles[id]; p != nil {
			out = append(out, &MemberView{*p})
		}
	}
	return out, nil
}

func (e *Engine) memberView(ctx context.Context, id campaigns.MemberID) (*MemberView, error) {
	profiles, err := e.Store.Profiles(ctx, []campaigns.MemberID{id})
	if err != nil {
		return nil, err
	}
	if profiles[id] == nil {
		return nil, fault.New(fault.NotFound, "not_found.member", nil)
	}
	return &MemberView{*profiles[id]}, nil
}

// UpsertMember creates or changes the member with the external id. created tells which.
// A member who came by the bot alone is adopted when its chat is given and nobody has the external id yet.
func (e *Engine) UpsertMember(ctx context.Context, p Principal, in MemberInput) (view *MemberView, created bool, err error) {
	return e.writeMember(ctx, p, in, func(w *memberWrite) { w.mayExist = true })
}

// PatchMember changes a member who exists.
func (e *Engine) PatchMember(ctx context.Context, p Principal, in MemberInput) (*MemberView, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	if _, err := e.Store.MemberByExternalID(ctx, in.ExternalID); err != nil {
		return nil, err
	}
	view, _, err := e.writeMember(ctx, p, in, func(w *memberWrite) { w.mayExist, w.mustExist = true, true })
	return view, err
}

// CreateMember creates a member; fault conflict.member when the external id is taken.
func (e *Engine) CreateMember(ctx context.Context, p Principal, in MemberInput) (*MemberView, error) {
	view, _, err := e.writeMember(ctx, p, in, func(*memberWrite) {})
	return view, err
}

func (e *Engine) writeMember(ctx context.Context, p Principal, in MemberInput, set func(*memberWrite)) (*MemberView, bool, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, false, err
	}
	w, err := e.readMemberInput(in)
	if err != nil {
		return nil, false, err
	}
	if w.newID, err = e.memberID(ctx); err != nil {
		return nil, false, err
	}
	w.principal = p
	set(w)
	var id campaigns.MemberID
	var created bool
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		became, err := e.upsert(ctx, tx, w)
		id, created = became.id, became.created
		return cmp.Or(err, became.refused)
	})
	if err != nil {
		return nil, false, err
	}
	view, err := e.memberView(ctx, id)
	return view, created, err
}

func (e *Engine) memberID(ctx context.Context) (campaigns.MemberID, error) {
	id, err := e.Store.NextID(ctx)
	return campaigns.MemberID(id), err
}

// BulkResult is the answer to one line of a bulk upsert.
type BulkResult struct {
	ExternalID string
	Created    bool
	Err        error
}

// UpsertMembers writes many members, in transactions of a few hundred. A line that cannot be written stops none of the others.
func (e *Engine) UpsertMembers(ctx context.Context, p Principal, ins []MemberInput) ([]BulkResult, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	out := make([]BulkResult, len(ins))
	for start := 0; start < len(ins); start += e.Store.BulkRows() {
		end := min(start+e.Store.BulkRows(), len(ins))
		if err := e.upsertSome(ctx, p, ins[start:end], out[start:end]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// upsertSome writes the lines together, or, when one of them meets a conflict, one by one.
func (e *Engine) upsertSome(ctx context.Context, p Principal, ins []MemberInput, out []BulkResult) error {
	first, err := e.Store.NextIDs(ctx, len(ins))
	if err != nil {
		return err
	}
	ws, known := make([]*memberWrite, len(ins)), &topicsRead{}
	for i, in := range ins {
		out[i].ExternalID = in.ExternalID
		ws[i], out[i].Err = e.readMemberInput(in)
		if ws[i] != nil {
			ws[i].newID, ws[i].mayExist, ws[i].principal, ws[i].topics = campaigns.MemberID(first+int64(i)), true, p, known
		}
	}
	order, ids := make([]int, len(ins)), make([]string, len(ins))
	for i, in := range ins {
		order[i], ids[i] = i, in.ExternalID
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(ids[a], ids[b]) }) // as in an import
	err = e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		if err := tx.LockInOrder(ctx, ids); err != nil {
			return err
		}
		for _, i := range order {
			if ws[i] == nil {
				continue
			}
			became, err := e.upsert(ctx, tx, ws[i])
			if err != nil {
				return err
			}
			out[i].Created, out[i].Err = became.created, became.refused
		}
		return nil
	})
	if err == nil || fault.Is(err, fault.Internal) || fault.Is(err, fault.Unavailable) {
		return err
	}
	for i, w := range ws {
		if w == nil {
			continue
		}
		out[i].Err = e.Store.Write(ctx, func(tx *store.Tx) error {
			became, err := e.upsert(ctx, tx, w)
			out[i].Created = became.created
			return cmp.Or(err, became.refused)
		})
		if fault.Is(out[i].Err, fault.Internal) || fault.Is(out[i].Err, fault.Unavailable) {
			return out[i].Err
		}
	}
	return nil
}

// written is what became of a member: new, another in something, or as before; or refused.
type written struct {
	id               campaigns.MemberID
	created, changed bool
	had              *store.Profile // as the member was; nil for a new one
	refused          error          // the fault for which nothing of it was written: others in the transaction may go on
}

// upsert is the transaction's part of writing a member. What changes nothing writes nothing.
func (e *Engine) upsert(ctx context.Context, tx *store.Tx, w *memberWrite) (written, error) {
	now := e.now()
	for range 3 {
		m, err := e.wanted(ctx, tx, w)
		if err != nil {
			return written{}, err
		}
		if m == nil {
			return e.insert(ctx, tx, w, now)
		}
		p, err := tx.LockMember(ctx, m.ID)
		if err != nil {
			return written{}, err
		}
		if ok, err := e.stillWanted(ctx, tx, p, w); err != nil {
			return written{}, err
		} else if ok {
			return e.update(ctx, tx, p, w, now)
		}
	}
	return written{}, errMoved
}

// wanted finds the member whom the caller means; nil: there is none yet.
func (e *Engine) wanted(ctx context.Context, tx *store.Tx, w *memberWrite) (*members.Member, error) {
	w.adopted = false
	m, err := tx.MemberByExternalID(ctx, w.in.ExternalID)
	if fault.Is(err, fault.NotFound) && !w.mustExist { // one who is to exist may have been erased meanwhile
		m, err = e.adopt(ctx, tx, w)
		w.adopted = m != nil
	}
	if err == nil && m != nil && !w.mayExist && !w.adopted {
		err = fault.New(fault.Conflict, "conflict.member", nil)
	}
	return m, err
}

// stillWanted reports whether the member who is locked now is the one whom the caller means. While we waited for the lock, another caller may have
// erased them, or adopted the same chat for somebody else. Two who were merged are one, whichever id is meant.
func (e *Engine) stillWanted(ctx context.Context, tx *store.Tx, p *store.Profile, w *memberWrite) (bool, error) {
	switch {
	case p.State == members.Erased:
		return false, nil
	case p.ExternalID == w.in.ExternalID, p.ExternalID == "" && w.adopted:
		return true, nil
	}
	now, err := tx.MemberByExternalID(ctx, w.in.ExternalID)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && now.ID == p.ID, err
}

func (e *Engine) insert(ctx context.Context, tx *store.Tx, w *memberWrite, now time.Time) (written, error) {
	m := &members.Member{ID: w.newID, ExternalID: w.in.ExternalID, State: members.Active, CreatedAt: now, UpdatedAt: now}
	w.apply(m)
	if refused, err := e.unknownTopics(ctx, tx, w, nil); err != nil || refused != nil {
		return written{refused: refused}, err
	}
	if err := tx.InsertMember(ctx, m); err != nil {
		return written{}, err
	}
	_, err := e.writeAddressesAndConsents(ctx, tx, m.ID, nil, w, now)
	return written{id: m.ID, created: true, changed: true}, err
}

// update changes a member who is locked.
func (e *Engine) update(ctx context.Context, tx *store.Tx, had *store.Profile, w *memberWrite, now time.Time) (written, error) {
	if refused, err := e.unknownTopics(ctx, tx, w, had); err != nil || refused != nil {
		return written{refused: refused}, err
	}
	m := had.Member
	if m.ExternalID == "" { // adopted; otherwise it is that id, or the one who was merged into this member had it
		m.ExternalID = w.in.ExternalID
	}
	w.apply(&m)
	changed, err := e.writeAddressesAndConsents(ctx, tx, m.ID, had, w, now)
	if err != nil {
		return written{}, err
	}
	if fields := !reflect.DeepEqual(m, had.Member); fields || changed {
		changed, m.UpdatedAt = true, now
		if err := tx.UpdateMember(ctx, &m); err != nil {
			return written{}, err
		}
	}
	if m.TimeZone != had.TimeZone {
		err = e.decideAll(ctx, tx, m.ID, &decide.ZoneChanged{}, nil)
	} else {
		err = e.daysMoved(ctx, tx, m.ID, movedDays(had.Attributes, m.Attributes))
	}
	return written{id: m.ID, changed: changed, had: had}, err
}

// adopt finds the member who came by the bot alone and whose chat is given; nil when there is none.
func (e *Engine) adopt(ctx context.Context, tx *store.Tx, w *memberWrite) (*members.Member, error) {
	if w.chat == "" {
		return nil, nil
	}
	m, err := tx.MemberByAddress(ctx, campaigns.Telegram, w.chat)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case m.ExternalID != "":
		return nil, fault.New(fault.Conflict, "conflict.address", map[string]any{"channel": string(campaigns.Telegram)})
	}
	return m, nil
}

// writeAddressesAndConsents reports whether it changed anything. had is nil for a new member.
func (e *Engine) writeAddressesAndConsents(ctx context.Context, tx *store.Tx, id campaigns.MemberID, had *store.Profile, w *memberWrite, now time.Time) (changed bool, err error) {
	if had == nil {
		had = &store.Profile{}
	}
	for _, a := range []newAddress{
		{campaigns.Email, w.in.Email, w.email, w.emailKey, w.proof}, {campaigns.Telegram, w.in.TelegramChatID, w.chat, w.chat, members.Given},
	} {
		wrote, err := e.writeAddress(ctx, tx, id, had.Addresses.On(a.channel), a, now)
		if err != nil {
			return false, err
		}
		changed = changed || wrote
	}
	for _, c := range w.consents {
		c.At = now
		given, decided := had.Consents[members.ConsentKey{Channel: c.Channel, Topic: c.Topic}]
		if decided && given == c.Given || w.keepRefusals && c.Given && (decided || refusedAll(had.Consents, c.Channel)) {
			continue
		}
		if err := tx.AppendConsent(ctx, id, c); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

// topicsRead are what members can agree to: the topics that the community lists, and those of campaigns that run.
type topicsRead struct {
	read          bool
	listed, known []string
}

// unknownTopics refuses a consent to a topic that nobody could mean: the community lists topics and not that one, and no campaign that runs is under it. It
// would allow nothing, and nobody would miss what does not come. A withdrawal is taken for whatever it is, and what the member decided about before, on any
// channel, is a topic of theirs. had is nil for a new member.
func (e *Engine) unknownTopics(ctx context.Context, from source, w *memberWrite, had *store.Profile) (refused, err error) {
	own := map[string]bool{members.AllTopics: true}
	if had != nil {
		for key := range had.Consents {
			own[key.Topic] = true
		}
	}
	strange := func(listed, known []string) (wrong []fault.Detail) {
		for i, c := range w.consents {
			if c.Given && !own[c.Topic] && len(listed) > 0 && !slices.Contains(known, c.Topic) {
				wrong = append(wrong, unknownTopic("consents["+strconv.Itoa(i)+"].topic", c.Topic, known))
			}
		}
		return wrong
	}
	c, err := e.community(ctx, from)
	if err != nil || len(strange(c.Topics, c.Topics)) == 0 {
		return nil, err
	}
	if w.topics == nil {
		w.topics = &topicsRead{}
	}
	if err := e.readTopics(ctx, from, w.topics); err != nil {
		return nil, err
	}
	if wrong := strange(w.topics.listed, w.topics.known); len(wrong) > 0 {
		return fault.New(fault.Invalid, "invalid.member", nil).With(wrong...), nil
	}
	return nil, nil
}

// readTopics reads them as they are now, once: another process may have added one a moment ago.
func (e *Engine) readTopics(ctx context.Context, from source, t *topicsRead) error {
	if t.read {
		return nil
	}
	c, err := from.Community(ctx)
	if err != nil {
		return err
	}
	known, err := e.knownTopics(ctx, from, c.Topics)
	if err == nil {
		*t = topicsRead{read: true, listed: c.Topics, known: known}
	}
	return err
}

// knownTopics are those that the community lists and those of campaigns that run, which may be others if somebody meant it.
func (e *Engine) knownTopics(ctx context.Context, from source, listed []string) ([]string, error) {
	live, err := listCampaigns(ctx, from, campaigns.Scheduled, campaigns.Running, campaigns.Paused)
	if err != nil {
		return nil, err
	}
	known := slices.Clone(listed)
	for _, c := range live {
		l, err := e.version(ctx, from, c.ID, c.LiveVersion)
		switch {
		case errors.Is(err, errBadVersion):
		case err != nil:
			return nil, err
		case !slices.Contains(known, l.def.Topic):
			known = append(known, l.def.Topic)
		}
	}
	slices.Sort(known[len(listed):])
	return known, nil
}

// unknownTopic says that the community has no such topic, and which one was probably meant.
func unknownTopic(path, topic string, topics []string) fault.Detail {
	return fault.Detail{Path: path, Code: "unknown_topic", Expected: strings.Join(topics, ", "), DidYouMean: meant.Word(topic, topics)}
}

// newAddress is what a caller says about an address: given is nil where nothing is said, value empty where it is to go.
type newAddress struct {
	channel    campaigns.Channel
	given      *string
	value, key string
	proof      members.Proof
}

// writeAddress reports whether it changed anything. What is sure gives no way to what somebody said.
func (e *Engine) writeAddress(ctx context.Context, tx *store.Tx, id campaigns.MemberID, had members.Address, a newAddress, now time.Time) (bool, error) {
	switch {
	case a.given != nil && had.Value == a.value && a.value != "" && had.Proof == members.Unconfirmed && a.proof != members.Unconfirmed:
		return true, tx.ProveAddress(ctx, id, a.channel, members.Given) // the caller vouches for it
	case a.given == nil || had.Value == a.value:
		return false, nil
	case a.value == "":
		return true, tx.RemoveAddress(ctx, id, a.channel)
	}
	if a.proof == members.Unconfirmed && had.Value != "" && had.Proof != members.Unconfirmed {
		if _, key, err := e.Mailbox(had.Value); err == nil && key == a.key {
			return false, nil // the same mailbox in other letters
		}
		return false, fault.New(fault.Conflict, "conflict.proven_address", nil)
	}
	address := members.Address{Member: id, Channel: a.channel, Value: a.value, Reach: channels.ReachUnknown, Proof: a.proof}
	return true, tx.SetAddress(ctx, address, a.key, e.AddressHash(a.channel, a.key), now)
}

// apply changes the member's own fields.
func (w *memberWrite) apply(m *members.Member) {
	set := func(dst *string, src *string) {
		if src != nil {
			*dst = *src
		}
	}
	set(&m.FirstName, w.in.FirstName)
	set(&m.LastName, w.in.LastName)
	set(&m.TimeZone, w.in.TimeZone)
	if w.in.Language != nil {
		m.Language = campaigns.Lang(*w.in.Language)
	}
	if w.in.QuietHours != nil {
		m.Quiet = w.quiet
	}
	if w.in.Tags != nil {
		m.Tags = slices.Compact(slices.Sorted(slices.Values(*w.in.Tags)))
	}
	m.Attributes = mergeAttributes(m.Attributes, w.in.Attributes)
}

// mergeAttributes returns old with the changes; nil removes a key. old is left as it is.
func mergeAttributes(old, changes map[string]any) map[string]any {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range changes {
		if v == nil {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

// chatKey is how a chat id is kept and compared.
func chatKey(id int64) string { return strconv.FormatInt(id, 10) }
