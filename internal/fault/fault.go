// Package fault gives errors a kind, a message for people and places, apart from the cause that only operators see.
//
// The kind decides what a caller does (one table maps kinds to HTTP). The message is a key of internal/locale under "error.".
// The cause is for the log: it never reaches a person, and like every error string here it holds no personal value.
package fault

import (
	"context"
	"errors"
	"slices"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// Kind says what went wrong, in terms of what the caller can do about it.
type Kind string

const (
	Invalid      Kind = "invalid"      // the request is wrong and stays wrong; details say where
	NotFound     Kind = "not_found"    // there is no such thing, or the caller may not know of it
	Conflict     Kind = "conflict"     // right in itself, but not in the present state
	Forbidden    Kind = "forbidden"    // the caller is known and may not do this
	Unauthorized Kind = "unauthorized" // the caller is not known
	TooLarge     Kind = "too_large"    // more bytes or rows than are taken
	Unavailable  Kind = "unavailable"  // something that we need is away; the same request may succeed later
	RateLimited  Kind = "rate_limited" // too many requests; the same one may succeed later
	Internal     Kind = "internal"     // our mistake
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{Invalid, NotFound, Conflict, Forbidden, Unauthorized, TooLarge, Unavailable, RateLimited, Internal}
}

// Error is an error with a kind. Make one by New or Wrap.
type Error struct {
	// Kind is one of the constants.
	Kind Kind
	// Key names the message, without its prefix "error.": "not_found.member".
	Key string
	// Args fill the message's placeholders. They are shown to the caller and may be what the caller typed, so Error leaves them out.
	Args map[string]any
	// Details are the places that the message is about.
	Details []Detail

	cause error
}

// New makes an error from the key of its message, without the prefix "error.".
func New(kind Kind, key string, args map[string]any) *Error {
	return &Error{Kind: kind, Key: key, Args: args}
}

// Wrap is New with a cause, which errors.Is and errors.As still find and no person is shown.
func Wrap(kind Kind, cause error, key string, args map[string]any) *Error {
	return &Error{Kind: kind, Key: key, Args: args, cause: cause}
}

// With returns a copy with the details added.
func (e *Error) With(details ...Detail) *Error {
	c := *e
	c.Details = append(slices.Clone(e.Details), details...)
	return &c
}

// Error is for logs: the key and the cause, without the arguments.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Key
	}
	return e.Key + ": " + e.cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of the outermost Error in err's chain. A request that ended before its work did is Unavailable,
// anything else is Internal, and nil has no kind.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Unavailable
	}
	return Internal
}

// Is reports whether err has the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Message returns the sentence for the person who asked, in their language; for an error without one, the sentence of its kind.
// It is plain text and may hold what the caller typed: escape it for where it lands.
func Message(err error, lang string) string {
	var e *Error
	if errors.As(err, &e) && locale.Has("error."+e.Key) {
		return locale.T(lang, "error."+e.Key, e.Args)
	}
	return locale.T(lang, "error."+string(KindOf(err)), nil)
}

// Detail is one place that an error is about. Line and Column count from 1; 0 means that the source has no lines.
type Detail struct {
	Path   string `json:"path,omitempty"` // "steps[2].ask.text.ru"
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Code   string `json:"code"` // stable, such as "unknown_key"
	// Message is the sentence. Where it is empty, Details makes it from "problem.<Code>" and Args.
	Message    string         `json:"message"`
	Expected   string         `json:"expected,omitempty"`
	DidYouMean string         `json:"did_you_mean,omitempty"`
	Args       map[string]any `json:"-"`
}

// Details returns the places of err, their messages in the language.
func Details(err error, lang string) []Detail {
	var e *Error
	if !errors.As(err, &e) {
		return nil
	}
	return Told(e.Details, lang)
}

// Told are the places with their messages in the language.
func Told(places []Detail, lang string) []Detail {
	details := slices.Clone(places)
	for i := range details {
		d := &details[i]
		if d.Message == "" {
			d.Message = locale.T(lang, "problem."+d.Code, d.Args)
		}
	}
	return details
}
