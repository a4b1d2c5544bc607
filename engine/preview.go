package engine

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// Preview is what messages would be. Nothing of it was sent or kept, and its links and buttons lead nowhere. It may hold personal values: never log it.
type Preview struct {
	Definition *definition.Definition
	Messages   []PreviewMessage
	// Page is what the page behind a mail asks, where the step that was named is a question.
	Page *SurveyPage
}

// PreviewMessage is one step's message on one channel.
type PreviewMessage struct {
	Step    campaigns.StepID
	Channel campaigns.Channel
	Lang    campaigns.Lang
	// Staff: it tells those who run the community about the member (notify), and nothing comes to the member.
	Staff bool
	// Fallback: the campaign does not have the member's language, so this is its first.
	Fallback bool
	// Formality is the form of address that the texts are shown in; empty where they have no two.
	Formality campaigns.Formality
	// Parts are what Telegram would get, one after another.
	Parts []*channels.Message
	Mail  *channels.Mail
	// Missing are the variables of the text that have no value: nothing stands there, or what "default" says.
	Missing []string
	// Lost is the media file that is not there; empty: none is.
	Lost string
}

// Preview renders steps as they would be sent. Scope campaigns:read, and members:read where a member is named. Faults: those of the definition, and invalid.preview,
// which names each place.
func (e *Engine) Preview(ctx context.Context, p Principal, r PreviewRequest) (*Preview, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	if wrong := r.ambiguous(); len(wrong) > 0 {
		return nil, fault.New(fault.Invalid, "invalid.preview", nil).With(wrong...)
	}
	member, err := e.previewMember(ctx, p, &r)
	if err != nil {
		return nil, err
	}
	d, err := e.previewDraft(ctx, p, r)
	if err != nil {
		return nil, err
	}
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	return e.preview(d, c, member, r)
}

// PreviewAlone is Preview without a service: of a draft, with somebody who is made up.
func PreviewAlone(o Options, c *store.Community, r PreviewRequest) (*Preview, error) {
	return (&Engine{Options: o}).preview(*r.Draft, c, nil, r)
}

func (e *Engine) previewMember(ctx context.Context, p Principal, r *PreviewRequest) (*store.Profile, error) {
	var m *MemberView
	var err error
	switch {
	case r.Member != 0:
		m, err = e.MemberByID(ctx, p, r.Member)
	case r.ExternalID != "":
		m, err = e.Member(ctx, p, r.ExternalID)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &m.Profile, nil
}

func (e *Engine) previewDraft(ctx context.Context, p Principal, r PreviewRequest) (Draft, error) {
	if r.Draft != nil {
		return *r.Draft, nil
	}
	if r.Version == 0 {
		c, err := e.Campaign(ctx, p, r.Key)
		if err != nil {
			return Draft{}, err
		}
		return Draft{c.Draft, definition.Format(c.DraftFormat)}, nil
	}
	v, err := e.Version(ctx, p, r.Key, r.Version)
	if err != nil {
		return Draft{}, err
	}
	return Draft{v.Source, definition.Format(v.Format)}, nil
}

// preview renders by the same code that sends. member nil: somebody is made up.
func (e *Engine) preview(d Draft, c *store.Community, member *store.Profile, r PreviewRequest) (*Preview, error) {
	def, err := parseDraft(d)
	if err != nil {
		return nil, err
	}
	v := previewing{e: e, l: &live{def: def, texts: map[string]*templates.Text{}}, c: c, r: r, p: member}
	if v.p == nil {
		v.p = invented(def, r)
	}
	v.assume()
	steps := v.steps()
	v.checkRound(steps)
	if len(v.wrong) > 0 {
		return nil, fault.New(fault.Invalid, "invalid.preview", nil).With(v.wrong...)
	}
	out := &Preview{Definition: def}
	for _, s := range steps {
		for _, ch := range v.channels(s) {
			m, err := v.message(s, ch)
			if err != nil {
				return nil, err
			}
			out.Messages = append(out.Messages, *m)
		}
	}
	if len(out.Messages) == 0 {
		return nil, fault.New(fault.Invalid, "invalid.preview", nil).With(v.unused())
	}
	if r.Step != "" && steps[0].Ask() != nil {
		out.Page, err = v.page(steps[0])
	}
	return out, err
}

// invented is somebody who can be reached on every channel that there is.
func invented(def *definition.Definition, r PreviewRequest) *store.Profile {
	p := &store.Profile{Addresses: members.Addresses{{Channel: campaigns.Email}, {Channel: campaigns.Telegram}}}
	p.FirstName, p.LastName, p.Language = r.FirstName, r.LastName, r.Language
	if p.Language == "" {
		p.Language = def.Languages[0]
	}
	return p
}
