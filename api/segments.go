package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/reports"
)

// segmentView is a segment without its document.
type segmentView struct {
	Key       campaigns.Key `json:"key"`
	Name      string        `json:"name" doc:"In the asked language, or the first that the document says"`
	Revision  int64         `json:"revision"`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	UpdatedBy string        `json:"updated_by" doc:"The name of the token that changed it last"`
	Listening bool          `json:"listening" doc:"An open campaign takes in who comes into it, and its members are listed"`
	MembersAt *time.Time    `json:"members_as_of,omitempty" doc:"Where they are: when everybody was asked last; what members do themselves counts within moments. Absent while that is under way for the first time, or for the first time since a segment was changed"`
}

func (s *server) viewSegments(ctx context.Context, p engine.Principal, all ...*engine.Segment) ([]segmentView, error) {
	listening, err := s.Reports.Listening(ctx, p)
	out := make([]segmentView, len(all))
	for i, x := range all {
		l, listens := listening[x.Key]
		out[i] = segmentView{x.Key, reports.SegmentName(x, requestOf(ctx).lang), x.Rev, x.CreatedAt, x.UpdatedAt, x.UpdatedBy, listens, l.AsOf}
	}
	return out, err
}

// SegmentInput names the segment.
type SegmentInput struct {
	Key string `path:"key" maxLength:"64" doc:"The segment's key"`
}

func (in SegmentInput) key() campaigns.Key { return campaigns.Key(in.Key) }

// segmentBody says that a segment comes as JSON or YAML.
func segmentBody() *huma.RequestBody {
	schema := &huma.Schema{Type: huma.TypeObject, Description: "A segment; its JSON Schema is at /v1/schema/segment."}
	return &huma.RequestBody{
		Required: true, Description: "A segment: key, name, who.",
		Content: map[string]*huma.MediaType{jsonType: {Schema: schema}, yamlType: {Schema: schema}},
	}
}

func (s *server) segmentOperations() {
	add(s, operation{
		id: "list-segments", method: http.MethodGet, path: "/v1/segments", tag: "Segments", scope: engine.CampaignsRead,
		summary: "List segments", doc: "All of them, by key.",
	}, s.listSegments)
	add(s, operation{
		id: "create-segment", method: http.MethodPost, path: "/v1/segments", tag: "Segments", scope: engine.CampaignsWrite,
		summary: "Create a segment", status: http.StatusCreated, once: true, body: segmentBody(), errors: []int{http.StatusConflict},
		doc: "Saves a condition with a name, for conditions to use as {segment: KEY}. One with problems is refused with every problem's line, column and path; so is one that names what is not there, or comes back to itself.",
	}, s.createSegment)
	add(s, operation{
		id: "get-segment", method: http.MethodGet, path: "/v1/segments/{key}", tag: "Segments", scope: engine.CampaignsRead,
		summary: "Get a segment as it was typed", errors: []int{http.StatusNotFound}, replies: sourceReplies("The document; ETag is its revision"),
	}, s.getSegment)
	add(s, operation{
		id: "put-segment", method: http.MethodPut, path: "/v1/segments/{key}", tag: "Segments", scope: engine.CampaignsWrite,
		summary: "Replace a segment", body: segmentBody(), errors: []int{http.StatusNotFound, http.StatusPreconditionFailed},
		doc: "With If-Match it is replaced only while its revision is that one. What names it asks the new condition from then on, running campaigns too.",
	}, s.putSegment)
	add(s, operation{
		id: "delete-segment", method: http.MethodDelete, path: "/v1/segments/{key}", tag: "Segments", scope: engine.CampaignsWrite,
		summary: "Delete a segment", status: http.StatusNoContent, errors: []int{http.StatusNotFound, http.StatusConflict},
		doc: "409 while another segment names it, or a campaign that is not archived does, in its draft or in any published version.",
	}, func(ctx context.Context, p engine.Principal, in *SegmentInput) (*struct{}, error) {
		return nil, s.Engine.DeleteSegment(ctx, p, in.key())
	})
	s.segmentLooks()
}

// segmentLooks are what can be asked about a segment.
func (s *server) segmentLooks() {
	add(s, operation{
		id: "explain-segment", method: http.MethodGet, path: "/v1/segments/{key}/explanation", tag: "Segments", scope: engine.CampaignsRead,
		summary: "Say in words whom a segment holds", errors: []int{http.StatusNotFound},
	}, s.explainSegment)
	add(s, operation{
		id: "count-segment", method: http.MethodGet, path: "/v1/segments/{key}/count", tag: "Segments", scope: engine.MembersRead,
		summary: "Count the members of a segment", errors: []int{http.StatusNotFound},
		doc: "Where an open campaign takes in who comes into the segment, those on its list are counted, and counted_at is members_as_of. Any other count that took long is told again for a while; counted_at says when it was made. Needs campaigns:read too, and responses:read where the segment looks at answers.",
	}, s.countSegment)
	add(s, operation{
		id: "sample-segment", method: http.MethodGet, path: "/v1/segments/{key}/sample", tag: "Segments", scope: engine.MembersRead,
		summary: "Get some members of a segment", errors: []int{http.StatusNotFound}, doc: "The oldest of them, to see whether it holds whom it should. Needs responses:read too where the segment looks at answers.",
	}, s.sampleSegment)
	add(s, operation{
		id: "check-segment", method: http.MethodPost, path: "/v1/segment-checks", tag: "Segments", scope: engine.CampaignsRead,
		summary: "Check a segment without keeping it", body: segmentBody(),
		doc: "What it says in words and, for a token that may count it (members:read, and responses:read where it looks at answers), how many members it holds; otherwise the same problems as when creating.",
	}, s.checkSegment)
	add(s, operation{
		id: "get-segment-schema", method: http.MethodGet, path: "/v1/schema/segment", tag: "Segments", scope: engine.CampaignsRead,
		summary: "Get the JSON Schema of segments", doc: "For editors: completion and checking while typing.",
		replies: map[string]*huma.Response{"200": {Description: "The schema", Content: map[string]*huma.MediaType{schemaType: {Schema: &huma.Schema{Type: huma.TypeObject}}}}},
	}, func(_ context.Context, p engine.Principal, _ *struct{}) (*schemaReply, error) {
		return &schemaReply{schemaType, definition.SegmentSchema()}, p.Require(engine.CampaignsRead)
	})
}

