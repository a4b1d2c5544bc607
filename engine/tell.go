package engine

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// noticeRoom is what a notice's own text may take of one Telegram message; the head stands before it. Values that make it longer are cut.
const noticeRoom = 3000

// noticeWords is what a notice says, for both channels: paragraphs of plain text, and the same as HTML.
type noticeWords struct {
	lang    campaigns.Lang
	subject string
	html    []string // Telegram's; a mail's too, but for the author's text
	plain   []string
	body    *templates.Text // the author's; nil where several members are told together
	env     templates.Env
}

func (w *noticeWords) add(plain, html string) {
	w.plain, w.html = append(w.plain, plain), append(w.html, html)
}

// message makes the message from the rows of this moment. nil: there is nobody any more whom it could name.
func (t *telling) message(ctx context.Context) (m *channels.Message, err error) {
	defer recovered(&err)
	n := t.named[0]
	l, err := t.e.version(ctx, t.e.Store, n.Campaign, n.Version)
	if err != nil {
		return nil, err
	}
	c, err := t.e.community(ctx, t.e.Store)
	if err != nil {
		return nil, err
	}
	people, err := t.people(ctx)
	if err != nil || len(people) == 0 && len(t.taken) == len(t.named) {
		return nil, err
	}
	w := &noticeWords{lang: Fallback(c)}
	w.subject = l.def.NameIn(w.lang)
	if len(t.taken) == 1 {
		err = t.alone(ctx, w, l, c, people[n.Member])
	} else {
		t.together(w, l, people)
	}
	if err != nil {
		return nil, err
	}
	return t.made(w, c)
}

// made is the message of the words, on the notices' channel.
func (t *telling) made(w *noticeWords, c *store.Community) (*channels.Message, error) {
	if t.named[0].Channel == campaigns.Email {
		return t.mail(w, c)
	}
	return t.chat(w)
}

// people are the members whom the message names; who was erased is not among them.
func (t *telling) people(ctx context.Context) (map[campaigns.MemberID]*store.Profile, error) {
	ids := make([]campaigns.MemberID, len(t.named))
	for i, n := range t.named {
		ids[i] = n.Member
	}
	ps, err := t.e.Store.Profiles(ctx, ids)
	for id, p := range ps {
		if p.State == members.Erased {
			delete(ps, id)
		}
	}
	return ps, err
}

// alone is about one member: their name, and what the step says.
func (t *telling) alone(ctx context.Context, w *noticeWords, l *live, c *store.Community, p *store.Profile) error {
	n := t.named[0]
	row, err := t.e.Store.Enrollment(ctx, n.Enrollment)
	if err != nil {
		return err
	}
	en, err := fromRow(row)
	if err != nil {
		return err
	}
	body, ok := l.def.Step(n.Step).Body.(*definition.Notify)
	if !ok {
		return fmt.Errorf("notice %d: its step tells nobody", n.ID)
	}
	return t.about(w, body, &renderJob{e: t.e, l: l, d: t.delivery(), p: p, c: c, en: en})
}

// delivery is what the text is rendered for.
func (t *telling) delivery() *store.Delivery {
	n := t.named[0]
	return &store.Delivery{Kind: store.StepDelivery, Step: n.Step, Visit: n.Visit, Channel: n.Channel, CreatedAt: n.CreatedAt}
}

// about says it of the one member whom the job is for.
func (t *telling) about(w *noticeWords, body *definition.Notify, r *renderJob) (err error) {
	l, p := r.l, r.p
	src, lang := body.Text.In(w.lang, l.def.Languages[0])
	if w.body, err = l.text(src); err != nil {
		return err
	}
	w.env = r.env(lang)
	name, page := called(p), t.e.memberPage(p.ID)
	if p.ID == 0 { // somebody made up
		page = t.e.PublicURL + "/console/members/" + shownOnly
	}
	w.subject = say(w.lang, "notice.subject", map[string]any{"campaign": w.subject, "name": name})
	w.add(name+": "+page, anchor(name, page)+" · "+html.EscapeString(l.def.NameIn(w.lang)))
	return nil
}

