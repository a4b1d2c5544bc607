package simulation

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Result is what would happen. It holds personal values where members were copied: never log it.
type Result struct {
	Start time.Time `json:"start" doc:"By the community's clock"`
	// Until is the hour of the beginning, as many days later, or the moment at which the simulation stopped early.
	Until     time.Time        `json:"until"`
	Days      int              `json:"days"`
	Seed      string           `json:"seed" doc:"The same request with the same seed gives the same result"`
	Members   int              `json:"members"`
	Messages  int              `json:"messages" doc:"How many messages arrived"`
	Complete  bool             `json:"complete" doc:"False: the bound on messages was reached before the last day"`
	Notes     []string         `json:"notes" doc:"What is worth knowing about the whole, in sentences"`
	Campaigns []CampaignTotals `json:"campaigns"`
	ByDay     []DayTotals      `json:"by_day" doc:"Days on which something happened"`
	Stories   []Story          `json:"stories" doc:"Some members' days in full"`
}

// CampaignTotals is what became of everybody in one campaign.
type CampaignTotals struct {
	Key        campaigns.Key `json:"key"`
	Name       string        `json:"name"`
	Entered    int           `json:"entered" doc:"Members who entered"`
	Passages   int           `json:"passages" doc:"How often they entered: a member may come in again"`
	NotEntered []ReasonTotal `json:"not_entered"`
	Completed  int           `json:"completed" doc:"Passages that came to the end"`
	Exited     []ReasonTotal `json:"exited" doc:"Passages that ended before"`
	Inside     int           `json:"inside" doc:"Passages that go on when the simulated time ends"`
	HeldOut    int           `json:"held_out" doc:"Passages to which nothing is sent, by holdout. They stand before the first step, and none of its messages that were not sent is theirs"`
	Clashes    int           `json:"clashes" doc:"Messages that came on the same day as another one to the same member, answers to what they did left out"`
	Steps      []StepTotals  `json:"steps"`

	again    int // how often somebody came to the step againAt
	againAt  campaigns.StepID
	dateless map[string]int              // how many members have no date to wait for, by where it would stand
	enrolls  map[campaigns.Key]elsewhere // into campaigns that are not played along
}

// elsewhere is how many members steps took into a campaign that is not played along.
type elsewhere struct {
	name string // its key, where nobody knows it
	n    int
}

// StepTotals is what became of one step, in the order of the document.
type StepTotals struct {
	Step campaigns.StepID `json:"step"`
	Does string           `json:"does" doc:"send, ask, wait, branch, split, set, award, notify, call, enroll, repeat, goto, end"`
	// Entered counts passages; the others count messages and answers, of which a repeated step has several for each.
	Entered  int                       `json:"entered" doc:"Passages that came to the step; those of one member count each"`
	Sent     map[campaigns.Channel]int `json:"sent" doc:"Messages that arrived, by channel"`
	Held     int                       `json:"held" doc:"Messages that were put off before they left"`
	NotSent  []ReasonTotal             `json:"not_sent"`
	Answered int                       `json:"answered"`
	TimedOut int                       `json:"timed_out"`
	Inside   int                       `json:"inside" doc:"Passages that stand at the step when the simulated time ends"`
	Arms     []ArmTotals               `json:"arms,omitempty" doc:"Of a split"`
}

// ArmTotals is how many passages took an arm of a split.
type ArmTotals struct {
	Name    string `json:"name"`
	Entered int    `json:"entered"`
}

// ReasonTotal is how often something happened for a reason.
type ReasonTotal struct {
	Reason string `json:"reason"`
	What   string `json:"what" doc:"The reason in a sentence"`
	N      int    `json:"n"`
}

// DayTotals is one day of the calendar, by the community's clock; the first is the one on which the simulation begins.
type DayTotals struct {
	Day      int                       `json:"day" doc:"1 is the day on which the simulation begins, and 2 begins at the next midnight by the community's clock"`
	Date     string                    `json:"date" doc:"By the community's clock"`
	Sent     map[campaigns.Channel]int `json:"sent"`
	NotSent  int                       `json:"not_sent"`
	Answered int                       `json:"answered"`
	Entered  int                       `json:"entered"`
	Ended    int                       `json:"ended"`
}

