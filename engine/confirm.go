package engine

import (
	"cmp"
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// Double opt-in: a mailbox that somebody else said is the member's gets one mail, and nothing more before the page behind it was used.
const (
	// confirmMail is the system reply by mail that asks; its parameter "code" is the row of link_codes that has the address.
	confirmMail = "confirm_mail"
	// confirmLife is how long its page can be used.
	confirmLife = 30 * 24 * time.Hour
	// confirmWording names the version of the words that are agreed to: page.confirm. Raise it when they change.
	confirmWording = "confirm/1"
	confirmSource  = "double_opt_in"
)

// ask writes the mail that asks, for a mailbox that is not proven: once for a mailbox, and to nobody who refused mail or turned everything off.
func (e *Engine) ask(ctx context.Context, tx *store.Tx, became written, w *memberWrite) (asked bool, err error) {
	if p := became.had; p != nil && (p.StoppedAt != nil || refusedAll(p.Consents, campaigns.Email)) {
		return false, nil
	}
	hash := e.AddressHash(campaigns.Email, w.emailKey)
	if before, err := tx.WasAsked(ctx, hash); err != nil || before {
		return false, err
	}
	row, err := tx.NextIDs(ctx, 2)
	if err != nil {
		return false, err
	}
	now, mail := e.now(), row+1
	code := &store.LinkCode{
		ID: row, Hash: e.codeHash(e.mailboxToken(row)), Member: became.id, Kind: store.ConfirmCode, Address: w.email, AddressHash: hash,
		Delivery: campaigns.DeliveryID(mail), CreatedAt: now, ExpiresAt: now.Add(confirmLife),
	}
	if err := tx.InsertLinkCode(ctx, code); err != nil {
		return false, err
	}
	d := systemReply(mail, became.id, campaigns.Email, confirmMail, map[string]any{"code": row}, now)
	d.Priority, d.DueAt, d.ExpiresAt = prioService, &now, now.Add(7*24*time.Hour) // behind every reply, however many there are
	_, err = tx.InsertDeliveries(ctx, []*store.Delivery{d})
	return true, err
}

// asksOf is whose the mailbox is that a code asks about. Fault not_found.link where nobody has it any more.
func (e *Engine) asksOf(ctx context.Context, q interface {
	MemberByAddress(context.Context, campaigns.Channel, string) (*members.Member, error)
}, code *store.LinkCode,
) (campaigns.MemberID, error) {
	_, key, err := e.Mailbox(code.Address)
	if err != nil {
		return 0, fault.New(fault.NotFound, "not_found.link", nil)
	}
	m, err := q.MemberByAddress(ctx, campaigns.Email, key)
	if fault.Is(err, fault.NotFound) {
		return 0, fault.New(fault.NotFound, "not_found.link", nil)
	}
	if err != nil {
		return 0, err
	}
	return m.ID, nil
}

// confirmPage is what the page behind the mail that asks shows: about whoever has the mailbox now.
func (e *Engine) confirmPage(ctx context.Context, code *store.LinkCode) (*MailboxPage, error) {
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	page := &MailboxPage{Lang: Fallback(c), Community: c.Name, Brand: c.Brand, Confirm: true, Used: code.UsedAt != nil}
	id := code.Member // a code that was used has no address any more
	if !page.Used {
		if id, err = e.asksOf(ctx, e.Store, code); err != nil {
			return nil, err
		}
	}
	profiles, err := e.Store.Profiles(ctx, []campaigns.MemberID{id})
	if err != nil {
		return nil, err
	}
	if p := profiles[id]; p != nil {
		page.Lang = spoken(p, c)
		if !page.Used {
			page.Name, page.Address = members.Shown(p.FirstName), code.Address
		}
	}
	return page, nil
}

// confirm ends the asking: the mailbox is the member's who has it, and who agrees to messages. Fault not_found.link where nobody has it.
func (e *Engine) confirm(ctx context.Context, tx *store.Tx, code *store.LinkCode) error {
	id, err := e.asksOf(ctx, tx, code)
	if err != nil {
		return err
	}
	p, err := tx.LockMember(ctx, id)
	if err != nil {
		return err
	}
	if now, err := e.asksOf(ctx, tx, code); err != nil || now != p.ID { // while we waited for the lock
		return cmp.Or(err, error(errMoved))
	}
	ok, err := tx.UseLinkCode(ctx, code.ID, e.now())
	if err != nil || !ok {
		return err
	}
	if err := tx.ProveAddress(ctx, p.ID, campaigns.Email, members.Confirmed); err != nil {
		return err
	}
	c, err := e.community(ctx, tx)
	if err != nil {
		return err
	}
	if err := e.agree(ctx, tx, p, c, campaigns.Email, confirmSource, confirmWording); err != nil {
		return err
	}
	return tx.AppendEvents(ctx, []store.Event{{At: e.now(), Name: "member.mail_confirmed", Member: p.ID}})
}
