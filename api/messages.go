package api

import (
	"context"
	"net/http"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

// messageView is something that a member wrote and no question waited for.
type messageView struct {
	ID       string            `json:"id"`
	Member   string            `json:"member,omitempty" doc:"The external id; absent for one who has none"`
	MemberID string            `json:"member_id"`
	Channel  campaigns.Channel `json:"channel"`
	Kind     string            `json:"kind"`
	Text     string            `json:"text"`
	State    string            `json:"state" enum:"open,closed"`
	At       time.Time         `json:"at"`
	ClosedAt *time.Time        `json:"closed_at,omitempty"`
	ClosedBy string            `json:"closed_by,omitempty"`
}

func viewMessage(m *engine.Message, externalID string) messageView {
	return messageView{
		ID: idText(campaigns.InputID(m.ID)), Member: externalID, MemberID: idText(m.Member), Channel: m.Channel, Kind: m.Kind, Text: m.Text,
		State: m.State, At: m.At, ClosedAt: m.ClosedAt, ClosedBy: m.ClosedBy,
	}
}

func (s *server) messageOperations() {
	add(s, operation{
		id: "list-messages", method: http.MethodGet, path: "/v1/messages", tag: "Messages", scope: engine.MembersRead,
		summary: "List what members wrote on their own",
	}, s.listMessages)
	add(s, operation{
		id: "close-message", method: http.MethodPost, path: "/v1/messages/{id}/closure", tag: "Messages", scope: engine.MembersWrite,
		summary: "Mark a message as dealt with", doc: "Twice is as good as once.", status: http.StatusOK, errors: []int{http.StatusNotFound}, bare: true,
	}, s.closeMessage)
}

type listMessagesInput struct {
	PageQuery
	State string `query:"state" enum:"open,closed"`
}

func (s *server) listMessages(ctx context.Context, p engine.Principal, in *listMessagesInput) (*listReply[messageView], error) {
	page, err := in.page("n")
	if err != nil {
		return nil, err
	}
	rows, err := s.Reports.Messages(ctx, p, in.State, page)
	if err != nil {
		return nil, err
	}
	return pageOf(in.PageQuery, "n", page, rows, func(r reports.MessageRow) int64 { return r.ID },
		func(r reports.MessageRow) messageView { return viewMessage(r.Message, r.ExternalID) }), nil
}

type idInput struct {
	ID string `path:"id"`
}

type messageReply struct{ Body messageView }

func (s *server) closeMessage(ctx context.Context, p engine.Principal, in *idInput) (*messageReply, error) {
	id, err := readID(in.ID, "message")
	if err != nil {
		return nil, err
	}
	m, err := s.Engine.CloseMessage(ctx, p, id)
	if err != nil {
		return nil, err
	}
	return &messageReply{viewMessage(m, "")}, nil
}
