package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// shape checks and decodes one JSON value where it is not a whole body: a line of a stream, one event of several.
type shape[T any] struct {
	registry huma.Registry
	schema   *huma.Schema
}

func shapeOf[T any](r huma.Registry) shape[T] {
	return shape[T]{r, huma.SchemaFromType(r, reflect.TypeFor[T]())}
}

// read returns what is wrong with the value as a fault, like a body's.
func (s shape[T]) read(raw []byte) (v T, err error) {
	if err := checkJSON(raw); err != nil {
		return v, err
	}
	if err := checkNumbers(raw); err != nil {
		return v, err
	}
	var parsed any
	if err := json.Unmarshal(raw, &parsed); err != nil {
		return v, badBody(fault.Detail{Code: "json_syntax"})
	}
	found := &huma.ValidateResult{}
	at := huma.NewPathBuffer([]byte{}, 0)
	at.Push("body")
	huma.Validate(s.registry, s.schema, at, huma.ModeWriteToServer, parsed, found)
	if len(found.Errors) > 0 {
		return v, invalidRequest(found.Errors)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, invalidRequest([]error{err})
	}
	return v, nil
}
