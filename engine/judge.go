package engine

import (
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// SwitchLimits are the shares, in percent, at which sending stops by itself; 0: never.
type SwitchLimits struct {
	Errors     float64
	Complaints float64 // about mail
	Blocks     float64 // members who leave right after a Telegram message
	Minimum    int     // attempts before a share means anything
}

const (
	// errorWindows are looked at both: the short one notices what breaks in the middle of a long good run, the long one what trickles.
	shortWindow, longWindow = 2 * time.Minute, time.Hour
	// complaintWindow is longer: people take their time.
	complaintWindow = 24 * time.Hour
	// leastErrors and leastComplaints keep chance from tripping it.
	leastErrors, leastComplaints = 10, 3
)

// Figures is what tripped a switch.
type Figures struct {
	N       int               `json:"n"`  // that failed, or complained
	Of      int               `json:"of"` // attempts
	Percent float64           `json:"percent"`
	Limit   float64           `json:"limit"`
	Minutes int               `json:"minutes"`           // of the window
	Channel campaigns.Channel `json:"channel,omitempty"` // whose figures they are, also where everything stops
}

// verdict is a scope to be stopped.
type verdict struct {
	scope    string
	campaign campaigns.CampaignID // of a campaign's scope
	reason   store.SwitchReason
	figures  Figures
}

// Scopes of switches.
const scopeAll = "all"

func campaignScope(id campaigns.CampaignID) string {
	return "campaign:" + strconv.FormatInt(int64(id), 10)
}

// judge says what has to stop, by the narrowest scope that explains the figures: the campaigns that exceed a limit; or the channel, when it does so even
// without its worst campaign; or everything, when every channel in use does. What was counted before a scope was released, or a wider one, does not count again.
func judge(counts []store.Attempts, released map[string]time.Time, l SwitchLimits, now time.Time) (out []verdict) {
	var wide []verdict
	used := map[campaigns.Channel]bool{}
	for _, c := range counts {
		used[c.Channel] = true
	}
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		if !used[ch] {
			continue
		}
		if v, ok := judgeChannel(counts, released, l, ch, now); ok {
			wide = append(wide, v)
			continue
		}
		out = append(out, judgeCampaigns(counts, released, l, ch, now)...)
	}
	if len(wide) > 1 && len(wide) == len(used) {
		v := wide[0]
		v.scope = scopeAll
		return []verdict{v}
	}
	return append(wide, out...)
}

func judgeCampaigns(counts []store.Attempts, released map[string]time.Time, l SwitchLimits, ch campaigns.Channel, now time.Time) (out []verdict) {
	seen := map[campaigns.CampaignID]bool{0: true} // replies are nobody's campaign
	wide := newer(released[scopeAll], released[string(ch)])
	for _, c := range counts {
		if c.Channel != ch || seen[c.Campaign] {
			continue
		}
		seen[c.Campaign] = true
		scope := campaignScope(c.Campaign)
		of := func(a store.Attempts) bool { return a.Channel == ch && a.Campaign == c.Campaign }
		if reason, f, ok := l.exceeded(counts, of, newer(wide, released[scope]), ch, now); ok {
			out = append(out, verdict{scope, c.Campaign, reason, f})
		}
	}
	return out
}

// judgeChannel looks at the channel without each of its campaigns in turn.
func judgeChannel(counts []store.Attempts, released map[string]time.Time, l SwitchLimits, ch campaigns.Channel, now time.Time) (v verdict, ok bool) {
	since := newer(released[scopeAll], released[string(ch)])
	seen := map[campaigns.CampaignID]bool{}
	for _, c := range counts {
		if c.Channel != ch || seen[c.Campaign] {
			continue
		}
		seen[c.Campaign] = true
		without := func(a store.Attempts) bool { return a.Channel == ch && a.Campaign != c.Campaign }
		if _, _, ok := l.exceeded(counts, without, since, ch, now); !ok {
			return v, false
		}
	}
	reason, f, ok := l.exceeded(counts, func(a store.Attempts) bool { return a.Channel == ch }, since, ch, now)
	return verdict{scope: string(ch), reason: reason, figures: f}, ok
}

func newer(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// exceeded reports whether the counts that are wanted exceed a limit, and how.
func (l SwitchLimits) exceeded(counts []store.Attempts, wanted func(store.Attempts) bool, since time.Time, ch campaigns.Channel, now time.Time) (store.SwitchReason, Figures, bool) {
	sum := func(window time.Duration) (s store.Attempts) {
		for _, a := range counts {
			if wanted(a) && !a.Minute.Before(since) && !a.Minute.Before(now.Add(-window).Truncate(time.Minute)) {
				s.Ended, s.Failed, s.Complaints = s.Ended+a.Ended, s.Failed+a.Failed, s.Complaints+a.Complaints
			}
		}
		return s
	}
	for _, window := range []time.Duration{shortWindow, longWindow} {
		s := sum(window)
		if f, ok := l.over(s.Failed, s.Ended, leastErrors, l.Errors, window, ch); ok {
			return store.SwitchErrors, f, true
		}
	}
	limit := l.Complaints
	if ch == campaigns.Telegram {
		limit = l.Blocks
	}
	s := sum(complaintWindow)
	f, ok := l.over(s.Complaints, s.Ended, leastComplaints, limit, complaintWindow, ch)
	return store.SwitchComplaints, f, ok
}

func (l SwitchLimits) over(n, of, least int, limit float64, window time.Duration, ch campaigns.Channel) (Figures, bool) {
	if limit <= 0 || n < least || of < l.Minimum {
		return Figures{}, false
	}
	percent := 100 * float64(n) / float64(of)
	return Figures{N: n, Of: of, Percent: percent, Limit: limit, Minutes: int(window / time.Minute), Channel: ch}, percent > limit
}
