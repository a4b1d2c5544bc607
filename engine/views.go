package engine

import (
	"context"

	"github.com/kruzhok/kruzhok/store"
)

// The rows that use cases return. Callers of the engine name them here: they do not know the store.
type (
	// Page is one page of a list: up to Limit rows with ids after After.
	Page = store.Page
	// Campaign is a campaign with its draft.
	Campaign = store.Campaign
	// Segment is a saved condition: its document as typed.
	Segment = store.Segment
	// Version is a published definition; its source never changes.
	Version = store.Version
	// Enrollment is one member's passage through one version.
	Enrollment = store.Enrollment
	// Message is something that a member wrote and no question waited for.
	Message = store.Message
	// Community is the settings.
	Community = store.Community
	// Profile is everything about a member that deciding and sending look at.
	Profile = store.Profile
	// Token is a bearer token without its secret.
	Token = store.Token
)

// CloseMessage marks a message as dealt with; closing twice is as good as once. Fault not_found.message.
func (e *Engine) CloseMessage(ctx context.Context, p Principal, id int64) (*Message, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	var m *Message
	err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.CloseMessage(ctx, id, p.Name, e.now())
		return err
	})
	return m, err
}

// IssueToken is CreateToken for callers who show the new token's id beside it.
func (e *Engine) IssueToken(ctx context.Context, p Principal, name string, scopes []Scope) (token string, holder Principal, err error) {
	if token, err = e.CreateToken(ctx, p, name, scopes); err != nil {
		return "", Principal{}, err
	}
	holder, err = e.Authenticate(ctx, token)
	return token, holder, err
}
