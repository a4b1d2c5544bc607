package definition

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

// framing keys stand around problems and are no codes.
var framing = []string{"at", "expected", "did_you_mean"}

var codeForm = regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)*$`)

// TestEveryCodeHasWords reads the codes out of the source, and looks for sentences that no code stands for any more.
func TestEveryCodeHasWords(t *testing.T) {
	codes := codesInSource(t)
	if len(codes) < 60 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	for _, code := range codes {
		if !locale.Has("problem." + code) {
			t.Errorf("problem.%s has no words", code)
		}
	}
	for _, key := range locale.Keys("problem.") {
		code := strings.TrimPrefix(key, "problem.")
		if !ownSentence(t, key) || slices.Contains(framing, code) {
			continue
		}
		if !slices.Contains(codes, code) {
			t.Errorf("%s stands for no code", key)
		}
	}
}

// ownSentence reports whether the key is in this package's file: those of texts are the templates package's.
func ownSentence(t *testing.T, key string) bool {
	t.Helper()
	return strings.Contains(string(read(t, "../../internal/locale/catalog/en/problems.yaml")), "\n"+key+":")
}

// codesInSource returns the words given to sink.add, sink-like wrappers, and what yamlCode returns.
func codesInSource(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			codes = append(codes, codesIn(n)...)
			return true
		})
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func codesIn(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		sel, ok := n.Fun.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		position := map[string]int{"add": 1, "warn": 1, "refuse": 1, "formed": 3}[sel.Sel.Name]
		if position > 0 && position < len(n.Args) {
			return literal(n.Args[position])
		}
	case *ast.FuncDecl:
		if n.Name.Name == "yamlCode" {
			return returned(n)
		}
	}
	return nil
}

func returned(f *ast.FuncDecl) (codes []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok {
			codes = append(codes, literal(r.Results[0])...)
		}
		return true
	})
	return codes
}

func literal(e ast.Expr) []string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	word, err := strconv.Unquote(lit.Value)
	if err != nil || !codeForm.MatchString(word) {
		return nil
	}
	return []string{word}
}

// TestSentencesHaveTheirValues makes the sentence of every problem of the bad documents: no placeholder may be left over.
func TestSentencesHaveTheirValues(t *testing.T) {
	placeholder := regexp.MustCompile(`\{[a-z_]+\}`)
	for name, src := range bad {
		_, problems := Parse([]byte(src), formatOf(name))
		for _, p := range problems {
			for _, lang := range []string{"en", "ru"} {
				said := locale.T(lang, "problem."+p.Code, p.Args)
				if placeholder.MatchString(said) || strings.HasPrefix(said, "problem.") {
					t.Errorf("%s: %s: %s", name, lang, said)
				}
			}
		}
	}
}

// TestEveryCodeIsMet: each code is the answer to some bad document, so none is only a word.
func TestEveryCodeIsMet(t *testing.T) {
	met := map[string]bool{}
	for name, src := range bad {
		_, problems := Parse([]byte(src), formatOf(name))
		for _, p := range problems {
			met[p.Code] = true
		}
	}
	for _, p := range badSegments(t) {
		met[p.Code] = true
	}
	for _, p := range siteDoubts(t) {
		met[p.Code] = true
	}
	for _, c := range oneMistake {
		_, problems := Parse([]byte(c.document()), YAML)
		for _, p := range problems {
			met[p.Code] = true
		}
	}
	for _, src := range warned {
		d, problems := Parse([]byte(src), YAML)
		if d == nil {
			t.Fatalf("%s%s", src, listed(problems))
		}
		for _, p := range d.Warnings {
			met[p.Code] = true
		}
	}
	for _, code := range codesInSource(t) {
		if !met[code] {
			t.Errorf("no bad document has %s", code)
		}
	}
}
