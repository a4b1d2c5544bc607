package definition

import (
	"regexp"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

var (
	keyForm   = regexp.MustCompile(keyPattern)
	stepForm  = regexp.MustCompile(stepPattern)
	topicForm = regexp.MustCompile(topicPattern)
	nameForm  = regexp.MustCompile(namePattern)
	eventForm = regexp.MustCompile(eventPattern)
)

// campaign reads the whole document; false: there is nothing to look at as a whole.
func (r *reader) campaign(n *node) bool {
	if n.kind != mappingNode {
		r.out.add(n.place, "top_not_mapping").expect("key: welcome")
		return false
	}
	rec, _ := r.record(n, campaignObject)
	d := r.d
	rec.with("key", func(n *node) {
		s, _ := r.formed(n, keyForm, maxKey, "key_form")
		d.Key = campaigns.Key(s)
	})
	rec.with("kind", func(n *node) { d.Kind = word(r, n, kinds) })
	rec.with("topic", func(n *node) {
		d.Topic, _ = r.formed(n, topicForm, maxKey, "topic_form")
		r.mention(MentionTopic, d.Topic, n.place)
	})
	d.Purpose = campaigns.Marketing
	rec.with("purpose", func(n *node) { d.Purpose = word(r, n, purposes) })
	d.Priority = PriorityNormal
	rec.with("priority", func(n *node) { d.Priority = word(r, n, priorities) })
	rec.with("languages", r.languages)
	d.Formality = campaigns.Informal
	rec.with("formality", func(n *node) { d.Formality = word(r, n, formalities) })
	rec.with("name", r.name)
	rec.with("channels", func(n *node) { d.Channels = r.channels(n) })
	rec.with("entry", r.entry)
	rec.with("exit", r.exit)
	r.goal(rec)
	rec.with("quiet_hours", r.quiet)
	rec.with("fragments", r.fragments)
	rec.with("late", func(n *node) { d.Late = r.late(n) })
	rec.with("escalate", func(n *node) { d.Escalate = r.escalate(n) })
	steps := rec.get("steps")
	if steps == nil {
		return false
	}
	r.stepKeys = map[*Step]stepRef{}
	d.Steps = r.stepList(steps, false)
	return len(d.Steps) > 0
}

// name is one for every language, or one for each.
func (r *reader) name(n *node) {
	if n.kind != mappingNode {
		r.uncut(n)
		r.d.Name, _ = r.short(n, maxTitle)
		return
	}
	r.d.Names = Texts{}
	for _, e := range r.entriesOf(n) {
		lang, ok := r.textLanguage(e)
		if s, full := r.short(e.value, maxTitle); ok && full {
			r.d.Names[lang] = s
		}
	}
	r.missingLanguages(n)
	if len(r.d.Languages) > 0 {
		r.d.Name, _ = r.d.Names.In(r.d.Languages[0], r.d.Languages[0])
	}
}

func (r *reader) languages(n *node) {
	for _, it := range r.list(n) {
		told := len(r.out.list)
		l, ok := r.language(it)
		r.noSpeech = r.noSpeech || !ok
		switch told := len(r.out.list) > told; {
		case !ok, told && slices.Contains(r.d.Languages, l):
		case distinct(r, it, r.d.Languages, l, string(l)):
			r.d.Languages = append(r.d.Languages, l)
		}
	}
}

// TopicName reports whether a topic can be called so.
func TopicName(s string) bool { return len(s) <= maxKey && topicForm.MatchString(s) }
