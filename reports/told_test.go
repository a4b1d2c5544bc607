package reports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// eventForm is how events are called: a subject and what became of it. One that ends with a dot is put together.
var eventForm = regexp.MustCompile(`^[a-z]+\.[a-z_]*$`)

var (
	// ofCampaigns begin the names of events that are of no member: they stand in nobody's timeline, and on the campaign's page.
	ofCampaigns = []string{"campaign.", "enrollments.", "switch.", "deliveries.", "notices.", "calls."}
	// byRows are decisions of which the row tells that they write, in these words; the engine keeps no event of them.
	byRows = map[string]string{
		"enrollment.completed": "timeline.completed", "enrollment.exited": "timeline.exited", "question.answered": "timeline.response",
		"step.not_delivered": "timeline.delivery.failed", "question.twin_not_delivered": "timeline.delivery.failed",
		"call.answered": "timeline.call.answered", "call.failed": "timeline.call.failed",
	}
	// noEvents have their form and are none: events of the platform, beginnings of keys of catalogs, of attributes and of the API's fields.
	noEvents = []string{"lesson.finished", "member.joined", "answer.", "answers.", "attributes.", "bot.", "bot.mydata_", "channel.", "community.", "formality.", "mail.confirm_", "mail.link_"}
	// neverOfStep are results of an entry that no enroll step can meet: it names no unknown member, and the entry's condition is not asked.
	neverOfStep = []string{"not_found", "condition"}
)

// sources are the package's files, without its tests.
func sources(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal(dir, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// literals are the texts in the package that may be names of events: those that have their form and are no keys of the catalogs.
func literals(t *testing.T, dir string) (found []string) {
	t.Helper()
	for _, f := range sources(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && eventForm.MatchString(s) && (locale.Has("timeline.event."+s) || !locale.Has(s) && !locale.Has("error."+s)) {
					found = append(found, s)
				}
			}
			return true
		})
	}
	return found
}

// constants are the values of the package's constants of the type.
func constants(t *testing.T, dir, of string) (values []string) {
	t.Helper()
	for _, f := range sources(t, dir) {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == of {
				if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
					s, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					values = append(values, s)
				}
			}
			return true
		})
	}
	if len(values) == 0 {
		t.Fatalf("%s has no constants of %s", dir, of)
	}
	return values
}

// TestEveryEventIsTold: whatever the engine and the decider write of a member has its sentence, or it is said above who tells it. Why has those of a passage in the
// same words. Catalogs hold equal keys in every language.
func TestEveryEventIsTold(t *testing.T) {
	var results []string
	for _, r := range constants(t, "engine", "EntryResult") {
		if !slices.Contains(neverOfStep, r) {
			results = append(results, r)
		}
	}
	written := map[string]bool{}
	for _, s := range append(literals(t, "engine"), literals(t, "campaigns/decide")...) {
		switch {
		case s == "enroll.":
			for _, r := range results {
				written[s+r] = true
			}
		case slices.ContainsFunc(ofCampaigns, func(of string) bool { return strings.HasPrefix(s, of) }), slices.Contains(noEvents, s):
		default:
			written[s] = true
		}
	}
	if len(written) < 50 {
		t.Fatalf("only %d events were found", len(written))
	}
	for name := range written {
		if words := byRows[name]; words != "" {
			if !locale.Has(words) {
				t.Errorf("%s is told by no %s", name, words)
			}
		} else if !locale.Has("timeline.event." + name) {
			t.Errorf("%s has no sentence in the timeline (timeline.event.%s)", name, name)
		}
	}
	for name := range byRows {
		if !written[name] {
			t.Errorf("nothing writes %s any more", name)
		}
	}
	for _, key := range locale.Keys("timeline.event.") {
		name := strings.TrimPrefix(key, "timeline.event.")
		for _, more := range []string{"_lost", "_from", "_never"} { // more exact words for the same event
			name = strings.TrimSuffix(name, more)
		}
		if !written[name] {
			t.Errorf("%s tells what nothing writes", key)
		}
	}
}

// TestEveryStateIsTold: each state in which a timeline can show a row, and each way in, has its words.
func TestEveryStateIsTold(t *testing.T) {
	words := func(values []string, prefixes ...string) {
		for _, v := range values {
			for _, prefix := range prefixes {
				if !locale.Has(prefix + v) {
					t.Errorf("there is no %s", prefix+v)
				}
			}
		}
	}
	words(constants(t, "campaigns", "DeliveryState"), "timeline.delivery.", "timeline.reply.")
	words(constants(t, "store", "CallState"), "timeline.call.", againWords)
	words(constants(t, "store", "NoticeState"), "timeline.notice.")
	words([]string{"completed", "exited"}, "timeline.")
	words([]string{"no_address", "reentry", "already_active", "condition", "no_key"}, "timeline.refused.")
	words([]string{"event", "campaign", "schedule", "segment", "api"}, "why.entered.")
}

// toldBy says of each effect that a decision can have by which words a member's timeline or why tells it; empty: it is no news of its own, for the reason beside it.
var toldBy = map[string]string{
	"Deliver": "timeline.delivery.sent", "SaveAnswer": "timeline.response", "Award": "timeline.points", "Notify": "timeline.notice.sent", "Call": "timeline.call.pending",
	"EndCall": "timeline.call.failed", "Enroll": "timeline.event.enroll.enrolled", "CancelPending": "timeline.delivery.canceled", "ReachGoal": "timeline.event.goal.reached",
	"HoldOut": "timeline.delivery.held_out", "AskAgain": "timeline.event.answer.rejected",
	"SetMember":     "why.did.set", // it leaves no row: in the passage's chain alone
	"CloseQuestion": "",            // the chat is free for another one; what ended the question is told
	"Record":        "",            // an event: TestEveryEventIsTold
}

// TestEveryEffectIsTold: whatever a decision does is told.
func TestEveryEffectIsTold(t *testing.T) {
	found := map[string]bool{}
	for _, f := range sources(t, "campaigns/decide") {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Name.Name != "effect" {
				continue
			}
			name := fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
			found[name] = true
			if words, known := toldBy[name]; !known || words != "" && !locale.Has(words) {
				t.Errorf("the effect %s is told by nothing (%q)", name, words)
			}
		}
	}
	if len(found) != len(toldBy) {
		t.Errorf("%d effects, %d are told", len(found), len(toldBy))
	}
}
