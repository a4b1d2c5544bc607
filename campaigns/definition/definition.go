// Package definition is the language of campaigns: YAML and JSON to a Definition, with every problem at its line and column.
// It is pure: no I/O, no clock.
package definition

import (
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
)

// Definition is one checked campaign document. A Definition that Parse returned without problems is complete: every step has an id,
// every goto has its target, every text has every language.
type Definition struct {
	Key       campaigns.Key
	Kind      Kind
	Name      string // in the first language
	Names     Texts  // in each, where the document says it
	Topic     string
	Purpose   campaigns.Purpose // default marketing
	Priority  Priority          // default normal
	Languages []campaigns.Lang  // the first is the fallback
	// Formality is how members are addressed of whom it is not known; default informal.
	Formality campaigns.Formality
	Channels  []campaigns.Channel
	Entry     Entry
	Exit      []ExitRule
	Goal      *Goal // nil: there is none
	Holdout   int   // percent of those who enter that get nothing; 0: nobody
	Quiet     *timing.Window
	QuietThen QuietThen     // what becomes of what comes due in Quiet
	QuietOver timing.Period // with QuietSpread
	Late      *Late         // of messages without a rule of their own; nil: they are sent however late
	Escalate  *Escalate     // of questions without a rule of their own; nil: they go by one channel
	Steps     []*Step       // the tree, as written

	// Order is every step in document order, nested ones included; filled by Parse.
	Order []*Step
	// TwoForms are the languages in which some text has both forms of address; filled by Parse.
	TwoForms []campaigns.Lang
	// Brought are the fields of the event that begins a run which texts and waits name; filled by Parse.
	Brought []string
	// Uses are the campaigns and segments that conditions name; filled by Parse.
	Uses []Use
	// Mentions are the topics and endpoints that it names, for DoubtMentions; filled by Parse.
	Mentions []Mention
	// Warnings are what a draft may have and should not be published with unless somebody means it, sorted by place; filled by Parse.
	Warnings []Problem

	byID map[campaigns.StepID]*Step
	// around is the repeat that a step stands in.
	around map[campaigns.StepID]*Step
}

// NameIn is the name in the language, or in the first.
func (d *Definition) NameIn(lang campaigns.Lang) string {
	if len(d.Names) == 0 {
		return d.Name
	}
	name, _ := d.Names.In(lang, d.Languages[0])
	return name
}

// Step returns the step with the id, or nil.
func (d *Definition) Step(id campaigns.StepID) *Step { return d.byID[id] }

// First returns the first step.
func (d *Definition) First() *Step { return d.Steps[0] }

// Kind is what the campaign is for. It changes defaults and pages, never the rules.
type Kind string

const (
	Onboarding Kind = "onboarding"
	Challenge  Kind = "challenge"
	Survey     Kind = "survey"
	Broadcast  Kind = "broadcast"
	Reminder   Kind = "reminder"
)

// Step is one node: an id, its place in the source and exactly one body.
type Step struct {
	// ID is the author's (lower-case letters, digits, hyphens), or made from the position: "step-3" is the third step of the campaign,
	// "by-level.1.2" the second step in the first arm of the branch by-level; "step-3.0" where "step-3" was given to another step.
	ID    campaigns.StepID
	Place Place
	Body  Body
	// Next is the step that follows in order, leaving blocks where they end; nil: the campaign ends. Filled by Parse.
	Next *Step
}

// Body is what a step does: *Send, *Ask, *Wait, *Branch, *Split, *Set, *Award, *Notify, *Call, *Enroll, *Repeat, *Goto or *End.
type Body interface{ body() }

// Send is a message that asks nothing.
type Send struct {
	Subject  Texts // optional: the mail's subject; default the campaign's name
	Text     Texts
	Media    *channels.Media
	Buttons  []LinkButton
	Channels []campaigns.Channel // empty: the campaign's
	Expires  timing.Period       // default 24h; 8d where it may wait for its next window
	Late     *Late               // nil: the campaign's
	Escalate *Escalate           // nil: it goes by one channel
}

// Ask is a question; the enrollment stands here until it is answered or times out.
type Ask struct {
	Type      campaigns.QuestionType
	Subject   Texts
	Text      Texts
	Options   []Option // choice, choices
	Min, Max  *float64 // scale, number; voice and video_note: seconds
	MaxLength int      // text; default 4000 characters
	SaveAs    string   // default the step's id, with "-" for "."
	Timeout   Timeout  // default 3d to the next step
	Retries   int      // how often a wrong answer is asked again; default 2
	Final     bool     // the first answer stands
	// Accept is what kinds of file are taken; only for voice, video_note, photo and file. Default: what Type says (file: every kind).
	Accept   []campaigns.MediaKind
	Channels []campaigns.Channel
	Expires  timing.Period
	Late     *Late
	Escalate *Escalate // nil: the campaign's
}

