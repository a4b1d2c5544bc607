package engine

import (
	"context"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// UnsubscribePage is what the leave link shows. Looking at it changes nothing.
type UnsubscribePage struct {
	Lang      campaigns.Lang
	Community string
	Brand     string
	Topic     string
	Campaign  string
	// Off: the topic is off already. Everything: all is off.
	Off, Everything bool
}

// UnsubscribeInfo opens a leave link.
func (e *Engine) UnsubscribeInfo(ctx context.Context, token string) (*UnsubscribePage, error) {
	d, l, err := e.unsubscribeOf(ctx, token)
	if err != nil {
		return nil, err
	}
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	page := &UnsubscribePage{Lang: Fallback(c), Community: c.Name, Brand: c.Brand, Topic: l.def.Topic, Campaign: l.def.NameIn(Fallback(c))}
	profiles, err := e.Store.Profiles(ctx, []campaigns.MemberID{d.Member})
	if err != nil {
		return nil, err
	}
	if p := profiles[d.Member]; p != nil {
		page.Lang = spoken(p, c)
		page.Campaign = l.def.NameIn(page.Lang)
		page.Off = !p.Consents.Allows(campaigns.Email, l.def.Topic)
		page.Everything = p.StoppedAt != nil || p.State == members.Erased
	}
	return page, nil
}

func (e *Engine) unsubscribeOf(ctx context.Context, token string) (*store.Delivery, *live, error) {
	id, err := e.openLink(linkUnsubscribe, token)
	if err != nil {
		return nil, nil, err
	}
	d, err := e.Store.Delivery(ctx, campaigns.DeliveryID(id))
	if err != nil {
		return nil, nil, err
	}
	l, err := e.version(ctx, e.Store, d.Campaign, d.Version)
	return d, l, err
}

// Unsubscribe ends the topic of the mail that the link came with, or everything. Once is as good as twice.
func (e *Engine) Unsubscribe(ctx context.Context, token string, everything bool, source string) error {
	d, l, err := e.unsubscribeOf(ctx, token)
	if err != nil {
		return err
	}
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockMember(ctx, d.Member)
		if err != nil || p.State == members.Erased {
			return err
		}
		if everything {
			return e.stopEverything(ctx, tx, p, source)
		}
		return e.stopTopic(ctx, tx, p, l.def.Topic, source+":"+strconv.FormatInt(int64(d.ID), 10), "")
	})
}
