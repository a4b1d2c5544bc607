package definition

// Priority is how much of the community's budget of messages a campaign may use.
type Priority string

const (
	PriorityLow    Priority = "low"    // half of what the general rules allow
	PriorityNormal Priority = "normal" // all of it
	PriorityHigh   Priority = "high"   // the general rules do not hold it; its messages count
)
