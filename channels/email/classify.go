package email

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// Phase is the moment of the conversation at which a server answered: the same code means different things at different moments.
type Phase string

const (
	PhaseConnect Phase = "connect" // the greeting, EHLO, STARTTLS
	PhaseAuth    Phase = "auth"
	PhaseMail    Phase = "mail"  // about our envelope sender
	PhaseRcpt    Phase = "rcpt"  // about the recipient
	PhaseData    Phase = "data"  // in place of 354
	PhaseFinal   Phase = "final" // after the final dot, or in a bounce
)

const (
	slowDown   = 15 * time.Minute
	greylisted = 5 * time.Minute
	fullRetry  = time.Hour
)

// Codes of the table in RFC 3463 and the IANA registry of enhanced status codes, as they are used today.
var (
	deadCodes = []string{"5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
	// authCodes say that we did not prove who we are: Gmail's 5.7.26 and its neighbours, Microsoft's 5.7.509 and 5.7.515, a missing login.
	authCodes = []string{"5.7.8", "5.7.9", "5.7.57", "5.7.509", "5.7.515"}
	// deadTexts decide a 550 that came without an enhanced code.
	deadTexts = []string{
		"no such user", "user unknown", "unknown user", "no such recipient", "no such mailbox", "mailbox not found", "recipient not found",
		"user not found", "invalid recipient", "unknown recipient", "recipient unknown", "does not exist", "doesn't exist", "no mailbox here", "account is disabled", "mailbox is disabled",
	}
)

// Classify says what an SMTP reply means for the delivery and for the address. code is the three-digit reply or 0 (a bounce may know only the enhanced code);
// enhanced is "5.1.1" or empty; text is what the server said. The receipt's Detail is text without anything that looks like an address.
func Classify(code int, enhanced, text string, phase Phase) channels.Receipt {
	if code == 0 && enhanced != "" {
		code = int(enhanced[0]-'0') * 100
	}
	var r channels.Receipt
	switch {
	case code/100 == 2:
		return channels.Receipt{ProviderID: clean(text, 200)}
	case phase == PhaseConnect:
		r = channels.Receipt{Class: channels.Temporary, WholeChannel: true, RetryAfter: greylisted}
	case code/100 == 4:
		r = classifyTemporary(code, enhanced, text, phase)
	case code/100 == 5:
		r = classifyPermanent(code, enhanced, text, phase)
	default: // no reply that this moment allows
		r = channels.Receipt{Class: channels.Temporary}
	}
	r.Code, r.Detail = replyCode(code, enhanced), clean(text, 500)
	return r
}

func replyCode(code int, enhanced string) string {
	if enhanced == "" {
		return strconv.Itoa(code)
	}
	if code%100 == 0 {
		return enhanced
	}
	return strconv.Itoa(code) + " " + enhanced
}

func classifyTemporary(code int, enhanced, text string, phase Phase) channels.Receipt {
	r := channels.Receipt{Class: channels.Temporary, WholeChannel: phase == PhaseAuth}
	switch {
	case code == 450, strings.Contains(strings.ToLower(text), "greylist"), strings.Contains(strings.ToLower(text), "graylist"):
		r.RetryAfter = greylisted
	case phase == PhaseAuth:
		r.RetryAfter = slowDown
	case code == 421, strings.HasPrefix(enhanced, "4.7."): // it wants less from us: no fault of this message
		r.Class, r.RetryAfter = channels.RateLimited, slowDown
	case enhanced == "4.2.2":
		r.RetryAfter = fullRetry
	}
	return r
}

func classifyPermanent(code int, enhanced, text string, phase Phase) channels.Receipt {
	switch {
	case phase == PhaseAuth, slices.Contains([]int{530, 534, 535, 538}, code), ourAuthentication(enhanced):
		return channels.Receipt{Class: channels.Broken, WholeChannel: true}
	case phase == PhaseMail && (strings.HasPrefix(enhanced, "5.1.") || slices.Contains([]int{501, 553, 555}, code)):
		return channels.Receipt{Class: channels.Broken} // our sender is refused, not the member
	case enhanced == "5.2.2": // full: it may have room tomorrow
		return channels.Receipt{Class: channels.Temporary, RetryAfter: fullRetry}
	case phase != PhaseMail && deadAddress(code, enhanced, text):
		return channels.Receipt{Class: channels.AddressDead, Reach: channels.ReachGone}
	}
	return channels.Receipt{Class: channels.Refused}
}

func ourAuthentication(enhanced string) bool {
	if slices.Contains(authCodes, enhanced) {
		return true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(enhanced, "5.7."))
	return err == nil && strings.HasPrefix(enhanced, "5.7.") && n >= 20 && n <= 30
}

// deadAddress: the enhanced code decides where it is precise; policy (5.7.x) and an unsupported SMTPUTF8 never kill an address.
func deadAddress(code int, enhanced, text string) bool {
	switch {
	case slices.Contains(deadCodes, enhanced):
		return true
	case strings.HasPrefix(enhanced, "5.7."), strings.HasPrefix(enhanced, "5.6."), strings.HasPrefix(enhanced, "5.3."):
		return false
	case code == 521, code == 553, code == 556: // RFC 7504; RFC 5321 §4.2.3; RFC 7505
		return true
	case enhanced == "" && code == 550:
		text = strings.ToLower(text)
		// "Sender domain does not exist" is about us.
		aboutUs := slices.ContainsFunc([]string{"sender", "domain", "host", "helo", "relay"}, func(t string) bool { return strings.Contains(text, t) })
		return !aboutUs && slices.ContainsFunc(deadTexts, func(t string) bool { return strings.Contains(text, t) })
	}
	return false
}
