package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// eventBody is one event of the platform.
type eventBody struct {
	ID     string          `json:"id" minLength:"1" doc:"The event's own id: it counts once, however often it is sent"`
	Event  string          `json:"event" minLength:"1" doc:"Its name, such as lesson.finished"`
	Member string          `json:"member" minLength:"1" doc:"The external id of the member"`
	At     *time.Time      `json:"at,omitempty" doc:"When it happened; absent: now"`
	Data   json.RawMessage `json:"data,omitempty" doc:"An object"`
}

// Schema of data is any object; huma would take the bytes for a list.
func (eventBody) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Properties["data"] = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "An object of at most 32 KiB"}
	s.PrecomputeMessages()
	return s
}

// eventResult is the answer to one event.
type eventResult struct {
	ID      string         `json:"id"`
	Status  string         `json:"status" enum:"stored,duplicate,error"`
	Differs []string       `json:"differs,omitempty" doc:"The fields (event, member, data) in which a duplicate is not the event that came first under its id: that one stays, and this one counts for nothing"`
	Code    string         `json:"code,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Errors  []fault.Detail `json:"errors,omitempty"`
}

type eventsInput struct {
	RawBody []byte `contentType:"application/json"`
}

type eventsReply struct {
	Body struct {
		Results []eventResult `json:"results" nullable:"false"`
	}
}

func (s *server) eventOperations() {
	registry := s.huma.OpenAPI().Components.Schemas
	events := shapeOf[eventBody](registry)
	one := registry.Schema(typeOf[eventBody](), true, "EventBody")
	schema := &huma.Schema{OneOf: []*huma.Schema{one, {Type: huma.TypeArray, Items: one}}}
	add(s, operation{
		id: "store-events", method: http.MethodPost, path: "/v1/events", tag: "Events", scope: engine.EventsWrite,
		summary: "Report one event or up to 1000", status: http.StatusAccepted, once: true, max: s.MaxBatch,
		body: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{jsonType: {Schema: schema}}},
		doc: "Events are stored before the answer and acted on soon after, those of one member in their order. In an array each event has its own answer and one that is wrong stops no other; a single event that is wrong is refused (422). " +
			"An event is a duplicate when one with its id came before, so that whoever had no answer can send it again. Where the two are not the same, differs names the fields that are others, and code is conflict.event: two events have one id.",
	}, func(ctx context.Context, p engine.Principal, in *eventsInput) (*eventsReply, error) {
		return s.storeEvents(ctx, p, in.RawBody, events)
	})
}

func (s *server) storeEvents(ctx context.Context, p engine.Principal, body []byte, events shape[eventBody]) (*eventsReply, error) {
	raws, single, err := splitEvents(body)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(raws))
	ins := make([]engine.EventInput, len(raws))
	var good []engine.EventInput
	for i, raw := range raws {
		if ins[i], errs[i] = readEvent(events, raw, s.Engine.Now()); errs[i] == nil {
			good = append(good, ins[i])
		}
	}
	results, err := s.Engine.StoreEvents(ctx, p, good)
	if err != nil {
		return nil, err
	}
	out := &eventsReply{}
	next := 0
	for i := range raws {
		r := engine.EventResult{ID: ins[i].ID, Err: errs[i]}
		if errs[i] == nil {
			r, next = results[next], next+1
		}
		if single && r.Err != nil {
			return nil, r.Err
		}
		out.Body.Results = append(out.Body.Results, s.eventResult(ctx, r, i))
	}
	return out, nil
}

// splitEvents takes the body apart: one event, or an array of them.
func splitEvents(body []byte) (raws []json.RawMessage, single bool, err error) {
	body = bytes.Clone(bytes.TrimSpace(body))
	if body[0] != '[' { // readBody refused an empty one
		return []json.RawMessage{body}, true, nil
	}
	if err := json.Unmarshal(body, &raws); err != nil {
		return nil, false, badBody(fault.Detail{Code: "json_syntax"})
	}
	if len(raws) == 0 {
		return nil, false, badBody(fault.Detail{Code: "missing_body"})
	}
	return raws, false, nil
}

func readEvent(events shape[eventBody], raw json.RawMessage, now time.Time) (engine.EventInput, error) {
	b, err := events.read(raw)
	if err != nil {
		return engine.EventInput{}, err
	}
	in := engine.EventInput{ID: b.ID, Event: b.Event, Member: b.Member, At: now.UTC(), Data: b.Data}
	if b.At != nil {
		in.At = b.At.UTC()
	}
	return in, nil
}

// eventResult names the places of a wrong event by its index in the array.
func (s *server) eventResult(ctx context.Context, r engine.EventResult, i int) eventResult {
	out := eventResult{ID: r.ID, Status: "stored"}
	switch {
	case r.Err != nil:
		p := s.problem(ctx, r.Err)
		out.Status, out.Code, out.Detail, out.Errors = "error", p.Code, p.Detail, p.Errors
		for j := range out.Errors {
			out.Errors[j].Path = join("["+strconv.Itoa(i)+"]", out.Errors[j].Path)
		}
	case r.Duplicate:
		out.Status = "duplicate"
		if len(r.Differs) > 0 {
			p := s.problem(ctx, fault.New(fault.Conflict, "conflict.event", map[string]any{"fields": strings.Join(r.Differs, ", ")}))
			out.Differs, out.Code, out.Detail = r.Differs, p.Code, p.Detail
		}
	}
	return out
}
