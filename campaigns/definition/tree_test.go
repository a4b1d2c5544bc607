package definition

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTreeHasWhatTheDocumentSays: the same for YAML and JSON, with the paths that steps have.
func TestTreeHasWhatTheDocumentSays(t *testing.T) {
	fromYAML := ReadTree([]byte("# c\nkey: a # d\nsteps:\n  - id: x\n    wait: 1d\nexit:\n"), YAML)
	fromJSON := ReadTree([]byte(`{"key": "a", "steps": [{"id": "x", "wait": "1d"}], "exit": null}`), JSON)
	if diff := cmp.Diff(fromYAML, fromJSON); diff != "" {
		t.Error(diff)
	}
	wait := fromYAML.Get("steps").Items[0].Get("wait")
	if wait.Text != "1d" || wait.Kind != TreeText || wait.Path != "steps[0].wait" || fromYAML.Get("exit").Kind != TreeNothing || fromYAML.Get("none").Get("none") != nil {
		t.Errorf("%+v", wait)
	}
	if ReadTree([]byte("key: [a"), YAML) != nil || ReadTree([]byte("\xff"), YAML) != nil {
		t.Error("what cannot be read has a tree")
	}
}
