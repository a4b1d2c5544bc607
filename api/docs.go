package api

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// docsPage is the API's documentation, written from the OpenAPI document itself.
type docsPage struct {
	frame
	Introduction []string
	Version      string
	Groups       []docsGroup
	Problems     []docsProblem
}

type docsGroup struct {
	Name, Text string
	Operations []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Text, Scope string
	Parameters                             []docsField
	Body                                   *docsBody
	Replies                                []docsReply
}

type docsBody struct {
	Types  string
	Fields []docsField
}

type docsReply struct {
	Status, Text, Types string
	Fields              []docsField
}

// docsField is a parameter or a field; Path shows where in the body it stands.
type docsField struct {
	Path, In, Type, Text string
	Required             bool
}

type docsProblem struct{ Kind, Status, Title, Text string }

func newDocsPage(doc *huma.OpenAPI) docsPage {
	page := docsPage{
		frame: newFrame("en", "API", "Kruzhok"), Introduction: strings.Split(doc.Info.Description, "\n\n"), Version: doc.Info.Version,
	}
	w := docsWriter{doc.Components.Schemas}
	byTag := map[string][]docsOperation{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, op := range operationsOf(doc.Paths[path]) {
			byTag[op.Tags[0]] = append(byTag[op.Tags[0]], w.operation(path, op))
		}
	}
	for _, tag := range doc.Tags {
		page.Groups = append(page.Groups, docsGroup{tag.Name, tag.Description, byTag[tag.Name]})
	}
	for _, kind := range fault.Kinds() {
		page.Problems = append(page.Problems, docsProblem{
			string(kind), fmt.Sprint(statuses[kind]), locale.T("en", "title."+string(kind), nil), locale.T("en", "error."+string(kind), nil),
		})
	}
	return page
}

func operationsOf(p *huma.PathItem) []*huma.Operation {
	return slices.DeleteFunc([]*huma.Operation{p.Get, p.Post, p.Put, p.Patch, p.Delete}, func(o *huma.Operation) bool { return o == nil })
}

type docsWriter struct{ schemas huma.Registry }

func (w docsWriter) operation(path string, op *huma.Operation) docsOperation {
	out := docsOperation{ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary, Text: op.Description, Scope: fmt.Sprint(op.Extensions["x-scope"])}
	for _, p := range op.Parameters {
		f := docsField{Path: p.Name, In: p.In, Type: w.typeName(p.Schema), Text: cmp.Or(p.Description, describe(p.Schema)), Required: p.Required}
		out.Parameters = append(out.Parameters, f)
	}
	if op.RequestBody != nil && len(op.RequestBody.Content) > 0 {
		types, schema := content(op.RequestBody.Content)
		out.Body = &docsBody{Types: types, Fields: w.fields(schema)}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		types, schema := content(r.Content)
		reply := docsReply{Status: status, Text: r.Description, Types: types}
		if types != problemType {
			reply.Fields = w.fields(schema)
		}
		out.Replies = append(out.Replies, reply)
	}
	return out
}

func content(types map[string]*huma.MediaType) (names string, schema *huma.Schema) {
	sorted := slices.Sorted(maps.Keys(types))
	if len(sorted) > 0 {
		schema = types[sorted[0]].Schema
	}
	return strings.Join(sorted, ", "), schema
}

// maxDepth bounds how deep fields are shown.
const maxDepth = 4

func (w docsWriter) fields(s *huma.Schema) []docsField {
	var out []docsField
	w.walk(s, "", maxDepth, &out)
	return out
}

func (w docsWriter) walk(s *huma.Schema, prefix string, depth int, out *[]docsField) {
	s = w.resolve(s)
	switch {
	case s == nil || depth == 0:
	case len(s.OneOf) > 0:
		w.walk(s.OneOf[0], prefix, depth, out)
	case s.Items != nil:
		w.walk(s.Items, prefix+"[]", depth, out)
	default:
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			field := s.Properties[name]
			path := join(prefix, name)
			*out = append(*out, docsField{
				Path: path, Type: w.typeName(field), Text: describe(field), Required: slices.Contains(s.Required, name),
			})
			w.walk(field, path, depth-1, out)
		}
	}
}

func (w docsWriter) resolve(s *huma.Schema) *huma.Schema {
	for s != nil && s.Ref != "" {
		s = w.schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// typeName is a type as people say it.
func (w docsWriter) typeName(s *huma.Schema) string {
	s = w.resolve(s)
	if s == nil {
		return ""
	}
	if len(s.OneOf) > 0 {
		names := make([]string, len(s.OneOf))
		for i, one := range s.OneOf {
			names[i] = w.typeName(one)
		}
		return strings.Join(names, " or ")
	}
	name := cmp.Or(s.Type, "any")
	if s.Items != nil {
		name = "list of " + w.typeName(s.Items)
	}
	if s.Format != "" && s.Format != "int64" && s.Format != "double" {
		name += " (" + s.Format + ")"
	}
	if s.Nullable {
		name += " or null"
	}
	return name
}

// describe is a field's text, its words and its bounds.
func describe(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	parts := []string{}
	if s.Description != "" {
		parts = append(parts, s.Description)
	}
	if len(s.Enum) > 0 {
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i] = fmt.Sprint(v)
		}
		parts = append(parts, "One of "+strings.Join(words, ", "))
	}
	if s.Default != nil {
		parts = append(parts, fmt.Sprint("Default ", s.Default))
	}
	return strings.Join(parts, ". ")
}

// Class marks a status in the page by what it means.
func (r docsReply) Class() string {
	if r.Status >= fmt.Sprint(http.StatusBadRequest) {
		return "bad"
	}
	return "good"
}
