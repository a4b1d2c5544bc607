package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/internal/locale"
)

func TestKindOf(t *testing.T) {
	gone := New(NotFound, "not_found.member", nil)
	for _, c := range []struct {
		err  error
		want Kind
	}{
		{nil, ""},
		{io.EOF, Internal},
		{gone, NotFound},
		{fmt.Errorf("load member: %w", gone), NotFound},
		{Wrap(Conflict, gone, "conflict.changed", nil), Conflict},
		{fmt.Errorf("query: %w", context.Canceled), Unavailable},
		{Wrap(Invalid, context.DeadlineExceeded, "invalid.body", nil), Invalid},
	} {
		if got := KindOf(c.err); got != c.want {
			t.Errorf("KindOf(%v) = %q, want %q", c.err, got, c.want)
		}
		if c.err != nil && !Is(c.err, c.want) {
			t.Errorf("Is(%v, %q) is false", c.err, c.want)
		}
	}
	if Is(nil, Internal) || Is(nil, "") {
		t.Error("nil has a kind")
	}
}

func TestMessageHidesTheCause(t *testing.T) {
	err := fmt.Errorf("claim deliveries: %w", Wrap(Unavailable, errors.New("dial tcp 10.0.0.7:5432"), "unavailable.database", nil))
	for _, lang := range locale.Languages() {
		if m := Message(err, lang); m != locale.T(lang, "error.unavailable.database", nil) || strings.Contains(m, "10.0.0.7") {
			t.Errorf("%s: %q", lang, m)
		}
	}
	if !strings.Contains(err.Error(), "10.0.0.7") {
		t.Error("the log lost the cause")
	}
	if Message(io.EOF, "ru") != locale.T("ru", "error.internal", nil) {
		t.Error("an error without words shows something else than the general sentence")
	}
	if Message(New(Conflict, "no.such.key", nil), "en") != locale.T("en", "error.conflict", nil) {
		t.Error("an unknown key is shown")
	}
}

func TestArgumentsAreShownAndNotLogged(t *testing.T) {
	err := New(Conflict, "conflict.campaign_state", map[string]any{"state": locale.Term("state.campaign.archived")})
	if m := Message(err, "ru"); !strings.Contains(m, "В архиве") {
		t.Errorf("message is %q", m)
	}
	typed := New(Invalid, "invalid.time_zone", map[string]any{"value": "Mars/Olympus"})
	if strings.Contains(typed.Error(), "Olympus") {
		t.Errorf("the log has what was typed: %q", typed)
	}
}

func TestDetails(t *testing.T) {
	base := New(Invalid, "invalid.definition", map[string]any{"n": 2})
	err := fmt.Errorf("publish campaign: %w", base.With(
		Detail{Path: "steps[0].sennd", Line: 3, Column: 5, Code: "unknown_key", Message: "said already", DidYouMean: "send"},
		Detail{Code: "no_such_problem", Args: map[string]any{"key": "x"}},
	))
	got := Details(err, "en")
	want := []Detail{
		{Path: "steps[0].sennd", Line: 3, Column: 5, Code: "unknown_key", Message: "said already", DidYouMean: "send"},
		{Code: "no_such_problem", Message: "problem.no_such_problem", Args: map[string]any{"key": "x"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(base.Details) != 0 || Details(io.EOF, "en") != nil {
		t.Error("With changed its receiver, or a plain error has details")
	}
}

func TestWrapKeepsTheChain(t *testing.T) {
	if err := Wrap(Unavailable, fmt.Errorf("read: %w", io.ErrUnexpectedEOF), "unavailable", nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestEveryKindHasWords(t *testing.T) {
	for _, k := range Kinds() {
		if !locale.Has("error." + string(k)) {
			t.Errorf("error.%s is missing", k)
		}
	}
	for _, key := range locale.Keys("error.") {
		kind, _, _ := strings.Cut(strings.TrimPrefix(key, "error."), ".")
		if !slices.Contains(Kinds(), Kind(kind)) {
			t.Errorf("%s does not begin with a kind", key)
		}
	}
}
