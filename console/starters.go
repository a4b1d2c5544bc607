package console

import (
	"net/http"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// starterView is a ready campaign.
type starterView struct{ Key, Action, Name, Kind string }

// starters are those that the reader may take: their key is no campaign's yet, be it archived or far down the list.
func (r *request) starters() (out []starterView, err error) {
	if r.who.Require(engine.CampaignsWrite) != nil {
		return nil, nil
	}
	for _, s := range r.k.o.Starters {
		switch _, err := r.k.o.Engine.Campaign(r.Request.Context(), r.who, campaigns.Key(s.Key)); {
		case fault.Is(err, fault.NotFound):
			out = append(out, starterView{s.Key, "/console/starters/" + s.Key, locale.T(r.lang, "starter."+s.Key, nil), "console.kind." + s.Kind})
		case err != nil:
			return nil, err
		}
	}
	return out, nil
}

// takeStarter makes a draft of a ready campaign. Nobody gets anything before it is published.
func (r *request) takeStarter() error {
	for _, s := range r.k.o.Starters {
		if s.Key != r.Param("key") {
			continue
		}
		c, err := r.k.o.Engine.CreateCampaign(r.Request.Context(), r.who, engine.Draft{Source: s.Source, Format: "yaml"})
		if err != nil {
			return err
		}
		r.Redirect(http.StatusSeeOther, "/console/campaigns/"+string(c.Key))
		return nil
	}
	return fault.New(fault.NotFound, "not_found.page", nil)
}
