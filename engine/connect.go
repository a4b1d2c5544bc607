package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// connectLinkLife is how long the page behind a mail's footer makes codes: mails are passed on, and whoever has the code becomes the member.
const connectLinkLife = 7 * 24 * time.Hour

// connectable reports whether a mail to the member offers to connect a chat: there is a bot, and they have no chat with it.
func (e *Engine) connectable(p *store.Profile) bool {
	_, has := p.Addresses.Find(campaigns.Telegram)
	return e.Chat != nil && !e.off(campaigns.Telegram) && !has
}

// ConnectPage is what the page behind a mail's footer shows. Looking at it changes nothing.
type ConnectPage struct {
	Lang      campaigns.Lang
	Community string
	Brand     string
	// Connected: the member has a chat; nothing is offered.
	Connected bool
	// Code is set by ConnectCode alone.
	Code *LinkCode
}

// ConnectInfo opens the link. Faults not_found.link, conflict.link_expired.
func (e *Engine) ConnectInfo(ctx context.Context, token string) (*ConnectPage, error) {
	page, _, err := e.connectPage(ctx, token)
	return page, err
}

// ConnectCode makes a code for the member whose mail the link came with, unless they have a chat.
func (e *Engine) ConnectCode(ctx context.Context, token string) (*ConnectPage, error) {
	page, id, err := e.connectPage(ctx, token)
	if err != nil || page.Connected {
		return page, err
	}
	page.Code, err = e.linkCode(ctx, id)
	return page, err
}

func (e *Engine) connectPage(ctx context.Context, token string) (*ConnectPage, campaigns.MemberID, error) {
	id, err := e.openLink(linkConnect, token)
	if err != nil {
		return nil, 0, err
	}
	d, err := e.Store.Delivery(ctx, campaigns.DeliveryID(id))
	if err != nil {
		return nil, 0, err
	}
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, 0, err
	}
	profiles, err := e.Store.Profiles(ctx, []campaigns.MemberID{d.Member})
	if err != nil {
		return nil, 0, err
	}
	p := profiles[d.Member]
	if p == nil || p.State == members.Erased {
		return nil, 0, fault.New(fault.NotFound, "not_found.link", nil)
	}
	page := &ConnectPage{Lang: spoken(p, c), Community: c.Name, Brand: c.Brand}
	if a, has := p.Addresses.Find(campaigns.Telegram); has && a.Reach != channels.ReachGone && a.Reach != channels.ReachNotStarted {
		page.Connected = true
	}
	return page, p.ID, nil
}
