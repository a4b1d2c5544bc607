package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// settingsLinkLife is how long a mail's link to the settings works: who has it turns things on and off, and mails are passed on. Leaving has no end.
const settingsLinkLife = 30 * 24 * time.Hour

// SettingsPage is what the link in a mail's footer shows: /settings for who reads mail. Looking at it changes nothing.
type SettingsPage struct {
	Lang      campaigns.Lang
	Community string
	Brand     string
	// Clock and City are the member's: quiet hours are by them.
	Clock, City string
	Stopped     bool // everything is off
	Choices     Choices
}

// SettingsInfo opens the link. Faults not_found.link, conflict.link_expired.
func (e *Engine) SettingsInfo(ctx context.Context, token string) (*SettingsPage, error) {
	id, err := e.settingsOf(ctx, token)
	if err != nil {
		return nil, err
	}
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	profiles, err := e.Store.Profiles(ctx, []campaigns.MemberID{id})
	if err != nil {
		return nil, err
	}
	p := profiles[id]
	if p == nil || p.State == members.Erased {
		return nil, fault.New(fault.NotFound, "not_found.link", nil)
	}
	loc, lang := zone(c, p.TimeZone), spoken(p, c)
	choices, err := e.choices(ctx, lang, p, c)
	if err != nil {
		return nil, err
	}
	return &SettingsPage{
		Lang: lang, Community: c.Name, Brand: c.Brand, Clock: e.now().In(loc).Format("15:04"), City: locale.City(locale.Match(string(lang)), loc.String()), Stopped: p.StoppedAt != nil,
		Choices: choices,
	}, nil
}

func (e *Engine) settingsOf(ctx context.Context, token string) (campaigns.MemberID, error) {
	id, err := e.openLink(linkSettings, token)
	if err != nil {
		return 0, err
	}
	d, err := e.Store.Delivery(ctx, campaigns.DeliveryID(id))
	if err != nil {
		return 0, err
	}
	return d.Member, nil
}

// ChangeSettings does what a press on the page says: the Arg of one of its choices. Once is as good as twice. Fault invalid.form for what is no choice.
func (e *Engine) ChangeSettings(ctx context.Context, token, arg string) error {
	id, err := e.settingsOf(ctx, token)
	if err != nil {
		return err
	}
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockMember(ctx, id)
		if err != nil {
			return err
		}
		if p.State == members.Erased {
			return fault.New(fault.NotFound, "not_found.link", nil)
		}
		c, err := e.community(ctx, tx)
		if err != nil {
			return err
		}
		known, err := (&choosing{e, tx, p, c, e.now(), campaigns.Email, settingsPageSource, settingsPageWording}).change(ctx, arg)
		if err == nil && !known {
			return fault.New(fault.Invalid, "invalid.form", nil)
		}
		return err
	})
}
