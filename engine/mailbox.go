package engine

import (
	"context"
	"html"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

const (
	// linkMail is the system reply by mail whose page joins a mailbox; its parameter "code" is the row of link_codes that has the address.
	linkMail = "link_mail"
	// linkMailLife is how long the page behind that mail can be used.
	linkMailLife = time.Hour
	// maxLinkMails is how many such mails a member may ask for, and a mailbox may get, within linkSpan.
	maxLinkMails = 3

	// promptMail: the next text in the chat is a mail address.
	promptMail = "link_mail"
	promptLife = 15 * time.Minute
)

// link asks for the mail address that is to be joined, unless it came with the command; a code was acted on before.
func (t *conversation) link(ctx context.Context) error {
	switch {
	case t.joined.ok():
		return t.welcomed(ctx)
	case t.joined != joinedNone:
		return t.reply(ctx, string(t.joined), nil)
	case t.e.off(campaigns.Email) || t.e.Mailbox == nil:
		return t.reply(ctx, "link_mail_off", nil)
	case t.inc.Payload != "":
		return t.mailTo(ctx, t.inc.Payload)
	}
	return t.askMail(ctx, "link_ask")
}

// askMail makes the next text an address.
func (t *conversation) askMail(ctx context.Context, words string) error {
	p := store.Prompt{Member: t.p.ID, Kind: promptMail, At: t.now, ExpiresAt: t.now.Add(promptLife)}
	if err := t.tx.PutPrompt(ctx, p); err != nil {
		return err
	}
	return t.reply(ctx, words, nil)
}

// prompted acts on what the bot had asked for outside of campaigns, and reports whether it had. A reply to a campaign's question is none of it.
func (t *conversation) prompted(ctx context.Context) (bool, error) {
	p, err := t.tx.Prompt(ctx, t.p.ID, t.now)
	if err != nil || p == nil || p.Kind != promptMail {
		return false, err
	}
	if t.inc.ReplyTo != "" {
		d, err := t.tx.DeliveryByProviderID(ctx, t.p.ID, campaigns.Telegram, t.inc.ReplyTo)
		if err != nil || d != nil && d.Kind == store.StepDelivery {
			return false, err
		}
	}
	if !strings.Contains(t.inc.Text, "@") { // no address: rather the answer to a question that came meanwhile
		if slot, err := t.tx.QuestionSlot(ctx, t.p.ID); err != nil {
			return false, err
		} else if slot != nil && slot.OpenedAt.After(p.At) {
			return false, t.tx.EndPrompt(ctx, t.p.ID)
		}
	}
	return true, t.mailTo(ctx, t.inc.Text)
}

// mailTo mails the link that joins the mailbox. What is said here is the same whether anybody has the address already.
func (t *conversation) mailTo(ctx context.Context, typed string) error {
	value, key, err := t.e.Mailbox(strings.TrimSpace(typed))
	if err != nil {
		return t.askMail(ctx, "link_bad_address")
	}
	if err := t.tx.EndPrompt(ctx, t.p.ID); err != nil {
		return err
	}
	hash := t.e.AddressHash(campaigns.Email, key)
	n, err := t.tx.CountLinkMails(ctx, t.p.ID, hash, t.now.Add(-linkSpan))
	if err != nil {
		return err
	}
	if n >= maxLinkMails {
		return t.reply(ctx, "link_limit", nil)
	}
	id, err := t.tx.NextID(ctx)
	if err != nil {
		return err
	}
	code := &store.LinkCode{
		ID: id, Hash: t.e.codeHash(t.e.mailboxToken(id)), Member: t.p.ID, Kind: store.MailboxCode, Address: value, AddressHash: hash,
		CreatedAt: t.now, ExpiresAt: t.now.Add(linkMailLife),
	}
	if err := t.tx.InsertLinkCode(ctx, code); err != nil {
		return err
	}
	if err := t.replyOn(ctx, campaigns.Email, linkMail, map[string]any{"code": id}); err != nil {
		return err
	}
	return t.reply(ctx, "link_sent", nil)
}

// mailboxToken is the right to join a mailbox. The row says how long it is good for, and whether it was used.
func (e *Engine) mailboxToken(code int64) string { return e.link(linkMailbox, code, never) }

// profileFor is to whom a delivery goes. One that goes to an address which is not the member's yet gets a profile with that address. Without one (the
// code was used, or erased with its member) there is none, and nothing is sent.
func (e *Engine) profileFor(s *surroundings, d *store.Delivery) *store.Profile {
	p := s.profiles[d.Member]
	if p == nil || d.Name != linkMail && d.Name != confirmMail {
		return p
	}
	to := *p
	to.Addresses = nil
	code := s.codes[codeOf(d)]
	if d.Name == confirmMail && (code == nil || !e.sameMailbox(p.Addresses.On(campaigns.Email).Value, code.Address)) {
		return &to // another address came, or none: nobody is asked any more
	}
	if code != nil && code.Address != "" {
		to.Addresses = members.Addresses{{
			Member: p.ID, Channel: campaigns.Email, Value: code.Address, Reach: channels.ReachUnknown, Suppressed: s.suppressed[code.AddressHash],
		}}
	}
	return &to
}

// sameMailbox compares two addresses as people write them.
func (e *Engine) sameMailbox(a, b string) bool {
	_, x, err := e.Mailbox(a)
	if err != nil {
		return false
	}
	_, y, err := e.Mailbox(b)
	return err == nil && x == y
}

// codeOf is the row of link_codes that a delivery names, or 0.
func codeOf(d *store.Delivery) int64 {
	if d.Name != linkMail && d.Name != confirmMail {
		return 0
	}
	id, _ := params(d)["code"].(float64)
	return int64(id)
}

// linkCodes loads the codes that deliveries name, and why their addresses are on the suppression list.
func (e *Engine) linkCodes(ctx context.Context, s *surroundings, ds []*store.Delivery) (err error) {
	var ids []int64
	for _, d := range ds {
		if id := codeOf(d); id != 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if s.codes, err = e.Store.LinkCodesByID(ctx, ids); err != nil {
		return err
	}
	var hashes []string
	for _, c := range s.codes {
		hashes = append(hashes, c.AddressHash)
	}
	s.suppressed, err = e.Store.Suppressed(ctx, campaigns.Email, hashes)
	return err
}

// renderLinkMail is the mail with the link that joins its mailbox to the member of the chat.
func (e *Engine) renderLinkMail(d *store.Delivery, p *store.Profile, c *store.Community) (*channels.Message, error) {
	lang := spoken(p, c)
	args := map[string]any{"community": c.Name}
	words := map[string]string{linkMail: "mail.link_", confirmMail: "mail.confirm_"}[d.Name]
	body := []string{say(lang, named(words+"text", c), args), say(lang, words+"not_you", nil)}
	content := templates.MailContent{
		Lang: lang, Subject: say(lang, named(words+"subject", c), args), Why: say(lang, words+"why", nil),
		BodyText: strings.Join(body, "\n\n"), Brand: c.Brand, CommunityName: c.Name, PostalAddress: c.PostalAddress,
		Buttons: []templates.MailButton{{Label: say(lang, words+"button", nil), URL: e.PublicURL + "/mailbox/" + e.mailboxToken(codeOf(d)), Main: true}},
	}
	for _, paragraph := range body {
		content.BodyHTML += "<p>" + html.EscapeString(paragraph) + "</p>"
	}
	document, plain, err := templates.Mail(content)
	if err != nil {
		return nil, err
	}
	m := &channels.Message{Delivery: d.ID, To: p.Addresses.On(campaigns.Email).Value, Lang: lang}
	l := e.letter(d, e.mailToken(d.ID), content.Subject, p.FullName())
	m.Mail = &l
	m.Mail.HTML, m.Mail.Text = []byte(document), []byte(plain)
	m.Mail.FeedbackID = d.Name + ":system:service:kruzhok"
	return m, nil
}

// MailboxPage is what the page behind that mail shows. Looking at it changes nothing.
type MailboxPage struct {
	Lang      campaigns.Lang
	Community string
	Brand     string
	Address   string // empty when Used
	Name      string // of the member whose chat asked
	// Known: somebody has the address; the two become one. Replaces: the member has another address, which gives way. OtherChat: who has the address has
	// another chat, which gives way. Stops: one of the two turned everything off, which then holds for both.
	Known, Replaces, OtherChat, Stops bool
	// Confirm: somebody else said that it is the member's; else their chat asked.
	Confirm bool
	// Used: it was joined by this link already.
	Used bool
}

// MailboxInfo opens the link. Faults not_found.link, conflict.link_expired.
func (e *Engine) MailboxInfo(ctx context.Context, token string) (*MailboxPage, error) {
	code, err := e.mailboxCode(ctx, e.Store.LinkCode, token)
	switch {
	case err != nil:
		return nil, err
	case code.Kind == store.ConfirmCode:
		return e.confirmPage(ctx, code)
	}
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	profiles, err := e.Store.Profiles(ctx, []campaigns.MemberID{code.Member})
	if err != nil {
		return nil, err
	}
	p := profiles[code.Member]
	if p == nil || p.State == members.Erased {
		return nil, fault.New(fault.NotFound, "not_found.link", nil)
	}
	page := &MailboxPage{Lang: spoken(p, c), Community: c.Name, Brand: c.Brand, Name: members.Shown(p.FirstName), Used: code.UsedAt != nil}
	if page.Used {
		return page, nil
	}
	value, key, err := e.codeMailbox(code)
	if err != nil {
		return nil, err
	}
	page.Address = value
	owner, err := e.Store.MemberByAddress(ctx, campaigns.Email, key)
	switch {
	case err == nil && owner.ID != p.ID:
		page.Known = true
		other, err := e.memberView(ctx, owner.ID)
		if err != nil {
			return nil, err
		}
		_, page.OtherChat = other.Addresses.Find(campaigns.Telegram)
		page.Stops = (other.StoppedAt != nil) != (p.StoppedAt != nil)
	case err == nil:
	case !fault.Is(err, fault.NotFound):
		return nil, err
	}
	mine, has := p.Addresses.Find(campaigns.Email)
	page.Replaces = has && mine.Value != value
	return page, nil
}

// mailboxCode finds the code of a link, as long as its time runs or it was used.
func (e *Engine) mailboxCode(ctx context.Context, read func(context.Context, string) (*store.LinkCode, error), token string) (*store.LinkCode, error) {
	if _, err := e.openLink(linkMailbox, token); err != nil {
		return nil, err
	}
	code, err := read(ctx, e.codeHash(token))
	if err != nil {
		return nil, err
	}
	if code.UsedAt == nil && !e.now().Before(code.ExpiresAt) {
		return nil, fault.New(fault.Conflict, "conflict.link_expired", nil)
	}
	return code, nil
}

// codeMailbox is the mailbox that the code is for. Fault not_found.link where its owner was erased since.
func (e *Engine) codeMailbox(code *store.LinkCode) (value, key string, err error) {
	if code.Address == "" {
		return "", "", fault.New(fault.NotFound, "not_found.link", nil)
	}
	return e.Mailbox(code.Address)
}

// JoinMailbox joins the mailbox to the member whose chat asked for it; if another member has it, the two become one. Once is as good as twice.
func (e *Engine) JoinMailbox(ctx context.Context, token string) error {
	var send []campaigns.DeliveryID
	err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		send, err = e.joinMailbox(ctx, tx, token)
		return err
	})
	if err != nil {
		return err
	}
	return e.SendNow(ctx, send)
}

