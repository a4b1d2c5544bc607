package definition

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestMisfit names the first field that does not fit, and what kind of thing it brought.
func TestMisfit(t *testing.T) {
	h := Happening{Event: "booked", Data: []DataField{{"kind", []any{"trial", "Group"}}, {"n", []any{1.0, 2.5}}, {"first", []any{true}}}}
	for data, want := range map[string]Misfit{
		`{"kind": "TRIAL", "n": 2.5, "first": true}`: {},
		`null`:                                       {"kind", CameNothing},
		`{"kind": null}`:                             {"kind", CameNothing},
		`{"kind": ""}`:                               {"kind", CameText},
		`{"kind": ["trial"]}`:                        {"kind", CameList},
		`{"kind": {"is": "trial"}}`:                  {"kind", CameObject},
		`{"kind": "group", "n": 3}`:                  {"n", CameNumber},
		`{"kind": "group", "n": 1e999}`:              {"n", CameNumber},
		`{"kind": "group", "n": "1"}`:                {"n", CameText},
		`{"kind": "group", "n": 1, "first": false}`:  {"first", CameBool},
		`{"kind": "group", "n": 1, "first": "true"}`: {"first", CameText},
	} {
		var brought map[string]any
		d := json.NewDecoder(strings.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&brought); err != nil {
			t.Fatal(err)
		}
		got := h.Misfit(brought)
		if got == nil {
			got = &Misfit{}
		}
		if *got != want || h.Is("booked", brought) != (want == Misfit{}) || h.Is("other", brought) {
			t.Errorf("%s: %+v", data, *got)
		}
	}
}
