package definition

import (
	"encoding/json"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/meant"
)

var segmentObject = &object{
	name: "segment", doc: "One segment: a condition with a name, to be used by others.", example: "key: novices",
	fields: []field{
		must("key", "The segment's name in conditions and in the API: lower-case letters, digits and hyphens.", named("key")),
		must("name", "The name that coordinators see: one, or one for each language.", anyOf(
			schema{"type": "string", "minLength": 1, "maxLength": maxTitle},
			schema{
				"type": "object", "minProperties": 1, "propertyNames": schema{"$ref": "#/$defs/language"},
				"additionalProperties": schema{"type": "string", "minLength": 1, "maxLength": maxTitle},
			},
		)),
		must("who", "Whom it holds: all, or a condition.", anyOf(schema{"const": "all"}, named("condition"))),
	},
}

// ParseSegment reads one segment's document, as Parse does a campaign's.
func ParseSegment(src []byte, format Format) (*Segment, []Problem) {
	return parseSegment(src, format, &sink{})
}

// ParseStoredSegment reads the document of a saved segment, as ParseStored does a version's.
func ParseStoredSegment(src []byte, format Format) (*Segment, []Problem) {
	return parseSegment(src, format, &sink{stored: true})
}

func parseSegment(src []byte, format Format, out *sink) (*Segment, []Problem) {
	text, ok := readSource(src, out)
	if !ok {
		return nil, out.sorted()
	}
	s := &Segment{}
	if root := readDocument(text, format, out); root != nil {
		r := &reader{text: text, out: out, d: &Definition{}}
		r.segment(s, root)
		s.Uses, s.Mentions = r.uses, r.mentions
	}
	if len(out.list) == 0 {
		settleUses(text, s.Uses)
		settleMentions(text, s.Mentions)
		s.Warnings = out.settledWarnings(text)
		return s, nil
	}
	for _, p := range out.list {
		p.Place = text.settle(p.Place)
	}
	return nil, out.sorted()
}

// IsSegment reports a document that says whom it holds, and no steps: a segment and no campaign. One that misspells who has a key that neither has, and
// none of a campaign's own.
func IsSegment(src []byte, format Format) bool {
	tree := ReadTree(src, format)
	if tree == nil || tree.Get("who") != nil {
		return tree != nil && tree.Get("steps") == nil
	}
	other := false
	for _, e := range tree.Entries {
		if segmentObject.has(e.Key) {
			continue
		}
		if campaignObject.has(e.Key) || meant.Word(e.Key, campaignObject.keys()) != "" {
			return false
		}
		other = true
	}
	return other && (tree.Get("key") != nil || tree.Get("name") != nil)
}

func (r *reader) segment(s *Segment, n *node) {
	if n.kind != mappingNode {
		r.out.add(n.place, "top_not_mapping").expect(segmentObject.example)
		return
	}
	rec, _ := r.record(n, segmentObject)
	rec.with("key", func(n *node) {
		key, _ := r.formed(n, keyForm, maxKey, "key_form")
		s.Key = campaigns.Key(key)
	})
	rec.with("name", func(n *node) { s.Name, s.Names = r.segmentName(n) })
	rec.with("who", func(n *node) { s.Who = r.audience(n) })
	r.checkOwnWords()
}

func (r *reader) segmentName(n *node) (name string, names Texts) {
	if n.kind != mappingNode {
		r.uncut(n)
		name, _ = r.short(n, maxTitle)
		return name, nil
	}
	if len(n.entries) == 0 {
		r.out.add(n.place, "empty_text")
	}
	names = Texts{}
	for _, e := range r.entriesOf(n) {
		lang, ok := r.languageTag(e.place, e.key)
		said, full := r.short(e.value, maxTitle)
		if ok && full {
			names[lang] = said
		}
		if name == "" {
			name = said
		}
	}
	return name, names
}

// SegmentSchema returns the JSON Schema 2020-12 of a segment's document.
func SegmentSchema() []byte {
	defs := schema{"condition": conditionObject.schema()}
	for name, s := range scalars {
		defs[name] = s
	}
	root := segmentObject.schema()
	root["$schema"], root["title"], root["$defs"] = "https://json-schema.org/draft/2020-12/schema", "Kruzhok segment", defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil { // the tables hold texts, numbers and lists only
		panic("campaigns/definition: write the JSON schema: " + err.Error())
	}
	return append(out, '\n')
}
