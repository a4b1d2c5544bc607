package definition

import "github.com/kruzhok/kruzhok/campaigns/timing"

var (
	reentries     = []Reentry{ReentryNever, ReentryAfter, ReentryEachTime}
	segmentWho    = []SegmentMembers{PresentMembers, FutureMembers, AllMembers}
	scheduleZones = []ScheduleZone{CommunityZone, MemberZone}
	spans         = []string{"day", "week", "month"}
)

// eventData is what an event must have brought with it.
var eventData = schema{
	"type": "object", "minProperties": 1, "propertyNames": schema{"$ref": "#/$defs/name"},
	"additionalProperties": anyOf(named("value"), filled(named("value"))),
}

var entryObject = &object{
	name: "entry", doc: "How members come in: by an event, by hand, at a date, or by a segment.", example: "{event: member.joined}",
	oneOf: []string{"event", "manual", "schedule", "segment"},
	fields: []field{
		may("event", "Whoever the event is about is enrolled.", named("event")),
		may("manual", "Members are enrolled by hand or through the API only.", schema{"const": true}),
		may("schedule", "An audience is enrolled at a date and time, once or again and again.", named("schedule")),
		may("segment", "Members of this saved segment are enrolled; who says which.", named("key")),
		may("who", "With segment: its present members when the campaign is published, future ones as they come into it, or both.", words(segmentWho)),
		may("data", "With event: only events that brought these values; a list means one of them.", eventData),
		may("if", "With event: only members for whom the condition holds when the event comes.", named("condition")),
		may("key", "With event: the field of its data that names what the run is about, such as appointment_id. Each has a run of its own.", named("name")),
		may("reentry", "Whether a member may pass again: never (default), after a time, or each_time (whenever the last passage is over; the default of a schedule that recurs). With key, each key is counted apart.", words(reentries)),
		may("after", "The time since the last passage ended, with reentry: after.", named("period")),
	},
}

var scheduleObject = &object{
	name: "schedule", doc: "Enrolls an audience, once or again and again.", example: `{at: "2026-12-01 10:00", zone: community, audience: all}`,
	fields: []field{
		must("at", "The date and time. Where it recurs, the day from which on, and the time of day.", named("date_time")),
		must("zone", "Whose clock: community is one moment for all, member is each member's own.", words(scheduleZones)),
		must("audience", "Who: all, or a condition. It is evaluated when the moment comes.", anyOf(schema{"const": "all"}, named("condition"))),
		may("every", "It recurs every day, week or month: on the weekday or the day of the month that at falls on.", words(spans)),
		may("on", "With every: week, the days of the week.", filled(words(weekdays))),
		may("until", "With every, the last day.", named("day")),
		may("times", "With every, how many times.", whole(1, timing.MaxTimes)),
		may("rrule", "In place of every, a rule of RFC 5545 (RRULE), by which calendars recur. Times of day stand in at alone.", schema{"type": "string", "minLength": 1, "maxLength": 200}),
	},
}

var exitObject = &object{
	name: "exit_rule", doc: "What ends the enrollment: an event, a condition, or an event while a condition holds.", example: "{event: member.left}",
	anyOf: []string{"event", "if"},
	fields: []field{
		may("event", "The event. In a campaign with a key, one that brings a key ends the run with that key alone.", named("event")),
		may("data", "Only events that brought these values; a list means one of them.", eventData),
		may("if", "Without event: ends the enrollment when it holds, looked at before each step; before each message too, unless it asks for consents, events, campaigns, messages or segments. With event: it must hold when the event comes.", named("condition")),
	},
}
