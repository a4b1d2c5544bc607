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

	Voice     QuestionType = "voice"      // a voice message
	VideoNote QuestionType = "video_note" // a round video
	Photo     QuestionType = "photo"      // a picture
	File      QuestionType = "file"       // any file
)

// Typed reports whether the answer is typed by the member rather than chosen by a button: such a question needs the chat's one open slot.
func (t QuestionType) Typed() bool { return t == Number || t == Text || t == Date || t.Media() }

// Media reports whether the answer is something recorded or a file.
func (t QuestionType) Media() bool {
	return t == Voice || t == VideoNote || t == Photo || t == File
}

// Answer is one typed answer. Exactly one of the value fields is meaningful, by Type:
// Choice: Text (the option's value); Choices: List; YesNo: Bool; Scale, NPS, CSAT, Number: Number; Text: Text; Date: Text as "2006-01-02";
// Voice, VideoNote, Photo, File: Media, with its caption as Text.
type Answer struct {
	Type    QuestionType `json:"type"`
	Text    string       `json:"text,omitempty"`
	Number  float64      `json:"number,omitempty"`
	Bool    bool         `json:"bool,omitempty"`
	List    []string     `json:"list,omitempty"`
	Media   *Media       `json:"media,omitempty"`
	At      time.Time    `json:"at"`
	Channel Channel      `json:"channel"`
	Input   InputID      `json:"input"`
	// Late: it came after the question's timeout. It is kept as data and changes no path.
	Late bool `json:"late,omitempty"`
}

// MediaID names a file that a member sent.
type MediaID int64

// Media is a file that a member sent, as far as answers know it. The content is elsewhere, and may not have been fetched yet.
type Media struct {
	ID      MediaID   `json:"id"`
	Kind    MediaKind `json:"kind"`
	Seconds int       `json:"seconds,omitempty"` // of a recording; 0 unknown
	Size    int64     `json:"size,omitempty"`    // bytes; 0 unknown
}

// MediaKind is what kind of file a member sent. The SQL CHECK of media.kind repeats this list.
type MediaKind string

const (
	MediaPhoto     MediaKind = "photo"
	MediaVoice     MediaKind = "voice"
	MediaVideoNote MediaKind = "video_note"
	MediaVideo     MediaKind = "video"
	MediaAudio     MediaKind = "audio"
	MediaDocument  MediaKind = "document"
)

// RawAnswer is what arrived from a channel, before it was read. Exactly one of Text, Options, Media is set; with Media, Text is its caption.
type RawAnswer struct {
	Media   *Media   // a file
	Text    string   // typed text
	Options []string // option values, from buttons or form fields ("true"/"false" for yes/no, digits for scales)
	Buttons bool     // true when Options is the answer (an empty list is a valid answer to Choices)
}
