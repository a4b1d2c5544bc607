package api

import (
	"context"
	"net/http"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

// failedKind names messages that failed by our own fault.
type failedKind struct {
	Campaign campaigns.Key     `json:"campaign" maxLength:"64"`
	Step     campaigns.StepID  `json:"step" maxLength:"64"`
	Channel  campaigns.Channel `json:"channel" enum:"telegram,email"`
	Reason   campaigns.Reason  `json:"reason" enum:"render_failed,media_missing,stumbled"`
}

// failedMessagesView are those of one kind.
type failedMessagesView struct {
	Campaign  campaigns.Key     `json:"campaign,omitempty" doc:"Absent for a reply of the bot, which is not sent again"`
	Step      campaigns.StepID  `json:"step" doc:"Of a reply: its name"`
	Channel   campaigns.Channel `json:"channel"`
	Reason    campaigns.Reason  `json:"reason" enum:"render_failed,media_missing,stumbled"`
	Sentence  string            `json:"reason_sentence" doc:"The reason in the asked language, and what happens next"`
	N         int               `json:"n"`
	SendAgain bool              `json:"send_again" doc:"They may be sent after all: no question, no archived campaign, and this version can be read"`
	FirstAt   time.Time         `json:"first_at"`
	LastAt    time.Time         `json:"last_at"`
}

func viewFailedMessages(m reports.FailedMessages, lang string) failedMessagesView {
	k := m.FailedKind
	return failedMessagesView{
		Campaign: k.Campaign, Step: k.Step, Channel: k.Channel, Reason: k.Reason, Sentence: sentence(lang, k.Reason), N: m.N, SendAgain: m.Again,
		FirstAt: m.First, LastAt: m.Last,
	}
}

func (s *server) failedMessageOperations() {
	add(s, operation{
		id: "list-failed-messages", method: http.MethodGet, path: "/v1/failed-messages", tag: "Dead letters", scope: engine.MembersRead,
		summary: "List messages that failed through our fault", doc: "By campaign, step, channel and reason, the latest first. None of them left. It looks among the newest 100,000 messages.",
	}, s.listFailedMessages)
	add(s, operation{
		id: "send-failed-messages", method: http.MethodPost, path: "/v1/failed-messages/retry", tag: "Dead letters", scope: engine.CampaignsWrite,
		summary: "Send those of one kind after all", doc: "Once the cause is gone. Each is made once more, and asked for consent, pause and quiet hours as ever. A question is not asked again.",
		status: http.StatusOK, errors: []int{http.StatusNotFound, http.StatusConflict},
	}, s.sendFailedMessages)
}

type failedMessagesReply struct {
	Body struct {
		Items []failedMessagesView `json:"items"`
	}
}

func (s *server) listFailedMessages(ctx context.Context, p engine.Principal, _ *struct{}) (*failedMessagesReply, error) {
	lang := requestOf(ctx).lang
	all, err := s.Reports.Failed(ctx, p, lang)
	if err != nil {
		return nil, err
	}
	out := &failedMessagesReply{}
	out.Body.Items = make([]failedMessagesView, 0, len(all))
	for _, m := range all {
		out.Body.Items = append(out.Body.Items, viewFailedMessages(m, lang))
	}
	return out, nil
}

type failedKindInput struct{ Body failedKind }

type sentAgainReply struct {
	Body struct {
		Waiting int `json:"waiting" doc:"That wait to be sent now"`
		Still   int `json:"still_failed" doc:"That still cannot be made into a message"`
	}
}

func (s *server) sendFailedMessages(ctx context.Context, p engine.Principal, in *failedKindInput) (*sentAgainReply, error) {
	sum, err := s.Engine.SendAgain(ctx, p, engine.FailedKind(in.Body))
	if err != nil {
		return nil, err
	}
	out := &sentAgainReply{}
	out.Body.Waiting, out.Body.Still = sum.N, sum.Still
	return out, nil
}
