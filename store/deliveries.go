package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Delivery is one row of deliveries.
type Delivery struct {
	ID         campaigns.DeliveryID
	Kind       DeliveryKind
	Campaign   campaigns.CampaignID   // 0 for a system reply
	Version    int                    // 0 for a system reply
	Enrollment campaigns.EnrollmentID // 0 for a system reply
	Member     campaigns.MemberID
	Step       campaigns.StepID
	Visit      int
	Channel    campaigns.Channel
	Part       int
	Input      campaigns.InputID // what a system reply answers; 0 for a step
	Name       string            // of a system reply
	Params     json.RawMessage   // of a system reply
	Lane       campaigns.Lane
	Priority   int
	State      campaigns.DeliveryState
	Reason     campaigns.Reason
	Code       string
	Detail     string
	ProviderID string
	Attempts   int
	Chunk      int64
	DueAt      *time.Time // set: claimed row by row
	ExpiresAt  time.Time
	ClaimOwner string
	ClaimUntil *time.Time
	CreatedAt  time.Time
	FinalAt    *time.Time
}

// DeliveryKind tells a step's message from a system reply. The SQL CHECK repeats the list.
type DeliveryKind string

const (
	StepDelivery   DeliveryKind = "step"
	SystemDelivery DeliveryKind = "system"
)

// Delivery returns the delivery. Fault not_found.delivery.
func (q queries) Delivery(ctx context.Context, id campaigns.DeliveryID) (*Delivery, error) { panic("") }

// DeliveryFilter narrows a list; empty fields match all.
type DeliveryFilter struct {
	Campaign   campaigns.CampaignID
	Member     campaigns.MemberID
	Enrollment campaigns.EnrollmentID
	State      campaigns.DeliveryState
}

// Deliveries lists by id.
func (q queries) Deliveries(ctx context.Context, f DeliveryFilter, p Page) ([]*Delivery, error) {
	panic("")
}

// DeliveryByProviderID finds the member's delivery on the channel by what the provider called it (a Telegram message id); nil when there is none.
func (q queries) DeliveryByProviderID(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel, providerID string) (*Delivery, error) {
	panic("")
}

// InsertDeliveries writes rows. One whose key exists already is left out, and its id is not in the result: the message was written before.
func (tx *Tx) InsertDeliveries(ctx context.Context, ds []*Delivery) ([]campaigns.DeliveryID, error) {
	panic("")
}

// InsertChunk writes the lease over deliveries whose ids are consecutive, all of one campaign and channel, written in the same transaction with that chunk's id.
func (tx *Tx) InsertChunk(ctx context.Context, c Chunk) error { panic("") }

// Chunk is a lease over bulk deliveries with ids from Lo to Hi.
type Chunk struct {
	ID       int64
	Campaign campaigns.CampaignID
	Channel  campaigns.Channel
	Lo, Hi   campaigns.DeliveryID
	Left     int
	Priority int
	DueAt    time.Time
}

// ClaimDue claims row by row: up to limit pending deliveries of the lane on the channel with due_at at or before now, whose claim (if any) is over;
// by priority, then due time. In the bulk lane only those of running campaigns. State becomes claimed, attempts is raised by one.
func (tx *Tx) ClaimDue(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, owner string, now, until time.Time, limit int) ([]*Delivery, error) {
	panic("")
}

// ClaimDeliveries claims these rows if they are pending and nobody holds them; used right after writing them.
func (tx *Tx) ClaimDeliveries(ctx context.Context, ids []campaigns.DeliveryID, owner string, now, until time.Time) ([]*Delivery, error) {
	panic("")
}

// ClaimChunk claims the most urgent due chunk of a running campaign on the channel; nil when there is none.
func (tx *Tx) ClaimChunk(ctx context.Context, ch campaigns.Channel, owner string, now, until time.Time) (*Chunk, error) {
	panic("")
}

// ChunkDeliveries returns the chunk's deliveries that are still pending and not due row by row.
func (q queries) ChunkDeliveries(ctx context.Context, c *Chunk) ([]*Delivery, error) { panic("") }

// ReleaseChunk gives the rest of a chunk back: its claim ends, left is counted anew. Only when the owner still holds it.
func (tx *Tx) ReleaseChunk(ctx context.Context, id int64, owner string) error { panic("") }

