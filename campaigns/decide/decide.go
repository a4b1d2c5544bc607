// Package decide is the pure decision: (definition, enrollment, facts, input, now) → new enrollment and effects.
// The live service, the simulator, the preview and the demo all run it. It reads no clock, no database and no randomness: the same
// arguments give the same result, for one version of this package and of the zone data.
package decide

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
)

// Version of the decider. It is raised when the same arguments would give another result than before: since 2, a silence ends when its channel is lost; since 3,
// nothing waits in a round that a pause has outlasted, and a silence that a lost channel ended says so; since 4, a round is due when it opens, whatever was waited
// for before it, a call or a message ends with its round also when a move brings that nearer, a move forgets no lateness, a wait for a very moment ends at its
// second, a message says whether it answers an act of the member's own, and an event whose key is null is about no run.
const Version = 4

// MaxStepsAtOnce bounds the steps of one decision. The checker refuses definitions that could reach it.
const MaxStepsAtOnce = 1000

// Enrollment is where one member stands, as the decider sees it. The fields with a json tag are its own record (the data column);
// the others are columns of the row.
type Enrollment struct {
	State  campaigns.EnrollmentState `json:"-"`
	Reason campaigns.Reason          `json:"-"`
	// Step is where the enrollment stands: the step that it waits at, or (active) the step to start next. Empty before the first decision: the first step.
	Step campaigns.StepID `json:"-"`
	// Visit counts how often this step was entered, from 1: a part of the delivery's key.
	Visit int `json:"-"`
	// Due is when to decide next, nil when something else wakes the enrollment.
	Due  *time.Time         `json:"-"`
	Wait campaigns.WaitKind `json:"-"`
	// Key is what the run is about; empty: nothing in particular.
	Key string `json:"-"`
	// Entered is when the passage began: the goal's time runs from then.
	Entered time.Time `json:"-"`

	// Started: the first step was chosen. An enrollment by schedule may wait before its first step.
	Started bool                        `json:"started,omitempty"`
	Visits  map[campaigns.StepID]int    `json:"visits,omitempty"`
	Answers map[string]campaigns.Answer `json:"answers,omitempty"` // by save_as
	// Calls are what other systems answered, by save_as.
	Calls map[string]map[string]any `json:"calls,omitempty"`
	// Brought is what the event told with which the run began, by field. The decider leaves it alone.
	Brought map[string]any             `json:"brought,omitempty"`
	Asked   map[campaigns.StepID]Asked `json:"asked,omitempty"` // questions that were put, by step, the newest visit
	Waiting Waiting                    `json:"waiting,omitzero"`
	// Round is where the repeat stands that the enrollment is in.
	Round *Round `json:"round,omitempty"`
	// RoundsDone counts the rounds in which the member answered, over the whole run; Points what was awarded in it.
	RoundsDone int `json:"rounds_done,omitempty"`
	// Past is, by step, the rounds in which its question was answered, the open one left out: what comes later for them is a late change.
	Past   map[campaigns.StepID][]int `json:"past,omitempty"`
	Points int                        `json:"points,omitempty"`
	// PageAt is when the last answer came on the survey page: a question reached soon after is asked there, and no mail is sent for it.
	PageAt *time.Time `json:"page_at,omitempty"`
	// Had are, after a move to another version, the steps that the member has had and would not have come to again: how often (inside a repeat: up to which
	// round). Coming to one, the enrollment passes it over.
	Had map[campaigns.StepID]int `json:"had,omitempty"`
	// Hops counts the campaigns that led to this one, each of which the member passed within a day. The decider leaves it alone.
	Hops int `json:"hops,omitempty"`
	// HeldOut: the passage only waits for the goal's time to be over; nothing is sent.
	HeldOut bool `json:"held_out,omitempty"`
	// Acted: what it does now follows from an act of the member's own: nothing was waited for since but its messages and other systems. Who begins a passage sets it.
	Acted bool `json:"acted,omitempty"`
	// Reached is when the goal was reached.
	Reached *time.Time `json:"reached,omitempty"`
	// Opens is the moment of a recurring schedule, as the member's clock shows it, with which the passage begins.
	Opens *timing.LocalDateTime `json:"opens,omitempty"`
}

