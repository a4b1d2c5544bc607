package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Campaign is one row of campaigns.
type Campaign struct {
	ID          campaigns.CampaignID
	Key         campaigns.Key
	Name        string
	Kind        string
	State       campaigns.State
	Draft       string // as typed
	DraftFormat string // "yaml" or "json"
	DraftRev    int64
	LiveVersion int // 0: never published
	CreatedAt   time.Time
	UpdatedAt   time.Time
	StateAt     time.Time
	StateBy     string
}

// Version is one published definition; its Source never changes.
type Version struct {
	Campaign    campaigns.CampaignID
	Number      int
	Source      string
	Format      string
	SHA256      string
	PublishedAt time.Time
	PublishedBy string
}

// Pause is one pause of a campaign; To is nil while it lasts.
type Pause struct {
	From time.Time
	To   *time.Time
	By   string
}

// Schedule is an entry by schedule and how far it has come.
type Schedule struct {
	Campaign   campaigns.CampaignID
	Version    int
	DueAt      time.Time
	LastMember campaigns.MemberID
	DoneAt     *time.Time
}

// Campaign returns the campaign by id. Fault not_found.campaign.
func (q queries) Campaign(ctx context.Context, id campaigns.CampaignID) (*Campaign, error) { panic("") }

// CampaignByKey returns the campaign. Fault not_found.campaign.
func (q queries) CampaignByKey(ctx context.Context, key campaigns.Key) (*Campaign, error) { panic("") }

// Campaigns lists campaigns by id; states empty: all.
func (q queries) Campaigns(ctx context.Context, p Page, states ...campaigns.State) ([]*Campaign, error) {
	panic("")
}

// InsertCampaign writes a new draft. Fault conflict.campaign when the key is taken.
func (tx *Tx) InsertCampaign(ctx context.Context, c *Campaign) error { panic("") }

// LockCampaign locks the row until the transaction ends. Fault not_found.campaign.
func (tx *Tx) LockCampaign(ctx context.Context, key campaigns.Key) (*Campaign, error) { panic("") }

// UpdateDraft replaces the draft when its revision is still rev, and raises it. Fault conflict.draft otherwise.
func (tx *Tx) UpdateDraft(ctx context.Context, id campaigns.CampaignID, rev int64, name, kind, draft, format string, now time.Time) error {
	panic("")
}

// SetCampaignState is one compare-and-set; it refuses what campaigns.State.May forbids. Fault conflict.campaign_state with the state found.
func (tx *Tx) SetCampaignState(ctx context.Context, id campaigns.CampaignID, from, to campaigns.State, by string, now time.Time) error {
	panic("")
}

// InsertVersion writes the version and makes it the live one.
func (tx *Tx) InsertVersion(ctx context.Context, v *Version) error { panic("") }

// Version returns one version. Fault not_found.version.
func (q queries) Version(ctx context.Context, id campaigns.CampaignID, number int) (*Version, error) {
	panic("")
}

// Versions lists a campaign's versions, the newest first, without their Source.
func (q queries) Versions(ctx context.Context, id campaigns.CampaignID) ([]*Version, error) {
	panic("")
}

// OpenPause and ClosePause write the pause's row.
func (tx *Tx) OpenPause(ctx context.Context, id campaigns.CampaignID, by string, now time.Time) error {
	panic("")
}

// ClosePause ends the open pause, if any.
func (tx *Tx) ClosePause(ctx context.Context, id campaigns.CampaignID, now time.Time) error {
	panic("")
}

// Pauses lists a campaign's pauses in order.
func (q queries) Pauses(ctx context.Context, id campaigns.CampaignID) ([]Pause, error) { panic("") }

// PutSchedule writes (or replaces) the campaign's schedule.
func (tx *Tx) PutSchedule(ctx context.Context, s Schedule) error { panic("") }

// DueSchedules lists schedules that are due and not done, of running or scheduled campaigns.
func (q queries) DueSchedules(ctx context.Context, now time.Time) ([]Schedule, error) { panic("") }

// Schedule returns the campaign's schedule, or nil.
func (q queries) Schedule(ctx context.Context, id campaigns.CampaignID) (*Schedule, error) { panic("") }

// LockSchedule locks the campaign's schedule row until the transaction ends; nil when there is none or another worker holds it.
func (tx *Tx) LockSchedule(ctx context.Context, id campaigns.CampaignID) (*Schedule, error) {
	panic("")
}

// MoveSchedule notes how far the audience was enrolled, and doneAt when it is through.
func (tx *Tx) MoveSchedule(ctx context.Context, id campaigns.CampaignID, last campaigns.MemberID, doneAt *time.Time) error {
	panic("")
}
