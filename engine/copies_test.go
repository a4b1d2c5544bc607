package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/race"
	"github.com/kruzhok/kruzhok/simulation"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// ofThePast are conditions of every kind that looks at what was, and some that do not, beside and within each other.
var ofThePast = []string{
	"{event: lesson.done}", "{event: lesson.done, at_least: 2, within: 2d}", "{event: lesson.done, at_most: 0, within: 2d}", "{event: lesson.done, older_than: 2d}",
	"{first_event: lesson.done, within: 2d}", "{last_event: lesson.done, within: 2d}", "{inside: open}", "{entered: before}", "{entered: before, within: 1h}", "{completed: before}",
	"{left: gone}", "{message_of: before, was: sent}", "{message_of: before, step: hello, was: sent, within: 1h}", "{answer: why, of: before, is: because}",
	"{score: points, of: before, at_least: 5}", "{consent: news}", "{language: ru}",
	"{not: {entered: before}}", "{any: [{tag: new}, {all: [{completed: before}, {not: {inside: open}}]}]}", "{all: [{segment: learners}, {not: {segment: insiders}}]}",
}

// withPast are members of whom something was: one came through a campaign and left another, one is still inside one, and of one nothing is known, nor their language.
func (w *world) withPast() (ids []string) {
	w.t.Helper()
	_, err := w.e.PatchCommunity(w.t.Context(), engine.Operator, engine.CommunityPatch{Languages: []campaigns.Lang{"ru", "en"}})
	must(w.t, err)
	ids = []string{"through", "inside", "new"}
	for i, id := range ids {
		w.chatMember(id, int64(100+i), func(in *engine.MemberInput) {
			andMail(id + "@example.org")(in)
			if id == "new" {
				in.Language, in.Tags = new(""), &[]string{"new"}
			}
		})
	}
	before := w.publish(campaign("before", "", sends("hello", "Hello")+asks("why", "text", ", save_as: why")+"  - award: {points: 5}\n"))
	open := w.publish(campaign("open", "exit: [{event: never}]", waits("long", "for: 90d")))
	gone := w.publish(campaign("gone", "exit: [{event: gone}]", waits("long", "for: 90d")))
	w.segment("learners", "{event: lesson.done}")
	w.segment("insiders", "{inside: open}")
	w.event("lesson.done", "through")
	w.enroll(before, "through")
	w.enroll(gone, "through")
	w.enroll(open, "inside")
	w.settle()
	w.say(100, "Because")
	w.event("gone", "through")
	w.until(start.AddDate(0, 0, 5))
	w.event("lesson.done", "inside")
	w.event("lesson.done", "inside")
	w.settle()
	w.until(start.AddDate(0, 0, 6))
	return ids
}

// byEachWay are campaigns that ask condition i at each place where one is asked: who it holds for gets the message "reached", and in the last one who it does not hold for.
func byEachWay(i int, c, segment string) (all []engine.Draft) {
	reached := sends("reached", "Reached")
	named := func(way, head, steps string) string { return campaign(fmt.Sprintf("%s-%d", way, i), head, steps) }
	for _, src := range []string{
		named("way-event", "entry: {event: begins, if: "+c+"}", reached),
		named("way-schedule", `entry: {schedule: {at: "2026-11-30 10:00", zone: community, audience: `+c+`}}`, reached),
		named("way-present", "entry: {segment: "+segment+", who: present}", reached),
		named("way-future", "entry: {segment: "+segment+", who: future}", reached),
		named("way-branch", "", "  - branch: [{if: "+c+", steps: [{id: reached, send: {text: "+both("Reached")+"}}]}]\n"),
		named("way-exit", "exit: [{if: "+c+"}]", reached),
	} {
		all = append(all, engine.Draft{Source: src, Format: definition.YAML})
	}
	return all
}