// Waiting says more about what the enrollment waits for.
type Waiting struct {
	// Rule of a wait step, so that Due can be computed again when the member's zone changes.
	Rule *timing.Rule `json:"rule,omitempty"`
	// Event that ends the wait before its time.
	Event string `json:"event,omitempty"`
	// Call: another system was asked, and Due is how long it is tried.
	Call bool `json:"call,omitempty"`
	// Channel and Part of the delivery that is waited for, and the channels that were tried before it for this visit.
	Channel campaigns.Channel   `json:"channel,omitempty"`
	Part    int                 `json:"part,omitempty"`
	Tried   []campaigns.Channel `json:"tried,omitempty"`
	// Plan is when the message that is waited for was to leave, where the step minds that and it was not when its delivery was written.
	Plan *Plan `json:"plan,omitempty"`
	// Rejected counts the wrong answers of this visit.
	Rejected int `json:"rejected,omitempty"`
	// Begun: the member has begun to answer in this visit.
	Begun bool `json:"begun,omitempty"`
	// Silence of the member since the step's message, which goes by another channel too if it lasts; set until that has gone.
	Silence *Silence `json:"silence,omitempty"`
}

// Silence is since when, and by which channel, a message has got no sign of life.
type Silence struct {
	Channel campaigns.Channel `json:"channel"`
	At      time.Time         `json:"at"`
}

// Plan is when a step was to be reached, and the days of the week that the wait before it names.
type Plan struct {
	At time.Time      `json:"at"`
	On []time.Weekday `json:"on,omitempty"`
	// Clock is the time of day that was waited for, where clocks did not show it at that moment: it fell into a gap.
	Clock *timing.LocalTime `json:"clock,omitempty"`
}

// clock is the time of day of the plan.
func (p Plan) clock(zone *time.Location) timing.LocalTime {
	if p.Clock != nil {
		return *p.Clock
	}
	return clockAt(p.At, zone)
}

func clockAt(t time.Time, zone *time.Location) timing.LocalTime {
	h, m, _ := t.In(zone).Clock()
	return timing.LocalTime{Hour: h, Minute: m}
}

// Round is one round of a repeat. The moments at which rounds open follow from First, the repeat's At and the member's zone, so that a move
// to another zone moves them too.
type Round struct {
	Step campaigns.StepID `json:"step"` // the repeat
	// N is the round, from 1: the visit of the steps inside. 0: the first round has not opened.
	N int `json:"n"`
	// First is the local date of day 1, "2006-01-02".
	First string `json:"first"`
	// Answered: one of the round's questions was answered. Over: its steps have ended, or its time has; the next one is waited for.
	Answered bool `json:"answered,omitempty"`
	Over     bool `json:"over,omitempty"`
}

// Asked is one question that was put to the member.
type Asked struct {
	Visit   int               `json:"visit"`
	Channel campaigns.Channel `json:"channel"` // where; Page when asked on the survey page
	At      time.Time         `json:"at"`      // when it was put: sent, or shown next on the page
	// Closed: the timeout passed, or the campaign is over for the member. A later answer is kept as late.
	Closed bool `json:"closed,omitempty"`
	// Answered: a first valid answer decided the path.
	Answered bool `json:"answered,omitempty"`
	// Escalated: its time without an answer has come: it went by another channel too, or could not. Twin is the channel by which it went.
	Escalated bool              `json:"escalated,omitempty"`
	Twin      campaigns.Channel `json:"twin,omitempty"`
	// Past are, after a move to a version with another order of channels, those by which it went or could not go before.
	Past []campaigns.Channel `json:"past,omitempty"`
}

