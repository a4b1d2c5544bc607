package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// MentionKind says of what the community's settings know names.
type MentionKind string

const (
	MentionTopic    MentionKind = "topic"    // of a campaign, or of a consent that a condition asks for
	MentionEndpoint MentionKind = "endpoint" // of a call
)

// Mention is one place where a document names what the settings may know.
type Mention struct {
	Kind  MentionKind
	Name  string
	Place Place
}

// mention notes a name that was read.
func (r *reader) mention(kind MentionKind, name string, at Place) {
	if name != "" {
		r.mentions = append(r.mentions, Mention{kind, name, at})
	}
}

// maxMentions bounds how many names are compared with those that are known.
const maxMentions = 200

// DoubtMentions warns of names that the settings do not know and that are nearly one which they know. They may name others: nothing is refused.
func DoubtMentions(list []Mention, known map[MentionKind][]string) []Problem {
	out := &sink{}
	for _, m := range list[:min(len(list), maxMentions)] {
		if slices.Contains(known[m.Kind], m.Name) {
			continue
		}
		near := meant.Word(m.Name, known[m.Kind])
		switch {
		case near == "":
		case m.Kind == MentionTopic:
			out.warn(m.Place, "topic_near", "name", m.Name, "near", near).meant(near)
		case m.Kind == MentionEndpoint:
			out.warn(m.Place, "endpoint_near", "name", m.Name, "near", near).meant(near)
		}
	}
	return byPlace(out.warnings)
}

func settleMentions(text *source, list []Mention) {
	for i := range list {
		list[i].Place = text.settle(list[i].Place)
	}
}
