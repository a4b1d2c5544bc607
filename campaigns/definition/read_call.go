package definition

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

var (
	endpointForm = regexp.MustCompile(endpointPattern)
	calledForm   = regexp.MustCompile(calledPattern)
)

// How long a call is tried.
var (
	defaultCallTime = timing.Period{Time: 10 * time.Minute}
	minCallTime     = timing.Period{Time: 10 * time.Second}
	maxCallTime     = timing.Period{Days: 7}
)

func (r *reader) call(s *Step, n *node) Body {
	c := &Call{Timeout: defaultCallTime}
	rec, ok := r.record(n, callObject)
	if !ok {
		return c
	}
	rec.with("endpoint", func(n *node) {
		c.Endpoint, _ = r.formed(n, endpointForm, maxEndpoint, "endpoint_form")
		r.mention(MentionEndpoint, c.Endpoint, n.place)
	})
	rec.with("send", func(n *node) { c.Send = r.sent(n) })
	rec.with("save_as", func(n *node) { c.SaveAs, _ = r.formed(n, nameForm, maxKey, "name_form") })
	rec.with("timeout", func(n *node) { c.Timeout = r.callTime(n) })
	rec.with("failed", func(n *node) { c.Failed = r.target(s, n) })
	return c
}

// sent reads what is told to the other system.
func (r *reader) sent(n *node) map[string]any {
	if n.kind != mappingNode || len(n.entries) == 0 {
		r.out.add(n.place, "expected_mapping", "example", sentExample).expect(sentExample)
		return nil
	}
	if len(n.entries) > maxSentValues {
		r.out.add(n.entries[maxSentValues].place, "too_many_items", "limit", maxSentValues)
	}
	values := map[string]any{}
	for _, e := range n.entries {
		if !nameForm.MatchString(e.key) || len(e.key) > maxKey {
			r.out.add(e.place, "name_form", "value", e.key, "limit", maxKey).meant(reformed(e.key, nameForm, maxKey))
		}
		r.uncut(e.value)
		if values[e.key] = r.value(e.value); e.value.kind == textNode {
			r.texts = append(r.texts, textUse{node: e.value, kind: dataText, around: r.around})
		}
	}
	return values
}

const sentExample = `{level: "{{ answers.level }}"}`

func (r *reader) callTime(n *node) timing.Period {
	p := r.period(n)
	span := func(p timing.Period) time.Duration { return time.Duration(p.Days)*24*time.Hour + p.Time }
	if !p.IsZero() && (span(p) < span(minCallTime) || span(p) > span(maxCallTime)) {
		r.out.add(n.place, "call_time", "value", n.text).expect("10m")
	}
	return p
}

// callUse is a path that a condition reads in the answer to a call.
type callUse struct {
	at   Place
	path string
}

// calledField reads the path of a condition; answers to calls exist within a passage alone.
func (r *reader) calledField(n *node, inSteps bool) string {
	path, ok := r.formed(n, calledForm, maxCalledPath, "called_form")
	switch {
	case !inSteps:
		r.out.add(n.place, "call_outside_steps")
	case ok:
		r.callUses = append(r.callUses, callUse{n.place, path})
	}
	return path
}

// checkCalled holds a path against the calls that the campaign makes. What fields an answer has, nobody knows before it is there.
func (r *reader) checkCalled(at Place, path string) {
	name, field, _ := strings.Cut(path, ".")
	switch {
	case !r.called[name] && r.maybe(name):
	case !r.called[name]:
		r.out.add(at, "unknown_call", "name", name).meant(r.out.nearest(name, sortedKeys(r.called)))
	case field == "":
		r.out.add(at, "call_field_missing", "name", name)
	}
}

// namedCalls are the names under which answers to calls are known. Several steps may have one: that of each way of a branch.
func namedCalls(d *Definition) map[string]bool {
	names := map[string]bool{}
	for _, s := range d.Order {
		if c := s.Call(); c != nil {
			names[c.SaveAs] = true
		}
	}
	return names
}

// CallField is what the path below "call." leads to in what was answered; nil: nothing.
func CallField(calls map[string]map[string]any, path []string) any {
	if len(path) < 2 {
		return nil
	}
	var at any = calls[path[0]]
	for _, name := range path[1:] {
		fields, _ := at.(map[string]any)
		at = fields[name]
	}
	switch v := at.(type) {
	case string, float64, bool, []string:
		return v
	case []any: // as the enrollment's record is read back
		return textsOf(v)
	}
	return nil
}

func textsOf(list []any) []string {
	texts := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// Endpoints are the names of the other systems that the steps call, sorted, each once.
func (d *Definition) Endpoints() (names []string) {
	for _, s := range d.Order {
		if c := s.Call(); c != nil {
			names = append(names, c.Endpoint)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
