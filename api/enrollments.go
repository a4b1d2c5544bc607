package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
)

// enrollmentView is one member's passage.
type enrollmentView struct {
	ID        string                    `json:"id"`
	Member    string                    `json:"member,omitempty" doc:"The external id; absent for one who has none"`
	MemberID  string                    `json:"member_id"`
	Version   int                       `json:"version"`
	Source    string                    `json:"source" doc:"What brought the member in"`
	Key       string                    `json:"key,omitempty" doc:"What the passage is about, in a campaign whose runs have a key"`
	State     campaigns.EnrollmentState `json:"state" enum:"active,waiting,completed,exited"`
	Reason    campaigns.Reason          `json:"reason,omitempty" doc:"Why it ended, as a stable word"`
	Sentence  string                    `json:"reason_sentence,omitempty" doc:"The reason in the asked language, and what happens next"`
	Step      campaigns.StepID          `json:"step,omitempty"`
	Wait      campaigns.WaitKind        `json:"wait,omitempty" doc:"What a waiting passage waits for"`
	DueAt     *time.Time                `json:"due_at,omitempty"`
	EnteredAt time.Time                 `json:"entered_at"`
	EndedAt   *time.Time                `json:"ended_at,omitempty"`
}

func viewEnrollment(e *engine.Enrollment, externalID, lang string) enrollmentView {
	return enrollmentView{
		ID: idText(e.ID), Member: externalID, MemberID: idText(e.Member), Version: e.Version, Source: e.Source, Key: e.RunKey, State: e.State,
		Reason: e.Reason, Sentence: sentence(lang, e.Reason), Step: e.Step, Wait: e.WaitKind, DueAt: e.DueAt, EnteredAt: e.EnteredAt, EndedAt: e.EndedAt,
	}
}

// sentence is the reason in the language.
func sentence(lang string, r campaigns.Reason) string {
	if r == "" || !locale.Has("reason."+string(r)) {
		return ""
	}
	return locale.T(lang, "reason."+string(r), nil)
}

func (s *server) enrollmentOperations() {
	add(s, operation{
		id: "enroll-members", method: http.MethodPost, path: "/v1/campaigns/{key}/enrollments", tag: "Enrollments", scope: engine.CampaignsWrite,
		summary: "Enroll members by hand", once: true, max: s.MaxBatch, status: http.StatusOK, errors: []int{http.StatusNotFound, http.StatusConflict},
		doc: "Up to 10,000 members, by external id or, for who has none, by the service's own id. Each has its own answer; one that cannot be enrolled stops no other. In a campaign whose runs have a key, key says what the runs are about. In one that begins by an event, data stands for what the event would bring.",
	}, s.enroll)
	add(s, operation{
		id: "list-enrollments", method: http.MethodGet, path: "/v1/campaigns/{key}/enrollments", tag: "Enrollments", scope: engine.CampaignsRead,
		summary: "List who is or was inside", errors: []int{http.StatusNotFound},
	}, s.listEnrollments)
	add(s, operation{
		id: "withdraw-enrollment", method: http.MethodDelete, path: "/v1/campaigns/{key}/enrollments/{id}", tag: "Enrollments", scope: engine.CampaignsWrite,
		summary: "Take one member out", status: http.StatusOK, errors: []int{http.StatusNotFound},
		doc: "One that is over already stays as it is.",
	}, s.withdraw)
}

type enrollInput struct {
	KeyInput
	Body enrollBody
}

type enrollBody struct {
	Members   []string        `json:"members,omitempty" nullable:"false" doc:"External ids"`
	MemberIDs []string        `json:"member_ids,omitempty" nullable:"false" doc:"The service's own ids of members; their answers follow those of members"`
	Key       string          `json:"key,omitempty" maxLength:"64" doc:"What the runs are about, in a campaign whose runs have a key: what its event would bring. Absent: the field of data says it"`
	Data      json.RawMessage `json:"data,omitempty"`
}

// TransformSchema makes data any object; huma would take the bytes for a list.
func (enrollBody) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Properties["data"] = &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "What the event would bring with which the campaign begins, for all who are named: an object of at most 32 KiB. Texts, waits and the key read it; what the entry asks of it and of the member is not asked",
	}
	s.PrecomputeMessages()
	return s
}

type enrollReply struct {
	Body struct {
		Results []enrollResult `json:"results" nullable:"false"`
	}
}

type enrollResult struct {
	Member     string             `json:"member" doc:"The external id; empty for who was named by member_ids"`
	MemberID   string             `json:"member_id,omitempty" doc:"Absent where nobody is known by the name"`
	Result     engine.EntryResult `json:"result" enum:"enrolled,already_active,reentry,not_found,erased,no_address"`
	Enrollment string             `json:"enrollment_id,omitempty"`
	AgainFrom  *time.Time         `json:"again_from,omitempty" doc:"With reentry: from when the entry rule lets the member in again, by their clock; absent where it never does"`
	What       string             `json:"what" doc:"The result in the asked language"`
}

func (s *server) enroll(ctx context.Context, p engine.Principal, in *enrollInput) (*enrollReply, error) {
	who := engine.Enrolling{ExternalIDs: in.Body.Members, Key: in.Body.Key, Data: in.Body.Data}
	for _, text := range in.Body.MemberIDs {
		id, err := readID(text, "member")
		if err != nil {
			return nil, err
		}
		who.Members = append(who.Members, campaigns.MemberID(id))
	}
	if len(in.Body.Members)+len(who.Members) == 0 {
		return nil, fault.New(fault.Invalid, "invalid.nobody_to_enroll", nil)
	}
	results, err := s.Engine.EnrollAs(ctx, p, in.key(), who)
	if err != nil {
		return nil, err
	}
	out := &enrollReply{}
	out.Body.Results = make([]enrollResult, len(results))
	for i, r := range results {
		out.Body.Results[i] = enrollResult{r.ExternalID, idText(r.Member), r.Result, idText(r.Enrollment), r.Again.From, s.Reports.Admission(requestOf(ctx).lang, r)}
	}
	return out, nil
}

type listEnrollmentsInput struct {
	KeyInput
	PageQuery
	State string `query:"state" enum:"active,waiting,completed,exited"`
}

func (s *server) listEnrollments(ctx context.Context, p engine.Principal, in *listEnrollmentsInput) (*listReply[enrollmentView], error) {
	page, err := in.page("e")
	if err != nil {
		return nil, err
	}
	rows, err := s.Reports.Enrollments(ctx, p, in.key(), campaigns.EnrollmentState(in.State), page)
	if err != nil {
		return nil, err
	}
	lang := requestOf(ctx).lang
	return pageOf(in.PageQuery, "e", page, rows, func(r reports.EnrollmentRow) int64 { return int64(r.ID) }, func(r reports.EnrollmentRow) enrollmentView {
		return viewEnrollment(r.Enrollment, r.ExternalID, lang)
	}), nil
}

type enrollmentInput struct {
	KeyInput
	ID string `path:"id"`
}

type enrollmentReply struct{ Body enrollmentView }

func (s *server) withdraw(ctx context.Context, p engine.Principal, in *enrollmentInput) (*enrollmentReply, error) {
	id, err := readID(in.ID, "enrollment")
	if err != nil {
		return nil, err
	}
	e, err := s.Engine.Withdraw(ctx, p, in.key(), campaigns.EnrollmentID(id))
	if err != nil {
		return nil, err
	}
	return &enrollmentReply{viewEnrollment(e, "", requestOf(ctx).lang)}, nil
}
