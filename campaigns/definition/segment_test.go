package definition

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pb33f/jsonschema/v6"

	"github.com/kruzhok/kruzhok/campaigns"
)

// segmentOf reads a segment that must be right.
func segmentOf(t *testing.T, key, who string) *Segment {
	t.Helper()
	s, problems := ParseSegment([]byte("key: "+key+"\nname: {ru: Новички, en: Novices}\nwho: "+who+"\n"), YAML)
	if len(problems) > 0 {
		t.Fatal(listed(problems))
	}
	return s
}

func TestSegment(t *testing.T) {
	s := segmentOf(t, "novices", "{all: [{tag: novice}, {segment: sleepers}, {completed: welcome}]}")
	if s.Key != "novices" || s.Name != "Новички" || s.NameIn("en") != "Novices" || s.NameIn("de") != "Новички" || len(s.Who.All) != 3 {
		t.Errorf("%+v", s)
	}
	if u := s.Uses[0]; len(s.Uses) != 2 || !u.Segment() || u.Key != "sleepers" || u.Place.Line != 3 || u.Place.Column != 38 || u.Place.Path != "who.all[1].segment" {
		t.Errorf("%+v", s.Uses)
	}
	if s, problems := ParseSegment([]byte(`{"key": "a", "name": "A", "who": "all"}`), JSON); len(problems) > 0 || !s.Who.Everyone || s.NameIn("en") != "A" {
		t.Errorf("%+v %s", s, listed(problems))
	}
}

func TestBadSegments(t *testing.T) {
	for name, src := range map[string]string{
		"segment empty":           "",
		"segment a list":          "- key: a\n",
		"segment of nothing":      "key: A b\nname: {}\n",
		"segment keys":            "key: a\nnaem: A\nname: {xx-nope-nope: a, en: 5}\nwho: everyone\nsteps: []\n",
		"segment of a passage":    "key: a\nname: A\nwho: {any: [{answer: level, is: a1}, {score: points, at_least: 5}, {segment: A b}]}\n",
		"segment unreadable json": "{\"key\": \"a\",}",
	} {
		t.Run(name, func(t *testing.T) {
			s, problems := ParseSegment([]byte(src), formatOf(name))
			if s != nil || len(problems) == 0 {
				t.Fatal("the document passed")
			}
			golden(t, name, listed(problems))
		})
	}
}

// badSegments are the problems that only other segments and campaigns show.
func badSegments(t *testing.T) (problems []Problem) {
	t.Helper()
	a := segmentOf(t, "a", "{any: [{segment: b}, {segment: novicess}, {inside: welcom}, {tag: x}]}")
	others := Segments{"b": &segmentOf(t, "b", "{not: {segment: c}}").Who, "c": &segmentOf(t, "c", "{segment: a}").Who, "novices": {Everyone: true}}
	problems = append(problems, CheckUses(a.Uses, "", Known{Campaigns: []campaigns.Key{"welcome"}, Segments: others})...)
	problems = append(problems, a.CheckCircle(others)...)
	enrolls, _ := Parse([]byte(head+"steps: [{enroll: appointment}]\n"), YAML)
	keyed := Known{Campaigns: []campaigns.Key{"appointment"}, Keyed: map[campaigns.Key]string{"appointment": "appointment_id"}}
	problems = append(problems, CheckUses(enrolls.Named(), "", keyed)...)
	heavy := segmentOf(t, "heavy", "{any: ["+strings.Repeat("{tag: x},", maxComparisons+1)+"]}")
	return append(problems, heavy.CheckWeight(nil)...)
}

func TestUsesOfOthers(t *testing.T) {
	golden(t, "segment uses", listed(badSegments(t)))
	if problems := CheckUses([]Use{{Subject: SubjectCompleted, Key: "own"}}, "own", Known{}); len(problems) > 0 {
		t.Errorf("a campaign does not know itself: %s", listed(problems))
	}
	self := segmentOf(t, "a", "{not: {segment: a}}")
	if problems := self.CheckCircle(nil); len(problems) != 1 {
		t.Errorf("names itself: %s", listed(problems))
	}
	chain := Segments{"b": &segmentOf(t, "b", "{segment: c}").Who, "c": {Everyone: true}}
	if problems := segmentOf(t, "a", "{any: [{segment: b}, {segment: c}]}").CheckCircle(chain); len(problems) > 0 {
		t.Errorf("no circle: %s", listed(problems))
	}
}

// TestSegmentsInside: a few short segments, each naming the next twice, would come to millions of comparisons.
func TestSegmentsInside(t *testing.T) {
	ss := Segments{"s9": {Subject: SubjectTag, Name: "x"}}
	var last *Segment
	for i := 8; i >= 0; i-- {
		last = segmentOf(t, fmt.Sprintf("s%d", i), fmt.Sprintf("{any: [{segment: s%d}, {segment: s%d}]}", i+1, i+1))
		if i > 0 {
			ss[last.Key] = &last.Who
		}
	}
	if problems := last.CheckWeight(ss); len(problems) != 1 || problems[0].Code != "segment_heavy" {
		t.Errorf("%s", listed(problems))
	}
	if problems := segmentOf(t, "s9", "{tag: y}").CheckWeight(Segments{"s8": ss["s8"]}); len(problems) > 0 {
		t.Errorf("%s", listed(problems))
	}
	round := Segments{"a": {Subject: SubjectSegment, Name: "b"}, "b": {Subject: SubjectSegment, Name: "a"}, "c": {Everyone: true}}
	if kept := round.Without(); len(kept) != 1 || kept["c"] == nil {
		t.Errorf("%v", kept)
	}
}

func TestSegmentSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(SegmentSchema())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("segment.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("segment.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(asJSON(t, []byte("key: a\nname: {ru: А, en: A}\nwho: {all: [{tag: x}, {completed: welcome, within: 3d}]}\n"))); err != nil {
		t.Error(err)
	}
	if s.Validate(asJSON(t, []byte("key: a\nname: A\nwho: {tg: x}\n"))) == nil {
		t.Error("it takes an unknown key")
	}
}

// TestEntryBySegment: which members come in is said, the segment is looked for as in conditions, and those who are there are an audience.
func TestEntryBySegment(t *testing.T) {
	for who, want := range map[SegmentMembers]struct{ listens, present bool }{
		PresentMembers: {false, true}, FutureMembers: {true, false}, AllMembers: {true, true},
	} {
		for _, format := range []Format{YAML, JSON} {
			src := []byte(strings.Replace(head, "{manual: true}", "{segment: sleeping, who: "+string(who)+"}", 1) + tail)
			if format == JSON {
				var err error
				if src, err = json.Marshal(asJSON(t, src)); err != nil {
					t.Fatal(err)
				}
			}
			d := parsed(t, src, format)
			e := &d.Entry
			if e.Segment != "sleeping" || e.Who != who || e.Listens() != want.listens || (e.Audience() != nil) != want.present || e.Reentry != ReentryNever {
				t.Errorf("%s: %+v", who, e)
			}
			if a := e.Audience(); a != nil && (a.Subject != SubjectSegment || a.Name != "sleeping") {
				t.Errorf("%s: %+v", who, a)
			}
			if problems := CheckUses(d.Uses, d.Key, Known{}); len(problems) != 1 || problems[0].Code != "unknown_segment" || problems[0].Path != "entry.segment" {
				t.Errorf("%s: %s", who, listed(problems))
			}
		}
	}
}
