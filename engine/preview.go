package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// PreviewRequest says which messages are to be seen, and as whose.
type PreviewRequest struct {
	// Draft is what is seen; nil: the version of the campaign with the key, 0 its draft.
	Draft   *Draft
	Key     campaigns.Key
	Version int
	// Step and Channel: empty means every step that sends, on each of its channels.
	Step    campaigns.StepID
	Channel campaigns.Channel
	// Member and ExternalID name a member who is there; neither: somebody is made up.
	Member     campaigns.MemberID
	ExternalID string
	// FirstName, LastName and Language are of who is made up; Attributes stand over those of a member who is there.
	FirstName, LastName string
	Language            campaigns.Lang
	Attributes          map[string]any
	// Answers are assumed, by the name under which each is kept. A choice is its option's value, or what the member would type.
	Answers map[string][]string
	// Round is the round of a repeat that is seen; 0: the first.
	Round int
	// Speak is the language of sentences about what is wrong.
	Speak string
}

// Preview is what messages would be. Nothing of it was sent or kept, and its links and buttons lead nowhere. It may hold personal values: never log it.
type Preview struct {
	Definition *definition.Definition
	Messages   []PreviewMessage
}

// PreviewMessage is one step's message on one channel.
type PreviewMessage struct {
	Step    campaigns.StepID
	Channel campaigns.Channel
	Lang    campaigns.Lang
	// Fallback: the campaign does not have the member's language, so this is its first.
	Fallback bool
	// Parts are what Telegram would get, one after another.
	Parts []*channels.Message
	Mail  *channels.Mail
	// Missing are the variables of the text that have no value: nothing stands there, or what "default" says.
	Missing []string
}

// Preview renders steps as they would be sent. Scope campaigns:read, and members:read where a member is named. Faults: those of the definition, and invalid.preview,
// which names each place.
func (e *Engine) Preview(ctx context.Context, p Principal, r PreviewRequest) (*Preview, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
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
	return out, nil
}

// invented is somebody who can be reached on every channel that there is.
func invented(def *definition.Definition, r PreviewRequest) *store.Profile {
	p := &store.Profile{Addresses: map[campaigns.Channel]members.Address{campaigns.Telegram: {}, campaigns.Email: {}}}
	p.FirstName, p.LastName, p.Language = r.FirstName, r.LastName, r.Language
	if p.Language == "" {
		p.Language = def.Languages[0]
	}
	return p
}

// previewing is one preview in the making.
type previewing struct {
	e     *Engine
	l     *live
	c     *store.Community
	p     *store.Profile
	r     PreviewRequest
	en    decide.Enrollment
	wrong []fault.Detail
}

func (v *previewing) bad(path, code string, args map[string]any, expected []string) {
	v.wrong = append(v.wrong, fault.Detail{Path: path, Code: code, Args: args, Expected: strings.Join(expected, ", ")})
}

// assume puts what is assumed over what is known.
func (v *previewing) assume() {
	if len(v.r.Attributes) > 0 {
		p := *v.p // the profile may be another's too
		p.Attributes = maps.Clone(p.Attributes)
		if p.Attributes == nil {
			p.Attributes = map[string]any{}
		}
		maps.Copy(p.Attributes, v.r.Attributes)
		v.p = &p
	}
	asks := map[string]*definition.Ask{}
	for _, s := range v.l.def.Questions() {
		asks[s.SavesAs()] = s.Ask()
	}
	v.en.Answers = map[string]campaigns.Answer{}
	for _, name := range slices.Sorted(maps.Keys(v.r.Answers)) {
		if ask := asks[name]; ask != nil {
			v.answer(name, ask, v.r.Answers[name])
			continue
		}
		v.bad("answers."+name, "preview_question", map[string]any{"name": name}, slices.Sorted(maps.Keys(asks)))
	}
}

// steps are those that are to be seen.
func (v *previewing) steps() []*definition.Step {
	speak := slices.DeleteFunc(slices.Clone(v.l.def.Order), func(s *definition.Step) bool { return len(v.l.def.ChannelsOf(s)) == 0 })
	if v.r.Step == "" {
		return speak
	}
	s := v.l.def.Step(v.r.Step)
	var ids []string
	for _, x := range speak {
		ids = append(ids, string(x.ID))
	}
	switch {
	case s == nil:
		v.bad("step", "preview_step", map[string]any{"step": string(v.r.Step)}, ids)
	case len(v.l.def.ChannelsOf(s)) == 0:
		v.bad("step", "preview_silent", map[string]any{"step": string(v.r.Step), "does": s.Does()}, ids)
	case v.r.Channel != "" && len(v.channels(s)) == 0:
		v.wrong = append(v.wrong, v.unused(v.l.def.ChannelsOf(s)...))
	}
	return []*definition.Step{s}
}

