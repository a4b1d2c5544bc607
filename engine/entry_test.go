package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// happens lets an event come in with data.
func (w *world) happens(name, member, data string) {
	w.t.Helper()
	id := fmt.Sprintf("%s-%s-%d", name, member, w.clock.now().UnixMicro())
	res, err := w.e.StoreEvents(w.t.Context(), engine.Operator, []engine.EventInput{{ID: id, Event: name, Member: member, Data: json.RawMessage(data)}})
	must(w.t, err)
	must(w.t, res[0].Err)
	w.settle()
}

// passages are the member's in the campaign, as "KEY:STATE REASON".
func (w *world) passages(key campaigns.Key, member campaigns.MemberID) string {
	w.t.Helper()
	c, err := w.store.CampaignByKey(w.t.Context(), key)
	must(w.t, err)
	es, err := w.store.Enrollments(w.t.Context(), store.EnrollmentFilter{Campaign: c.ID, Member: member}, store.Page{})
	must(w.t, err)
	var out []string
	for _, e := range es {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s:%s %s", e.RunKey, e.State, e.Reason)))
	}
	return strings.Join(out, ", ")
}

// refusals are the reasons why the member was not taken in, in their order.
func (w *world) refusals(member campaigns.MemberID) string {
	w.t.Helper()
	es, err := w.store.Events(w.t.Context(), store.EventFilter{Member: member}, store.Page{Limit: 100})
	must(w.t, err)
	var out []string
	for _, e := range es {
		if e.Name == "enrollment.refused" {
			out = append(out, string(e.Reason))
		}
	}
	return strings.Join(out, " ")
}

// unfits are the fields of the member's events that did not fit, with what they brought; then those that were to say what a run is about.
func (w *world) unfits(member campaigns.MemberID) string {
	w.t.Helper()
	es, err := w.store.Events(w.t.Context(), store.EventFilter{Member: member}, store.Page{Limit: 100})
	must(w.t, err)
	var data, keys []string
	for _, e := range es {
		named, _ := engine.UnfitOf(e)
		for _, u := range named {
			data = append(data, u.Field+" "+string(u.Came))
		}
		if e.Reason == "no_key" {
			var u engine.Unfit
			must(w.t, json.Unmarshal(e.Data, &u))
			keys = append(keys, u.Field+" "+string(u.Came))
		}
	}
	return strings.Join(data, ", ") + "; " + strings.Join(keys, ", ")
}

const reminding = `
key: appointments
kind: reminder
name: Appointments
topic: news
purpose: service
languages: [en]
channels: [email]
entry: {event: booking.made, data: {kind: [trial, group]}, if: {tag: novice}, key: id, reentry: each_time}
exit: [{event: booking.canceled}, {event: member.gone}]
steps: [{id: a, send: {text: Booked}}, {id: b, wait: 5d}]
`

// TestEntryByEvent: data, condition and key decide who comes in; each key has its run, which its own events end; a refusal says why.
func TestEntryByEvent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(reminding)
		anna := w.member("anna", func(in *engine.MemberInput) {
			byMail("anna@example.org")(in)
			in.Tags = &[]string{"Novice"}
		})
		boris := w.member("boris", byMail("boris@example.org"))
		nobody := w.member("nobody", func(in *engine.MemberInput) { in.Tags = &[]string{"novice"} })
		w.happens("booking.made", "anna", `{"id": "a-1", "kind": "trial"}`)
		w.happens("booking.made", "anna", `{"id": 2, "kind": "Group"}`)
		w.happens("booking.made", "anna", `{"id": "a-3", "kind": "single"}`)
		w.happens("booking.made", "anna", `{"id": "a-1", "kind": "trial"}`)
		w.happens("booking.made", "anna", `{"id": "anna@example.org", "kind": "trial"}`)
		w.happens("booking.made", "anna", `{"kind": "trial"}`)
		w.happens("booking.made", "anna", `["trial"]`)
		w.happens("booking.made", "boris", `{"id": "b-1", "kind": "trial"}`)
		w.happens("booking.made", "nobody", `{"id": "n-1", "kind": "trial"}`)
		if got := w.passages(key, anna.ID); got != "a-1:waiting, 2:waiting" {
			t.Fatal(got)
		}
		if got := w.refusals(anna.ID) + "/" + w.refusals(boris.ID) + "/" + w.refusals(nobody.ID); got != "already_active no_key no_key/condition/no_address" {
			t.Fatal(got)
		}
		if got := w.unfits(anna.ID); got != "kind text, kind nothing; id text, id nothing" {
			t.Fatal(got)
		}
		w.happens("booking.canceled", "anna", `{"id": "a-1"}`)
		w.happens("booking.made", "anna", `{"id": "a-1", "kind": "trial"}`)
		if got := w.passages(key, anna.ID); got != "a-1:exited left, 2:waiting, a-1:waiting" {
			t.Fatal(got)
		}
		w.happens("member.gone", "anna", "")
		if got := w.passages(key, anna.ID); got != "a-1:exited left, 2:exited left, a-1:exited left" {
			t.Fatal(got)
		}
	})
}

