package decide_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/decide/replay"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

var update = flag.Bool("update", false, "write the journals anew that are played here; those of the demo are recorded by cmd/kruzhok")

// played are the journals that are played here, each one life. They hold what no life of the demo comes to.
var played = []string{"welcome", "survey", "every-kind", "goals"}

func journalFile(name string) string { return filepath.Join("testdata", "journal", name+".json") }

// journals reads all that are kept, by file.
func journals(t *testing.T) map[string]*replay.Journal {
	files, err := filepath.Glob(journalFile("*"))
	if err != nil || len(files) < len(played)+3 {
		t.Fatalf("%d journals, %v", len(files), err)
	}
	all := map[string]*replay.Journal{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if all[file], err = replay.ReadJournal(b); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestJournals: what was decided once, in the demo or here, is decided today, byte for byte, or decide.Version is to be raised.
func TestJournals(t *testing.T) {
	if *update {
		for _, name := range played {
			if err := os.WriteFile(journalFile(name), written(t, recordJournal(t, name)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for file, j := range journals(t) {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := anew(t, j); !bytes.Equal(got, want) {
			t.Errorf("%s: %s", file, cmp.Diff(string(want), string(got)))
		}
	}
}

// anew is the journal as it is written after everything was decided once more.
func anew(t *testing.T, j *replay.Journal) []byte {
	t.Helper()
	now, err := j.Replay()
	if err != nil {
		t.Fatal(err)
	}
	return written(t, now)
}

func written(t *testing.T, j *replay.Journal) []byte {
	t.Helper()
	b, err := j.Write()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAnotherDecisionIsCaught: a journal in which a single decision is another one does not replay, whichever it is, and whether it ends elsewhere or has an
// effect less or more.
func TestAnotherDecisionIsCaught(t *testing.T) {
	for file, j := range journals(t) {
		versions := map[int]*definition.Definition{}
		for n, src := range j.Versions {
			versions[n] = define(t, src)
		}
		for _, l := range j.Lives {
			for n, d := range l.Decisions {
				was := versions[1] // the journals' moves all come from there
				if err := d.Same(versions[d.Version], was); err != nil {
					t.Fatalf("%s: decision %d: %v", file, n, err)
				}
				elsewhere, less, more := d, d, d
				elsewhere.After.Visit++
				less.Effects = slices.Clone(d.Effects[min(1, len(d.Effects)):])
				more.Effects = append(slices.Clone(d.Effects), replay.Named{Kind: "CloseQuestion", Value: json.RawMessage(`{}`)})
				for what, other := range map[string]replay.Decision{"ends elsewhere": elsewhere, "has an effect less": less, "has an effect more": more} {
					if err := other.Same(versions[d.Version], was); err == nil && len(other.Effects)+other.After.Visit != len(d.Effects)+d.After.Visit {
						t.Errorf("%s: decision %d %s, and nobody sees it", file, n, what)
					}
				}
			}
		}
	}
}

// TestAnotherCampaignIsCaught: a journal whose campaign waits for other times does not replay.
func TestAnotherCampaignIsCaught(t *testing.T) {
	waits := regexp.MustCompile(`((?:after|wait): )(\d+)`)
	for file, j := range journals(t) {
		right, sources := anew(t, j), maps.Clone(j.Versions)
		for n, src := range sources {
			j.Versions[n] = waits.ReplaceAllString(src, "${1}1$2")
		}
		other, err := j.Replay()
		if err != nil {
			t.Fatal(err)
		}
		other.Versions = sources
		if bytes.Equal(written(t, other), right) && waits.MatchString(sources[1]) {
			t.Errorf("%s: other times decide nothing", file)
		}
	}
}

// TestEveryKindIsInAJournal: of each input that decide takes and each effect that it has, by its sources, some journal has one.
func TestEveryKindIsInAJournal(t *testing.T) {
	met := map[string]bool{}
	for _, j := range journals(t) {
		for _, l := range j.Lives {
			for _, d := range l.Decisions {
				met["input "+d.Input.Kind] = true
				for _, effect := range d.Effects {
					met["effect "+effect.Kind] = true
				}
			}
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
		for _, m := range regexp.MustCompile(`(?m)^func \(\*(\w+)\) (input|effect)\(\)`).FindAllStringSubmatch(string(b), -1) {
			if kinds++; !met[m[2]+" "+m[1]] || m[2] == "input" && replay.Inputs[m[1]] == nil {
				t.Errorf("%s %s is in no journal, or cannot be read from one", m[2], m[1])
			}
		}
	}
	if kinds < 24 {
		t.Errorf("only %d kinds were found", kinds)
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

// goals is a campaign whose goal is counted, with what reaches beyond the member: the staff, another campaign, another system.
const goals = `
key: test
kind: survey
name: Test
topic: news
languages: [en]
channels: [telegram, email]
entry: {manual: true}
exit: [{event: lesson.canceled}]
goal: {event: lesson.booked, data: {kind: group}, within: 14d, then: count}
holdout: 10
steps:
  - {id: tell, notify: {text: {en: Look}}}
  - {id: more, enroll: other}
  - {id: level, call: {endpoint: placement, timeout: 10m}}
  - {id: b, send: {text: {en: B}}}
`

// lived is one life: who it is, as facts say, and what happens to them.
type lived struct {
	heldOut bool
	inputs  []decide.Input
}

// scriptOf is what a journal plays: a document, the one that a move leads to, and lives.
func scriptOf(t *testing.T, file string) (doc, later string, lives []lived) {
	switch file {
	case "welcome":
		src, err := os.ReadFile("testdata/welcome.yaml")
		if err != nil {
			t.Fatal(err)
		}
		return string(src), "", []lived{{inputs: []decide.Input{
			&decide.Start{}, sent("hello", 1, campaigns.Telegram), sent("level", 1, campaigns.Telegram), &decide.Due{},
			pressed("level", 1, campaigns.Telegram, "a1"), &decide.Due{}, sent("by-level.2.1", 1, campaigns.Telegram),
		}}}
	case "every-kind":
		return everyKind, strings.Replace(everyKind, "{id: rest, wait: 1d}", "{id: rest, wait: 2d}", 1), []lived{{inputs: livesOfEveryKind(t)}}
	case "goals":
		return goals, "", []lived{
			{heldOut: true, inputs: []decide.Input{&decide.Start{}, booked, &decide.Due{}}},
			{inputs: []decide.Input{&decide.Start{}, booked, &decide.Happened{Event: "lesson.canceled"}, booked}},
		}
	}
	return head + survey, "", []lived{{inputs: []decide.Input{
		&decide.Start{}, sent("level", 1, campaigns.Telegram), pressed("level", 1, campaigns.Telegram, "zz"),
		pressed("level", 1, campaigns.Telegram, "a1"), failed("nps", 1, campaigns.Telegram, campaigns.Failed, campaigns.Blocked),
		sent("nps", 1, campaigns.Email), &decide.ZoneChanged{}, pressed("nps", 1, campaigns.Page, "9"),
		sent("easy", 1, campaigns.Telegram), pressed("level", 1, campaigns.Telegram, "b1"),
		failed("bye", 1, campaigns.Telegram, campaigns.Expired, campaigns.TooLate), pressed("nps", 1, campaigns.Page, "2"),
	}}}
}

// recordJournal plays lives from beginning to end.
func recordJournal(t *testing.T, file string) *replay.Journal {
	doc, later, lives := scriptOf(t, file)
	j := &replay.Journal{Decider: decide.Version, Versions: map[int]string{1: doc}}
	if later != "" {
		j.Versions[2] = later
	}
	for n, l := range lives {
		s := play(t, doc)
		s.f.HeldOut = l.heldOut
		s.e.Entered = s.now
		life := replay.Life{Passage: fmt.Sprintf("%s-%d", file, n+1)}
		version := 1
		for _, in := range l.inputs {
			s.now = s.now.Add(time.Minute)
			if _, ok := in.(*decide.Due); ok {
				s.now = *s.e.Due
			}
			stamp(in, s.now)
			if moved, ok := in.(*decide.Moved); ok {
				moved.Was, s.d, version = s.d, define(t, later), moved.To
			}
			life.Decisions = append(life.Decisions, s.recorded(version, in))
		}
		j.Lives = append(j.Lives, life)
	}
	return j
}

// recorded decides, and takes it down.
func (s *script) recorded(version int, in decide.Input) replay.Decision {
	s.t.Helper()
	asked, err := replay.Write(replay.Asked{Version: version, Enrollment: s.e, Facts: s.f, Input: in, Now: s.now})
	if err != nil {
		s.t.Fatal(err)
	}
	effects := s.decide(in)
	d, err := asked.Answered(s.e, effects)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}
