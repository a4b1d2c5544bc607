package definition

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// Goal is what the campaign is for: an event within a time after entry.
type Goal struct {
	Happening
	// If must hold for the member when the event comes; nil: nothing is asked.
	If     *Condition
	Within timing.Period
	Then   GoalThen
}

// GoalThen says what becomes of a passage whose goal is reached.
type GoalThen string

const (
	GoalExit  GoalThen = "exit"  // it ends
	GoalCount GoalThen = "count" // it goes on
)

// Ends is the moment from which on a passage that began at entered reaches its goal too late.
func (g *Goal) Ends(entered time.Time, zone *time.Location) time.Time {
	return g.Within.Add(entered, zone)
}

// LeavesIf reports whether a condition may end a passage: then it is asked before each message.
func (d *Definition) LeavesIf() bool {
	for i := range d.Exit {
		if d.Exit[i].Event == "" {
			return true
		}
	}
	return false
}
