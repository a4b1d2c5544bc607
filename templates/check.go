package templates

import (
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// check parses the combinations of branches, finds what no message can show, and measures the shortest.
func (t *Text) check() []fault {
	var faults []fault
	t.min = -1
	empty := make([]filled, t.slots)
	t.combinations(func(decide decider) int {
		md, origins := t.markdown(decide)
		src := []byte(md)
		root := parseMarkdown(src)
		faults = append(faults, checkMarkdown(root, src, origins)...)
		length := fillFlat(compileFlat(root, src, false), empty, nil).units()
		if t.min < 0 || length < t.min {
			t.min = length
		}
		return len(src)
	})
	return faults
}

// checkMarkdown walks one tree and reports every node that is refused.
func checkMarkdown(root ast.Node, src []byte, origins []origin) []fault {
	var faults []fault
	// The walker returns an error only when ours does, and ours does not.
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		f := refuse(n, src)
		if f.code == "" {
			return ast.WalkContinue, nil
		}
		f.at = sourceOf(origins, n.Pos())
		faults = append(faults, f)
		return ast.WalkSkipChildren, nil
	})
	return faults
}

// refuse names what is wrong with one node.
func refuse(n ast.Node, src []byte) fault {
	switch n := n.(type) {
	case *ast.RawHTML, *ast.HTMLBlock:
		return fault{code: "text_html"}
	case *ast.Image:
		return fault{code: "text_image", expected: "media"}
	case *east.Table:
		return fault{code: "text_table"}
	case *ast.Link:
		return refuseLink(linkAddress(string(n.Destination)))
	case *ast.AutoLink:
		return refuseLink(autoAddress(n, src))
	}
	return fault{}
}

func refuseLink(a address) fault {
	if len(a) == 0 {
		return fault{code: "text_link_address", expected: "https://example.org/"}
	}
	code, expected := a.fault()
	return fault{code: code, expected: expected}
}
