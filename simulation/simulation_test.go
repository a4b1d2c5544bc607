package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/race"
	"github.com/kruzhok/kruzhok/templates/starters"
)

// start is a Tuesday noon in UTC.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func starter(t *testing.T, name string) engine.Draft {
	t.Helper()
	src, ok := starters.Source(name)
	if !ok {
		t.Fatalf("no starter %s", name)
	}
	return engine.Draft{Source: src, Format: definition.YAML}
}

// written is a small campaign by hand: steps without indentation.
func written(head, steps string) engine.Draft {
	out := "key: small\nkind: survey\nname: Small\ntopic: news\nlanguages: [en]\n"
	for _, d := range []string{"channels: [telegram, email]", "entry: {manual: true}"} {
		if word, _, _ := strings.Cut(d, ":"); !strings.Contains("\n"+head, "\n"+word+":") {
			out += d + "\n"
		}
	}
	return engine.Draft{Source: out + head + "\nsteps:\n" + steps, Format: definition.YAML}
}

func run(t *testing.T, plan Plan) *Result {
	t.Helper()
	if plan.Start.IsZero() {
		plan.Start = start
	}
	plan.Dir = t.TempDir()
	r, err := Run(t.Context(), plan)
	if err != nil {
		t.Fatalf("%v: %+v", err, fault.Details(err, "en"))
	}
	return r
}

func mix(t *testing.T, text string) []Share {
	t.Helper()
	m, err := ParseMix(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// one is a member in Berlin with both channels, who does what is said.
func one(t *testing.T, does string) Member {
	t.Helper()
	b, ok := ParseBehaviour(does)
	if !ok {
		t.Fatalf("no behaviour %s", does)
	}
	m := Member{ID: "u1", FirstName: "Anna", Language: "en", Zone: "Europe/Berlin", Does: b, Addresses: map[campaigns.Channel]Address{}}
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		m.Addresses[ch] = Address{}
		m.Consents = append(m.Consents, engine.ConsentInput{Channel: ch, Source: "test"})
	}
	return m
}

// lines are what happens to the only member, as "day kind step channel reason".
func lines(r *Result) []string {
	var out []string
	for _, it := range r.Stories[0].Items {
		out = append(out, strings.Join(strings.Fields(fmt.Sprint(it.Local, " ", it.Kind, " ", it.Step, " ", it.Channel, " ", it.Reason)), " "))
	}
	return out
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("(-want +got)\n%s", d)
	}
}

// hearts are what starters need so that everything in them happens: days and numbers that the platform keeps of members, and what it reports.
var hearts = map[string]Plan{
	"lesson-reminder": {Attributes: map[string]any{"lesson_on": "2026-11-27", "lesson_at": "19:00", "lesson_url": "https://speaklingua.example/room"}},
	"bring-a-friend":  {Events: []Event{{Name: "friend.joined", Day: 9}}},
}

// company is how members behave; in a long challenge some are there for a part of it.
func company(name string) string {
	if name == "fourteen-days" {
		return "answers=30, silent=10, blocks:4=30, blocks:11=30"
	}
	return "answers=50, answers:30m=10, silent=20, blocks:3=10, bounces=5, withdraws:5=5"
}

// TestStartersEnd: every starter is played by people of all kinds; somebody comes to each of its steps, and nobody is left inside. What becomes of them is written in golden files.
func TestStartersEnd(t *testing.T) {
	invented := 30
	if race.Enabled { // what differs between members has no races, and a few campaigns show those of playing
		invented = 6
	}
	for i, name := range starters.Names() {
		if race.Enabled && i%4 > 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := hearts[name]
			plan.Campaigns, plan.Invented, plan.Days, plan.Seed = []engine.Draft{starter(t, name)}, invented, 60, 1
			plan.Stories = goldenStories
			plan.Mix = mix(t, company(name))
			r := run(t, plan)
			c := r.Campaigns[0]
			for _, s := range c.Steps {
				if s.Entered == 0 && !race.Enabled {
					t.Errorf("nobody came to %s", s.Step)
				}
			}
			recurs := strings.Contains(strings.Join(r.Notes, "\n"), "takes its audience in")
			notes := slices.DeleteFunc(r.Notes, func(n string) bool { // nothing to mend there
				return strings.Contains(n, "takes its audience in") || strings.Contains(n, "is left on events") || strings.Contains(n, "The goal of")
			})
			over := c.Completed + total(c.Exited)
			if !r.Complete || len(notes) > 0 || c.Entered != invented || c.Inside != 0 || over != invented && (!recurs || over < 2*invented) {
				t.Fatalf("%+v\n%v", c, r.Notes)
			}
			for _, s := range c.Steps {
				for _, no := range s.NotSent {
					if no.Reason == string(campaigns.RenderFailed) || no.Reason == string(campaigns.Stumbled) || no.What == "reason."+no.Reason {
						t.Errorf("step %s: %+v", s.Step, no)
					}
				}
			}
			answered(t, c)
			if !race.Enabled {
				asBefore(t, name, r)
			}
		})
	}
}

