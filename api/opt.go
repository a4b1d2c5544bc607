package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/campaigns"
)

// opt is a field that may be absent (it stays as it is) or null (it becomes empty).
type opt[T any] struct {
	set   bool
	value T
}

// UnmarshalJSON is called for null too: encoding/json leaves that to the type.
func (o *opt[T]) UnmarshalJSON(b []byte) error {
	o.set = true
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	return json.Unmarshal(b, &o.value)
}

// Schema implements huma.SchemaProvider: the value's own schema, or null.
func (o opt[T]) Schema(r huma.Registry) *huma.Schema {
	s := huma.SchemaFromType(r, typeOf[T]())
	s.Nullable = len(s.OneOf) == 0
	return s
}

// pointer is nil for an absent field.
func (o opt[T]) pointer() *T {
	if !o.set {
		return nil
	}
	return &o.value
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// chatID is a Telegram chat id: a number, or its digits as a text.
type chatID string

// UnmarshalJSON takes both; what is neither is refused by the schema before.
func (c *chatID) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(c))
	}
	if string(b) != "null" {
		*c = chatID(digits(b))
	}
	return nil
}

// digits writes a whole number without exponent or fraction; 1e3 and 12.0 are whole numbers in JSON.
func digits(b []byte) string {
	if f, err := strconv.ParseFloat(string(b), 64); err == nil && f == float64(int64(f)) && bytes.ContainsAny(b, ".eE") {
		return strconv.FormatInt(int64(f), 10)
	}
	return string(b)
}

// Schema implements huma.SchemaProvider.
func (chatID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeInteger, Format: "int64"}}}
}

func text[T ~string](p *T) *string {
	if p == nil {
		return nil
	}
	s := string(*p)
	return &s
}

func channelOf(s string) campaigns.Channel { return campaigns.Channel(s) }
