package templates

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Env is what a text is rendered with.
type Env struct {
	// Vars are nested maps; member.first_name is Vars["member"].(map[string]any)["first_name"]. A missing one is an empty text.
	// Leaves are string, float64, int, bool, time.Time or []string (joined with ", ").
	Vars map[string]any
	// Find, when it is set, is asked for a path's value in place of Vars.
	Find func(path []string) any
	// Lang decides about plurals, dates and numbers.
	Lang campaigns.Lang
	// Zone is the member's; nil is UTC.
	Zone *time.Location
}

func (e *Env) zone() *time.Location {
	if e.Zone == nil {
		return time.UTC
	}
	return e.Zone
}

// lookup follows a path through the nested maps.
func (e *Env) lookup(path []string) any {
	if e.Find != nil {
		return normal(e.Find(path))
	}
	var at any = e.Vars
	for _, part := range path {
		switch m := at.(type) {
		case map[string]any:
			at = m[part]
		case map[string]string:
			s, ok := m[part]
			if !ok {
				return nil
			}
			at = s
		default:
			return nil
		}
	}
	return normal(at)
}

func (o operand) eval(env *Env) value {
	if o.path == nil {
		return value{o.literal, true}
	}
	return value{v: env.lookup(o.path)}
}

// eval makes the value ready for its slot.
func (o *output) eval(env *Env) filled {
	v := o.apply(env)
	return filled{clean(show(v.v, env)), v.own}
}

// apply runs the filters.
func (o *output) apply(env *Env) value {
	v := o.value.eval(env)
	for _, c := range o.calls {
		v = c.apply(v, env)
	}
	return v
}

func (c call) apply(v value, env *Env) value {
	args := make([]value, len(c.args))
	for i, a := range c.args {
		args[i] = a.eval(env)
	}
	return c.filter.apply(v, args, env)
}

func (c condition) holds(env *Env) bool {
	if len(c) == 0 {
		return true
	}
	return slices.ContainsFunc(c, func(and []comparison) bool {
		return !slices.ContainsFunc(and, func(x comparison) bool { return !x.holds(env) })
	})
}

func (c comparison) holds(env *Env) bool {
	left := c.left.eval(env).v
	if c.op == "" {
		return truth(left)
	}
	right := c.right.eval(env).v
	if c.op == "contains" {
		return contains(left, right)
	}
	order, comparable := compare(left, right, env)
	switch c.op {
	case "==":
		return comparable && order == 0
	case "!=", "<>":
		return !comparable || order != 0
	case "<":
		return comparable && order < 0
	case ">":
		return comparable && order > 0
	case "<=":
		return comparable && order <= 0
	case ">=":
		return comparable && order >= 0
	}
	return false
}

// truth: false, nothing, an empty text and an empty list are false; every number is true.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []string:
		return len(v) > 0
	case time.Time:
		return !v.IsZero()
	}
	return true
}

func contains(list, item any) bool {
	want, ok := item.(string)
	if n, isNumber := item.(float64); isNumber {
		want, ok = showNumber(n), true
	}
	if !ok {
		return false
	}
	switch list := list.(type) {
	case string:
		return want != "" && strings.Contains(list, want)
	case []string:
		return slices.Contains(list, want)
	}
	return false
}

// compare orders two values: as numbers when both can be numbers, as times when one is a time, else as texts. Nothing equals an empty text.
func compare(a, b any, env *Env) (order int, ok bool) {
	if x, isBool := a.(bool); isBool {
		return compareBool(x, b)
	}
	if y, isBool := b.(bool); isBool {
		return compareBool(y, a)
	}
	if x, y, both := bothNumbers(a, b); both {
		return cmp.Compare(x, y), true
	}
	if x, y, both := bothTimes(a, b, env); both {
		return x.Compare(y), true
	}
	x, okX := asText(a)
	y, okY := asText(b)
	return strings.Compare(x, y), okX && okY
}

func compareBool(a bool, b any) (int, bool) {
	switch b := b.(type) {
	case bool:
		if a == b {
			return 0, true
		}
		return 1, true
	case string:
		return strings.Compare(strconv.FormatBool(a), b), b == "true" || b == "false"
	}
	return 0, false
}

func bothNumbers(a, b any) (x, y float64, ok bool) {
	x, okX := asNumber(a)
	y, okY := asNumber(b)
	return x, y, okX && okY
}

func asNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(v), ",", ".", 1), 64)
		return n, err == nil
	}
	return 0, false
}

func bothTimes(a, b any, env *Env) (x, y time.Time, ok bool) {
	_, isA := a.(time.Time)
	_, isB := b.(time.Time)
	if !isA && !isB {
		return x, y, false
	}
	x, okX := asTime(a, env.zone())
	y, okY := asTime(b, env.zone())
	return x, y, okX && okY
}

// asTime reads a time, or a text as an instant (RFC 3339) or a calendar day, which stays that day in the member's zone.
func asTime(v any, zone *time.Location) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return v.In(zone), !v.IsZero()
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t.In(zone), true
		}
		for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
			if t, err := time.ParseInLocation(layout, v, zone); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

func asText(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case float64:
		return showNumber(v), true
	case []string:
		return strings.Join(v, ", "), true
	}
	return "", false
}

func isLetter(r rune) bool { return unicode.IsLetter(r) }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
