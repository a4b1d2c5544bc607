package locale

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
)

// use is a place where the product says something: the key, and the names of the arguments it gives.
type use struct {
	at, key string
	names   []string
	open    bool // the names are not all known from the source
}

// TestWhatIsSaidIsInTheCatalogs: every key that the source or a page names has its message, and every placeholder its value. A missing one would be read by
// somebody.
func TestWhatIsSaidIsInTheCatalogs(t *testing.T) {
	found := uses(t, "../..")
	if len(found) < 300 {
		t.Fatalf("only %d uses were found", len(found))
	}
	for _, u := range found {
		for _, lang := range Languages() {
			m, ok := catalogs().entries[lang][u.key]
			if !ok {
				t.Errorf("%s: %s is in no catalog of %s", u.at, u.key, lang)
				continue
			}
			for _, name := range m.placeholders() {
				if !u.open && !slices.Contains(u.names, name) {
					t.Errorf("%s: %s gets no {%s} in %s", u.at, u.key, name, lang)
				}
			}
		}
	}
}

func uses(t *testing.T, root string) (out []use) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".html"):
			out = append(out, pageUses(t, path)...)
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			out = append(out, sourceUses(t, path)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// saying are the functions that say a key: where in the call it stands, what it begins with, and how the arguments follow.
var saying = map[string]struct {
	key    int
	prefix string
	pairs  bool // names and values in turn; else one map
}{
	"say": {1, "", false}, "text": {1, "", false}, "locale.T": {1, "", false}, "Term": {0, "", true}, "locale.Term": {0, "", true}, ".T": {0, "", true},
	"fault.New": {1, "error.", false}, "fault.Wrap": {2, "error.", false},
}

func sourceUses(t *testing.T, path string) (out []use) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		s, ok := saying[called(call)]
		if !ok || len(call.Args) <= s.key {
			return true
		}
		key, ok := literal(call.Args[s.key])
		if !ok || !strings.Contains(s.prefix+key, ".") {
			return true
		}
		u := use{at: files.Position(call.Pos()).String(), key: s.prefix + key}
		switch rest := call.Args[s.key+1:]; {
		case s.pairs:
			u.names, u.open = inTurn(rest, literal)
		case len(rest) > 0:
			u.names, u.open = mapped(rest[0])
		}
		out = append(out, u)
		return true
	})
	return out
}

// called is how the call names its function: with its package, or with a dot where it is a method.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && (x.Name == "locale" || x.Name == "fault") {
			return x.Name + "." + f.Sel.Name
		}
		return "." + f.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

// inTurn are the names of a list of names and values.
func inTurn[E any](list []E, literal func(E) (string, bool)) (names []string, open bool) {
	for i := 0; i < len(list); i += 2 {
		name, ok := literal(list[i])
		if !ok {
			return names, true
		}
		names = append(names, name)
	}
	return names, false
}

// mapped are the names of a map that is written out; nil has none.
func mapped(e ast.Expr) (names []string, open bool) {
	if id, ok := e.(*ast.Ident); ok {
		return nil, id.Name != "nil"
	}
	m, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil, true
	}
	for _, x := range m.Elts {
		kv, ok := x.(*ast.KeyValueExpr)
		if !ok {
			return nil, true
		}
		name, ok := literal(kv.Key)
		if !ok {
			return nil, true
		}
		names = append(names, name)
	}
	return names, false
}

func pageUses(t *testing.T, path string) (out []use) {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tree := parse.New(path)
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(string(source), "", "", trees); err != nil {
		t.Fatal(err)
	}
	trees[path] = tree
	for _, x := range trees {
		commands(x.Root, func(c *parse.CommandNode) {
			if len(c.Args) < 2 || !says(c.Args[0]) {
				return
			}
			text := func(n parse.Node) (string, bool) {
				s, ok := n.(*parse.StringNode)
				if !ok {
					return "", false
				}
				return s.Text, true
			}
			if key, ok := text(c.Args[1]); ok {
				u := use{at: path + ": " + c.String(), key: key}
				u.names, u.open = inTurn(c.Args[2:], text)
				out = append(out, u)
			}
		})
	}
	return out
}

// says reports whether a page's word is a call of T: .T, $.T or .Frame.T.
func says(n parse.Node) bool {
	var path []string
	switch n := n.(type) {
	case *parse.FieldNode:
		path = n.Ident
	case *parse.VariableNode:
		path = n.Ident
	case *parse.ChainNode:
		path = n.Field
	}
	return len(path) > 0 && path[len(path)-1] == "T"
}

// commands walks over every command of a tree, those in parentheses too.
func commands(n parse.Node, do func(*parse.CommandNode)) {
	pipe := func(p *parse.PipeNode) {
		if p != nil {
			commands(p, do)
		}
	}
	list := func(ls ...*parse.ListNode) {
		for _, l := range ls {
			if l != nil {
				commands(l, do)
			}
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, x := range n.Nodes {
			commands(x, do)
		}
	case *parse.ActionNode:
		pipe(n.Pipe)
	case *parse.TemplateNode:
		pipe(n.Pipe)
	case *parse.IfNode:
		pipe(n.Pipe)
		list(n.List, n.ElseList)
	case *parse.RangeNode:
		pipe(n.Pipe)
		list(n.List, n.ElseList)
	case *parse.WithNode:
		pipe(n.Pipe)
		list(n.List, n.ElseList)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			do(c)
			for _, a := range c.Args {
				if p, ok := a.(*parse.PipeNode); ok {
					commands(p, do)
				}
			}
		}
	}
}

// recording are the functions that note an event about a member, with where its name stands.
var recording = map[string]int{".note": 1, ".record": 1}

// told are the events whose rows tell themselves.
var told = []string{"question.answered", "enrollment.completed", "enrollment.exited"}

// eventName is the name of an event that the source notes, by a call or as the field Name of what is noted.
func eventName(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if at, ok := recording[called(n)]; ok && len(n.Args) > at {
			return literal(n.Args[at])
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Name" {
			return literal(n.Value)
		}
	}
	return "", false
}

// TestEveryEventHasWords: what a timeline shows of an event is a sentence, not the event's name.
func TestEveryEventHasWords(t *testing.T) {
	n := 0
	for _, dir := range []string{"../../engine", "../../campaigns/decide"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(x ast.Node) bool {
				name, ok := eventName(x)
				if !ok || !strings.Contains(name, ".") || strings.HasPrefix(name, "campaign.") { // a campaign's are in no member's timeline
					return true
				}
				n++
				if !Has("timeline.event."+name) && !slices.Contains(told, name) {
					t.Errorf("%s: %s has no words", path, name)
				}
				return true
			})
		}
	}
	if n < 30 {
		t.Fatalf("only %d were found", n)
	}
}
