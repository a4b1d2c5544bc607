package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/reports"
)

const bell = `{"key":"small","kind":"survey","name":{"en":"Small talk","ru":"Беседа"},"topic":"news","purpose":"service","languages":["en","ru"],"channels":["email"],
	"entry":ENTRY,"steps":[{"id":"hi","send":{"subject":{"en":"Hi","ru":"Да"},"text":{"en":"Hi","ru":"Да"}}}]}`

// TestRefusedReentryTellsFromWhen: a refusal says from when the member may enter again, by the member's clock, in the timeline, in why and in the answer to who
// enrolled; and that it never will be, where that is so. Other campaigns are called by their names.
func TestRefusedReentryTellsFromWhen(t *testing.T) {
	for name, c := range map[string]struct{ entry, en, ru, led, answer string }{
		"after": {
			`{"event":"member.joined","reentry":"after","after":"40d"}`,
			"Was not taken into the campaign “Small talk” again: its entry rule lets the member in again from 3 January 2027, 21:00 on (zone Asia/Tokyo).",
			"Кампания «Беседа» не началась ещё раз: правило входа снова пустит участника с 3 января 2027, 21:00 (часовой пояс Asia/Tokyo).",
			"The step “on” did not take the member into the campaign “Small talk”: its entry rule lets them in again from 3 January 2027, 21:00 on (zone Asia/Tokyo).",
			`+09:00","what":"The campaign lets the member in again from 3 January 2027, 21:00 on (zone Asia/Tokyo)."`,
		},
		"never": {
			`{"event":"member.joined"}`,
			"Was not taken into the campaign “Small talk” again: its entry rule allows each member one passage.",
			"Кампания «Беседа» не началась ещё раз: правило входа даёт каждому участнику пройти её один раз.",
			"The step “on” did not take the member into the campaign “Small talk”: its entry rule allows each member one passage.",
			`"result":"reentry","what":"The campaign allows each member one passage, and this one has had it."`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.call("PUT", "/v1/members/u1", `{"language":"en","time_zone":"Asia/Tokyo","email":"u1@example.org"}`).want(http.StatusCreated)
			w.call("POST", "/v1/campaigns", strings.Replace(bell, "ENTRY", c.entry, 1)).want(http.StatusCreated)
			w.call("POST", "/v1/campaigns", `{"key":"leads","kind":"survey","name":{"en":"Leading on","ru":"Дальше"},"topic":"news","purpose":"service","languages":["en","ru"],
				"channels":["email"],"entry":{"manual":true},"steps":[{"id":"on","enroll":"small"}]}`).want(http.StatusCreated)
			for _, key := range []string{"small", "leads"} {
				w.call("POST", "/v1/campaigns/"+key+"/publication", `{}`).want(http.StatusCreated)
			}
			w.joined()
			w.settle()
			w.brings(`{"a":1}`)
			w.call("POST", "/v1/campaigns/leads/enrollments", `{"members":["u1"]}`).want(http.StatusOK)
			w.settle()
			for lang, want := range map[string]string{"en": c.en, "ru": c.ru} {
				if got := chainWords(w.why("u1", "Accept-Language", lang).Entry); got != "entry "+want {
					t.Errorf("%s\nwant\n%s", got, want)
				}
				if got := w.call("GET", "/v1/members/u1/timeline", "", "Accept-Language", lang).want(http.StatusOK).body; !strings.Contains(got, want) {
					t.Errorf("%s\nwant\n%s", got, want)
				}
			}
			var led reports.Why
			must(t, json.Unmarshal([]byte(w.call("GET", "/v1/campaigns/leads/members/u1/why", "").want(http.StatusOK).body), &led))
			expectWords(t, chainWords(led.Runs[0].Chain), strings.Replace(c.led, "Small talk", "Small talk (small)", 1), "Completed the campaign “Leading on”.")
			timeline := w.call("GET", "/v1/members/u1/timeline", "").body
			for _, want := range []string{c.led, "Entered the campaign “Leading on”.", "Completed the campaign “Small talk”."} {
				if !strings.Contains(timeline, want) {
					t.Errorf("no %s in %s", want, timeline)
				}
			}
			if got := w.call("POST", "/v1/campaigns/small/enrollments", `{"members":["u1"]}`).want(http.StatusOK).body; !strings.Contains(got, c.answer) {
				t.Errorf("%s\nwant\n%s", got, c.answer)
			}
		})
	}
}

// TestTimelineTellsPoints: what a step gave stands in the member's timeline at its moment.
func TestTimelineTellsPoints(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"u1", "u2"} {
		w.call("PUT", "/v1/members/"+id, `{"language":"en","email":"`+id+`@example.org"}`).want(http.StatusCreated)
	}
	w.call("POST", "/v1/campaigns", `{"key":"small","kind":"challenge","name":"Small talk","topic":"news","purpose":"service","languages":["en"],"channels":["email"],
		"entry":{"manual":true},"steps":[{"id":"prize","award":{"points":-5}},{"id":"rest","wait":"1d"}]}`).want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/small/publication", `{}`).want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/small/enrollments", `{"members":["u1"]}`).want(http.StatusOK)
	w.settle()
	for lang, want := range map[string]string{"en": "The step “prize” gave points: -5.", "ru": "Шаг «prize» дал баллы: -5."} {
		got := w.call("GET", "/v1/members/u1/timeline", "", "Accept-Language", lang).want(http.StatusOK).body
		if !strings.Contains(got, `"kind":"points","what":"`+want+`","campaign":"small"`) || !strings.Contains(got, `"points":-5`) {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	if got := w.call("GET", "/v1/members/u2/timeline", "").want(http.StatusOK).body; strings.Contains(got, "points") {
		t.Errorf("another's points: %s", got)
	}
}