func total(list []ReasonTotal) (n int) {
	for _, r := range list {
		n += r.N
	}
	return n
}

// answered: each kind of question took the answers that were invented for it.
func answered(t *testing.T, c CampaignTotals) {
	t.Helper()
	for _, s := range c.Steps {
		sent := 0
		for _, n := range s.Sent {
			sent += n
		}
		if s.Does == "ask" && s.Answered == 0 && sent > 10 && s.Step != "evening" && s.Step != "remind" {
			t.Errorf("nobody answered %s: %+v", s.Step, s)
		}
	}
}

// TestSameSeedSameDays: the whole result is the same for the same seed, and another for another.
func TestSameSeedSameDays(t *testing.T) {
	play := func(seed uint64) string {
		b, err := json.Marshal(run(t, Plan{
			Campaigns: []engine.Draft{starter(t, "first-week")}, Invented: 24, Days: 20, Seed: seed, Stories: 24,
			Mix: mix(t, "answers=3, silent=1, blocks:2=1"),
		}))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := play(7)
	if d := cmp.Diff(first, play(7)); d != "" {
		t.Errorf("the same seed: %s", d)
	}
	if first == play(8) {
		t.Error("another seed plays the same")
	}
}

// TestPartsChangeNothing: members who are spread over several stages live through the same.
func TestPartsChangeNothing(t *testing.T) {
	play := func(parts int) string {
		b, err := json.Marshal(run(t, Plan{
			Campaigns: []engine.Draft{starter(t, "how-are-we")}, Invented: 2 * leastPart, Days: 12, Seed: 3, Stories: 100, Parts: parts,
			Mix: mix(t, "answers=3, silent=1, blocks:2=1, withdraws:3=1"),
		}))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if d := cmp.Diff(strings.Split(play(1), "},{"), strings.Split(play(2), "},{")); d != "" {
		t.Error(d)
	}
}

func TestBlockedBotGoesOnByMail(t *testing.T) {
	steps := "  - id: a\n    send: {text: {en: One}}\n  - id: w\n    wait: {for: 4d}\n  - id: b\n    send: {text: {en: Two}}\n"
	m := one(t, "blocks:3")
	r := run(t, Plan{Campaigns: []engine.Draft{written("", steps)}, Members: []Member{m}, Days: 10})
	expect(t, lines(r),
		"2026-11-24 13:00 entered", "2026-11-24 13:00 message a telegram",
		"2026-11-26 13:00 blocked telegram",
		"2026-11-28 13:00 message b email", "2026-11-28 13:00 ended b",
	)
	if text := r.Stories[0].Items[3].Text; !strings.Contains(text, "Two") || strings.Contains(text, "Delivery") {
		t.Errorf("text: %q", text)
	}
}

// TestSilentMemberIsAskedTwice: a question goes by mail too when nobody answers; nobody was asked twice in the totals, and who cannot be asked there is told of.
func TestSilentMemberIsAskedTwice(t *testing.T) {
	draft := written("escalate: {after: 2d}", "  - {id: q, ask: {type: nps, text: {en: Well?}}}\n")
	r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Days: 5})
	expect(t, lines(r), "2026-11-24 13:00 entered", "2026-11-24 13:00 message q telegram", "2026-11-26 13:00 escalated q email", "2026-11-26 13:00 message q email",
		"2026-11-27 13:00 timed_out q", "2026-11-27 13:00 ended q")
	if s := r.Campaigns[0].Steps[0]; s.Entered != 1 || s.TimedOut != 1 || s.Sent[campaigns.Telegram] != 1 || s.Sent[campaigns.Email] != 1 {
		t.Errorf("totals: %+v", s)
	}
	m := one(t, "silent")
	delete(m.Addresses, campaigns.Email)
	r = run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{m}, Days: 5})
	expect(t, lines(r)[2:3], "2026-11-26 13:00 not_escalated q no_address")
	if got := r.Stories[0].Items[2].What; got != "Nobody answered the step “q”, and its question goes by no other channel. The member has no address there." {
		t.Error(got)
	}
}

