package api

import (
	"context"
	"net/http"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// tokenView is a token without its secret.
type tokenView struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scopes     []string   `json:"scopes" nullable:"false"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
}

func (s *server) tokenOperations() {
	add(s, operation{
		id: "create-token", method: http.MethodPost, path: "/v1/tokens", tag: "Tokens", scope: engine.Admin, summary: "Create a token",
		status: http.StatusCreated, once: true, secret: true,
		doc: "The token is shown this once and only its hash is kept. A repetition with the same Idempotency-Key makes no second token and answers token: null.",
	}, s.createToken)
	add(s, operation{
		id: "list-tokens", method: http.MethodGet, path: "/v1/tokens", tag: "Tokens", scope: engine.Admin, summary: "List tokens, without their secrets",
	}, s.listTokens)
	add(s, operation{
		id: "revoke-token", method: http.MethodDelete, path: "/v1/tokens/{id}", tag: "Tokens", scope: engine.Admin, summary: "Revoke a token",
		doc: "It ends at once.", status: http.StatusNoContent, errors: []int{http.StatusNotFound},
	}, s.revokeToken)
}

type createTokenInput struct {
	Body struct {
		Name   string         `json:"name" minLength:"1" maxLength:"100" doc:"Who or what holds it; stands in the history of what it did"`
		Scopes []engine.Scope `json:"scopes" nullable:"false" minItems:"1" doc:"What it may do; admin is everything"`
	}
}

type createTokenReply struct {
	Body struct {
		ID     string         `json:"id"`
		Name   string         `json:"name"`
		Scopes []engine.Scope `json:"scopes" nullable:"false"`
		Token  string         `json:"token"`
	}
}

func (s *server) createToken(ctx context.Context, p engine.Principal, in *createTokenInput) (*createTokenReply, error) {
	token, holder, err := s.Engine.IssueToken(ctx, p, in.Body.Name, in.Body.Scopes)
	if err != nil {
		return nil, err
	}
	out := &createTokenReply{}
	out.Body.ID, out.Body.Name, out.Body.Scopes, out.Body.Token = idText(campaigns.InputID(holder.TokenID)), holder.Name, holder.Scopes, token
	return out, nil
}

func (s *server) listTokens(ctx context.Context, p engine.Principal, _ *struct{}) (*listReply[tokenView], error) {
	ts, err := s.Engine.Tokens(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &listReply[tokenView]{}
	out.Body.Items = make([]tokenView, len(ts))
	for i, t := range ts {
		out.Body.Items[i] = tokenView{idText(campaigns.InputID(t.ID)), t.Name, append([]string{}, t.Scopes...), t.CreatedAt, t.LastUsedAt, t.RevokedAt}
	}
	return out, nil
}

func (s *server) revokeToken(ctx context.Context, p engine.Principal, in *idInput) (*struct{}, error) {
	id, err := readID(in.ID, "token")
	if err != nil {
		return nil, err
	}
	return nil, s.Engine.RevokeToken(ctx, p, id)
}
