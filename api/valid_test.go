//go:build !race

package api

import (
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// TestDocumentIsValid holds the OpenAPI document against the specification's own schema. Not with the race detector: the validator races with itself, and leaving its packages
// out of sight would leave out what they share with ours, such as copies of generic code, whose synchronisation nobody would see.
func TestDocumentIsValid(t *testing.T) {
	w := newWorld(t)
	got := w.call("GET", "/openapi.json", "", "Authorization", "").want(200)
	doc, err := libopenapi.NewDocument([]byte(got.body))
	must(t, err)
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, found := v.ValidateDocument(); !ok {
		for _, f := range found {
			t.Errorf("%s: %s %+v", f.Message, f.Reason, f.SchemaValidationErrors)
		}
	}
	if strings.Contains(got.body, "example.com") || strings.Contains(got.body, "$schema") {
		t.Error("the document has addresses that are not ours")
	}
}
