package locale

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// TestEveryStateAndReasonHasWords reads the constants where they are declared, so that a new one cannot be forgotten here,
// and looks for words that no constant stands for any more.
func TestEveryStateAndReasonHasWords(t *testing.T) {
	declared := constants(t, "../../campaigns/states.go")
	for typ, prefix := range map[string]string{
		"Reason": "reason.", "State": "state.campaign.", "EnrollmentState": "state.enrollment.", "DeliveryState": "state.delivery.",
	} {
		if len(declared[typ]) == 0 {
			t.Errorf("no constants of type %s were found", typ)
		}
		for _, word := range declared[typ] {
			if !Has(prefix + word) {
				t.Errorf("%s %q has no words under %s%s", typ, word, prefix, word)
			}
		}
		for _, key := range Keys(prefix) {
			if !slices.Contains(declared[typ], key[len(prefix):]) {
				t.Errorf("%s stands for no constant", key)
			}
		}
	}
}

// constants returns the values of the file's typed string constants by the name of their type.
func constants(t *testing.T, file string) map[string][]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	byType := map[string][]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		typ, isNamed := spec.Type.(*ast.Ident)
		value, isLiteral := spec.Values[0].(*ast.BasicLit)
		if isNamed && isLiteral {
			word, _ := strconv.Unquote(value.Value)
			byType[typ.Name] = append(byType[typ.Name], word)
		}
		return true
	})
	return byType
}
