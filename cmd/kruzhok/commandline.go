package main

import (
	"regexp"
	"strings"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// commandLineWords are the sentences of the command line's parser that people meet, by what it says in English.
var commandLineWords = []struct {
	said *regexp.Regexp
	key  string
}{
	{regexp.MustCompile(`^(?:.*: )?expected "<key>=<value>" but got "(?P<given>.*)"$`), "form"},
	{regexp.MustCompile(`^unknown flag (?P<given>\S+?)(?:, did you mean (?P<meant>.+)\?)?$`), "unknown_flag"},
	{regexp.MustCompile(`^unexpected argument (?P<given>\S+?)(?:, did you mean (?P<meant>.+)\?)?$`), "unexpected"},
	{regexp.MustCompile(`^missing flags: (?P<given>.*)$`), "missing"},
	{regexp.MustCompile(`^expected (?P<given>"<[^=]*)$`), "missing"},
	{regexp.MustCompile(`^expected one of (?P<given>.*)$`), "one_of"},
	{regexp.MustCompile(`^(?P<flag>-\S+): expected a(?:n| valid \d+ bit u?)? ?int but got "(?P<given>[^"]*)".*$`), "number"},
	{regexp.MustCompile(`^(?P<flag>-\S+) must be one of (?P<allowed>\S+) but got "(?P<given>.*)"$`), "enum"},
}

// commandLineError is what the parser says, in the language; what has no words here stays as it is.
func commandLineError(err error, lang string) string {
	if lang == locale.Default {
		return err.Error()
	}
	for _, w := range commandLineWords {
		found := w.said.FindStringSubmatch(err.Error())
		if found == nil {
			continue
		}
		args := map[string]any{}
		for i, name := range w.said.SubexpNames() {
			if name != "" {
				args[name] = found[i]
			}
		}
		out := locale.T(lang, "cli.line."+w.key, args)
		if meant, _ := args["meant"].(string); meant != "" {
			out += " " + locale.T(lang, "problem.did_you_mean", map[string]any{"word": meant})
		}
		return out
	}
	return err.Error()
}

// lineLanguage is the language of a command line that cannot be read: what its --lang says, else the terminal's.
func lineLanguage(args []string) string {
	said := ""
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--lang="); ok {
			said = v
		} else if a == "--lang" && i+1 < len(args) {
			said = args[i+1]
		}
	}
	return speech{said}.language()
}
