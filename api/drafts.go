package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// DraftInput is a definition as the author typed it.
type DraftInput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"application/json"`
}

func (in DraftInput) draft() engine.Draft {
	format := definition.JSON
	if mediaType(in.ContentType) == yamlType {
		format = definition.YAML
	}
	return engine.Draft{Source: string(in.RawBody), Format: format} // string copies: huma takes its buffer back
}

// definitionBody says that a definition comes as JSON or YAML; its schema has an address of its own.
func definitionBody() *huma.RequestBody {
	schema := &huma.Schema{Type: huma.TypeObject, Description: "A campaign definition; its JSON Schema is at /v1/schema/campaign."}
	return &huma.RequestBody{
		Required: true, Description: "A campaign definition, at most 1 MiB.",
		Content: map[string]*huma.MediaType{jsonType: {Schema: schema}, yamlType: {Schema: schema}},
	}
}

// sourceReply is a definition as it was typed.
type sourceReply struct {
	ContentType string `header:"Content-Type"`
	ETag        string `header:"ETag"`
	Body        []byte
}

func source(text, format, etag string) *sourceReply {
	kind := jsonType
	if format == string(definition.YAML) {
		kind = yamlType + "; charset=utf-8"
	}
	return &sourceReply{ContentType: kind, ETag: etag, Body: []byte(text)}
}

func sourceReplies(what string) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: what, Content: map[string]*huma.MediaType{
		jsonType: {Schema: &huma.Schema{Type: huma.TypeObject}}, yamlType: {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
}

func (s *server) draftOperations() {
	add(s, operation{
		id: "create-campaign", method: http.MethodPost, path: "/v1/campaigns", tag: "Campaigns", scope: engine.CampaignsWrite,
		summary: "Create a campaign from a definition", status: http.StatusCreated, once: true, body: definitionBody(), errors: []int{http.StatusConflict},
		doc: "Keeps the definition as a draft, as it was typed. Nobody gets anything before it is published. A definition with problems is refused with every problem's line, column and path.",
	}, s.createCampaign)
	add(s, operation{
		id: "clone-campaign", method: http.MethodPost, path: "/v1/campaigns/{key}/copies", tag: "Campaigns", scope: engine.CampaignsWrite,
		summary: "Make a new draft of a campaign's draft", status: http.StatusCreated, once: true, errors: []int{http.StatusNotFound, http.StatusConflict},
		doc: "Under another key and name, otherwise as it was typed. No version is taken over, and nobody inside.",
	}, s.cloneCampaign)
	add(s, operation{
		id: "check-definition", method: http.MethodPost, path: "/v1/checks", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Check a definition without keeping it", body: definitionBody(),
		doc: "200 when it could be published; otherwise the same problems as when creating, and the campaigns and segments that it names and that are not there.",
	}, s.checkDefinition)
	add(s, operation{
		id: "get-draft", method: http.MethodGet, path: "/v1/campaigns/{key}/draft", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Get the draft as it was typed", errors: []int{http.StatusNotFound}, replies: sourceReplies("The draft; ETag is its revision"),
	}, s.getDraft)
	add(s, operation{
		id: "put-draft", method: http.MethodPut, path: "/v1/campaigns/{key}/draft", tag: "Campaigns", scope: engine.CampaignsWrite,
		summary: "Replace the draft", body: definitionBody(), errors: []int{http.StatusNotFound, http.StatusPreconditionFailed},
		doc: "With If-Match it is replaced only while its revision is that one. What is published does not change.",
	}, s.putDraft)
	add(s, operation{
		id: "get-campaign-schema", method: http.MethodGet, path: "/v1/schema/campaign", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Get the JSON Schema of campaign definitions", doc: "For editors: completion and checking while typing.",
		replies: map[string]*huma.Response{"200": {Description: "The schema", Content: map[string]*huma.MediaType{schemaType: {Schema: &huma.Schema{Type: huma.TypeObject}}}}},
	}, campaignSchema)
}

type createdCampaign struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     campaignView
}

func (s *server) createCampaign(ctx context.Context, p engine.Principal, in *DraftInput) (*createdCampaign, error) {
	c, err := s.Engine.CreateCampaign(ctx, p, in.draft())
	if err != nil {
		return nil, err
	}
	return &createdCampaign{Location: campaignURL(c.Key), ETag: revision(c), Body: viewCampaign(c)}, nil
}

type cloneInput struct {
	KeyInput
	Body struct {
		Key  campaigns.Key `json:"key" maxLength:"64" doc:"Of the copy; no campaign may have it yet"`
		Name string        `json:"name,omitempty" maxLength:"200" doc:"Of the copy, in every language; default the same"`
	}
}

func (s *server) cloneCampaign(ctx context.Context, p engine.Principal, in *cloneInput) (*createdCampaign, error) {
	c, err := s.Engine.CloneCampaign(ctx, p, in.key(), in.Body.Key, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &createdCampaign{Location: campaignURL(c.Key), ETag: revision(c), Body: viewCampaign(c)}, nil
}

type checkInput struct {
	DraftInput
	Named string `query:"named" enum:"later" doc:"later: the campaigns and segments that it names need not be there yet"`
}

type checkReply struct {
	Body struct {
		Valid    bool           `json:"valid" doc:"Always true: a definition with problems is answered by them"`
		Warnings []fault.Detail `json:"warnings" doc:"What a draft may have and should not be published with unless it is meant, with its places: texts that are missing in a language"`
		Lost     []lostMedia    `json:"missing_media" doc:"Media files that are not in the media folder"`
		Untold   []string       `json:"untold" doc:"Steps that tell the staff (notify), for which the service's settings name nobody, or nobody on one of their channels"`
		Unset    []string       `json:"unset_endpoints" doc:"Endpoints that steps call (call), and that the service's settings do not name: such calls fail"`
		Missing  []textView     `json:"missing" doc:"Texts that are missing in a language"`
		Outdated []textView     `json:"outdated" doc:"Texts that lag behind in a language, were it the next version of the campaign with its key"`
	}
}

func (s *server) checkDefinition(ctx context.Context, p engine.Principal, in *checkInput) (*checkReply, error) {
	checked, err := s.Engine.CheckDefinition(ctx, p, in.draft(), in.Named == "later")
	if err != nil {
		return nil, err
	}
	out := &checkReply{}
	out.Body.Valid, out.Body.Outdated, out.Body.Missing, out.Body.Lost = true, viewTexts(checked.Outdated), viewTexts(checked.Missing), viewLost(checked.Lost)
	out.Body.Untold, out.Body.Unset = stepIDs(checked.Untold), append([]string{}, checked.Unset...)
	out.Body.Warnings = append([]fault.Detail{}, fault.Told(checked.Warnings, requestOf(ctx).lang)...)
	return out, nil
}

func (s *server) getDraft(ctx context.Context, p engine.Principal, in *KeyInput) (*sourceReply, error) {
	c, err := s.Engine.Campaign(ctx, p, in.key())
	if err != nil {
		return nil, err
	}
	return source(c.Draft, c.DraftFormat, revision(c)), nil
}

type putDraftInput struct {
	KeyInput
	DraftInput
	IfMatch string `header:"If-Match" doc:"The ETag of the draft that was changed"`
}

type draftReply struct {
	ETag string `header:"ETag"`
	Body campaignView
}

func (s *server) putDraft(ctx context.Context, p engine.Principal, in *putDraftInput) (*draftReply, error) {
	rev, err := readRevision(in.IfMatch, "conflict.draft")
	if err != nil {
		return nil, err
	}
	c, err := s.Engine.PutDraft(ctx, p, in.key(), rev, in.draft())
	if err != nil {
		return nil, err
	}
	return &draftReply{ETag: revision(c), Body: viewCampaign(c)}, nil
}

// revision is the draft's ETag.
func revision(c *engine.Campaign) string { return `"` + strconv.FormatInt(c.DraftRev, 10) + `"` }

// readRevision reads If-Match (RFC 9110 §13.1.1): absent and * mean whatever there is; a tag that is none of ours matches nothing, which is the fault changed.
func readRevision(header, changed string) (int64, error) {
	if header == "" || header == "*" {
		return 0, nil
	}
	rev, err := strconv.ParseInt(strings.Trim(header, `"`), 10, 64)
	if err != nil || rev <= 0 {
		return 0, fault.New(fault.Conflict, changed, nil)
	}
	return rev, nil
}

const schemaType = "application/schema+json"

type schemaReply struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func campaignSchema(_ context.Context, p engine.Principal, _ *struct{}) (*schemaReply, error) {
	return &schemaReply{schemaType, slices.Clone(definition.JSONSchema())}, p.Require(engine.CampaignsRead)
}

func itoa(n int) string { return strconv.Itoa(n) }
