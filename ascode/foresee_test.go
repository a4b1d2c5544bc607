package ascode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/ascode"
	"github.com/kruzhok/kruzhok/engine"
)

// TestPlanTellsWhatApplyRefuses: a step that is gone is named with how many stand there, and nothing is written.
func TestPlanTellsWhatApplyRefuses(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	one := strings.Replace(campaign("a", "Hello"), "  - wait: 1d\n", "  - {id: pause, wait: 1d}\n", 1)
	a := w.write("a.yaml", one)
	_, err := w.apply(s, w.plan(s, true, a))
	w.must(err)
	_, _, err = w.engine.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "m1", Email: new("m1@example.org")})
	w.must(err)
	_, err = w.engine.Enroll(t.Context(), engine.Operator, "a", []string{"m1"})
	w.must(err)
	_, err = w.engine.AdvanceDue(t.Context(), time.Second)
	w.must(err)
	w.write("a.yaml", strings.Replace(one, "  - {id: pause, wait: 1d}\n", "", 1))
	if said := w.said(w.plan(s, true, a), "en"); !strings.Contains(said, "1 at the step “") {
		t.Errorf("where they stand is not told: %s", said)
	}
	s.Choose(ascode.Choice{Inside: "move"})
	p := w.plan(s, true, a)
	refused := len(p.Items[0].Publication.Refusals) > 0
	w.calls = nil
	told, err := w.apply(s, p)
	if said := w.said(p, "en"); !refused || err == nil || len(w.calls) > 0 || !strings.Contains(said, "which the new version does not have: say where with --move") {
		t.Errorf("refused %v, %v, wrote %v\n%s%s", refused, err, w.calls, said, told)
	}
	if w.draft("a") != one {
		t.Error("the draft was saved")
	}
}

// TestPlanSaysWhenItOpens: a moment that is past needs a yes before anything is written, and one that was opened does not open again.
func TestPlanSaysWhenItOpens(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	once := func(at, text string) string {
		return strings.Replace(campaign("once", text), "{manual: true}", `{schedule: {at: "`+at+`", zone: community, audience: all}}`, 1)
	}
	at := w.write("once.yaml", once("2120-03-01 10:00", "Hi"))
	if said := w.said(w.plan(s, true, at), "en"); !strings.Contains(said, "and takes its audience in at 2120-03-01 10:00, the community's time\n") {
		t.Error(said)
	}
	w.write("once.yaml", once("2020-03-01 10:00", "Hi"))
	w.calls = nil
	p := w.plan(s, true, at)
	if _, err := w.apply(s, p); err == nil || !strings.Contains(err.Error(), "--accept-past") || len(w.calls) > 0 || !strings.Contains(w.said(p, "en"), "! the whole audience would come in at once") {
		t.Errorf("a moment that is past: %v, wrote %v\n%s", err, w.calls, w.said(p, "en"))
	}
	s.Choose(ascode.Choice{SchedulePast: "accept"})
	_, err := w.apply(s, w.plan(s, true, at))
	w.must(err)
	_, _, err = w.engine.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "m1", Email: new("m1@example.org")})
	w.must(err)
	for range 3 {
		_, err = w.engine.AdvanceDue(t.Context(), time.Second)
		w.must(err)
	}
	w.write("once.yaml", once("2020-03-01 10:00", "Hello"))
	s.Choose(ascode.Choice{})
	p = w.plan(s, true, at)
	if said := w.said(p, "en"); !strings.Contains(said, "publishing does not open it again") || strings.Contains(said, "opens it again\n") {
		t.Error(said)
	}
	nobody := strings.Replace(once("2020-03-01 10:00", "Hi"), "audience: all", "audience: {tag: vip}", 1)
	at2 := w.write("empty.yaml", strings.ReplaceAll(nobody, "key: once", "key: empty"))
	s.Choose(ascode.Choice{SchedulePast: "accept"})
	_, err = w.apply(s, w.plan(s, true, at2))
	w.must(err)
	present := strings.ReplaceAll(strings.Replace(campaign("once", "Hi"), "{manual: true}", "{segment: vips, who: present}", 1), "key: once", "key: there")
	at3 := []string{w.write("vips.yaml", segment("vips", "{not: {tag: vip}}")), w.write("there.yaml", present)}
	_, err = w.apply(s, w.plan(s, true, at3...))
	w.must(err)
	for range 3 {
		_, err = w.engine.AdvanceDue(t.Context(), time.Second)
		w.must(err)
	}
	w.write("empty.yaml", strings.Replace(strings.ReplaceAll(nobody, "key: once", "key: empty"), "vip", "vop", 1))
	if said := w.said(w.plan(s, true, at2), "en"); !strings.Contains(said, "came, and nobody was taken in") || !strings.Contains(said, "opens it again\n") {
		t.Error(said)
	}
	w.write("there.yaml", strings.Replace(present, "Hi", "Hello", 1))
	if said := w.said(w.plan(s, true, at3...), "en"); !strings.Contains(said, "publishing does not take them in again") || strings.Contains(said, "opens it again\n") {
		t.Error(said)
	}
	quiet := strings.NewReplacer("key: there", "key: quiet", "segment: vips", "segment: none").Replace(present)
	at4 := []string{w.write("none.yaml", segment("none", "{tag: vip}")), w.write("quiet.yaml", quiet)}
	_, err = w.apply(s, w.plan(s, true, at4...))
	w.must(err)
	for range 3 {
		_, err = w.engine.AdvanceDue(t.Context(), time.Second)
		w.must(err)
	}
	w.write("quiet.yaml", strings.Replace(quiet, "Hi", "Hello", 1))
	if said := w.said(w.plan(s, true, at4...), "en"); !strings.Contains(said, "looked in the segment “none”, nobody came in; this one looks again\n") {
		t.Error(said)
	}
	if past := ascode.Past(at, time.Now()); past == "" {
		t.Error("the file's moment is not told as past")
	}
	w.write("once.yaml", once("2120-03-01 10:00", "Hi"))
	if past := ascode.Past(at, time.Now()); past != "" {
		t.Errorf("the file's moment %s is ahead", past)
	}
}

