package api

import (
	"context"
	"net/http"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// switchView is a scope whose sending is stopped, or was.
type switchView struct {
	Scope      string          `json:"scope" enum:"all,telegram,email,campaign"`
	Campaign   campaigns.Key   `json:"campaign,omitempty" doc:"Of the scope campaign: its key; resuming the campaign releases it"`
	On         bool            `json:"on" doc:"Nothing of the scope is sent"`
	Reason     string          `json:"reason" enum:"errors,complaints,person"`
	Sentence   string          `json:"reason_sentence" doc:"The reason in the asked language, with its figures"`
	Figures    *engine.Figures `json:"figures,omitempty" doc:"What tripped it; absent where a person did"`
	TrippedAt  time.Time       `json:"tripped_at"`
	TrippedBy  string          `json:"tripped_by" doc:"The name of a token, or switch: by itself"`
	ReleasedAt *time.Time      `json:"released_at,omitempty"`
	ReleasedBy string          `json:"released_by,omitempty"`
}

func viewSwitch(s engine.Switch, lang string) switchView {
	v := switchView{
		Scope: s.Scope, On: s.On(), Reason: string(s.Reason), Sentence: s.Sentence(lang), Figures: s.Figures,
		TrippedAt: s.TrippedAt, TrippedBy: s.TrippedBy, ReleasedAt: s.ReleasedAt, ReleasedBy: s.ReleasedBy,
	}
	if s.Campaign != nil {
		v.Campaign = s.Campaign.Key
	}
	return v
}

// ScopeInput names what a switch stops.
type ScopeInput struct {
	Scope string `path:"scope" maxLength:"64" doc:"all, telegram or email"`
}

type switchesReply struct {
	Body struct {
		Items []switchView `json:"items"`
	}
}

func (s *server) switchOperations() {
	add(s, operation{
		id: "list-switches", method: http.MethodGet, path: "/v1/switches", tag: "Switches", scope: engine.CampaignsRead,
		summary: "List what is stopped, and what was",
		doc:     "The last time of each scope. A switch trips by itself when too many messages fail or too many members complain, and then waits for a person.",
	}, func(ctx context.Context, p engine.Principal, _ *struct{}) (*switchesReply, error) {
		return s.switches(ctx, p)
	})
	s.turn("trip-switch", http.MethodPut, "Stop sending", "Everything or one channel: within two seconds nothing more is sent, replies neither; what waits stays pending. Twice is as good as once.", s.Engine.Trip)
	s.turn("release-switch", http.MethodDelete, "Let sending go on", "Goes on where it stopped. Who did it is recorded.", s.Engine.Release)
}

func (s *server) turn(id, method, summary, doc string, do func(context.Context, engine.Principal, string) error) {
	add(s, operation{
		id: id, method: method, path: "/v1/switches/{scope}", tag: "Switches", scope: engine.CampaignsWrite,
		summary: summary, doc: doc, errors: []int{http.StatusNotFound}, status: http.StatusOK, bare: true,
	}, func(ctx context.Context, p engine.Principal, in *ScopeInput) (*switchesReply, error) {
		if err := do(ctx, p, in.Scope); err != nil {
			return nil, err
		}
		return s.switches(ctx, engine.Principal{Name: p.Name, Scopes: []engine.Scope{engine.CampaignsRead}}) // who may turn it may see what it did
	})
}

func (s *server) switches(ctx context.Context, p engine.Principal) (*switchesReply, error) {
	all, err := s.Engine.Switches(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &switchesReply{}
	out.Body.Items = []switchView{}
	for _, x := range all {
		out.Body.Items = append(out.Body.Items, viewSwitch(x, requestOf(ctx).lang))
	}
	return out, nil
}
