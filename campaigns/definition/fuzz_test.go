package definition

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/internal/race"
)

// FuzzParse: no panic, no input that takes long, no problem outside the document, and never a definition together with problems.
func FuzzParse(f *testing.F) {
	for name, src := range bad {
		if len(src) < 4000 {
			f.Add([]byte(src), formatOf(name) == JSON)
		}
	}
	for _, src := range bombs() {
		f.Add([]byte(src[:min(len(src), 4000)]), false)
	}
	for _, text := range badTexts {
		f.Add([]byte(withText(text[:min(len(text), 1000)])), false)
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
		if tree := ReadTree(src, format); d != nil && (tree == nil || tree.Get("key").Text != string(d.Key)) {
			t.Error("the definition has no tree, or another key")
		}
		if (d == nil) == (len(problems) == 0) {
			t.Fatalf("definition %v with %d problems", d != nil, len(problems))
		}
		inside(t, src, problems)
		if d != nil {
			complete(t, d)
		}
	})
}

// FuzzParseSegment: as FuzzParse, for the document of a segment.
func FuzzParseSegment(f *testing.F) {
	for _, who := range []string{"all", "{tag: x}", "{all: [{segment: b}, {not: {completed: welcome}}]}", "{attribute: level, is: а1}", "{last_event: a.b, older_than: 30d}", "[", "{tag:x}"} {
		f.Add([]byte("key: a\nname: {ru: Новички, en: Novices}\nwho: "+who+"\n"), false)
	}
	f.Add([]byte(`{"key": "a", "name": "A", "who": {"any": [{"tag": "x"}]}}`), true)
	f.Fuzz(func(t *testing.T, src []byte, asJSON bool) {
		format := YAML
		if asJSON {
			format = JSON
		}
		s, problems := ParseSegment(src, format)
		if (s == nil) == (len(problems) == 0) {
			t.Fatalf("segment %v with %d problems", s != nil, len(problems))
		}
		inside(t, src, problems)
		if s == nil {
			return
		}
		if !IsSegment(src, format) || s.Key == "" || s.Name == "" || !s.Who.Everyone && s.Who.Subject == "" && s.Who.All == nil && s.Who.Any == nil && s.Who.Not == nil {
			t.Errorf("the segment is not complete: %+v", s)
		}
		if stored, problems := ParseStoredSegment(src, format); stored == nil {
			t.Errorf("a saved segment is refused: %s", listed(problems))
		}
	})
}

// inside reports problems that lie outside the document.
func inside(t *testing.T, src []byte, problems []Problem) {
	t.Helper()
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(src), "\ufeff")), "\n")
	for _, p := range problems {
		if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+1 {
			t.Errorf("%s at %d:%d is outside the document", p.Code, p.Line, p.Column)
		}
	}
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

// costly are pieces of documents that have cost parsers of YAML dearly, when there are many of them.
var costly = []string{
	"[", "{", "]", "- ", "-\n", "? ", ": ", "a: ", "a: b\n", "a:\n- ", "\"", "'", "\"\\n\" ", "|\n", ">\n\n", "*a ", "&a ", "!a ", "\t", "\n", "# x\n", "{a: b}, ", "- [a]\n",
	"- - x\n", "é: я\n", "a\n", "{{ x }} ", "a: {{ x }}\n", "\u2028", "\\", "%", "---\n", "<<: ", ",", "[]", "{}", "a: |\n  x\n", "a: \"x\n",
}

