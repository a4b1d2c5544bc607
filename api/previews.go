package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// previewBody says which messages are to be seen, and as whose.
type previewBody struct {
	Campaign   campaigns.Key        `json:"campaign,omitempty" doc:"The key of the campaign whose draft is seen; needed where there is no definition"`
	Version    int                  `json:"version,omitempty" minimum:"1" doc:"A published version instead of the draft"`
	Definition *simulatedDefinition `json:"definition,omitempty" doc:"A definition that is kept nowhere, instead of a campaign"`
	Step       campaigns.StepID     `json:"step,omitempty" doc:"Absent: every step that sends or tells the staff"`
	Channel    campaigns.Channel    `json:"channel,omitempty" enum:"telegram,email" doc:"Absent: each channel of the step"`
	Member     previewMember        `json:"member,omitempty"`
	Calls      map[string]any       `json:"calls,omitempty" doc:"What other systems are assumed to have answered, by the names of calls: an object of fields, or \"fails\""`
	Event      map[string]any       `json:"event_data,omitempty" doc:"What the event is assumed to have told with which the run began, by field"`
	Answers    map[string]any       `json:"answers,omitempty" doc:"Assumed answers by the name under which each is kept: an option's value (several as a list), a number, a text, or true and false"`
	Round      int                  `json:"round,omitempty" minimum:"1" maximum:"366" doc:"The round of a repeat; absent: the first"`
}

// previewMember is somebody who is there, or made up.
type previewMember struct {
	ID         string         `json:"id,omitempty" doc:"A member who is there, by Kruzhok's id; needs the scope members:read"`
	ExternalID string         `json:"external_id,omitempty" doc:"A member who is there, by the platform's id; needs the scope members:read"`
	FirstName  string         `json:"first_name,omitempty" maxLength:"200" doc:"Of somebody made up, like the next two"`
	LastName   string         `json:"last_name,omitempty" maxLength:"200"`
	Language   campaigns.Lang `json:"language,omitempty" maxLength:"35" doc:"Absent: the campaign's first"`
	Attributes map[string]any `json:"attributes,omitempty" doc:"Assumed; over those of a member who is there. formality says how they are addressed: informal or formal"`
}

type previewInput struct{ Body previewBody }

type previewReply struct {
	Body struct {
		Messages []previewView `json:"messages" nullable:"false"`
	}
}

// previewView is one message as it would be.
type previewView struct {
	Step      campaigns.StepID    `json:"step"`
	Channel   campaigns.Channel   `json:"channel"`
	Language  campaigns.Lang      `json:"language" doc:"Of its texts"`
	Staff     bool                `json:"staff" doc:"It tells the staff about the member (notify); nothing comes to the member"`
	Fallback  bool                `json:"fallback" doc:"The campaign does not have the member's language"`
	Formality campaigns.Formality `json:"formality,omitempty" enum:"informal,formal" doc:"The form of address that is shown, where its texts have two; the member's attribute formality shows the other"`
	Missing   []string            `json:"missing" nullable:"false" doc:"Variables of its texts that have no value"`
	Telegram  []previewPart       `json:"telegram,omitempty" doc:"The messages in the chat, one after another"`
	Mail      *previewMail        `json:"mail,omitempty"`
}

type previewPart struct {
	HTML     string            `json:"html" doc:"As the Bot API takes it with parse_mode HTML"`
	Media    *previewMedia     `json:"media,omitempty"`
	Keyboard [][]previewButton `json:"keyboard,omitempty" doc:"Row by row"`
}

type previewMedia struct {
	Kind   channels.MediaKind `json:"kind"`
	Source string             `json:"source"`
	Lost   bool               `json:"not_there" doc:"The file is not in the media folder: the message would fail"`
}

type previewButton struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty" doc:"Absent: it answers the question"`
}

type previewMail struct {
	Subject string `json:"subject"`
	From    string `json:"from"`
	HTML    string `json:"html" doc:"The whole HTML part: show it where nothing in it can act"`
	Text    string `json:"text"`
}

func (s *server) previewOperation() {
	add(s, operation{
		id: "preview-messages", method: http.MethodPost, path: "/v1/previews", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "See what a step's messages would be", max: s.MaxBatch, errors: []int{http.StatusNotFound},
		doc: "Renders steps of a draft, of a published version or of a definition with the renderer that sends, for a member who is there or for somebody made up. " +
			"Nothing is sent and nothing is kept; links and buttons of Kruzhok lead nowhere. It is a POST because what is asked may be long.",
	}, s.preview)
}

func (s *server) preview(ctx context.Context, p engine.Principal, in *previewInput) (*previewReply, error) {
	r, wrong := in.Body.request(requestOf(ctx).lang)
	if len(wrong) > 0 {
		return nil, fault.New(fault.Invalid, "invalid.preview", nil).With(wrong...)
	}
	if text := in.Body.Member.ID; text != "" {
		id, err := readID(text, "member")
		if err != nil {
			return nil, err
		}
		r.Member = campaigns.MemberID(id)
	}
	seen, err := s.Engine.Preview(ctx, p, r)
	if err != nil {
		return nil, err
	}
	out := &previewReply{}
	for _, m := range seen.Messages {
		out.Body.Messages = append(out.Body.Messages, viewPreview(&m))
	}
	return out, nil
}

// request is what is asked of the engine, or the answers that are none.
func (b *previewBody) request(lang string) (r engine.PreviewRequest, wrong []fault.Detail) {
	r = engine.PreviewRequest{
		Key: b.Campaign, Version: b.Version, Step: b.Step, Channel: b.Channel, ExternalID: b.Member.ExternalID, FirstName: b.Member.FirstName,
		LastName: b.Member.LastName, Language: b.Member.Language, Attributes: b.Member.Attributes, Calls: b.Calls, Event: b.Event, Answers: map[string][]string{}, Round: b.Round, Speak: lang,
	}
	if b.Definition != nil {
		r.Draft = &engine.Draft{Source: b.Definition.Source, Format: definition.Format(cmp.Or(b.Definition.Format, string(definition.YAML)))}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Answers)) {
		list, several := b.Answers[name].([]any)
		if !several {
			list = []any{b.Answers[name]}
		}
		for _, v := range list {
			text, ok := typed(v)
			if !ok {
				wrong = append(wrong, fault.Detail{Path: "answers." + name, Code: "preview_answer_form"})
				break
			}
			r.Answers[name] = append(r.Answers[name], text)
		}
	}
	return r, wrong
}

// typed is a JSON value as a member would type it; false: nobody types such a thing.
func typed(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

func viewPreview(m *engine.PreviewMessage) previewView {
	v := previewView{Step: m.Step, Channel: m.Channel, Language: m.Lang, Staff: m.Staff, Fallback: m.Fallback, Formality: m.Formality, Missing: append([]string{}, m.Missing...)}
	for _, part := range m.Parts {
		x := previewPart{HTML: part.HTML}
		if part.Media != nil {
			x.Media = &previewMedia{part.Media.Kind, part.Media.Source, part.Media.Source == m.Lost}
		}
		for _, row := range part.Keyboard {
			var keys []previewButton
			for _, b := range row {
				keys = append(keys, previewButton{b.Text, b.URL})
			}
			x.Keyboard = append(x.Keyboard, keys)
		}
		v.Telegram = append(v.Telegram, x)
	}
	if m.Mail != nil {
		v.Mail = &previewMail{m.Mail.Subject, m.Mail.FromName + " <" + m.Mail.FromAddress + ">", string(m.Mail.HTML), string(m.Mail.Text)}
	}
	return v
}
