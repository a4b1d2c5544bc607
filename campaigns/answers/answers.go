// Package answers turns what a member typed or pressed into a typed answer, and answers and their options back into words.
// It is pure.
package answers

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Context is what reading needs to know besides the question.
type Context struct {
	// Lang is the member's language: it decides between 1,234 and 1.234, and between options whose texts collide across languages.
	Lang campaigns.Lang
	// Zone is the member's; nil means UTC. "Today" is today there.
	Zone    *time.Location
	Now     time.Time
	Channel campaigns.Channel
}

// Rejection says why an answer was not taken. Its sentence is the catalog's "answer.<Code>" with Args; it tells the member what to do
// and holds nothing that the member wrote.
type Rejection struct {
	Code string
	Args map[string]any
}

// Sentence returns the rejection in the language, as plain text.
func (r *Rejection) Sentence(lang campaigns.Lang) string {
	return locale.T(string(lang), "answer."+r.Code, r.Args)
}

// The codes of rejections.
const (
	Unreadable  = "unreadable"   // not UTF-8
	Empty       = "empty"        // no text to see
	TextLong    = "text_long"    // {n} is the limit in characters, {length} what was sent
	ChoiceOther = "choice"       // none of the options, or not clear which
	ChoiceOne   = "choice_one"   // several options where one is asked for
	ListOther   = "choices"      // something in the list is none of the options
	YesOrNo     = "yes_no"       // neither
	ScaleOther  = "scale"        // not a whole number from {min} to {max}
	NotNumber   = "number"       // not a number alone
	NumberLong  = "number_long"  // more than {n} digits
	NumberSmall = "number_small" // below {min}, and there is no maximum
	NumberLarge = "number_large" // above {max}, and there is no minimum
	NumberRange = "number_range" // outside {min} to {max}
	NotDate     = "date"         // {example} shows how
	DateYear    = "date_year"    // the year has not four digits; {example} shows how
	DateMissing = "date_missing" // 31 February; {example} shows how

	NotVoice     = "media_voice"      // no voice message
	NotVoiceNote = "media_voice_note" // neither a voice message nor a round video
	NotVideoNote = "media_video_note" // no round video
	NotPhoto     = "media_photo"      // no picture
	NotFile      = "media_file"       // no file, or none of the kinds that are taken
	MediaShort   = "media_short"      // a recording of less than {n} seconds
	MediaLong    = "media_long"       // a recording of more than {n} seconds
	NotMedia     = "media_not_text"   // a file where text is asked for
)

// maxShort bounds, in bytes, what is looked at where the answer is no free text.
const maxShort = 8192

// Read reads what arrived as an answer to the question. The answer carries c.Now and c.Channel; its Input is the caller's to set.
// Exactly one of the results is meaningful: a nil Rejection means the answer was read and keeps to the question's constraints.
func Read(q *definition.Ask, raw campaigns.RawAnswer, c Context) (campaigns.Answer, *Rejection) {
	a := campaigns.Answer{Type: q.Type, At: c.Now, Channel: c.Channel}
	wrong := read(&a, q, raw, c)
	if wrong != nil {
		return campaigns.Answer{}, wrong
	}
	return a, nil
}

func read(a *campaigns.Answer, q *definition.Ask, raw campaigns.RawAnswer, c Context) *Rejection {
	if !utf8.ValidString(raw.Text) || !utf8.ValidString(strings.Join(raw.Options, "")) {
		return reject(Unreadable)
	}
	if q.Type.Media() || raw.Media != nil {
		return readMedia(a, q, raw, c)
	}
	if raw.Buttons {
		return readPressed(a, q, raw.Options, c)
	}
	if q.Type != campaigns.Text && len(raw.Text) > maxShort {
		return other(q, c)
	}
	return readTyped(a, q, raw.Text, c)
}

// readPressed takes values from buttons and form fields exactly. A form may also bring what was typed into its one field.
func readPressed(a *campaigns.Answer, q *definition.Ask, values []string, c Context) *Rejection {
	if q.Type == campaigns.Choices {
		return pressChoices(a, q, values)
	}
	if len(values) > 1 {
		return reject(ChoiceOne)
	}
	value := strings.Join(values, "")
	switch q.Type {
	case campaigns.Choice:
		if optionIndex(q, value) < 0 {
			return reject(ChoiceOther)
		}
		a.Text = value
		return nil
	case campaigns.YesNo:
		a.Bool = value == valueTrue
		if !a.Bool && value != valueFalse {
			return reject(YesOrNo)
		}
		return nil
	}
	return readTyped(a, q, value, c)
}

func readTyped(a *campaigns.Answer, q *definition.Ask, text string, c Context) *Rejection {
	switch q.Type {
	case campaigns.Choice:
		return readChoice(a, q, text, c)
	case campaigns.Choices:
		return readChoices(a, q, text, c)
	case campaigns.YesNo:
		return readYesNo(a, text)
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT:
		return readScale(a, q, text)
	case campaigns.Number:
		return readNumber(a, q, text, c.Lang)
	case campaigns.Date:
		return readDate(a, text, c)
	}
	return readText(a, q, text)
}

// other returns the type's "this is no such answer".
func other(q *definition.Ask, c Context) *Rejection {
	switch q.Type {
	case campaigns.Choice:
		return reject(ChoiceOther)
	case campaigns.Choices:
		return reject(ListOther)
	case campaigns.YesNo:
		return reject(YesOrNo)
	case campaigns.Number:
		return reject(NotNumber)
	case campaigns.Date:
		return rejectDate(NotDate, c)
	}
	return rejectScale(q)
}

func reject(code string) *Rejection { return &Rejection{Code: code} }
