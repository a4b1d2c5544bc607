package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// told are the words of what enroll steps did for a member, in order: "circle ping".
func (w *world) told(member campaigns.MemberID) (out []string) {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), store.EventFilter{Member: member}, store.Page{Limit: 1000})
	must(w.t, err)
	for _, e := range events {
		if word, ok := strings.CutPrefix(e.Name, "enroll."); ok {
			out = append(out, word+" "+string(e.Step))
		}
	}
	return out
}

func (w *world) runsOf(member campaigns.MemberID) int {
	w.t.Helper()
	rows, err := w.store.Enrollments(w.t.Context(), store.EnrollmentFilter{Member: member}, store.Page{Limit: 1000})
	must(w.t, err)
	return len(rows)
}

// TestEnrollStep: the other campaign is entered by its own rule, once for each visit of the step; a passage goes on whatever comes of it.
func TestEnrollStep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := w.publish(campaign("other", "", sends("hi", "Hi")+waits("w", "for: 1d")))
		key := w.publish(campaign("first", "", "  - {id: a, enroll: other}\n  - {id: b, enroll: other}\n  - {id: w, wait: 3d}\n  - {id: c, enroll: other}\n"))
		m := w.member("u1", byMail("u1@example.org"))
		_, err := w.e.Enroll(t.Context(), engine.Operator, key, []string{"u1"})
		must(t, err)
		w.settle()
		if row := w.enrollment(other, m.Member.ID); row.Source != "campaign:first" || row.Step != "w" {
			t.Errorf("%+v", row)
		}
		w.later(4 * 24 * time.Hour)
		if got := w.told(m.Member.ID); !slices.Equal(got, []string{"enrolled a", "already_active b", "reentry c"}) {
			t.Errorf("%q", got)
		}
		if row := w.enrollment(key, m.Member.ID); row.State != campaigns.EnrollmentCompleted || w.runsOf(m.Member.ID) != 2 {
			t.Errorf("%+v, %d passages", row, w.runsOf(m.Member.ID))
		}
		_, err = w.e.End(t.Context(), engine.Operator, other)
		must(t, err)
		last := w.publish(campaign("last", "", "  - {id: z, enroll: other}\n"))
		_, err = w.e.Enroll(t.Context(), engine.Operator, last, []string{"u1"})
		must(t, err)
		w.settle()
		if got := w.told(m.Member.ID); got[len(got)-1] != "not_open z" {
			t.Errorf("%q", got)
		}
	})
}

// TestAnAudienceIsEnrolledOn: a schedule's audience whose first step leads on, many together.
func TestAnAudienceIsEnrolledOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish(campaign("other", "", sends("hi", "Hi")))
		for i := range 30 {
			w.member(fmt.Sprint("u", i), byMail(fmt.Sprintf("u%d@example.org", i)))
		}
		at := w.clock.now().Add(time.Hour).UTC().Format("2006-01-02 15:04")
		w.publish(campaign("all", fmt.Sprintf("entry: {schedule: {at: %q, zone: community, audience: all}}", at), "  - {id: on, enroll: other}\n"))
		w.later(26 * time.Hour)
		c, err := w.store.CampaignByKey(t.Context(), "other")
		must(t, err)
		rows, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID}, store.Page{Limit: 100})
		must(t, err)
		for _, row := range rows {
			if row.State != campaigns.EnrollmentCompleted {
				t.Errorf("%+v", row)
			}
		}
		if len(rows) != 30 {
			t.Errorf("%d of 30", len(rows))
		}
	})
}

// TestCampaignsInACircle: two that enroll in each other at once stop after ten; where a day passes in between they may go on.
func TestCampaignsInACircle(t *testing.T) {
	for wait, want := range map[string]int{"1s": 11, "25h": 30} {
		t.Run(wait, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.publish(campaign("pong", "entry: {manual: true, reentry: after, after: 1s}", waits("w", "for: "+wait)))
				ping := w.publish(campaign("ping", "entry: {manual: true, reentry: after, after: 1s}", waits("w", "for: "+wait)+"  - {id: there, enroll: pong}\n"))
				c, err := w.store.CampaignByKey(t.Context(), "pong")
				must(t, err)
				_, err = w.e.PutDraft(t.Context(), engine.Operator, "pong", c.DraftRev, engine.Draft{
					Source: campaign("pong", "entry: {manual: true, reentry: after, after: 1s}", waits("w", "for: "+wait)+"  - {id: back, enroll: ping}\n"), Format: "yaml",
				})
				must(t, err)
				_, err = w.e.Publish(t.Context(), engine.Operator, "pong")
				must(t, err)
				m := w.member("u1", byMail("u1@example.org"))
				_, err = w.e.Enroll(t.Context(), engine.Operator, ping, []string{"u1"})
				must(t, err)
				w.later(30 * 25 * time.Hour)
				if n := w.runsOf(m.Member.ID); n < want || wait == "1s" && n != want {
					t.Errorf("%d passages, want %d; %q", n, want, w.told(m.Member.ID))
				}
				if got := w.told(m.Member.ID); wait == "1s" && got[len(got)-1] != "circle there" {
					t.Errorf("%q", got)
				}
			})
		})
	}
}

// TestUnknownCampaignIsRefused: at publication, with its place.
func TestUnknownCampaignIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: campaign("a", "", "  - {id: x, wait: 1d}\n  - {id: y, enroll: nothing}\n"), Format: "yaml"})
		must(t, err)
		_, err = w.e.Publish(t.Context(), engine.Operator, c.Key)
		details := fault.Details(err, "en")
		if !fault.Is(err, fault.Invalid) || len(details) != 1 || details[0].Path != "steps[1].enroll" || details[0].Line != 11 || !strings.Contains(details[0].Message, "“nothing”") {
			t.Errorf("%v %+v", err, details)
		}
	})
}
