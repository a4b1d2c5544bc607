package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/simulation"
)

// simulationBody is what is to be played.
type simulationBody struct {
	Campaigns   []campaigns.Key       `json:"campaigns,omitempty" maxItems:"20" doc:"Keys of campaigns whose drafts are played"`
	Definitions []simulatedDefinition `json:"definitions,omitempty" maxItems:"20" doc:"Definitions that are kept nowhere"`
	Start       *time.Time            `json:"start,omitempty" doc:"When the days begin; absent: the last full hour. As many whole days pass, until the same hour"`
	Days        int                   `json:"days,omitempty" minimum:"1" maximum:"366" default:"60"`
	Seed        uint64                `json:"seed,omitempty" doc:"The same request with the same seed and start gives the same result"`
	Members     simulatedMembers      `json:"members,omitempty"`
	Behaviours  []simulatedBehaviour  `json:"behaviours,omitempty" maxItems:"20" doc:"How members behave; absent: everybody answers after two hours"`
	EventData   map[string]any        `json:"event_data,omitempty" doc:"What events that let members in tell beside what the entries ask for, by field, such as a date that a wait is for"`
	Calls       map[string]any        `json:"calls,omitempty" doc:"What other systems are assumed to answer, by the names of calls: an object of fields, or \"fails\". Nothing is called; a call that is not named here is answered with nothing"`
	Events      []simulatedEvent      `json:"events,omitempty" maxItems:"20" doc:"What the platform is assumed to report of everybody who is played; what lets them in comes by itself"`
	Stories     int                   `json:"stories,omitempty" minimum:"1" maximum:"100" default:"5" doc:"How many members' days are told in full, at least one of each behaviour"`
	Story       string                `json:"story,omitempty" maxLength:"200" doc:"One more member whose days are told"`
}

// simulatedDefinition is a definition as its author typed it.
type simulatedDefinition struct {
	Source string `json:"source" maxLength:"1048576"`
	Format string `json:"format,omitempty" enum:"yaml,json" default:"yaml"`
}

// simulatedMembers says who is played.
type simulatedMembers struct {
	Invent      int            `json:"invent,omitempty" minimum:"1" maximum:"1000" doc:"How many are made up; 20 where nobody is named"`
	Tags        []string       `json:"tags,omitempty" maxItems:"50" doc:"Of everybody who is made up"`
	Attributes  map[string]any `json:"attributes,omitempty" doc:"Of everybody who is made up"`
	ExternalIDs []string       `json:"external_ids,omitempty" maxItems:"1000" doc:"Members who are there, copied; needs the scope members:read"`
	Sample      int            `json:"sample,omitempty" minimum:"1" maximum:"1000" doc:"So many of the first campaign's audience, copied; needs the scope members:read"`
}

// simulatedBehaviour is how some of the members behave.
type simulatedBehaviour struct {
	Does   string `json:"does" maxLength:"40" doc:"answers, answers:30m, silent, blocks:3 (the bot, on day 3), bounces, withdraws:5 (the consent, on day 5)"`
	Weight int    `json:"weight,omitempty" minimum:"1" maximum:"1000000" default:"1"`
}

// simulatedEvent comes in the middle of a day.
type simulatedEvent struct {
	Event string         `json:"event" minLength:"1" maxLength:"100"`
	Day   int            `json:"day" minimum:"1" maximum:"366" doc:"Day 1 is the one on which the simulation begins, day 2 the next one in the community's calendar. The event comes at noon; on day 1 in the middle of what is left of it"`
	Data  map[string]any `json:"data,omitempty"`
}

type simulationInput struct{ Body simulationBody }

type simulationReply struct{ Body *simulation.Result }

func (s *server) simulationOperations() {
	add(s, operation{
		id: "simulate-campaigns", method: http.MethodPost, path: "/v1/simulations", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Let days pass before a campaign begins", max: s.MaxBatch, errors: []int{http.StatusNotFound},
		doc: "Plays drafts or definitions with the real engine over a database that is thrown away: who would get what, when, where and in which language, and why not otherwise. " +
			"Nothing is sent and nothing is kept; it is a POST because what is asked may be long. One is played at a time; another hears 429. It ends with the request.",
	}, s.simulate)
}

func (s *server) simulate(ctx context.Context, p engine.Principal, in *simulationInput) (*simulationReply, error) {
	r, err := in.Body.request(requestOf(ctx).lang)
	if err != nil {
		return nil, err
	}
	result, err := s.Simulator.Simulate(ctx, p, r)
	if err != nil {
		return nil, err
	}
	return &simulationReply{result}, nil
}

func (b *simulationBody) request(lang string) (simulation.Request, error) {
	m := b.Members
	r := simulation.Request{
		Plan: simulation.Plan{
			Days: b.Days, Seed: b.Seed, Invented: m.Invent, Tags: m.Tags, Attributes: m.Attributes, Calls: b.Calls, EventData: b.EventData, Stories: b.Stories, Story: b.Story, Lang: lang,
		},
		Keys: b.Campaigns, ExternalIDs: m.ExternalIDs, Sample: m.Sample,
	}
	if b.Start != nil {
		r.Start = *b.Start
	}
	for _, d := range b.Definitions {
		r.Campaigns = append(r.Campaigns, engine.Draft{Source: d.Source, Format: definition.Format(d.Format)})
	}
	for _, x := range b.Events {
		e := simulation.Event{Name: x.Event, Day: x.Day}
		if x.Data != nil {
			var err error
			if e.Data, err = json.Marshal(x.Data); err != nil {
				return r, err
			}
		}
		r.Events = append(r.Events, e)
	}
	var wrong []fault.Detail
	for i, x := range b.Behaviours {
		does, ok := simulation.ParseBehaviour(x.Does)
		if !ok {
			wrong = append(wrong, simulation.BadBehaviour("behaviours["+strconv.Itoa(i)+"].does", x.Does))
		}
		r.Mix = append(r.Mix, simulation.Share{Behaviour: does, Weight: x.Weight})
	}
	if len(wrong) > 0 {
		return r, fault.New(fault.Invalid, "invalid.simulation", nil).With(wrong...)
	}
	return r, nil
}
