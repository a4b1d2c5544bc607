package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// AssumedCall is what another system is assumed to answer where it is not asked.
type AssumedCall struct {
	Fails  bool
	Answer []byte // JSON
}

// callFails is what is written for a call that is assumed to fail.
const callFails = "fails"

// ReadAssumedCalls reads what other systems are assumed to answer, by the names of the calls: an object, or "fails". The details name each place that is wrong.
func ReadAssumedCalls(defs []*definition.Definition, assumed map[string]any) (map[string]AssumedCall, []fault.Detail) {
	known := map[string]bool{}
	for _, def := range defs {
		for _, s := range def.Order {
			if c := s.Call(); c != nil {
				known[c.SaveAs] = true
			}
		}
	}
	calls, wrong := map[string]AssumedCall{}, []fault.Detail(nil)
	for _, name := range slices.Sorted(maps.Keys(assumed)) {
		bad := func(code string, expected ...string) {
			wrong = append(wrong, fault.Detail{Path: "calls." + name, Code: code, Args: map[string]any{"name": name, "limit": maxAnswerKept}, Expected: strings.Join(expected, ", ")})
		}
		object, isObject := assumed[name].(map[string]any)
		answer, err := json.Marshal(object)
		_, fits := readCallAnswer(answer)
		switch {
		case !known[name]:
			bad("assumed_call", slices.Sorted(maps.Keys(known))...)
		case assumed[name] == callFails:
			calls[name] = AssumedCall{Fails: true}
		case !isObject || err != nil:
			bad("assumed_call_form", `{"level": "b1"}`, callFails)
		case !fits:
			bad("assumed_call_much")
		default:
			calls[name] = AssumedCall{Answer: answer}
		}
	}
	return calls, wrong
}
