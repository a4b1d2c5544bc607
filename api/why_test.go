package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

const explained = `key: small
kind: survey
name: Small
topic: surveys
languages: [en]
channels: [telegram, email]
entry: ENTRY
steps:
  - id: level
    ask:
      type: choice
      text: {en: "Level?"}
      options: [{value: a1, text: {en: Beginner}}, {value: b1, text: {en: Middle}}]
      timeout: {after: 1d}
  - id: by-level
    branch:
      - if: {answer: level, is: a1}
        steps: [{id: first, send: {text: {en: First}}}]
      - else: [{id: other, send: {text: {en: Other}}}]
  - id: rest
    wait: {for: 3d}
`

func (w *world) why(member string, headers ...string) reports.Why {
	w.t.Helper()
	var out reports.Why
	must(w.t, json.Unmarshal([]byte(w.call("GET", "/v1/campaigns/small/members/"+member+"/why", "", headers...).want(http.StatusOK).body), &out))
	return out
}

func (w *world) explained(entry string) {
	w.t.Helper()
	w.call("POST", "/v1/campaigns", strings.Replace(explained, "ENTRY", entry, 1), "Content-Type", "application/yaml").want(http.StatusCreated)
}

func chainWords(lines []reports.WhyLine) string {
	var out []string
	for _, l := range lines {
		out = append(out, string(l.Kind)+" "+l.What)
	}
	return strings.Join(out, "\n")
}

func expectWords(t *testing.T, got string, want ...string) {
	t.Helper()
	from := 0
	for _, part := range want {
		i := strings.Index(got[from:], part)
		if i < 0 {
			t.Fatalf("%q is not in, or not in its place:\n%s", part, got)
		}
		from += i
	}
}

// TestWhyExplainsAPassage: entry, channel, the way of a branch with its answer, the wait, in both languages; and no more than the token may read.
func TestWhyExplainsAPassage(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"language":"en","time_zone":"Asia/Tokyo","email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	w.explained("{manual: true}")
	w.call("POST", "/v1/campaigns/small/publication", "").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/small/enrollments", `{"members":["u1"]}`).want(http.StatusOK)
	w.settle()
	why := w.why("u1")
	if !why.Entered || len(why.Runs) != 1 {
		t.Fatalf("%+v", why)
	}
	expectWords(t, chainWords(why.Runs[0].Chain),
		"entered Enrolled by hand or over the API. The passage goes by version 1 now.", "delivery The message of the step “level” was sent by email", "channel Its channel is email. Telegram comes before it", "The member has no address there.",
		"waiting Waits for the answer to “level” until 25 November, 21:00 (zone Asia/Tokyo)")

	must(t, w.answerSurvey("a1"))
	w.settle()
	expectWords(t, chainWords(w.why("u1").Runs[0].Chain),
		"response Answered the question “level”", "decision At “by-level” the way was taken that is for members whose answer to “level” is “Beginner”. The answer to “level” is “Beginner”",
		"delivery The message of the step “first” was sent", "waiting Waits at “rest” until")
	expectWords(t, chainWords(w.why("u1", "Accept-Language", "ru").Runs[0].Chain), "Вход вручную", "раньше стоит Телеграм", "Там у участника нет адреса", "выбран путь для тех, у кого", "Ждёт на шаге")

	token := w.newToken(engine.MembersRead, engine.CampaignsRead)
	if text := chainWords(w.why("u1", "Authorization", "Bearer "+token).Runs[0].Chain); strings.Contains(text, "“a1”") || !strings.Contains(text, "“level” is answered") {
		t.Errorf("values without responses:read:\n%s", text)
	}
	for _, scope := range []engine.Scope{engine.MembersRead, engine.CampaignsRead} {
		w.call("GET", "/v1/campaigns/small/members/u1/why", "", "Authorization", "Bearer "+w.newToken(scope)).problem(http.StatusForbidden, "forbidden.scope")
	}
	w.now = w.now.Add(4 * 24 * time.Hour)
	w.settle()
	expectWords(t, chainWords(w.why("u1").Runs[0].Chain), "ended Completed the campaign")
}

