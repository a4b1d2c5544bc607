package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Enrollment is one row of enrollments. Data is opaque to the store (the decider's own record).
type Enrollment struct {
	ID           campaigns.EnrollmentID
	Campaign     campaigns.CampaignID
	Version      int
	Member       campaigns.MemberID
	RunKey       string
	Source       string
	State        campaigns.EnrollmentState
	Reason       campaigns.Reason
	Step         campaigns.StepID
	Visit        int
	WaitKind     campaigns.WaitKind
	WaitDelivery campaigns.DeliveryID // 0: none
	DueAt        *time.Time
	Data         json.RawMessage
	Rev          int64
	EnteredAt    time.Time
	UpdatedAt    time.Time
	EndedAt      *time.Time
}

// Enrollment returns the enrollment. Fault not_found.enrollment.
func (q queries) Enrollment(ctx context.Context, id campaigns.EnrollmentID) (*Enrollment, error) {
	panic("")
}

// EnrollmentFilter narrows a list; empty fields match all.
type EnrollmentFilter struct {
	Campaign campaigns.CampaignID
	Member   campaigns.MemberID
	State    campaigns.EnrollmentState
}

// Enrollments lists by id.
func (q queries) Enrollments(ctx context.Context, f EnrollmentFilter, p Page) ([]*Enrollment, error) {
	panic("")
}

// LastRuns returns, for each of the members, the newest enrollment in the campaign with the run key (active or ended); absent: none.
func (q queries) LastRuns(ctx context.Context, id campaigns.CampaignID, runKey string, ids []campaigns.MemberID) (map[campaigns.MemberID]*Enrollment, error) {
	panic("")
}

// InsertEnrollments writes new rows; those for which an active run exists already are left out. It returns the ids that were written.
func (tx *Tx) InsertEnrollments(ctx context.Context, es []*Enrollment) ([]campaigns.EnrollmentID, error) {
	panic("")
}

// LockEnrollment locks the row until the transaction ends. Fault not_found.enrollment.
func (tx *Tx) LockEnrollment(ctx context.Context, id campaigns.EnrollmentID) (*Enrollment, error) {
	panic("")
}

// LockMemberEnrollments locks and returns the member's enrollments that are not final, by id.
func (tx *Tx) LockMemberEnrollments(ctx context.Context, id campaigns.MemberID) ([]*Enrollment, error) {
	panic("")
}

// LockDue locks and returns up to limit enrollments of the campaign that are due, the oldest due first, skipping rows that others hold.
func (tx *Tx) LockDue(ctx context.Context, id campaigns.CampaignID, now time.Time, limit int) ([]*Enrollment, error) {
	panic("")
}

// LockNotFinal locks and returns up to limit enrollments of the campaign that are active or waiting, with id after `after`.
func (tx *Tx) LockNotFinal(ctx context.Context, id campaigns.CampaignID, after campaigns.EnrollmentID, limit int) ([]*Enrollment, error) {
	panic("")
}

// SaveEnrollments writes state, reason, step, visit, wait, due, data, updated and ended of rows that this transaction holds, each by compare-and-set
// on Rev, which it raises (in the structs too). An internal error when a row was changed by somebody else: a lock was forgotten.
func (tx *Tx) SaveEnrollments(ctx context.Context, es []*Enrollment) error { panic("") }

// DueCampaigns lists running campaigns that have a due enrollment.
func (q queries) DueCampaigns(ctx context.Context, now time.Time) ([]campaigns.CampaignID, error) {
	panic("")
}

// NextDue returns the earliest moment after which something becomes due in a running or scheduled campaign: enrollments, schedules and row-claimed deliveries. nil: nothing.
func (q queries) NextDue(ctx context.Context) (*time.Time, error) { panic("") }
