package reports

import (
	"time"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// reentryWords ends the key of a sentence about somebody who may not enter again: when they may. Of older records nothing is known.
func reentryWords(r engine.Reentry) string {
	words := ""
	switch {
	case r.Never:
		words = "_never"
	case r.From != nil:
		words = "_from"
	}
	if words != "" && r.Keyed {
		words += "_keyed"
	}
	return words
}

// reentryAt is the moment from which the member may enter again, by the clock of the zone and as it is said beside now; empty: there is none.
func reentryAt(lang string, r engine.Reentry, zone *time.Location, now time.Time) string {
	if r.From == nil {
		return ""
	}
	return dayAndTime(lang, r.From.In(zone), now)
}

// Admission says what became of a member who was enrolled by hand.
func (r *Reports) Admission(lang string, x engine.EnrollResult) string {
	args := map[string]any{}
	if from := x.Again.From; from != nil {
		args["at"], args["zone"] = reentryAt(lang, x.Again, from.Location(), r.Now()), from.Location().String()
	}
	return locale.T(lang, "entry."+string(x.Result)+reentryWords(x.Again), args)
}
