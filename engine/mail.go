package engine

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// mailSend is a send step as a mail.
func (r *renderJob) mailSend(s *definition.Send) (*channels.Message, error) {
	content, lang, err := r.content(s.Subject, s.Text)
	if err != nil {
		return nil, err
	}
	buttons, err := r.linkButtons(s)
	if err != nil {
		return nil, err
	}
	for i, b := range buttons {
		content.Buttons = append(content.Buttons, templates.MailButton{Label: b.Text, URL: b.URL, Main: i == 0})
	}
	return r.mail(content, lang)
}

// mailAsk is a question as a mail: its buttons open the survey page with the answer chosen; only the page's own button records it.
// The links name the question, so that a press in an older mail is for no other one.
func (r *renderJob) mailAsk(step campaigns.StepID, ask *definition.Ask) (*channels.Message, error) {
	content, lang, err := r.content(ask.Subject, ask.Text)
	if err != nil {
		return nil, err
	}
	page, own := r.surveyURL(), url.Values{"step": {string(step)}, "visit": {strconv.Itoa(r.d.Visit)}}
	options := answers.Options(ask, lang, r.l.def.Languages[0])
	if len(options) == 0 || ask.Type == campaigns.Choices {
		content.Buttons = []templates.MailButton{{Label: say(lang, "mail.answer", nil), URL: page + "?" + own.Encode(), Main: true}}
		return r.mail(content, lang)
	}
	content.Question = true
	for _, o := range options {
		own.Set("a", o.Value)
		content.Buttons = append(content.Buttons, templates.MailButton{Label: o.Label, URL: page + "?" + own.Encode()})
	}
	return r.mail(content, lang)
}

// surveyURL is the signed link to the page that asks the enrollment's questions one by one.
func (r *renderJob) surveyURL() string {
	return r.signed("/s/", linkSurvey, int64(r.d.Enrollment), r.d.CreatedAt.Add(surveyLinkLife))
}

func (r *renderJob) content(subject, body definition.Texts) (templates.MailContent, campaigns.Lang, error) {
	src, lang := r.lang(body)
	text, err := r.l.text(src)
	if err != nil {
		return templates.MailContent{}, lang, err
	}
	m := templates.MailContent{Lang: lang, Subject: r.l.def.NameIn(lang), Brand: r.c.Brand, CommunityName: r.c.Name, PostalAddress: r.c.PostalAddress}
	if len(subject) > 0 {
		if m.Subject, err = r.line(subject); err != nil {
			return m, lang, err
		}
	}
	r.body = text
	return m, lang, nil
}

// mail puts a mail together: its two parts and the headers that stay the same for every attempt of the delivery.
func (r *renderJob) mail(content templates.MailContent, lang campaigns.Lang) (*channels.Message, error) {
	e := r.e
	m := r.message(lang)
	leave := r.signed("/u/", linkUnsubscribe, int64(r.d.ID), never)
	bulk := r.l.def.Purpose != campaigns.Service
	if bulk {
		content.UnsubscribeURL = leave
		content.PreferencesURL = r.signed("/settings/", linkSettings, int64(r.d.ID), r.d.CreatedAt.Add(settingsLinkLife))
	} else {
		content.Why = say(lang, named("mail.why_service", r.c), map[string]any{"community": r.c.Name}) // nobody was asked for a consent
	}
	if e.connectable(r.p) {
		content.ConnectURL = r.signed("/link/", linkConnect, int64(r.d.ID), r.d.CreatedAt.Add(connectLinkLife))
	}
	document, plain, err := r.sheet.room.Mail(content, r.body, r.env(lang))
	if err != nil {
		return nil, err
	}
	m.Mail = &r.sheet.mail
	*m.Mail = e.letter(r.d, r.letterToken(), content.Subject, r.p.FullName())
	m.Mail.HTML, m.Mail.Text = document, plain
	m.Mail.FeedbackID = r.l.feedbackID
	if !bulk {
		return m, nil
	}
	m.Mail.ListID, m.Mail.ListName = "community."+domainOf(e.MailFrom), r.c.Name
	// One https address (RFC 8058) and no mailto beside it, which some clients would prefer: Kruzhok reads no mail, so nobody would leave by it.
	m.Mail.UnsubscribeURL, m.Mail.Bulk = leave, true
	return m, nil
}

// letter is the headers that every mail of ours has.
func (e *Engine) letter(d *store.Delivery, token, subject, toName string) channels.Mail {
	m := channels.Mail{
		Subject: subject, FromName: e.MailFromName, FromAddress: e.MailFrom, ToName: toName,
		EnvelopeFrom: "b+" + token + "@" + e.replyDomain(),
		MessageID:    "d" + token + "@" + domainOf(e.MailFrom),
		Date:         mailDate(d),
		// No person wrote it: answering machines keep quiet (RFC 3834 §5).
		AutoSubmitted: "auto-generated",
	}
	if e.ReplyDomain != "" {
		m.ReplyTo = "r+" + token + "@" + e.ReplyDomain
	}
	return m
}

func (r *renderJob) letterToken() string {
	if r.shown {
		return shownOnly
	}
	return r.e.mailToken(r.d.ID)
}

// mailToken names the delivery in the addresses that answers and bounces come back to.
func (e *Engine) mailToken(id campaigns.DeliveryID) string {
	var decimal, sum [20]byte
	n := strconv.AppendInt(decimal[:0], int64(id), 10)
	var room [40]byte
	token := append(strconv.AppendInt(room[:0], int64(id), 36), '.')
	return string(base64.RawURLEncoding.AppendEncode(token, appendMAC(sum[:0], e.keys.links, 9, "message", string(n))))
}

// replyDomain is where bounces come back to.
func (e *Engine) replyDomain() string {
	if e.ReplyDomain != "" {
		return e.ReplyDomain
	}
	return domainOf(e.MailFrom)
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
