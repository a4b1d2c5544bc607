package definition

import "encoding/json"

// JSONSchema returns the JSON Schema 2020-12 of a campaign document, for editors that complete and check it. It says what stands where;
// what the whole must satisfy (targets of goto, languages of texts, variables) only Parse knows.
func JSONSchema() []byte {
	defs := schema{}
	for name, s := range scalars {
		defs[name] = s
	}
	for _, o := range objects() {
		defs[o.name] = o.schema()
	}
	root := schema{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Kruzhok campaign",
		"$ref":    "#/$defs/campaign",
		"$defs":   defs,
	}
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil { // the tables hold texts, numbers and lists only
		panic("campaigns/definition: write the JSON schema: " + err.Error())
	}
	return append(out, '\n')
}

func (o *object) schema() schema {
	properties, required := schema{}, []string{}
	for _, f := range o.fields {
		properties[f.key] = described(f)
		if f.required {
			required = append(required, f.key)
		}
	}
	s := schema{"type": "object", "description": o.doc, "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	if len(o.oneOf) > 0 {
		s["oneOf"] = each(o.oneOf)
	}
	if len(o.anyOf) > 0 {
		s["anyOf"] = each(o.anyOf)
	}
	return s
}

// each requires one key, for each of the keys.
func each(keys []string) (ways []schema) {
	for _, key := range keys {
		ways = append(ways, schema{"required": []string{key}})
	}
	return ways
}

// described adds the field's words to a copy of its value's schema.
func described(f field) schema {
	s := schema{"description": f.doc}
	for k, v := range f.value {
		s[k] = v
	}
	s["description"] = f.doc
	return s
}
