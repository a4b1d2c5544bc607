package campaigns

import "slices"

// State is the life cycle of a campaign. The SQL CHECK of campaigns.state repeats this list.
type State string

const (
	// Draft: created; never published. Left by the first publication, or put out of sight.
	Draft State = "draft"
	// Scheduled: published, its entry lies in the future. Left when the entry opens, or by ending it.
	Scheduled State = "scheduled"
	// Running: published and open. Left by pause, end, or when a one-time entry is done and nobody is inside.
	Running State = "running"
	// Paused: nothing is sent and no step starts; answers are stored, waits run on, ask timeouts stand still.
	Paused State = "paused"
	// Finished: ended by a person or by itself. A new publication opens it again.
	Finished State = "finished"
	// Archived: out of sight; it has finished, or was never published.
	Archived State = "archived"
)

var stateTransitions = map[State][]State{
	Draft:     {Scheduled, Running, Archived},
	Scheduled: {Running, Paused, Finished},
	Running:   {Paused, Finished},
	Paused:    {Running, Scheduled, Finished},
	Finished:  {Scheduled, Running, Archived},
	Archived:  {},
}

// May reports whether a campaign may go from s to next.
func (s State) May(next State) bool { return slices.Contains(stateTransitions[s], next) }

// EnrollmentState is the life cycle of one member's passage. The SQL CHECK of enrollments.state repeats this list.
type EnrollmentState string

const (
	// EnrollmentActive: a step is to be decided now. Entered at enrollment; left by the decider in the same transaction in all but a crash.
	EnrollmentActive EnrollmentState = "active"
	// EnrollmentWaiting: waits for something named (see WaitKind). Left by that thing, or by an exit.
	EnrollmentWaiting EnrollmentState = "waiting"
	// EnrollmentCompleted is final: the last step was passed, or an end step reached.
	EnrollmentCompleted EnrollmentState = "completed"
	// EnrollmentExited is final: left before the end, with an ExitReason.
	EnrollmentExited EnrollmentState = "exited"
)

var enrollmentTransitions = map[EnrollmentState][]EnrollmentState{
	EnrollmentActive:    {EnrollmentWaiting, EnrollmentCompleted, EnrollmentExited},
	EnrollmentWaiting:   {EnrollmentActive, EnrollmentWaiting, EnrollmentCompleted, EnrollmentExited},
	EnrollmentCompleted: {},
	EnrollmentExited:    {},
}

// May reports whether an enrollment may go from s to next.
func (s EnrollmentState) May(next EnrollmentState) bool {
	return slices.Contains(enrollmentTransitions[s], next)
}

// Final reports whether the passage is over.
func (s EnrollmentState) Final() bool { return len(enrollmentTransitions[s]) == 0 }

// WaitKind names what a waiting enrollment waits for. The SQL CHECK of enrollments.wait_kind repeats this list.
type WaitKind string

const (
	// WaitNone: the enrollment does not wait.
	WaitNone WaitKind = ""
	// WaitTime: until due_at.
	WaitTime WaitKind = "time"
	// WaitDelivery: until the named delivery is final.
	WaitDelivery WaitKind = "delivery"
	// WaitAnswer: until an answer to the open question, or its timeout at due_at.
	WaitAnswer WaitKind = "answer"
)

// Reason says why an enrollment ended, a message was not sent, or was put off. It is a stable word;
// internal/locale has its sentence in every language under "reason.<word>".
type Reason string

// Why an enrollment exited.
const (
	ExitLeft         Reason = "left"           // an exit event happened
	ExitUnsubscribed Reason = "unsubscribed"   // the member stopped the topic or everything
	ExitWithdrawn    Reason = "withdrawn"      // a coordinator took the member out
	ExitUnreachable  Reason = "unreachable"    // no channel was left for a question that the campaign cannot do without
	ExitEnded        Reason = "campaign_ended" // a coordinator ended the campaign
	ExitMoved        Reason = "moved"          // a newer version was published, and those inside the older one were to leave, or had no place in it
	ExitErased       Reason = "erased"         // the member's data was erased
	ExitMerged       Reason = "merged"         // the member turned out to be another one, whose own run of this campaign goes on
	ExitGoal         Reason = "goal"           // the goal was reached
	ExitRuled        Reason = "exit_rule"      // the condition of an exit rule held
	ExitHeldOut      Reason = "held_out"       // the goal's time is over for a member of the holdout group
	ExitCycle        Reason = "cycle"          // more than MaxStepsAtOnce steps without a wait: a guard, the checker refuses such definitions
)

