package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/decide/replay"
	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/templates/starters"
)

var record = flag.Bool("record", false, "write the journals of the demo anew (campaigns/decide/testdata/journal/demo-*.json)")

// Bounds of a journal of the demo.
const (
	recordLives = 8     // a campaign
	recordBytes = 290e3 // a file
)

// recorded are the campaigns that the demo plays.
var recorded = []campaigns.Key{"first-week", "fourteen-days", "how-are-we"}

// stretch is how much of the sample community's life is played: the first of these people have Telegram alone, the next both, the last mail alone.
type stretch struct {
	people []int
	days   int
}

var (
	week  = stretch{[]int{0, 11, 16}, 9}
	whole = stretch{[]int{0, 1, 2, 3, 10, 11, 12, 13, 16, 17, 18, 19}, 26} // until the challenge is over that begins on the seventh day
)

func (x stretch) cast() (people []*demo.Person) {
	all := demo.People(20)
	for _, i := range x.people {
		people = append(people, all[i])
	}
	return people
}

// recorder keeps what the demo decides.
type recorder struct {
	mu  sync.Mutex
	all map[campaigns.EnrollmentID][]engine.Decided
}

func (r *recorder) take(d engine.Decided) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[d.Enrollment] = append(r.all[d.Enrollment], d)
}

// passages are the campaign's, each in the order in which its decisions were made.
func (r *recorder) passages(key campaigns.Key) (out [][]engine.Decided) {
	for _, id := range slices.Sorted(maps.Keys(r.all)) {
		if ds := r.all[id]; ds[0].Campaign == key {
			slices.SortStableFunc(ds, func(a, b engine.Decided) int { return cmp.Compare(a.Rev, b.Rev) })
			out = append(out, ds)
		}
	}
	return out
}

// TestTheDemoReplays: the sample community lives for some weeks, and every decision that was made comes out the same from what was recorded of it. With
// -record, the passages that together hold every kind of thing become the journals that campaigns/decide replays.
func TestTheDemoReplays(t *testing.T) {
	rec, play := &recorder{all: map[campaigns.EnrollmentID][]engine.Decided{}}, week
	if *record {
		play = whole
	}
	sources := playRecorded(t, rec, play)
	for _, key := range recorded {
		passages := rec.passages(key)
		if len(passages) == 0 && play.days > 13 || key == "first-week" && len(passages) < len(play.people) {
			t.Errorf("%s: only %d passages were recorded", key, len(passages))
		}
		for _, ds := range passages {
			for _, d := range ds {
				if err := d.Same(d.Definition, d.Was); err != nil {
					t.Errorf("%s: %v", key, err)
				}
			}
		}
		if *record {
			writeJournal(t, key, sources[key], passages)
		}
	}
}

