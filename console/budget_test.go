package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// form makes a form of names and values in turn.
func form(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out
}

// rules is what the budget is, as it would be typed.
func (w *world) rules() (out []engine.BudgetInput) {
	w.t.Helper()
	c, err := w.e.Community(w.t.Context(), engine.Operator)
	must(w.t, err)
	return engine.BudgetInputs(c.Budget)
}

// seenBudget is the mark of what the page shows.
func (w *world) seenBudget() string {
	_, rest, _ := strings.Cut(w.get(budgetPath, "en"), `name="seen" value="`)
	mark, _, _ := strings.Cut(rest, `"`)
	return mark
}

// TestBudgetIsAddedChangedAndRemoved, said in words, with each mistake beside its field.
func TestBudgetIsAddedChangedAndRemoved(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	send := func(pairs ...string) (int, string) {
		t.Helper()
		rec := w.call("POST", budgetPath, form(append(pairs, "seen", w.seenBudget())...), "Sec-Fetch-Site", "same-origin")
		if rec.Code != http.StatusSeeOther {
			checkPage(t, strings.Join(pairs, " "), rec.Body.String())
		}
		return rec.Code, rec.Body.String()
	}
	want(t, w.get(budgetPath, "en"), "There are no rules", "Another rule")
	if code, _ := send("new-0", "yes", "most-0", "3", "span-0", "1", "unit-0", "d", "kind-0", ""); code != 303 {
		t.Fatalf("added: %d", code)
	}
	if code, _ := send("most-0", "2", "span-0", "36", "unit-0", "h", "new-1", "yes", "most-1", "1", "span-1", "14", "unit-1", "d", "kind-1", "survey"); code != 303 {
		t.Fatalf("changed, and another: %d", code)
	}
	for lang, words := range map[string][]string{
		"en": {"At most 2 messages within 36 hours", "Surveys: at most 1 within 14 days", `value="36"`},
		"ru": {"Не больше 2 сообщений за 36 часов", "Опросы: не больше 1 за 14 дней"},
	} {
		page := w.get(budgetPath+"?saved=yes", lang)
		checkPage(t, lang, page)
		want(t, page, words...)
	}
	code, page := send("most-0", "2", "span-0", "36", "unit-0", "h", "remove-0", "yes", "most-1", "many", "span-1", "200", "unit-1", "d", "kind-1", "nonsense")
	if code != 422 || len(w.rules()) != 2 {
		t.Errorf("wrong rules: %d, %+v", code, w.rules())
	}
	want(t, page, `id="most-1-e"`, "from 1 to 100", `id="span-1-e"`, "from 1 hour to 90 days", "no such kind", `value="many"`, `name="remove-0" value="yes" checked`)
	if strings.Contains(page, `id="most-0-e"`) {
		t.Error("what is removed is said to be wrong")
	}
	if code, _ := send("most-0", "2", "span-0", "36", "unit-0", "h", "remove-0", "yes", "most-1", "1", "span-1", "14", "unit-1", "d", "kind-1", "survey", "new-2", "yes", "most-2", "", "span-2", "", "unit-2", "d"); code != 303 {
		t.Errorf("removed: %d", code)
	}
	if left := w.rules(); len(left) != 1 || left[0] != (engine.BudgetInput{Most: 1, Per: "14d", Kind: "survey"}) {
		t.Errorf("left: %+v", left)
	}
}

// TestBudgetOfTwoWriters: who saves over what somebody else saved meanwhile is told, and nothing is lost.
func TestBudgetOfTwoWriters(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	name := "Speaklingua"
	_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Name: &name, Budget: []engine.BudgetInput{{Most: 7, Per: "7d"}}})
	must(t, err)
	rec := w.call("POST", budgetPath, form("seen", "1", "most-0", "3", "span-0", "1", "unit-0", "d"), "Sec-Fetch-Site", "same-origin")
	checkPage(t, "meanwhile", rec.Body.String())
	want(t, rec.Body.String(), "Someone changed the settings", "At most 7 messages within 7 days", `value="3"`)
	if got := w.rules(); rec.Code != http.StatusConflict || got[0].Most != 7 {
		t.Errorf("%d, %+v", rec.Code, got)
	}
}

// TestBudgetNeedsItsScopes: who reads settings sees the rules without a form; who reads campaigns alone sees no way there.
func TestBudgetNeedsItsScopes(t *testing.T) {
	w := newWorld(t, newSQLite(t), func(o *Options) { o.Open = false })
	sign := func(scopes ...engine.Scope) {
		token, err := w.e.CreateToken(t.Context(), engine.Operator, "some", scopes)
		must(t, err)
		w.cookies = []*http.Cookie{{Name: sessionCookie, Value: token}}
	}
	sign(engine.SettingsRead, engine.CampaignsRead)
	if page := w.get(budgetPath, locale.Default); strings.Contains(page, "<textarea") || strings.Contains(page, "most-0") {
		t.Error("a form for who may only look")
	}
	want(t, w.get("/console/campaigns", "en"), budgetPath)
	if rec := w.call("POST", budgetPath, form("seen", "0"), "Sec-Fetch-Site", "same-origin"); rec.Code != http.StatusForbidden {
		t.Errorf("saved without the scope: %d", rec.Code)
	}
	sign(engine.CampaignsRead)
	if page := w.get("/console/campaigns", "en"); strings.Contains(page, budgetPath) {
		t.Error("a way to what is refused")
	}
}
