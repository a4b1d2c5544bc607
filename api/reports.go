package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

func (s *server) reportOperations() {
	add(s, operation{
		id: "get-report", method: http.MethodGet, path: "/v1/campaigns/{key}/report", tag: "Reports", scope: engine.CampaignsRead,
		summary: "Get a campaign in numbers", errors: []int{http.StatusNotFound},
		doc: "Who entered, where they stand, what was sent and what was not and why, and the answers to each question.",
	}, s.getReport)
	add(s, operation{
		id: "get-audience", method: http.MethodGet, path: "/v1/campaigns/{key}/audience", tag: "Reports", scope: engine.MembersRead,
		summary: "Count whom the draft's schedule would reach", errors: []int{http.StatusNotFound, http.StatusConflict},
		doc: "Consent is not part of it: that is asked at the moment of sending. 409 where the draft's entry is no schedule. Needs campaigns:read too, and responses:read where it looks at answers.",
	}, s.getAudience)
	add(s, operation{
		id: "list-deliveries", method: http.MethodGet, path: "/v1/campaigns/{key}/deliveries", tag: "Reports", scope: engine.ResponsesRead,
		summary: "List messages with their states and reasons", errors: []int{http.StatusNotFound},
	}, s.listDeliveries)
	add(s, operation{
		id: "list-responses", method: http.MethodGet, path: "/v1/campaigns/{key}/responses", tag: "Reports", scope: engine.ResponsesRead,
		summary: "List answers, as JSON or CSV", errors: []int{http.StatusNotFound}, replies: s.responseReplies(),
		doc: "JSON comes in pages. CSV (Accept: text/csv, or ?format=csv) holds all of them, in UTF-8 with a header row; a cell that a spreadsheet would run as a formula begins with an apostrophe.",
	}, s.listResponses)
}

func (s *server) responseReplies() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		jsonType: {Schema: s.huma.OpenAPI().Components.Schemas.Schema(typeOf[list[responseView]](), true, "ListResponseView")},
		csvType:  {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
}

type audienceReply struct{ Body *reports.Audience }

func (s *server) getAudience(ctx context.Context, p engine.Principal, in *KeyInput) (*audienceReply, error) {
	a, err := s.Reports.Audience(ctx, p, in.key())
	return &audienceReply{a}, err
}

type reportReply struct{ Body *reports.CampaignReport }

func (s *server) getReport(ctx context.Context, p engine.Principal, in *KeyInput) (*reportReply, error) {
	r, err := s.Reports.Campaign(ctx, p, in.key(), requestOf(ctx).lang)
	return &reportReply{r}, err
}

// deliveryView is one message to one address.
type deliveryView struct {
	ID         string                  `json:"id"`
	Member     string                  `json:"member,omitempty" doc:"The external id; absent for one who has none"`
	MemberID   string                  `json:"member_id"`
	Enrollment string                  `json:"enrollment_id,omitempty"`
	Version    int                     `json:"version,omitempty"`
	Step       campaigns.StepID        `json:"step,omitempty"`
	Visit      int                     `json:"visit,omitempty"`
	Channel    campaigns.Channel       `json:"channel"`
	Part       int                     `json:"part"`
	State      campaigns.DeliveryState `json:"state"`
	Reason     campaigns.Reason        `json:"reason,omitempty" doc:"Why it was not sent, or not yet, as a stable word"`
	Sentence   string                  `json:"reason_sentence,omitempty" doc:"The reason in the asked language, and what happens next"`
	Code       string                  `json:"code,omitempty" doc:"What the server answered"`
	Detail     string                  `json:"detail,omitempty" doc:"In English words, without addresses: what the server or the channel said"`
	Attempts   int                     `json:"attempts"`
	DueAt      *time.Time              `json:"due_at,omitempty"`
	CreatedAt  time.Time               `json:"created_at"`
	FinalAt    *time.Time              `json:"final_at,omitempty"`
}

func viewDelivery(d reports.DeliveryRow, lang string) deliveryView {
	return deliveryView{
		ID: idText(d.ID), Member: d.ExternalID, MemberID: idText(d.Member), Enrollment: idText(d.Enrollment), Version: d.Version, Step: d.Step, Visit: d.Visit,
		Channel: d.Channel, Part: d.Part, State: d.State, Reason: d.Reason, Sentence: sentence(lang, d.Reason), Code: d.Code, Detail: d.Detail, Attempts: d.Attempts,
		DueAt: d.DueAt, CreatedAt: d.CreatedAt, FinalAt: d.FinalAt,
	}
}

