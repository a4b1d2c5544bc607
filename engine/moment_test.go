package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// cast goes to everybody at a moment of the community's clock (Berlin), with the text.
func cast(at, reentry, text, after string) string {
	return campaign("cast", fmt.Sprintf("entry: {schedule: {at: %q, zone: community, audience: all}%s}", at, reentry), sends("one", text)+after)
}

// texts are the first words of what came to the mailbox, after the mail's heading.
func (w *world) texts(id string) (out []string) {
	for _, m := range w.mails(id + "@example.org") {
		out = append(out, strings.Fields(m.Text())[1])
	}
	return out
}

func (w *world) stateOf(key campaigns.Key) campaigns.State {
	c, err := w.e.Campaign(w.t.Context(), engine.Operator, key)
	must(w.t, err)
	return c.State
}

// TestScheduleOpensOnce: a correction of a broadcast that has gone out opens it for nobody, whoever came later or would enter again. Another moment does.
func TestScheduleOpensOnce(t *testing.T) {
	for _, reentry := range []string{"", ", reentry: each_time"} {
		each(t, func(t *testing.T, w *world) {
			w.member("ann", byMail("ann@example.org"))
			w.publish(cast("2026-11-25 10:00", reentry, "First", ""))
			w.until(at("2026-11-27T12:00"))
			w.member("new", byMail("new@example.org"))
			must(t, w.republish(cast("2026-11-25 10:00", reentry, "Second", ""), engine.Publishing{}))
			w.later(time.Hour)
			if ann, late := w.texts("ann"), w.texts("new"); !slices.Equal(ann, []string{"First"}) || late != nil {
				t.Errorf("after a correction: %q, who came later %q", ann, late)
			}
			if s := w.stateOf("cast"); s != campaigns.Finished {
				t.Errorf("the campaign is %s", s)
			}
			must(t, w.republish(cast("2026-11-28 10:00", reentry, "Third", ""), engine.Publishing{}))
			if s := w.stateOf("cast"); s != campaigns.Scheduled {
				t.Errorf("with another moment the campaign is %s", s)
			}
			must(t, w.republish(cast("2026-11-25 10:00", reentry, "Fourth", ""), engine.Publishing{})) // the first moment again: it was opened, too
			w.until(at("2026-11-29T00:00"))
			if late := w.texts("new"); late != nil {
				t.Errorf("the old moment opened again: %q", late)
			}
			must(t, w.republish(cast("2026-11-30 10:00", reentry, "Fifth", ""), engine.Publishing{}))
			w.until(at("2026-12-01T00:00"))
			if late := w.texts("new"); !slices.Equal(late, []string{"Fifth"}) {
				t.Errorf("a new moment brought %q", late)
			}
		})
	}
}

// TestCorrectionReachesThoseInside of a schedule that was opened, and nobody else.
func TestCorrectionReachesThoseInside(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		src := func(text string) string {
			return cast("2026-11-25 10:00", "", "Hello", waits("w", "for: 10d")+sends("two", text))
		}
		w.member("ann", byMail("ann@example.org"))
		w.publish(src("Wrong"))
		w.until(at("2026-11-27T12:00"))
		w.member("new", byMail("new@example.org"))
		pub := func() *engine.Publication {
			p, err := w.e.Publication(t.Context(), engine.Operator, "cast")
			must(t, err)
			return p
		}
		must(t, w.republish(src("Right"), engine.Publishing{}))
		if m := pub().Moment; m == nil || m.Opens != engine.OpensNever {
			t.Errorf("the publication says %+v", m)
		}
		w.later(12 * 24 * time.Hour)
		if ann, late := w.texts("ann"), w.texts("new"); !slices.Equal(ann, []string{"Hello", "Right"}) || late != nil {
			t.Errorf("inside %q, later %q", ann, late)
		}
		if s := w.stateOf("cast"); s != campaigns.Finished {
			t.Errorf("when all are through the campaign is %s", s)
		}
	})
}

