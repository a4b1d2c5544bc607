// Package docs holds no code: its tests keep the documents true.
package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the module's folder as a test of this package sees it.
const root = ".."

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

// documents are README, CHANGELOG and everything below docs, by their path from the root.
func documents(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md", "CHANGELOG.md"}
	err := filepath.WalkDir(".", func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".md") {
			names = append(names, "docs/"+filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 10 {
		t.Fatalf("only %v were found", names)
	}
	return names
}

// section is the text under a heading, until the next heading of the same or a higher level.
func section(t *testing.T, document, heading string) string {
	t.Helper()
	level := strings.IndexByte(heading, ' ')
	var out []string
	inside := false
	for line := range strings.SplitSeq(read(t, document), "\n") {
		if n := len(line) - len(strings.TrimLeft(line, "#")); n > 0 && n <= level {
			inside = line == heading
			continue
		}
		if inside {
			out = append(out, line)
		}
	}
	if out == nil {
		t.Fatalf("%s has no heading %q", document, heading)
	}
	return strings.Join(out, "\n")
}

// table is the rows of the first table in a text, without its head.
func table(t *testing.T, text string) [][]string {
	t.Helper()
	var rows [][]string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			if rows != nil {
				break
			}
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "\x00"), "|")
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|")
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("no table in %.60q", text)
	}
	return rows[2:]
}

var code = regexp.MustCompile("`([^`]+)`")

// words are what stands between backticks.
func words(cell string) []string {
	var out []string
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

// fences are the code blocks of a language.
func fences(text, lang string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```"+lang+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// same compares two sets.
func same(t *testing.T, what string, documented, found []string) {
	t.Helper()
	for _, d := range documented {
		if !slices.Contains(found, d) {
			t.Errorf("%s: %q is documented and does not exist", what, d)
		}
	}
	for _, f := range found {
		if !slices.Contains(documented, f) {
			t.Errorf("%s: %q exists and is not documented", what, f)
		}
	}
	for i, d := range documented {
		if slices.Contains(documented[:i], d) {
			t.Errorf("%s: %q is documented twice", what, d)
		}
	}
}

// parse reads one Go file.
func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(name)), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sources are the Go files of a folder and below, without tests.
func sources(t *testing.T, dirs ...string) []string {
	t.Helper()
	var names []string
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				rel, _ := filepath.Rel(root, name)
				names = append(names, filepath.ToSlash(rel))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// text is the value of a string literal, or "".
func text(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		s, _ := strconv.Unquote(lit.Value)
		return s
	}
	return ""
}