// TestLostChannelIsTold: where the channel of a question was lost, the simulation speaks of no silence; it has the words of the timeline.
func TestLostChannelIsTold(t *testing.T) {
	draft := written("escalate: {after: 5d}", "  - {id: q, ask: {type: nps, text: {en: Well?}, timeout: {after: 9d}}}\n")
	m := one(t, "blocks:3")
	m.Does.After = 0 // no answer before
	for lang, want := range map[string]string{
		"en": "The question of the step “q” does not reach the member any more where it stands, so it goes by another channel too: email. The member blocked the bot.",
		"ru": "Вопрос шага «q» остался в канале, где до участника уже не достучаться, поэтому он отправляется ещё и в другой канал: почта. Участник заблокировал бота.",
	} {
		r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{m}, Days: 4, Lang: lang})
		i := slices.IndexFunc(r.Stories[0].Items, func(it Item) bool { return it.Kind == ItemEscalated })
		if i < 0 || r.Stories[0].Items[i].What != want || r.Stories[0].Items[i].Reason != string(campaigns.Blocked) {
			t.Errorf("%v\n%+v", lines(r), r.Stories[0].Items)
		}
	}
}

// TestGoalIsTold: a member's days say when the goal was reached, also where the campaign goes on.
func TestGoalIsTold(t *testing.T) {
	draft := written("goal: {event: lesson.booked, within: 9d, then: count}", "  - {id: a, send: {text: {en: Hi}}}\n  - {id: w, wait: 5d}\n")
	for lang, want := range map[string]string{"en": "Reached the goal of the campaign “Small”.", "ru": "Цель кампании «Small» достигнута."} {
		r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Events: []Event{{Name: "lesson.booked", Day: 2}}, Days: 4, Lang: lang})
		expect(t, lines(r), "2026-11-24 13:00 entered", "2026-11-24 13:00 message a telegram", "2026-11-25 13:00 happened w goal.reached")
		if got := r.Stories[0].Items[2].What; got != want {
			t.Error(got)
		}
	}
}

// TestRefusedReentryIsTold: from when somebody may enter again whom a second event does not let in, by the member's clock.
func TestRefusedReentryIsTold(t *testing.T) {
	draft := written("entry: {event: lesson.done, reentry: after, after: 3d}", "  - {id: hi, send: {text: {en: Hi}}}\n")
	for lang, want := range map[string]string{
		"en": "Was not taken into the campaign “Small” again: its entry rule lets the member in again from 27 November, 13:00 on (zone Europe/Berlin).",
		"ru": "Кампания «Small» не началась ещё раз: правило входа снова пустит участника с 27 ноября, 13:00 (часовой пояс Europe/Berlin).",
	} {
		r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Events: []Event{{Name: "lesson.done", Day: 2}}, Days: 5, Lang: lang})
		i := slices.IndexFunc(r.Stories[0].Items, func(it Item) bool { return it.Kind == ItemRefused })
		if i < 0 || r.Stories[0].Items[i].What != want {
			t.Errorf("%v\n%+v", lines(r), r.Stories[0].Items)
		}
	}
}

func TestQuietHoursHold(t *testing.T) {
	draft := written(`quiet_hours: {from: "22:00", to: "09:00"}`, "  - id: a\n    send: {text: {en: Hello}}\n")
	r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Days: 3, Start: time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)})
	expect(t, lines(r), "2026-11-24 23:00 entered", "2026-11-25 09:00 message a telegram", "2026-11-25 09:00 ended a")
	held := r.Stories[0].Items[1].Held
	if held == nil || held.Reason != campaigns.QuietHours || !strings.Contains(held.What, "24 November, 23:00 until 25 November, 09:00") {
		t.Fatalf("held: %+v", held)
	}
	if r.Campaigns[0].Steps[0].Held != 1 {
		t.Errorf("totals: %+v", r.Campaigns[0].Steps[0])
	}
}

