package members_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
)

// TestConsentOfTheTopicDecides: the topic's own entry decides, else the one for every topic, else there is no consent.
func TestConsentOfTheTopicDecides(t *testing.T) {
	key := func(ch campaigns.Channel, topic string) members.ConsentKey {
		return members.ConsentKey{Channel: ch, Topic: topic}
	}
	for name, c := range map[string]struct {
		known members.Consents
		want  bool
	}{
		"nothing known":              {members.Consents{}, false},
		"nil":                        {nil, false},
		"the topic":                  {members.Consents{key(campaigns.Email, "news"): true}, true},
		"every topic":                {members.Consents{key(campaigns.Email, members.AllTopics): true}, true},
		"every topic but this":       {members.Consents{key(campaigns.Email, members.AllTopics): true, key(campaigns.Email, "news"): false}, false},
		"this topic, not the others": {members.Consents{key(campaigns.Email, members.AllTopics): false, key(campaigns.Email, "news"): true}, true},
		"another topic":              {members.Consents{key(campaigns.Email, "challenges"): true}, false},
		"another channel":            {members.Consents{key(campaigns.Telegram, "news"): true}, false},
		"the switch decides nothing": {members.Consents{key(campaigns.Email, members.Everything): true}, false},
	} {
		if got := c.known.Allows(campaigns.Email, "news"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
