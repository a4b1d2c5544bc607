package definition

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// Entry says how members come in. Exactly one of Event, Manual, Schedule, Segment is set; members can be enrolled by hand into any running campaign.
type Entry struct {
	Happening // of an API event
	// If, with Event, must hold for the member when the event comes.
	If *Condition
	// Key, with Event, is the field of its data that names what a run is about: a member has one run at a time for each.
	Key      string
	Manual   bool
	Schedule *Schedule
	// Segment is the key of a saved segment, and Who says which of its members.
	Segment campaigns.Key
	Who     SegmentMembers
	Reentry Reentry
	// After is the time since the last run ended, with ReentryAfter.
	After timing.Period
}

// SegmentMembers says which members of a segment an entry takes in.
type SegmentMembers string

const (
	PresentMembers SegmentMembers = "present" // who is in it when the campaign is published
	FutureMembers  SegmentMembers = "future"  // who comes into it later
	AllMembers     SegmentMembers = "both"
)

// Listens reports an entry that takes in whoever comes into a segment.
func (e *Entry) Listens() bool { return e.Segment != "" && e.Who != PresentMembers }

// Audience is the condition of those who are taken in together: a schedule's, or the present members of a segment. Nil: nobody is.
func (e *Entry) Audience() *Condition {
	if e.Segment != "" && e.Who == FutureMembers {
		return nil
	}
	return e.Meant()
}

// Meant is the condition of those who are ever taken in, an event's own left out. Nil: it is not said.
func (e *Entry) Meant() *Condition {
	switch {
	case e.Schedule != nil:
		return &e.Schedule.Audience
	case e.Segment != "":
		return &Condition{Subject: SubjectSegment, Name: string(e.Segment)}
	}
	return nil
}

// Again reports whether one member may pass the campaign several times.
func (e *Entry) Again() bool { return e.Key != "" || e.Reentry != ReentryNever }

// Reentry says whether a member may pass again. At most one run (of a key) is active at any time.
type Reentry string

const (
	ReentryNever    Reentry = "never"
	ReentryAfter    Reentry = "after"
	ReentryEachTime Reentry = "each_time"
)

// Schedule enrolls an audience at a local date and time, or again and again.
type Schedule struct {
	At timing.LocalDateTime
	// Recurs, when it is set, are the moments from At on; nil: At alone.
	Recurs *timing.Recurrence
	Zone   ScheduleZone // community: one moment for all; member: each in their own zone
	// Audience decides who. It is evaluated when the moment comes.
	Audience Condition
}

// ScheduleZone says whose clock a schedule follows.
type ScheduleZone string

const (
	CommunityZone ScheduleZone = "community"
	MemberZone    ScheduleZone = "member"
)

// ExitRule ends the enrollment when the event happens and the condition holds; without an event, when it holds before a step or a message.
type ExitRule struct {
	Happening
	If *Condition
}

// Happening is an event, and what it must have brought.
type Happening struct {
	Event string
	Data  []DataField
}

// DataField is one field of an event's data with the values that do.
type DataField struct {
	Name   string
	Values []any // string, float64, bool
}

// Is reports whether the event is the one that is meant. Texts are compared as conditions compare them.
func (h *Happening) Is(event string, data map[string]any) bool {
	return h.Event != "" && h.Event == event && h.Misfit(data) == nil
}

// Misfit is the first field of an event's data that is none of what is asked for; nil: all of it fits.
func (h *Happening) Misfit(data map[string]any) *Misfit {
	for _, f := range h.Data {
		have := data[f.Name]
		if n, ok := have.(json.Number); ok {
			have, _ = n.Float64() // out of range is infinite, which no value is
		}
		if !slices.ContainsFunc(f.Values, func(want any) bool { return equal(have, want) }) {
			return &Misfit{f.Name, CameOf(have)}
		}
	}
	return nil
}

// Misfit is a field of an event's data that does not fit, and what it was. The value itself is nobody's to keep.
type Misfit struct {
	Field string `json:"field"`
	Came  Came   `json:"came"`
}

// Came is what kind of thing a field brought.
type Came string

const (
	CameNothing Came = "nothing"
	CameText    Came = "text"
	CameNumber  Came = "number"
	CameBool    Came = "boolean"
	CameList    Came = "list"
	CameObject  Came = "object"
)

// CameOf is the kind of a value of an event's data, or of one that an entry asks for.
func CameOf(v any) Came {
	switch v.(type) {
	case string:
		return CameText
	case json.Number, float64:
		return CameNumber
	case bool:
		return CameBool
	case []any:
		return CameList
	case map[string]any:
		return CameObject
	}
	return CameNothing
}

// runKeyForm is what a key may be: an id of the community's own systems. What looks like an address or a sentence is none: keys are shown and kept.
var runKeyForm = regexp.MustCompile(`^[A-Za-z0-9._:/#-]{1,64}$`)

// digits writes a number as an id. A whole one keeps its digits, however many: ids have more than a float64 holds.
func digits(n json.Number) string {
	if !strings.ContainsAny(n.String(), ".eE") {
		return n.String()
	}
	f, err := n.Float64()
	if err != nil {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// IsRunKey reports whether a run can be about that.
func IsRunKey(key string) bool { return runKeyForm.MatchString(key) }

// RunKey is what an event's run is about. brought: the event says what it is about; it may say so and be no id, which is an empty key.
func (e *Entry) RunKey(data map[string]any) (key string, brought bool) {
	value, brought := data[e.Key]
	switch v := value.(type) {
	case string:
		key = v
	case json.Number:
		key = digits(v)
	case float64:
		key = strconv.FormatFloat(v, 'f', -1, 64)
	}
	if !runKeyForm.MatchString(key) {
		key = ""
	}
	return key, brought
}
