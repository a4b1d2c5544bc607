package definition

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var reference = flag.Bool("reference", false, "write the tables of docs/campaigns.md")

const referenceFile = "../../docs/campaigns.md"

// keysOf is where the document has the table of an object.
var keysOf = regexp.MustCompile(`(?s)<!-- keys: ([a-z_]+) -->\n.*?<!-- end of keys -->\n`)

// TestReferenceHasEveryKey: the tables of docs/campaigns.md are those that the grammar makes, one for each mapping of the language.
func TestReferenceHasEveryKey(t *testing.T) {
	document := string(read(t, referenceFile))
	tables := map[string]string{}
	for _, o := range append(objects(), segmentObject) {
		tables[o.name] = o.table()
	}
	seen := map[string]bool{}
	made := keysOf.ReplaceAllStringFunc(document, func(old string) string {
		name := keysOf.FindStringSubmatch(old)[1]
		seen[name] = true
		return "<!-- keys: " + name + " -->\n" + tables[name] + "<!-- end of keys -->\n"
	})
	for name := range tables {
		if !seen[name] {
			t.Errorf("docs/campaigns.md has no table of %s", name)
		}
	}
	if len(seen) != len(tables) {
		t.Errorf("docs/campaigns.md has the tables %v", seen)
	}
	switch {
	case made == document:
	case *reference:
		if err := os.WriteFile(referenceFile, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the grammar has changed: run go test ./campaigns/definition -run Reference -reference")
	}
}

// table is the object's keys as Markdown.
func (o *object) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| key of `%s` | value | meaning |\n| --- | --- | --- |\n", o.name)
	for _, f := range o.fields {
		name := "`" + f.key + "`"
		if f.required {
			name = "**" + name + "**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, strings.ReplaceAll(typeWords(f.value), "|", `\|`), strings.ReplaceAll(f.doc, "|", `\|`))
	}
	return b.String()
}

// refWords are the names of values that stand for themselves.
var refWords = map[string]string{
	"texts": "a text, in each language", "language": "a language", "period": "a length of time", "time": "a time of day", "day": "a day", "date_time": "a date with a time",
	"value": "a text, a number, `true` or `false`", "step_id": "a step's id", "step_ref": "a step's id", "option_word": "a word", "tag": "a tag", "name": "a name", "event": "an event's name",
	"campaign_key": "a campaign's key", "key": "a segment's key", "fragment": "a fragment's name", "step": "a step", "condition": "a [condition](#conditions)", "channel": "`telegram` or `email`",
}

// typeWords says in words what a schema takes.
func typeWords(s schema) string {
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/$defs/")
		if words, ok := refWords[name]; ok {
			return words
		}
		return "keys, see `" + name + "` below"
	}
	if list, ok := s["anyOf"].([]schema); ok {
		var parts []string
		for _, p := range list {
			parts = append(parts, typeWords(p))
		}
		return strings.Join(parts, ", or ")
	}
	if c, ok := s["const"]; ok {
		return fmt.Sprintf("`%v`", c)
	}
	if e, ok := s["enum"]; ok {
		return "`" + strings.Join(strings.Fields(strings.Trim(fmt.Sprint(e), "[]")), "`, `") + "`"
	}
	return kindWords(s)
}

func kindWords(s schema) string {
	switch s["type"] {
	case "array":
		return "a list: " + typeWords(s["items"].(schema))
	case "integer":
		return fmt.Sprintf("a whole number, %v to %v", s["minimum"], s["maximum"])
	case "number":
		return "a number"
	case "boolean":
		return "`true` or `false`"
	case "object":
		if _, ok := s["propertyNames"].(schema); ok && strings.Contains(fmt.Sprint(s["propertyNames"]), "language") {
			return "one for each language"
		}
		if list, ok := s["additionalProperties"].(schema); ok && list["type"] == "array" {
			return "names, each with " + typeWords(list)
		}
		return "names with values"
	}
	return "a text"
}
