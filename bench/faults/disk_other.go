//go:build unix && !linux

package faults

import (
	"os"
	"testing"
)

// newDisk makes dir; it cannot be filled here.
func newDisk(t testing.TB, _, dir string) disk {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return nil
}
