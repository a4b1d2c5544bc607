package engine_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

// replayed proves of every decision of every test here that it comes out the same from what is recorded of it.
func replayed(t *testing.T) func(engine.Decided) {
	return func(d engine.Decided) {
		if err := d.Same(d.Definition, d.Was); err != nil {
			t.Errorf("%s: %v", d.Campaign, err)
		}
	}
}
