package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Limits of steps. Telegram's are those of Bot API sendMessage and sendPhoto (lengths in UTF-16 units after entities are parsed).
const (
	maxAskUnits     = 3500 // one message of 4096, with room for what stands around the question
	maxPartUnits    = 4096
	maxCaptionUnits = 1024
	maxParts        = 3
	maxLabelUnits   = 64 // of a button or an option
	maxSubjectUnits = 200
	minOptions      = 2
	maxOptions      = 30
	maxButtons      = 10
	maxScale        = 11 // buttons of a scale
	maxAnswer       = 4000
	maxRetries      = 5
	maxSeconds      = 3600 // of a recording
	maxPoints       = 10_000
	maxRounds       = 366
	maxPromptUnits  = 1000
	maxNoticeUnits  = 1500 // one message of 4096, with room for values, which have 400 at most each
	minSplit        = 2
	maxSplit        = 20
	maxShare        = 1000
)

var questionTypes = []campaigns.QuestionType{
	campaigns.Choice, campaigns.Choices, campaigns.YesNo, campaigns.Scale, campaigns.NPS, campaigns.CSAT, campaigns.Number, campaigns.Text, campaigns.Date,
	campaigns.Voice, campaigns.VideoNote, campaigns.Photo, campaigns.File,
}

var mediaKinds = []campaigns.MediaKind{
	campaigns.MediaPhoto, campaigns.MediaVoice, campaigns.MediaVideoNote, campaigns.MediaVideo, campaigns.MediaAudio, campaigns.MediaDocument,
}

// acceptable says which kinds of file a question may take; the first are what it takes when it does not say.
var acceptable = map[campaigns.QuestionType]struct {
	kinds    []campaigns.MediaKind
	defaults int
}{
	campaigns.Voice:     {[]campaigns.MediaKind{campaigns.MediaVoice, campaigns.MediaAudio, campaigns.MediaVideoNote}, 2},
	campaigns.VideoNote: {[]campaigns.MediaKind{campaigns.MediaVideoNote, campaigns.MediaVideo, campaigns.MediaVoice}, 1},
	campaigns.Photo:     {[]campaigns.MediaKind{campaigns.MediaPhoto, campaigns.MediaDocument}, 1},
	campaigns.File:      {mediaKinds, len(mediaKinds)},
}

var stepObject = &object{
	name: "step", doc: "One node of the campaign: an id, if you like, and one thing to do.", example: "{send: {…}}",
	oneOf: []string{"send", "ask", "wait", "branch", "split", "set", "award", "notify", "call", "enroll", "repeat", "use", "goto", "end"},
	fields: []field{
		may("id", "The step's name, for goto and in reports. Left out, it is made from the step's position.", named("step_id")),
		may("send", "Sends a message.", named("send")),
		may("ask", "Asks a question and waits for the answer.", named("ask")),
		may("wait", "Waits: for a time, until a time of day, a date or an event.", anyOf(named("period"), named("wait"))),
		may("branch", "Takes the first arm whose condition holds.", filled(named("arm"))),
		may("split", "Divides members among arms by chance, in the proportions of their shares.", schema{
			"type": "array", "items": named("split_arm"), "minItems": minSplit, "maxItems": maxSplit,
		}),
		may("set", "Changes what is known about the member.", named("set")),
		may("award", "Gives points.", named("award")),
		may("notify", "Tells those who run the community about the member. The member goes on at once and sees nothing of it.", named("notify")),
		may("call", "Asks another system of your organisation, or tells it something. The member stands here until it has answered.", named("call")),
		may("enroll", "Takes the member into another campaign, by its key. Of its entry rule re-entry alone is asked; if, data and key belong to the event. The member goes on here at once.", named("campaign_key")),
		may("repeat", "Runs its steps once a day, a number of times.", named("repeat")),
		may("use", "Puts the steps of a fragment here. Their ids begin with the id of this step, or with the fragment's name.", named("fragment")),
		may("goto", "Goes on at the step with this id.", named("step_ref")),
		may("end", "Ends the campaign for this member.", anyOf(schema{"const": true}, named("end"))),
	},
}