func (e *Engine) joinMailbox(ctx context.Context, tx *store.Tx, token string) ([]campaigns.DeliveryID, error) {
	code, err := e.mailboxCode(ctx, tx.LinkCode, token)
	if err != nil || code.UsedAt != nil {
		return nil, err
	}
	if code.Kind == store.ConfirmCode {
		return nil, e.confirm(ctx, tx, code)
	}
	value, key, err := e.codeMailbox(code)
	if err != nil {
		return nil, err
	}
	p, owner, err := e.holder(ctx, tx, code.Member, campaigns.Email, key)
	if err != nil {
		return nil, err
	}
	ok, err := tx.UseLinkCode(ctx, code.ID, e.now())
	if err != nil || !ok || p.State == members.Erased {
		return nil, err
	}
	a := members.Address{Channel: campaigns.Email, Value: value, Reach: channels.ReachOK}
	if p, err = e.claimed(ctx, tx, p, owner, a, key, "mail_link"); err != nil {
		return nil, err
	}
	if err := tx.ProveAddress(ctx, p.ID, campaigns.Email, members.Confirmed); err != nil {
		return nil, err
	}
	c, err := e.community(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := e.agree(ctx, tx, p, c, campaigns.Email, "mail_link", linkWording); err != nil {
		return nil, err
	}
	if p.StoppedAt != nil {
		return e.tell(ctx, tx, p.ID, "mailbox_linked_off")
	}
	return e.tell(ctx, tx, p.ID, "mailbox_linked")
}

// tell writes a system reply to the member's chat that no input of theirs asked for there.
func (e *Engine) tell(ctx context.Context, tx *store.Tx, id campaigns.MemberID, name string) ([]campaigns.DeliveryID, error) {
	row, err := tx.NextID(ctx)
	if err != nil {
		return nil, err
	}
	return tx.InsertDeliveries(ctx, []*store.Delivery{systemReply(row, id, campaigns.Telegram, name, nil, e.now())})
}

// systemReply is the row of a system reply, to be sent at once.
func systemReply(id int64, to campaigns.MemberID, ch campaigns.Channel, name string, params map[string]any, now time.Time) *store.Delivery {
	return &store.Delivery{
		ID: campaigns.DeliveryID(id), Kind: store.SystemDelivery, Member: to, Channel: ch, Name: name, Params: mustJSON(params),
		Lane: campaigns.Interactive, Priority: prioReply, State: campaigns.Pending, DueAt: ownDue(now), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}
