package api

import (
	"context"
	"net/http"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

func (s *server) timelineOperation(path string) {
	add(s, operation{
		id: "get-timeline", method: http.MethodGet, path: path, tag: "Members", scope: engine.MembersRead,
		summary: "See what happened to a member, and what did not", errors: []int{http.StatusNotFound},
		doc: "Passages, messages, answers, consents and events in the order of time, each with a sentence in the asked language; what was not sent has its reason. The values of answers need the scope responses:read as well.",
	}, s.timeline)
}

type timelineInput struct {
	MemberKey
	PageQuery
	Order string `query:"order" enum:"oldest,newest" default:"oldest" doc:"Which end comes first"`
}

func (s *server) timeline(ctx context.Context, p engine.Principal, in *timelineInput) (*listReply[reports.Entry], error) {
	t, err := s.Reports.Timeline(ctx, p, in.ExternalID, reports.TimelineQuery{
		Lang: requestOf(ctx).lang, Newest: in.Order == "newest", Cursor: in.Cursor, Limit: in.limit(),
	})
	if err != nil {
		return nil, err
	}
	return &listReply[reports.Entry]{Body: list[reports.Entry]{Items: t.Items, NextCursor: t.NextCursor}}, nil
}
