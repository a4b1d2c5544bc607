package simulation

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// The names of behaviours.
const (
	Answers   = "answers"   // answers every question after a time
	Silent    = "silent"    // never answers
	Blocks    = "blocks"    // blocks the bot on a day; answers by mail, and until then in the bot
	Bounces   = "bounces"   // their mail is refused: no such mailbox
	Withdraws = "withdraws" // takes the consent back on a day; answers until then
)

// defaultAfter is how long members take to answer where nothing is said.
const defaultAfter = 2 * time.Hour

// Behaviour is what a member is assumed to do.
type Behaviour struct {
	Name  string
	After time.Duration // until an answer; 0: there is none
	Day   int           // of the simulation, 1 is the one on which it begins, for those that do something on a day
}

// Share is how many members behave in a way, beside the other shares.
type Share struct {
	Behaviour
	Weight int
}

// ParseMix reads "answers:30m=70, silent=20, blocks:3=5": behaviours with a duration or a day, and how many of them there are beside each other.
// Fault invalid.simulation names the part that cannot be read.
func ParseMix(text string) ([]Share, error) {
	var out []Share
	for part := range strings.SplitSeq(text, ",") {
		word, weight, weighed := strings.Cut(strings.TrimSpace(part), "=")
		s := Share{Weight: 1}
		var err error
		if weighed {
			s.Weight, err = strconv.Atoi(strings.TrimSpace(weight))
		}
		var ok bool
		if s.Behaviour, ok = ParseBehaviour(strings.TrimSpace(word)); !ok || err != nil || s.Weight < 1 || s.Weight > 1_000_000 {
			return nil, fault.New(fault.Invalid, "invalid.simulation", nil).With(BadBehaviour("mix", part))
		}
		out = append(out, s)
	}
	return out, nil
}

// BadBehaviour is what is said of a behaviour that cannot be read.
func BadBehaviour(path, typed string) fault.Detail {
	return fault.Detail{Path: path, Code: "bad_behaviour", Args: map[string]any{"value": strings.TrimSpace(typed)}, Expected: "answers:2h, silent, blocks:3, bounces, withdraws:5"}
}

// ParseBehaviour reads "answers", "answers:30m", "silent", "blocks:3", "bounces" or "withdraws:5".
func ParseBehaviour(text string) (Behaviour, bool) {
	name, arg, has := strings.Cut(text, ":")
	b := Behaviour{Name: name, After: defaultAfter}
	switch name {
	case Answers:
		if !has {
			return b, true
		}
		p, err := timing.ParsePeriod(arg)
		b.After = p.Add(time.Time{}, time.UTC).Sub(time.Time{})
		return b, err == nil
	case Silent:
		b.After = 0
		return b, !has
	case Bounces:
		return b, !has
	case Blocks, Withdraws:
		day, err := strconv.Atoi(cmp.Or(arg, "1"))
		b.Day = day
		return b, err == nil && day >= 1 && day <= MaxDays
	}
	return b, false
}

// String is the behaviour as ParseBehaviour reads it.
func (b Behaviour) String() string {
	switch {
	case b.Name == Answers && b.After != defaultAfter:
		return b.Name + ":" + strings.TrimSuffix(strings.TrimSuffix(b.After.String(), "0s"), "0m")
	case b.Day > 0:
		return b.Name + ":" + strconv.Itoa(b.Day)
	}
	return b.Name
}

// deal gives n members their behaviours, in the shares' proportions to within one, in an order that the seed decides.
func deal(mix []Share, n int, seed uint64) []Behaviour {
	sum := 0
	for _, s := range mix {
		sum += s.Weight
	}
	out := make([]Behaviour, n)
	upTo, i := 0, 0
	for _, s := range mix {
		for upTo += s.Weight; i < n && i*sum < upTo*n; i++ {
			out[i] = s.Behaviour
		}
	}
	shuffle(out, seed, "behaviour")
	return out
}

// shuffle is the same for the same seed and purpose.
func shuffle[T any](list []T, seed uint64, purpose string) {
	r := random(seed, purpose)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// cycle repeats the list to n elements, in an order that the seed decides.
func cycle[T any](list []T, n int, seed uint64, purpose string) []T {
	out := slices.Repeat(list, n/len(list)+1)[:n]
	shuffle(out, seed, purpose)
	return out
}

// random is a source of its own for each purpose, so that one more draw in one place changes nothing elsewhere.
func random(seed uint64, purpose string) *rand.Rand {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(purpose) {
		h = (h ^ uint64(purpose[i])) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h))
}