type listDeliveriesInput struct {
	KeyInput
	PageQuery
	State string `query:"state" enum:"pending,claimed,sending,sent,failed,suppressed,expired,canceled,held_out,unknown"`
}

func (s *server) listDeliveries(ctx context.Context, p engine.Principal, in *listDeliveriesInput) (*listReply[deliveryView], error) {
	page, err := in.page("d")
	if err != nil {
		return nil, err
	}
	rows, err := s.Reports.Deliveries(ctx, p, in.key(), campaigns.DeliveryState(in.State), page)
	if err != nil {
		return nil, err
	}
	lang := requestOf(ctx).lang
	return pageOf(in.PageQuery, "d", page, rows, func(r reports.DeliveryRow) int64 { return int64(r.ID) },
		func(r reports.DeliveryRow) deliveryView { return viewDelivery(r, lang) }), nil
}

// responseView is one answer.
type responseView struct {
	ID         string                 `json:"id"`
	Member     string                 `json:"member,omitempty" doc:"The external id; absent for one who has none"`
	MemberID   string                 `json:"member_id"`
	Enrollment string                 `json:"enrollment_id"`
	Version    int                    `json:"version"`
	Question   string                 `json:"question"`
	Step       campaigns.StepID       `json:"step"`
	Visit      int                    `json:"visit"`
	Type       campaigns.QuestionType `json:"type"`
	Value      any                    `json:"value,omitempty" doc:"A text, a number, true or false, or a list of texts; absent when the member was erased"`
	Erased     bool                   `json:"erased,omitempty"`
	Late       bool                   `json:"late,omitempty" doc:"It came after the question's time limit"`
	Channel    campaigns.Channel      `json:"channel,omitempty"`
	Revision   int64                  `json:"revision" doc:"1, and one more for each time the member changed the answer"`
	AnsweredAt time.Time              `json:"answered_at"`
}

func viewResponse(r reports.ResponseRow) responseView {
	v := responseView{
		ID: idText(r.ID), Member: r.ExternalID, MemberID: idText(r.Member), Enrollment: idText(r.Enrollment), Version: r.Version, Question: r.Question,
		Step: r.Step, Visit: r.Visit, Type: r.Answer.Type, Erased: r.Erased, Late: r.Answer.Late, Channel: r.Answer.Channel, Revision: r.Rev, AnsweredAt: r.AnsweredAt,
	}
	if !r.Erased {
		v.Value = reports.Value(r.Answer)
	}
	return v
}

type listResponsesInput struct {
	KeyInput
	PageQuery
	Question string `query:"question" maxLength:"64"`
	Format   string `query:"format" enum:"json,csv"`
	Accept   string `header:"Accept" hidden:"true"`
}

func (in *listResponsesInput) csv() bool {
	return in.Format == "csv" || in.Format == "" && strings.HasPrefix(strings.TrimSpace(in.Accept), csvType)
}

func (s *server) listResponses(ctx context.Context, p engine.Principal, in *listResponsesInput) (*huma.StreamResponse, error) {
	if in.csv() {
		return s.responsesCSV(ctx, p, in)
	}
	page, err := in.page("r")
	if err != nil {
		return nil, err
	}
	rows, err := s.Reports.Responses(ctx, p, in.key(), in.Question, page)
	if err != nil {
		return nil, err
	}
	out := pageOf(in.PageQuery, "r", page, rows, func(r reports.ResponseRow) int64 { return r.ID }, viewResponse)
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", jsonType)
		c.SetHeader("Vary", "Accept")
		_ = json.NewEncoder(c.BodyWriter()).Encode(out.Body) // fails only when the caller went away
	}}, nil
}

func (s *server) responsesCSV(ctx context.Context, p engine.Principal, in *listResponsesInput) (*huma.StreamResponse, error) {
	table, err := s.Reports.ResponsesCSV(ctx, p, in.key(), in.Question)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", csvType+"; charset=utf-8; header=present")
		c.SetHeader("Content-Disposition", `attachment; filename="responses.csv"`)
		c.SetHeader("Vary", "Accept")
		if err := table.Write(c.Context(), c.BodyWriter()); err != nil {
			s.logFault(ctx, "internal", err)
			panic(http.ErrAbortHandler) // the connection breaks, so that nobody takes a part for the whole
		}
	}}, nil
}
