// Package arch holds the rules of who may import whom, as a test. The rules and their reasons are the plan of the house: change them on purpose.
package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kruzhok/kruzhok"

// inner says which packages of this module each room may import, beside itself and what lies below it.
// A pattern ends in "/..." for a whole folder. The longest room that holds a package decides; tests of a package are free.
var inner = []struct {
	room   string
	may    []string
	reason string
}{
	{"campaigns", []string{"campaigns/...", "templates", "channels", "internal/locale"}, "campaigns are the pure domain: they know words and types (and the templates' static checks), nothing that runs"},
	{"members", []string{"campaigns/...", "channels"}, "members are the pure domain"},
	{"templates", []string{"campaigns/...", "channels", "internal/locale"}, "templates make texts out of values and know nothing of where they come from"},
	{"channels", []string{"campaigns", "internal/telemetry", "internal/locale"}, "a channel sends what it is given; the engine decides"},
	{"channels/telegram", []string{"channels", "campaigns", "internal/locale", "internal/telemetry"}, "channels know nothing of each other, so that each can be replaced"},
	{"channels/email", []string{"channels", "channels/email/...", "campaigns", "internal/locale", "internal/telemetry"}, "channels know nothing of each other, so that each can be replaced"},
	{"channels/webhook", []string{"channels"}, "a caller sends what it is given and knows no other channel"},
	{"channels/sandbox", []string{"channels", "channels/sandbox/...", "campaigns", "internal/locale", "internal/telemetry"}, "the sandbox stands in for the outside world and must not share code with what it tests"},
	{"store", []string{"store/...", "campaigns/...", "members", "channels", "internal/fault", "internal/telemetry"}, "the store keeps rows; rules live above it"},
	{"reports", []string{"store", "engine", "campaigns/...", "members", "channels", "internal/locale", "internal/fault"}, "reports only read; of the engine they know the Principal, so that reading asks for the same scopes as writing (docs/decisions/010)"},
	{"simulation", []string{"engine", "store", "reports", "campaigns/...", "members", "channels", "internal/..."}, "a simulation is an installation of its own, over a database that is thrown away: it puts the engine together as cmd does, and its channels lead nowhere"},
	{"engine", []string{"engine/...", "store", "campaigns/...", "members", "members/roster", "templates", "channels", "internal/..."}, "the engine knows channels by their interfaces alone; cmd plugs them in"},
	{"api", []string{"api/...", "engine", "reports", "simulation", "campaigns/...", "members", "members/roster", "channels", "internal/..."}, "a handler decodes, makes one engine call, renders: no store, no channel, no other front"},
	{"console", []string{"console/...", "engine", "reports", "campaigns/...", "members", "channels", "internal/..."}, "a page decodes, makes one engine call, renders: no store, no channel, no other front"},
	{"workers", []string{"workers/...", "engine", "reports", "campaigns/...", "members", "channels", "internal/..."}, "a task decodes, makes one engine call, classifies: no store, no channel, no other front"},
	{"demo", []string{"demo/...", "channels/sandbox", "templates/starters"}, "the demo plays as members and integrations do: over HTTP, a bot's chat and a mailbox, never from inside"},
	{"demo/pages", []string{"demo", "channels/sandbox", "console/look", "internal/locale", "internal/fault"}, "the sandbox's pages show what a member sees, in the console's frame; they know nothing of the service's inside"},
	{"ascode", []string{"campaigns/...", "internal/locale"}, "campaigns as code speak to a service over its API alone, as anybody's script does"},
	{"console/look", []string{"internal/locale", "internal/fault"}, "how pages look knows nothing of what they show"},
	{"internal", []string{"campaigns", "internal/..."}, "machinery knows the domain's words and nothing above them"},
	{"internal/arch", nil, "the rules import nothing"},
	{"bench", []string{"..."}, "measures anything"},
	{"cmd", []string{"..."}, "puts everything together"},
}

// libraries says who may import an outside package: a pattern may end in "/...".
var libraries = []struct {
	pattern string
	rooms   []string
	reason  string
}{
	{"github.com/hibiken/asynq/...", []string{"workers", "bench"}, "asynq is a conveyor known to workers alone: it can be replaced in a day"},
	{"github.com/gin-gonic/gin/...", []string{"api", "console", "demo/pages", "bench"}, "gin belongs to the HTTP fronts"},
	{"github.com/danielgtaylor/huma/v2/...", []string{"api", "console", "bench"}, "huma belongs to the HTTP fronts"},
	{"modernc.org/sqlite/...", []string{"store", "bench"}, "SQL drivers belong to the store: the dialects meet there"},
	{"github.com/jackc/pgx/v5/...", []string{"store", "bench"}, "SQL drivers belong to the store: the dialects meet there"},
	{"github.com/pressly/goose/v3/...", []string{"store", "bench"}, "migrations belong to the store"},
	{"database/sql/...", []string{"store", "bench"}, "SQL is written in the store alone"},
	{"github.com/go-telegram-bot-api/telegram-bot-api/v5/...", []string{"channels/telegram", "bench"}, "the Telegram library can be replaced in a day"},
	{"github.com/wneessen/go-mail/...", []string{"channels/email", "bench"}, "the mail library can be replaced in a day"},
	{"github.com/alecthomas/kong/...", []string{"cmd", "internal/config"}, "flags belong to the command line"},
}