// unused says that a channel is none of these; without any, none of the campaign's.
func (v *previewing) unused(list ...campaigns.Channel) fault.Detail {
	if len(list) == 0 {
		list = v.l.def.Channels
	}
	var names []string
	for _, ch := range list {
		names = append(names, string(ch))
	}
	if v.r.Channel == "" {
		return fault.Detail{Path: "step", Code: "preview_nothing"}
	}
	return fault.Detail{Path: "channel", Code: "preview_channel", Args: map[string]any{"channel": string(v.r.Channel)}, Expected: strings.Join(names, ", ")}
}

// channels are those of the step on which it is to be seen.
func (v *previewing) channels(s *definition.Step) []campaigns.Channel {
	own := v.l.def.ChannelsOf(s)
	switch {
	case v.r.Channel == "":
		return own
	case slices.Contains(own, v.r.Channel):
		return []campaigns.Channel{v.r.Channel}
	}
	return nil
}

// checkRound: a step has as many rounds as the repeat that it stands in.
func (v *previewing) checkRound(steps []*definition.Step) {
	most := 1
	for _, s := range steps {
		if s == nil {
			return
		}
		if around := v.l.def.RepeatOf(s.ID); around != nil {
			most = max(most, around.Repeat().Times)
		}
	}
	if v.r.Round < 0 || v.r.Round > most {
		v.bad("round", "preview_round", map[string]any{"max": most}, nil)
	}
}

// round is the visit of the step that is seen.
func (v *previewing) round(s *definition.Step) int {
	around := v.l.def.RepeatOf(s.ID)
	if around == nil {
		return 1
	}
	return min(max(v.r.Round, 1), around.Repeat().Times)
}

func (v *previewing) message(s *definition.Step, ch campaigns.Channel) (_ *PreviewMessage, err error) {
	d := &store.Delivery{Kind: store.StepDelivery, Step: s.ID, Visit: v.round(s), Channel: ch, CreatedAt: v.e.now()}
	r := &renderJob{e: v.e, l: v.l, d: d, p: v.p, c: v.c, en: v.en, shown: true, room: new(templates.MailRoom)}
	out := &PreviewMessage{Step: s.ID, Channel: ch}
	for more := true; more; d.Part++ {
		var m *channels.Message
		if m, more, err = r.preview(s); err != nil {
			return nil, v.unmade(s, ch, err)
		}
		out.Lang, out.Mail = m.Lang, m.Mail
		if m.Mail == nil {
			out.Parts = append(out.Parts, m)
		}
	}
	want, _, _ := strings.Cut(string(spoken(v.p, v.c)), "-")
	got, _, _ := strings.Cut(string(out.Lang), "-")
	out.Fallback, out.Missing = want != got, r.missing(s)
	return out, nil
}

// preview makes the delivery's message, and says whether its text goes on in another.
func (r *renderJob) preview(s *definition.Step) (m *channels.Message, more bool, err error) {
	defer recovered(&err)
	if m, err = r.e.render(r); err != nil {
		return nil, false, err
	}
	body, ok := s.Body.(*definition.Send)
	if !ok || r.d.Channel != campaigns.Telegram {
		return m, false, nil
	}
	src, lang := r.lang(body.Text)
	parts, err := r.chatParts(src, lang, sendLimits(body))
	return m, r.d.Part+1 < len(parts), err
}

// unmade says what a message that cannot be made would fail with.
func (v *previewing) unmade(s *definition.Step, ch campaigns.Channel, err error) error {
	code := "preview_unmade"
	switch {
	case errors.Is(err, templates.ErrTooLong), errors.Is(err, templates.ErrMailTooBig):
		code = "preview_long"
	case errors.Is(err, errPanic):
		return err
	}
	at := fault.Detail{Path: string(s.ID), Line: s.Place.Line, Column: s.Place.Column, Code: code, Args: map[string]any{"step": string(s.ID), "channel": locale.Term("channel." + string(ch))}}
	return fault.Wrap(fault.Invalid, err, "invalid.preview", nil).With(at)
}

// missing are the variables of the step's texts that have no value, in their order.
func (r *renderJob) missing(s *definition.Step) (out []string) {
	for _, t := range r.texts(s) {
		src, lang := r.lang(t)
		text, err := r.l.text(src)
		if err != nil {
			continue // it rendered, so it parses
		}
		for _, x := range text.Variables() {
			if value := r.find(lang, strings.Split(x.Path, ".")); (value == nil || value == "") && !slices.Contains(out, x.Path) {
				out = append(out, x.Path)
			}
		}
	}
	return out
}

// texts are all that the step says.
func (r *renderJob) texts(s *definition.Step) []definition.Texts {
	switch b := s.Body.(type) {
	case *definition.Send:
		list := []definition.Texts{b.Text}
		if r.d.Channel == campaigns.Email && len(b.Subject) > 0 {
			list = append(list, b.Subject)
		}
		for _, x := range b.Buttons {
			address := definition.Texts{}
			for lang := range x.Text {
				address[lang] = x.URL
			}
			list = append(list, x.Text, address)
		}
		return list
	case *definition.Ask:
		if r.d.Channel == campaigns.Email && len(b.Subject) > 0 {
			return []definition.Texts{b.Text, b.Subject}
		}
		return []definition.Texts{b.Text}
	}
	return nil
}
