package definition

import (
	"regexp"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// ways are the beginnings of variables, which a name alone does without.
var ways = regexp.MustCompile(`^(member\.)?(attributes?|answers?|event|call)\.`)

// joiner of the words of a name, by its form.
var joiner = map[*regexp.Regexp]string{nameForm: "_", eventForm: "."}

// reformed is the name of the form that was probably meant by a word of another form: in small Latin letters, joined as such names are; or "".
func reformed(word string, form *regexp.Regexp, limit int) string {
	join := joiner[form]
	if join == "" {
		join = "-"
	}
	word = strings.TrimSpace(word)
	for _, try := range []string{word, meant.Latin(word)} {
		if form == nameForm {
			try = ways.ReplaceAllString(try, "")
		}
		for _, try := range []string{try, strings.Join(strings.FieldsFunc(try, func(r rune) bool { return r == '_' || r == ' ' || r == '-' }), join)} {
			for _, try := range []string{try, strings.ToLower(try)} {
				if form.MatchString(try) && len(try) <= limit {
					return try
				}
			}
		}
	}
	return ""
}