// TestWhyTellsWhatPassedQuietHours: an answer at night is gone on from at once, and the chain says why.
func TestWhyTellsWhatPassedQuietHours(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"language":"en","time_zone":"Asia/Tokyo","email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	w.explained("{manual: true}\nquiet_hours: {from: \"22:00\", to: \"08:00\"}")
	w.call("POST", "/v1/campaigns/small/publication", "").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/small/enrollments", `{"members":["u1"]}`).want(http.StatusOK)
	w.settle() // at nine in the evening
	w.now = w.now.Add(2 * time.Hour)
	must(t, w.answerSurvey("a1"))
	w.settle()
	expectWords(t, chainWords(w.why("u1").Runs[0].Chain), "delivery The message of the step “first” was sent", "passed It left in the campaign’s quiet hours (22:00–08:00)", "waiting ")
	if text := chainWords(w.why("u1").Runs[0].Chain); strings.Count(text, "passed ") != 1 {
		t.Errorf("what was sent by day passed something:\n%s", text)
	}
}

// TestWhyTellsOfNotices: what a step could not tell the staff stands in the chain and in the timeline, in both languages.
func TestWhyTellsOfNotices(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	w.call("POST", "/v1/campaigns", `{"key":"small","kind":"survey","name":"Small","topic":"news","languages":["en"],"channels":["email"],"entry":{"manual":true},
		"steps":[{"id":"tell","notify":{"text":"Look"}},{"id":"rest","wait":"1d"}]}`).want(http.StatusCreated)
	if got := w.call("GET", "/v1/campaigns/small/publication", "").want(http.StatusOK).body; !strings.Contains(got, `"untold":["tell"]`) {
		t.Error(got)
	}
	w.call("POST", "/v1/campaigns/small/publication", "").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/small/enrollments", `{"members":["u1"]}`).want(http.StatusOK)
	w.settle()
	expectWords(t, chainWords(w.why("u1").Runs[0].Chain), "notice The step “tell” found nobody to tell. The settings name nobody for it", "waiting Waits at “rest”")
	expectWords(t, chainWords(w.why("u1", "Accept-Language", "ru").Runs[0].Chain), "Шагу «tell» некому было сообщить. В настройках никто не указан")
	if got := w.call("GET", "/v1/members/u1/timeline", "").want(http.StatusOK).body; !strings.Contains(got, "found nobody to tell") {
		t.Error(got)
	}
}