// ReleaseDeliveries gives row claims back untouched: pending, due at once, the attempt not counted. Only rows that the owner still holds.
func (tx *Tx) ReleaseDeliveries(ctx context.Context, ids []campaigns.DeliveryID, owner string, now time.Time) error {
	panic("")
}

// Outcome is what became of one delivery.
type Outcome struct {
	Delivery   campaigns.DeliveryID
	Enrollment campaigns.EnrollmentID  // 0: none to wake
	Chunk      int64                   // 0: row by row
	State      campaigns.DeliveryState // a final state, or Pending to put it off
	Reason     campaigns.Reason
	Code       string
	Detail     string
	ProviderID string
	DueAt      *time.Time     // with Pending: when to try again
	Lane       campaigns.Lane // with Pending: the lane to wait in; empty: unchanged
	NoAttempt  bool           // with Pending: the attempt does not count
	At         time.Time
}

// WriteOutcomes writes what became of deliveries, set-based, in one transaction with: claims ended; chunks' left lowered (in order of their id, or two
// writers deadlock); waiting enrollments whose wait_delivery is one of those that became final made due at At. Rows that are final already stay as they are.
// It returns the ids whose row changed.
func (tx *Tx) WriteOutcomes(ctx context.Context, os []Outcome) ([]campaigns.DeliveryID, error) {
	panic("")
}

// CancelPending makes the enrollment's pending, unclaimed deliveries canceled with the reason. Claimed ones are caught at the gate or sent.
func (tx *Tx) CancelPending(ctx context.Context, ids []campaigns.EnrollmentID, reason campaigns.Reason, now time.Time) error {
	panic("")
}

// CancelPendingOfMember does so for every delivery of the member, system replies included.
func (tx *Tx) CancelPendingOfMember(ctx context.Context, id campaigns.MemberID, reason campaigns.Reason, now time.Time) error {
	panic("")
}

// DueChannels tells which lanes have something to claim now: row by row, or a chunk.
func (q queries) DueChannels(ctx context.Context, now time.Time) ([]DueLane, error) { panic("") }

// DueLane is one lane of one channel with work.
type DueLane struct {
	Lane    campaigns.Lane
	Channel campaigns.Channel
}

// OwnerClaims lists what an owner that is gone still holds: its chunks and its row claims.
func (q queries) OwnerClaims(ctx context.Context, owner string) (chunks []*Chunk, deliveries []*Delivery, err error) {
	panic("")
}

// FreeOwner ends every claim of the owner: chunks' left counted anew, claimed rows pending and due at once. Called after its journal was replayed in the same transaction.
func (tx *Tx) FreeOwner(ctx context.Context, owner string, now time.Time) error { panic("") }

// ExpireClaims makes everything under claims that ended before `before` unknown (rows and chunks whose owner never came back and left no journal), and returns the outcomes written.
func (tx *Tx) ExpireClaims(ctx context.Context, before, now time.Time, limit int) (int, error) {
	panic("")
}

// TakeQuestionSlot makes this the open typed question of the member's chat. ok is true when it was free, is held by the same question already, or its
// holder is over (enrollment final, not standing at that step any more, or its campaign paused).
func (tx *Tx) TakeQuestionSlot(ctx context.Context, s QuestionSlot) (ok bool, err error) { panic("") }

// FreeQuestionSlot frees the slot when this enrollment holds it, and makes due what waited for it (deliveries of the member put off with reason question_open).
func (tx *Tx) FreeQuestionSlot(ctx context.Context, member campaigns.MemberID, enrollment campaigns.EnrollmentID, now time.Time) error {
	panic("")
}

// QuestionSlot is the one open typed question of a chat.
type QuestionSlot struct {
	Member     campaigns.MemberID
	Enrollment campaigns.EnrollmentID
	Step       campaigns.StepID
	Visit      int
	Delivery   campaigns.DeliveryID
	OpenedAt   time.Time
}

// QuestionSlot returns the open question of the member's chat, or nil.
func (q queries) QuestionSlot(ctx context.Context, id campaigns.MemberID) (*QuestionSlot, error) {
	panic("")
}

// Cooldowns returns the buckets that are cooling down at now, with their ends.
func (q queries) Cooldowns(ctx context.Context, now time.Time) (map[string]time.Time, error) {
	panic("")
}

// SetCooldown notes a pause that a provider asked for; a later end wins.
func (tx *Tx) SetCooldown(ctx context.Context, bucket string, until time.Time, reason string) error {
	panic("")
}
