package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

const lesson = "  - id: first\n    wait: {event: Lesson-Begun, timeout: {after: 7d}}\n  - id: second\n    wait: {event: lesson.done, timeout: {after: 2d, goto: late}}\n" +
	"  - id: well\n    wait: 30d\n  - id: late\n    wait: 30d\n"

// TestAnEventEndsTheWait: the platform's event, and not the one that let the member in.
func TestAnEventEndsTheWait(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(campaign("course", "entry: {event: Lesson-Begun}", lesson))
		m := w.member("u1", byMail("u1@example.org"))
		stands := func(step campaigns.StepID) {
			t.Helper()
			if got := w.enrollment(key, m.Member.ID).Step; got != step {
				t.Fatalf("stands at %s, want %s", got, step)
			}
		}
		w.event("Lesson-Begun", "u1")
		w.event("lesson.done", "u1")
		w.settle()
		stands("first")
		w.later(time.Minute)
		w.event("Lesson-Begun", "u1")
		w.settle()
		stands("second")
		w.later(time.Hour)
		w.event("lesson.done", "u1")
		w.settle()
		stands("well")
	})
}

// TestEventAndTimeoutAtOnce: while two workers act on the event and on the time limit at one moment, each member goes one way, and the record says which.
func TestEventAndTimeoutAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(campaign("course", "", strings.TrimPrefix(lesson, lesson[:strings.Index(lesson, "  - id: second")])))
		c, err := w.store.CampaignByKey(t.Context(), key)
		must(t, err)
		const n = 12
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("u%d", i))
			w.member(ids[i], byMail(ids[i]+"@example.org"))
		}
		_, err = w.e.Enroll(t.Context(), engine.Operator, key, ids)
		must(t, err)
		w.settle()
		w.clock.set(w.clock.now().Add(48 * time.Hour))
		for _, id := range ids {
			w.event("lesson.done", id)
		}
		actors, err := w.e.SweepActors(t.Context(), -time.Hour, 1000)
		must(t, err)
		other := w.engine("other")
		var both sync.WaitGroup
		for _, actor := range actors {
			both.Go(func() {
				if err := w.e.HandleActors(context.WithoutCancel(t.Context()), []string{actor}); err != nil {
					t.Error(err)
				}
			})
		}
		both.Go(func() {
			if _, err := other.AdvanceDue(context.WithoutCancel(t.Context()), time.Second); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		w.settle()
		rows, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID}, store.Page{Limit: 100})
		must(t, err)
		events, err := w.store.Events(t.Context(), store.EventFilter{Campaign: c.ID}, store.Page{Limit: 1000})
		must(t, err)
		said := map[campaigns.EnrollmentID]string{}
		for _, e := range events {
			if strings.HasPrefix(e.Name, "wait.") {
				said[e.Enrollment] += e.Name
			}
		}
		for _, row := range rows {
			want := map[campaigns.StepID]string{"well": "wait.event_came", "late": "wait.timed_out"}[row.Step]
			if want == "" || said[row.ID] != want {
				t.Errorf("stands at %s, the record says %q", row.Step, said[row.ID])
			}
		}
		if len(rows) != n {
			t.Errorf("%d of %d", len(rows), n)
		}
	})
}

// TestTheAwaitedDayMoves: the platform puts the exam off, brings it forward, takes it away; another attribute moves nothing.
func TestTheAwaitedDayMoves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(campaign("exam", "", "  - id: ahead\n    wait: {until: \"10:00\", date: {attribute: exam_on, before: 3d, missed: none}}\n  - id: end\n    end: true\n  - id: none\n    wait: 30d\n"))
		on := func(exam any) func(*engine.MemberInput) {
			return func(in *engine.MemberInput) {
				byMail("u1@example.org")(in)
				in.Attributes = map[string]any{"exam_on": exam, "other": fmt.Sprint("2026-01-", w.clock.now().Minute()+10)}
			}
		}
		day := func(d int) string { return w.clock.now().AddDate(0, 0, d).Format(time.DateOnly) }
		m := w.member("u1", on(day(10)))
		_, err := w.e.Enroll(t.Context(), engine.Operator, key, []string{"u1"})
		must(t, err)
		w.settle()
		first := *w.enrollment(key, m.Member.ID).DueAt
		for _, days := range []int{15, 8} {
			w.member("u1", on(day(days)))
			if due := *w.enrollment(key, m.Member.ID).DueAt; !due.Equal(first.AddDate(0, 0, days-10)) {
				t.Errorf("the exam in %d days: due %s, in 10 it was %s", days, due, first)
			}
		}
		w.member("u1", on(nil))
		w.settle()
		if row := w.enrollment(key, m.Member.ID); row.Step != "none" {
			t.Errorf("without an exam the member stands at %s", row.Step)
		}
	})
}

// TestACampaignMovesTheAwaitedDay: one campaign's set step moves the day that another waits for; so does a merge with somebody who has another day.
func TestACampaignMovesTheAwaitedDay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		waits := w.publish(campaign("exam", "", "  - wait: {until: \"10:00\", date: {attribute: exam_on, before: 3d}}\n"))
		day := func(d int) string { return w.clock.now().AddDate(0, 0, d).Format(time.DateOnly) }
		moves := w.publish(campaign("move", "", "  - set: {attributes: {exam_on: "+day(8)+"}}\n"))
		m := w.member("u1", func(in *engine.MemberInput) {
			byMail("u1@example.org")(in)
			in.Attributes = map[string]any{"exam_on": day(20)}
		})
		w.later(time.Minute)
		b := w.chatMember("u2", 7, func(in *engine.MemberInput) { in.Attributes = map[string]any{"exam_on": day(30)} })
		w.enroll(waits, "u1")
		w.settle()
		w.enroll(moves, "u1")
		w.settle()
		if due := w.enrollment(waits, m.ID).DueAt.Format(time.DateOnly); due != day(5) {
			t.Errorf("moved to %s: waits until %s", day(8), due)
		}
		own := w.publish(campaign("own-exam", "", "  - wait: {until: \"10:00\", date: {attribute: exam_on, before: 3d}}\n"))
		w.enroll(own, "u2")
		w.settle()
		run := w.enrollment(own, b)
		w.opens(7, "l_"+w.code("u1").Code)
		run, err := w.store.Enrollment(t.Context(), run.ID)
		must(t, err)
		if run.State != campaigns.EnrollmentWaiting || run.DueAt.Format(time.DateOnly) != day(5) {
			t.Errorf("merged with somebody who has the exam on %s: %s until %s", day(8), run.State, run.DueAt)
		}
	})
}
