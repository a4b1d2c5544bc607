package api

import (
	"context"
	"net/http"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// communityView is the community's settings.
type communityView struct {
	Name          string           `json:"name"`
	TimeZone      string           `json:"time_zone"`
	Languages     []campaigns.Lang `json:"languages" nullable:"false" doc:"The first is the fallback"`
	Topics        []string         `json:"topics" nullable:"false" doc:"What one can subscribe to; /start grants them"`
	PostalAddress string           `json:"postal_address" doc:"Stands at the foot of every mail"`
	Brand         string           `json:"brand"`
	PrivacyURL    string           `json:"privacy_url"`
	Budget        []budgetRule     `json:"budget" nullable:"false" doc:"How much a member gets at most, over all campaigns; empty: no limit"`
	UpdatedAt     time.Time        `json:"updated_at"`
}

// budgetRule is one limit of the budget.
type budgetRule struct {
	Most int    `json:"most" doc:"Messages; with kind, passages of campaigns of that kind: 1 to 100"`
	Per  string `json:"per" doc:"The span in which they are counted, such as 1d or 12h: 1h to 90d"`
	Kind string `json:"kind,omitempty" doc:"A kind of campaign: onboarding, challenge, survey, broadcast, reminder; without it, all campaigns together"`
}

type communityReply struct{ Body communityView }

func replyCommunity(c *engine.Community, err error) (*communityReply, error) {
	if err != nil {
		return nil, err
	}
	budget := make([]budgetRule, len(c.Budget))
	for i, r := range c.Budget {
		budget[i] = budgetRule{r.Most, r.Per.String(), string(r.Kind)}
	}
	return &communityReply{communityView{
		Name: c.Name, TimeZone: c.TimeZone, Languages: append([]campaigns.Lang{}, c.Languages...), Topics: append([]string{}, c.Topics...),
		PostalAddress: c.PostalAddress, Brand: c.Brand, PrivacyURL: c.PrivacyURL, Budget: budget, UpdatedAt: c.UpdatedAt,
	}}, nil
}

// communityFields are settings to change; what is absent stays, null empties.
type communityFields struct {
	Name          opt[string]           `json:"name,omitempty"`
	TimeZone      opt[string]           `json:"time_zone,omitempty" doc:"An IANA name such as Europe/Berlin"`
	Languages     opt[[]campaigns.Lang] `json:"languages,omitempty"`
	Topics        opt[[]string]         `json:"topics,omitempty"`
	PostalAddress opt[string]           `json:"postal_address,omitempty"`
	Brand         opt[string]           `json:"brand,omitempty"`
	PrivacyURL    opt[string]           `json:"privacy_url,omitempty"`
	Budget        opt[[]budgetRule]     `json:"budget,omitempty" doc:"All rules, in the place of those before; at most 5"`
}

func (f communityFields) patch() engine.CommunityPatch {
	p := engine.CommunityPatch{
		Name: f.Name.pointer(), TimeZone: f.TimeZone.pointer(), PostalAddress: f.PostalAddress.pointer(), Brand: f.Brand.pointer(), PrivacyURL: f.PrivacyURL.pointer(),
	}
	if f.Languages.set {
		p.Languages = append([]campaigns.Lang{}, f.Languages.value...)
	}
	if f.Topics.set {
		p.Topics = append([]string{}, f.Topics.value...)
	}
	if f.Budget.set {
		p.Budget = make([]engine.BudgetInput, len(f.Budget.value))
		for i, r := range f.Budget.value {
			p.Budget[i] = engine.BudgetInput(r)
		}
	}
	return p
}

func (s *server) settingsOperations() {
	add(s, operation{
		id: "get-community", method: http.MethodGet, path: "/v1/community", tag: "Settings", scope: engine.SettingsRead, summary: "Look at the community's settings",
	}, func(ctx context.Context, p engine.Principal, _ *struct{}) (*communityReply, error) {
		return replyCommunity(s.Engine.Community(ctx, p))
	})
	add(s, operation{
		id: "patch-community", method: http.MethodPatch, path: "/v1/community", tag: "Settings", scope: engine.SettingsWrite, summary: "Change the community's settings",
		status: http.StatusOK,
	}, func(ctx context.Context, p engine.Principal, in *struct{ Body communityFields }) (*communityReply, error) {
		return replyCommunity(s.Engine.PatchCommunity(ctx, p, in.Body.patch()))
	})
}