// pure rooms do no I/O and never ask the clock: the same inputs must give the same decisions.
var pure = []string{"campaigns", "members", "templates"}

var impure = []string{"net", "net/http/...", "os/...", "io/ioutil", "syscall", "database/sql/...", "math/rand/...", "crypto/rand", "log/...", "embed"}

// embeds may hold files that are compiled in: constants, not I/O.
var embeds = []string{"templates", "campaigns/definition"}

// clock are the functions of package time that read the clock or wait for it.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// file is one file of the module that is compiled into the product.
type file struct {
	name string // slashed, from the module's root
	dir  string // its package, "." for the root
	ast  *ast.File
}

func TestWhoMayImportWhom(t *testing.T) {
	for _, f := range sources(t) {
		for _, imported := range imports(f) {
			if local, ok := strings.CutPrefix(imported, module+"/"); ok {
				checkInner(t, f, local)
				continue
			}
			checkLibrary(t, f, imported)
			checkPure(t, f, imported)
		}
	}
}

func checkInner(t *testing.T, f file, local string) {
	t.Helper()
	best := -1
	for i, r := range inner {
		if inside(f.dir, r.room) && (best < 0 || len(r.room) > len(inner[best].room)) {
			best = i
		}
	}
	if best < 0 {
		t.Errorf("%s: no rule says what %s may import; add its room here", f.name, f.dir)
		return
	}
	rule := inner[best]
	if local != f.dir && !matchesAny(local, rule.may) {
		t.Errorf("%s imports %s: %s may import %s; %s", f.name, local, rule.room, strings.Join(rule.may, ", "), rule.reason)
	}
}

func checkLibrary(t *testing.T, f file, imported string) {
	t.Helper()
	for _, l := range libraries {
		if matches(imported, l.pattern) && !slices.ContainsFunc(l.rooms, func(room string) bool { return inside(f.dir, room) }) {
			t.Errorf("%s imports %s, which is for %s: %s", f.name, imported, strings.Join(l.rooms, ", "), l.reason)
		}
	}
}

func checkPure(t *testing.T, f file, imported string) {
	t.Helper()
	if !isPure(f.dir) || !matchesAny(imported, impure) {
		return
	}
	if imported == "embed" && slices.ContainsFunc(embeds, func(room string) bool { return inside(f.dir, room) }) {
		return
	}
	t.Errorf("%s imports %s: %s do no I/O, so that the same inputs give the same decisions", f.name, imported, strings.Join(pure, ", "))
}

func TestPureRoomsNeverReadTheClock(t *testing.T) {
	for _, f := range sources(t) {
		if !isPure(f.dir) || !slices.Contains(imports(f), "time") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(clock, s.Sel.Name) {
				t.Errorf("%s uses time.%s: time is an argument called now, or a replay would decide otherwise", f.name, s.Sel.Name)
			}
			return true
		})
	}
}

func TestNoFolderNamedAfterNothing(t *testing.T) {
	for _, f := range sources(t) {
		if slices.Contains([]string{"util", "utils", "helpers", "models", "common", "misc", "services"}, path.Base(f.dir)) {
			t.Errorf("%s: a package is named after what it holds", f.name)
		}
	}
}

// TestRulesBite shows that each kind of rule can fail.
func TestRulesBite(t *testing.T) {
	for _, c := range []struct {
		value, pattern string
		want           bool
	}{
		{"store", "store", true},
		{"store/storetest", "store", false},
		{"store/storetest", "store/...", true},
		{"store", "store/...", true},
		{"storefront", "store/...", false},
		{"anything/at/all", "...", true},
		{"os", "os/...", true},
		{"os/exec", "os/...", true},
		{"ostrich", "os/...", false},
	} {
		if matches(c.value, c.pattern) != c.want {
			t.Errorf("matches(%q, %q) = %v", c.value, c.pattern, !c.want)
		}
	}
	if !isPure("campaigns/decide") || isPure("campaignsx") || isPure("engine") {
		t.Error("isPure is wrong")
	}
	if len(sources(t)) < 10 {
		t.Error("the module's files were not found")
	}
}

// sources parses the module's files, without tests, generated test data and other modules.
func sources(t *testing.T) []file {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var files []file
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		slashed := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(name, root), string(filepath.Separator)))
		if d.IsDir() {
			if base := d.Name(); slashed != "" && (base == "testdata" || base == "node_modules" || base == "tools" || strings.HasPrefix(base, ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || inside(path.Dir(slashed), "store/storetest") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return fmt.Errorf("parse file: %w", err)
		}
		files = append(files, file{slashed, path.Dir(slashed), parsed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func imports(f file) []string {
	var all []string
	for _, spec := range f.ast.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		all = append(all, name)
	}
	return all
}

func isPure(dir string) bool {
	return slices.ContainsFunc(pure, func(room string) bool { return inside(dir, room) })
}

func inside(dir, room string) bool { return dir == room || strings.HasPrefix(dir, room+"/") }

func matchesAny(value string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(value, p) })
}

func matches(value, pattern string) bool {
	if folder, ok := strings.CutSuffix(pattern, "..."); ok {
		folder = strings.TrimSuffix(folder, "/")
		return folder == "" || inside(value, folder)
	}
	return value == pattern
}