func TestMailBounces(t *testing.T) {
	m := one(t, "bounces")
	delete(m.Addresses, campaigns.Telegram)
	r := run(t, Plan{Campaigns: []engine.Draft{written("", "  - id: a\n    send: {text: {en: Hello}}\n  - id: b\n    send: {text: {en: Again}}\n")}, Members: []Member{m}, Days: 3, Lang: "ru"})
	expect(t, lines(r), "2026-11-24 13:00 entered", "2026-11-24 13:00 not_sent a email gone", "2026-11-24 13:00 not_sent b email gone", "2026-11-24 13:00 ended b")
	if what := r.Stories[0].Items[1].What; !strings.Contains(what, "не отправляется") || !strings.Contains(what, "больше нет") {
		t.Errorf("in Russian: %q", what)
	}
}

func TestConsentIsTakenBack(t *testing.T) {
	steps := "  - id: a\n    send: {text: {en: One}}\n  - id: w\n    wait: {for: 4d}\n  - id: b\n    send: {text: {en: Two}}\n"
	r := run(t, Plan{Campaigns: []engine.Draft{written("", steps)}, Members: []Member{one(t, "withdraws:2")}, Days: 10})
	got := lines(r)
	if slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, "message b") }) || !strings.Contains(strings.Join(got, "\n"), "withdrew") {
		t.Fatal(strings.Join(got, "\n"))
	}
}

// TestEndlessCampaignIsBounded: a campaign that never ends is stopped by the days or by the messages, and the result says so.
func TestEndlessCampaignIsBounded(t *testing.T) {
	draft := written("", "  - id: a\n    send: {text: {en: Again}}\n  - id: w\n    wait: {for: 1h}\n  - goto: a\n")
	r := run(t, Plan{Campaigns: []engine.Draft{draft}, Invented: 3, Days: 3})
	if !r.Complete || r.Campaigns[0].Inside != 3 || !strings.Contains(strings.Join(r.Notes, "\n"), "may never end") {
		t.Fatalf("by days: %+v", r.Notes)
	}
	r = run(t, Plan{Campaigns: []engine.Draft{draft}, Invented: 3, Days: 300, messages: 50})
	if r.Complete || r.Messages > 60 || !strings.Contains(r.Notes[0], "Stopped early") {
		t.Fatalf("by messages: %+v", r)
	}
}

// TestTwoCampaignsClash: who gets messages of two campaigns on one day is told of both, on both.
func TestTwoCampaignsClash(t *testing.T) {
	other := written("", "  - id: other\n    send: {text: {en: Other}}\n")
	other.Source = strings.Replace(other.Source, "key: small", "key: other", 1)
	r := run(t, Plan{Campaigns: []engine.Draft{written("", "  - id: a\n    send: {text: {en: One}}\n"), other}, Members: []Member{one(t, "silent")}, Days: 2})
	if r.Campaigns[0].Clashes != 1 || r.Campaigns[1].Clashes != 1 {
		t.Fatalf("%+v", r.Campaigns)
	}
}

// TestScheduleSaysWhoIsNotInTheAudience: a schedule takes in whom its condition holds for, and the others have their reason.
func TestScheduleSaysWhoIsNotInTheAudience(t *testing.T) {
	draft := written(`entry: {schedule: {at: "2026-11-26 10:00", zone: member, audience: {attribute: level, is: a1}}}`, "  - id: a\n    send: {text: {en: Hello}}\n")
	in, out := one(t, "silent"), one(t, "silent")
	in.Attributes, out.ID = map[string]any{"level": "a1"}, "u2"
	r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{in, out}, Days: 5})
	c := r.Campaigns[0]
	if c.Entered != 1 || len(c.NotEntered) != 1 || c.NotEntered[0].Reason != "audience" {
		t.Fatalf("%+v", c)
	}
	r = run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{in}, Days: 1})
	if c := r.Campaigns[0]; c.NotEntered[0].Reason != "not_yet" {
		t.Fatalf("%+v", c)
	}
}

