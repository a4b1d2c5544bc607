package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Response is one typed answer to one question in one visit of its step.
type Response struct {
	ID         int64
	Enrollment campaigns.EnrollmentID
	Campaign   campaigns.CampaignID
	Version    int
	Member     campaigns.MemberID
	Question   string
	Step       campaigns.StepID
	Visit      int
	Answer     campaigns.Answer
	Rev        int64
	AnsweredAt time.Time
	Erased     bool // the member was erased; Answer has its Type only
}

// SaveResponse writes the answer, or replaces the value of the one there and keeps that in the history. The same input twice changes nothing.
func (tx *Tx) SaveResponse(ctx context.Context, r *Response) error { panic("") }

// ResponseFilter narrows a list; empty fields match all.
type ResponseFilter struct {
	Campaign campaigns.CampaignID
	Member   campaigns.MemberID
	Question string
}

// Responses lists by id.
func (q queries) Responses(ctx context.Context, f ResponseFilter, p Page) ([]*Response, error) {
	panic("")
}
