package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Input is anything that arrived, stored before anything acts on it.
type Input struct {
	ID         campaigns.InputID
	Source     string
	SourceKey  string // the thing's own id: unique within the source
	Actor      string // whose inputs are handled in order
	Kind       string
	Raw        string
	Member     campaigns.MemberID // 0: not known yet
	State      InputState
	Tries      int
	Error      string
	ReceivedAt time.Time
	HandledAt  *time.Time
}

// InputState is the life cycle of an input. The SQL CHECK repeats the list.
type InputState string

const (
	// InputStored: waits to be handled. Left when the transaction that acts on it commits, or after too many tries.
	InputStored InputState = "stored"
	// InputDone is final: acted on.
	InputDone InputState = "done"
	// InputDead: could not be handled; a person may look and retry.
	InputDead InputState = "dead"
)

// InsertInputs stores inputs; those whose source and source_key are known already are left out. It returns the ids that were stored.
func (tx *Tx) InsertInputs(ctx context.Context, in []*Input) ([]campaigns.InputID, error) { panic("") }

// Input returns the input. Fault not_found.input.
func (q queries) Input(ctx context.Context, id campaigns.InputID) (*Input, error) { panic("") }

// ClaimActor claims the actor's inputs for the owner; false when another owner's claim still runs.
func (tx *Tx) ClaimActor(ctx context.Context, actor, owner string, now, until time.Time) (bool, error) {
	panic("")
}

// ReleaseActor ends the claim.
func (tx *Tx) ReleaseActor(ctx context.Context, actor, owner string) error { panic("") }

// StoredInputs returns the actor's inputs that wait, in order of id.
func (q queries) StoredInputs(ctx context.Context, actor string, limit int) ([]*Input, error) {
	panic("")
}

// StoredActors lists actors with waiting inputs that were received before `before` and are not claimed at now.
func (q queries) StoredActors(ctx context.Context, before, now time.Time, limit int) ([]string, error) {
	panic("")
}

// FinishInput moves a stored input to done, with the member when it became known. False when it was not in state stored: somebody was faster.
func (tx *Tx) FinishInput(ctx context.Context, id campaigns.InputID, member campaigns.MemberID, now time.Time) (bool, error) {
	panic("")
}

// FailInput counts a try with its error; at maxTries the input is dead.
func (tx *Tx) FailInput(ctx context.Context, id campaigns.InputID, errText string, maxTries int, now time.Time) error {
	panic("")
}

// Message is something that a member wrote and no question waited for.
type Message struct {
	ID       int64
	Member   campaigns.MemberID
	Channel  campaigns.Channel
	Input    campaigns.InputID
	Kind     string
	Text     string
	State    string // "open" or "closed"
	At       time.Time
	ClosedAt *time.Time
	ClosedBy string
}

// InsertMessage keeps a message for a coordinator; the same input twice is kept once.
func (tx *Tx) InsertMessage(ctx context.Context, m *Message) error { panic("") }

// Messages lists messages by id; state and member empty: all.
func (q queries) Messages(ctx context.Context, state string, member campaigns.MemberID, p Page) ([]*Message, error) {
	panic("")
}

// CloseMessage marks a message as dealt with. Fault not_found.message.
func (tx *Tx) CloseMessage(ctx context.Context, id int64, by string, now time.Time) (*Message, error) {
	panic("")
}

// Selection returns what is ticked in a question with several answers.
func (q queries) Selection(ctx context.Context, e campaigns.EnrollmentID, step campaigns.StepID, visit int) ([]string, error) {
	panic("")
}

// PutSelection replaces it; nil removes it.
func (tx *Tx) PutSelection(ctx context.Context, e campaigns.EnrollmentID, step campaigns.StepID, visit int, options []string) error {
	panic("")
}