// TestKnownReachHolds: what is known of a copied address is not found out again by sending.
func TestKnownReachHolds(t *testing.T) {
	m := one(t, "silent")
	m.Addresses = map[campaigns.Channel]Address{campaigns.Telegram: {Reach: channels.ReachBlocked}, campaigns.Email: {Suppressed: "bounce"}}
	r := run(t, Plan{Campaigns: []engine.Draft{written("", "  - id: a\n    send: {text: {en: Hello}}\n")}, Members: []Member{m}, Days: 2})
	expect(t, lines(r), "2026-11-24 13:00 entered", "2026-11-24 13:00 not_sent a telegram blocked", "2026-11-24 13:00 ended a")
}

func TestPlanIsChecked(t *testing.T) {
	_, err := Run(t.Context(), Plan{Days: 400, Invented: 2000, Attributes: map[string]any{"formality": "Sie"}, Campaigns: []engine.Draft{written("", "")}, Start: start})
	if !fault.Is(err, fault.Invalid) || len(fault.Details(err, "en")) != 3 {
		t.Fatalf("%v %+v", err, fault.Details(err, "en"))
	}
	if _, err := Run(t.Context(), Plan{Campaigns: []engine.Draft{written("", "  - sned: {}\n")}, Start: start}); fault.Details(err, "en")[0].Line == 0 {
		t.Fatalf("a problem without a place: %v", err)
	}
	for _, bad := range []string{"", "answers:soon", "blocks:0", "silent:3", "answers=0", "answers=x", "sleeps"} {
		if _, err := ParseMix(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q passed", bad)
		}
	}
}

func TestCanceledWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Plan{Campaigns: []engine.Draft{starter(t, "first-week")}, Start: start, Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// TestWhatAKilledProcessLeftIsRemoved, and what another process plays on just now is not.
func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "simulations")
	old, young := filepath.Join(dir, "simulation-1"), filepath.Join(dir, "simulation-2")
	for _, d := range []string{old, young} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*leftAfter)); err != nil {
		t.Fatal(err)
	}
	if _, err := NewSimulator(nil, dir); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "simulation-2" {
		t.Fatal(left, err)
	}
}

// TestEveryQuestionIsAnswered: what is invented fits each type of question, in the chat and on the page behind a mail.
func TestEveryQuestionIsAnswered(t *testing.T) {
	options := "options: [{value: a, text: {en: Apple}}, {value: b, text: {en: Pear}}, {value: c, text: {en: Plum}}]"
	kinds := []string{
		"choice, " + options, "choices, " + options, "yes_no", "scale, min: 1, max: 7", "nps", "csat", "number, min: 16, max: 99", "text, max_length: 5", "date",
		"voice, min: 3, max: 60", "video_note", "photo", "file",
	}
	var steps strings.Builder
	for i, k := range kinds {
		fmt.Fprintf(&steps, "  - id: q%d\n    ask: {type: %s, text: {en: Tell}, timeout: {after: 5d}}\n", i+1, k)
	}
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		m := one(t, "answers:30m")
		m.Addresses = map[campaigns.Channel]Address{ch: {}}
		r := run(t, Plan{Campaigns: []engine.Draft{written("", steps.String())}, Members: []Member{m}, Days: 60})
		for i, s := range r.Campaigns[0].Steps {
			if s.Answered != 1 {
				t.Errorf("%s, %s: %+v\n%s", ch, kinds[i], s, strings.Join(lines(r), "\n"))
			}
		}
		if r.Campaigns[0].Completed != 1 {
			t.Errorf("%s: %+v", ch, r.Campaigns[0])
		}
	}
}

// TestOpenQuestionHoldsAnother: the typed question of a second campaign waits until that of the first is closed, and says so.
func TestOpenQuestionHoldsAnother(t *testing.T) {
	first := written("", "  - id: why\n    ask: {type: text, text: {en: Why}, timeout: {after: 5h}}\n")
	other := written("", "  - id: how\n    ask: {type: text, text: {en: How}}\n")
	other.Source = strings.Replace(other.Source, "key: small", "key: other", 1)
	r := run(t, Plan{Campaigns: []engine.Draft{first, other}, Members: []Member{one(t, "silent")}, Days: 9})
	for _, it := range r.Stories[0].Items {
		if it.Kind == ItemMessage && it.Step == "how" {
			if it.Held == nil || it.Held.Reason != campaigns.QuestionOpen || it.Local != "2026-11-24 18:00" {
				t.Fatalf("%+v %+v", it, it.Held)
			}
			return
		}
	}
	t.Fatal(strings.Join(lines(r), "\n"))
}
