package engine

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// PreviewRequest says which messages are to be seen, and as whose.
type PreviewRequest struct {
	// Draft is what is seen; nil: the version of the campaign with the key, 0 its draft.
	Draft   *Draft
	Key     campaigns.Key
	Version int
	// Step and Channel: empty means every step that sends or tells the staff, on each of its channels.
	Step    campaigns.StepID
	Channel campaigns.Channel
	// Member and ExternalID name a member who is there; neither: somebody is made up.
	Member     campaigns.MemberID
	ExternalID string
	// FirstName, LastName and Language are of who is made up; Attributes stand over those of a member who is there.
	FirstName, LastName string
	Language            campaigns.Lang
	Attributes          map[string]any
	// Answers are assumed, by the name under which each is kept. A choice is its option's value, or what the member would type.
	Answers map[string][]string
	// Calls are what other systems are assumed to have answered, by the names of calls: an object, or "fails".
	Calls map[string]any
	// Event is what the event is assumed to have told with which the run began, by field.
	Event map[string]any
	// Round is the round of a repeat that is seen; 0: the first.
	Round int
	// Speak is the language of sentences about what is wrong.
	Speak string
}

// ambiguous are the places where the request says too little, or two things at once.
func (r *PreviewRequest) ambiguous() (wrong []fault.Detail) {
	switch {
	case r.Draft == nil && r.Key == "", r.Draft != nil && r.Key != "":
		wrong = append(wrong, fault.Detail{Path: "campaign", Code: "preview_source"})
	case r.Draft != nil && r.Version != 0:
		wrong = append(wrong, fault.Detail{Path: "version", Code: "preview_version"})
	}
	if r.Member != 0 && r.ExternalID != "" {
		wrong = append(wrong, fault.Detail{Path: "member", Code: "preview_member"})
	}
	return wrong
}

// previewing is one preview in the making.
type previewing struct {
	e     *Engine
	l     *live
	c     *store.Community
	p     *store.Profile
	r     PreviewRequest
	en    decide.Enrollment
	wrong []fault.Detail
}

func (v *previewing) bad(path, code string, args map[string]any, expected []string) {
	v.wrong = append(v.wrong, fault.Detail{Path: path, Code: code, Args: args, Expected: strings.Join(expected, ", ")})
}

// assume puts what is assumed over what is known.
func (v *previewing) assume() {
	if len(v.r.Attributes) > 0 {
		p := *v.p // the profile may be another's too
		p.Attributes = maps.Clone(p.Attributes)
		if p.Attributes == nil {
			p.Attributes = map[string]any{}
		}
		maps.Copy(p.Attributes, v.r.Attributes)
		v.p = &p
	}
	if badFormality(campaigns.FormalityAttribute, v.r.Attributes[campaigns.FormalityAttribute]) {
		v.wrong = append(v.wrong, fault.Detail{Path: "attributes." + campaigns.FormalityAttribute, Code: "bad_formality", Expected: formalities})
	}
	v.en.Brought = brought(v.r.Event, v.l.def.Brought)
	if l := string(v.r.Language); l != "" {
		if _, err := language.Parse(l); err != nil {
			v.wrong = append(v.wrong, fault.Detail{Path: "language", Code: "bad_language", Expected: "en", DidYouMean: meant.Language(l)})
		}
	}
	calls, wrong := ReadAssumedCalls([]*definition.Definition{v.l.def}, v.r.Calls)
	v.wrong, v.en.Calls = append(v.wrong, wrong...), map[string]map[string]any{}
	for name, x := range calls {
		v.en.Calls[name], _ = readCallAnswer(x.Answer)
	}
	asks := map[string][]*definition.Ask{} // several questions may keep their answers under one name
	for _, s := range v.l.def.Questions() {
		asks[s.SavesAs()] = append(asks[s.SavesAs()], s.Ask())
	}
	v.en.Answers = map[string]campaigns.Answer{}
	for _, name := range slices.Sorted(maps.Keys(v.r.Answers)) {
		if len(asks[name]) > 0 {
			v.answer(name, asks[name], v.r.Answers[name])
			continue
		}
		v.bad("answers."+name, "preview_question", map[string]any{"name": name}, slices.Sorted(maps.Keys(asks)))
	}
}

// steps are those that are to be seen.
func (v *previewing) steps() []*definition.Step {
	speak := sending(v.l.def)
	if v.r.Step == "" {
		return speak
	}
	s := v.l.def.Step(v.r.Step)
	var ids []string
	for _, x := range speak {
		ids = append(ids, string(x.ID))
	}
	switch {
	case s == nil:
		v.bad("step", "preview_step", map[string]any{"step": string(v.r.Step)}, ids)
	case len(ShownOn(v.l.def, s)) == 0:
		v.bad("step", "preview_silent", map[string]any{"step": string(v.r.Step), "does": s.Does()}, ids)
	case v.r.Channel != "" && len(v.channels(s)) == 0:
		v.wrong = append(v.wrong, v.unused(ShownOn(v.l.def, s)...))
	}
	return []*definition.Step{s}
}

// unused says that a channel is none of these; without any, none of the campaign's.
func (v *previewing) unused(list ...campaigns.Channel) fault.Detail {
	if len(list) == 0 {
		list = v.l.def.Channels
	}
	var names []string
	for _, ch := range list {
		names = append(names, string(ch))
	}
	if v.r.Channel == "" {
		return fault.Detail{Path: "step", Code: "preview_nothing"}
	}
	return fault.Detail{Path: "channel", Code: "preview_channel", Args: map[string]any{"channel": string(v.r.Channel)}, Expected: strings.Join(names, ", ")}
}

// channels are those of the step on which it is to be seen.
func (v *previewing) channels(s *definition.Step) []campaigns.Channel {
	own := ShownOn(v.l.def, s)
	switch {
	case v.r.Channel == "":
		return own
	case slices.Contains(own, v.r.Channel):
		return []campaigns.Channel{v.r.Channel}
	}
	return nil
}

// checkRound: a step has as many rounds as the repeat that it stands in.
func (v *previewing) checkRound(steps []*definition.Step) {
	most, rounds := 1, false
	for _, s := range steps {
		if s == nil {
			return
		}
		if around := v.l.def.RepeatOf(s.ID); around != nil {
			most, rounds = max(most, around.Repeat().Times), true
		}
	}
	switch {
	case v.r.Round >= 0 && v.r.Round <= most:
	case rounds:
		v.bad("round", "preview_round", map[string]any{"max": most}, nil)
	default:
		v.bad("round", "preview_no_round", nil, nil)
	}
}

// round is the visit of the step that is seen.
func (v *previewing) round(s *definition.Step) int {
	around := v.l.def.RepeatOf(s.ID)
	if around == nil {
		return 1
	}
	return min(max(v.r.Round, 1), around.Repeat().Times)
}
