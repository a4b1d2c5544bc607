package campaigns

import "time"

// QuestionType says how a question is shown and how its answer is read.
type QuestionType string

const (
	Choice  QuestionType = "choice"  // one of the options
	Choices QuestionType = "choices" // any number of the options
	YesNo   QuestionType = "yes_no"  // true or false
	Scale   QuestionType = "scale"   // a whole number from Min to Max, by button
	NPS     QuestionType = "nps"     // 0–10, "how likely to recommend"
	CSAT    QuestionType = "csat"    // 1–5, "how satisfied"
	Number  QuestionType = "number"  // a typed number, perhaps bounded
	Text    QuestionType = "text"    // free text
	Date    QuestionType = "date"    // a calendar day
)

// Typed reports whether the answer is typed by the member rather than chosen by a button: such a question needs the chat's one open slot.
func (t QuestionType) Typed() bool { return t == Number || t == Text || t == Date }

// Answer is one typed answer. Exactly one of the value fields is meaningful, by Type:
// Choice: Text (the option's value); Choices: List; YesNo: Bool; Scale, NPS, CSAT, Number: Number; Text: Text; Date: Text as "2006-01-02".
type Answer struct {
	Type    QuestionType `json:"type"`
	Text    string       `json:"text,omitempty"`
	Number  float64      `json:"number,omitempty"`
	Bool    bool         `json:"bool,omitempty"`
	List    []string     `json:"list,omitempty"`
	At      time.Time    `json:"at"`
	Channel Channel      `json:"channel"`
	Input   InputID      `json:"input"`
	// Late: it came after the question's timeout. It is kept as data and changes no path.
	Late bool `json:"late,omitempty"`
}

// RawAnswer is what arrived from a channel, before it was read. Exactly one of Text, Options is set.
type RawAnswer struct {
	Text    string   // typed text
	Options []string // option values, from buttons or form fields ("true"/"false" for yes/no, digits for scales)
	Buttons bool     // true when Options is the answer (an empty list is a valid answer to Choices)
}