// bombs are documents that say little and mean much.
func bombs() map[string]string {
	laughs := &strings.Builder{} // a billion, by aliases
	laughs.WriteString("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := range 12 {
		fmt.Fprintf(laughs, "a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9))
	}
	merges := &strings.Builder{}
	merges.WriteString("a0: &a0 {k: v}\n")
	for i := range 24 {
		fmt.Fprintf(merges, "a%d: &a%d {<<: [*a%d, *a%d]}\n", i+1, i+1, i, i)
	}
	steps := strings.Replace(head, "[en, ru]", "[en]", 1) + "steps:\n"
	variables := "'" + strings.Repeat("{{ nobody.knows }}", 1700) + "'" // just below what one text may hold
	return map[string]string{
		"a billion laughs":       laughs.String(),
		"merges":                 merges.String(),
		"itself":                 "a: &a [*a, *a]\n",
		"branches in texts":      steps + strings.Repeat("  - send: {text: {en: '"+strings.Repeat("{% if points %}a{% endif %}", 60)+"'}}\n", 600),
		"unknown variables":      steps + strings.Repeat("  - send: {text: {en: "+variables+"}}\n", 30),
		"unknown keys":           steps + strings.Repeat("  - {sned: 1, wiat: 2}\n", 20_000),
		"gotos in a circle":      steps + circle(990),
		"conditions":             steps + "  - branch:\n      - if: " + strings.Repeat("{not: ", 40) + "{tag: x}" + strings.Repeat("}", 40) + "\n        steps: []\n",
		"one long word":          steps + "  - send: {text: {en: " + strings.Repeat("a", MaxBytes/2) + "}}\n",
		"a long key":             strings.Repeat("k", MaxBytes/2) + ": 1\n",
		"many near words":        head + nearWords(),
		"as many keys":           head + manyKeys(24_000),
		"too many keys":          head + manyKeys(100_000),
		"gotos to nowhere":       steps + strings.Repeat("  - goto: nowhere-at-all-in-this-campaign\n", 990),
		"unknown answers":        steps + questions(400) + "  - branch:\n" + strings.Repeat("      - {if: {answer: answer-to-something, is: x}, steps: []}\n", 4000),
		"fragments in fragments": nestedFragments(30),
		"large fragments":        strings.Replace(head, "[en, ru]", "[en]", 1) + "fragments:\n  f: [{send: {text: {en: " + variables + "}}}]\nsteps:\n" + manyUses(900),
		"fragments of nothing":   fragmentsOfNothing(40),
		"fragments in a chain":   chainedFragments(1000),
		"fragments used again":   fragmentsUsedAgain(),
		"unknown options":        steps + questions(1) + "  - branch:\n" + strings.Repeat("      - {if: {answer: answer-to-question-0, is: x}, steps: []}\n", 6000),
	}
}

// circle is steps that each lead back to the first.
func circle(n int) string {
	b := &strings.Builder{}
	for i := range n {
		fmt.Fprintf(b, "  - {id: s%d, branch: [{if: {tag: x}, steps: [{goto: s0}]}]}\n", i)
	}
	return b.String()
}

func manyKeys(n int) string {
	b := &strings.Builder{}
	for i := range n {
		fmt.Fprintf(b, "k%d:\n", i)
	}
	return b.String()
}

func questions(n int) string {
	b := &strings.Builder{}
	for i := range n {
		fmt.Fprintf(b, "  - ask: {type: choice, save_as: answer-to-question-%d, text: {en: a}, options: [{value: a, text: {en: a}}, {value: b, text: {en: b}}]}\n", i)
	}
	return b.String()
}

// nestedFragments each use the one before twice: written out there would be two to the power of n.
func nestedFragments(n int) string {
	b := &strings.Builder{}
	b.WriteString(head + "fragments:\n  f0: [{wait: 1d}]\n")
	for i := range n {
		fmt.Fprintf(b, "  f%d: [{id: a, use: f%d}, {id: b, use: f%d}]\n", i+1, i, i)
	}
	fmt.Fprintf(b, "steps: [{use: f%d}]\n", n)
	return b.String()
}

// manyUses are steps that use the fragment f.
func manyUses(n int) string {
	b := &strings.Builder{}
	for i := range n {
		fmt.Fprintf(b, "  - {id: u%d, use: f}\n", i)
	}
	return b.String()
}

// fragmentsOfNothing put in uses alone, twice as many with each.
func fragmentsOfNothing(n int) string {
	return strings.Replace(nestedFragments(n), "f0: [{wait: 1d}]", "f0: []", 1)
}

// chainedFragments each use the one before; a use of the last puts in a single step.
func chainedFragments(n int) string {
	b := &strings.Builder{}
	b.WriteString(head + "fragments:\n  f0: [{wait: 1d}]\n")
	for i := range n {
		fmt.Fprintf(b, "  f%d: [{id: a, use: f%d}]\n", i+1, i)
	}
	b.WriteString("steps:\n")
	for i := range 900 {
		fmt.Fprintf(b, "  - {id: u%d, use: f%d}\n", i, n)
	}
	return b.String()
}

// fragmentsUsedAgain use one many times under one id.
func fragmentsUsedAgain() string {
	return head + "fragments:\n  g: [{wait: 1d}]\n  f:\n" + strings.Repeat("    - {use: g}\n", 9000) + "steps:\n" + manyUses(900)
}

// longIDs are fragments of which only the third makes ids that are too long.
func longIDs() string {
	b := &strings.Builder{}
	for i, inner := range []string{"f", "g0", "g1", "g2"} {
		fmt.Fprintf(b, "  g%d: [{id: %s, use: %s}]\n", i, strings.Repeat("a", 50), inner)
	}
	return b.String()
}

// nearWords are keys of which each is compared with every known one.
func nearWords() string {
	b := &strings.Builder{}
	for i := range 10_000 {
		fmt.Fprintf(b, "quiet_hour%d: 1\n", i)
	}
	return b.String()
}

// maxHeld is what reading one document may hold at once, and maxAllocated what it may allocate in all: the parser of YAML copies a mapping for each of its keys.
const (
	maxHeld      = 400 << 20
	maxAllocated = 3 << 30
)

// parsedWithin parses and reports what took too much time or memory.
func parsedWithin(t *testing.T, name, src string, format Format) {
	t.Helper()
	most := MaxBytes
	if race.Enabled { // it looks for another thing, and the parser of YAML is quadratic
		most /= 64
	}
	src = src[:min(len(src), most)]
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	held := peak(func() {
		if took := timed(src, format); took > time.Minute { // a machine that is shared may stand still for a while
			t.Errorf("%q: %v", name, took)
		}
	})
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if held > before.HeapAlloc+maxHeld || allocated > maxAllocated {
		t.Errorf("%q: holds %d MiB, allocates %d MiB", name, (held-before.HeapAlloc)>>20, allocated>>20)
	}
}

func timed(src string, format Format) time.Duration {
	began := time.Now()
	Parse([]byte(src), format)
	return time.Since(began)
}

// peak is about the most that the heap held while f ran, garbage that waits for its collection included.
func peak(f func()) (most uint64) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	for {
		select {
		case <-done:
			return most
		case <-time.After(5 * time.Millisecond):
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
}

// TestBoundedCost: whatever a document of the largest size holds, reading it ends soon and takes bounded memory.
func TestBoundedCost(t *testing.T) {
	for _, format := range []Format{YAML, JSON} {
		for _, unit := range costly {
			parsedWithin(t, unit, strings.Repeat(unit, MaxBytes/len(unit)), format)
			parsedWithin(t, "a text of "+unit, head+"steps: [{send: {text: {en: '"+strings.Repeat(strings.ReplaceAll(unit, "'", ""), MaxBytes/len(unit)/2)+"'}}}]", format)
		}
		for name, src := range bombs() {
			parsedWithin(t, name, src, format)
		}
	}
}

func TestDeepMappings(t *testing.T) {
	deep := &strings.Builder{}
	for i := range 1400 {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	if _, problems := Parse([]byte(deep.String()), YAML); len(problems) != 1 || problems[0].Code != "too_deep" {
		t.Errorf("deep mappings: %s", listed(problems))
	}
}