// Story is what one member lives through.
type Story struct {
	Member   string              `json:"member"`
	Name     string              `json:"name,omitempty"`
	Language campaigns.Lang      `json:"language"`
	Zone     string              `json:"time_zone"`
	Channels []campaigns.Channel `json:"channels"`
	Does     string              `json:"does" doc:"The assumed behaviour"`
	Items    []Item              `json:"items"`

	index int
}

// Item is one thing that happens to a member, or does not happen, in the order of time.
type Item struct {
	At    time.Time `json:"at" doc:"To the minute"`
	Local string    `json:"local" doc:"The same by the member's own clock"`
	Day   int       `json:"day" doc:"By the community's clock, as in by_day"`
	Kind  ItemKind  `json:"kind" enum:"entered,refused,message,reply,not_sent,waiting,answer,escalated,not_escalated,timed_out,waited,happened,decided,awarded,set,notified,called,enrolled,not_played,ended,blocked,withdrew"`
	// What is the sentence in the asked language.
	What     string            `json:"what"`
	Campaign campaigns.Key     `json:"campaign,omitempty"`
	Step     campaigns.StepID  `json:"step,omitempty"`
	Channel  campaigns.Channel `json:"channel,omitempty"`
	Language campaigns.Lang    `json:"language,omitempty"`
	Subject  string            `json:"subject,omitempty"`
	Text     string            `json:"text,omitempty" doc:"As the member reads it, without its markup"`
	Buttons  []string          `json:"buttons,omitempty"`
	Reason   string            `json:"reason,omitempty"`
	Held     *Held             `json:"held,omitempty"`
	Clashes  []string          `json:"clashes,omitempty" doc:"Other messages to the member on the same day"`
	Value    any               `json:"value,omitempty" doc:"The invented answer"`

	order int64
}

// Held says how long a message waited before it left, and why.
type Held struct {
	From   time.Time        `json:"from"`
	Until  time.Time        `json:"until"`
	Reason campaigns.Reason `json:"reason"`
	What   string           `json:"what"`
}

// ItemKind says what an item is.
type ItemKind string

const (
	ItemEntered ItemKind = "entered"
	ItemRefused ItemKind = "refused" // did not get in
	ItemMessage ItemKind = "message"
	ItemReply   ItemKind = "reply" // the system answered what the member did
	ItemNotSent ItemKind = "not_sent"
	ItemWaiting ItemKind = "waiting" // a message waits when the simulated time ends
	ItemAnswer  ItemKind = "answer"
	// What nobody had answered, or given a sign of life after, went by another channel too, or by none.
	ItemEscalated    ItemKind = "escalated"
	ItemNotEscalated ItemKind = "not_escalated"
	ItemTimedOut     ItemKind = "timed_out"
	ItemWaited       ItemKind = "waited"   // how a wait for an event ended, or why there was none until a date
	ItemHappened     ItemKind = "happened" // what else the timeline tells of the passage; the reason is the event
	ItemDecided      ItemKind = "decided"  // which way a branch or a split took, and why
	ItemAwarded      ItemKind = "awarded"  // points
	ItemSet          ItemKind = "set"      // the member was changed
	ItemNotified     ItemKind = "notified" // the staff is told
	ItemCalled       ItemKind = "called"   // what came of a call of another system, as it is assumed
	ItemEnrolled     ItemKind = "enrolled" // what came of a step that enrolls in a campaign that is played along
	// A step took the member into a campaign that is not played along.
	ItemNotPlayed ItemKind = "not_played"
	ItemEnded     ItemKind = "ended"
	ItemBlocked   ItemKind = "blocked"
	ItemWithdrew  ItemKind = "withdrew"
)

// told is something that no row tells.
type told struct {
	person   *person
	at       time.Time
	campaign campaigns.CampaignID
	kind     ItemKind
	reason   string
	channel  campaigns.Channel
}
