//go:build unix

package faults

// disk is what the data folder lies on.
type disk interface {
	// fill lets nothing more be written; the returned function ends that.
	fill(s *Site) (free func())
	String() string
}
