package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
)

// MemberFields are what may be told about a member. An absent field stays as it is, null and "" empty it.
type MemberFields struct {
	FirstName      opt[string]     `json:"first_name,omitempty"`
	LastName       opt[string]     `json:"last_name,omitempty"`
	Language       opt[string]     `json:"language,omitempty" doc:"A BCP 47 tag such as en or pt-BR; empty: the community's first"`
	TimeZone       opt[string]     `json:"time_zone,omitempty" doc:"An IANA name such as Europe/Berlin; empty: the community's"`
	QuietHours     opt[quietHours] `json:"quiet_hours,omitempty" doc:"Hours of the member's own clock in which nothing comes by itself, beside the campaign's; null: none"`
	Email          opt[string]     `json:"email,omitempty" doc:"Empty takes the address away. An address is not consent"`
	TelegramChatID opt[chatID]     `json:"telegram_chat_id,omitempty" doc:"The private chat with the bot, as a number or its digits"`
	Attributes     map[string]any  `json:"attributes,omitempty" doc:"Texts, numbers, true or false; merged by name, null removes one. formality is informal or formal: how the member is addressed"`
	Tags           opt[[]string]   `json:"tags,omitempty" doc:"Replaces all tags"`
	Consents       []consentFields `json:"consents,omitempty" doc:"Added to the ledger where they change something"`
}

// quietHours is a span of the day by the member's clock.
type quietHours struct {
	From string `json:"from" doc:"Such as 22:00"`
	To   string `json:"to" doc:"Such as 08:00"`
}

type consentFields struct {
	Channel string `json:"channel" enum:"telegram,email"`
	Topic   string `json:"topic,omitempty" doc:"Absent: every topic. Where the community lists its topics, a consent to another one is refused"`
	Source  string `json:"source" doc:"Where the member agreed, such as signup form"`
	Wording string `json:"wording,omitempty" doc:"Which words were shown"`
	Given   *bool  `json:"given,omitempty" doc:"false: withdrawn. Absent: given"`
}

func (f MemberFields) input(externalID string) engine.MemberInput {
	in := engine.MemberInput{
		ExternalID: externalID, FirstName: f.FirstName.pointer(), LastName: f.LastName.pointer(), Language: f.Language.pointer(),
		TimeZone: f.TimeZone.pointer(), Email: f.Email.pointer(), TelegramChatID: text(f.TelegramChatID.pointer()),
		Attributes: f.Attributes, Tags: f.Tags.pointer(),
	}
	if q := f.QuietHours.pointer(); q != nil {
		in.QuietHours = &engine.QuietInput{From: q.From, To: q.To}
	}
	for _, c := range f.Consents {
		in.Consents = append(in.Consents, engine.ConsentInput{Channel: channelOf(c.Channel), Topic: c.Topic, Source: c.Source, Wording: c.Wording, Given: c.Given})
	}
	return in
}

// namedMember is a member with the platform's own id.
type namedMember struct {
	ExternalID string `json:"external_id" minLength:"1" doc:"The platform's own id of the member"`
	MemberFields
}

// memberView is what is known about a member.
type memberView struct {
	ID             string         `json:"id"`
	ExternalID     string         `json:"external_id,omitempty" doc:"Absent for one who came by the bot alone, and for one who was erased"`
	State          members.State  `json:"state" enum:"active,erased"`
	FirstName      string         `json:"first_name"`
	LastName       string         `json:"last_name"`
	Language       string         `json:"language"`
	TimeZone       string         `json:"time_zone"`
	QuietHours     *quietHours    `json:"quiet_hours,omitempty" doc:"The member's own"`
	Email          string         `json:"email,omitempty"`
	TelegramChatID string         `json:"telegram_chat_id,omitempty"`
	Addresses      []addressView  `json:"addresses" nullable:"false" doc:"Whether each address can be reached"`
	Attributes     map[string]any `json:"attributes" nullable:"false"`
	Tags           []string       `json:"tags" nullable:"false"`
	Consents       []consentView  `json:"consents" nullable:"false"`
	StoppedAt      *time.Time     `json:"stopped_at,omitempty" doc:"When the member turned everything off"`
	LastActAt      *time.Time     `json:"last_act_at,omitempty"`
	CreatedAt      time.Time      `json:"created_at"`
	UpdatedAt      time.Time      `json:"updated_at"`
}

type addressView struct {
	Channel    campaigns.Channel `json:"channel"`
	Reach      channels.Reach    `json:"reach"`
	Suppressed string            `json:"suppressed,omitempty" doc:"Why the address is on the suppression list"`
}

type consentView struct {
	Channel campaigns.Channel `json:"channel"`
	Topic   string            `json:"topic" doc:"* stands for every topic without an entry of its own"`
	Given   bool              `json:"given"`
}

func viewMember(m *engine.MemberView) memberView {
	v := memberView{
		ID: idText(m.ID), ExternalID: m.ExternalID, State: m.State, FirstName: m.FirstName, LastName: m.LastName,
		Language: string(m.Language), TimeZone: m.TimeZone, Email: m.Addresses.On(campaigns.Email).Value, TelegramChatID: m.Addresses.On(campaigns.Telegram).Value,
		Addresses: []addressView{}, Attributes: m.Attributes, Tags: append([]string{}, m.Tags...), Consents: []consentView{},
		StoppedAt: m.StoppedAt, LastActAt: m.LastActAt, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
	if m.Quiet != nil {
		v.QuietHours = &quietHours{m.Quiet.From.String(), m.Quiet.To.String()}
	}
	if v.Attributes == nil {
		v.Attributes = map[string]any{}
	}
	for _, ch := range m.Addresses.Channels() {
		v.Addresses = append(v.Addresses, addressView{ch, m.Addresses.On(ch).Reach, m.Addresses.On(ch).Suppressed})
	}
	for key, given := range m.Consents {
		v.Consents = append(v.Consents, consentView{key.Channel, key.Topic, given})
	}
	slices.SortFunc(v.Consents, func(a, b consentView) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Topic, b.Topic))
	})
	return v
}