type segmentsReply struct {
	Body struct {
		Items []segmentView `json:"items" nullable:"false"`
	}
}

func (s *server) listSegments(ctx context.Context, p engine.Principal, _ *struct{}) (*segmentsReply, error) {
	all, err := s.Engine.Segments(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &segmentsReply{}
	out.Body.Items, err = s.viewSegments(ctx, p, all...)
	return out, err
}

type segmentReply struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     segmentView
}

func (s *server) createSegment(ctx context.Context, p engine.Principal, in *DraftInput) (*segmentReply, error) {
	return s.replySegment(ctx, p)(s.Engine.CreateSegment(ctx, p, in.draft()))
}

type putSegmentInput struct {
	SegmentInput
	DraftInput
	IfMatch string `header:"If-Match" doc:"The ETag of the document that was changed"`
}

func (s *server) putSegment(ctx context.Context, p engine.Principal, in *putSegmentInput) (*segmentReply, error) {
	rev, err := readRevision(in.IfMatch, "conflict.segment_changed")
	if err != nil {
		return nil, err
	}
	return s.replySegment(ctx, p)(s.Engine.PutSegment(ctx, p, in.key(), rev, in.draft()))
}

func (s *server) replySegment(ctx context.Context, p engine.Principal) func(*engine.Segment, error) (*segmentReply, error) {
	return func(x *engine.Segment, err error) (*segmentReply, error) {
		if err != nil {
			return nil, err
		}
		views, err := s.viewSegments(ctx, p, x)
		if err != nil {
			return nil, err
		}
		return &segmentReply{"/v1/segments/" + url.PathEscape(string(x.Key)), segmentRevision(x), views[0]}, nil
	}
}

// segmentRevision is the document's ETag.
func segmentRevision(x *engine.Segment) string { return `"` + strconv.FormatInt(x.Rev, 10) + `"` }

func (s *server) getSegment(ctx context.Context, p engine.Principal, in *SegmentInput) (*sourceReply, error) {
	x, err := s.Engine.Segment(ctx, p, in.key())
	if err != nil {
		return nil, err
	}
	return source(x.Source, x.Format, segmentRevision(x)), nil
}

// segmentDraft is the saved document.
func (s *server) segmentDraft(ctx context.Context, p engine.Principal, in *SegmentInput) (engine.Draft, error) {
	x, err := s.Engine.Segment(ctx, p, in.key())
	if err != nil {
		return engine.Draft{}, err
	}
	return engine.Draft{Source: x.Source, Format: definition.Format(x.Format)}, nil
}

type explanationReply struct{ Body *reports.Explanation }

func (s *server) explainSegment(ctx context.Context, p engine.Principal, in *SegmentInput) (*explanationReply, error) {
	d, err := s.segmentDraft(ctx, p, in)
	if err != nil {
		return nil, err
	}
	e, err := s.Reports.Explain(ctx, p, d, requestOf(ctx).lang)
	return &explanationReply{e}, err
}

func (s *server) countSegment(ctx context.Context, p engine.Principal, in *SegmentInput) (*audienceReply, error) {
	d, err := s.segmentDraft(ctx, p, in)
	if err != nil {
		return nil, err
	}
	a, err := s.Reports.SavedSegment(ctx, p, in.key(), d)
	return &audienceReply{a}, err
}

type sampleInput struct {
	SegmentInput
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"10" doc:"How many at most"`
}

type sampleReply struct {
	Body struct {
		Items []memberView `json:"items" nullable:"false"`
	}
}

func (s *server) sampleSegment(ctx context.Context, p engine.Principal, in *sampleInput) (*sampleReply, error) {
	ms, err := s.Engine.SampleSegment(ctx, p, in.key(), in.Limit)
	out := &sampleReply{}
	out.Body.Items = make([]memberView, len(ms))
	for i, m := range ms {
		out.Body.Items[i] = viewMember(m)
	}
	return out, err
}

type segmentCheckReply struct {
	Body struct {
		Explanation *reports.Explanation `json:"explanation"`
		Count       *reports.Audience    `json:"count,omitempty" doc:"Absent where the token may not count"`
		Warnings    []fault.Detail       `json:"warnings" nullable:"false" doc:"What may stand there and is probably not meant, with its places: a value of another type than it looks"`
	}
}

func (s *server) checkSegment(ctx context.Context, p engine.Principal, in *DraftInput) (*segmentCheckReply, error) {
	d, out := in.draft(), &segmentCheckReply{}
	warnings, err := s.Engine.CheckSegment(ctx, p, d)
	if err != nil {
		return nil, err
	}
	out.Body.Warnings = append([]fault.Detail{}, fault.Told(warnings, requestOf(ctx).lang)...)
	if out.Body.Explanation, err = s.Reports.Explain(ctx, p, d, requestOf(ctx).lang); err != nil {
		return nil, err
	}
	out.Body.Count, err = s.Reports.Segment(ctx, p, d)
	if fault.Is(err, fault.Forbidden) { // the words are theirs all the same
		err = nil
	}
	return out, err
}
