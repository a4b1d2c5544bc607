package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/simulation"
	"github.com/kruzhok/kruzhok/store"
)

// asSimulated is a campaign with all that takes time: quiet hours, waits until a local time, a question with a timeout, a way back by mail.
func asSimulated() string {
	return campaign("plans", "quiet_hours: {from: \"12:30\", to: \"15:00\"}",
		sends("hello", "Hello")+asks("why", "text", ", timeout: {after: 1d}")+waits("night", `for: 1d, until: "10:00"`)+sends("day", "Day")+
			"  - id: again\n    repeat:\n      times: 3\n      at: \"09:00\"\n      steps:\n        - id: round\n          send: {text: "+both("Round")+"}\n"+sends("bye", "Bye"))
}

// TestSimulationPlaysWhatTheServiceDoes: the same members in the same campaign get the same messages at the same moments, live and simulated.
func TestSimulationPlaysWhatTheServiceDoes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(asSimulated())
		var ids []campaigns.MemberID
		for i, id := range []string{"silent", "answers", "blocks"} {
			ids = append(ids, w.chatMember(id, int64(100+i), andMail(id+"@example.org")))
		}
		begin := start.Add(time.Hour) // what follows within ten minutes of a Start is exempt from quiet hours
		w.until(begin)
		w.enroll(key, "silent", "answers", "blocks")
		w.settle()
		w.until(begin.Add(3 * time.Hour)) // held until 14:00 UTC, and answered two hours later
		w.say(101, "Because")
		w.say(102, "Because")
		w.until(time.Date(2026, 11, 26, 11, 0, 0, 0, time.UTC)) // noon of the third day in Berlin
		w.bot.Block(102)
		w.until(begin.AddDate(0, 0, 10))

		played, err := simulation.Run(t.Context(), simulation.Plan{
			Campaigns: []engine.Draft{{Source: asSimulated(), Format: definition.YAML}}, Start: begin, Days: 10, Stories: 3, Dir: t.TempDir(),
			Community: simulation.Community{TimeZone: "Europe/Berlin"}, Members: sameMembers(t, "silent", "answers", "blocks:3"),
		})
		must(t, err)
		for i, story := range played.Stories {
			live, simulated := w.sentTimes(ids[i]), simulatedTimes(story)
			if strings.Join(live, "\n") != strings.Join(simulated, "\n") {
				t.Errorf("%s, live:\n  %s\nsimulated:\n  %s", story.Member, strings.Join(live, "\n  "), strings.Join(simulated, "\n  "))
			}
		}
	})
}

func sameMembers(t *testing.T, does ...string) (out []simulation.Member) {
	t.Helper()
	for _, d := range does {
		b, ok := simulation.ParseBehaviour(d)
		if !ok {
			t.Fatal(d)
		}
		m := simulation.Member{ID: b.Name, FirstName: "Anna", Language: "en", Zone: "Europe/Berlin", Does: b, Addresses: map[campaigns.Channel]simulation.Address{}}
		for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
			m.Addresses[ch] = simulation.Address{}
			m.Consents = append(m.Consents, engine.ConsentInput{Channel: ch, Source: "test"})
		}
		out = append(out, m)
	}
	return out
}

// sentTimes are a member's deliveries as "moment step channel state reason".
func (w *world) sentTimes(id campaigns.MemberID) (out []string) {
	w.t.Helper()
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Member: id}, store.Page{Limit: 1000})
	must(w.t, err)
	for _, d := range ds {
		if d.Kind == store.StepDelivery {
			out = append(out, sentAt(*d.FinalAt, string(d.Step), string(d.Channel), string(d.Reason)))
		}
	}
	slices.Sort(out)
	return out
}

func simulatedTimes(s simulation.Story) (out []string) {
	for _, it := range s.Items {
		if it.Kind == simulation.ItemMessage || it.Kind == simulation.ItemNotSent {
			out = append(out, sentAt(it.At, string(it.Step), string(it.Channel), it.Reason))
		}
	}
	slices.Sort(out)
	return out
}

// sentAt is exact to the minute, as a simulation tells it.
func sentAt(at time.Time, words ...string) string {
	return at.UTC().Truncate(time.Minute).Format(time.RFC3339) + " " + strings.Join(words, " ")
}