var sendObject = &object{
	name: "send", doc: "A message that asks nothing.", example: `{text: {en: "Hello"}}`,
	fields: []field{
		may("subject", "The mail's subject; default the campaign's name.", named("texts")),
		must("text", "The message in Markdown with Liquid variables.", named("texts")),
		may("media", "A picture, a file or a recording.", named("media")),
		may("buttons", "Buttons that open a page.", schema{"type": "array", "items": named("button"), "minItems": 1, "maxItems": maxButtons}),
		may("channels", "Channels for this step alone.", filled(named("channel"))),
		may("expires", "After this time the message is no longer worth sending, whatever it waited for. Default 24h; 8d with late: next_window.", named("period")),
		may("late", "What becomes of the message when it comes late. Default: what the campaign says.", named("late")),
		may("escalate", "When the message goes by its next channel too, for who has given no sign of life since it arrived. The member stands here that long at most. Default: it does not, whatever the campaign says about questions.", named("escalate")),
	},
}

var mediaObject = &object{
	name: "media", doc: "One picture, file or recording: a file name in the media folder, or an http(s) address.", example: "{photo: welcome.jpg}",
	oneOf: []string{"photo", "video", "document", "audio", "voice"},
	fields: []field{
		may("photo", "A picture.", text()),
		may("video", "A video.", text()),
		may("document", "A file.", text()),
		may("audio", "Music or other sound.", text()),
		may("voice", "A voice message.", text()),
	},
}

var buttonObject = &object{
	name: "button", doc: "A button that opens a page.", example: `{text: {en: Rules}, url: "https://…"}`,
	fields: []field{
		must("text", "What stands on the button.", named("texts")),
		must("url", "An http, https or tg address. Variables may stand after the host.", text()),
	},
}

var askObject = &object{
	name: "ask", doc: "A question; the member stands here until it is answered or times out.", example: `{type: yes_no, text: {en: "…"}}`,
	fields: []field{
		must("type", "How the question is shown and its answer is read.", words(questionTypes)),
		may("subject", "The mail's subject; default the campaign's name.", named("texts")),
		must("text", "The question in Markdown with Liquid variables.", named("texts")),
		may("options", "The answers of choice and choices.", schema{"type": "array", "items": named("option"), "minItems": minOptions, "maxItems": maxOptions}),
		may("accept", "What kinds of file are taken, with voice, video_note, photo and file.", filled(words(mediaKinds))),
		may("min", "The smallest number, with scale (default 1) and number; the fewest seconds, with voice and video_note.", schema{"type": "number"}),
		may("max", "The largest number, with scale (default 5) and number; the most seconds, with voice and video_note.", schema{"type": "number"}),
		may("max_length", "The longest text in characters, with text. Default 4000.", whole(1, maxAnswer)),
		may("save_as", "The answer's name, for conditions and variables; default the step's id.", named("name")),
		may("timeout", "When the question stops waiting. Default 3d, then the next step.", named("timeout")),
		may("retries", "How often a wrong answer is asked again. Default 2.", whole(0, maxRetries)),
		may("final", "true: the first answer stands and cannot be changed.", schema{"type": "boolean"}),
		may("channels", "Channels for this step alone.", filled(named("channel"))),
		may("expires", "After this time the question is no longer worth sending, whatever it waited for. Default 24h; 8d with late: next_window.", named("period")),
		may("late", "What becomes of the question when it comes late. Default: what the campaign says. Skipped, it goes the way of its timeout.", named("late")),
		may("escalate", "When the question, without an answer, goes by its next channel too. false: it does not, whatever the campaign says.", anyOf(schema{"const": false}, named("escalate"))),
	},
}

var optionObject = &object{
	name: "option", doc: "One answer of a choice.", example: "{value: a1, text: {en: Beginner}}",
	fields: []field{
		must("value", "The word that is stored, and compared in conditions.", named("option_word")),
		must("text", "What the member sees.", named("texts")),
	},
}

var timeoutObject = &object{
	name: "timeout", doc: "When a question, or the wait for an event, stops waiting, and where to go on.", example: "{after: 2d}",
	fields: []field{
		must("after", "How long it waits.", named("period")),
		may("goto", "The step to go on at; default the next.", named("step_ref")),
	},
}

var waitObject = &object{
	name: "wait", doc: "A time, a time of day or the first such time of day after the time; a date; or an event.", example: `{for: 1d, until: "10:00"}`,
	fields: []field{
		may("for", "How long.", named("period")),
		may("until", "The member's local time to go on at.", named("time")),
		may("on", "The days of the week on which until counts. Without it, every day.", filled(words(weekdays))),
		may("date", "A date that an attribute of the member holds, or that the event told with which the run began; until says the time of its day.", named("wait_date")),
		may("event", "The event to wait for; one that came before the member stands here does not count. Needs timeout.", named("event")),
		may("timeout", "When to stop waiting for the event, and where to go on.", named("timeout")),
	},
}

