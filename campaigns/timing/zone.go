package timing

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrZone: the name is not one of the IANA time zone database.
var ErrZone = errors.New("unknown time zone")

// zones keeps the locations that were asked for: *time.Location by name. Only names that exist come in, so it stays small.
var zones sync.Map

// Zone returns the location of an IANA time zone name, such as "Europe/Berlin" or "UTC". It is the one place of the domain that may
// touch the disk: package time looks for the system's zone data before the data in the binary, once for each name.
// The error wraps ErrZone and repeats at most 40 characters of the name.
func Zone(name string) (*time.Location, error) {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	if !zoneName(name) {
		return nil, zoneError(name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, zoneError(name)
	}
	kept, _ := zones.LoadOrStore(name, loc)
	return kept.(*time.Location), nil
}

// zoneName reports whether name has the form of a zone: parts that begin with a capital. That keeps out paths, and the files and
// folders beside the zones in a system's zoneinfo ("posixrules", "localtime", "right/…" with its leap seconds).
func zoneName(name string) bool {
	if len(name) > 64 || name == "Local" || name == "Factory" {
		return false
	}
	start := true
	for _, c := range []byte(name) {
		upper := 'A' <= c && c <= 'Z'
		rest := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '+' || c == '-' || c == '/'
		if !upper && (start || !rest) {
			return false
		}
		start = c == '/'
	}
	return !start
}

func zoneError(name string) error {
	if short := []rune(name); len(short) > 40 {
		name = string(short[:40])
	}
	return fmt.Errorf("load zone %q: %w", name, ErrZone)
}
