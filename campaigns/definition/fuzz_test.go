package definition

import (
	"strings"
	"testing"
	"time"
)

// FuzzParse: no panic, no input that takes long, no problem outside the document, and never a definition together with problems.
func FuzzParse(f *testing.F) {
	for name, src := range bad {
		if len(src) < 4000 {
			f.Add([]byte(src), formatOf(name) == JSON)
		}
	}
	f.Add(read(f, "testdata/welcome.yaml"), false)
	f.Add(read(f, "testdata/everything.yaml"), false)
	f.Add([]byte("text: |\n\n  a\n b: >+\n  - ? |2\n"), false)
	f.Fuzz(func(t *testing.T, src []byte, asJSON bool) {
		format := YAML
		if asJSON {
			format = JSON
		}
		began := time.Now()
		d, problems := Parse(src, format)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		if (d == nil) == (len(problems) == 0) {
			t.Fatalf("definition %v with %d problems", d != nil, len(problems))
		}
		lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(src), "\ufeff")), "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+1 {
				t.Errorf("%s at %d:%d is outside the document", p.Code, p.Line, p.Column)
			}
		}
		if d != nil {
			complete(t, d)
		}
	})
}

// complete checks what a Definition without problems promises.
func complete(t interface {
	Helper()
	Errorf(string, ...any)
}, d *Definition,
) {
	t.Helper()
	seen := map[*Step]bool{}
	for _, s := range d.Order {
		seen[s] = true
	}
	for _, s := range d.Order {
		if s.ID == "" || d.Step(s.ID) != s {
			t.Errorf("step %q is not found by its id", s.ID)
		}
		if s.Next != nil && !seen[s.Next] {
			t.Errorf("after %q comes a step that is not in order", s.ID)
		}
		switch b := s.Body.(type) {
		case *Goto:
			if d.Step(b.To) == nil || s.Next != nil {
				t.Errorf("goto %q leads nowhere, or goes on as well", b.To)
			}
		case *Ask:
			if b.Timeout.Goto != "" && d.Step(b.Timeout.Goto) == nil {
				t.Errorf("timeout to %q leads nowhere", b.Timeout.Goto)
			}
			if b.SaveAs == "" || b.Timeout.After.IsZero() || b.Expires.IsZero() || len(b.Text) != len(d.Languages) {
				t.Errorf("ask %q is not complete: %+v", s.ID, b)
			}
		case *Send:
			if b.Expires.IsZero() || len(b.Text) != len(d.Languages) {
				t.Errorf("send %q is not complete: %+v", s.ID, b)
			}
		}
	}
}

// TestBoundedTime gives the parser what has cost parsers of YAML dearly.
func TestBoundedTime(t *testing.T) {
	for _, unit := range []string{
		"[", "{", "]", "- ", "-\n", "? ", ": ", "a: ", "a: b\n", "a:\n- ", "\"", "'", "\"\\n\" ", "|\n", ">\n\n", "*a ", "&a ", "!a ", "\t", "\n", "# x\n", "{a: b}, ", "- [a]\n",
		"- - x\n", "é: я\n", "a\n", "{{ x }} ", "a: {{ x }}\n", "\u2028", "\\", "%", "---\n", "<<: ", ",", "[]", "{}", "a: |\n  x\n", "a: \"x\n",
	} {
		began := time.Now()
		for _, format := range []Format{YAML, JSON} {
			Parse([]byte(strings.Repeat(unit, MaxBytes/len(unit))), format)
			Parse([]byte(head+"steps: [{send: {text: {en: '"+strings.Repeat(strings.ReplaceAll(unit, "'", ""), MaxBytes/len(unit)/2)+"'}}}]"), format)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%q: %v", unit, took)
		}
	}
	deep := &strings.Builder{}
	for i := range 1400 {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	if _, problems := Parse([]byte(deep.String()), YAML); len(problems) != 1 || problems[0].Code != "too_deep" {
		t.Errorf("deep mappings: %s", listed(problems))
	}
}