// On reports whether the question was put on the channel.
func (a Asked) On(ch campaigns.Channel) bool { return ch != "" && (a.Channel == ch || a.Twin == ch) }

// Facts is all that a decision may know about the member and the campaign besides the enrollment. The engine loads it in the same transaction.
type Facts struct {
	// Member is who a split takes the member for.
	Member     campaigns.MemberID `json:",omitempty"` // recorded journals are older
	Language   campaigns.Lang
	Zone       *time.Location // never nil
	Attributes map[string]any
	Tags       []string
	Channels   map[campaigns.Channel]ChannelFacts
	Stopped    bool // everything off
	// HeldOut: by the definition's holdout, the member is among those who get nothing.
	HeldOut bool `json:",omitempty"`
	// Interactive: the member acted within the last ten minutes; deliveries go by the interactive lane and are exempt from quiet hours.
	Interactive bool
	// LastAct is when the member last did something that we saw: wrote, pressed, answered.
	LastAct *time.Time `json:",omitempty"`
	// Paused: no step starts; answers are kept.
	Paused bool
	// Pauses of the campaign, in order; an ask's timeout is lengthened by those that lie between its asking and now.
	Pauses []Pause
	// Unset: the settings do not name the endpoint that the step calls at which the enrollment stands.
	Unset bool `json:",omitempty"`
	// Past and Segments are there as far as conditions of the definition ask for them.
	Past     *definition.Past    `json:",omitempty"`
	Segments definition.Segments `json:",omitempty"`
}

// Pause is one span in which the campaign stood still; To is zero while it lasts.
type Pause struct{ From, To time.Time }

// ChannelFacts is what is known about the member's address on one channel. A channel without an address is absent from the map.
type ChannelFacts struct {
	Reach      channels.Reach
	Consent    bool // for the campaign's topic
	Suppressed bool
	// Unconfirmed: nobody has confirmed yet that the address is the member's.
	Unconfirmed bool `json:",omitempty"` // recorded journals are older
	Off         bool // the channel is not configured on this installation
}

// Input is what happened: *Start, *Due, *Delivered, *Answered, *Begun, *Called, *Happened, *Left, *ZoneChanged or *Moved.
type Input interface{ input() }

// Start is the first decision of an enrollment. NotBefore, when set, is the moment before which the first step does not start (a schedule in the member's zone).
// One that has passed is when it should have started: that of its schedule (Scheduled), of the event that let the member in, or when they were taken in by hand.
type Start struct {
	NotBefore *time.Time
	Scheduled bool `json:",omitempty"`
}

// Due says that the enrollment's Due has come (or that it is active and a worker looks).
type Due struct{}

// Delivered says that a delivery of the enrollment has a final state.
type Delivered struct {
	Step    campaigns.StepID
	Visit   int
	Channel campaigns.Channel
	Part    int
	State   campaigns.DeliveryState
	Reason  campaigns.Reason
	At      time.Time
	// Made is when its row was written; zero: that is not known.
	Made time.Time
	// More: the text has another part; it is sent next, as Part+1.
	More bool
}

// Answered says that the member answered the question of a step. Step and Visit come from the button, the link, the reply or the open slot.
type Answered struct {
	Step    campaigns.StepID
	Visit   int
	Raw     campaigns.RawAnswer
	Channel campaigns.Channel
	Input   campaigns.InputID
	At      time.Time
}

// Begun says that the member has ticked some of the options of a step's question, and not said yet that these are all.
type Begun struct {
	Step  campaigns.StepID
	Visit int
}

// Happened says that an API event happened to the member. A passage that is over takes it too: its goal may still be reached.
type Happened struct {
	Event string
	Data  map[string]any `json:",omitempty"` // what it brought: texts, numbers, true or false, and what nobody looks at
	At    time.Time      `json:",omitzero"`  // when we were told of it; zero: now
	Own   bool           `json:",omitempty"` // the member did it here: pressed Start
}

