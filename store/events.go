package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Event is one fact in the append-only log. Data never holds a personal value.
type Event struct {
	ID         int64
	At         time.Time
	Name       string
	Member     campaigns.MemberID // 0: none
	Campaign   campaigns.CampaignID
	Enrollment campaigns.EnrollmentID
	Delivery   campaigns.DeliveryID
	Step       campaigns.StepID
	Reason     campaigns.Reason
	Data       json.RawMessage // object; nil is {}
}

// AppendEvents writes events. In bulk, write one per chunk.
func (tx *Tx) AppendEvents(ctx context.Context, es []Event) error { panic("") }

// EventFilter narrows a list; empty fields match all.
type EventFilter struct {
	Member     campaigns.MemberID
	Campaign   campaigns.CampaignID
	Enrollment campaigns.EnrollmentID
}

// Events lists by id.
func (q queries) Events(ctx context.Context, f EventFilter, p Page) ([]Event, error) { panic("") }
