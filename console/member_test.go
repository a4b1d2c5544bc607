package console

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

// TestMemberPageSaysWhatIsKnown: attributes stand on the member's page by name, in the reader's language, and nothing in them becomes markup.
func TestMemberPageSaysWhatIsKnown(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	m, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u", Attributes: map[string]any{
		"city": hostile, "note": "first\nsecond", "formality": "formal", "score": 12345.5, "paid": true,
	}})
	must(t, err)
	path := "/console/members/" + idText(m.ID)
	for lang, words := range map[string][]string{
		"en": {"What is known", "&lt;script&gt;", "first\nsecond", "<dt>Form of address</dt>", ">formal<", ">12,345.5<", ">yes<"},
		"ru": {"Что известно", "<dt>Обращение</dt>", "на «вы»", ">да<"},
	} {
		page := w.get(path, lang)
		checkPage(t, lang, page)
		want(t, page, words...)
		if strings.Contains(page, "<dt>formality</dt>") {
			t.Errorf("%s: the language's own word", lang)
		}
	}
	none, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "v"})
	must(t, err)
	if strings.Contains(w.get("/console/members/"+idText(none.ID), "en"), "What is known") {
		t.Error("a heading over nothing")
	}
}