// TestEntryByALink: the source of a bot link leads into the campaign that names it, and into no other.
func TestEntryByALink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		src := `
key: %s
kind: onboarding
name: Spring
topic: news
languages: [en]
channels: [telegram]
entry: {event: bot.started, data: {source: %s}}
steps: [{send: {text: Hello}}]
`
		spring, autumn := w.publish(fmt.Sprintf(src, "spring", "spring")), w.publish(fmt.Sprintf(src, "autumn", "autumn"))
		w.say2(7, "/start s_spring")
		w.later(time.Minute)
		for key, want := range map[campaigns.Key]int{spring: 1, autumn: 0} {
			c, err := w.store.CampaignByKey(t.Context(), key)
			must(t, err)
			es, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID}, store.Page{})
			must(t, err)
			if len(es) != want {
				t.Errorf("%s: %d runs", key, len(es))
			}
		}
	})
}

// TestAnEventThatChangesTheMember: what a passage sets when the event comes is there for the campaign that the same event opens, and is not lost by what that sets.
func TestAnEventThatChangesTheMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish(campaign("waits", "", "  - {id: a, wait: {event: paid, timeout: {after: 5d}}}\n  - {id: b, set: {add_tags: [buyer]}}\n"))
		opens := w.publish(campaign("opens", "entry: {event: paid, if: {tag: buyer}}", "  - {id: a, set: {add_tags: [guest]}}\n  - {id: b, wait: 1d}\n"))
		m := w.member("u1", byMail("u1@example.org"))
		_, err := w.e.Enroll(t.Context(), engine.Operator, "waits", []string{"u1"})
		must(t, err)
		w.settle()
		w.happens("paid", "u1", "")
		p := w.profile(m.ID)
		if got := w.passages(opens, m.ID); got != ":waiting" || !slices.Equal(p.Tags, []string{"buyer", "guest"}) {
			t.Errorf("%q, %v", got, p.Tags)
		}
	})
}

// TestTwoRunsOfOneMember that are due together: each one's change of the member stays.
func TestTwoRunsOfOneMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish(campaign("keyed", "entry: {event: booked, key: id, reentry: each_time}", `  - {id: a, wait: {until: "10:00"}}
  - id: b
    branch:
      - if: {tag: first}
        steps: [{set: {add_tags: [second]}}]
      - else: [{set: {add_tags: [first]}}]
`))
		m := w.member("u1", byMail("u1@example.org"))
		for _, id := range []string{"1", "2"} {
			w.happens("booked", "u1", `{"id": "`+id+`"}`)
		}
		w.later(24 * time.Hour)
		if p := w.profile(m.ID); !slices.Equal(p.Tags, []string{"first", "second"}) {
			t.Errorf("%v", p.Tags)
		}
	})
}

// TestKeysOfManyDigits: an id that is a number is the same id with all its digits, and what an event brings is compared as a number.
func TestKeysOfManyDigits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(strings.Replace(reminding, "kind: [trial, group]", "level: 3", 1))
		anna := w.member("anna", func(in *engine.MemberInput) {
			byMail("anna@example.org")(in)
			in.Tags = &[]string{"novice"}
		}).Member.ID
		w.happens("booking.made", "anna", `{"level": 3, "id": 1234567890123456788}`)
		w.happens("booking.made", "anna", `{"level": 3.0, "id": 1234567890123456789}`)
		w.happens("booking.made", "anna", `{"level": 3e0, "id": 70.0}`)
		w.happens("booking.made", "anna", `{"level": 4, "id": 71}`)
		w.happens("booking.made", "anna", `{"level": 1e999, "id": 72}`)
		w.happens("booking.made", "anna", `{"level": 3, "id": 1e999}`)
		w.happens("booking.canceled", "anna", `{"id": 1234567890123456789}`)
		w.happens("booking.canceled", "anna", `{"id": 7e1}`)
		if got := w.passages(key, anna); got != "1234567890123456788:waiting, 1234567890123456789:exited left, 70:exited left" {
			t.Errorf("%s; refused: %s", got, w.refusals(anna))
		}
	})
}
