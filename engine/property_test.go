package engine_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/race"
	"github.com/kruzhok/kruzhok/store"
)

// life is one drawn member in one drawn campaign.
type life struct {
	*world
	rt   *rapid.T
	user int64
	id   string
	m    campaigns.MemberID
	key  campaigns.Key
}

// drawSteps draws a small campaign.
func drawSteps(rt *rapid.T) string {
	var out strings.Builder
	for i := range rapid.IntRange(1, 6).Draw(rt, "steps") {
		id := fmt.Sprintf("s%d", i)
		switch rapid.SampledFrom([]string{"send", "choice", "choices", "text", "number", "wait", "until", "branch", "set", "mail"}).Draw(rt, "step") {
		case "send":
			out.WriteString(sends(id, "Text "+id))
		case "mail":
			fmt.Fprintf(&out, "  - id: %s\n    send: {text: %s, channels: [email, telegram], expires: 3h}\n", id, both("Mail "+id))
		case "choice":
			out.WriteString(asks(id, "choice", twoOptions+", timeout: {after: 2h}"))
		case "choices":
			out.WriteString(asks(id, "choices", twoOptions))
		case "text":
			out.WriteString(asks(id, "text", ", timeout: {after: 1d}"))
		case "number":
			out.WriteString(asks(id, "number", ", min: 1, max: 9, retries: 1"))
		case "wait":
			out.WriteString(waits(id, "for: 90m"))
		case "until":
			out.WriteString(waits(id, `for: 1d, until: "10:00"`))
		case "branch":
			fmt.Fprintf(&out, "  - id: %s\n    branch:\n      - if: {tag: seen}\n        steps: [{send: {text: %s}}]\n      - else: [{ask: {type: yes_no, text: %s}}]\n", id, both("Seen"), both("Sure?"))
		case "set":
			fmt.Fprintf(&out, "  - id: %s\n    set: {add_tags: [seen], attributes: {level: 3}}\n", id)
		}
	}
	return out.String()
}

var acts = map[string]func(l *life){
	"say": func(l *life) {
		l.write(rapid.SampledFrom([]string{"5", "hello", "Apple", "yes", "many"}).Draw(l.rt, "text"))
	},
	"press":   func(l *life) { l.pressAny() },
	"later":   func(l *life) { l.later(time.Duration(rapid.IntRange(1, 40*60).Draw(l.rt, "minutes")) * time.Minute) },
	"block":   func(l *life) { l.bot.Block(l.user) },
	"unblock": func(l *life) { l.bot.Unblock(l.user) },
	"stop":    func(l *life) { l.write("/stop") },
	"start":   func(l *life) { l.bot.Start(sandbox.BotUser{ID: l.user, FirstName: "N"}, "") },
	"pause":   func(l *life) { _, _ = l.e.Pause(l.t.Context(), engine.Operator, l.key) },
	"resume":  func(l *life) { _, _ = l.e.Resume(l.t.Context(), engine.Operator, l.key) },
	"zone": func(l *life) {
		l.member(l.id, func(in *engine.MemberInput) {
			in.TimeZone = new(rapid.SampledFrom([]string{"Asia/Tokyo", "America/New_York", "Europe/Berlin"}).Draw(l.rt, "zone"))
		})
	},
	"fail": func(l *life) {
		l.bot.Fault("sendMessage", l.user, sandbox.BotFault{Kind: sandbox.BotServerError, Times: 1})
	},
	"slow": func(l *life) {
		l.bot.Fault("sendMessage", l.user, sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 3, Times: 1})
	},
	"left":    func(l *life) { l.event("member.left", l.id) },
	"no mail": func(l *life) { l.member(l.id, func(in *engine.MemberInput) { in.Email = new("") }) },
}

func (l *life) write(text string) { _, _ = l.bot.Say(l.user, text) }

// pressAny presses a button of any message.
func (l *life) pressAny() {
	var all []func()
	for _, m := range l.bot.Chat(l.user) {
		for _, row := range m.Keyboard {
			for _, b := range row {
				if b.Data != "" {
					all = append(all, func() { _, _ = l.bot.Press(l.user, m.ID, b.Data) })
				}
			}
		}
	}
	if len(all) > 0 {
		all[rapid.IntRange(0, len(all)-1).Draw(l.rt, "button")]()
	}
}

