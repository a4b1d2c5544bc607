package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

const budgetPath = "/console/budget"

// budgetPage says how much a member gets over all campaigns, and changes it.
type budgetPage struct {
	look.Frame
	Rules   []string // in words
	Action  string   // empty: the reader may only look
	Rows    []budgetRow
	Seen    string // when what the form shows was written
	Saved   bool
	Problem string
	Wrong   []string // what has no field
}

// budgetRow is one rule as its fields show it.
type budgetRow struct {
	N                   int
	Title               string
	Most, Span          string
	Units, Kinds        []choice
	New, Removed        bool
	MostError, PerError string
}

// maxBudgetRows is how many rules there can be (engine.PatchCommunity).
const maxBudgetRows = 5

func (r *request) budget() error { return r.showBudget(http.StatusOK, nil, nil) }

// putBudget keeps the rules that the form says. Rows that are ticked to be removed, and a new one without a word in it, are none.
func (r *request) putBudget() error {
	if err := r.Request.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "too_large.form", nil)
	}
	seen, err := strconv.ParseInt(r.PostForm("seen"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "invalid.form", nil)
	}
	typed := r.typedRules()
	patch := engine.CommunityPatch{Budget: []engine.BudgetInput{}, Seen: time.UnixMicro(seen)}
	for _, t := range typed {
		if !t.removed {
			patch.Budget = append(patch.Budget, t.rule)
		}
	}
	_, err = r.k.o.Engine.PatchCommunity(r.Request.Context(), r.who, patch)
	if kind := fault.KindOf(err); err != nil && (kind == fault.Conflict || kind == fault.Invalid) {
		return r.showBudget(statusOf(kind), typed, err)
	}
	if err != nil {
		return err
	}
	r.Redirect(http.StatusSeeOther, budgetPath+"?saved=yes")
	return nil
}

// typedRule is a rule as the form brought it.
type typedRule struct {
	rule                        engine.BudgetInput
	most, span, unit            string
	removed, isNew              bool
	mostProblem, periodsProblem string
}

func (r *request) typedRules() (out []typedRule) {
	for i := range maxBudgetRows {
		field := func(name string) string { return strings.TrimSpace(r.PostForm(fmt.Sprintf("%s-%d", name, i))) }
		t := typedRule{most: field("most"), span: field("span"), unit: field("unit"), removed: field("remove") == "yes", isNew: field("new") == "yes"}
		if t.unit == "" || t.isNew && t.most == "" && t.span == "" {
			continue
		}
		n, err := strconv.Atoi(t.most)
		if err != nil {
			n = 0 // which no rule may have, so the field is named
		}
		t.rule = engine.BudgetInput{Most: n, Per: t.span + t.unit, Kind: field("kind")}
		out = append(out, t)
	}
	return out
}

// showBudget shows the rules, and in the form those that were typed where they were refused.
func (r *request) showBudget(status int, typed []typedRule, refused error) error {
	c, err := r.k.o.Engine.Community(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	p := budgetPage{Frame: r.frame(look.Campaigns, ""), Saved: r.Query("saved") != "", Seen: strconv.FormatInt(c.UpdatedAt.UnixMicro(), 10)}
	p.Title = p.T("console.budget.title")
	for _, rule := range c.Budget {
		p.Rules = append(p.Rules, explain.Words{Lang: r.lang}.BudgetRule(rule))
	}
	if r.who.Require(engine.SettingsWrite) == nil {
		p.Action = budgetPath
	}
	if refused == nil {
		for _, rule := range c.Budget {
			typed = append(typed, typedOf(rule))
		}
	} else {
		p.refuse(typed, refused)
	}
	for _, t := range typed {
		p.row(t)
	}
	if len(typed) < maxBudgetRows && (len(typed) == 0 || !typed[len(typed)-1].isNew) {
		p.row(typedRule{isNew: true, unit: "d"})
	}
	return r.renderStatus(status, "budget.html", p)
}

// typedOf is a rule as it would be typed: in days where it is whole days, else in hours or minutes. A day has 24 hours here.
func typedOf(rule decide.BudgetRule) typedRule {
	t := typedRule{most: strconv.Itoa(rule.Most), rule: engine.BudgetInput{Kind: string(rule.Kind)}}
	for _, u := range []struct {
		unit string
		is   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if span := rule.Span(); span%u.is == 0 || u.unit == "m" {
			t.unit, t.span = u.unit, strconv.Itoa(int(span/u.is))
			break
		}
	}
	return t
}

// refuse puts each problem beside the field that it is about.
func (p *budgetPage) refuse(typed []typedRule, err error) {
	p.Problem = fault.Message(err, p.Lang)
	at := 0
	details := fault.Details(err, p.Lang)
	for i := range typed {
		if typed[i].removed {
			continue
		}
		for _, d := range details {
			switch d.Path {
			case fmt.Sprintf("budget[%d].most", at):
				typed[i].mostProblem = d.Message
			case fmt.Sprintf("budget[%d].per", at):
				typed[i].periodsProblem = p.T("console.budget.span_problem")
			}
		}
		at++
	}
	for _, d := range details {
		if !strings.HasSuffix(d.Path, ".most") && !strings.HasSuffix(d.Path, ".per") {
			p.Wrong = append(p.Wrong, d.Message)
		}
	}
}

func (p *budgetPage) row(t typedRule) {
	row := budgetRow{N: len(p.Rows), Most: t.most, Span: t.span, New: t.isNew, Removed: t.removed, MostError: t.mostProblem, PerError: t.periodsProblem}
	row.Title = p.T("console.budget.nth", "n", row.N+1)
	if t.isNew {
		row.Title = p.T("console.budget.new")
	}
	for _, unit := range []string{"d", "h", "m"} {
		if unit != "m" || t.unit == "m" {
			row.Units = append(row.Units, choice{unit, p.T("console.budget.unit." + unit), unit == t.unit})
		}
	}
	row.Kinds = []choice{{"", p.T("console.budget.counts.all"), t.rule.Kind == ""}}
	for _, kind := range definition.Kinds() {
		row.Kinds = append(row.Kinds, choice{string(kind), p.T("console.budget.counts." + string(kind)), t.rule.Kind == string(kind)})
	}
	p.Rows = append(p.Rows, row)
}