// TestPlanTellsWhatIsNotSetUp: of a new campaign too, the plan names endpoints and people of the staff that the service's settings do not.
func TestPlanTellsWhatIsNotSetUp(t *testing.T) {
	w := newWorld(t)
	at := w.write("one.yaml", campaign("one", "Hi")+"  - {id: ask, call: {endpoint: nowhere}}\n  - {id: tell, notify: {text: {en: Look}}}\n")
	for lang, want := range map[string][]string{
		"en": {"! other systems that the service’s settings do not name, so that calls of them fail at once: nowhere", "! steps for which the service’s settings name nobody of the staff, or nobody on one of their channels: tell"},
		"ru": {"и их вызовы сразу не удадутся: nowhere", "или никто в одном из их каналов: tell"},
	} {
		said := w.said(w.plan(w.writer(lang), true, at), lang)
		for _, line := range want {
			if !strings.Contains(said, line) {
				t.Errorf("%q is not in\n%s", line, said)
			}
		}
	}
	if said := w.said(w.plan(w.writer("en"), true, w.write("two.yaml", campaign("two", "Hi"))), "en"); strings.Contains(said, "settings") {
		t.Error(said)
	}
}

// TestPlanTellsOfTopicAndPurpose: a topic that the community has not is told before anything is written, and so is whom a service campaign reaches.
func TestPlanTellsOfTopicAndPurpose(t *testing.T) {
	w := newWorld(t)
	_, err := w.engine.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news", "surveys"}})
	w.must(err)
	s := w.writer("en")
	at := w.write("one.yaml", strings.Replace(campaign("one", "Hi"), "topic: news", "topic: newss", 1))
	w.calls = nil
	p := w.plan(s, true, at)
	if _, err := w.apply(s, p); err == nil || !strings.Contains(err.Error(), "--accept-topic") || len(w.calls) > 0 || !strings.Contains(w.said(p, "en"), "Was “news” meant?") {
		t.Errorf("%v, wrote %v\n%s", err, w.calls, w.said(p, "en"))
	}
	s.Choose(ascode.Choice{UnknownTopic: "accept"})
	p = w.plan(s, true, at)
	if said := w.said(p, "en"); strings.Contains(said, "service campaign") {
		t.Error(said)
	}
	_, err = w.apply(s, p)
	w.must(err)
	w.write("one.yaml", strings.Replace(campaign("one", "Bill"), "topic: news", "topic: bills\npurpose: service", 1))
	s.Choose(ascode.Choice{})
	if said := w.said(w.plan(s, true, at), "en"); !strings.Contains(said, "reaches those who turned everything off too") || strings.Contains(said, "--accept-topic") {
		t.Error(said)
	}
}
