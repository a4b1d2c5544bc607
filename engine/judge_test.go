package engine

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// TestJudge: what the figures of the last minutes stop, and what they do not.
func TestJudge(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 30, 20, 0, time.UTC)
	row := func(id campaigns.CampaignID, ch campaigns.Channel, ago, ended, failed, complaints int) store.Attempts {
		return store.Attempts{Campaign: id, Channel: ch, Minute: now.Add(-time.Duration(ago) * time.Minute).Truncate(time.Minute), Ended: ended, Failed: failed, Complaints: complaints}
	}
	mail, chat := campaigns.Email, campaigns.Telegram
	for name, c := range map[string]struct {
		counts   []store.Attempts
		released map[string]time.Time
		want     []string
	}{
		"1 of 3":                             {counts: []store.Attempts{row(1, mail, 0, 3, 1, 0)}},
		"5 of 100":                           {counts: []store.Attempts{row(1, mail, 0, 100, 5, 0)}},
		"a few of just enough":               {counts: []store.Attempts{row(1, mail, 0, 100, 9, 0)}},
		"10 of 100":                          {counts: []store.Attempts{row(1, mail, 0, 100, 10, 0)}, want: []string{"campaign:1 errors 10/100"}},
		"5 in 100 are not too many":          {counts: []store.Attempts{row(1, mail, 0, 1000, 50, 0)}},
		"breaks after a long good run":       {counts: []store.Attempts{row(1, mail, 30, 1_000_000, 0, 0), row(1, mail, 0, 200, 20, 0)}, want: []string{"campaign:1 errors 20/200"}},
		"trickles":                           {counts: []store.Attempts{row(1, mail, 50, 60, 6, 0), row(1, mail, 20, 60, 6, 0)}, want: []string{"campaign:1 errors 12/120"}},
		"long ago":                           {counts: []store.Attempts{row(1, mail, 61, 100, 50, 0)}},
		"before it was released":             {counts: []store.Attempts{row(1, mail, 1, 100, 50, 0), row(1, mail, 0, 100, 0, 0)}, released: map[string]time.Time{"campaign:1": now.Truncate(time.Minute)}},
		"complaints about mail":              {counts: []store.Attempts{row(1, mail, 600, 2000, 0, 3)}, want: []string{"campaign:1 complaints 3/2000"}},
		"two complaints":                     {counts: []store.Attempts{row(1, mail, 0, 100, 0, 2)}},
		"blocks have a limit of their own":   {counts: []store.Attempts{row(1, chat, 0, 1000, 0, 20)}},
		"too many blocks":                    {counts: []store.Attempts{row(1, chat, 0, 1000, 0, 21)}, want: []string{"campaign:1 complaints 21/1000"}},
		"one campaign of two":                {counts: []store.Attempts{row(1, mail, 0, 500, 100, 0), row(2, mail, 0, 500, 0, 0)}, want: []string{"campaign:1 errors 100/500"}},
		"each campaign: it is the channel":   {counts: []store.Attempts{row(1, mail, 0, 500, 100, 0), row(2, mail, 0, 500, 100, 0), row(3, chat, 0, 900, 0, 0)}, want: []string{"email errors 200/1000"}},
		"every channel":                      {counts: []store.Attempts{row(1, mail, 0, 500, 100, 0), row(2, mail, 0, 500, 100, 0), row(1, chat, 0, 500, 100, 0), row(2, chat, 0, 500, 100, 0)}, want: []string{"all errors 200/1000"}},
		"replies stop nothing by themselves": {counts: []store.Attempts{row(0, chat, 0, 500, 100, 0)}},
		"replies and a campaign":             {counts: []store.Attempts{row(0, chat, 0, 500, 100, 0), row(1, chat, 0, 500, 100, 0)}, want: []string{"telegram errors 200/1000"}},
		"a channel that was released":        {counts: []store.Attempts{row(0, chat, 1, 500, 100, 0), row(1, chat, 1, 500, 100, 0)}, released: map[string]time.Time{"telegram": now.Add(-20 * time.Second), "campaign:1": now.Add(-20 * time.Second)}},
		"what its channel was released from does not stop a campaign": {counts: []store.Attempts{row(1, mail, 1, 500, 100, 0), row(2, mail, 1, 500, 100, 0), row(3, chat, 1, 500, 0, 0)}, released: map[string]time.Time{"email": now.Add(-20 * time.Second)}},
		"nor does what everything was released from":                  {counts: []store.Attempts{row(1, mail, 1, 500, 100, 0), row(2, chat, 1, 500, 100, 0)}, released: map[string]time.Time{"all": now.Add(-20 * time.Second)}},
	} {
		var got []string
		for _, v := range judge(c.counts, c.released, SwitchLimits{Errors: 5, Complaints: 0.1, Blocks: 2, Minimum: 100}, now) {
			got = append(got, v.scope+" "+string(v.reason)+" "+strconv.Itoa(v.figures.N)+"/"+strconv.Itoa(v.figures.Of))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := judge(c.counts, c.released, SwitchLimits{Minimum: 100}, now); len(got) > 0 {
			t.Errorf("%s: stopped although it never shall: %v", name, got)
		}
	}
}

// TestWhatEverythingStoppedFor: the sentence of a switch for everything tells of members who left, and not of mails, where it was that.
func TestWhatEverythingStoppedFor(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 30, 20, 0, time.UTC)
	var counts []store.Attempts
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		for id := range 2 {
			counts = append(counts, store.Attempts{Campaign: campaigns.CampaignID(id + 1), Channel: ch, Minute: now.Truncate(time.Minute), Ended: 500, Complaints: 50})
		}
	}
	all := judge(counts, nil, SwitchLimits{Complaints: 0.1, Blocks: 2, Minimum: 100}, now)
	if len(all) != 1 || all[0].scope != scopeAll {
		t.Fatalf("%+v", all)
	}
	s := Switch{Scope: scopeAll, Reason: all[0].reason, Figures: &all[0].figures}
	if got := s.Sentence("en"); got != "100 members left right after one of 1,000 messages in the last day: 10%, and 2% is the limit." {
		t.Error(got)
	}
}
