package browser

import (
	"bytes"
	"compress/gzip"
	_ "embed" // axe-core
	"fmt"
	"io"
	"strings"
	"sync"
)

// axeSource is axe-core 4.14.1 (Deque Systems, MPL 2.0), as npm has it, packed.
//
//go:embed axe.min.js.gz
var axeSource []byte

var axe = sync.OnceValues(func() (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(axeSource))
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	return string(b), err
})

// Accessible ends the test where axe-core finds something against WCAG 2.2 A or AA or its best practices on the page as it stands.
// Frames with documents of others (a mail) are left out.
func (t *Tab) Accessible() {
	t.t.Helper()
	source, err := axe()
	if err != nil {
		t.t.Fatal(err)
	}
	Eval[bool](t, source+"\n;true")
	found := Eval[[]violation](t, `axe.run({exclude: [["iframe"]]}, {iframes: false, resultTypes: ["violations"],
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(r => r.violations.map(v => ({id: v.id, impact: v.impact || "", help: v.help, nodes: v.nodes.map(n => n.target.join(" ") + ": " + (n.failureSummary || ""))})))`)
	if len(found) == 0 {
		return
	}
	var b strings.Builder
	for _, v := range found {
		fmt.Fprintf(&b, "\n%s (%s): %s", v.ID, v.Impact, v.Help)
		for _, n := range v.Nodes[:min(len(v.Nodes), 4)] {
			fmt.Fprintf(&b, "\n    %s", strings.ReplaceAll(n, "\n", " "))
		}
	}
	t.t.Errorf("%s: axe-core found%s", t.URL(), b.String())
}

// violation is one rule of axe-core that the page breaks.
type violation struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}
