package decide

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
)

// TestSkipTellsTheReasonThatMatters: the reason of a skipped step is that of a channel on which the member can be written to at all.
func TestSkipTellsTheReasonThatMatters(t *testing.T) {
	def, problems := definition.Parse([]byte("key: k\nkind: broadcast\nname: K\ntopic: t\nlanguages: [en]\nchannels: [telegram, email]\nentry: {manual: true}\nsteps:\n  - send: {text: {en: Hi}}\n"), definition.YAML)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	mail := func(c ChannelFacts) map[campaigns.Channel]ChannelFacts {
		c.Reach = channels.ReachUnknown
		return map[campaigns.Channel]ChannelFacts{campaigns.Email: c}
	}
	for name, c := range map[string]struct {
		channels map[campaigns.Channel]ChannelFacts
		reason   campaigns.Reason
		channel  campaigns.Channel
	}{
		"no address anywhere":            {nil, campaigns.NoAddress, campaigns.Telegram},
		"mail alone, without consent":    {mail(ChannelFacts{}), campaigns.NoConsent, campaigns.Email},
		"mail alone, the channel is off": {mail(ChannelFacts{Consent: true, Off: true}), campaigns.ChannelOff, campaigns.Email},
		"both: the first channel's reason": {map[campaigns.Channel]ChannelFacts{
			campaigns.Telegram: {Reach: channels.ReachBlocked, Consent: true}, campaigns.Email: {Reach: channels.ReachOK},
		}, campaigns.Blocked, campaigns.Telegram},
	} {
		_, effects := Decide(def, Enrollment{State: campaigns.EnrollmentActive}, Facts{Zone: time.UTC, Language: "en", Channels: c.channels}, &Start{}, time.Unix(0, 0))
		rec, ok := effects[0].(*Record)
		if !ok || rec.Name != "step.skipped" || rec.Reason != c.reason || rec.Channel != c.channel {
			t.Errorf("%s: %+v", name, effects[0])
		}
	}
}
