package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

// StandingsInput asks for a page of a campaign's standings.
type StandingsInput struct {
	KeyInput
	Skip  int `query:"skip" minimum:"0" doc:"How many lines to leave out"`
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type standingsReply struct{ Body *reports.Standings }

func (s *server) standingsOperations() {
	add(s, operation{
		id: "get-standings", method: http.MethodGet, path: "/v1/campaigns/{key}/standings", tag: "Reports", scope: engine.CampaignsRead,
		summary: "Get the members' places by points", errors: []int{http.StatusNotFound},
		doc: "Equal points share a place (1, 2, 2, 4); among equals, who got there first stands first. Names need the scope members:read.",
	}, func(ctx context.Context, p engine.Principal, in *StandingsInput) (*standingsReply, error) {
		out, err := s.Reports.Standings(ctx, p, in.key(), requestOf(ctx).lang, in.Skip, in.Limit)
		return &standingsReply{out}, err
	})
}

// MediaInput names a file.
type MediaInput struct {
	ID int64 `path:"id" doc:"As in a response's media"`
}

func (s *server) mediaOperations() {
	add(s, operation{
		id: "get-media", method: http.MethodGet, path: "/v1/media/{id}", tag: "Reports", scope: engine.ResponsesRead,
		summary: "Get a file that a member sent", errors: []int{http.StatusNotFound, http.StatusConflict},
		doc: "With ranges. Only sound, video and pictures come to be shown in place; everything else comes as an attachment. 409 while the file is still being fetched.",
		replies: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}},
	}, func(ctx context.Context, p engine.Principal, in *MediaInput) (*huma.StreamResponse, error) {
		m, content, err := s.Reports.Media(ctx, p, campaigns.MediaID(in.ID))
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			defer content.Close()
			c := humagin.Unwrap(hc)
			reports.ServeMedia(c.Writer, c.Request, m, content)
		}}, nil
	})
}
