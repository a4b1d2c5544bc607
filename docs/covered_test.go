package docs

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/jsonschema/v6"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// covered gathers what of a schema the examples use: each key of each mapping, each form that a value may have, each word of a list of words.
// A key that two mappings have is one of each.
type covered map[string]bool

// place names a part of the schema: "ask/properties/subject", "step/properties/wait/anyOf/1".
func place(s *jsonschema.Schema) string {
	_, name, _ := strings.Cut(s.Location, "/$defs/")
	return name
}

// inner are the parts of a schema in which a value can be: those of it that it can be in as it is, and those that parts of it are in.
func inner(s *jsonschema.Schema) (parts []*jsonschema.Schema) {
	if s.Ref != nil {
		parts = append(parts, s.Ref)
	}
	parts = append(parts, s.AnyOf...)
	if s.Items2020 != nil {
		parts = append(parts, s.Items2020)
	}
	if each, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		parts = append(parts, each)
	}
	return slices.AppendSeq(parts, maps.Values(s.Properties))
}

// all adds every part of the schema.
func (c covered) all(s *jsonschema.Schema) {
	if c[place(s)] {
		return
	}
	c[place(s)] = true
	if s.Enum != nil {
		for _, word := range s.Enum.Values {
			c[named(s, word)] = true
		}
	}
	for _, part := range inner(s) {
		c.all(part)
	}
}

func named(s *jsonschema.Schema, word any) string { return fmt.Sprintf("%s: %v", place(s), word) }

// by adds what the value uses of a schema that it fits.
func (c covered) by(s *jsonschema.Schema, value any) {
	c[place(s)] = true
	if s.Enum != nil {
		c[named(s, value)] = true
	}
	if s.Ref != nil {
		c.by(s.Ref, value)
	}
	for _, form := range s.AnyOf {
		if form.Validate(value) == nil {
			c.by(form, value)
		}
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if s.Items2020 != nil {
				c.by(s.Items2020, item)
			}
		}
	case map[string]any:
		for key, x := range value {
			each, _ := s.AdditionalProperties.(*jsonschema.Schema)
			if own := s.Properties[key]; own != nil {
				each = own
			}
			if each != nil {
				c.by(each, x)
			}
		}
	}
}

// TestEverythingHasAnExample: each key of each mapping, each form and each word of the schemas of campaigns and segments is used by an example of the
// reference, in what the example shows: what the tests put around it does not count.
func TestEverythingHasAnExample(t *testing.T) {
	document := read(t, "docs/campaigns.md")
	wanted, found := covered{}, covered{}
	parts := map[string]*jsonschema.Schema{"": compiled(t, definition.JSONSchema(), ""), "segment": compiled(t, definition.SegmentSchema(), "")}
	wanted.all(parts[""])
	wanted.all(parts["segment"])
	parts["campaign"] = parts[""]
	parts["steps"] = compiled(t, definition.JSONSchema(), "#/$defs/arm/properties/steps")
	parts["conditions"] = compiled(t, definition.JSONSchema(), "#/$defs/condition/properties/all")
	for _, block := range yamlBlock.FindAllStringSubmatch(document, -1) {
		found.by(parts[block[1]], tree(t, block[2]))
	}
	for _, part := range slices.Sorted(maps.Keys(wanted)) {
		if !found[part] {
			t.Errorf("%s has no example", part)
		}
	}
}

// compiled is the schema, or the part of it that the fragment names.
func compiled(t *testing.T, schema []byte, fragment string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json" + fragment)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
