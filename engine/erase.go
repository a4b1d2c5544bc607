package engine

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/store"
)

// erase removes the member's data when they confirmed. The pressed message tells it: no address is left to send to.
func (t *conversation) erase(ctx context.Context, yes bool) error {
	lang, message, chat := spoken(t.p, t.c), t.inc.Message, t.inc.Chat
	words := "bot.delete_kept"
	if yes {
		words = "bot.deleted"
		if err := t.eraseNow(ctx); err != nil {
			return err
		}
	}
	t.marked(func(ctx context.Context) error {
		return t.e.Chat.Edit(ctx, chat, message, text(lang, words, nil), nil)
	})
	return nil
}

// eraseNow erases the member with all that arrived up to this input. What came after it waits for whoever comes back.
func (t *conversation) eraseNow(ctx context.Context) error {
	waiting, err := t.tx.StoredInputs(ctx, t.in.Actor, maxLater)
	if err != nil {
		return err
	}
	if t.out.blobs, err = t.e.eraseMember(ctx, t.tx, t.p); err != nil {
		return err
	}
	if err := t.tx.ClearInput(ctx, t.in.ID); err != nil {
		return err
	}
	var later []*store.Input
	for _, in := range waiting {
		if in.ID > t.in.ID {
			again := *in
			again.ID, again.Member, again.SourceKey = 0, 0, in.SourceKey+"/after-erasure"
			later = append(later, &again)
		}
	}
	_, err = t.tx.InsertInputs(ctx, later)
	return err
}

// erasedAddress is why an address is on the suppression list that was a member's who was erased.
const erasedAddress = "erased"

// maxLater is how many inputs may wait behind a wish to be erased.
const maxLater = 100

// eraseMember exits, cancels, suppresses and removes, in the transaction that holds the member. It returns the contents that were the member's alone,
// to be removed after the commit.
func (e *Engine) eraseMember(ctx context.Context, tx *store.Tx, p *store.Profile) (blobs []string, err error) {
	now := e.now()
	if err := e.decideAll(ctx, tx, p.ID, &decide.Left{Reason: campaigns.ExitErased}, nil); err != nil {
		return nil, err
	}
	if err := tx.CancelPendingOfMember(ctx, p.ID, campaigns.MemberErased, now); err != nil {
		return nil, err
	}
	hashes, err := tx.AddressHashes(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	for ch, hash := range hashes {
		if err := tx.Suppress(ctx, ch, hash, erasedAddress, now); err != nil {
			return nil, err
		}
		if ch == campaigns.Email {
			if err := tx.EmptyLinkCodes(ctx, hash); err != nil {
				return nil, err
			}
		}
	}
	if blobs, err = tx.MemberBlobs(ctx, p.ID); err != nil {
		return nil, err
	}
	if err := tx.EraseMember(ctx, p.ID, now); err != nil {
		return nil, err
	}
	return blobs, tx.AppendEvents(ctx, []store.Event{{At: now, Name: "member.erased", Member: p.ID}})
}

// EraseMember removes every personal value of the member. What was sent stays counted, without values.
func (e *Engine) EraseMember(ctx context.Context, p Principal, externalID string) error {
	if err := p.Require(MembersWrite); err != nil {
		return err
	}
	m, err := e.Store.MemberByExternalID(ctx, externalID)
	if err != nil {
		return err
	}
	var blobs []string
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		profile, err := tx.LockMember(ctx, m.ID)
		if err != nil {
			return err
		}
		blobs, err = e.eraseMember(ctx, tx, profile)
		return err
	})
	if err != nil {
		return err
	}
	return e.dropBlobs(ctx, blobs)
}
