package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// everybody takes all members in at once.
const everybody = `entry: {schedule: {at: "2026-11-24T12:00", zone: community, audience: all}}`

// TestAudienceEntersByWhatDiffers: those who enter together take the ways of their own languages and addresses, though who is alike is decided for once.
func TestAudienceEntersByWhatDiffers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := map[campaigns.MemberID]string{}
		for i := range 60 {
			lang, address := []string{"en", "ru"}[i%2], fmt.Sprintf("m%d@example.org", i)
			m := w.member(fmt.Sprint("m", i), func(in *engine.MemberInput) {
				in.Language = &lang
				if i%3 > 0 {
					byMail(address)(in)
				}
			})
			if want[m.ID] = lang; i%3 == 0 {
				want[m.ID] = ""
			}
		}
		w.publish(campaign("ways", "channels: [email]\n"+everybody,
			"  - id: by\n    branch:\n      - if: {language: ru}\n        steps: [{id: ru, send: {text: {en: \"Hello\"}}}]\n      - else: [{id: en, send: {text: {en: \"Hello\"}}}]"))
		w.settle()
		for id, way := range want {
			rows := w.rows(id)
			sent := slices.ContainsFunc(rows, func(s string) bool { return strings.HasSuffix(s, " sent") })
			if way == "" && sent || way != "" && !slices.Equal(rows, []string{way + " email sent"}) { // without an address nothing is sent
				t.Errorf("member %d, %q: %v", id, way, rows)
			}
		}
	})
}

// TestAudienceWaitsByEachClock: those who enter together wait by the clock of their own zone.
func TestAudienceWaitsByEachClock(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var zones []string
		for i := range 6 {
			zones = append(zones, []string{"Asia/Tokyo", "Europe/Berlin", "America/Lima"}[i%3])
			w.member(fmt.Sprint("m", i), func(in *engine.MemberInput) { in.TimeZone = &zones[i] })
		}
		key := w.publish(campaign("clocks", everybody, waits("morning", `for: 1h, until: "10:00"`)+sends("a", "Hello")))
		w.settle()
		for i, name := range zones {
			zone, err := time.LoadLocation(name)
			must(t, err)
			if due := w.enrollment(key, w.id(fmt.Sprint("m", i))).DueAt; due == nil || due.In(zone).Format("15:04") != "10:00" {
				t.Errorf("who is in %s waits until %v", name, due)
			}
		}
	})
}

// TestAudienceHasSomeWhoStopped: those who enter together with somebody who wants nothing any more get what is for them, and that one nothing.
func TestAudienceHasSomeWhoStopped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var ids []campaigns.MemberID
		for i := range 4 {
			ids = append(ids, w.chatMember(fmt.Sprint("m", i), int64(100+i), nil))
		}
		w.say(100, "/stop")
		w.say(103, "/stop")
		w.later(time.Hour)
		w.publish(campaign("news", everybody, sends("a", "Hello")))
		w.settle()
		w.expectRows(ids[0], "a telegram suppressed stopped")
		w.expectRows(ids[1], "a telegram sent")
		w.expectRows(ids[2], "a telegram sent")
		w.expectRows(ids[3], "a telegram suppressed stopped")
	})
}

// TestAudienceHasSomeWhoAreThere: of those who enter together in quiet hours, who did something just now gets the message at once, and the others do not.
func TestAudienceHasSomeWhoAreThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var ids []campaigns.MemberID
		for i := range 4 {
			ids = append(ids, w.chatMember(fmt.Sprint("m", i), int64(100+i), nil))
		}
		w.later(time.Hour)
		w.say(100, "Hi")
		w.say(103, "Hi")
		w.publish(campaign("news", everybody+"\nquiet_hours: {from: \"00:00\", to: \"23:59\"}", sends("a", "Hello")))
		w.settle()
		w.expectRows(ids[0], "a telegram sent")
		w.expectRows(ids[1], "a telegram pending quiet_hours")
		w.expectRows(ids[2], "a telegram pending quiet_hours")
		w.expectRows(ids[3], "a telegram sent")
	})
}

// TestAudienceEntersByWhatNobodyShares: where the first decision asks for more than who is alike have in common, each is decided for.
func TestAudienceEntersByWhatNobodyShares(t *testing.T) {
	for what, steps := range map[string]string{
		"attribute": `  - branch: [{if: {attribute: plan, is: pro}, steps: [{id: a, wait: 1d}]}, {else: [{id: b, wait: 1d}]}]`,
		"tag":       `  - branch: [{if: {tag: vip}, steps: [{id: a, wait: 1d}]}, {else: [{id: b, wait: 1d}]}]`,
		"past":      `  - branch: [{if: {event: lesson.done}, steps: [{id: a, wait: 1d}]}, {else: [{id: b, wait: 1d}]}]`,
		"day":       `  - {id: a, wait: {until: "10:00", date: {attribute: exam_on, before: 1d}}}` + "\n  - {id: b, wait: 1d}",
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				for i := range 4 {
					w.member(fmt.Sprint("m", i), func(in *engine.MemberInput) {
						if i%2 == 0 {
							in.Attributes, in.Tags = map[string]any{"plan": "pro", "exam_on": "2026-12-24"}, &[]string{"vip"}
						}
					})
				}
				w.event("lesson.done", "m0")
				w.event("lesson.done", "m2")
				w.settle()
				key := w.publish(campaign("ways", everybody, steps))
				w.settle()
				for i := range 4 {
					if got, want := string(w.enrollment(key, w.id(fmt.Sprint("m", i))).Step), []string{"a", "b"}[i%2]; got != want {
						t.Errorf("m%d is at %s, want %s", i, got, want)
					}
				}
			})
		})
	}
}

// TestAudienceIsSplit: those who enter together take both arms, though they are alike.
func TestAudienceIsSplit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		arms := map[campaigns.StepID]int{}
		for i := range 40 {
			w.member(fmt.Sprint("m", i), nil)
		}
		key := w.publish(campaign("arms", everybody, "  - split: [{share: 50, steps: [{id: a, wait: 1d}]}, {share: 50, steps: [{id: b, wait: 1d}]}]"))
		w.settle()
		for i := range 40 {
			arms[w.enrollment(key, w.id(fmt.Sprint("m", i))).Step]++
		}
		if arms["a"] == 0 || arms["b"] == 0 || arms["a"]+arms["b"] != 40 {
			t.Errorf("arms: %v", arms)
		}
	})
}
