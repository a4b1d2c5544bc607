package simulation

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// assuming answers calls as it is assumed: nobody is asked.
type assuming struct {
	defs    []*definition.Definition
	assumed map[string]engine.AssumedCall
}

// Endpoints are those that the campaigns call: in a simulation they are all set up.
func (a assuming) Endpoints() (names []string) {
	for _, def := range a.defs {
		names = append(names, def.Endpoints()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Call answers with nothing where nothing is assumed.
func (a assuming) Call(_ context.Context, c channels.Call) channels.CallReceipt {
	x := a.assumed[a.name(c.Body)]
	if x.Fails {
		return channels.CallReceipt{Class: channels.CallRefused, Code: http.StatusUnprocessableEntity, Detail: "it is assumed to fail"}
	}
	return channels.CallReceipt{Class: channels.CallAnswered, Code: http.StatusOK, Answer: x.Answer}
}

// name is what the step of the body calls its call.
func (a assuming) name(body []byte) string {
	var sent struct {
		Data struct {
			Campaign campaigns.Key
			Step     campaigns.StepID
		}
	}
	if json.Unmarshal(body, &sent) != nil {
		return ""
	}
	for _, def := range a.defs {
		if s := def.Step(sent.Data.Step); def.Key == sent.Data.Campaign && s != nil && s.Call() != nil {
			return s.Call().SaveAs
		}
	}
	return ""
}

// callOthers makes the calls that are due.
func (s *stage) callOthers(ctx context.Context) error {
	for _, endpoint := range s.engine.Endpoints() {
		if err := s.engine.CallOthers(ctx, endpoint); err != nil {
			return err
		}
	}
	return nil
}

// assumptions say what the campaign's calls were assumed to come to, each name once.
func assumptions(lang string, def *definition.Definition, assumed map[string]any) string {
	var said []string
	for _, s := range def.Order {
		c := s.Call()
		if c == nil {
			continue
		}
		key := "simulation.call.empty"
		if x, is := assumed[c.SaveAs]; is {
			key = "simulation.call.answers"
			if _, object := x.(map[string]any); !object {
				key = "simulation.call.fails"
			}
		}
		if words := locale.T(lang, key, map[string]any{"name": c.SaveAs}); !slices.Contains(said, words) {
			said = append(said, words)
		}
	}
	return strings.Join(said, ", ")
}
