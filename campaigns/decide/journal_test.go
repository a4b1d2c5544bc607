package decide_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

var update = flag.Bool("update", false, "write the journals anew")

// journal is one enrollment's life as recorded: replayed, it must give the same bytes, or decide.Version is to be raised.
type journal struct {
	Definition string     `json:"definition"`
	Was        string     `json:"was,omitempty"` // the version that it was in until it was moved
	Entries    []*decided `json:"entries"`
}

type decided struct {
	Now        time.Time `json:"now"`
	Facts      facts     `json:"facts"`
	Input      named     `json:"input"`
	Enrollment standing  `json:"enrollment"`
	Effects    []named   `json:"effects"`
}

// facts writes the zone by its name.
type facts struct {
	decide.Facts
	Zone string
}

// standing is an enrollment as a row holds it: its columns, and its own record.
type standing struct {
	State  campaigns.EnrollmentState `json:"state"`
	Reason campaigns.Reason          `json:"reason,omitempty"`
	Step   campaigns.StepID          `json:"step"`
	Visit  int                       `json:"visit"`
	Due    *time.Time                `json:"due,omitempty"`
	Wait   campaigns.WaitKind        `json:"wait,omitempty"`
	Data   decide.Enrollment         `json:"data"`
}

func row(e decide.Enrollment) standing {
	return standing{e.State, e.Reason, e.Step, e.Visit, e.Due, e.Wait, e}
}

func (s standing) enrollment() decide.Enrollment {
	e := s.Data
	e.State, e.Reason, e.Step, e.Visit, e.Due, e.Wait = s.State, s.Reason, s.Step, s.Visit, s.Due, s.Wait
	return e
}

// named is an input or an effect with the name of its type.
type named struct {
	Kind  string          `json:"kind"`
	Value json.RawMessage `json:"value"`
}

func name(t testing.TB, v any) named {
	return named{reflect.TypeOf(v).Elem().Name(), compact(t, v)}
}

func names(t testing.TB, effects []decide.Effect) []named {
	list := []named{}
	for _, e := range effects {
		list = append(list, name(t, e))
	}
	return list
}

// inputs are all kinds of them, by name.
func inputs() map[string]decide.Input {
	return map[string]decide.Input{
		"Start": &decide.Start{}, "Due": &decide.Due{}, "Delivered": &decide.Delivered{}, "Answered": &decide.Answered{}, "Called": &decide.Called{},
		"Happened": &decide.Happened{}, "Left": &decide.Left{}, "ZoneChanged": &decide.ZoneChanged{}, "Begun": &decide.Begun{}, "Moved": &decide.Moved{},
	}
}

func (n named) input(t testing.TB) decide.Input {
	t.Helper()
	in, ok := inputs()[n.Kind]
	if !ok {
		t.Fatalf("no input is called %q", n.Kind)
	}
	if err := json.Unmarshal(n.Value, in); err != nil {
		t.Fatal(err)
	}
	return in
}

