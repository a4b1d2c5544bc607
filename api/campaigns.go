package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// campaignView is a campaign without its draft's text.
type campaignView struct {
	ID            string                    `json:"id"`
	Key           campaigns.Key             `json:"key"`
	Name          string                    `json:"name" doc:"In the campaign's first language"`
	Names         map[campaigns.Lang]string `json:"names,omitempty" doc:"In each language, where the definition says it"`
	Kind          string                    `json:"kind"`
	State         campaigns.State           `json:"state" enum:"draft,scheduled,running,paused,finished,archived"`
	LiveVersion   int                       `json:"live_version" doc:"0: never published"`
	DraftRevision int64                     `json:"draft_revision"`
	CreatedAt     time.Time                 `json:"created_at"`
	UpdatedAt     time.Time                 `json:"updated_at"`
	StateAt       time.Time                 `json:"state_at" doc:"Since when it is in this state"`
	StateBy       string                    `json:"state_by" doc:"The name of the token that brought it there"`
}

func viewCampaign(c *engine.Campaign) campaignView {
	return campaignView{
		ID: idText(c.ID), Key: c.Key, Name: c.Name, Names: c.Names, Kind: c.Kind, State: c.State, LiveVersion: c.LiveVersion, DraftRevision: c.DraftRev,
		CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, StateAt: c.StateAt, StateBy: c.StateBy,
	}
}

type campaignReply struct{ Body campaignView }

func replyCampaign(c *engine.Campaign, err error) (*campaignReply, error) {
	if err != nil {
		return nil, err
	}
	return &campaignReply{Body: viewCampaign(c)}, nil
}

// KeyInput names the campaign.
type KeyInput struct {
	Key string `path:"key" maxLength:"64" doc:"The campaign's key"`
}

func (in KeyInput) key() campaigns.Key { return campaigns.Key(in.Key) }

// versionView is a published version without its text.
type versionView struct {
	Version     int       `json:"version"`
	Format      string    `json:"format" enum:"yaml,json"`
	SHA256      string    `json:"sha256" doc:"Of the source, which never changes"`
	PublishedAt time.Time `json:"published_at"`
	PublishedBy string    `json:"published_by"`
}

func viewVersion(v *engine.Version) versionView {
	return versionView{v.Number, v.Format, v.SHA256, v.PublishedAt, v.PublishedBy}
}

func (s *server) campaignOperations() {
	add(s, operation{
		id: "list-campaigns", method: http.MethodGet, path: "/v1/campaigns", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "List campaigns",
	}, s.listCampaigns)
	add(s, operation{
		id: "get-campaign", method: http.MethodGet, path: "/v1/campaigns/{key}", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Look at one campaign", errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, p engine.Principal, in *KeyInput) (*campaignReply, error) {
		return replyCampaign(s.Engine.Campaign(ctx, p, in.key()))
	})
	s.transition("pause-campaign", http.MethodPost, "pause", "Pause a campaign", "Within two seconds nothing is sent and no step starts; answers are kept. Pausing twice is as good as once.", s.Engine.Pause)
	s.transition("resume-campaign", http.MethodDelete, "pause", "Resume a campaign", "Goes on where the pause stopped; nothing is lost or repeated.", s.Engine.Resume)
	s.transition("end-campaign", http.MethodPost, "closure", "End a campaign", "Everybody inside exits with the reason campaign_ended, and nothing more is sent.", s.Engine.End)
	s.transition("archive-campaign", http.MethodPost, "archive", "Archive a campaign", "Puts a finished campaign out of sight.", s.Engine.Archive)
	s.publicationOperations()
	s.versionOperations()
}

func (s *server) versionOperations() {
	add(s, operation{
		id: "list-versions", method: http.MethodGet, path: "/v1/campaigns/{key}/versions", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "List published versions, the newest first", errors: []int{http.StatusNotFound},
	}, s.listVersions)
	add(s, operation{
		id: "get-version", method: http.MethodGet, path: "/v1/campaigns/{key}/versions/{version}", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Get a version as it was typed", errors: []int{http.StatusNotFound}, replies: sourceReplies("The version as it was typed"),
	}, s.getVersion)
}

// transition registers a change of state: a resource that is made or removed.
func (s *server) transition(id, method, resource, summary, doc string, do func(context.Context, engine.Principal, campaigns.Key) (*engine.Campaign, error)) {
	add(s, operation{
		id: id, method: method, path: "/v1/campaigns/{key}/" + resource, tag: "Campaigns", scope: engine.CampaignsWrite,
		summary: summary, doc: doc, errors: []int{http.StatusNotFound, http.StatusConflict}, status: http.StatusOK, bare: true,
	}, func(ctx context.Context, p engine.Principal, in *KeyInput) (*campaignReply, error) {
		return replyCampaign(do(ctx, p, in.key()))
	})
}

type listCampaignsInput struct{ PageQuery }

func (s *server) listCampaigns(ctx context.Context, p engine.Principal, in *listCampaignsInput) (*listReply[campaignView], error) {
	page, err := in.page("c")
	if err != nil {
		return nil, err
	}
	cs, err := s.Engine.Campaigns(ctx, p, page)
	if err != nil {
		return nil, err
	}
	return pageOf(in.PageQuery, "c", page, cs, func(c *engine.Campaign) int64 { return int64(c.ID) }, viewCampaign), nil
}

func campaignURL(key campaigns.Key) string { return "/v1/campaigns/" + url.PathEscape(string(key)) }

func (s *server) listVersions(ctx context.Context, p engine.Principal, in *KeyInput) (*listReply[versionView], error) {
	vs, err := s.Engine.Versions(ctx, p, in.key())
	if err != nil {
		return nil, err
	}
	out := &listReply[versionView]{}
	out.Body.Items = make([]versionView, len(vs))
	for i, v := range vs {
		out.Body.Items[i] = viewVersion(v)
	}
	return out, nil
}

type versionInput struct {
	KeyInput
	Version int `path:"version" minimum:"1"`
}

func (s *server) getVersion(ctx context.Context, p engine.Principal, in *versionInput) (*sourceReply, error) {
	v, err := s.Engine.Version(ctx, p, in.key(), in.Version)
	if err != nil {
		return nil, err
	}
	return source(v.Source, v.Format, `"`+v.SHA256+`"`), nil
}
