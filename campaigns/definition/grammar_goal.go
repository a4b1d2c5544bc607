package definition

// maxHoldout keeps a slip of the pen from holding out nearly everybody.
const maxHoldout = 50

var goalThens = []GoalThen{GoalExit, GoalCount}

var goalObject = &object{
	name: "goal", doc: "What the campaign is for.", example: "{event: lesson.booked, within: 14d}",
	fields: []field{
		must("event", "The event that reaches the goal.", named("event")),
		may("data", "Only events that brought these values; a list means one of them.", eventData),
		may("if", "Only where the condition holds when the event comes.", named("condition")),
		must("within", "How long after entry the goal counts, also after the last step.", named("period")),
		may("then", "What becomes of the passage: exit (default) ends it, count lets it go on.", words(goalThens)),
	},
}
