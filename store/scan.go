package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// A time is whole microseconds since 1970-01-01 UTC on both engines: SQLite would compare times as text.

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

func nullMicros(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	us := micros(*t)
	return &us
}

// The types below read one column into a field; they are pointers to it.

// timeInto reads a time.
type timeInto struct{ to *time.Time }

func (i timeInto) Scan(src any) error {
	us, ok := src.(int64)
	if !ok {
		return fmt.Errorf("time: %T in the column", src)
	}
	*i.to = fromMicros(us)
	return nil
}

// timesInto reads a time or NULL.
type timesInto struct{ to **time.Time }

func (i timesInto) Scan(src any) error {
	if src == nil {
		*i.to = nil
		return nil
	}
	var t time.Time
	*i.to = &t
	return timeInto{&t}.Scan(src)
}

// intInto reads a number or NULL, which is 0.
type intInto[T integer] struct{ to *T }

func (i intInto[T]) Scan(src any) error {
	n, ok := src.(int64)
	if !ok && src != nil {
		return fmt.Errorf("number: %T in the column", src)
	}
	*i.to = T(n)
	return nil
}

func orZero[T integer](to *T) intInto[T] { return intInto[T]{to} }

// textInto reads a text or NULL, which is empty.
type textInto[T ~string] struct{ to *T }

func (i textInto[T]) Scan(src any) error {
	switch s := src.(type) {
	case nil:
		*i.to = ""
	case string:
		*i.to = T(s)
	case []byte:
		*i.to = T(s)
	default:
		return fmt.Errorf("text: %T in the column", src)
	}
	return nil
}

func orEmpty[T ~string](to *T) textInto[T] { return textInto[T]{to} }

// rawInto reads JSON as it is.
type rawInto struct{ to *json.RawMessage }

func (i rawInto) Scan(src any) error {
	var s string
	err := orEmpty(&s).Scan(src)
	*i.to = json.RawMessage(s)
	return err
}

// jsonInto reads JSON into a value.
type jsonInto struct{ to any }

func (i jsonInto) Scan(src any) error {
	var s string
	if err := orEmpty(&s).Scan(src); err != nil {
		return err
	}
	return json.Unmarshal([]byte(s), i.to)
}

// toJSON is the text of a value that always can be JSON (lists of strings).
func toJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
