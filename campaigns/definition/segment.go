package definition

import (
	"maps"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Segment is a condition with a name, saved to be used by others.
type Segment struct {
	Key   campaigns.Key
	Name  string // the first that the document says
	Names Texts  // in each language, where the document says it
	Who   Condition
	// Uses are the campaigns and segments that the condition names; filled by ParseSegment.
	Uses []Use
	// Mentions are the topics that it names, for DoubtMentions.
	Mentions []Mention
	// Warnings are what may stand there and is probably not meant, as a Definition's.
	Warnings []Problem
}

// NameIn is the name in the language, or the first.
func (s *Segment) NameIn(lang campaigns.Lang) string {
	if name, ok := s.Names[lang]; ok {
		return name
	}
	return s.Name
}

// Segments are conditions by the key of their segment. Those that name each other in a circle must not be among them: see Circle.
type Segments map[campaigns.Key]*Condition

// Use is one place where a condition names a campaign or a segment.
type Use struct {
	Subject Subject // SubjectSegment, or that which looks at the campaign; empty: a step enrolls in it
	Key     campaigns.Key
	Place   Place
	inSteps bool
}

// Segment reports whether the use is of a segment.
func (u Use) Segment() bool { return u.Subject == SubjectSegment }

// Enrolls reports whether the use is a step's that enrolls in the campaign.
func (u Use) Enrolls() bool { return u.Subject == "" }

// Named are all campaigns and segments that the definition names: its Uses, and the campaigns that steps enroll in.
func (d *Definition) Named() []Use {
	all := slices.Clone(d.Uses)
	for _, s := range d.Order {
		if body, ok := s.Body.(*Enroll); ok {
			all = append(all, Use{Key: body.Campaign, Place: body.Place})
		}
	}
	return all
}

// Known is what conditions and steps may name.
type Known struct {
	Campaigns []campaigns.Key
	// Keyed are, of the campaigns, the fields by which an event says what a run is about: no step enrolls in those.
	Keyed    map[campaigns.Key]string
	Segments Segments
}

// CheckUses reports every use of a campaign or a segment that is not known. own is the key of the campaign that the conditions stand in; empty: none.
func CheckUses(uses []Use, own campaigns.Key, known Known) []Problem {
	out := &sink{}
	segments := slices.Sorted(maps.Keys(known.Segments))
	for _, u := range uses {
		switch {
		case u.Segment() && !slices.Contains(segments, u.Key):
			out.add(u.Place, "unknown_segment", "key", string(u.Key)).meant(out.nearest(string(u.Key), names(segments)))
		case !u.Segment() && u.Key != own && !slices.Contains(known.Campaigns, u.Key):
			out.add(u.Place, "unknown_campaign", "key", string(u.Key)).meant(out.nearest(string(u.Key), names(known.Campaigns)))
		case u.Enrolls() && known.Keyed[u.Key] != "":
			out.add(u.Place, "enroll_keyed", "key", string(u.Key), "field", known.Keyed[u.Key])
		}
	}
	return out.sorted()
}

// CheckCircle reports the use by which the segment would come to itself, by way of others or at once.
func (s *Segment) CheckCircle(others Segments) []Problem {
	out := &sink{}
	for _, u := range s.Uses {
		if u.Segment() && (u.Key == s.Key || others.leads(u.Key, s.Key, map[campaigns.Key]bool{})) {
			out.add(u.Place, "segment_circle", "key", string(s.Key), "other", string(u.Key))
		}
	}
	return out.sorted()
}

// maxComparisons bounds what a segment comes to, with those that it names: conditions are asked of a million members in one statement.
const maxComparisons = 500

// CheckWeight reports a segment that is too much, or makes one that names it so.
func (s *Segment) CheckWeight(others Segments) []Problem {
	all := maps.Clone(others)
	if all == nil {
		all = Segments{}
	}
	all[s.Key] = &s.Who
	weights := map[campaigns.Key]int{}
	out := &sink{}
	for key := range all {
		if all.weight(key, weights) > maxComparisons {
			out.add(s.Who.Place, "segment_heavy", "limit", maxComparisons)
			break
		}
	}
	return out.sorted()
}

// CheckTogether reports what is wrong with segments as they name each other: those that lead to themselves, or else those that come to too much.
func CheckTogether(list []*Segment) map[campaigns.Key][]Problem {
	all := Segments{}
	for _, s := range list {
		all[s.Key] = &s.Who
	}
	found := map[campaigns.Key][]Problem{}
	for _, s := range list {
		if circle := s.CheckCircle(all); len(circle) > 0 {
			found[s.Key] = circle
		}
	}
	if len(found) > 0 {
		return found
	}
	weights := map[campaigns.Key]int{}
	for _, s := range list {
		if all.weight(s.Key, weights) > maxComparisons {
			out := &sink{}
			out.add(s.Who.Place, "segment_heavy", "limit", maxComparisons)
			found[s.Key] = out.sorted()
		}
	}
	return found
}

// weight counts comparisons, at most a few more than there may be. There are no circles.
func (ss Segments) weight(key campaigns.Key, known map[campaigns.Key]int) int {
	if w, ok := known[key]; ok {
		return w
	}
	sum := 0
	ss[key].Leaves(func(leaf *Condition) {
		sum++
		if leaf.Subject == SubjectSegment && sum <= maxComparisons {
			sum += ss.weight(campaigns.Key(leaf.Name), known)
		}
	})
	known[key] = sum
	return sum
}

// leads reports whether the one names the other, by way of others or at once.
func (ss Segments) leads(from, to campaigns.Key, seen map[campaigns.Key]bool) bool {
	if seen[from] {
		return false
	}
	seen[from] = true
	return slices.ContainsFunc(ss.namedBy(from), func(next campaigns.Key) bool { return next == to || ss.leads(next, to, seen) })
}

// namedBy lists the segments that one's condition names itself.
func (ss Segments) namedBy(key campaigns.Key) (keys []campaigns.Key) {
	ss[key].Leaves(func(leaf *Condition) {
		if leaf.Subject == SubjectSegment {
			keys = append(keys, campaigns.Key(leaf.Name))
		}
	})
	return keys
}

// Without returns the segments but for those that lead to themselves: nobody is in such a one. Writing refuses circles; this holds whatever stands in a database.
func (ss Segments) Without() Segments {
	kept := make(Segments, len(ss))
	for key, c := range ss {
		if !ss.leads(key, key, map[campaigns.Key]bool{}) {
			kept[key] = c
		}
	}
	return kept
}

// Leaves calls f for every comparison of the condition; those of segments that it names are theirs.
func (c *Condition) Leaves(f func(*Condition)) {
	if c == nil {
		return
	}
	for i := range c.All {
		c.All[i].Leaves(f)
	}
	for i := range c.Any {
		c.Any[i].Leaves(f)
	}
	c.Not.Leaves(f)
	if c.Subject != "" {
		f(c)
	}
}

// LeavesWithin is Leaves, those of the segments that the condition names included.
func (c *Condition) LeavesWithin(ss Segments, f func(*Condition)) {
	c.Leaves(func(leaf *Condition) {
		f(leaf)
		if leaf.Subject == SubjectSegment {
			ss[campaigns.Key(leaf.Name)].LeavesWithin(ss, f)
		}
	})
}
