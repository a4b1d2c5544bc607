package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Forms of names. A step id that the author did not give has a dot where it could meet one that was given.
const (
	keyPattern   = `^[a-z0-9]+(-[a-z0-9]+)*$`
	stepPattern  = `^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$` // of a whole id: of the step of a use, or of one without an id of its own
	topicPattern = `^[a-z][a-z0-9_-]*$`
	namePattern  = `^[A-Za-z_][A-Za-z0-9_-]*$`
	eventPattern = `^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$`

	maxKey   = 64  // keys, ids, names
	maxEvent = 100 // event names
	maxWord  = 64  // tags and option values, in characters
	maxTitle = 200 // names and reasons, in characters
)

var (
	kinds         = []Kind{Onboarding, Challenge, Survey, Broadcast, Reminder}
	purposes      = []campaigns.Purpose{campaigns.Marketing, campaigns.Service}
	knownChannels = []campaigns.Channel{campaigns.Telegram, campaigns.Email}
	formalities   = campaigns.Formalities()
	priorities    = []Priority{PriorityLow, PriorityNormal, PriorityHigh}
	quietThens    = []QuietThen{QuietHold, QuietSpread, QuietSkip}
	lateThens     = []LateThen{LateSend, LateSkip, LateNextWindow}
	scores        = []string{ScorePoints, ScoreDone, ScoreRound}
	weekdays      = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
	outcomes      = []campaigns.DeliveryState{
		campaigns.Sent, campaigns.Failed, campaigns.Suppressed, campaigns.Expired, campaigns.Canceled, campaigns.Unknown,
	}
)

// Kinds are the kinds of campaigns.
func Kinds() []Kind { return slices.Clone(kinds) }

var campaignObject = &object{
	name: "campaign", doc: "One campaign: who comes in, and the steps that carry each member through.", example: "key: welcome",
	fields: []field{
		must("key", "The campaign's name in files, links and the API: lower-case letters, digits and hyphens.", schema{"type": "string", "pattern": keyPattern, "maxLength": maxKey}),
		must("kind", "What the campaign is for. It changes defaults and pages, never the rules.", words(kinds)),
		must("name", "The name that coordinators see, and the default subject of its mails: one, or one for each language of the campaign.", anyOf(
			schema{"type": "string", "minLength": 1, "maxLength": maxTitle},
			schema{
				"type": "object", "minProperties": 1, "propertyNames": schema{"$ref": "#/$defs/language"},
				"additionalProperties": schema{"type": "string", "minLength": 1, "maxLength": maxTitle},
			},
		)),
		must("topic", "What members subscribe to; consent is asked for per topic.", schema{"type": "string", "pattern": topicPattern, "maxLength": maxKey}),
		may("purpose", "marketing needs consent for the topic; service is caused by the member's own relation with the community, and reaches also those who turned everything off. Default marketing.", words(purposes)),
		may("priority", "How much of the community's budget of messages it may use. normal (default): all. low: half of the general rules. high: the general rules do not hold it.", words(priorities)),
		must("languages", "The languages of every text. The first is the fallback.", filled(named("language"))),
		may("formality", "How members are addressed of whom it is not known: informal (ты, du, tu) or formal (вы, Sie, vous). Default informal.", words(formalities)),
		must("channels", "Channels in the order in which they are tried. A step may override them.", filled(named("channel"))),
		must("entry", "How members come in.", named("entry")),
		may("exit", "Events and conditions that end the enrollment.", listOf(named("exit_rule"))),
		may("goal", "What the campaign is for: an event within a time after entry. Reports count who reached it.", named("goal")),
		may("holdout", "With goal: how many percent of those who enter get nothing, so that it can be seen what the campaign brings.", whole(1, maxHoldout)),
		may("quiet_hours", "When nothing is sent, on the member's clock. To before from crosses midnight.", named("quiet_hours")),
		may("fragments", "Steps that are used in several places, by name: see use.", schema{
			"type": "object", "minProperties": 1, "propertyNames": schema{"$ref": "#/$defs/fragment"},
			"additionalProperties": filled(named("step")),
		}),
		may("late", "What becomes of a message that comes late, for every step without a rule of its own. Default: it is sent.", named("late")),
		may("escalate", "When a question that nobody has answered goes by its next channel too, for every question without a rule of its own. Default: it does not.", named("escalate")),
		must("steps", "The steps, one after another.", filled(named("step"))),
	},
}

