package engine

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// message makes one step's message on one channel, in as many parts as it has.
func (v *previewing) message(s *definition.Step, ch campaigns.Channel) (_ *PreviewMessage, err error) {
	if body, ok := s.Body.(*definition.Notify); ok {
		return v.notice(s, body, ch)
	}
	d := &store.Delivery{Kind: store.StepDelivery, Step: s.ID, Visit: v.round(s), Channel: ch, CreatedAt: v.e.now()}
	r := &renderJob{e: v.e, l: v.l, d: d, p: v.p, c: v.c, en: v.en, shown: true}
	out := &PreviewMessage{Step: s.ID, Channel: ch}
	for more := true; more; d.Part++ {
		var m *channels.Message
		r.sheet = nil // each part stays
		if m, more, err = r.preview(s); err != nil {
			return nil, v.unmade(s, ch, err)
		}
		out.Lang, out.Mail = m.Lang, m.Mail
		if m.Media != nil && !v.e.HasMedia(m.Media) {
			out.Lost = m.Media.Source
		}
		if m.Mail == nil {
			out.Parts = append(out.Parts, m)
		}
	}
	out.Fallback, out.Missing = !sameLanguage(spoken(v.p, v.c), out.Lang), r.missing(s)
	if r.twoForms(s) {
		out.Formality = formality(v.p, v.l.def)
	}
	return out, nil
}

// notice is what the staff is told of the member, on one channel: in the community's first language, or without a service in that which is asked for.
func (v *previewing) notice(s *definition.Step, body *definition.Notify, ch campaigns.Channel) (_ *PreviewMessage, err error) {
	defer recovered(&err)
	t := &telling{e: v.e, shown: true, taken: []taken{{}}, named: []*store.Notice{{Channel: ch, Step: s.ID, Visit: v.round(s), CreatedAt: v.e.now()}}}
	w := &noticeWords{lang: Fallback(v.c)}
	if len(v.c.Languages) == 0 {
		w.lang = v.p.Language
	}
	p := *v.p // the profile may be another's too
	if p.ID == 0 {
		p.ExternalID = cmp.Or(p.ExternalID, "m0001")
	}
	r := &renderJob{e: v.e, l: v.l, d: t.delivery(), p: &p, c: v.c, en: v.en, shown: true}
	w.subject = v.l.def.NameIn(w.lang)
	if err := t.about(w, body, r); err != nil {
		return nil, v.unmade(s, ch, err)
	}
	m, err := t.made(w, v.c)
	if err != nil {
		return nil, v.unmade(s, ch, err)
	}
	src, lang := body.Text.In(w.lang, v.l.def.Languages[0])
	out := &PreviewMessage{Step: s.ID, Channel: ch, Lang: lang, Staff: true, Mail: m.Mail, Missing: r.missingIn(src, lang)}
	if m.Mail == nil {
		out.Parts = []*channels.Message{m}
	}
	return out, nil
}

// page is the question as the page behind a mail asks it.
func (v *previewing) page(s *definition.Step) (*SurveyPage, error) {
	out := &SurveyPage{State: PageQuestion, Community: v.c.Name, Brand: v.c.Brand, Title: cmp.Or(v.c.Name, v.l.def.NameIn(spoken(v.p, v.c)))}
	r := &renderJob{e: v.e, l: v.l, d: &store.Delivery{Channel: campaigns.Telegram, Step: s.ID, Visit: v.round(s)}, p: v.p, c: v.c, en: v.en, shown: true}
	if err := v.e.question(out, r, nil); err != nil {
		return nil, v.unmade(s, campaigns.Page, err)
	}
	out.Number = 1 + slices.Index(v.l.def.Questions(), s)
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
	case errors.Is(err, errNoLabel):
		code = "preview_no_label"
	case errors.Is(err, errNoText):
		code = "preview_no_text"
	case errors.Is(err, errPanic):
		return err
	}
	at := fault.Detail{Path: string(s.ID), Line: s.Place.Line, Column: s.Place.Column, Code: code, Args: map[string]any{"step": string(s.ID), "channel": locale.Term("channel." + string(ch))}}
	return fault.Wrap(fault.Invalid, err, "invalid.preview", nil).With(at)
}

// missing are the variables of the step's texts that have no value, in their order.
func (r *renderJob) missing(s *definition.Step) (out []string) {
	for _, t := range r.texts(s) {
		for _, path := range r.missingIn(r.lang(t)) {
			if !slices.Contains(out, path) {
				out = append(out, path)
			}
		}
	}
	return out
}

// missingIn are those of one text.
func (r *renderJob) missingIn(src string, lang campaigns.Lang) (out []string) {
	text, err := r.l.text(src)
	if err != nil {
		return nil // it rendered, so it parses
	}
	for _, x := range text.Variables() {
		if value := r.find(lang, strings.Split(x.Path, ".")); (value == nil || value == "") && !slices.Contains(out, x.Path) {
			out = append(out, x.Path)
		}
	}
	return out
}

// sameLanguage takes no notice of regions.
func sameLanguage(a, b campaigns.Lang) bool {
	x, _, _ := strings.Cut(string(a), "-")
	y, _, _ := strings.Cut(string(b), "-")
	return x == y
}

// twoForms reports whether the step's texts have both forms of address, in the member's language.
func (r *renderJob) twoForms(s *definition.Step) bool {
	return slices.ContainsFunc(r.texts(s), func(t definition.Texts) bool {
		src, _ := r.lang(t)
		text, err := r.l.text(src)
		return err == nil && slices.ContainsFunc(text.Variables(), func(x templates.Variable) bool { return x.Path == templates.FormVariable })
	})
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
	case *definition.Notify:
		return []definition.Texts{b.Text}
	case *definition.Ask:
		if r.d.Channel == campaigns.Email && len(b.Subject) > 0 {
			return []definition.Texts{b.Text, b.Subject}
		}
		return []definition.Texts{b.Text}
	}
	return nil
}
