package simulation

import (
	"errors"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

const callSteps = `  - {id: level, call: {endpoint: placement, failed: without}}
  - {id: told, send: {text: {en: "Your course: {{ call.level.course }}."}}}
  - end: true
  - {id: without, send: {text: {en: We shall write to you.}}}
`

// TestCallsAreAssumed: nobody is called; what is assumed is answered at once, and said.
func TestCallsAreAssumed(t *testing.T) {
	for note, tt := range map[string]struct {
		assumed map[string]any
		reads   string
	}{
		"level is answered with nothing": {nil, "Your course: ."},
		"level is answered as you said":  {map[string]any{"level": map[string]any{"course": "B1"}}, "Your course: B1."},
		"level fails":                    {map[string]any{"level": "fails"}, "We shall write to you."},
	} {
		r := run(t, Plan{Campaigns: []engine.Draft{written("", callSteps)}, Invented: 1, Days: 2, Calls: tt.assumed})
		var read []string
		for _, x := range r.Stories[0].Items {
			if x.Kind == ItemMessage {
				read = append(read, x.Text)
			}
		}
		if len(read) != 1 || read[0] != tt.reads || r.Campaigns[0].Completed != 1 || r.Campaigns[0].Steps[0].Does != "call" || r.Campaigns[0].Steps[0].Entered != 1 {
			t.Errorf("%s: %q, %+v", note, read, r.Campaigns[0])
		}
		if !strings.Contains(strings.Join(r.Notes, "\n"), note) {
			t.Errorf("%q lacks %q", r.Notes, note)
		}
	}
}

// TestTheDaysTellOfCalls: what came of a call stands in the member's days in the words of the timeline, before what followed from it.
func TestTheDaysTellOfCalls(t *testing.T) {
	const steps = "  - {id: first, send: {text: {en: Hello.}}}\n" + callSteps
	for lang, says := range map[string][2]string{
		"en": {"The step “level” asked the other system “placement”, which answered.", "The step “level” got no usable answer from the other system “placement”. "},
		"ru": {"Шаг «level» обратился к другой системе «placement», и она ответила.", "Шаг «level» не получил от другой системы «placement» ответа, который можно использовать. "},
	} {
		for i, assumed := range []any{map[string]any{"course": "B1"}, "fails"} {
			r := run(t, Plan{Campaigns: []engine.Draft{written("", steps)}, Invented: 3, Days: 2, Lang: lang, Calls: map[string]any{"level": assumed}})
			then := []string{"called level message told ended step-4", "called level call_refused message without ended without"}[i]
			for n := range r.Stories {
				var told []string
				for _, it := range r.Stories[n].Items {
					told = append(told, strings.Fields(strings.Join([]string{string(it.Kind), string(it.Step), it.Reason}, " "))...)
					if it.Kind == ItemCalled && (!strings.HasPrefix(it.What, says[i]) || it.Local == "" || i == 1 && len(it.What) == len(says[i])) {
						t.Errorf("%s: %+v", lang, it)
					}
				}
				if got, want := strings.Join(told, " "), "entered message first "+then; got != want {
					t.Errorf("%s: %s, want %s", lang, got, want)
				}
			}
		}
	}
}

func TestAssumptionsAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		says any
		code string
	}{
		"levl":  {map[string]any{}, "assumed_call"},
		"level": {"b1", "assumed_call_form"},
		"told":  {"fails", "assumed_call"},
	} {
		_, err := Run(t.Context(), Plan{Campaigns: []engine.Draft{written("", callSteps)}, Start: start, Dir: t.TempDir(), Calls: map[string]any{name: tt.says}})
		var f *fault.Error
		if !errors.As(err, &f) || len(f.Details) != 1 || f.Details[0].Code != tt.code || f.Details[0].Path != "calls."+name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