var quietObject = &object{
	name: "quiet_hours", doc: "A daily span of the member's local time.", example: `{from: "22:00", to: "09:00"}`,
	fields: []field{
		must("from", "When quiet begins.", named("time")),
		must("to", "When quiet ends.", named("time")),
		may("then", "What becomes of a message that comes due then. hold (default): it waits for the end. spread: it waits for a moment of its own after the end. skip: the member goes on without it.", words(quietThens)),
		may("over", "With then: spread: the time after the end over which messages are spread. A day is 24 hours. Default 1h.", named("period")),
	},
}

var lateObject = &object{
	name: "late", doc: "What becomes of a message that could not leave when its moment came: after an outage, a pause, or a long queue.", example: "{after: 2h, then: skip}",
	fields: []field{
		may("after", "From when on it is late: the time since its moment, quiet hours not counted; a day is 24 hours. Needed with skip and next_window.", named("period")),
		must("then", "send: it is sent all the same. skip: the member goes on without it. next_window: it waits for the same time of the next day, of the wait's weekdays where the wait before it names some.", words(lateThens)),
	},
}

var escalateObject = &object{
	name: "escalate", doc: "A question without an answer, or a message without a sign of life, goes by the next of its channels too, once.", example: "{after: 2d}",
	fields: []field{
		must("after", "How long there has been no answer, or no sign of life, then; a pause of the campaign is not counted. It must be shorter than the question's timeout.", named("period")),
	},
}

var conditionObject = &object{
	name: "condition", doc: "A question about a member, answered yes or no.", example: "{tag: vip}",
	oneOf: []string{
		"all", "any", "not", "attribute", "answer", "call", "score", "tag", "language", "channel", "consent", "event", "first_event", "last_event",
		"inside", "entered", "completed", "left", "message_of", "segment",
	},
	fields: []field{
		may("all", "Every one of these holds.", filled(named("condition"))),
		may("any", "At least one of these holds.", filled(named("condition"))),
		may("not", "This does not hold.", named("condition")),
		may("attribute", "Looks at an attribute of the member; needs a comparison.", named("name")),
		may("answer", "Looks at an answer that this campaign saves (in steps, exit rules and goals), or, with of, at the last one in another; needs a comparison.", named("name")),
		may("call", "Looks at what another system answered to a call of this campaign: its name and a field, such as placement.level (in steps, exit rules and goals); needs a comparison.", schema{"type": "string", "pattern": calledPattern}),
		may("score", "Looks at what this passage has gathered (in steps, exit rules and goals): points, rounds_done (rounds with an answer), round (the open one); with of, at the points in another campaign. Needs a comparison.", words(scores)),
		may("tag", "The member has the tag.", named("tag")),
		may("language", "The member's language; en also holds for en-GB.", named("language")),
		may("channel", "The member can be reached there.", named("channel")),
		may("consent", "The member agreed to the topic, on one channel at least; with on, on that one.", schema{"type": "string", "pattern": topicPattern, "maxLength": maxKey}),
		may("event", "The event happened, at least once or as often as a comparison says; with within or older_than, in that time.", named("event")),
		may("first_event", "The event happened, for the first time within or older_than a length of time.", named("event")),
		may("last_event", "The event happened, for the last time within or older_than a length of time.", named("event")),
		may("inside", "The member is inside the campaign now.", named("campaign_key")),
		may("entered", "The member was ever in the campaign; with within or older_than, came in then.", named("campaign_key")),
		may("completed", "The member came to the campaign's end.", named("campaign_key")),
		may("left", "The member's passage ended before the campaign's end, also by reaching its goal.", named("campaign_key")),
		may("message_of", "A message of the campaign ended as was says.", named("campaign_key")),
		may("segment", "The member is in the segment.", named("key")),
		may("of", "Whose answer or score: the key of a campaign.", named("campaign_key")),
		may("on", "The channel of a consent.", named("channel")),
		may("step", "The step of a message.", named("step_ref")),
		may("was", "How a message ended.", words(outcomes)),
		may("within", "Not longer ago than this; a day is 24 hours.", named("period")),
		may("older_than", "Longer ago than this; a day is 24 hours.", named("period")),
		may("is", "Equal. Upper and lower case are the same.", named("value")),
		may("is_not", "Not equal; holds also when there is no value.", named("value")),
		may("in", "Equal to one of these.", filled(named("value"))),
		may("exists", "true: there is a value; false: there is none.", schema{"type": "boolean"}),
		may("greater_than", "More than, or later than.", anyOf(schema{"type": "number"}, text())),
		may("less_than", "Less than, or earlier than.", anyOf(schema{"type": "number"}, text())),
		may("at_least", "As much, or more.", anyOf(schema{"type": "number"}, text())),
		may("at_most", "As much, or less.", anyOf(schema{"type": "number"}, text())),
		may("contains", "The text contains this text; the answer to choices contains this option.", text()),
	},
}
