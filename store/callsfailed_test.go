package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/store"
)

// TestFailedCallsAreReadAlone: calls that nobody asks about are not read to count those that somebody does, however many they are.
func TestFailedCallsAreReadAlone(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		plan := must[[]string](t)(s.UnansweredPlan(t.Context()))
		if !slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "calls_unanswered") }) {
			t.Errorf("%s", strings.Join(plan, "\n"))
		}
	})
}
