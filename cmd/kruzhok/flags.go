package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// asFlags are the flags by which a request is typed whose fields the places of problems name..
var asFlags = map[string]string{
	"members": "--members", "days": "--days", "mix": "--mix", "time_zone": "--zone", "attributes": "--attr", "calls": "--call", "answers": "--answer", "event": "--event-data",
	"events": "--event", "step": "--step", "channel": "--channel", "language": "--language", "round": "--round",
}

// inFlags names the flags in place of the request's fields, for whoever typed them. Places in a file stay as they are. events are those of --event, as they were typed.
func inFlags(err error, events []string) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Key != "invalid.simulation" && f.Key != "invalid.preview" {
		return err
	}
	named := *f
	named.Details = nil
	for _, d := range f.Details {
		if d.Line == 0 {
			d.Path = inFlag(d.Path, events)
		}
		named.Details = append(named.Details, d)
	}
	return &named
}

func inFlag(path string, events []string) string {
	field, within, _ := strings.Cut(path, ".")
	if list, rest, ok := strings.Cut(field, "["); ok && list == "events" {
		if i, err := strconv.Atoi(strings.TrimSuffix(rest, "]")); err == nil && i < len(events) {
			return asFlags[list] + " " + events[i]
		}
	}
	flag, ok := asFlags[field]
	switch {
	case !ok:
		return path
	case within != "":
		return flag + " " + within
	}
	return flag
}
