package api

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// FuzzMemberLine: a line is either read or refused as invalid with a place or a code; nothing else, whatever it holds.
func FuzzMemberLine(f *testing.F) {
	for _, s := range []string{`{"external_id":"a"}`, `{"external_id":"a","telegram_chat_id":1e3}`, `{"external_id":null}`, `[]`, `null`, `"x"`, "{\"external_id\":\"\xff\"}", `{"external_id":"a","tags":null,"consents":[null]}`, `{"EXTERNAL_ID":"a"}`, `{"external_id":"a","attributes":[]}`} {
		f.Add([]byte(s))
	}
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	lines := shapeOf[namedMember](registry)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := lines.read(raw)
		if err == nil {
			if m.ExternalID == "" || !json.Valid(raw) {
				t.Fatalf("%q was read as %+v", raw, m)
			}
			m.input(m.ExternalID)
			return
		}
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != fault.Invalid || len(e.Details) == 0 {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}

func TestChatIDs(t *testing.T) {
	for in, want := range map[string]string{`1`: "1", `"1"`: "1", `123456789012`: "123456789012", `1e3`: "1000", `12.0`: "12", `null`: ""} {
		var c chatID
		must(t, json.Unmarshal([]byte(in), &c))
		if string(c) != want {
			t.Errorf("%s: %q", in, c)
		}
	}
}

// FuzzCursor: what is not ours is refused, never believed.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", "bToxMg", "!", "bTotMQ", "bTo5OTk5OTk5OTk5OTk5OTk5OTk5OTk"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := PageQuery{Cursor: cursor}.page("m")
		if err == nil && (p.After < 0 || p.Limit != 101) || err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatalf("%q: %+v %v", cursor, p, err)
		}
	})
}
