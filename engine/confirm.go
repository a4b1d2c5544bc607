package engine

import (
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

// proven notes how sure it is that the row's mailbox is the member's. Without proof, the mail that asks is written, once for an address.
func (e *Engine) proven(ctx context.Context, tx *store.Tx, id campaigns.MemberID, w *memberWrite) (asked bool, err error) {
	switch {
	case w.email == "":
		return false, nil
	case w.proof == members.Given:
		return false, tx.ProveAddress(ctx, id, campaigns.Email, members.Given)
	}
	now := e.now()
	first, err := tx.AskOnce(ctx, id, campaigns.Email, now)
	if err != nil || !first {
		return false, err
	}
	row, err := tx.NextID(ctx)
	if err != nil {
		return false, err
	}
	code := &store.LinkCode{
		ID: row, Hash: e.codeHash(e.mailboxToken(row)), Member: id, Kind: store.ConfirmCode, Address: w.email, AddressHash: e.AddressHash(campaigns.Email, w.emailKey),
		CreatedAt: now, ExpiresAt: now.Add(confirmLife),
	}
	if err := tx.InsertLinkCode(ctx, code); err != nil {
		return false, err
	}
	mail, err := tx.NextID(ctx)
	if err != nil {
		return false, err
	}
	d := systemReply(mail, id, campaigns.Email, confirmMail, map[string]any{"code": row}, now)
	d.Priority, d.DueAt, d.ExpiresAt = prioService, &now, now.Add(7*24*time.Hour) // behind every reply, however many there are
	_, err = tx.InsertDeliveries(ctx, []*store.Delivery{d})
	return true, err
}

// confirm ends the asking: the mailbox is the member's, who agreed to messages. Fault not_found.link when the member has another address by now.
func (e *Engine) confirm(ctx context.Context, tx *store.Tx, code *store.LinkCode, value, key string) error {
	p, owner, err := e.holder(ctx, tx, code.Member, campaigns.Email, key)
	if err != nil {
		return err
	}
	if owner == nil || owner.ID != p.ID || p.Addresses[campaigns.Email].Value != value {
		return fault.New(fault.NotFound, "not_found.link", nil)
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
