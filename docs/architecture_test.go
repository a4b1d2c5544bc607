package docs

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// transitions reads a table of states: name, meaning, next.
func transitions(t *testing.T, heading string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, row := range table(t, section(t, "docs/architecture.md", heading)) {
		if name := words(row[0]); len(name) == 1 && len(row) == 3 {
			out[name[0]] = words(row[2])
			continue
		}
		t.Fatalf("%s: cannot read the row %q", heading, row)
	}
	return out
}

// TestTransitionTables compares the tables with the code: each pair of states may or may not follow, as May says, and the states are
// those of both engines' SQL.
func TestTransitionTables(t *testing.T) {
	for heading, c := range map[string]struct {
		column string // table and column of its CHECK
		may    func(from, to string) bool
	}{
		"### Campaign": {"campaigns.state", func(from, to string) bool { return campaigns.State(from).May(campaigns.State(to)) }},
		"### Enrollment": {"enrollments.state", func(from, to string) bool {
			return campaigns.EnrollmentState(from).May(campaigns.EnrollmentState(to))
		}},
		"### Delivery": {"deliveries.state", func(from, to string) bool {
			return campaigns.DeliveryState(from).May(campaigns.DeliveryState(to))
		}},
		"### Input": {"inputs.state", func(from, to string) bool {
			return store.InputState(from) == store.InputStored && store.InputState(to) != store.InputStored
		}},
	} {
		documented := transitions(t, heading)
		states := keys(documented)
		for _, engine := range []string{"sqlite", "postgres"} {
			same(t, heading+" on "+engine, states, checked(t, engine, c.column))
		}
		for _, from := range states {
			for _, to := range states {
				if told := slices.Contains(documented[from], to); told != c.may(from, to) {
					t.Errorf("%s: %s → %s is documented as %v and is %v", heading, from, to, told, !told)
				}
			}
			for _, to := range documented[from] {
				if _, ok := documented[to]; !ok {
					t.Errorf("%s: %s → %s, and there is no such state", heading, from, to)
				}
			}
		}
	}
}

func keys(m map[string][]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// checked is the list of a column's CHECK in the newest migration that has one.
func checked(t *testing.T, engine, column string) []string {
	t.Helper()
	table, name, _ := strings.Cut(column, ".")
	create := regexp.MustCompile(`(?s)CREATE TABLE ` + table + ` \((.*?)\n\)`).FindStringSubmatch(migrations(t, engine))
	if create == nil {
		t.Fatalf("%s: no table %s", engine, table)
	}
	list := regexp.MustCompile(`(?m)^\s*` + name + `\s.*CHECK \(` + name + ` IN \(([^)]*)\)\)`).FindStringSubmatch(create[1])
	if list == nil {
		t.Fatalf("%s: no CHECK of %s", engine, column)
	}
	var out []string
	for _, v := range strings.Split(list[1], ",") {
		out = append(out, strings.Trim(strings.TrimSpace(v), "'"))
	}
	return out
}

// TestImportTable compares the table of imports with the rules that internal/arch tests.
func TestImportTable(t *testing.T) {
	documented := map[string][]string{}
	for _, row := range table(t, section(t, "docs/internals.md", "## Who may import whom")) {
		documented[words(row[0])[0]] = words(row[1])
	}
	rules := importRules(t)
	for _, anything := range []string{"cmd", "bench"} {
		if !slices.Equal(rules[anything], []string{"..."}) {
			t.Errorf("%s may import %v", anything, rules[anything])
		}
		delete(rules, anything)
	}
	same(t, "rooms", keys(documented), keys(rules))
	for room, may := range documented {
		same(t, room+" may import", may, rules[room])
	}
}

func importRules(t *testing.T) map[string][]string {
	t.Helper()
	rules := map[string][]string{}
	ast.Inspect(parse(t, "internal/arch/arch_test.go"), func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != "inner" {
			return true
		}
		for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
			rule := e.(*ast.CompositeLit)
			var may []string
			if list, ok := rule.Elts[1].(*ast.CompositeLit); ok {
				for _, m := range list.Elts {
					may = append(may, text(m))
				}
			}
			rules[text(rule.Elts[0])] = may
		}
		return false
	})
	if len(rules) < 10 {
		t.Fatalf("internal/arch: only %d rules were found", len(rules))
	}
	return rules
}

// TestReasonsAreExplained: every reason of the code has its advice in operations.md, and the gates name real ones.
func TestReasonsAreExplained(t *testing.T) {
	var found []string
	ast.Inspect(parse(t, "campaigns/states.go"), func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Reason" {
				found = append(found, text(v.Values[0]))
			}
		}
		return true
	})
	var documented []string
	for _, row := range table(t, section(t, "docs/operations.md", "## Reasons")) {
		documented = append(documented, words(row[0])...)
	}
	same(t, "reasons", documented, found)
	states := checked(t, "sqlite", "deliveries.state")
	for _, row := range table(t, section(t, "docs/architecture.md", "## The gates")) {
		for _, w := range words(row[1]) {
			if !slices.Contains(found, w) && !slices.Contains(states, w) {
				t.Errorf("the gates: %q is neither a reason nor a state", w)
			}
		}
	}
}