// Option is one answer of a choice.
type Option struct {
	Value string
	Text  Texts
}

// Timeout says when a question stops waiting and where the enrollment goes on.
type Timeout struct {
	After timing.Period
	Goto  campaigns.StepID // empty: the next step
}

// Wait stands still. With Date it is until that day at Until; with Event until the event happens to the member, or Timeout; otherwise for a time, until a
// local time, or both (the first Until at or after now + For, on one of the days On where there are some).
type Wait struct {
	For     timing.Period
	Until   *timing.LocalTime
	On      []time.Weekday
	Date    *DateWait
	Event   string
	Timeout Timeout // with Event; always has After
}

// DateWait is a day that an attribute holds, some days moved.
type DateWait struct {
	Attribute string           // holds the date; or
	Brought   string           // a field of the event that began the run does
	Shift     timing.Period    // from it, on the calendar of the member
	Before    bool             // the shift leads back
	Missed    campaigns.StepID // where to go on when there is no such day, or it is past; empty: the next step
}

// Name is where the date stands, as texts name what an event brought.
func (d *DateWait) Name() string {
	if d.Brought != "" {
		return broughtVariable + d.Brought
	}
	return d.Attribute
}

// Branch takes the first arm whose condition holds; none: it goes on after the branch.
type Branch struct{ Arms []Arm }

// Arm is one way of a branch; If is nil for "else", which comes last.
type Arm struct {
	If    *Condition
	Steps []*Step
}

// Split divides members among its arms by chance, in the proportions of their shares. Who takes which is decide's; the same member takes the same arm
// at every visit.
type Split struct{ Arms []SplitArm }

// SplitArm is one way of a split.
type SplitArm struct {
	Share int    // 1–1000, beside the others'
	Name  string // the author's, or A, B, C, … by its place
	Steps []*Step
}

// Set changes what is known about the member.
type Set struct {
	Attributes map[string]any // string, float64, bool; nil removes
	AddTags    []string
	RemoveTags []string
	Language   campaigns.Lang
}

// Award gives points. The ledger takes them once per visit of the step, so a replay gives nothing twice.
type Award struct {
	Points int // -10000 to 10000, not 0
}

// Notify tells those who run the community something about the member. Who that is says the installation; the member goes on at once.
type Notify struct {
	Text Texts
	To   []campaigns.Channel // empty: all on which somebody is to be told
}

// Call asks another system of the organisation something, or tells it something. The member stands here until it has answered, or the time is over.
type Call struct {
	Endpoint string         // what the installation's settings call the other system
	Send     map[string]any // by name: a text with variables (string), a number or true or false
	SaveAs   string         // the name by which texts and conditions know the answer
	Timeout  timing.Period
	Failed   campaigns.StepID // where to go on without an answer; empty: the next step
}

// Enroll takes the member into another campaign, whose entry rule decides. Whether there is such a campaign is asked at publication.
type Enroll struct {
	Campaign campaigns.Key
	Place    Place // of the key
}

// Repeat runs its steps once a round, one round a day, a bounded number of times.
//
// Round n opens at At, the member's local time, on day n. Day 1 is the first day on which At lies ahead when the member comes to the step,
// or the calendar day Starts for everybody; who comes later begins with the round that is open then. A round is over when the next one opens
// (the last one a day after it opened): what stood open in it is closed, and a round without an answer to any of its questions was missed.
type Repeat struct {
	Times  int // 1–366
	At     timing.LocalTime
	Starts *timing.LocalDateTime // only its date counts; nil: the member's own day 1
	// Prompts are the variable {{ prompt }} of each round, plain text; empty, or one for each round.
	Prompts []Texts
	Steps   []*Step
}

// Goto goes on at another step.
type Goto struct{ To campaigns.StepID }

// End ends the campaign for this member.
type End struct{ Reason string }

func (*Send) body()   {}
func (*Ask) body()    {}
func (*Wait) body()   {}
func (*Branch) body() {}
func (*Split) body()  {}
func (*Set) body()    {}
func (*Award) body()  {}
func (*Notify) body() {}
func (*Call) body()   {}
func (*Enroll) body() {}
func (*Repeat) body() {}
func (*Goto) body()   {}
func (*End) body()    {}

// LinkButton opens a page.
type LinkButton struct {
	Text Texts
	URL  string
}

// Texts is one text in every language of the campaign, as Markdown with Liquid variables.
type Texts map[campaigns.Lang]string