// TestScheduleUnderWayGoesOn in the version that is published meanwhile, and nobody gets it twice.
func TestScheduleUnderWayGoesOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.crowd(700)
		w.publish(cast("2026-11-25 10:00", ", reentry: each_time", "First", ""))
		w.clock.set(at("2026-11-25T09:00"))
		must(t, second(w.e.EnrollAudiences(t.Context())))
		s := w.scheduleOf("cast")
		if s.LastMember == 0 || s.DoneAt != nil {
			t.Fatalf("the audience is not under way: %+v", s)
		}
		must(t, w.republish(cast("2026-11-25 10:00", ", reentry: each_time", "Second", ""), engine.Publishing{}))
		w.settle()
		if n, who := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); n != 700 || who != 700 {
			t.Errorf("%d mails to %d of 700", n, who)
		}
		must(t, second(w.e.End(t.Context(), engine.Operator, "cast")))
		w.nothingLost()
	})
}

// TestPastMomentIsAsked: a moment long past sends at once, which needs a yes. One that was not opened before it was dropped is no opened one.
func TestPastMomentIsAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("ann", byMail("ann@example.org"))
		for _, x := range []struct {
			at   string
			asks bool
		}{{"2020-03-01 10:00", true}, {"2026-11-24 11:59", true}, {"2026-11-24 12:01", false}} { // it is 13:00 in Berlin
			src := cast(x.at, "", "News", "")
			if _, err := w.e.Campaign(t.Context(), engine.Operator, "cast"); err != nil {
				must(t, second(w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: src, Format: definition.YAML})))
			}
			err := w.republish(src, engine.Publishing{})
			if asks := codeOf(err) == "conflict.schedule_past"; asks != x.asks || !asks && err != nil {
				t.Errorf("%s: %v", x.at, err)
			}
		}
		must(t, w.republish(cast("2026-12-24 10:00", "", "News", ""), engine.Publishing{}))
		must(t, w.republish(campaign("cast", "", sends("one", "News")), engine.Publishing{})) // dropped before its time
		must(t, w.republish(cast("2026-12-24 10:00", "", "Late", ""), engine.Publishing{}))
		w.until(at("2026-12-25T00:00"))
		must(t, w.republish(cast("2020-03-01 10:00", ", reentry: each_time", "Old", ""), engine.Publishing{AcceptPast: true}))
		w.settle()
		if got := w.texts("ann"); !slices.Equal(got, []string{"Late", "Old"}) {
			t.Errorf("came: %q", got)
		}
	})
}

// TestArchive: a draft and what has ended go out of sight; what goes on is ended first, and the refusal says so in the reader's language.
func TestArchive(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(campaign("runs", "entry: {event: lesson.done}", sends("one", "News")))
		_, err := w.e.Archive(t.Context(), engine.Operator, key)
		if said := fault.Message(err, "ru"); codeOf(err) != "conflict.not_ended" || !strings.Contains(said, "Идёт") || !strings.Contains(said, "завершите") {
			t.Errorf("one that runs: %v %s", err, said)
		}
		must(t, second(w.e.End(t.Context(), engine.Operator, key)))
		must(t, second(w.e.Archive(t.Context(), engine.Operator, key)))
		must(t, second(w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: campaign("draft", "", sends("one", "News")), Format: definition.YAML})))
		if _, err := w.e.End(t.Context(), engine.Operator, "draft"); !strings.Contains(fault.Message(err, "ru"), "Черновик") {
			t.Errorf("the state is not in the reader's language: %s", fault.Message(err, "ru"))
		}
		must(t, second(w.e.Archive(t.Context(), engine.Operator, "draft")))
		if s := w.stateOf("draft"); s != campaigns.Archived {
			t.Errorf("the draft is %s", s)
		}
	})
}

