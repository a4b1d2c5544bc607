package answers

import (
	"strconv"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Option is one button of a question: the value that RawAnswer.Options takes, and its label in the member's language.
type Option struct{ Value, Label string }

// maxButtons is the most that one inline keyboard holds (Bot API, in practice).
const maxButtons = 100

// Options returns the buttons of the question in their order; none for what is typed.
func Options(q *definition.Ask, lang, fallback campaigns.Lang) []Option {
	switch q.Type {
	case campaigns.Choice, campaigns.Choices:
		list := make([]Option, len(q.Options))
		for i, o := range q.Options {
			text, _ := o.Text.In(lang, fallback)
			list[i] = Option{Value: o.Value, Label: text}
		}
		return list
	case campaigns.YesNo:
		return []Option{{valueTrue, boolWord(true, lang)}, {valueFalse, boolWord(false, lang)}}
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT:
		return digitOptions(q)
	}
	return nil
}

func digitOptions(q *definition.Ask) []Option {
	low, high := scaleEnds(q)
	var list []Option
	for n := low; n <= high && len(list) < maxButtons; n++ {
		digits := strconv.Itoa(n)
		list = append(list, Option{Value: digits, Label: digits})
	}
	return list
}

func boolWord(yes bool, lang campaigns.Lang) string {
	if yes {
		return locale.T(string(lang), "answer.word.yes", nil)
	}
	return locale.T(string(lang), "answer.word.no", nil)
}

const (
	maxRow     = 8  // keys in one row, readable on a phone
	shortLabel = 12 // characters that fit half a row
)

// Layout returns the rows of the keyboard, as places in Options. It is the same in every language: numbers in even rows of at most
// eight (0–10 as 6 and 5), yes and no side by side, options one in a row, or two where every label is short.
func Layout(q *definition.Ask) [][]int {
	switch q.Type {
	case campaigns.Choice, campaigns.Choices:
		if shortLabels(q) {
			return rows(len(q.Options), 2)
		}
		return rows(len(q.Options), 1)
	case campaigns.YesNo:
		return rows(2, 2)
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT:
		n := len(digitOptions(q))
		lines := max(1, (n+maxRow-1)/maxRow)
		return rows(n, (n+lines-1)/lines)
	}
	return nil
}

func shortLabels(q *definition.Ask) bool {
	for _, o := range q.Options {
		for _, text := range o.Text {
			if utf8.RuneCountInString(text) > shortLabel {
				return false
			}
		}
	}
	return true
}

// rows cuts 0…n-1 into rows of the width.
func rows(n, width int) [][]int {
	var all [][]int
	for i := range n {
		if i%width == 0 {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], i)
	}
	return all
}
