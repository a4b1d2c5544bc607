// Package members is the pure domain of people: who they are, where they can be reached, and what they agreed to.
package members

import (
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
)

// Member is a person of the community. All fields but ID, State and the times are personal values: never log them.
type Member struct {
	ID         campaigns.MemberID
	ExternalID string // the platform's own id; empty for members who came by the bot alone
	FirstName  string
	LastName   string
	Language   campaigns.Lang // BCP 47; empty: the community's first
	TimeZone   string         // IANA name; empty: the community's zone
	Attributes map[string]any // string, float64, bool values
	Tags       []string       // sorted
	State      State
	// Quiet is the member's own quiet hours, by their clock; nil: none. Those of the campaign hold beside them.
	Quiet *timing.Window
	// StoppedAt: the member turned everything off; nil otherwise.
	StoppedAt *time.Time
	// LastActAt: when the member last did something that we saw.
	LastActAt *time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// State is the life cycle of a member. The SQL CHECK of members.state repeats this list.
type State string

const (
	Active State = "active"
	// Erased: personal values are gone, rows of what was sent remain without them. Final.
	Erased State = "erased"
)

// Address is one way to reach a member. A member has at most one per channel.
type Address struct {
	Member  campaigns.MemberID
	Channel campaigns.Channel
	Value   string // a chat id in decimal, or a mailbox as given
	Reach   channels.Reach
	// Proof says how sure it is that the address is the member's.
	Proof Proof
	// Suppressed is the reason the address is on the suppression list, or empty.
	Suppressed string
}

// Addresses are a member's, at most one a channel, in order of the channels' names. Bulk work reads thousands of members, for whom a map would be most of what it keeps in memory.
type Addresses []Address

// Find is the address on the channel.
func (as Addresses) Find(ch campaigns.Channel) (Address, bool) {
	for i := range as {
		if as[i].Channel == ch {
			return as[i], true
		}
	}
	return Address{}, false
}

// On is the address on the channel, or the zero address.
func (as Addresses) On(ch campaigns.Channel) Address {
	a, _ := as.Find(ch)
	return a
}

// Set puts the address in the place of the one on its channel.
func (as *Addresses) Set(a Address) {
	for i := range *as {
		if (*as)[i].Channel == a.Channel {
			(*as)[i] = a
			return
		}
	}
	*as = append(*as, a)
	slices.SortFunc(*as, func(a, b Address) int { return strings.Compare(string(a.Channel), string(b.Channel)) })
}

// Channels are those on which there is an address.
func (as Addresses) Channels() []campaigns.Channel {
	chs := make([]campaigns.Channel, len(as))
	for i := range as {
		chs[i] = as[i].Channel
	}
	return chs
}

// Proof says how sure it is that an address is its member's. The SQL CHECK of addresses.proof repeats this list.
type Proof string

const (
	// Given by the member in the channel itself, or vouched for by the API's caller. The zero value of an address that is written stands for it.
	Given Proof = "given"
	// Unconfirmed: somebody said so. It gets nothing but one mail that asks. Left by the page behind that mail.
	Unconfirmed Proof = "unconfirmed"
	// Confirmed by the page behind the mail that asked.
	Confirmed Proof = "confirmed"
)

// Consent is one entry of the append-only ledger: who agreed to (or refused) what, when, by which words.
type Consent struct {
	Channel campaigns.Channel
	Topic   string // AllTopics or a topic
	Given   bool
	Source  string // "start", "api", "unsubscribe_page", "one_click", "stop", …
	Wording string // the version of the words that were shown, possibly empty
	At      time.Time
}

// AllTopics stands for every topic that has no entry of its own.
const AllTopics = "*"

// Everything is the ledger's topic for "everything off" and its return. It is evidence: Member.StoppedAt decides.
const Everything = "everything"

// Consents is the current state that the ledger adds up to.
type Consents map[ConsentKey]bool

// ConsentKey names one consent.
type ConsentKey struct {
	Channel campaigns.Channel
	Topic   string
}

// Allows reports whether the topic may be sent on the channel: the topic's own entry decides, else the entry for all topics, else no.
func (c Consents) Allows(ch campaigns.Channel, topic string) bool {
	if given, ok := c[ConsentKey{ch, topic}]; ok {
		return given
	}
	return c[ConsentKey{ch, AllTopics}]
}
