package decide

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
)

// Usable says why a channel cannot be used for the member; empty: it can. The step chooses its channel by it, and the gates look again
// by the same rule before bytes leave.
func Usable(f Facts, ch campaigns.Channel, purpose campaigns.Purpose) campaigns.Reason {
	c, ok := f.Channels[ch]
	return unusable(c, ok, f.Stopped, purpose)
}

func unusable(c ChannelFacts, hasAddress, stopped bool, purpose campaigns.Purpose) campaigns.Reason {
	if stopped && purpose != campaigns.Service {
		return campaigns.Stopped
	}
	if !hasAddress {
		return campaigns.NoAddress
	}
	if c.Off {
		return campaigns.ChannelOff
	}
	if reason := c.address(); reason != "" {
		return reason
	}
	if !c.Consent && purpose != campaigns.Service {
		return campaigns.NoConsent
	}
	return ""
}

// address says what is wrong with the address itself.
func (c ChannelFacts) address() campaigns.Reason {
	if c.Suppressed {
		return campaigns.SuppressedAddr
	}
	if c.Unconfirmed {
		return campaigns.Unconfirmed
	}
	switch c.Reach {
	case channels.ReachBlocked:
		return campaigns.Blocked
	case channels.ReachNotStarted:
		return campaigns.NotStarted
	case channels.ReachGone:
		return campaigns.Gone
	}
	return ""
}

// triesNext are the reasons that are about the channel or its address: another channel may do better.
var triesNext = []campaigns.Reason{
	campaigns.Blocked, campaigns.NotStarted, campaigns.Gone, campaigns.SuppressedAddr, campaigns.Unconfirmed, campaigns.NoConsent,
	campaigns.NoAddress, campaigns.ChannelOff, campaigns.AttemptsUsedUp,
}

// wasAway reports whether a message expired because its channel could not be had.
func wasAway(reason campaigns.Reason) bool {
	return reason == campaigns.ChannelAway || reason == campaigns.NoConnection
}

// tryNext reports whether a delivery that ended so is to be tried on another channel.
func tryNext(state campaigns.DeliveryState, reason campaigns.Reason) bool {
	if state == campaigns.Expired {
		return wasAway(reason)
	}
	failed := state == campaigns.Failed || state == campaigns.Suppressed
	return failed && slices.Contains(triesNext, reason)
}
