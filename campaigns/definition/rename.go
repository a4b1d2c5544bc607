package definition

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Renamed is the document under another key and name, otherwise byte for byte as it was typed; an empty name stays what it is. ok is false where the two
// stand in a form that is not understood.
func Renamed(src string, format Format, key campaigns.Key, name string) (out string, ok bool) {
	put := renameYAML
	if format == JSON {
		put = renameJSON
	}
	if out, ok = put(src, "key", string(key)); !ok {
		return "", false
	}
	if name != "" {
		if out, ok = put(out, "name", name); !ok {
			return "", false
		}
	}
	d, problems := ParseStored([]byte(out), format) // it is a draft; publishing it reads it strictly
	if len(problems) > 0 || d.Key != key || name != "" && d.NameIn(d.Languages[0]) != name {
		return "", false
	}
	was, _ := ParseStored([]byte(src), format)
	return renameUses(out, d, was, key), true
}

// renameUses has the copy mean itself where the document that it was made of meant itself: in conditions, and where a step enrolls.
func renameUses(src string, d, was *Definition, key campaigns.Key) string {
	if was == nil {
		return src
	}
	lines := strings.SplitAfter(src, "\n")
	uses := d.Named()
	slices.SortFunc(uses, func(a, b Use) int { return cmp.Or(b.Place.Line-a.Place.Line, b.Place.Column-a.Place.Column) }) // the last first: those before it stay where they are
	for _, u := range uses {
		if u.Segment() || u.Key != was.Key || u.Place.Line < 1 || u.Place.Line > len(lines) {
			continue
		}
		line := []rune(lines[u.Place.Line-1])
		at := min(max(u.Place.Column-1, 0), len(line))
		before, rest := string(line[:at]), string(line[at:])
		quote := rest[:len(rest)-len(strings.TrimLeft(rest, `"'`))]
		if after, ok := strings.CutPrefix(rest, quote+string(was.Key)); ok {
			lines[u.Place.Line-1] = before + quote + string(key) + after
		}
	}
	return strings.Join(lines, "")
}

// renameYAML replaces a key's line at the top, quoted or not, and what is indented below it. A comment behind the value goes with it.
func renameYAML(src, key, value string) (string, bool) {
	re := regexp.MustCompile(`(?m)^(?:` + key + `|"` + key + `"|'` + key + `')[ \t]*:.*(?:\r?\n(?:[ \t]+\S.*|[ \t]*(?:\r?\n[ \t]+\S.*)))*`)
	at := re.FindAllStringIndex(src, -1)
	if len(at) != 1 {
		return "", false
	}
	ending := ""
	if strings.HasSuffix(src[at[0][0]:at[0][1]], "\r") {
		ending = "\r"
	}
	return src[:at[0][0]] + key + ": " + quotedYAML(value) + ending + src[at[0][1]:], true
}

// quotedYAML writes a text in double quotes: as JSON does it, YAML reads it too.
func quotedYAML(text string) string {
	if regexp.MustCompile(`^[a-z][a-z0-9-]*[a-z]$`).MatchString(text) && text != "true" && text != "false" && text != "null" {
		return text
	}
	return jsonText(text)
}

func jsonText(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(text) != nil {
		return fmt.Sprintf("%q", text) // a text always can be
	}
	return strings.TrimSpace(b.String())
}

// renameJSON replaces a value of the outermost object.
func renameJSON(src, key, value string) (string, bool) {
	dec := json.NewDecoder(strings.NewReader(src))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return "", false
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return "", false
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return "", false
		}
		if t == key {
			end := int(dec.InputOffset())
			return src[:end-len(raw)] + jsonText(value) + src[end:], true
		}
	}
	return "", false
}
