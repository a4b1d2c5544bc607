package definition

import (
	"slices"
	"strings"
)

// variablesSaid are what other tools call variables of ours.
var variablesSaid = map[string]string{
	"name": "member.first_name", "firstname": "member.first_name", "first": "member.first_name", "username": "member.first_name", "member.name": "member.first_name",
	"user.name": "member.first_name", "user.first_name": "member.first_name", "contact.first_name": "member.first_name", "lastname": "member.last_name", "surname": "member.last_name",
	"fullname": "member.full_name", "member": "member.full_name", "user": "member.full_name", "lang": "member.language", "locale": "member.language", "id": "member.external_id",
	"member.id": "member.external_id", "user.id": "member.external_id", "brand": "community.brand", "community": "community.name", "campaign": "campaign.name", "title": "campaign.name",
	"score": "points", "member.points": "points", "day": "round", "task": "prompt",
}

// Beginnings of variables whose end the author makes up, as people write them.
var (
	attributesSaid = []string{"member.attributes", "member.attribute", "attributes", "attribute", "member.attr", "attr", "member.fields", "member.custom", "user", "contact", "member.properties"}
	answersSaid    = []string{"answers", "answer", "member.answers"}
	broughtSaid    = []string{"event", "events", "event.data", "data"}
)

// knowsAttribute reports one that the campaign sets or looks at.
func (r *reader) knowsAttribute(name string) bool {
	return slices.Contains(r.attributesSet, name) || slices.ContainsFunc(r.attributesRead, func(u attributeUse) bool { return u.name == name })
}

// meantVariable is the variable that was probably meant, or "".
func (r *reader) meantVariable(path string, allowed []string) string {
	if r.out.crowded() || len(path) > 100 {
		return ""
	}
	if said := variablesSaid[strings.ToLower(path)]; slices.Contains(allowed, said) {
		return said
	}
	before, last := "", path
	if i := strings.LastIndex(path, "."); i >= 0 {
		before, last = path[:i], path[i+1:]
	}
	for _, v := range allowed { // without the word before the dot, or with another one
		if strings.HasSuffix(v, "."+last) && (before == "" || r.out.nearest(before, append(answersSaid, "member", "campaign", "community")) != "") {
			return v
		}
	}
	if r.knowsAttribute(last) && (before == "" || before == "member") {
		return attributeVariable + last
	}
	if near := r.out.nearest(path, allowed); near != "" {
		return near
	}
	switch {
	case !nameForm.MatchString(last) || before == "":
	case r.out.nearest(before, answersSaid) != "":
		if near := r.out.nearest(last, sortedKeys(r.saved)); near != "" {
			return answerVariable + near
		}
	case r.out.nearest(before, attributesSaid) != "":
		return attributeVariable + last
	case r.d.Entry.Event != "" && slices.Contains(broughtSaid, before):
		return broughtVariable + last
	}
	return ""
}
