package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

func TestCallAnswer(t *testing.T) {
	for said, want := range map[string]map[string]any{
		"":                nil,
		"OK":              nil,
		"[1]":             nil,
		`"x"`:             nil,
		`{"a":1} {"b":2}`: nil,
		`{}`:              {},
		`{"a":1.5,"b":true,"c":"x\u0000y","d":null,"e e":1}`:            {"a": 1.5, "b": true, "c": "xy"},
		`{"id":12345678901234567890,"n":-123456789012345,"huge":1e400}`: {"id": "12345678901234567890", "n": -123456789012345.0, "huge": "1e400"},
		`{"days":["mon",2,true,null,{"x":1}],"at":{"city":"Bonn"}}`:     {"days": []string{"mon", "2", "true"}, "at": map[string]any{"city": "Bonn"}},
	} {
		got, ok := readCallAnswer([]byte(said))
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %s", said, diff)
		}
	}
	for _, said := range []string{`{"a":{"a":{"a":{"a":{"a":{}}}}}}`, `{"a":"` + strings.Repeat("x", 4000) + `"}`} {
		if _, ok := readCallAnswer([]byte(said)); ok {
			t.Errorf("%.40s is kept", said)
		}
	}
}

// FuzzCallAnswer: whatever is answered, what is kept is small, survives the passage's record, and holds nothing that a text could not show.
func FuzzCallAnswer(f *testing.F) {
	for _, said := range []string{`{"a":1}`, `{"a":{"b":["x",1,null]}}`, `[]`, `{"a":1e999}`, "\xff", `{"a":"\ud800"}`} {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		fields, ok := readCallAnswer(said)
		if !ok || fields == nil {
			return
		}
		kept, err := json.Marshal(fields)
		if err != nil || len(kept) > maxAnswerKept {
			t.Fatalf("%d bytes, %v", len(kept), err)
		}
		var back map[string]any
		if err := json.Unmarshal(kept, &back); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			path := []string{"x", name}
			was, is := definition.CallField(map[string]map[string]any{"x": fields}, path), definition.CallField(map[string]map[string]any{"x": back}, path)
			if diff := cmp.Diff(was, is); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
		}
	})
}