// Why a message was not sent, or not yet.
const (
	NoAddress       Reason = "no_address"         // the member has no address on any of the step's channels
	NoConsent       Reason = "no_consent"         // no consent for the topic on the channel
	Unconfirmed     Reason = "unconfirmed"        // nobody has confirmed yet that the mailbox is the member's
	Stopped         Reason = "stopped"            // the member turned everything off
	SuppressedAddr  Reason = "address_suppressed" // the address is on the suppression list (bounce, complaint, erasure)
	Blocked         Reason = "blocked"            // the member blocked the bot
	NotStarted      Reason = "not_started"        // the member never pressed Start, or the chat is unknown to this bot
	Gone            Reason = "gone"               // the Telegram account or the mailbox no longer exists
	Rejected        Reason = "rejected"           // the server refused this message
	AttemptsUsedUp  Reason = "attempts_used_up"   // temporary failures until the last attempt
	TooLate         Reason = "too_late"           // the step's delivery limit passed
	ChannelAway     Reason = "channel_away"       // the channel was stopped, or could not take it, until the step's delivery limit passed
	NoConnection    Reason = "no_connection"      // the channel's other side could not be reached, until the step's delivery limit passed
	Late            Reason = "late"               // the step's rule skips what comes late
	NextWindow      Reason = "next_window"        // late: put off to the next time at which the step may be sent
	RoundOver       Reason = "round_over"         // the round that the message belongs to was over
	StepLeft        Reason = "step_left"          // the passage was moved to another version, and went on elsewhere in it
	QuietHours      Reason = "quiet_hours"        // put off to the end of the quiet hours
	QuietSkipped    Reason = "quiet_skipped"      // the campaign skips what comes due in its quiet hours
	OverBudget      Reason = "over_budget"        // the member got as many messages as the community's budget allows; put off, or skipped where that would be too late
	RateLimited     Reason = "rate_limited"       // the server told us to slow down
	Temporary       Reason = "temporary"          // a temporary failure; tried again later
	QuestionOpen    Reason = "question_open"      // another typed question is open in this chat
	CampaignPaused  Reason = "campaign_paused"
	EnrollmentOver  Reason = "enrollment_over"  // the enrollment ended before the message was sent
	AlreadyAnswered Reason = "already_answered" // the question was answered before the message was sent
	QuestionClosed  Reason = "question_closed"  // the question's time was over before its second message was sent
	AnswerBegun     Reason = "answer_begun"     // the member had begun to answer, so the question went by no second channel
	LastChannel     Reason = "last_channel"     // the question had gone by the last of its channels
	OutcomeUnknown  Reason = "outcome_unknown"  // the connection was lost after the message was begun
	ChannelOff      Reason = "channel_off"      // the channel is not configured on this installation
	RenderFailed    Reason = "render_failed"    // the text could not be made into a message
	MediaMissing    Reason = "media_missing"    // the media file is not in the media folder
	Stumbled        Reason = "stumbled"         // our own code stumbled over it before a byte of it left
	MemberErased    Reason = "member_erased"
	NobodyToTell    Reason = "nobody_to_tell" // a notice, for which the installation names nobody
	HoldoutGroup    Reason = "holdout_group"  // the member is among those who get nothing, so that the campaign can be measured
)

// Why a call of another system brought no answer, or none yet.
const (
	CallTimedOut  Reason = "call_timed_out" // no answer as long as it was tried
	CallRefused   Reason = "call_refused"   // the other system answered that it will not
	CallGone      Reason = "call_gone"      // the other system wants no more calls (410); it gets none for an hour
	CallUnknown   Reason = "call_unknown"   // the settings name no endpoint of that name
	CallForbidden Reason = "call_forbidden" // the endpoint's address is inside the operator's own network, which its settings do not allow
	CallTooMuch   Reason = "call_too_much"  // the answer holds more than is kept
	CallUnmade    Reason = "call_unmade"    // what it was to be told could not be put together
	CallNotMade   Reason = "call_not_made"  // its time was over before the first try: everything, or its campaign, was stopped, or others stood before it
	CallRetried   Reason = "call_retried"   // no answer yet; tried again later
	CallLeft      Reason = "call_left"      // the passage went on elsewhere, or ended, before there was an answer
)

// DeliveryState is the life cycle of one message to one address. The SQL CHECK of deliveries.state repeats this list.
type DeliveryState string

const (
	// Pending: written by the engine, or given back (deferred, claim ran out before a byte left, server said later).
	Pending DeliveryState = "pending"
	// Claimed: a worker owns it until claim_until. Bulk deliveries are claimed by one row per chunk and stay "pending" themselves.
	Claimed DeliveryState = "claimed"
	// Sending: begun in the owner's journal; its bytes may be on their way. Lives in the journal, and in the row only between a crash and its replay.
	Sending DeliveryState = "sending"
	// Sent is final: 250 after the final dot (RFC 5321 §4.2.5), or the Bot API's ok:true.
	Sent DeliveryState = "sent"
	// Failed is final: refused, attempts used up, or our own fault (RenderFailed, MediaMissing, Stumbled). Only a person may let one wait again that failed by our fault.
	Failed DeliveryState = "failed"
	// Suppressed is final: consent, suppression or stop forbade it at the claim.
	Suppressed DeliveryState = "suppressed"
	// Expired is final: the step's limit passed before it could be sent.
	Expired DeliveryState = "expired"
	// Canceled is final: exit, withdrawal, erasure, an answer that came first, or the campaign's end.
	Canceled DeliveryState = "canceled"
	// HeldOut is final: the member is in the holdout group (issue 5).
	HeldOut DeliveryState = "held_out"
	// Unknown is final: begun, and no result is known. Only a person may send again.
	Unknown DeliveryState = "unknown"
)

var deliveryTransitions = map[DeliveryState][]DeliveryState{
	Pending:    {Pending, Claimed, Sent, Failed, Suppressed, Expired, Canceled, HeldOut, Unknown},
	Claimed:    {Pending, Sending, Sent, Failed, Suppressed, Expired, Canceled, Unknown},
	Sending:    {Pending, Sent, Failed, Unknown},
	Sent:       {},
	Failed:     {},
	Suppressed: {},
	Expired:    {},
	Canceled:   {},
	HeldOut:    {},
	Unknown:    {},
}

// May reports whether a delivery may go from s to next.
func (s DeliveryState) May(next DeliveryState) bool {
	return slices.Contains(deliveryTransitions[s], next)
}

// Final reports whether the delivery has its one final state.
func (s DeliveryState) Final() bool { return len(deliveryTransitions[s]) == 0 }
