package engine

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/ratelimit"
)

// asking is one question to the limiter: which buckets some jobs need. Jobs that need the same ones are one ask.
type asking struct {
	free    []job // need none
	buckets []ratelimit.Bucket
	asks    []ratelimit.Ask
	jobs    [][]job // by ask
	named   map[string]int
	same    map[string]int
}

func (e *Engine) asking(ch campaigns.Channel, jobs []job, slow cooldowns, now time.Time) *asking {
	a := &asking{named: map[string]int{}, same: map[string]int{}}
	for _, j := range jobs {
		var of []int
		if ch == campaigns.Email {
			of = e.mailBuckets(a, j, slow, now)
		} else {
			of = e.chatBuckets(a, j, slow, now)
		}
		a.add(j, of)
	}
	return a
}

// bucket is the index of the named bucket; ok is false for one that limits nothing.
func (a *asking) bucket(of []int, b ratelimit.Bucket) []int {
	if b.Rate <= 0 {
		return of
	}
	i, ok := a.named[b.Name]
	if !ok {
		i = len(a.buckets)
		a.named[b.Name] = i
		a.buckets = append(a.buckets, b)
	}
	return append(of, i)
}

func (a *asking) add(j job, of []int) {
	if len(of) == 0 {
		a.free = append(a.free, j)
		return
	}
	again := j.d.Reason == campaigns.RateLimited
	key := strconv.FormatBool(again)
	for _, i := range of {
		key += " " + strconv.Itoa(i)
	}
	i, ok := a.same[key]
	if !ok {
		i = len(a.asks)
		a.same[key] = i
		a.asks = append(a.asks, ratelimit.Ask{Of: of, Again: again})
		a.jobs = append(a.jobs, nil)
	}
	a.asks[i].N++
	a.jobs[i] = append(a.jobs[i], j)
}

// parted sorts the jobs by what was granted.
func (a *asking) parted(grants []ratelimit.Grant, now time.Time) (may []job, later []delayed) {
	may = a.free
	for i, g := range grants {
		jobs := a.jobs[i]
		may = append(may, jobs[:g.N]...)
		gap := a.gap(i)
		for k, j := range jobs[len(jobs)-g.Lined:] {
			later = append(later, delayed{j, now.Add(g.First + time.Duration(k)*gap), campaigns.RateLimited})
		}
	}
	return may, later
}

// gap is the time between two of the ask's messages in line: the slowest of its buckets says it.
func (a *asking) gap(ask int) (gap time.Duration) {
	for _, i := range a.asks[ask].Of {
		if b := a.buckets[i]; b.Lines {
			gap = max(gap, b.Gap())
		}
	}
	return gap
}

// withoutLimiter holds back only what rests.
func (a *asking) withoutLimiter(now time.Time) (may []job, later []delayed) {
	may = a.free
	for i, ask := range a.asks {
		opens := time.Duration(0)
		for _, b := range ask.Of {
			opens = max(opens, a.buckets[b].Opens)
		}
		if opens == 0 {
			may = append(may, a.jobs[i]...)
			continue
		}
		for _, j := range a.jobs[i] {
			later = append(later, delayed{j, now.Add(opens), campaigns.RateLimited})
		}
	}
	return may, later
}

// chatBuckets: the bot's, the chat's, and for a group the group's (its chat id is negative).
func (e *Engine) chatBuckets(a *asking, j job, slow cooldowns, now time.Time) (of []int) {
	r, to := e.Rates, j.p.Addresses.On(campaigns.Telegram).Value
	of = a.bucket(of, r.bot())
	chat := ratelimit.Bucket{Name: "chat:" + to, Rate: r.Chat, Burst: max(r.ChatBurst, 2), Full: true, Lines: true}
	if c, ok := slow.of(chatCooldown(j.d)); ok && c.Until.After(now) {
		chat.Opens, chat.Rate = c.Until.Sub(now), max(chat.Rate, 1)
	}
	of = a.bucket(of, chat)
	if strings.HasPrefix(to, "-") {
		of = a.bucket(of, ratelimit.Bucket{Name: "group:" + to, Rate: r.Group / 60, Burst: max(int(r.Group), 2), Full: true, Lines: true})
	}
	return of
}

// mailBuckets: the domain's, where it is limited or has slowed us down.
func (e *Engine) mailBuckets(a *asking, j job, slow cooldowns, now time.Time) []int {
	domain := mailDomain(j)
	rate, opens := e.domainRate(domain, slow, now)
	return a.bucket(nil, ratelimit.Bucket{
		Name: "domain:" + domain, Rate: rate, Burst: max(int(math.Ceil(rate)), 2), Reserve: interactiveShare, Lines: true, Opens: opens,
	})
}

func mailDomain(j job) string { return domainOf(j.p.Addresses.On(campaigns.Email).Value) }