// In returns the text in the first of the languages that it has: the wanted one, its base ("pt" for "pt-BR"), the fallback, the others in the order of their tags.
func (t Texts) In(want, fallback campaigns.Lang) (text string, lang campaigns.Lang) {
	for _, l := range []campaigns.Lang{want, base(want), fallback} {
		if s, ok := t[l]; ok {
			return s, l
		}
	}
	if len(t) == 0 {
		return "", fallback
	}
	for _, l := range slices.Sorted(maps.Keys(t)) { // the campaign's first language is missing itself
		return t[l], l
	}
	return "", fallback
}

func base(l campaigns.Lang) campaigns.Lang {
	for i, c := range l {
		if c == '-' {
			return l[:i]
		}
	}
	return l
}

// Condition is a question about a member with the answer yes or no. Exactly one of the groups of fields is set:
// Everyone; All; Any; Not; or a Subject with an Op and perhaps a Value.
type Condition struct {
	Everyone bool // "audience: all"
	All, Any []Condition
	Not      *Condition

	Subject Subject
	Name    string // attribute or answer name, path in the answer to a call, tag, language, channel, topic, event, key of a campaign or of a segment
	Op      Op
	Value   any   // string, float64, bool
	Values  []any // with OpIn
	Place   Place

	// Of is whose answer or score it is; empty: of the passage that the condition stands in.
	Of campaigns.Key
	// On narrows a consent to one channel; empty: any.
	On campaigns.Channel
	// Step narrows SubjectMessage; Was is how the message ended.
	Step campaigns.StepID
	Was  campaigns.DeliveryState
	Span Span
}

// Subject is what a condition looks at.
type Subject string

const (
	SubjectAttribute Subject = "attribute" // {attribute: level, is: a1}
	SubjectAnswer    Subject = "answer"    // {answer: level, is: a1}; only in steps
	SubjectCall      Subject = "call"      // {call: placement.level, is: b1}; only in steps; Name is the path below "call."
	SubjectTag       Subject = "tag"       // {tag: vip}
	SubjectLanguage  Subject = "language"  // {language: ru}
	SubjectChannel   Subject = "channel"   // {channel: telegram}: has a usable address there
	SubjectScore     Subject = "score"     // {score: points, at_least: 50}; only in steps; names: ScorePoints and the like

	// What follows looks at what was, in any campaign. An answer and a score do too, with Of.
	SubjectConsent    Subject = "consent"     // {consent: news, on: email}: agreed to the topic, on the channel or on any
	SubjectEvent      Subject = "event"       // {event: lesson.done, at_least: 3, within: 30d}; without a comparison: at least once
	SubjectFirstEvent Subject = "first_event" // {first_event: lesson.done, within: 7d}: the first one happened then
	SubjectLastEvent  Subject = "last_event"  // {last_event: lesson.done, older_than: 30d}
	SubjectInside     Subject = "inside"      // {inside: welcome}: a passage goes on
	SubjectEntered    Subject = "entered"     // {entered: welcome, within: 30d}: was ever in it
	SubjectCompleted  Subject = "completed"   // {completed: welcome}: a passage came to its end
	SubjectLeft       Subject = "left"        // {left: welcome}: a passage ended before its end
	SubjectMessage    Subject = "message_of"  // {message_of: welcome, step: hello, was: failed, within: 7d}
	SubjectSegment    Subject = "segment"     // {segment: novices}: the saved condition holds
)

// The names of SubjectScore: numbers that the enrollment itself has gathered.
const (
	ScorePoints = "points"      // points awarded in this run
	ScoreRound  = "round"       // the round that is open, from 1; 0 outside of a repeat
	ScoreDone   = "rounds_done" // rounds in which the member answered
)

// Op compares. Text is compared case-folded (x/text/cases Fold), numbers as numbers; values of different types are never equal and never ordered.
type Op string

const (
	OpIs       Op = "is"
	OpIsNot    Op = "is_not" // true also when there is no value
	OpIn       Op = "in"
	OpExists   Op = "exists" // {attribute: level, exists: true}
	OpGreater  Op = "greater_than"
	OpLess     Op = "less_than"
	OpAtLeast  Op = "at_least"
	OpAtMost   Op = "at_most"
	OpContains Op = "contains" // text contains text; an answer to choices contains the value
)

// Place is where something stands in the source. Line and Column count from 1 (column in characters); Path is like "steps[2].ask.text.ru".
type Place struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Path   string `json:"path"`
}

// Problem is one mistake in a document. Its words are made by internal/locale from "problem.<Code>" with Args.
type Problem struct {
	Place
	Code       string         // stable, such as "unknown_key"
	Args       map[string]any // values for the sentence
	Expected   string         // what was expected, in the words of the document; may be empty
	DidYouMean string         // what was probably meant; may be empty
}
