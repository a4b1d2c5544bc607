package simulation

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

func segmentOf(key, who string) engine.Draft {
	return engine.Draft{Source: "key: " + key + "\nname: Some\nwho: " + who + "\n", Format: definition.YAML}
}

// TestOneSegmentStopsNothing: a segment that cannot be made stops only a campaign that names it, which is told why.
func TestOneSegmentStopsNothing(t *testing.T) {
	segments := []engine.Draft{segmentOf("outer", "{segment: good}"), segmentOf("lost", "{completed: nowhere}"), segmentOf("good", "{tag: vip}"), {Source: "wh", Format: definition.YAML}}
	naming := func(key string) engine.Draft {
		return written("", "  - {id: b, branch: [{if: {segment: "+key+"}, steps: [{id: hi, send: {text: {en: Hi}}}]}]}\n  - {id: w, wait: 1d}\n")
	}
	r := run(t, Plan{Campaigns: []engine.Draft{naming("outer")}, Segments: segments, Invented: 2, Days: 2, Tags: []string{"vip"}})
	if c := r.Campaigns[0]; c.Entered != 2 || c.Steps[1].Entered != 2 {
		t.Errorf("%+v", c)
	}
	_, err := Run(t.Context(), Plan{Campaigns: []engine.Draft{naming("lost")}, Segments: segments, Invented: 2, Days: 2, Start: start, Dir: t.TempDir()})
	ds := fault.Details(err, "en")
	if len(ds) != 2 || ds[0].Code != "unknown_segment" || ds[0].Line == 0 || ds[1].Code != "unknown_campaign" || !strings.HasPrefix(ds[1].Path, "segments.lost.who") || ds[1].Line != 0 {
		t.Errorf("%v %+v", err, ds)
	}
}

// TestWhatWasSavedIsReadAsItWas: a segment, and a campaign that conditions name, which were saved when the language took more, are there.
func TestWhatWasSavedIsReadAsItWas(t *testing.T) {
	other := written("", "  - {id: hi, send: {text: {en: Hi: all}}}\n")
	other.Source = strings.Replace(other.Source, "key: small", "key: other", 1)
	naming := written("", "  - {id: b, branch: [{if: {all: [{segment: old}, {not: {completed: other}}]}, steps: [{id: hi, send: {text: {en: Hi}}}]}]}\n  - {id: w, wait: 1d}\n")
	saved := segmentOf("old", "{any: [{tag:vip}, {event: lesson.done}]}")
	if _, err := engine.ParseSegment(saved); err == nil {
		t.Fatal("the segment could be saved today")
	}
	if _, err := engine.ParseDraft(other); err == nil {
		t.Fatal("the campaign could be saved today")
	}
	r := run(t, Plan{Campaigns: []engine.Draft{naming}, Others: []engine.Draft{other}, Segments: []engine.Draft{saved}, Invented: 2, Days: 2, Tags: []string{"vip"}, Lang: "en"})
	if c := r.Campaigns[0]; c.Steps[1].Entered != 2 || !strings.Contains(strings.Join(r.Notes, " "), "no past") {
		t.Errorf("%+v %v", c, r.Notes)
	}
}

// TestMembersComeBySegment: those who are there and those whom a step brings into it, each once; time passes without looking at everybody too often.
func TestMembersComeBySegment(t *testing.T) {
	named := func(key, head, steps string) engine.Draft {
		d := written(head, steps)
		d.Source = strings.Replace(d.Source, "key: small", "key: "+key, 1)
		return d
	}
	hi := "  - {id: hi, send: {text: {en: Hi}}}\n"
	r := run(t, Plan{
		Campaigns: []engine.Draft{
			named("tags", "", "  - {id: w, wait: 1d}\n  - {id: t, set: {add_tags: [late]}}\n"), named("present", "entry: {segment: vips, who: present}", hi),
			named("future", "entry: {segment: vips, who: future, reentry: each_time}", hi), named("both", "entry: {segment: vips, who: both, reentry: each_time}", hi),
			named("then", "entry: {segment: lates, who: future}", hi), named("never", "entry: {segment: nobody, who: both}", hi),
		},
		Segments: []engine.Draft{segmentOf("vips", "{tag: vip}"), segmentOf("lates", "{tag: late}"), segmentOf("nobody", "{tag: nobody}")}, Invented: 3, Days: 4, Tags: []string{"vip"},
	})
	for _, c := range r.Campaigns[:5] {
		if c.Entered != 3 || c.Completed != 3 {
			t.Errorf("%s: %+v", c.Key, c)
		}
	}
	if c := r.Campaigns[5]; c.Entered != 0 || len(c.NotEntered) != 1 || c.NotEntered[0].Reason != "segment" {
		t.Errorf("%+v", c)
	}
	if !strings.Contains(strings.Join(r.Notes, "\n"), "counts as having just come") {
		t.Errorf("%q", r.Notes)
	}
}
