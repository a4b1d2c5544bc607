package api

import (
	"context"
	"net/http"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

type whyInput struct {
	KeyInput
	MemberKey
}

type whyReply struct{ Body *reports.Why }

func (s *server) whyOperation() {
	add(s, operation{
		id: "explain-member", method: http.MethodGet, path: "/v1/campaigns/{key}/members/{external_id}/why", tag: "Reports", scope: engine.MembersRead,
		summary: "Explain what a campaign did with a member, and why", errors: []int{http.StatusNotFound},
		doc: "How they entered or why they did not, which way each branch took, why each message went by its channel or did not go, what is waited for, why it ended: in sentences, from what is kept. " +
			"What is not kept is said to be unknown. Needs the scope campaigns:read as well; the values of answers need responses:read.",
	}, func(ctx context.Context, p engine.Principal, in *whyInput) (*whyReply, error) {
		why, err := s.Reports.Why(ctx, p, in.key(), in.ExternalID, requestOf(ctx).lang)
		if err != nil {
			return nil, err
		}
		return &whyReply{why}, nil
	})
}
