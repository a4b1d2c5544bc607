package answers

import (
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Describe writes the answer as the member would say it: the option's label, "yes" or «да», the number, the day in words. What it
// writes reads back as the same answer, recordings and files apart. It is data: escape it for where it lands. An option that the question does not have (any more)
// is written as its value.
func Describe(a campaigns.Answer, q *definition.Ask, lang, fallback campaigns.Lang) string {
	switch a.Type {
	case campaigns.Choice:
		return label(a.Text, q, lang, fallback)
	case campaigns.Choices:
		return labels(a.List, q, lang, fallback)
	case campaigns.YesNo:
		return boolWord(a.Bool, lang)
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT, campaigns.Number:
		return numberWords(a.Number, lang)
	case campaigns.Date:
		return dateWords(a.Text, lang)
	case campaigns.Voice, campaigns.VideoNote, campaigns.Photo, campaigns.File:
		return mediaWords(a, lang)
	}
	return a.Text
}

func label(value string, q *definition.Ask, lang, fallback campaigns.Lang) string {
	i := optionIndex(q, value)
	if i < 0 {
		return value
	}
	text, _ := q.Options[i].Text.In(lang, fallback)
	return text
}

// labels joins with the plainest mark that no label contains.
func labels(values []string, q *definition.Ask, lang, fallback campaigns.Lang) string {
	if len(values) == 0 {
		return locale.T(string(lang), "answer.word.none", nil)
	}
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = label(value, q, lang, fallback)
	}
	all := strings.Join(list, "")
	switch {
	case !strings.Contains(all, ","):
		return strings.Join(list, ", ")
	case !strings.Contains(all, ";"):
		return strings.Join(list, "; ")
	}
	return strings.Join(list, "\n")
}

func dateWords(day string, lang campaigns.Lang) string {
	at, err := time.Parse(dateLayout, day)
	if err != nil {
		return day
	}
	return locale.LongDate(string(lang), at)
}
