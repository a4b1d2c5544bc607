package difference

import (
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Segment is what changed from one document of a segment to another.
type Segment struct {
	Names []Field // of its name, in each language
	Who   bool    // whom it holds is said otherwise
}

// Segments compares two documents of segments that definition.ParseSegment takes.
func Segments(was, now []byte, wasFormat, nowFormat definition.Format) *Segment {
	a, b := definition.ReadTree(was, wasFormat), definition.ReadTree(now, nowFormat)
	f := &fieldList{}
	for _, name := range []*definition.Tree{a.Get("name"), b.Get("name")} {
		for _, key := range keys(name, nil) {
			f.langs = append(f.langs, campaigns.Lang(key))
		}
	}
	f.value("name", "name", a.Get("name"), b.Get("name"))
	return &Segment{Names: f.list, Who: meaning(a.Get("who")) != meaning(b.Get("who"))}
}

// Lines tells how the name changed, as Difference.Lines does.
func (s *Segment) Lines(lang string) []string {
	w := &writer{lang: lang}
	for _, f := range s.Names {
		w.field(f)
	}
	return w.lines
}
