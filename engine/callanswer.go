package engine

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Bounds of what is kept of an answer to a call: it stands in the passage's own record, which every decision reads.
const (
	maxAnswerKept  = 4000 // bytes of JSON
	maxAnswerDepth = 5
)

// fieldName is what a field is called that texts can name.
var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// readCallAnswer returns what texts and conditions can use of what another system answered: texts, numbers, true and false, lists of them, and fields of these.
// What is no JSON object has none. ok is false when it holds more than is kept.
func readCallAnswer(raw []byte) (fields map[string]any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var said any
	if d.Decode(&said) != nil {
		return nil, true
	}
	object, isObject := said.(map[string]any)
	if _, err := d.Token(); !isObject || err != io.EOF {
		return nil, true
	}
	fields, ok = answerFields(object, 1)
	if !ok {
		return nil, false
	}
	kept, err := json.Marshal(fields)
	return fields, err == nil && len(kept) <= maxAnswerKept
}

func answerFields(object map[string]any, depth int) (map[string]any, bool) {
	if depth > maxAnswerDepth {
		return nil, false
	}
	fields := map[string]any{}
	for name, v := range object {
		if !fieldName.MatchString(name) {
			continue // nothing could name it
		}
		switch v := v.(type) {
		case map[string]any:
			inner, ok := answerFields(v, depth+1)
			if !ok {
				return nil, false
			}
			fields[name] = inner
		case []any:
			fields[name] = answerList(v)
		case nil:
		default:
			fields[name] = answerScalar(v)
		}
	}
	return fields, true
}

// answerList keeps the texts of a list, and what can be written as one.
func answerList(list []any) []string {
	texts := []string{}
	for _, v := range list {
		switch v := answerScalar(v).(type) {
		case string:
			texts = append(texts, v)
		case float64:
			texts = append(texts, strconv.FormatFloat(v, 'f', -1, 64))
		case bool:
			texts = append(texts, strconv.FormatBool(v))
		}
	}
	return texts
}

// maxDigits is the largest number of digits of which a float64 holds each whole number.
const maxDigits = 15

// answerScalar is a text, a number, true or false. A number with more digits than a float64 holds is kept as it was written: it is an id.
func answerScalar(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Float64()
		if digits := strings.Trim(v.String(), "-"); err != nil || len(digits) > maxDigits && strings.Trim(digits, "0123456789") == "" {
			return v.String()
		}
		return n
	case string:
		return strings.ReplaceAll(v, "\x00", "") // PostgreSQL keeps none
	case bool:
		return v
	}
	return nil
}
