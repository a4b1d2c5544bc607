package simulation

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

// leastPart is how many members a stage of their own is worth.
const leastPart = 50

// choose numbers the members, and picks whose days are told: one of each behaviour first, then in order.
func choose(plan *Plan) {
	left, have := plan.Stories, map[string]bool{}
	pick := func(m *Member) {
		if !m.told && left > 0 {
			m.told = true
			left--
		}
	}
	for i := range plan.Members {
		m := &plan.Members[i]
		m.index, m.told = i, false
		if b := m.Does.String(); !have[b] {
			have[b] = true
			pick(m)
		}
	}
	for i := range plan.Members {
		pick(&plan.Members[i])
		if plan.Members[i].ID == plan.Story {
			plan.Members[i].told = true
		}
	}
}

// split deals the members to as many stages as are asked for and worth it. Each may play its share of the messages, and take its share of the memory.
func (p Plan) split() []Plan {
	n := max(1, min(p.Parts, len(p.Members)/leastPart))
	parts := make([]Plan, n)
	for i := range parts {
		parts[i] = p
		parts[i].Members, parts[i].messages = nil, max(p.messages/n, 1)
		parts[i].database, parts[i].kept = p.database/int64(n), p.kept/int64(n)
	}
	for i, m := range p.Members {
		parts[i%n].Members = append(parts[i%n].Members, m)
	}
	return parts
}

// merged adds up what the stages tell.
func merged(parts []*Result) *Result {
	r := parts[0]
	for _, x := range parts[1:] {
		r.add(x)
	}
	slices.SortFunc(r.Stories, func(a, b Story) int { return cmp.Compare(a.index, b.index) })
	return r
}

func (r *Result) add(x *Result) {
	r.Members, r.Messages, r.Complete = r.Members+x.Members, r.Messages+x.Messages, r.Complete && x.Complete
	if x.Until.Before(r.Until) {
		r.Until = x.Until
	}
	for i := range r.Campaigns {
		r.Campaigns[i].add(&x.Campaigns[i])
	}
	r.ByDay = addDays(r.ByDay, x.ByDay)
	r.Stories = append(r.Stories, x.Stories...)
}

func (c *CampaignTotals) add(x *CampaignTotals) {
	c.Entered, c.Passages, c.Completed, c.Inside, c.Clashes, c.HeldOut = c.Entered+x.Entered, c.Passages+x.Passages, c.Completed+x.Completed, c.Inside+x.Inside, c.Clashes+x.Clashes, c.HeldOut+x.HeldOut
	c.NotEntered, c.Exited = addReasons(c.NotEntered, x.NotEntered), addReasons(c.Exited, x.Exited)
	for key, y := range x.enrolls {
		c.enrolls[key] = elsewhere{y.name, c.enrolls[key].n + y.n}
	}
	for name, n := range x.dateless {
		c.dateless[name] += n
	}
	if x.again > c.again {
		c.again, c.againAt = x.again, x.againAt
	}
	for i := range c.Steps {
		s, y := &c.Steps[i], &x.Steps[i]
		s.Entered, s.Held, s.Answered, s.TimedOut, s.Inside = s.Entered+y.Entered, s.Held+y.Held, s.Answered+y.Answered, s.TimedOut+y.TimedOut, s.Inside+y.Inside
		s.NotSent = addReasons(s.NotSent, y.NotSent)
		addSent(s.Sent, y.Sent)
		for i := range s.Arms {
			s.Arms[i].Entered += y.Arms[i].Entered
		}
	}
}

func addSent(to, from map[campaigns.Channel]int) {
	for ch, n := range from {
		to[ch] += n
	}
}

func addReasons(a, b []ReasonTotal) []ReasonTotal {
	for _, x := range b {
		if i := slices.IndexFunc(a, func(y ReasonTotal) bool { return y.Reason == x.Reason }); i >= 0 {
			a[i].N += x.N
		} else {
			a = append(a, x)
		}
	}
	slices.SortFunc(a, func(x, y ReasonTotal) int { return cmp.Or(cmp.Compare(y.N, x.N), cmp.Compare(x.Reason, y.Reason)) })
	return a
}

func addDays(a, b []DayTotals) []DayTotals {
	days := map[int]DayTotals{}
	for _, d := range a {
		days[d.Day] = d
	}
	for _, d := range b {
		if had, ok := days[d.Day]; ok {
			addSent(d.Sent, had.Sent)
			d.NotSent, d.Answered, d.Entered, d.Ended = d.NotSent+had.NotSent, d.Answered+had.Answered, d.Entered+had.Entered, d.Ended+had.Ended
		}
		days[d.Day] = d
	}
	return slices.SortedFunc(maps.Values(days), func(x, y DayTotals) int { return cmp.Compare(x.Day, y.Day) })
}
