package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
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
	return e.writeMember(ctx, p, in, true)
}

// PatchMember changes a member who exists.
func (e *Engine) PatchMember(ctx context.Context, p Principal, in MemberInput) (*MemberView, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	if _, err := e.Store.MemberByExternalID(ctx, in.ExternalID); err != nil {
		return nil, err
	}
	view, _, err := e.writeMember(ctx, p, in, true)
	return view, err
}

// CreateMember creates a member; fault conflict.member when the external id is taken.
func (e *Engine) CreateMember(ctx context.Context, p Principal, in MemberInput) (*MemberView, error) {
	view, _, err := e.writeMember(ctx, p, in, false)
	return view, err
}

func (e *Engine) writeMember(ctx context.Context, p Principal, in MemberInput, mayExist bool) (*MemberView, bool, error) {
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
	w.mayExist, w.principal = mayExist, p
	var id campaigns.MemberID
	var created bool
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		id, created, err = e.upsert(ctx, tx, w)
		return err
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
	ws := make([]*memberWrite, len(ins))
	for i, in := range ins {
		out[i].ExternalID = in.ExternalID
		ws[i], out[i].Err = e.readMemberInput(in)
		if ws[i] != nil {
			ws[i].newID, ws[i].mayExist, ws[i].principal = campaigns.MemberID(first+int64(i)), true, p
		}
	}
	err = e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		for i, w := range ws {
			if w == nil {
				continue
			}
			_, created, err := e.upsert(ctx, tx, w)
			if err != nil {
				return err
			}
			out[i].Created = created
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
			_, created, err := e.upsert(ctx, tx, w)
			out[i].Created = created
			return err
		})
		if fault.Is(out[i].Err, fault.Internal) || fault.Is(out[i].Err, fault.Unavailable) {
			return out[i].Err
		}
	}
	return nil
}

// upsert is the transaction's part of writing a member.
func (e *Engine) upsert(ctx context.Context, tx *store.Tx, w *memberWrite) (campaigns.MemberID, bool, error) {
	now := e.now()
	w.adopted = false
	m, err := tx.MemberByExternalID(ctx, w.in.ExternalID)
	if fault.Is(err, fault.NotFound) {
		m, err = e.adopt(ctx, tx, w)
		w.adopted = m != nil
	}
	if err != nil {
		return 0, false, err
	}
	if m != nil && !w.mayExist && !w.adopted {
		return 0, false, fault.New(fault.Conflict, "conflict.member", nil)
	}
	if m == nil {
		m = &members.Member{ID: w.newID, ExternalID: w.in.ExternalID, State: members.Active, CreatedAt: now, UpdatedAt: now}
		w.apply(m)
		if err := tx.InsertMember(ctx, m); err != nil {
			return 0, false, err
		}
		err := e.writeAddressesAndConsents(ctx, tx, m.ID, nil, w, now)
		return m.ID, true, err
	}
	p, err := tx.LockMember(ctx, m.ID)
	if err != nil {
		return 0, false, err
	}
	m = &p.Member // who may be another one since we looked: the two were merged
	before := p.TimeZone
	if p.UpdatedAt = now; p.ExternalID == "" { // otherwise it is that id, or the one who was merged into this member had it
		p.ExternalID = w.in.ExternalID
	}
	w.apply(&p.Member)
	if err := tx.UpdateMember(ctx, &p.Member); err != nil {
		return 0, false, err
	}
	if err := e.writeAddressesAndConsents(ctx, tx, m.ID, p, w, now); err != nil {
		return 0, false, err
	}
	if p.TimeZone != before {
		err = e.decideAll(ctx, tx, m.ID, &decide.ZoneChanged{}, nil)
	}
	return m.ID, false, err
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

func (e *Engine) writeAddressesAndConsents(ctx context.Context, tx *store.Tx, id campaigns.MemberID, had *store.Profile, w *memberWrite, now time.Time) error {
	set := func(ch campaigns.Channel, given *string, value, key string) error {
		switch {
		case given == nil:
			return nil
		case value == "":
			return tx.RemoveAddress(ctx, id, ch)
		case had != nil && had.Addresses[ch].Value == value:
			return nil
		}
		a := members.Address{Member: id, Channel: ch, Value: value, Reach: channels.ReachUnknown}
		if a.Proof = w.proof; ch != campaigns.Email {
			a.Proof = members.Given
		}
		if had != nil && a.Proof == members.Unconfirmed && had.Addresses[ch].Value != "" && had.Addresses[ch].Proof != members.Unconfirmed {
			return fault.New(fault.Conflict, "conflict.proven_address", nil) // what is sure gives no way to what somebody said
		}
		return tx.SetAddress(ctx, a, key, e.AddressHash(ch, key), now)
	}
	if err := errors.Join(set(campaigns.Email, w.in.Email, w.email, w.emailKey), set(campaigns.Telegram, w.in.TelegramChatID, w.chat, w.chat)); err != nil {
		return err
	}
	for _, c := range w.consents {
		c.At = now
		if had != nil {
			if given, ok := had.Consents[members.ConsentKey{Channel: c.Channel, Topic: c.Topic}]; ok && given == c.Given {
				continue
			}
		}
		if err := tx.AppendConsent(ctx, id, c); err != nil {
			return err
		}
	}
	return nil
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
