package engine

import (
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/ratelimit"
)

// somebody is one address of the staff; without an address, the channel has none.
type somebody struct {
	channel campaigns.Channel
	address string
}

// staff is who hears what is for these channels; none of them: for all.
func (e *Engine) staff(to []campaigns.Channel) (all []somebody) {
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		if len(to) > 0 && !slices.Contains(to, ch) {
			continue
		}
		if !e.off(ch) && len(e.Staff[ch]) > 0 {
			for _, address := range e.Staff[ch] {
				all = append(all, somebody{ch, address})
			}
		} else if len(to) > 0 {
			all = append(all, somebody{channel: ch})
		}
	}
	if len(all) == 0 {
		return []somebody{{}}
	}
	return all
}

// untold are the steps that tell the staff, where nobody is set up for some of it.
func (e *Engine) untold(def *definition.Definition) (ids []campaigns.StepID) {
	for _, s := range def.Order {
		if body, ok := s.Body.(*definition.Notify); ok && slices.ContainsFunc(e.staff(body.To), func(to somebody) bool { return to.address == "" }) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// cooldown is the bucket of the rest that a provider asked for when the address was told something.
func (to somebody) cooldown() string {
	if to.channel == campaigns.Email {
		return domainCooldown(domainOf(to.address))
	}
	return string(to.channel) + ":chat:" + to.address
}

// staffRests returns how long nothing is told there yet: the channel rests, or the chat or mail domain.
func (e *Engine) staffRests(ctx context.Context, to somebody) (time.Duration, error) {
	wait, err := e.cooling(ctx, to.channel)
	if err != nil || wait > 0 {
		return wait, err
	}
	slow, err := e.cooldowns(ctx)
	c, _ := slow.of(to.cooldown())
	return c.Until.Sub(e.now()), err
}

// mayTell takes a token of the bot's for one message to the staff. It is bulk work: members who wait for an answer have their share left.
func (e *Engine) mayTell(ctx context.Context, ch campaigns.Channel) bool {
	if ch != campaigns.Telegram || e.Rates.Bot <= 0 || e.Limiter == nil {
		return true
	}
	grants, _, err := e.Limiter.Take(ctx, campaigns.Bulk, []ratelimit.Bucket{e.Rates.bot()}, []ratelimit.Ask{{N: 1, Of: []int{0}}})
	if err != nil { // without Redis nothing is sent
		e.Log.Warn("no rate token", "channel", ch, "error", err)
		return false
	}
	return grants[0].N == 1
}

// restStaff writes down what has to rest after a message to the staff, as after one to a member.
func (e *Engine) restStaff(ctx context.Context, to somebody, r channels.Receipt, began time.Time) error {
	res := &results{channel: to.channel, lane: campaigns.Bulk}
	res.wholeChannel(to.channel, r, e.now())
	e.throttled(to.channel, to.cooldown(), to.address, r, began, res)
	return e.writeOutcomes(ctx, res)
}
