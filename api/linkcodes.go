package api

import (
	"context"
	"net/http"
	"time"

	"github.com/kruzhok/kruzhok/engine"
)

// linkCodeView is a code that connects a Telegram chat.
type linkCodeView struct {
	Code      string    `json:"code" doc:"Good once: the member types it behind /link"`
	URL       string    `json:"url,omitempty" doc:"Opens the bot with the code; absent while the bot's name is not known"`
	ExpiresAt time.Time `json:"expires_at"`
}

type linkCodeReply struct{ Body linkCodeView }

func (s *server) linkCodeOperation(path string) {
	add(s, operation{
		id: "create-link-code", method: http.MethodPost, path: path, tag: "Members", scope: engine.MembersWrite, bare: true, once: true, secret: true,
		summary: "Make a code that connects a Telegram chat", status: http.StatusCreated, errors: []int{http.StatusNotFound, http.StatusConflict},
		doc: "For a platform's button “connect Telegram”. Whoever presses Start behind the link becomes this member; if the chat belongs to another " +
			"member already, the two become one. The code works once, for 15 minutes.",
	}, s.createLinkCode)
}

func (s *server) createLinkCode(ctx context.Context, p engine.Principal, in *MemberKey) (*linkCodeReply, error) {
	c, err := s.Engine.MakeLinkCode(ctx, p, in.ExternalID)
	if err != nil {
		return nil, err
	}
	return &linkCodeReply{Body: linkCodeView{Code: c.Code, URL: c.URL, ExpiresAt: c.ExpiresAt}}, nil
}
