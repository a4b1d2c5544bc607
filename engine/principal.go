package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// Scope is one permission of a token.
type Scope string

const (
	CampaignsRead  Scope = "campaigns:read"  // definitions, enrollments, reports
	CampaignsWrite Scope = "campaigns:write" // drafts, publication, pause, end, enrolling
	MembersRead    Scope = "members:read"    // members, timelines, messages
	MembersWrite   Scope = "members:write"   // upserts, erasure
	EventsWrite    Scope = "events:write"    // POST /v1/events
	ResponsesRead  Scope = "responses:read"  // answers, deliveries
	SettingsRead   Scope = "settings:read"
	SettingsWrite  Scope = "settings:write"
	// Admin stands for every scope, and for tokens themselves.
	Admin Scope = "admin"
)

// Scopes lists every scope.
func Scopes() []Scope {
	return []Scope{CampaignsRead, CampaignsWrite, MembersRead, MembersWrite, EventsWrite, ResponsesRead, SettingsRead, SettingsWrite, Admin}
}

func scopeNames() string {
	var names []string
	for _, s := range Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// Principal is who asks: a token, or the operator at the machine.
type Principal struct {
	TokenID int64
	Name    string
	Scopes  []Scope
}

// Operator is the person with access to the machine: the command line.
var Operator = Principal{Name: "operator", Scopes: []Scope{Admin}}

// Require refuses with a fault of kind Forbidden unless the principal has the scope.
func (p Principal) Require(s Scope) error {
	if slices.Contains(p.Scopes, s) || slices.Contains(p.Scopes, Admin) {
		return nil
	}
	return fault.New(fault.Forbidden, "forbidden.scope", map[string]any{"scope": string(s)})
}

// RequireFor refuses who may not hear for whom the condition holds: what it looks at could be found out by asking. Scope members:read, and responses:read
// where it looks at answers, also in the segments that it names.
func (p Principal) RequireFor(c *definition.Condition, ss definition.Segments) error {
	if err := p.Require(MembersRead); err != nil || !c.LooksAtAnswers(ss) {
		return err
	}
	return p.Require(ResponsesRead)
}

// tokenPrefix marks our tokens, so that secret scanners can find them.
const tokenPrefix = "kzk_"

// CreateToken makes a bearer token and returns it; only its hash is kept, so it is shown this once.
func (e *Engine) CreateToken(ctx context.Context, p Principal, name string, scopes []Scope) (string, error) {
	if err := p.Require(Admin); err != nil {
		return "", err
	}
	for _, s := range scopes {
		if !slices.Contains(Scopes(), s) {
			return "", fault.New(fault.Invalid, "invalid.scope", map[string]any{"scope": string(s), "scopes": scopeNames()})
		}
	}
	if len(scopes) == 0 {
		return "", fault.New(fault.Invalid, "invalid.no_scope", nil)
	}
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // never fails (crypto/rand.Read)
	token := tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
	id, err := e.Store.NextID(ctx)
	if err != nil {
		return "", err
	}
	row := &store.Token{ID: id, Name: name, Hash: hashToken(token), CreatedAt: e.now()}
	for _, s := range scopes {
		row.Scopes = append(row.Scopes, string(s))
	}
	return token, e.Store.Write(ctx, func(tx *store.Tx) error { return tx.InsertToken(ctx, row) })
}

// Authenticate finds out who holds the token. Fault unauthorized for one that is unknown or revoked.
func (e *Engine) Authenticate(ctx context.Context, token string) (Principal, error) {
	refused := fault.New(fault.Unauthorized, "unauthorized", nil)
	if !strings.HasPrefix(token, tokenPrefix) || len(token) > 100 {
		return Principal{}, refused
	}
	row, err := e.Store.TokenByHash(ctx, hashToken(token))
	if fault.Is(err, fault.NotFound) {
		return Principal{}, refused
	}
	if err != nil {
		return Principal{}, err
	}
	e.touch(ctx, row)
	p := Principal{TokenID: row.ID, Name: row.Name}
	for _, s := range row.Scopes {
		p.Scopes = append(p.Scopes, Scope(s))
	}
	return p, nil
}

// touchEvery is how exactly a token's last use is known: each note of it is a write.
const touchEvery = time.Minute

// touch notes that the token was used. A request does not fail for it.
func (e *Engine) touch(ctx context.Context, t *store.Token) {
	now := e.now()
	if t.LastUsedAt != nil && now.Sub(*t.LastUsedAt) < touchEvery {
		return
	}
	if err := e.Store.Write(ctx, func(tx *store.Tx) error { return tx.TouchToken(ctx, t.ID, now) }); err != nil {
		e.Log.Warn("token's last use not noted", "error", err)
	}
}

// Tokens lists the tokens, without their secrets.
func (e *Engine) Tokens(ctx context.Context, p Principal) ([]*store.Token, error) {
	if err := p.Require(Admin); err != nil {
		return nil, err
	}
	return e.Store.Tokens(ctx)
}

// RevokeToken ends a token at once.
func (e *Engine) RevokeToken(ctx context.Context, p Principal, id int64) error {
	if err := p.Require(Admin); err != nil {
		return err
	}
	return e.Store.Write(ctx, func(tx *store.Tx) error { return tx.RevokeToken(ctx, id, e.now()) })
}

// hashToken is what is kept of a token. It has 192 random bits, so a plain hash is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