// holds is what must be true whenever the engine is at rest.
func (l *life) holds(after string) {
	en := l.enrollment(l.key, l.m)
	c, err := l.store.CampaignByKey(l.t.Context(), l.key)
	must(l.t, err)
	paused := c.State == campaigns.Paused
	switch {
	case en.State.Final():
		if en.DueAt != nil || en.WaitKind != "" || en.EndedAt == nil {
			l.rt.Fatalf("after %s: final, and still waits: %+v", after, en)
		}
	case en.State == campaigns.EnrollmentActive:
		if !paused {
			l.rt.Fatalf("after %s: active at %s, and nobody decides", after, en.Step)
		}
	case en.WaitKind == campaigns.WaitDelivery:
		d, err := l.store.Delivery(l.t.Context(), en.WaitDelivery)
		must(l.t, err)
		if d.State.Final() && !(paused && en.DueAt != nil) {
			l.rt.Fatalf("after %s: waits for a delivery that is %s", after, d.State)
		}
	case en.DueAt == nil:
		l.rt.Fatalf("after %s: waits for %q without an end", after, en.WaitKind)
	}
	l.accounts(after)
}

// accounts: what arrived has its row, once; and rows are final or have a time.
func (l *life) accounts(after string) {
	ds, err := l.store.Deliveries(l.t.Context(), store.DeliveryFilter{Member: l.m}, store.Page{Limit: 1000})
	must(l.t, err)
	known := map[string]int{}
	for _, d := range ds {
		if d.ProviderID != "" && d.Channel == campaigns.Telegram {
			known[d.ProviderID]++
		}
		if !d.State.Final() && (d.State != campaigns.Pending || d.DueAt == nil && d.Chunk == 0) {
			l.rt.Fatalf("after %s: delivery %d is lost: %s", after, d.ID, d.State)
		}
	}
	for _, c := range l.bot.Journal() {
		if c.Chat == l.user && known[fmt.Sprint(c.MessageID)] != 1 {
			l.rt.Fatalf("after %s: message %d (%q) has %d rows", after, c.MessageID, c.Text, known[fmt.Sprint(c.MessageID)])
		}
	}
}

// TestEveryLife: drawn members in drawn campaigns. Whatever they do, the enrollment ends or waits for something named, every message has its row,
// the same updates again change nothing, and in the end everything ends.
func TestEveryLife(t *testing.T) {
	if race.Enabled { // what it looks for has to do with no race, and takes minutes
		fewerLives(t, "10")
	}
	each(t, func(t *testing.T, w *world) {
		n := int64(0)
		rapid.Check(t, func(rt *rapid.T) {
			n++
			l := &life{world: w, rt: rt, user: 10_000 + n, id: fmt.Sprint("u", n)}
			l.m = l.chatMember(l.id, l.user, andMail(l.id+"@example.org"))
			l.key = l.publish(campaign(fmt.Sprint("c", n), "exit: [{event: member.left}]\nquiet_hours: {from: \"22:00\", to: \"08:00\"}", drawSteps(rt)))
			l.enroll(l.key, l.id)
			l.settle()
			l.holds("enrollment")
			for range rapid.IntRange(0, 8).Draw(rt, "acts") {
				act := rapid.SampledFrom(names(acts)).Draw(rt, "act")
				acts[act](l)
				l.settle()
				l.holds(act)
			}
			l.ends()
		})
	})
}

// fewerLives sets how many are drawn, for this test.
func fewerLives(t *testing.T, n string) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	before := checks.Value.String()
	must(t, checks.Value.Set(n))
	t.Cleanup(func() { must(t, checks.Value.Set(before)) })
}

func names(m map[string]func(*life)) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// ends plays the updates again, resumes, and waits long enough for every timeout.
func (l *life) ends() {
	before := l.state()
	must(l.t, l.e.StoreUpdates(l.t.Context(), l.taken))
	l.settle()
	if after := l.state(); after != before {
		l.rt.Fatalf("the same updates again:\n%s\nbefore:\n%s", after, before)
	}
	l.taken = nil
	l.bot.ClearFaults()
	_, _ = l.e.Resume(l.t.Context(), engine.Operator, l.key)
	l.later(40 * 24 * time.Hour)
	l.holds("forty days")
	if en := l.enrollment(l.key, l.m); !en.State.Final() {
		l.rt.Fatalf("it never ends: %s", l.stands(l.key, l.m))
	}
	_, _ = l.e.End(l.t.Context(), engine.Operator, l.key)
}

// state is all that an input could have changed about the member.
func (l *life) state() string {
	rs, err := l.store.Responses(l.t.Context(), store.ResponseFilter{Member: l.m}, store.Page{Limit: 1000})
	must(l.t, err)
	out := l.stands(l.key, l.m) + "\n" + strings.Join(l.rows(l.m), "\n") + fmt.Sprint(len(l.events(l.m)), len(l.bot.Journal()))
	for _, r := range rs {
		out += fmt.Sprint(r.Question, r.Rev, plain(r.Answer))
	}
	return out
}
