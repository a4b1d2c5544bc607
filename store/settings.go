package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Community is the installation's one community.
type Community struct {
	Name          string
	TimeZone      string
	Languages     []campaigns.Lang // the first is the fallback
	Topics        []string
	PostalAddress string
	Brand         string
	PrivacyURL    string
	UpdatedAt     time.Time
}

// Community returns the settings; before the first save, defaults: zone UTC, languages en and ru, everything else empty.
func (q queries) Community(ctx context.Context) (*Community, error) { panic("") }

// SaveCommunity replaces the settings.
func (tx *Tx) SaveCommunity(ctx context.Context, c *Community) error { panic("") }

// Token is a bearer token; only its hash is kept.
type Token struct {
	ID         int64
	Name       string
	Hash       string
	Scopes     []string
	CreatedAt  time.Time
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

// InsertToken writes a token.
func (tx *Tx) InsertToken(ctx context.Context, t *Token) error { panic("") }

// TokenByHash returns the token that is not revoked. Fault not_found.token.
func (q queries) TokenByHash(ctx context.Context, hash string) (*Token, error) { panic("") }

// Tokens lists tokens by id.
func (q queries) Tokens(ctx context.Context) ([]*Token, error) { panic("") }

// RevokeToken ends a token. Fault not_found.token.
func (tx *Tx) RevokeToken(ctx context.Context, id int64, now time.Time) error { panic("") }

// IdempotentResult is a stored answer to a request; Status 0: the first request still runs.
type IdempotentResult struct {
	RequestHash string
	Status      int
	ContentType string
	Body        string
	CreatedAt   time.Time
}

// BeginIdempotent notes that a request with the key runs. It returns what is stored already (nil: this request is the first). Entries older than `since` are replaced.
func (tx *Tx) BeginIdempotent(ctx context.Context, token int64, key, requestHash string, now, since time.Time) (*IdempotentResult, error) {
	panic("")
}

// FinishIdempotent stores the answer; Status 0 removes the entry, so that the request may be tried again.
func (tx *Tx) FinishIdempotent(ctx context.Context, token int64, key string, r IdempotentResult) error {
	panic("")
}

// TakeLease takes or renews the named lease for the holder; false when another holder's lease still runs.
func (tx *Tx) TakeLease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	panic("")
}

// ReleaseLease gives it back.
func (tx *Tx) ReleaseLease(ctx context.Context, name, holder string) error { panic("") }