// TestWhyNotEntered: for each way in, why a member is not inside.
func TestWhyNotEntered(t *testing.T) {
	for name, c := range map[string]struct {
		entry string
		do    func(*world)
		says  []string
	}{
		"a draft":   {"{manual: true}", func(*world) {}, []string{"never published"}},
		"by hand":   {"{manual: true}", (*world).publishExplained, []string{"nobody enrolled this one"}},
		"no event":  {"{event: member.joined}", (*world).publishExplained, []string{"none is known that came in"}},
		"too early": {"{event: member.joined}", func(w *world) { w.joined(); w.publishExplained() }, []string{"before the campaign was published"}},
		"no address": {"{event: member.joined}", func(w *world) {
			w.call("PATCH", "/v1/members/u1", `{"email":""}`).want(http.StatusOK)
			w.publishExplained()
			w.joined()
		}, []string{"no address on any", "Was not taken into"}},
		"not meant":          {"{event: member.joined, if: {tag: novice}}", func(w *world) { w.publishExplained(); w.joined() }, []string{"the condition of its entry did not hold"}},
		"no key":             {"{event: member.joined, key: lesson}", func(w *world) { w.publishExplained(); w.joined() }, []string{"Was not taken into the campaign “Small”: the event’s field “lesson” must hold the id", "there was nothing."}},
		"a key of bad form":  {"{event: member.joined, key: lesson}", func(w *world) { w.publishExplained(); w.brings(`{"lesson":"anna@example.org"}`) }, []string{"1 to 64 Latin letters", "there was a text that is no such id."}},
		"no data":            {"{event: member.joined, data: {kind: [trial, group]}}", func(w *world) { w.publishExplained(); w.joined() }, []string{"asks for “trial” or “group” in its field “kind”, and there was nothing."}},
		"other data":         {"{event: member.joined, data: {kind: [trial]}}", func(w *world) { w.publishExplained(); w.brings(`{"kind":"a secret"}`) }, []string{"asks for “trial” in its field “kind”, and there was another text."}},
		"data of other kind": {"{event: member.joined, data: {first: true, kind: [trial]}}", func(w *world) { w.publishExplained(); w.brings(`{"first":{"by":"x"},"kind":"group"}`) }, []string{"asks for yes in its field “first”, and there was an object"}},
		"much data":          {"{event: member.joined, data: {n: [1, 2, 3, 4, 5, 6, 7]}}", func(w *world) { w.publishExplained(); w.brings(`{"n":8}`) }, []string{"asks for 1 or 2 or 3 or 4 or 5… in its field “n”, and there was another number."}},
		"not running": {"{event: member.joined, data: {kind: [trial]}}", func(w *world) {
			w.publishExplained()
			_, err := w.e.End(w.t.Context(), engine.Operator, "small")
			must(w.t, err)
			w.brings(`{"kind":"group"}`)
		}, []string{"came in and took the member in nowhere here"}},
		"a segment by its name": {`{schedule: {at: "2026-11-24 12:00", zone: community, audience: {segment: germans}}}`, func(w *world) { w.publishSegment("de") }, []string{"does not hold: ", "“Some (germans)”"}},
		"ahead":                 {`{schedule: {at: "2026-12-24 10:00", zone: community, audience: all}}`, (*world).publishExplained, []string{"24 December, 10:00"}},
		"again and again":       {`{schedule: {at: "2026-12-21 10:00", zone: community, audience: {attribute: level, is: b1}, every: week}}`, (*world).publishExplained, []string{"every Monday at 10:00", "next on 21 December, 10:00", "does not hold: it is for members whose “level” is “b1”"}},
		"next time":             {`{schedule: {at: "2026-12-21 10:00", zone: community, audience: all, every: week}}`, (*world).publishExplained, []string{"the member comes in the next time"}},
		"all over":              {`{schedule: {at: "2026-01-05 10:00", zone: community, audience: all, every: week, times: 2}}`, (*world).publishExplained, []string{"all days of its schedule (every Monday at 10:00, 2 times, the community’s time) were past"}},
		"audience": {`{schedule: {at: "2026-11-24 12:00", zone: community, audience: {all: [{language: en}, {attribute: level, is: b1}]}}}`, func(w *world) {
			w.publishExplained()
			w.settle()
		}, []string{"took its audience in", "does not hold: it is for members whose “level” is “b1”"}},
		"not in the segment": {"{segment: germans, who: both}", func(w *world) { w.publishSegment("de") }, []string{"by the segment “Some”, and this one is not in it", "does not hold: it is for members whose language is German"}},
		"came too late":      {"{segment: germans, who: present}", func(w *world) { w.publishSegment("de"); w.nowSpeaks("de") }, []string{"takes in nobody who comes into it later"}},
		"was there before":   {"{segment: germans, who: future}", func(w *world) { w.publishSegment("en") }, []string{"on the list of the segment “Some” since"}},
		"not looked at yet":  {"{segment: germans, who: future}", func(w *world) { w.publishSegment("de"); w.nowSpeaks("de") }, []string{"was not when its members were looked at last"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.call("PUT", "/v1/members/u1", `{"language":"en","time_zone":"Europe/Berlin","email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
			w.explained(c.entry)
			c.do(w)
			why := w.why("u1")
			if why.Entered {
				t.Fatalf("%+v", why)
			}
			text := chainWords(why.Entry)
			expectWords(t, text, c.says...)
			if refused := strings.Contains(text, "Was not taken into"); refused && strings.Contains(text, "Why is not kept") {
				t.Errorf("the same event with a reason and without one: %s", text)
			}
			if strings.Contains(text, "secret") || strings.Contains(text, "anna@") {
				t.Errorf("what came is told: %s", text)
			}
			if strings.Contains(text, "why.") || strings.Contains(text, "{") {
				t.Errorf("a sentence without its words: %s", text)
			}
		})
	}
}

// TestWhyOfWhoFitsNoneOfVeryMany: the record of an event names twenty campaigns that it did not fit, and counts the others.
func TestWhyOfWhoFitsNoneOfVeryMany(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"language":"en","time_zone":"Europe/Berlin","email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	const entry = "{event: member.joined, data: {kind: [trial]}}"
	for i := range 22 { // the last one is small itself
		key := "small"
		if i < 21 {
			key = fmt.Sprint("small-", i)
		}
		w.call("POST", "/v1/campaigns", strings.NewReplacer("ENTRY", entry, "key: small", "key: "+key).Replace(explained), "Content-Type", "application/yaml").want(http.StatusCreated)
		w.call("POST", "/v1/campaigns/"+key+"/publication", `{}`).want(http.StatusCreated)
	}
	w.brings(`{"kind":"group"}`)
	for lang, says := range map[string]string{"en": "so many campaigns that 2 of them are not named", "ru": "ещё 2 кампании в его записи не названы"} {
		expectWords(t, chainWords(w.why("u1", "Accept-Language", lang).Entry), says)
	}
}

// TestWhyBeforeTheMoment: who was taken in and whose clock has not come to the schedule's moment yet stands at no step.
func TestWhyBeforeTheMoment(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"language":"en","time_zone":"Europe/Berlin","email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	w.explained(`{schedule: {at: "` + w.now.AddDate(0, 0, 1).Format("2006-01-02") + ` 10:00", zone: member, audience: all}}`)
	w.publishExplained()
	w.now = w.now.Add(12 * time.Hour)
	w.settle()
	why := w.why("u1")
	if len(why.Runs) != 1 {
		t.Fatalf("%+v", why)
	}
	expectWords(t, chainWords(why.Runs[0].Chain), "Waits until the campaign begins for the member: ", ", 10:00 (zone Europe/Berlin).")
}

// publishSegment publishes the campaign with the segment that it names, of those who speak a language.
func (w *world) publishSegment(lang string) {
	w.t.Helper()
	w.call("POST", "/v1/segments", `{"key": "germans", "name": "Some", "who": {"language": "`+lang+`"}}`).want(http.StatusCreated)
	w.publishExplained()
	w.settle()
}

func (w *world) nowSpeaks(lang string) {
	w.t.Helper()
	w.call("PATCH", "/v1/members/u1", `{"language":"`+lang+`"}`).want(http.StatusOK)
}

// TestReportTellsOpenings: when a recurring schedule takes its audience in next.
func TestReportTellsOpenings(t *testing.T) {
	w := newWorld(t)
	w.explained(`{schedule: {at: "2026-12-21 10:00", zone: community, audience: all, every: week, times: 2}}`)
	w.publishExplained()
	report := w.call("GET", "/v1/campaigns/small/report", "").want(http.StatusOK)
	if want := `"openings":{"sentence":"every Monday at 10:00, 2 times, the community’s time","zone":"community","next":["2026-12-21 10:00","2026-12-28 10:00"]}`; !strings.Contains(report.body, want) {
		t.Errorf("no %s in %s", want, report.body)
	}
}

func (w *world) publishExplained() {
	w.t.Helper()
	w.call("POST", "/v1/campaigns/small/publication", `{"schedule_past":"accept"}`).want(http.StatusCreated)
}

func (w *world) joined() {
	w.t.Helper()
	w.call("POST", "/v1/events", `{"id":"e1","event":"member.joined","member":"u1"}`).want(http.StatusAccepted)
	w.settle()
}

// brings is joined with data.
func (w *world) brings(data string) {
	w.t.Helper()
	w.call("POST", "/v1/events", `{"id":"`+w.now.String()+`","event":"member.joined","member":"u1","data":`+data+`}`).want(http.StatusAccepted)
	w.settle()
}

// TestWhyTellsWhatDidNotFit: of who is inside too, in both languages, in the timeline as in the explanation, by the version that did not find it.
func TestWhyTellsWhatDidNotFit(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"language":"en","time_zone":"Europe/Berlin","email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	w.explained("{event: member.joined, key: lesson, reentry: each_time, data: {kind: [trial, group]}}")
	w.publishExplained()
	w.brings(`{"kind":"trial","lesson":"l-1"}`)
	w.now = w.now.Add(time.Minute)
	w.brings(`{"kind":7,"lesson":"l-2"}`)
	w.now = w.now.Add(time.Minute)
	w.brings(`{"kind":"group","lesson":["l-3"]}`)
	why := w.why("u1")
	if len(why.Runs) != 1 || len(why.Entry) != 2 || why.Entry[1].Why != engine.OtherData {
		t.Fatalf("%+v", why)
	}
	expectWords(t, chainWords(why.Entry), "(1 to 64 Latin letters", "there was a list.", "asks for “trial” or “group” in its field “kind”, and there was a number.")
	expectWords(t, chainWords(w.why("u1", "Accept-Language", "ru").Entry), "Кампания «Small» не началась", "в поле «lesson»", "а там список.", "в поле «kind» нужно «trial» или «group», а там число.")
	expectWords(t, w.call("GET", "/v1/members/u1/timeline", "").want(http.StatusOK).body, "the event’s field “lesson” must hold the id of what the passage would be about")

	w.call("PUT", "/v1/campaigns/small/draft", strings.Replace(explained, "ENTRY", "{event: member.joined, key: lesson, reentry: each_time}", 1), "Content-Type", "application/yaml").want(http.StatusOK)
	w.publishExplained()
	expectWords(t, chainWords(w.why("u1").Entry), "asks for “trial” or “group” in its field “kind”, and there was a number.")
}

// answerSurvey answers what the newest mail's page asks.
func (w *world) answerSurvey(value string) error {
	token := w.link("s")
	token = token[strings.LastIndexByte(token, '/')+1:]
	page, err := w.e.Survey(w.t.Context(), token, nil)
	if err != nil {
		return err
	}
	_, err = w.e.AnswerSurvey(w.t.Context(), token, engine.PageForm{Step: page.Step, Visit: page.Visit, Values: []string{value}})
	return err
}

// TestWhyOfWhoWasMoved: who came in by an older version is not said to have entered the one by which the passage goes now, be it moved, or its texts corrected.
func TestWhyOfWhoWasMoved(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"language":"en","email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	w.explained("{event: member.joined}")
	w.publishExplained()
	w.joined()
	doc := strings.Replace(explained, "ENTRY", "{event: member.joined}", 1)
	for _, x := range []struct{ was, is, inside, says string }{
		{"Level?", "Your level?", "stay", "Entered because “member.joined” came in. The passage goes by version 2 now."},
		{"{for: 3d}", "{for: 4d}", "move", "Entered because “member.joined” came in. The passage goes by version 3 now."},
	} {
		doc = strings.Replace(doc, x.was, x.is, 1)
		w.call("PUT", "/v1/campaigns/small/draft", doc, "Content-Type", "application/yaml").want(http.StatusOK)
		w.call("POST", "/v1/campaigns/small/publication", `{"inside":"`+x.inside+`"}`).want(http.StatusCreated)
		w.settle()
		expectWords(t, chainWords(w.why("u1").Runs[0].Chain), "entered "+x.says)
	}
	expectWords(t, chainWords(w.why("u1").Runs[0].Chain), "Was moved from version 2 of the campaign “Small” to version 3.")
}

// TestWhyTellsWhatWasDone: what a set and an award did stands where it was done, and a branch before what it led to by a goto.
func TestWhyTellsWhatWasDone(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"language":"en","email":"u1@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	w.call("POST", "/v1/campaigns", `key: small
kind: survey
name: Small
topic: news
languages: [en]
channels: [email]
entry: {manual: true}
steps:
  - {id: mark, set: {add_tags: [seen], remove_tags: [novice], attributes: {n: 5, old: null}, language: en}}
  - {id: hello, send: {text: Hi}}
  - {id: gift, award: {points: 10}}
  - id: next
    branch:
      - if: {tag: novice}
        steps: [{id: slow, send: {text: Slow}}]
      - else: [{goto: by-hand}]
  - {id: fast, send: {text: Fast}}
  - {id: by-hand, send: {text: By hand}}
  - {id: last, set: {add_tags: [done]}}
  - {id: rest, wait: 3d}
`, "Content-Type", "application/yaml").want(http.StatusCreated)
	w.publishExplained()
	w.call("POST", "/v1/campaigns/small/enrollments", `{"members":["u1"]}`).want(http.StatusOK)
	w.settle()
	expectWords(t, chainWords(w.why("u1").Runs[0].Chain), "entered Enrolled", "done “mark” changed what is known of the member: +seen, −novice, n: 5, old: —, language: en.", "The message of the step “hello” was sent",
		"done “gift” gave points: 10.", "decision At “next” the way for all others", "The message of the step “by-hand” was sent", "done “last” changed what is known of the member: +done.", "waiting Waits at “rest”")
	expectWords(t, chainWords(w.why("u1", "Accept-Language", "ru").Runs[0].Chain), "«mark» изменил данные участника: +seen", "«gift» дал баллы: 10.")
}
