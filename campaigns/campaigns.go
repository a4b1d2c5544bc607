// Package campaigns holds the words of the domain: identifiers, life cycles, channels, answers and the reasons behind every "no".
// It does no I/O and never reads the clock; time is an argument called now.
package campaigns

// Identifiers. Numbers are given out by the store in blocks (store.NextIDs), so that an id is known before its row is written;
// keys and step ids are the author's own words.
type (
	CampaignID   int64
	EnrollmentID int64
	DeliveryID   int64
	InputID      int64
	MemberID     int64

	// Key names a campaign: lower-case letters, digits and hyphens, at most 64 characters.
	Key string
	// StepID names a step within one campaign version.
	StepID string
	// Lang is a BCP 47 language tag, such as "en" or "pt-BR".
	Lang string
)

// Channel is a way to reach a member.
type Channel string

const (
	Telegram Channel = "telegram"
	Email    Channel = "email"
	// Page is the survey page behind a mail's signed link. Answers arrive on it; nothing is sent to it.
	Page Channel = "page"
)

// Purpose tells whether a message needs consent.
type Purpose string

const (
	// Marketing needs the member's consent for the campaign's topic on the channel.
	Marketing Purpose = "marketing"
	// Service is caused by the member's own relation with the community; it ignores consent, and quiet hours unless it has some of its own, but no block and no dead address.
	Service Purpose = "service"
)

// Lane separates work that a person waits for from work that can queue.
type Lane string

const (
	// Interactive: the member acted within the last ten minutes and waits for this.
	Interactive Lane = "interactive"
	// Bulk: everything else.
	Bulk Lane = "bulk"
)
