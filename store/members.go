package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
)

// Profile is everything about a member that deciding and sending look at.
type Profile struct {
	members.Member
	Addresses map[campaigns.Channel]members.Address // at most one per channel; Suppressed filled from the suppression list
	Consents  members.Consents
}

// Member returns the member. Fault not_found.member.
func (q queries) Member(ctx context.Context, id campaigns.MemberID) (*members.Member, error) {
	panic("")
}

// MemberByExternalID returns the member. Fault not_found.member.
func (q queries) MemberByExternalID(ctx context.Context, externalID string) (*members.Member, error) {
	panic("")
}

// MemberIDsByExternalID resolves many at once; unknown ones are absent from the map. Erased members have no external id.
func (q queries) MemberIDsByExternalID(ctx context.Context, externalIDs []string) (map[string]campaigns.MemberID, error) {
	panic("")
}

// MemberByAddress returns the member who has the address (key: see members addresses), or fault not_found.member.
func (q queries) MemberByAddress(ctx context.Context, ch campaigns.Channel, key string) (*members.Member, error) {
	panic("")
}

// Members lists members by id.
func (q queries) Members(ctx context.Context, p Page) ([]*members.Member, error) { panic("") }

// Profiles loads many profiles in a bounded number of statements. Unknown ids are absent. On a Tx, it reads in that transaction.
func (q queries) Profiles(ctx context.Context, ids []campaigns.MemberID) (map[campaigns.MemberID]*Profile, error) {
	panic("")
}

// Audience returns up to limit ids, in order, of active members after `after` for whom the condition holds: the SQL evaluator,
// equal to (*definition.Condition).Holds for everyone, all, any, not, attribute, tag, language, channel. fallback is the community's first language
// (a member without a language has it). A channel holds when there is an address there with usable reach that is not suppressed.
func (q queries) Audience(ctx context.Context, c *definition.Condition, fallback campaigns.Lang, after campaigns.MemberID, limit int) ([]campaigns.MemberID, error) {
	panic("")
}

// LockMember locks the member's row until the transaction ends and returns the profile. Interactive work takes this lock before any of the member's enrollments.
func (tx *Tx) LockMember(ctx context.Context, id campaigns.MemberID) (*Profile, error) { panic("") }

// TryLockMember is LockMember that does not wait: ok is false when another transaction holds the row.
func (tx *Tx) TryLockMember(ctx context.Context, id campaigns.MemberID) (p *Profile, ok bool, err error) {
	panic("")
}

// InsertMember writes a new member with tags and attributes. Fault conflict.member when the external id is taken.
func (tx *Tx) InsertMember(ctx context.Context, m *members.Member) error { panic("") }

// UpdateMember writes every field, tag and attribute (with their search rows). Fault conflict.member when the external id is taken.
func (tx *Tx) UpdateMember(ctx context.Context, m *members.Member) error { panic("") }

// TouchMember notes that the member did something.
func (tx *Tx) TouchMember(ctx context.Context, id campaigns.MemberID, at time.Time) error { panic("") }

// SetAddress gives the member this address on its channel, in place of the one before (reach starts anew when the key differs).
// hash is the keyed hash for suppression. Fault conflict.address when another member has it.
func (tx *Tx) SetAddress(ctx context.Context, a members.Address, key, hash string, now time.Time) error {
	panic("")
}

// RemoveAddress takes the member's address on the channel away.
func (tx *Tx) RemoveAddress(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel) error {
	panic("")
}

// SetReach notes what is known about the member's address.
func (tx *Tx) SetReach(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel, r channels.Reach, now time.Time) error {
	panic("")
}

// AppendConsent writes the ledger and what it adds up to.
func (tx *Tx) AppendConsent(ctx context.Context, id campaigns.MemberID, c members.Consent) error {
	panic("")
}

// ConsentLedger returns the member's ledger in order.
func (q queries) ConsentLedger(ctx context.Context, id campaigns.MemberID) ([]members.Consent, error) {
	panic("")
}

// Suppress puts an address's keyed hash on the suppression list. The first reason stays.
func (tx *Tx) Suppress(ctx context.Context, ch campaigns.Channel, hash, reason string, now time.Time) error {
	panic("")
}

// AddressHashes returns the keyed hashes of the member's addresses by channel.
func (q queries) AddressHashes(ctx context.Context, id campaigns.MemberID) (map[campaigns.Channel]string, error) {
	panic("")
}

// EraseMember removes every personal value of the member: names, external id, language, zone, attributes, tags, addresses, consents' wording stays;
// answers become '{}' (number, choice NULL; their history too), raw inputs and messages become empty, selections and open questions go.
// Rows that say what was sent stay without values. State becomes erased. It does not touch enrollments and deliveries: the engine exits and cancels them first.
func (tx *Tx) EraseMember(ctx context.Context, id campaigns.MemberID, now time.Time) error { panic("") }
