package answers

import (
	"math"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// scaleEnds returns the first and the last value of a question with a row of buttons.
func scaleEnds(q *definition.Ask) (low, high int) {
	switch {
	case q.Type == campaigns.NPS:
		return 0, 10
	case q.Type == campaigns.CSAT:
		return 1, 5
	}
	low, high = 1, 5 // the defaults of the language
	if q.Min != nil {
		low = int(math.Ceil(*q.Min))
	}
	if q.Max != nil {
		high = int(math.Floor(*q.Max))
	}
	return low, high
}

// readScale reads a whole number in the digits of any script: "9", "9.", "9/10", "9 из 10", "9 out of 10".
func readScale(a *campaigns.Answer, q *definition.Ask, text string) *Rejection {
	low, high := scaleEnds(q)
	value, of, hasOf := cutOf(strings.TrimRight(plain(text), ".,!)* "))
	n, ok := smallInt(value)
	if hasOf {
		top, okOf := smallInt(of)
		ok = ok && okOf && top == high
	}
	if !ok || n < low || n > high {
		return rejectScale(q)
	}
	a.Number = float64(n)
	return nil
}

// cutOf splits "9/10".
func cutOf(s string) (value, of string, found bool) {
	for _, between := range []string{"/", " из ", " out of ", " of "} {
		if value, of, found = strings.Cut(s, between); found {
			return strings.TrimSpace(value), strings.TrimSpace(of), true
		}
	}
	return s, "", false
}

// smallInt reads at most four digits with a sign.
func smallInt(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && len(s) <= 5
}

func rejectScale(q *definition.Ask) *Rejection {
	low, high := scaleEnds(q)
	return &Rejection{Code: ScaleOther, Args: map[string]any{"min": low, "max": high}}
}