func compact(t testing.TB, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func indented(t testing.TB, v any) []byte {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// journals are the lives that are kept.
var journals = []string{"welcome", "survey", "every-kind"}

// TestEveryKindIsInAJournal: of each input that decide takes, by its sources, some journal has one.
func TestEveryKindIsInAJournal(t *testing.T) {
	met := map[string]bool{}
	for _, file := range journals {
		var j journal
		b, err := os.ReadFile(fmt.Sprintf("testdata/journal/%s.json", file))
		if err == nil {
			err = json.Unmarshal(b, &j)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range j.Entries {
			met[x.Input.Kind] = true
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for _, file := range sources {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func \(\*(\w+)\) input\(\)`).FindAllSubmatch(b, -1) {
			if kinds++; !met[string(m[1])] || inputs()[string(m[1])] == nil {
				t.Errorf("%s is in no journal, or cannot be read from one", m[1])
			}
		}
	}
	if kinds < 10 {
		t.Errorf("only %d kinds were found", kinds)
	}
}

func TestJournals(t *testing.T) {
	for _, file := range journals {
		t.Run(file, func(t *testing.T) {
			path := fmt.Sprintf("testdata/journal/%s.json", file)
			if *update {
				if err := os.WriteFile(path, indented(t, recordJournal(t, file)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var j journal
			if err := json.Unmarshal(want, &j); err != nil {
				t.Fatal(err)
			}
			replay(t, &j)
			if got := indented(t, j); !bytes.Equal(got, want) {
				t.Error(cmp.Diff(string(want), string(got)))
			}
		})
	}
}

// replay decides every entry anew, from the enrollment as it was stored by the one before.
func replay(t *testing.T, j *journal) {
	d := define(t, j.Definition)
	was := d
	if j.Was != "" {
		was = define(t, j.Was)
	}
	now := was // until it is moved
	e := decide.Enrollment{State: campaigns.EnrollmentActive}
	for _, x := range j.Entries {
		f := x.Facts.Facts
		f.Zone = zone(t, x.Facts.Zone)
		in := x.Input.input(t)
		if moved, ok := in.(*decide.Moved); ok {
			moved.Was, now = was, d
		}
		next, effects := decide.Decide(now, e, f, in, x.Now)
		x.Enrollment, x.Effects = row(next), names(t, effects)
		if err := json.Unmarshal(compact(t, row(next)), &x.Enrollment); err != nil {
			t.Fatal(err)
		}
		e = x.Enrollment.enrollment()
	}
}

// everyKind is a campaign in which each kind of input means something.
const everyKind = head + `
  - {id: level, call: {endpoint: placement, timeout: 10m}}
  - {id: topics, ask: {type: choices, text: {en: Which?}, options: [{value: a, text: {en: A}}, {value: b, text: {en: B}}], timeout: {after: 1d}}}
  - {id: lesson, wait: {event: lesson.done, timeout: {after: 3d}}}
  - {id: rest, wait: 1d}
  - {id: hint, send: {text: {en: A hint}}}
  - {id: last, ask: {type: nps, text: {en: How likely?}, timeout: {after: 1d}}}
`

// livesOfEveryKind is one life, up to the day on which the member is taken out.
func livesOfEveryKind(t *testing.T) []decide.Input {
	d := define(t, everyKind)
	same := map[campaigns.StepID]campaigns.StepID{}
	for _, s := range d.Order {
		same[s.ID] = s.ID
	}
	return []decide.Input{
		&decide.Start{}, &decide.Called{Step: "level", Visit: 1, Answer: map[string]any{"course": "b1"}}, sent("topics", 1, campaigns.Telegram), &decide.Begun{Step: "topics", Visit: 1},
		pressed("topics", 1, campaigns.Telegram, "a"), &decide.Happened{Event: "other"}, &decide.Happened{Event: "lesson.done"}, &decide.ZoneChanged{},
		&decide.Moved{From: 1, To: 2, Same: same}, &decide.Due{}, failed("hint", 1, campaigns.Telegram, campaigns.Failed, campaigns.MediaMissing), sent("last", 1, campaigns.Telegram),
		&decide.Left{Reason: campaigns.ExitWithdrawn}, pressed("last", 1, campaigns.Telegram, "9"),
	}
}

// recordJournal plays a life from beginning to end.
func recordJournal(t *testing.T, file string) *journal {
	doc, later := head+survey, ""
	inputs := []decide.Input{
		&decide.Start{}, sent("level", 1, campaigns.Telegram), pressed("level", 1, campaigns.Telegram, "zz"),
		pressed("level", 1, campaigns.Telegram, "a1"), failed("nps", 1, campaigns.Telegram, campaigns.Failed, campaigns.Blocked),
		sent("nps", 1, campaigns.Email), &decide.ZoneChanged{}, pressed("nps", 1, campaigns.Page, "9"),
		sent("easy", 1, campaigns.Telegram), pressed("level", 1, campaigns.Telegram, "b1"),
		failed("bye", 1, campaigns.Telegram, campaigns.Expired, campaigns.TooLate), pressed("nps", 1, campaigns.Page, "2"),
	}
	if file == "welcome" {
		src, err := os.ReadFile("testdata/welcome.yaml")
		if err != nil {
			t.Fatal(err)
		}
		doc = string(src)
		inputs = []decide.Input{
			&decide.Start{}, sent("hello", 1, campaigns.Telegram), sent("level", 1, campaigns.Telegram), &decide.Due{},
			pressed("level", 1, campaigns.Telegram, "a1"), &decide.Due{}, sent("by-level.2.1", 1, campaigns.Telegram),
		}
	}
	if file == "every-kind" {
		doc, later, inputs = everyKind, strings.Replace(everyKind, "{id: rest, wait: 1d}", "{id: rest, wait: 2d}", 1), livesOfEveryKind(t)
	}
	s := play(t, doc)
	j := &journal{Definition: doc}
	if later != "" {
		j.Definition, j.Was = later, doc
	}
	for _, in := range inputs {
		s.now = s.now.Add(time.Minute)
		if _, ok := in.(*decide.Due); ok {
			s.now = *s.e.Due
		}
		stamp(in, s.now)
		if moved, ok := in.(*decide.Moved); ok {
			s.d = define(t, later)
			moved.Was = define(t, doc)
		}
		before := s.e
		effects := s.decide(in)
		if diff := cmp.Diff(before, s.e); diff == "" && len(effects) == 0 {
			t.Logf("%T changes nothing", in)
		}
		j.Entries = append(j.Entries, &decided{s.now, facts{s.f, s.f.Zone.String()}, name(t, in), row(s.e), names(t, effects)})
	}
	return j
}
