package api

import (
	"fmt"
	"html/template"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// pageTypes is the struct of each page.
var pageTypes = map[string]reflect.Type{
	"survey.html": reflect.TypeFor[surveyView](), "leave.html": reflect.TypeFor[leaveView](), "mailbox.html": reflect.TypeFor[mailboxView](), "connect.html": reflect.TypeFor[connectView](),
	"settings.html": reflect.TypeFor[settingsView](),
	"lone.html":     reflect.TypeFor[lonePage](), "docs.html": reflect.TypeFor[docsPage](),
}

// TestTemplatesFitTheirStructs follows every field of every page in its struct, in all branches.
func TestTemplatesFitTheirStructs(t *testing.T) {
	entries, err := pageFiles.ReadDir("pages")
	must(t, err)
	for _, e := range entries {
		if e.Name() != "frame.html" && pageTypes[e.Name()] == nil {
			t.Errorf("%s has no struct", e.Name())
		}
	}
	for name, typ := range pageTypes {
		c := &checker{t: t, file: name, top: typ}
		c.template(name, typ)
	}
	// The checker itself can fail.
	bad := template.Must(template.New("bad").Parse(`{{with .Question}}{{range .Options}}{{.Nothing}}{{end}}{{end}}`))
	c := &checker{file: "bad", top: reflect.TypeFor[surveyView]()}
	c.walk(bad.Tree.Root, c.top)
	if len(c.found) != 1 {
		t.Errorf("the checker found %q", c.found)
	}
}

type checker struct {
	t     *testing.T
	file  string
	top   reflect.Type // $
	found []string
}

func (c *checker) fail(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
	if c.t != nil {
		c.t.Errorf("%s: %s", c.file, c.found[len(c.found)-1])
	}
}

func (c *checker) template(name string, dot reflect.Type) {
	tmpl := pageTemplates.Lookup(name)
	if tmpl == nil {
		c.fail("no template %s", name)
		return
	}
	sub := &checker{t: c.t, file: c.file + "/" + name, top: dot}
	sub.walk(tmpl.Tree.Root, dot)
}

func (c *checker) walk(n parse.Node, dot reflect.Type) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			c.walk(child, dot)
		}
	case *parse.ActionNode:
		c.pipe(n.Pipe, dot)
	case *parse.IfNode:
		c.pipe(n.Pipe, dot)
		c.walk(n.List, dot)
		c.walk(n.ElseList, dot)
	case *parse.WithNode:
		c.walk(n.List, c.pipe(n.Pipe, dot))
		c.walk(n.ElseList, dot)
	case *parse.RangeNode:
		list := c.pipe(n.Pipe, dot)
		if list == nil || list.Kind() != reflect.Slice {
			c.fail("range over %v in %s", list, n.Pipe)
			return
		}
		c.walk(n.List, list.Elem())
		c.walk(n.ElseList, dot)
	case *parse.TemplateNode:
		var arg reflect.Type
		if n.Pipe != nil {
			arg = c.pipe(n.Pipe, dot)
		}
		c.template(n.Name, arg)
	}
}

// pipe returns the type of the pipeline's value; nil for a function's.
func (c *checker) pipe(p *parse.PipeNode, dot reflect.Type) (typ reflect.Type) {
	for _, cmd := range p.Cmds {
		for i := len(cmd.Args) - 1; i >= 0; i-- { // the first decides the type
			typ = c.value(cmd.Args[i], dot)
		}
	}
	return typ
}

func (c *checker) value(n parse.Node, dot reflect.Type) reflect.Type {
	switch n := n.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return c.fields(dot, n.Ident)
	case *parse.VariableNode:
		return c.fields(c.top, n.Ident[1:])
	case *parse.PipeNode:
		return c.pipe(n, dot)
	}
	return nil
}

func (c *checker) fields(typ reflect.Type, names []string) reflect.Type {
	for _, name := range names {
		if typ == nil {
			c.fail(".%s of nothing", name)
			return nil
		}
		if m, ok := typ.MethodByName(name); ok {
			typ = m.Type.Out(0)
			continue
		}
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if m, ok := typ.MethodByName(name); ok {
			typ = m.Type.Out(0)
			continue
		}
		if typ.Kind() != reflect.Struct {
			c.fail(".%s of %v", name, typ)
			return nil
		}
		f, ok := typ.FieldByName(name)
		if !ok || !f.IsExported() {
			c.fail("%v has no %s", typ, name)
			return nil
		}
		typ = f.Type
	}
	return typ
}

// TestPagesHaveTheirWords: each key in the templates, and those that are made from a state or a status, is in the catalogs.
func TestPagesHaveTheirWords(t *testing.T) {
	used := map[string]bool{}
	for name := range pageTypes {
		src, err := pageFiles.ReadFile("pages/" + name)
		must(t, err)
		for _, m := range regexp.MustCompile(`"(page\.[a-z_.]+)"`).FindAllStringSubmatch(string(src), -1) {
			used[m[1]] = true
		}
	}
	for _, state := range []engine.PageState{engine.PageLater, engine.PageDone, engine.PageClosed, engine.PagePaused} {
		used["page."+string(state)+".title"], used["page."+string(state)+".text"] = true, true
	}
	for _, notice := range []engine.PageNotice{engine.NoticeAnswered, engine.NoticeFinal, engine.NoticeClosed, engine.NoticeOlder} {
		used["page.notice."+string(notice)] = true
	}
	for status := 400; status < 600; status++ {
		used[pageKey(status)+".title"], used[pageKey(status)+".text"] = true, true
	}
	for _, file := range []string{"survey.go", "unsubscribe.go"} {
		src, err := os.ReadFile(file)
		must(t, err)
		for _, m := range regexp.MustCompile(`"(page\.[a-z_.]+[a-z])"`).FindAllStringSubmatch(string(src), -1) {
			used[m[1]] = true
		}
	}
	for _, hint := range []string{"nps", "csat", "choices", "voice", "video_note", "photo", "file"} {
		used["page.hint."+hint] = true
	}
	for key := range used {
		if !locale.Has(key) {
			t.Errorf("%s has no words", key)
		}
	}
	for _, key := range locale.Keys("page.") {
		if !used[key] {
			t.Errorf("%s is on no page", key)
		}
	}
}

func TestPagesOfEveryState(t *testing.T) {
	for _, lang := range []string{"en", "ru"} {
		for _, state := range []engine.PageState{engine.PageLater, engine.PageDone, engine.PageClosed, engine.PagePaused} {
			var b strings.Builder
			must(t, pageTemplates.ExecuteTemplate(&b, "survey.html", viewSurvey(&engine.SurveyPage{State: state, Lang: "ru", Title: "T", Community: "C"})))
			if !strings.Contains(b.String(), locale.T("ru", "page."+string(state)+".title", nil)) || strings.Contains(b.String(), "<form") {
				t.Errorf("%s %s: %s", lang, state, b.String())
			}
		}
	}
}