// playRecorded plays, and returns the documents of the campaigns, by version.
func playRecorded(t *testing.T, rec *recorder, play stretch) map[campaigns.Key]map[int]string {
	s := &stagehand{
		cmd: &demoCmd{Members: len(play.people), Listen: anyPort}, env: &env{ctx: t.Context(), stdout: t.Output(), stderr: t.Output()}, out: t.Output(),
		shared: sharedWriter{to: t.Output()}, record: rec.take,
	}
	defer func() {
		if err := s.tearDown(); err != nil {
			t.Error(err)
		}
	}()
	if err := s.build(); err != nil {
		t.Fatal(err)
	}
	crowd, err := demo.NewCrowd(s.stage.Bot, s.stage.Mail, s.clock, s.stage.API.Base, play.cast())
	if err != nil {
		t.Fatal(err)
	}
	s.lead.Failed = func(err error) { t.Error(err) }
	s.lead.Begin(s.stage, crowd, s.drive)
	if err := s.lead.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	begin := s.clock.Now()
	s.plan(begin, crowd)
	if err := s.lead.PlayPast(t.Context(), begin.Add(time.Duration(play.days)*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	return versionsOf(t, s)
}

// plan adds what the sample community does not do by itself: wrong answers, a journey, leaving, a pause, a new version that takes along who is inside.
func (s *stagehand) plan(begin time.Time, crowd *demo.Crowd) {
	const day = 24 * time.Hour
	at := func(after time.Duration, who int, do func(context.Context, *demo.Person) error) {
		if p := crowd.People[who%len(crowd.People)]; who < len(crowd.People) {
			crowd.At(begin.Add(after), p.ID, func(ctx context.Context) error { return do(ctx, p) })
		}
	}
	for i := range 60 { // now and then these words meet an open question
		at(time.Duration(i)*5*time.Hour+time.Minute, 0, func(_ context.Context, p *demo.Person) error {
			_, err := s.bot.Say(p.Chat, strings.Repeat("Too long to be an answer. ", 30))
			return err
		})
	}
	at(2*day, 1, s.travels)
	at(3*day, 2, s.pauses("first-week"))
	at(3*day+7*time.Hour, 2, s.resumes("first-week"))
	at(4*day, 0, s.publishes("first-week", "timeout: {after: 2d}", "timeout: {after: 3d}"))
	at(5*day, 3, s.leaves("member.left"))
	at(9*day, 6, func(_ context.Context, p *demo.Person) error { s.bot.Block(p.Chat); return nil })
	at(10*day, 1, s.leaves("challenge.left"))
	at(10*day+time.Hour, 0, s.pauses("fourteen-days"))
	at(11*day, 0, s.resumes("fourteen-days"))
	at(12*day, 0, s.publishes("fourteen-days", "timeout: {after: 9h, goto: evening}", "timeout: {after: 8h, goto: evening}"))
	at(13*day+time.Hour, 5, func(_ context.Context, p *demo.Person) error {
		_, err := s.bot.Say(p.Chat, "/stop")
		return err
	})
	at(14*day, 0, s.publishes("how-are-we", "timeout: {after: 3d}", "timeout: {after: 4d}"))
	at(14*day, 2, s.travels)
}

// travels lets somebody come to another zone.
func (s *stagehand) travels(ctx context.Context, p *demo.Person) error {
	return s.stage.API.Do(ctx, "PATCH", "/v1/members/"+p.ID, map[string]any{"time_zone": "America/Los_Angeles"}, nil)
}

func (s *stagehand) leaves(event string) func(context.Context, *demo.Person) error {
	return func(ctx context.Context, p *demo.Person) error {
		return s.stage.API.Do(ctx, "POST", "/v1/events", map[string]any{"id": event + p.ID, "event": event, "member": p.ID, "at": s.clock.Now().UTC().Format(time.RFC3339)}, nil)
	}
}

func (s *stagehand) pauses(key campaigns.Key) func(context.Context, *demo.Person) error {
	return func(ctx context.Context, _ *demo.Person) error {
		_, err := s.app.engine.Pause(ctx, engine.Operator, key)
		return err
	}
}

func (s *stagehand) resumes(key campaigns.Key) func(context.Context, *demo.Person) error {
	return func(ctx context.Context, _ *demo.Person) error {
		_, err := s.app.engine.Resume(ctx, engine.Operator, key)
		return err
	}
}

// publishes publishes the campaign once more with a small change, and takes those inside along.
func (s *stagehand) publishes(key campaigns.Key, old, fresh string) func(context.Context, *demo.Person) error {
	return func(ctx context.Context, _ *demo.Person) error {
		src, _ := starters.Source(string(key))
		if !strings.Contains(src, old) {
			return fmt.Errorf("%s has no %q", key, old)
		}
		if err := s.stage.API.Do(ctx, "PUT", "/v1/campaigns/"+string(key)+"/draft", []byte(strings.Replace(src, old, fresh, 1)), nil); err != nil {
			return err
		}
		return s.stage.API.Do(ctx, "POST", "/v1/campaigns/"+string(key)+"/publication", map[string]any{"inside": "move"}, nil)
	}
}

func versionsOf(t *testing.T, s *stagehand) map[campaigns.Key]map[int]string {
	sources := map[campaigns.Key]map[int]string{}
	for _, key := range recorded {
		c, err := s.app.store.CampaignByKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		sources[key] = map[int]string{}
		for n := 1; n <= c.LiveVersion; n++ {
			v, err := s.app.store.Version(t.Context(), c.ID, n)
			if err != nil {
				t.Fatal(err)
			}
			sources[key][n] = v.Source
		}
	}
	return sources
}

// writeJournal writes the passages that bring something that none before has, for as long as the file stays small.
func writeJournal(t *testing.T, key campaigns.Key, sources map[int]string, passages [][]engine.Decided) {
	j := &replay.Journal{Decider: decide.Version, Versions: sources}
	met := map[string]bool{}
	var written []byte
	for len(j.Lives) < recordLives {
		best, brings := -1, 0
		for i, ds := range passages {
			if n := fresh(ds, met); n > brings {
				best, brings = i, n
			}
		}
		if best < 0 {
			break
		}
		l := replay.Life{Passage: fmt.Sprintf("%s-%d", key, best+1)}
		for _, d := range passages[best] {
			l.Decisions = append(l.Decisions, d.Decision)
		}
		for _, k := range kinds(passages[best]) {
			met[k] = true
		}
		j.Lives = append(j.Lives, l)
		b, err := j.Write()
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > recordBytes {
			break
		}
		written = b
	}
	name := filepath.Join("..", "..", "campaigns", "decide", "testdata", "journal", "demo-"+string(key)+".json")
	if err := os.WriteFile(name, written, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d lives, %d bytes: %s", name, len(j.Lives), len(written), strings.Join(slices.Sorted(maps.Keys(met)), ", "))
}

func fresh(ds []engine.Decided, met map[string]bool) (n int) {
	for _, k := range kinds(ds) {
		if !met[k] {
			n++
		}
	}
	return n
}

// kinds are what decisions took and gave, each once: inputs with what tells them apart, effects, and records by name and reason.
func kinds(ds []engine.Decided) []string {
	met := map[string]bool{}
	for _, d := range ds {
		met[kindOf(d.Input)] = true
		for _, effect := range d.Effects {
			met[kindOf(effect)] = true
		}
	}
	return slices.Sorted(maps.Keys(met))
}

func kindOf(n replay.Named) string {
	var told struct{ Name, Reason, State, Channel, Event string }
	_ = json.NewDecoder(bytes.NewReader(n.Value)).Decode(&told) // of an effect without them nothing is told
	return strings.TrimRight(strings.Join([]string{n.Kind, told.Name, told.Event, told.State, told.Reason, told.Channel}, " "), " ")
}
