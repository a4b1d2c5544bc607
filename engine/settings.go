package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// settingsTTL is how old cached settings may be. Another process may have changed them.
const settingsTTL = time.Second

// community returns the settings, at most a second old.
func (e *Engine) community(ctx context.Context, from source) (*store.Community, error) {
	return e.settings.get(func() (*store.Community, error) { return from.Community(ctx) })
}

// Community returns the settings.
func (e *Engine) Community(ctx context.Context, p Principal) (*store.Community, error) {
	if err := p.Require(SettingsRead); err != nil {
		return nil, err
	}
	return e.Store.Community(ctx)
}

// CommunityPatch changes settings; nil fields stay.
type CommunityPatch struct {
	Name, TimeZone, PostalAddress, Brand, PrivacyURL *string
	Languages                                        []campaigns.Lang
	Topics                                           []string
	Budget                                           []BudgetInput
	// Seen is when what the writer saw was written; zero: whatever stands there is changed.
	Seen time.Time
}

// PatchCommunity changes settings. Fault invalid names each wrong field; conflict.settings: somebody else changed them since the writer saw them.
func (e *Engine) PatchCommunity(ctx context.Context, p Principal, patch CommunityPatch) (*store.Community, error) {
	if err := p.Require(SettingsWrite); err != nil {
		return nil, err
	}
	var out *store.Community
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Community(ctx)
		if err != nil {
			return err
		}
		was := c.TimeZone
		if !patch.Seen.IsZero() && !patch.Seen.Equal(c.UpdatedAt) {
			return fault.New(fault.Conflict, "conflict.settings", nil)
		}
		if err := patch.apply(c); err != nil {
			return err
		}
		c.UpdatedAt, out = e.now(), c
		if err := tx.SaveCommunity(ctx, c); err != nil || c.TimeZone == was {
			return err
		}
		return e.rezone(ctx, tx, c)
	})
	e.settings.forget()
	return out, err
}

func (p CommunityPatch) apply(c *store.Community) error {
	var wrong []fault.Detail
	line := func(dst *string, src *string, path string, most int) {
		if src == nil {
			return
		}
		s := strings.TrimSpace(*src)
		if len(s) > most || strings.ContainsAny(s, "\x00") {
			wrong = append(wrong, fault.Detail{Path: path, Code: "too_long_value", Args: map[string]any{"max": most}})
		}
		*dst = s
	}
	line(&c.Name, p.Name, "name", 200)
	line(&c.PostalAddress, p.PostalAddress, "postal_address", 500)
	line(&c.Brand, p.Brand, "brand", 200)
	line(&c.PrivacyURL, p.PrivacyURL, "privacy_url", 500)
	if p.TimeZone != nil {
		if _, err := timing.Zone(*p.TimeZone); err != nil {
			wrong = append(wrong, fault.Detail{Path: "time_zone", Code: "bad_zone", Expected: "Europe/Berlin", DidYouMean: meant.Zone(*p.TimeZone)})
		}
		c.TimeZone = *p.TimeZone
	}
	if p.Languages != nil {
		for _, l := range p.Languages {
			if _, err := language.Parse(string(l)); err != nil {
				wrong = append(wrong, fault.Detail{Path: "languages", Code: "bad_language", Expected: "en", DidYouMean: meant.Language(string(l))})
			}
		}
		if len(p.Languages) == 0 {
			wrong = append(wrong, fault.Detail{Path: "languages", Code: "bad_language", Expected: "en"})
		}
		c.Languages = p.Languages
	}
	for i, topic := range p.Topics {
		path := fmt.Sprintf("topics[%d]", i)
		switch {
		case strings.TrimSpace(topic) == "":
			wrong = append(wrong, fault.Detail{Path: path, Code: "missing_value"})
		case utf8.RuneCountInString(topic) > maxTag || strings.ContainsFunc(topic, unicode.IsControl):
			wrong = append(wrong, fault.Detail{Path: path, Code: "too_long_value", Args: map[string]any{"max": maxTag}})
		}
	}
	if p.Topics != nil {
		c.Topics = p.Topics
	}
	if p.Budget != nil {
		rules, bad := budgetRules(p.Budget)
		c.Budget, wrong = rules, append(wrong, bad...)
	}
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "invalid.settings", nil).With(wrong...)
	}
	return nil
}

// Fallback is the language of a member who named none: the community's first.
func Fallback(c *store.Community) campaigns.Lang {
	if len(c.Languages) == 0 {
		return "en"
	}
	return c.Languages[0]
}

// zone is the member's zone, or the community's.
func zone(c *store.Community, name string) *time.Location {
	for _, n := range []string{name, c.TimeZone} {
		if n == "" {
			continue
		}
		if loc, err := timing.Zone(n); err == nil {
			return loc
		}
	}
	return time.UTC
}
