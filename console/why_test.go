package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

// TestWhyPage: from a member's page one comes to what a campaign did with them, and to why another did nothing.
func TestWhyPage(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(4)
	member := "/console/members/" + idText(w.members[0])
	if page := w.get(member, "en"); !strings.Contains(page, member+"/why/"+challengeKey) || !strings.Contains(page, `"`+member+`/why"`) {
		t.Error("the member's page leads to no explanation")
	}
	if page := w.get(member+"/why", "ru"); !strings.Contains(page, member+"/why/first-week") || !strings.Contains(page, "О какой кампании вопрос?") {
		t.Error("the other campaigns are not offered")
	}
	for address, says := range map[string]string{
		"/why/first-week":      "Not inside. Why:",
		"/why/" + challengeKey: "Waits",
	} {
		if page := w.get(member+address, "en"); !strings.Contains(page, says) {
			t.Errorf("%s does not say %q:\n%s", address, says, page)
		}
	}
	for address, want := range map[string]int{member + "/why/nothing": http.StatusNotFound, "/console/members/999999999/why": http.StatusNotFound, "/console/members/x/why/" + challengeKey: http.StatusNotFound} {
		if rec := w.call("GET", address, nil); rec.Code != want {
			t.Errorf("%s: %d", address, rec.Code)
		}
	}
}

// TestWhyNeedsBothScopes: who may read members and not campaigns gets neither the list nor the explanation.
func TestWhyNeedsBothScopes(t *testing.T) {
	w := newWorld(t, newSQLite(t), func(o *Options) { o.Open = false })
	w.populate(4)
	token, err := w.e.CreateToken(t.Context(), engine.Operator, "members", []engine.Scope{engine.MembersRead})
	must(t, err)
	for _, address := range []string{"/why", "/why/" + challengeKey} {
		if rec := w.call("GET", "/console/members/"+idText(w.members[0])+address, nil, "Cookie", sessionCookie+"="+token); rec.Code != http.StatusForbidden {
			t.Errorf("%s: %d", address, rec.Code)
		}
	}
}
