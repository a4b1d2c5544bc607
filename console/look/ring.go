package look

import (
	"math"
	"strconv"
)

// Ring states a share: of those it could be, how many it is (Fill) and how many are in between (Wait). The partial "ring" draws it.
type Ring struct {
	Fill, Wait int    // of Of
	Of         int    // 0: nothing is known; the track is dotted
	In         string // what stands inside: a number of a step, a percentage
	Label      string // for those who listen; empty: the text beside says it
	Size       string // "", "s", "m", "l" or "xl"
}

// Todo reports that there is nothing to state yet.
func (r Ring) Todo() bool { return r.Of <= 0 }

// FillDash and the others are the arcs: butt ends, and a gap between two so that they can be told apart without colour.
func (r Ring) FillDash() string {
	fill := r.share(r.Fill)
	if r.share(r.Wait) > 0 && fill > 3 {
		fill -= 1.5
	}
	return arc(fill)
}

// WaitDash is the arc of those in between.
func (r Ring) WaitDash() string {
	return arc(math.Max(1.5, math.Min(r.share(r.Wait), 100-r.share(r.Fill))-0.5))
}

// WaitFrom is where it begins.
func (r Ring) WaitFrom() string { return tenth(-r.share(r.Fill)) }

func (r Ring) share(n int) float64 {
	if r.Of <= 0 || n <= 0 {
		return 0
	}
	return math.Min(100, 100*float64(n)/float64(r.Of))
}

func arc(length float64) string { return tenth(length) + " 100" }

func tenth(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

// Percent is the share in whole percent, never 0 for some nor 100 for not all.
func Percent(n, of int) int {
	if of <= 0 || n <= 0 {
		return 0
	}
	if n >= of {
		return 100
	}
	return min(99, max(1, int(math.Round(100*float64(n)/float64(of)))))
}

// Reach is how a channel reaches a member: the half of an avatar's ring.
type Reach string

const (
	Arrives Reach = ""    // solid
	Off     Reach = "off" // dotted: no address, not begun, or turned off
	Fails   Reach = "bad" // brick: blocked, gone, bounced
)

// Avatar is a member in a ring: the left half is Telegram, the right half mail. The partial "avatar" draws it.
type Avatar struct {
	Initials        string
	Label           string // says what the halves say; empty: the text beside does
	Telegram, Email Reach
	Size            string
}

// Initials are the first letters of a name, two at most.
func Initials(first, last string) string {
	out := ""
	for _, word := range []string{first, last} {
		for _, r := range word {
			out += string(r)
			break
		}
	}
	if out == "" {
		return "·"
	}
	return out
}

// Days is a ring of one segment a round. The partial "days" draws it.
type Days struct {
	Done  []bool // by round, from 1
	Now   int    // the round that is open, from 1; 0: none
	In    string
	Label string
	Size  string
}

// Segment is one round of Days.
type Segment struct {
	Class, Dash, From string
	Of                int
}

// Segments are the arcs of the rounds.
func (d Days) Segments() []Segment {
	n := len(d.Done)
	out := make([]Segment, n)
	for i, done := range d.Done {
		class := "ring-track"
		switch {
		case done:
			class = "ring-fill"
		case i+1 == d.Now:
			class = "ring-today"
		}
		out[i] = Segment{class, "0.78 " + strconv.Itoa(n), strconv.FormatFloat(-float64(i)-0.11, 'f', 2, 64), n}
	}
	return out
}
