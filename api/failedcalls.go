package api

import (
	"context"
	"net/http"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// failedCalls names calls of another system that failed.
type failedCalls struct {
	Campaign campaigns.Key    `json:"campaign" maxLength:"64"`
	Step     campaigns.StepID `json:"step" maxLength:"64"`
	Endpoint string           `json:"endpoint" maxLength:"64"`
	Reason   campaigns.Reason `json:"reason" enum:"call_timed_out,call_refused,call_gone,call_unknown,call_forbidden,call_too_much,call_unmade,call_not_made"`
}

type failedCallsView struct {
	failedCalls
	Sentence string    `json:"reason_sentence" doc:"The reason in the asked language"`
	N        int       `json:"n"`
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
}

// failedNotices names notices that did not reach the staff.
type failedNotices struct {
	Campaign campaigns.Key     `json:"campaign" maxLength:"64"`
	Step     campaigns.StepID  `json:"step" maxLength:"64"`
	Channel  campaigns.Channel `json:"channel" enum:"telegram,email," doc:"Empty where the settings named nobody at all"`
	Reason   campaigns.Reason  `json:"reason" maxLength:"64"`
}

type failedNoticesView struct {
	failedNotices
	Sentence string    `json:"reason_sentence" doc:"The reason in the asked language"`
	N        int       `json:"n"`
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
}

func (s *server) failedCallOperations() {
	add(s, operation{
		id: "list-failed-calls", method: http.MethodGet, path: "/v1/failed-calls", tag: "Dead letters", scope: engine.MembersRead,
		summary: "List calls of other systems that failed", doc: "By campaign, step, endpoint and reason, the latest first. It looks among the newest 10,000.",
	}, s.listFailedCalls)
	add(s, operation{
		id: "make-failed-calls", method: http.MethodPost, path: "/v1/failed-calls/retry", tag: "Dead letters", scope: engine.CampaignsWrite,
		summary: "Make those of one kind once more",
		doc:     "Once the cause is gone: under their old webhook-id, with the values of now, for a day at most. The members have gone on, and what is answered is not used.",
		status:  http.StatusOK, errors: []int{http.StatusNotFound, http.StatusConflict},
	}, s.makeFailedCalls)
	add(s, operation{
		id: "list-failed-notices", method: http.MethodGet, path: "/v1/failed-notices", tag: "Dead letters", scope: engine.MembersRead,
		summary: "List notices that did not reach the staff", doc: "By campaign, step, channel and reason, the latest first. It looks among the newest 10,000. No address of the staff is told.",
	}, s.listFailedNotices)
	add(s, operation{
		id: "tell-failed-notices", method: http.MethodPost, path: "/v1/failed-notices/retry", tag: "Dead letters", scope: engine.CampaignsWrite,
		summary: "Tell the staff those of one kind after all", doc: "To whom the settings name now, and to nobody twice.",
		status: http.StatusOK, errors: []int{http.StatusNotFound},
	}, s.tellFailedNotices)
}

type failedCallsReply struct {
	Body struct {
		Items []failedCallsView `json:"items"`
	}
}

func (s *server) listFailedCalls(ctx context.Context, p engine.Principal, _ *struct{}) (*failedCallsReply, error) {
	lang := requestOf(ctx).lang
	all, err := s.Reports.Unanswered(ctx, p, lang)
	if err != nil {
		return nil, err
	}
	out := &failedCallsReply{}
	out.Body.Items = make([]failedCallsView, 0, len(all))
	for _, m := range all {
		k := m.FailedKind
		out.Body.Items = append(out.Body.Items, failedCallsView{failedCalls{k.Campaign, k.Step, m.Endpoint, k.Reason}, sentence(lang, k.Reason), m.N, m.First, m.Last})
	}
	return out, nil
}

type failedCallsInput struct{ Body failedCalls }

type calledAgainReply struct {
	Body struct {
		Waiting int `json:"waiting" doc:"That wait to be made now"`
	}
}

func (s *server) makeFailedCalls(ctx context.Context, p engine.Principal, in *failedCallsInput) (*calledAgainReply, error) {
	n, err := s.Engine.CallAgain(ctx, p, engine.FailedCalls(in.Body))
	if err != nil {
		return nil, err
	}
	out := &calledAgainReply{}
	out.Body.Waiting = n
	return out, nil
}

type failedNoticesReply struct {
	Body struct {
		Items []failedNoticesView `json:"items"`
	}
}

func (s *server) listFailedNotices(ctx context.Context, p engine.Principal, _ *struct{}) (*failedNoticesReply, error) {
	lang := requestOf(ctx).lang
	all, err := s.Reports.Untold(ctx, p, lang)
	if err != nil {
		return nil, err
	}
	out := &failedNoticesReply{}
	out.Body.Items = make([]failedNoticesView, 0, len(all))
	for _, m := range all {
		k := m.FailedKind
		out.Body.Items = append(out.Body.Items, failedNoticesView{failedNotices(k), sentence(lang, k.Reason), m.N, m.First, m.Last})
	}
	return out, nil
}

type failedNoticesInput struct{ Body failedNotices }

type toldAgainReply struct {
	Body struct {
		Waiting int `json:"waiting" doc:"That wait to be told now"`
		Nobody  int `json:"nobody" doc:"For whom the settings still name nobody"`
	}
}

func (s *server) tellFailedNotices(ctx context.Context, p engine.Principal, in *failedNoticesInput) (*toldAgainReply, error) {
	sum, err := s.Engine.TellAgain(ctx, p, engine.FailedKind(in.Body))
	if err != nil {
		return nil, err
	}
	out := &toldAgainReply{}
	out.Body.Waiting, out.Body.Nobody = sum.N, sum.Nobody
	return out, nil
}