// together is about very many: some of their names, and how many more there are. Whoever of those was erased meanwhile is neither named nor counted.
func (t *telling) together(w *noticeWords, l *live, people map[campaigns.MemberID]*store.Profile) {
	about := len(t.taken) - len(t.named)
	for _, n := range t.named {
		if people[n.Member] != nil {
			about++
		}
	}
	args := map[string]any{"n": about, "campaign": w.subject, "step": string(t.named[0].Step)}
	w.subject = say(w.lang, "notice.together", args)
	page := t.e.PublicURL + "/console/campaigns/" + string(l.def.Key)
	w.add(w.subject+" "+page, anchor(w.subject, page))
	var plain, links []string
	for _, n := range t.named {
		if p := people[n.Member]; p != nil {
			plain, links = append(plain, called(p)+": "+t.e.memberPage(p.ID)), append(links, anchor(called(p), t.e.memberPage(p.ID)))
		}
	}
	if len(plain) > 0 {
		w.add(strings.Join(plain, "\n"), strings.Join(links, "\n"))
	}
	if more := about - len(plain); more > 0 && len(plain) > 0 {
		w.add(say(w.lang, "notice.more", map[string]any{"n": more}), text(w.lang, "notice.more", map[string]any{"n": more}))
	}
}

// called is what to call the member: their names, else the external id, else the number.
func called(p *store.Profile) string {
	return clip(oneLine(cmp.Or(p.FullName(), members.Shown(p.ExternalID), "#"+strconv.FormatInt(int64(p.ID), 10))), maxName)
}

func (e *Engine) memberPage(id campaigns.MemberID) string {
	return e.PublicURL + "/console/members/" + strconv.FormatInt(int64(id), 10)
}

func anchor(words, page string) string {
	return `<a href="` + html.EscapeString(page) + `">` + html.EscapeString(words) + `</a>`
}

func (t *telling) chat(w *noticeWords) (*channels.Message, error) {
	m := &channels.Message{Delivery: campaigns.DeliveryID(t.taken[0].id), To: t.named[0].Address, Lang: w.lang}
	if w.body != nil {
		parts, err := w.body.Telegram(w.env, templates.Limits{Parts: 1, First: noticeRoom})
		if err != nil {
			return nil, err
		}
		w.html = append(w.html, parts...)
	}
	m.HTML = strings.Join(w.html, "\n\n")
	return m, nil
}

// mail is a letter to the staff: nobody leaves by it, and an answer goes to no member.
func (t *telling) mail(w *noticeWords, c *store.Community) (*channels.Message, error) {
	content := templates.MailContent{
		Lang: w.lang, Subject: w.subject, Why: say(w.lang, "notice.why", nil), Brand: c.Brand, CommunityName: c.Name, PostalAddress: c.PostalAddress,
		BodyText: strings.Join(w.plain, "\n\n"),
	}
	for _, paragraph := range w.html {
		content.BodyHTML += "<p>" + strings.ReplaceAll(paragraph, "\n", "<br>") + "</p>"
	}
	if w.body != nil {
		fragment, err := w.body.HTML(w.env)
		if err != nil {
			return nil, err
		}
		plain, err := w.body.Plain(w.env)
		if err != nil {
			return nil, err
		}
		content.BodyHTML, content.BodyText = content.BodyHTML+fragment, content.BodyText+"\n\n"+plain
	}
	document, plain, err := templates.Mail(content)
	if err != nil {
		return nil, err
	}
	n := t.named[0]
	d := &store.Delivery{ID: campaigns.DeliveryID(n.ID), CreatedAt: n.CreatedAt}
	token := shownOnly
	if !t.shown {
		token = t.e.mailToken(d.ID)
	}
	l := t.e.letter(d, token, content.Subject, "")
	m := &channels.Message{Delivery: d.ID, To: n.Address, Lang: w.lang, Mail: &l}
	m.Mail.HTML, m.Mail.Text, m.Mail.ReplyTo = []byte(document), []byte(plain), ""
	m.Mail.FeedbackID = "notice:system:service:kruzhok"
	return m, nil
}
