package docs

import (
	"encoding/json"
	"go/ast"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/api"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/reports"
)

// TestExampleIsRight: the campaign of the README passes the checker.
func TestExampleIsRight(t *testing.T) {
	examples := fences(read(t, "README.md"), "yaml")
	if len(examples) != 1 {
		t.Fatalf("%d examples", len(examples))
	}
	def, problems := definition.Parse([]byte(examples[0]), definition.YAML)
	for _, p := range problems {
		t.Errorf("line %d, column %d: %s %v", p.Line, p.Column, p.Code, p.Args)
	}
	if def == nil || def.Key != "welcome" {
		t.Error("the campaign has another key than the commands of the README")
	}
}

// invoked finds commands in code: "kruzhok token create", "./kruzhok serve", "go run ./cmd/kruzhok demo --check".
var invoked = regexp.MustCompile(`(?:^|[^\w/])(?:\./|go run \./cmd/)?kruzhok((?: [a-z]+)+)((?: --[a-z-]+)*)`)

// TestCommandsExist: every command and flag that a document prints is one of the program's.
func TestCommandsExist(t *testing.T) {
	commands := commandLine(t)
	if len(commands) < 10 {
		t.Fatalf("only %d commands were found", len(commands))
	}
	n := 0
	for _, name := range documents(t) {
		for _, text := range printed(read(t, name)) {
			for _, m := range invoked.FindAllStringSubmatch(text, -1) {
				n++
				flags, ok := command(commands, strings.Fields(m[1]))
				if !ok {
					t.Errorf("%s: %q is no command", name, strings.TrimSpace(m[0]))
					continue
				}
				for _, flag := range strings.Fields(m[2]) {
					if !slices.Contains(flags, strings.TrimPrefix(flag, "--")) {
						t.Errorf("%s: %q has no flag %s", name, strings.TrimSpace(m[1]), flag)
					}
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d commands are printed", n)
	}
}

// printed is what a reader may type: the shell blocks, and what stands between backticks.
func printed(document string) []string {
	return append(fences(document, "sh"), words(regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(document, ""))...)
}

// command finds the longest command that the words begin with; the words after it are arguments.
func command(commands map[string][]string, given []string) (flags []string, ok bool) {
	for n := len(given); n > 0; n-- {
		if flags, ok = commands[strings.Join(given[:n], " ")]; ok {
			return flags, true
		}
	}
	return nil, false
}

// commandLine reads the program's commands and their flags from kong's structs.
func commandLine(t *testing.T) map[string][]string {
	t.Helper()
	structs := map[string]*ast.StructType{}
	for _, name := range sources(t, "cmd/kruzhok") {
		ast.Inspect(parse(t, name), func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	commands := map[string][]string{}
	collect(structs, commands, "", structs["cli"])
	return commands
}

// collect notes the flags of a command under its path, and goes down to its commands.
func collect(structs map[string]*ast.StructType, commands map[string][]string, path string, s *ast.StructType) {
	flags := []string{"help"}
	inner := false
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 {
			flags = append(flags, embedded(structs, f.Type)...)
			continue
		}
		var tag reflect.StructTag
		if f.Tag != nil {
			tag = reflect.StructTag(text(f.Tag))
		}
		name := kebab(f.Names[0].Name)
		if n := tag.Get("name"); n != "" {
			name = n
		}
		if _, ok := tag.Lookup("cmd"); ok {
			inner = true
			collect(structs, commands, strings.TrimSpace(path+" "+name), structs[f.Type.(*ast.Ident).Name])
		} else if _, arg := tag.Lookup("arg"); !arg {
			flags = append(flags, name)
		}
	}
	if !inner {
		commands[path] = flags
	}
}

// embedded are the flags of a struct within a command's: the settings, those of a client, or some that several commands share.
func embedded(structs map[string]*ast.StructType, typ ast.Expr) []string {
	if sel, ok := typ.(*ast.SelectorExpr); ok {
		if sel.Sel.Name == "Client" {
			return flagsOf(reflect.TypeFor[config.Client]())
		}
		return flagsOf(reflect.TypeFor[config.Config]())
	}
	shared := map[string][]string{}
	collect(structs, shared, "", structs[typ.(*ast.Ident).Name])
	return shared[""]
}

func kebab(field string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(field, "$1-$2"))
}

func flagsOf(settings reflect.Type) []string {
	var names []string
	for f := range fieldsOf(settings) {
		names = append(names, f.Tag.Get("name"))
	}
	return names
}

// fields are the service's settings.
func fields() func(func(reflect.StructField) bool) { return fieldsOf(reflect.TypeFor[config.Config]()) }

func fieldsOf(typ reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			if typ.Field(i).Tag.Get("name") != "" && !yield(typ.Field(i)) {
				return
			}
		}
	}
}

// TestCallsExist: every call that a document prints is an operation of the API.
func TestCallsExist(t *testing.T) {
	operations := operations(t)
	n := 0
	for _, name := range documents(t) {
		for _, call := range calls(read(t, name)) {
			n++
			if !slices.ContainsFunc(operations, func(o string) bool { return matches(o, call) }) {
				t.Errorf("%s: %s is no operation of the API", name, call)
			}
		}
	}
	if n < 8 {
		t.Errorf("only %d calls are printed", n)
	}
}

var (
	spoken = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) (/v1/[^ ?]*)`)
	curled = regexp.MustCompile(`\$URL(/v1/\S*)`)
	method = regexp.MustCompile(`-X ([A-Z]+)`)
)

// calls are "METHOD path" of `GET /v1/…` in the text and of the curl lines.
func calls(document string) []string {
	var out []string
	for _, text := range printed(document) {
		if m := spoken.FindStringSubmatch(text); m != nil {
			out = append(out, m[1]+" "+m[2])
		}
		for line := range strings.SplitSeq(strings.ReplaceAll(text, "\n  ", " "), "\n") {
			path := curled.FindStringSubmatch(line)
			if path == nil {
				continue
			}
			how := "GET"
			if m := method.FindStringSubmatch(line); m != nil {
				how = m[1]
			} else if strings.Contains(line, "--json") || strings.Contains(line, "--data") {
				how = "POST"
			}
			out = append(out, how+" "+path[1])
		}
	}
	return out
}

// operations are "METHOD path" of the OpenAPI document that the service serves.
func operations(t *testing.T) []string {
	t.Helper()
	h, err := api.New(api.Options{Engine: new(engine.Engine), Reports: new(reports.Reports)})
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest("GET", "/openapi.json", nil))
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	var out []string
	for path, item := range document.Paths {
		for how := range item {
			out = append(out, strings.ToUpper(how)+" "+path)
		}
	}
	return out
}

// matches compares an operation with a call whose {places} may be filled.
func matches(operation, call string) bool {
	a, b := strings.Split(operation, "/"), strings.Split(call, "/")
	return slices.EqualFunc(a, b, func(x, y string) bool { return x == y || strings.HasPrefix(x, "{") && y != "" })
}
