package engine

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// TestSealTellsNothing: what is sealed comes back for its use alone, is never the same text twice, and a changed one is not read.
func TestSealTellsNothing(t *testing.T) {
	e := &Engine{keys: deriveKeys(make([]byte, 32))}
	first, err := e.Seal("preview", "Ksenia")
	if err != nil {
		t.Fatal(err)
	}
	second, _ := e.Seal("preview", "Ksenia")
	if first == second || strings.Contains(first, "Ksenia") {
		t.Errorf("%s, %s", first, second)
	}
	var name string
	if err := e.Unseal("preview", first, &name); err != nil || name != "Ksenia" {
		t.Errorf("%q %v", name, err)
	}
	for _, wrong := range []string{"", "x", first[1:], first + "AAAA", strings.ToUpper(first)} {
		if err := e.Unseal("preview", wrong, &name); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := e.Unseal("other", first, &name); !fault.Is(err, fault.NotFound) {
		t.Errorf("for another use: %v", err)
	}
}
