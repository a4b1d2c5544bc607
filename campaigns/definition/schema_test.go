package definition

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/pb33f/jsonschema/v6"
)

func TestSchemaHasEveryKey(t *testing.T) {
	var root struct {
		Defs map[string]struct {
			Description string
			Properties  map[string]struct{ Description string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(JSONSchema(), &root); err != nil {
		t.Fatal(err)
	}
	for _, o := range objects() {
		def := root.Defs[o.name]
		if def.Description == "" || len(def.Properties) != len(o.fields) {
			t.Errorf("%s: %+v", o.name, def)
		}
		for _, f := range o.fields {
			if def.Properties[f.key].Description == "" {
				t.Errorf("%s.%s is not described", o.name, f.key)
			}
		}
	}
}

// TestSchemaTakesTheExample validates documents with a validator that knows nothing of this package.
func TestSchemaTakesTheExample(t *testing.T) {
	s := compiled(t)
	if err := s.Validate(asJSON(t, read(t, "testdata/welcome.yaml"))); err != nil {
		t.Error(err)
	}
	everything := asJSON(t, read(t, "testdata/everything.yaml"))
	parsed(t, read(t, "testdata/everything.yaml"), YAML)
	if err := s.Validate(everything); err != nil {
		t.Error(err)
	}
	if err := s.Validate(asJSON(t, []byte(head+"fragments: {f: [{id: in, ask: {type: text, text: {en: A, ru: А}, timeout: {after: 1d, goto: f.in}}}]}\nsteps: [{use: f}, {goto: f.in}]\n"))); err != nil {
		t.Error(err)
	}
}

// TestSchemaRefuses: what the grammar alone shows to be wrong, editors show too.
func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for _, name := range []string{"nothing is there", "empty values", "wrong types", "unknown keys", "entry of two kinds", "entry of no kind", "no steps", "steps of later", "step of two kinds", "many options", "endings"} {
		if s.Validate(asJSON(t, []byte(bad[name]))) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("campaign.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("campaign.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t *testing.T, src []byte) any {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal(src, &tree); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
