package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// Names that anybody may make up are never refused. One that differs in a letter from a name that is known is probably meant to be that: it is doubted, as a warning.

// ownEvents are the names by which Kruzhok itself, its starters and its documents call what happens.
var ownEvents = []string{"member.joined", "member.left", "member.active", "member.inactive", "member.birthday", "bot.started"}

// ownEventsSaid are what others call them.
var ownEventsSaid = map[string]string{
	"member.join": "member.joined", "member.leave": "member.left", "member.leaved": "member.left", "member.quit": "member.left", "bot.start": "bot.started",
	"member_joined": "member.joined", "member_left": "member.left", "bot_started": "bot.started", "user.joined": "member.joined", "user.left": "member.left", "members.joined": "member.joined",
}

// doubtEvent warns of a name that is nearly that of one of our own events.
func (r *reader) doubtEvent(at Place, name string) {
	near := ownEventsSaid[name]
	if near == "" {
		near = meant.Slip(name, ownEvents)
	}
	if near != "" {
		r.out.warn(at, "event_like_ours", "event", name, "near", near).meant(near)
	}
}

// attributeUse is where an attribute of the member is looked at.
type attributeUse struct {
	at   Place
	name string
}

// readsAttribute notes that a condition or a wait looks at an attribute.
func (r *reader) readsAttribute(at Place, name string) {
	if name != "" {
		r.attributesRead = append(r.attributesRead, attributeUse{at, name})
	}
}

// doubtAttributes warns of attributes that conditions and waits look at, and that are nearly called as one that a step of this campaign sets.
func (r *reader) doubtAttributes() {
	for _, use := range r.attributesRead {
		r.doubtAttribute(use.name, func() Place { return use.at })
	}
}

// maxDoubts bounds how many attributes are compared with those that steps set.
const maxDoubts = 200

func (r *reader) doubtAttribute(name string, at func() Place) {
	if len(r.doubted) > maxDoubts || len(r.attributesSet) > maxDoubts {
		return
	}
	near, looked := r.doubted[name]
	if !looked {
		near = meant.Slip(name, append(slices.Clone(r.attributesSet), campaigns.FormalityAttribute))
		r.doubted[name] = near
	}
	if near != "" && len(r.out.warnings) < guessedProblems {
		r.out.warn(at(), "attribute_like_known", "name", name, "near", near).meant(near)
	}
}
