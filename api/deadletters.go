package api

import (
	"context"
	"net/http"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// deadLetterView is an input that could not be handled.
type deadLetterView struct {
	ID         string    `json:"id"`
	Source     string    `json:"source" doc:"Where it came from: telegram, page, api"`
	Kind       string    `json:"kind"`
	MemberID   string    `json:"member_id,omitempty" doc:"Absent where it is not known whose it is"`
	State      string    `json:"state" enum:"stored,done,dead"`
	Tries      int       `json:"tries"`
	Error      string    `json:"error,omitempty" doc:"Of the last try"`
	Raw        string    `json:"raw" doc:"As it arrived"`
	ReceivedAt time.Time `json:"received_at"`
}

func viewDeadLetter(in *engine.DeadLetter) deadLetterView {
	v := deadLetterView{
		ID: idText(in.ID), Source: in.Source, Kind: in.Kind, State: string(in.State), Tries: in.Tries, Error: in.Error, Raw: in.Raw, ReceivedAt: in.ReceivedAt,
	}
	if in.Member != 0 {
		v.MemberID = idText(in.Member)
	}
	return v
}

func (s *server) deadLetterOperations() {
	add(s, operation{
		id: "list-dead-letters", method: http.MethodGet, path: "/v1/dead-letters", tag: "Dead letters", scope: engine.MembersRead,
		summary: "List what arrived and could not be handled", doc: "Updates, forms and events that failed five times, or can never be read. They stop nothing else.",
	}, s.listDeadLetters)
	add(s, operation{
		id: "retry-dead-letter", method: http.MethodPost, path: "/v1/dead-letters/{id}/retry", tag: "Dead letters", scope: engine.MembersWrite,
		summary: "Handle one again", doc: "Once the cause is gone. One that waits, or was handled, stays as it is.", status: http.StatusOK, errors: []int{http.StatusNotFound}, bare: true,
	}, s.retryDeadLetter)
}

func (s *server) listDeadLetters(ctx context.Context, p engine.Principal, in *PageQuery) (*listReply[deadLetterView], error) {
	page, err := in.page("x")
	if err != nil {
		return nil, err
	}
	rows, err := s.Engine.DeadLetters(ctx, p, page)
	if err != nil {
		return nil, err
	}
	return pageOf(*in, "x", page, rows, func(r *engine.DeadLetter) int64 { return int64(r.ID) }, viewDeadLetter), nil
}

type deadLetterReply struct{ Body deadLetterView }

func (s *server) retryDeadLetter(ctx context.Context, p engine.Principal, in *idInput) (*deadLetterReply, error) {
	id, err := readID(in.ID, "input")
	if err != nil {
		return nil, err
	}
	row, err := s.Engine.RetryDeadLetter(ctx, p, campaigns.InputID(id))
	if err != nil {
		return nil, err
	}
	return &deadLetterReply{viewDeadLetter(row)}, nil
}