var waitDateObject = &object{
	name: "wait_date", doc: "A date, or so long before or after it. With until, its day at that time; without, the very moment.", example: "{attribute: exam_on, before: 3d}",
	oneOf: []string{"attribute", "event"},
	fields: []field{
		may("attribute", "The member's attribute that holds the date, such as 2026-12-01, or a moment, such as 2026-12-01T18:00.", named("name")),
		may("event", "The field of the event with which the run began that holds it.", named("name")),
		may("before", "How long before it; with until only whole days.", named("period")),
		may("after", "How long after it; with until only whole days.", named("period")),
		may("missed", "The step to go on at when there is no such date, or the moment is past; default the next.", named("step_ref")),
	},
}

var armObject = &object{
	name: "arm", doc: "One way of a branch: if with steps, or else.", example: "{if: {tag: vip}, steps: […]}",
	oneOf: []string{"if", "else"},
	fields: []field{
		may("if", "The condition.", named("condition")),
		may("steps", "What to do when the condition holds.", listOf(named("step"))),
		may("else", "What to do when no condition held. It comes last.", listOf(named("step"))),
	},
}

var splitArmObject = &object{
	name: "split_arm", doc: "One way of a split.", example: "{share: 50, steps: […]}",
	fields: []field{
		must("share", "How many members take this arm, beside the shares of the others: 50 and 50 are halves, as are 1 and 1.", whole(1, maxShare)),
		may("name", "The arm's name, for reports. Left out, arms are A, B, C, …", schema{"type": "string", "minLength": 1, "maxLength": maxWord}),
		must("steps", "What to do. An empty list leaves these members out: they go on after the split.", listOf(named("step"))),
	},
}

var setObject = &object{
	name: "set", doc: "Changes what is known about the member.", example: "{add_tags: [newcomer]}",
	fields: []field{
		may("attributes", "Attributes with their new values; null removes one.", schema{
			"type": "object", "minProperties": 1, "propertyNames": schema{"$ref": "#/$defs/name"},
			"properties":           schema{campaigns.FormalityAttribute: schema{"enum": []any{campaigns.Informal, campaigns.Formal, nil}}},
			"additionalProperties": schema{"type": []string{"string", "number", "boolean", "null"}},
		}),
		may("add_tags", "Tags to add.", filled(named("tag"))),
		may("remove_tags", "Tags to take away.", filled(named("tag"))),
		may("language", "The member's language from now on.", named("language")),
	},
}

var awardObject = &object{
	name: "award", doc: "Gives points. They count in the campaign's standings.", example: "{points: 10}",
	fields: []field{must("points", "How many; below 0 takes some away.", whole(-maxPoints, maxPoints))},
}

var notifyObject = &object{
	name: "notify", doc: "Tells those who run the community about the member.", example: `{text: {en: "Asks for help: {{ answers.topic }}"}}`,
	fields: []field{
		must("text", "What they are told, in Markdown with Liquid variables. The member's name, with a link to their page, and the campaign's stand before it.", named("texts")),
		may("to", "telegram: the staff chat; email: the staff's addresses. Without it, all that are set up.", filled(named("channel"))),
	},
}

var repeatObject = &object{
	name: "repeat", doc: "Runs its steps once a day. A round is over when the next one opens, the last one a day after it opened.",
	example: `{times: 14, at: "10:00", steps: […]}`,
	fields: []field{
		must("times", "How many rounds.", whole(1, maxRounds)),
		must("at", "When a round opens, on the member's clock.", named("time")),
		may("starts", "The calendar day of the first round, for everybody. Without it, each member's first day is their own.", named("day")),
		may("prompts", "One text for each round, to be used as {{ prompt }}.", schema{"type": "array", "items": named("texts"), "minItems": 1, "maxItems": maxRounds}),
		must("steps", "What happens in a round.", filled(named("step"))),
	},
}

var endObject = &object{
	name: "end", doc: "Ends the campaign for this member.", example: "{reason: finished}",
	fields: []field{may("reason", "Why, for the timeline.", schema{"type": "string", "minLength": 1, "maxLength": maxTitle})},
}

// StepKinds are the keys of what a step can do.
func StepKinds() []string { return slices.Clone(stepObject.oneOf) }