type memberReply struct {
	Status   int
	Location string `header:"Location"`
	Body     memberView
}

func replyMember(m *engine.MemberView, status int, err error) (*memberReply, error) {
	if err != nil {
		return nil, err
	}
	out := &memberReply{Status: status, Body: viewMember(m)}
	if status == http.StatusCreated {
		out.Location = "/v1/members/" + url.PathEscape(m.ExternalID)
	}
	return out, nil
}

// MemberKey names the member.
type MemberKey struct {
	ExternalID string `path:"external_id" doc:"The platform's own id of the member"`
}

func (s *server) memberOperations() {
	one := "/v1/members/{external_id}"
	add(s, operation{
		id: "create-member", method: http.MethodPost, path: "/v1/members", tag: "Members", scope: engine.MembersWrite,
		summary: "Create a member", status: http.StatusCreated, once: true, errors: []int{http.StatusConflict},
	}, s.createMember)
	add(s, operation{
		id: "list-members", method: http.MethodGet, path: "/v1/members", tag: "Members", scope: engine.MembersRead,
		summary: "List members", doc: "With id: the one member with our own id, such as one who came by the bot alone.",
	}, s.listMembers)
	add(s, operation{
		id: "get-member", method: http.MethodGet, path: one, tag: "Members", scope: engine.MembersRead,
		summary: "Look at one member", errors: []int{http.StatusNotFound},
	}, s.getMember)
	add(s, operation{
		id: "put-member", method: http.MethodPut, path: one, tag: "Members", scope: engine.MembersWrite,
		summary: "Create or change a member", errors: []int{http.StatusConflict}, status: http.StatusOK,
		doc: "201 when the member is new, 200 otherwise. What is absent stays as it is.",
	}, s.putMember)
	add(s, operation{
		id: "patch-member", method: http.MethodPatch, path: one, tag: "Members", scope: engine.MembersWrite,
		summary: "Change a member who exists", errors: []int{http.StatusNotFound, http.StatusConflict}, status: http.StatusOK,
	}, s.patchMember)
	add(s, operation{
		id: "erase-member", method: http.MethodDelete, path: one, tag: "Members", scope: engine.MembersWrite,
		summary: "Erase a member", errors: []int{http.StatusNotFound}, status: http.StatusNoContent,
		doc: "Removes every personal value for good. What was sent stays counted, without values.",
	}, s.eraseMember)
	s.timelineOperation(one + "/timeline")
	s.linkCodeOperation(one + "/link-codes")
}

type createMemberInput struct{ Body namedMember }

func (s *server) createMember(ctx context.Context, p engine.Principal, in *createMemberInput) (*memberReply, error) {
	m, err := s.Engine.CreateMember(ctx, p, in.Body.input(in.Body.ExternalID))
	return replyMember(m, http.StatusCreated, err)
}

type listMembersInput struct {
	PageQuery
	ID string `query:"id" doc:"Our own id of a member"`
}

func (s *server) listMembers(ctx context.Context, p engine.Principal, in *listMembersInput) (*listReply[memberView], error) {
	if in.ID != "" {
		return s.memberByID(ctx, p, in.ID)
	}
	page, err := in.page("m")
	if err != nil {
		return nil, err
	}
	ms, err := s.Engine.Members(ctx, p, page)
	if err != nil {
		return nil, err
	}
	return pageOf(in.PageQuery, "m", page, ms, func(m *engine.MemberView) int64 { return int64(m.ID) }, viewMember), nil
}

func (s *server) memberByID(ctx context.Context, p engine.Principal, text string) (*listReply[memberView], error) {
	id, err := readID(text, "member")
	if err != nil {
		return nil, err
	}
	m, err := s.Engine.MemberByID(ctx, p, campaigns.MemberID(id))
	if err != nil {
		return nil, err
	}
	return &listReply[memberView]{Body: list[memberView]{Items: []memberView{viewMember(m)}}}, nil
}

func (s *server) getMember(ctx context.Context, p engine.Principal, in *MemberKey) (*memberReply, error) {
	m, err := s.Engine.Member(ctx, p, in.ExternalID)
	return replyMember(m, http.StatusOK, err)
}

type changeMemberInput struct {
	MemberKey
	Body MemberFields
}

func (s *server) putMember(ctx context.Context, p engine.Principal, in *changeMemberInput) (*memberReply, error) {
	m, created, err := s.Engine.UpsertMember(ctx, p, in.Body.input(in.ExternalID))
	if created {
		return replyMember(m, http.StatusCreated, err)
	}
	return replyMember(m, http.StatusOK, err)
}

func (s *server) patchMember(ctx context.Context, p engine.Principal, in *changeMemberInput) (*memberReply, error) {
	m, err := s.Engine.PatchMember(ctx, p, in.Body.input(in.ExternalID))
	return replyMember(m, http.StatusOK, err)
}

func (s *server) eraseMember(ctx context.Context, p engine.Principal, in *MemberKey) (*struct{}, error) {
	return nil, s.Engine.EraseMember(ctx, p, in.ExternalID)
}