// TestKeyedByHand: a run of a keyed campaign says what it is about, so that its events find it; a step that could not say so is refused.
func TestKeyedByHand(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("ann", byMail("ann@example.org")).ID
		key := w.publish(campaign("appt", "entry: {event: appointment.booked, key: appointment_id}\nexit: [{event: appointment.canceled}]", sends("one", "Hello")+waits("w", "for: 30d")))
		plain := w.publish(campaign("plain", "", sends("one", "Hello")))
		for _, x := range []struct {
			campaign  campaigns.Key
			key, code string
		}{{key, "", "invalid.run_key_missing"}, {key, "A 1", "invalid.run_key"}, {plain, "A1", "invalid.run_key_unasked"}} {
			if _, err := w.e.EnrollAs(t.Context(), engine.Operator, x.campaign, engine.Enrolling{ExternalIDs: []string{"ann"}, Key: x.key}); codeOf(err) != x.code {
				t.Errorf("%v: %v", x, err)
			}
		}
		rs, err := w.e.EnrollAs(t.Context(), engine.Operator, key, engine.Enrolling{Members: []campaigns.MemberID{m, 999}, Key: "A1"})
		if err != nil || len(rs) != 2 || rs[0].Result != engine.Enrolled || rs[1].Result != engine.UnknownMember {
			t.Fatalf("by the member's own id: %+v %v", rs, err)
		}
		w.settle()
		w.happens("appointment.canceled", "ann", `{"appointment_id":"A1"}`)
		if run := w.enrollment(key, m); run.RunKey != "A1" || run.State != campaigns.EnrollmentExited {
			t.Errorf("the run about %q is %s", run.RunKey, run.State)
		}
		leads := campaign("from", "", "  - {id: e, enroll: appt}\n")
		if _, err := w.e.CheckDefinition(t.Context(), engine.Operator, engine.Draft{Source: leads, Format: definition.YAML}, false); !strings.Contains(detailed(err).Error(), "enroll_keyed") {
			t.Errorf("a step that leads there: %v", detailed(err))
		}
		// What it leads to gets a key later: nobody comes in without one.
		from := w.publish(campaign("from", "", "  - {id: e, enroll: plain}\n"))
		must(t, w.republish(campaign("plain", "entry: {event: appointment.booked, key: appointment_id}", sends("one", "Hello")), engine.Publishing{}))
		w.enroll(from, "ann")
		w.settle()
		if n := w.runs(plain, m); n != 0 {
			t.Errorf("%d runs without a key", n)
		}
	})
}

func codeOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Key
	}
	return ""
}

// TestMomentOfNobody: a moment at which nobody came in is told as such, and a corrected audience is taken in by it: with a yes where the moment is long past.
func TestMomentOfNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		src := func(audience string) string { return broadcast("cast", "2026-11-25 10:00", "community", audience) }
		w.member("ann", byMail("ann@example.org"))
		moment := func() engine.Moment {
			t.Helper()
			pub, err := w.e.Publication(t.Context(), engine.Operator, "cast")
			must(t, err)
			return *pub.Moment
		}
		w.publish(src("{tag: vop}"))
		if m := moment(); m.Nobody {
			t.Errorf("ahead: %+v", m)
		}
		w.until(at("2026-11-25T09:30"))
		if s := w.stateOf("cast"); s != campaigns.Finished {
			t.Fatalf("after its moment the campaign is %s", s)
		}
		if m := moment(); !m.Nobody || m.Opens != engine.OpensNow {
			t.Errorf("within the hour: %+v", m)
		}
		w.until(at("2026-11-25T12:00"))
		if m := moment(); !m.Nobody || m.Opens != engine.OpensPast {
			t.Errorf("later: %+v", m)
		}
		if err := w.republish(src("all"), engine.Publishing{}); codeOf(err) != "conflict.schedule_past" {
			t.Errorf("without a yes: %v", err)
		}
		must(t, w.republish(src("all"), engine.Publishing{AcceptPast: true}))
		w.settle()
		if got := w.texts("ann"); !slices.Equal(got, []string{"News"}) {
			t.Errorf("by the corrected audience came %q", got)
		}
		if m := moment(); m.Nobody || m.Opens != engine.OpensNever {
			t.Errorf("when it took somebody in: %+v", m)
		}
		// Another moment, at which all were in before.
		must(t, w.republish(broadcast("cast", "2026-11-26 10:00", "community", "all"), engine.Publishing{}))
		w.until(at("2026-11-26T09:30"))
		if m := moment(); !m.Nobody || w.stateOf("cast") != campaigns.Finished {
			t.Errorf("all were in before: %+v", m)
		}
		if got := w.texts("ann"); !slices.Equal(got, []string{"News"}) {
			t.Errorf("once only came %q", got)
		}
	})
}
