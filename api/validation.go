package api

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// sentences tells by the beginning of huma's words which of our codes they mean. huma has no codes, and its words are English alone.
var sentences = []struct {
	begins, code string
	expects      bool // what follows the beginning is what was expected, from the schema and not from the caller
}{
	{validation.MsgUnexpectedProperty, "unknown_field", false},
	{until(validation.MsgExpectedRequiredProperty), "missing_value", false},
	{validation.MsgExpectedString + " to be RFC 3339 date-time", "bad_time", false},
	{validation.MsgExpectedRFC3339DateTime, "bad_time", false},
	{until(validation.MsgExpectedOneOf), "bad_word", true},
	{validation.MsgExpectedBoolean, "expected_true_or_false", false},
	{validation.MsgExpectedInteger, "expected_whole_number", false},
	{"invalid integer", "expected_whole_number", false},
	{"expected number >", "number_bounds", true},
	{"expected number <", "number_bounds", true},
	{validation.MsgExpectedNumber, "expected_number", false},
	{"expected length <=", "too_long_value", true},
	{"expected length >=", "missing_value", false},
	{"expected array length <=", "too_many", true},
	{"expected array length >=", "too_few", true},
	{validation.MsgExpectedArray, "expected_array", false},
	{validation.MsgExpectedObject, "expected_object", false},
	{"expected string to match", "bad_form", false},
	{"expected string to be", "bad_form", false},
	{validation.MsgExpectedString, "expected_string", false},
	{"required ", "missing_value", false},
	{"unknown query parameter", "unknown_parameter", false},
}

// until is the part of a message before its first placeholder.
func until(format string) string {
	head, _, _ := strings.Cut(format, "%")
	return strings.TrimRight(head, `"`)
}

// invalidRequest is the fault of a request that does not have the form of its operation.
func invalidRequest(errs []error) error {
	var details []fault.Detail
	for _, err := range errs {
		details = append(details, detail(err))
	}
	slices.SortStableFunc(details, func(a, b fault.Detail) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code)) })
	return fault.New(fault.Invalid, "invalid.request", map[string]any{"n": max(1, len(details))}).With(details...)
}

// detail says what is wrong at one place. huma's Value, which is what the caller sent, is left behind.
func detail(err error) fault.Detail {
	var d huma.ErrorDetailer
	if !errors.As(err, &d) {
		return fault.Detail{Code: "bad_value"}
	}
	e := d.ErrorDetail()
	out := fault.Detail{Path: placeOf(e.Location), Code: "bad_value"}
	for _, s := range sentences {
		rest, ok := strings.CutPrefix(e.Message, s.begins)
		if !ok {
			continue
		}
		out.Code = s.code
		if s.code == "missing_value" {
			out.Path = join(out.Path, missing(rest))
		}
		if s.expects {
			out.Args, out.Expected = boundArgs(s.code, rest), expected(s.code, e.Message, rest)
		}
		break
	}
	return out
}

// placeOf is huma's location as a path into the body, or the parameter's name.
func placeOf(location string) string {
	for _, in := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(location, in); ok {
			return rest
		}
	}
	if location == "body" {
		return ""
	}
	return strings.TrimPrefix(location, "body")
}

func join(path, field string) string {
	if path == "" || field == "" {
		return path + field
	}
	return path + "." + field
}

// missing is the field of "expected required property NAME to be present".
func missing(rest string) string {
	name, _, found := strings.Cut(rest, " to be present")
	if !found {
		return ""
	}
	return strings.TrimSpace(name)
}

func boundArgs(code, rest string) map[string]any {
	switch code {
	case "too_long_value", "too_many":
		return map[string]any{"max": strings.TrimSpace(rest)}
	case "too_few":
		return map[string]any{"min": strings.TrimSpace(rest)}
	}
	return nil
}

func expected(code, message, rest string) string {
	switch code {
	case "bad_word":
		return strings.Trim(rest, `"`)
	case "number_bounds":
		return strings.TrimPrefix(message, "expected number ")
	}
	return ""
}
