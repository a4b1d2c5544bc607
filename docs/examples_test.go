package docs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/race"
	"github.com/kruzhok/kruzhok/simulation"
)

// supply is what the examples name and do not show: a campaign to look back at or to enroll in, and a segment that everybody is in.
func supply(d *definition.Definition) (others, segments []engine.Draft) {
	var seen []string
	for _, u := range d.Named() {
		id := fmt.Sprint(u.Segment(), u.Key)
		if u.Key == d.Key || slices.Contains(seen, id) {
			continue
		}
		seen = append(seen, id)
		if u.Segment() {
			segments = append(segments, engine.Draft{Format: definition.YAML, Source: fmt.Sprintf("key: %s\nname: A\nwho: all\n", u.Key)})
			continue
		}
		src := strings.Replace(around, "key: example", "key: "+string(u.Key), 1) + "entry: {event: nothing.of.it}\nsteps: [{id: hello, send: {text: {en: Hello, ru: Привет}}}]\n"
		others = append(others, engine.Draft{Format: definition.YAML, Source: src})
	}
	return others, segments
}

// TestExamplesRun plays every example of the reference, the tutorial and the README with a few members over its days.
func TestExamplesRun(t *testing.T) {
	if race.Enabled {
		t.Skip("the other run of the tests plays them")
	}
	for _, name := range []string{"docs/campaigns.md", "docs/tutorial.md", "README.md"} {
		for _, e := range examples(read(t, name)) {
			t.Run(fmt.Sprintf("%s:%d", name, e.line), func(t *testing.T) {
				t.Parallel()
				e.play(t)
			})
		}
	}
}

// begin is two days before a schedule opens: some zones come to its day before UTC does.
func begin(d *definition.Definition) time.Time {
	if d.Entry.Schedule == nil {
		return time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	}
	at := d.Entry.Schedule.At
	return time.Date(at.Year, at.Month, at.Day-2, 9, 0, 0, 0, time.UTC)
}

func (e example) play(t *testing.T) {
	src := e.whole(t)
	d, problems := definition.Parse([]byte(src), definition.YAML)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	others, segments := supply(d)
	mix, err := simulation.ParseMix("answers=2, silent=1")
	if err != nil {
		t.Fatal(err)
	}
	r, err := simulation.Run(t.Context(), simulation.Plan{
		Campaigns: append([]engine.Draft{{Source: src, Format: definition.YAML}}, others...), Segments: segments, Invented: 3, Days: 30, Seed: 1, Start: begin(d), Mix: mix,
		Tags: []string{"vip", "novice", "daily"}, Attributes: map[string]any{"exam_on": "2027-03-10", "level": "a1"}, Dir: t.TempDir(),
	})
	if err != nil {
		t.Fatalf("%v: %+v", err, fault.Details(err, "en"))
	}
	c := r.Campaigns[0]
	if !r.Complete || c.Entered == 0 {
		t.Errorf("nobody comes in, or it does not end: %+v\n%v", c, r.Notes)
	}
	for _, s := range c.Steps {
		for _, no := range s.NotSent {
			if no.Reason == string(campaigns.RenderFailed) || no.Reason == string(campaigns.Stumbled) {
				t.Errorf("step %s: %+v", s.Step, no)
			}
		}
	}
}