// Left ends the enrollment from outside: withdrawn, stopped, unsubscribed, campaign ended, erased.
type Left struct{ Reason campaigns.Reason }

// ZoneChanged says that the member's zone, or a day in an attribute that is waited for (in Facts), is another now.
type ZoneChanged struct{}

func (*Start) input()       {}
func (*Due) input()         {}
func (*Delivered) input()   {}
func (*Answered) input()    {}
func (*Begun) input()       {}
func (*Happened) input()    {}
func (*Left) input()        {}
func (*ZoneChanged) input() {}
func (*Moved) input()       {}

// Effect is what the engine does in the same transaction: *Deliver, *SaveAnswer, *SetMember, *Award, *Notify, *Call, *EndCall, *Enroll, *CancelPending, *CloseQuestion, *AskAgain, *HoldOut,
// *ReachGoal or *Record.
type Effect interface{ effect() }

// Deliver writes a delivery row: the message of the step, on the channel.
type Deliver struct {
	Step    campaigns.StepID
	Visit   int
	Channel campaigns.Channel
	Part    int
	Lane    campaigns.Lane
	Expires time.Time
	// Reply: it answers what the member did within the last ten minutes, so that no budget holds it.
	Reply bool `json:",omitempty"`
}

// SaveAnswer writes the response (or replaces its value, keeping history).
type SaveAnswer struct {
	Question string // save_as
	Step     campaigns.StepID
	Visit    int
	Round    int `json:",omitempty"` // of the repeat around the step; 0 outside of one
	Answer   campaigns.Answer
}

// Award writes points to the ledger.
type Award struct {
	Step   campaigns.StepID
	Visit  int
	Round  int
	Points int
}

// Enroll takes the member into another campaign, if that lets them in.
type Enroll struct {
	Campaign campaigns.Key
	Step     campaigns.StepID
	Visit    int
	Acted    bool `json:",omitempty"` // an act of the member's own leads there
}

// Notify tells those who run the community what the step says.
type Notify struct {
	Step  campaigns.StepID
	Visit int
}

// SetMember changes the member.
type SetMember struct {
	Attributes map[string]any // nil value removes
	AddTags    []string
	RemoveTags []string
	Language   campaigns.Lang // empty: unchanged
}

// CancelPending cancels the enrollment's deliveries that have not been begun.
type CancelPending struct{ Reason campaigns.Reason }

// CloseQuestion frees the chat's slot if this enrollment holds it.
type CloseQuestion struct{}

// HoldOut counts the passage among those that are held out.
type HoldOut struct{}

// ReachGoal counts the passage among those that reached the goal.
type ReachGoal struct{ HeldOut bool }

// AskAgain tells the member, kindly, what was wrong with an answer. Last: it was the last time; the question stays open until its timeout.
// Silent: it is not asked again; what they wrote is for a person then.
type AskAgain struct {
	Step      campaigns.StepID
	Visit     int
	Channel   campaigns.Channel
	Rejection answers.Rejection
	Last      bool
	Silent    bool
}

// Record writes one event: what was decided and, for every "no", why.
type Record struct {
	Name   string // "step.skipped", "question.timed_out", "enrollment.completed", …
	Step   campaigns.StepID
	Visit  int // of the step, where Step is set
	Reason campaigns.Reason
	// Channel whose reason Reason is, for "step.skipped".
	Channel campaigns.Channel `json:",omitempty"`
	Data    map[string]any    // never a personal value
}

func (*Deliver) effect()       {}
func (*SaveAnswer) effect()    {}
func (*SetMember) effect()     {}
func (*Award) effect()         {}
func (*Notify) effect()        {}
func (*Enroll) effect()        {}
func (*CancelPending) effect() {}
func (*CloseQuestion) effect() {}
func (*AskAgain) effect()      {}
func (*HoldOut) effect()       {}
func (*ReachGoal) effect()     {}
func (*Record) effect()        {}
