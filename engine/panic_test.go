package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestAPanicQuotesNobody: what is kept of a panic is the runtime's own words or its type, on one line; of a message it says that our code stumbled.
func TestAPanicQuotesNobody(t *testing.T) {
	stumble := func(fn func()) (err error) {
		defer recovered(&err)
		fn()
		return nil
	}
	quoted := stumble(func() { panic("Anna wrote: hello") })
	index := stumble(func() { _ = []int{}[len(strings.Fields("one two"))] })
	if kept := firstLine(quoted.Error()); kept != "panic: string" || strings.Contains(quoted.Error(), "Anna") {
		t.Errorf("kept: %q", kept)
	}
	if kept := firstLine(index.Error()); kept != "panic: runtime error: index out of range [2] with length 0" {
		t.Errorf("kept: %q", kept)
	}
	if WhyDead(&DeadLetter{Error: firstLine(index.Error())}) != DeadStumbled {
		t.Error("a panic is not told as one")
	}
	if renderFault(quoted) != campaigns.Stumbled || renderFault(errors.New("too long")) != campaigns.RenderFailed {
		t.Error("what could not be made into a message has the wrong reason")
	}
}
