package look

import (
	"bytes"
	"path"
	"testing"
)

// maxScript is how many lines of our own script all pages together may have.
const maxScript = 500

// TestScriptIsShort: pages work without script; what there is stays small enough to read.
func TestScriptIsShort(t *testing.T) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	lines, files := 0, 0
	for _, e := range entries {
		if path.Ext(e.Name()) != ".js" {
			continue
		}
		b, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files++
		lines += bytes.Count(b, []byte("\n"))
	}
	if files == 0 || lines > maxScript {
		t.Errorf("%d lines in %d files, at most %d", lines, files, maxScript)
	}
}