// TestWhatHoldsOfMembersHoldsOfTheirCopies: a condition that holds of a member now holds of their copy when the days begin, wherever it is asked.
func TestWhatHoldsOfMembersHoldsOfTheirCopies(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.withPast()
		player, err := simulation.NewSimulator(w.e, t.TempDir())
		must(t, err)
		conditions := ofThePast
		if race.Enabled { // what is asked has no races of its own
			conditions = conditions[:5]
		}
		var drafts []engine.Draft
		holds := make([][]string, len(conditions))
		for i, c := range conditions {
			segment := fmt.Sprintf("asked-%d", i)
			w.segment(segment, c)
			parsed, problems := definition.ParseSegment([]byte(segmentDraft(segment, c).Source), definition.YAML)
			if problems != nil {
				t.Fatal(c, problems)
			}
			live, err := w.e.Sample(t.Context(), engine.Operator, nil, &parsed.Who, 10)
			must(t, err)
			for _, m := range live {
				holds[i] = append(holds[i], m.ExternalID)
			}
			slices.Sort(holds[i])
			drafts = append(drafts, byEachWay(i, c, segment)...)
		}
		for some := range slices.Chunk(drafts, 18) { // one play for three of them: each has its price
			r, err := player.Simulate(t.Context(), engine.Operator, simulation.Request{
				ExternalIDs: ids, Plan: simulation.Plan{Campaigns: some, Days: 1, Start: w.clock.now().Truncate(time.Second), Stories: 3, Lang: "en"},
			})
			must(t, detailed(err))
			for key, got := range gotMessage(r) {
				var i int
				way, number, _ := strings.Cut(strings.TrimPrefix(string(key), "way-"), "-")
				_, err := fmt.Sscan(number, &i)
				must(t, err)
				want := holds[i]
				if way == "exit" {
					want = slices.DeleteFunc(slices.Sorted(slices.Values(ids)), func(id string) bool { return slices.Contains(holds[i], id) })
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s, %s: %v, want %v", conditions[i], key, got, want)
				}
			}
		}
	})
}

// gotMessage are the members who got the message "reached", by campaign.
func gotMessage(r *simulation.Result) map[campaigns.Key][]string {
	got := map[campaigns.Key][]string{}
	for _, c := range r.Campaigns {
		got[c.Key] = nil
	}
	for _, s := range r.Stories {
		for _, it := range s.Items {
			if it.Kind == simulation.ItemMessage && it.Step == "reached" {
				got[it.Campaign] = append(got[it.Campaign], s.Member)
			}
		}
	}
	for _, ids := range got {
		slices.Sort(ids)
	}
	return got
}

// TestCopiesWhoHaveBeenInTheCampaign come in all the same, so that it can be seen what it says, and the result tells how many its entry rule would not take in.
func TestCopiesWhoHaveBeenInTheCampaign(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ids := w.withPast()
	player, err := simulation.NewSimulator(w.e, t.TempDir())
	must(t, err)
	for entry, note := range map[string]string{
		"{event: begins}":                              "2 of the copied members have been in “C” in the live service",
		"{event: begins, reentry: each_time}":          "1 of the copied members has been in “C” in the live service, or is inside",
		"{event: begins, reentry: after, after: 30d}":  "2 of the copied members have been",
		"{event: begins, reentry: after, after: 12h}":  "1 of the copied members has been",
		"{event: begins, key: id, reentry: each_time}": "",
	} {
		key := campaigns.Key("again-" + strings.Trim(strings.NewReplacer("{", "", "}", "", ":", "", ",", "", " ", "-", "_", "-").Replace(entry), "-"))
		src := func(entry, steps string) string {
			return strings.Replace(campaign(string(key), "entry: "+entry, steps), "name: "+string(key), "name: C", 1)
		}
		w.publish(src("{manual: true}", "  - branch: [{if: {tag: new}, steps: [{wait: 1d}]}, {else: [{branch: [{if: {event: lesson.done, at_least: 2}, steps: [{wait: 90d}]}]}]}]\n"))
		w.enroll(key, "through")
		w.enroll(key, "inside")
		w.settle()
		r, err := player.Simulate(t.Context(), engine.Operator, simulation.Request{
			ExternalIDs: ids, Plan: simulation.Plan{Campaigns: []engine.Draft{{Source: src(entry, sends("reached", "Reached")), Format: definition.YAML}}, Days: 1, Start: w.clock.now().Add(24 * time.Hour).Truncate(time.Second), Stories: 3, Lang: "en"},
		})
		must(t, detailed(err))
		told := slices.DeleteFunc(slices.Clone(r.Notes), func(n string) bool { return !strings.Contains(n, "of the copied members") })
		if got := strings.Join(told, "\n"); len(told) > 1 || !strings.HasPrefix(got, note) || note == "" && got != "" {
			t.Errorf("%s: %q", entry, r.Notes)
		}
		if got := gotMessage(r)[key]; note != "" && len(got) != len(ids) {
			t.Errorf("%s: %v got the message", entry, got)
		}
	}
}
