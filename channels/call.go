package channels

import "time"

// Call is one try to ask another system of the organisation something, or to tell it something. Its body may hold personal values: never log it.
type Call struct {
	// Endpoint is the name that the operator gave the other system.
	Endpoint string
	// ID is the same at every try of one call: the other side knows by it what it has had.
	ID   string
	At   time.Time
	Body []byte
}

// CallClass says what became of a try.
type CallClass string

const (
	CallAnswered    CallClass = "answered" // 2xx
	CallRefused     CallClass = "refused"  // an answer that another try would not change
	CallGone        CallClass = "gone"     // 410: the endpoint wants no more calls
	CallRateLimited CallClass = "rate_limited"
	CallTemporary   CallClass = "temporary" // no answer, or one that another try may change
	CallForbidden   CallClass = "forbidden" // its address is inside the operator's own network, or on this machine
	CallTooBig      CallClass = "too_big"   // the answer is longer than what is read of one
)

// CallReceipt is what became of one try. Answer may hold personal values: never log it.
type CallReceipt struct {
	Class      CallClass
	Code       int // HTTP status; 0: no answer came
	RetryAfter time.Duration
	Answer     []byte
	// Detail says for the log what went wrong, without addresses and values.
	Detail string
}
