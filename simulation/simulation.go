// Package simulation lets days pass before a campaign begins: an installation of its own, with the same engine, decider and renderer, over a database that is
// thrown away, channels that lead nowhere, and a clock that goes from due time to due time. Nothing is ever sent, and nothing of the live service is written.
package simulation

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// Bounds of a simulation.
const (
	MaxMembers   = 1000
	MaxDays      = 366
	MaxCampaigns = 20
	// maxMessages is how many messages are played at most: a campaign that writes every hour for a year would never be done.
	maxMessages = 200_000
)

// Plan is what is to be played.
type Plan struct {
	// Campaigns are published in this order, and everybody enters each that lets them in.
	Campaigns []engine.Draft
	// Segments are those that conditions may name, and Others the drafts of campaigns that they may name: nobody was in those.
	// Both were saved once, and are read as they were taken then.
	Segments, Others []engine.Draft
	Start            time.Time
	Days             int    // that pass, default 60
	Seed             uint64 // the same plan with the same seed plays the same
	// Invented is how many members are made up (default 20); Members are played instead where there are any.
	Invented int
	Members  []Member
	Mix      []Share // default: everybody answers after two hours
	// Tags and Attributes are given to every invented member, so that an audience's condition can be met.
	Tags       []string
	Attributes map[string]any
	// Calls are what other systems are assumed to answer, by the names of calls: an object, or "fails". The others answer with nothing.
	Calls map[string]any
	// EventData is what events that let members in tell beside what the entries ask for, by field.
	EventData map[string]any
	// Events are what the platform is assumed to report of everybody. What lets members in comes by itself.
	Events    []Event
	Community Community
	// Stories is how many members' days are told in full (default 5, at least one of each behaviour); Story names one more.
	Stories int
	Story   string
	// Lang is the language of the sentences.
	Lang string
	// HasMedia says whether a file that a step sends is there; nil: nobody knows.
	HasMedia func(*channels.Media) bool
	// Dir is where the journal is put while it is needed; empty: the system's place for temporary files.
	Dir string

	// Parts is how many stages the members are spread over, to be played side by side (default 1). The result is the same.
	Parts int

	zone           *time.Location // the community's
	messages       int            // bound; 0: maxMessages
	database, kept int64          // bounds in bytes; 0: maxDatabase and maxKept
	past           pastOf         // of those whom Members are copies of; nil: nothing was with them
}

// Community is what texts and times need of the community.
type Community struct {
	Name, TimeZone, PostalAddress, Brand string
	Languages                            []campaigns.Lang     // the first is that of a member who named none
	Budget                               []engine.BudgetInput // what was sent before the simulation does not count
}

// Member is who is played. It holds personal values: never log it.
type Member struct {
	ID                  string
	Live                campaigns.MemberID // of the live service's member that this is a copy of; 0: made up
	FirstName, LastName string
	Language            campaigns.Lang
	Zone                string // IANA name; empty: the community's
	Attributes          map[string]any
	Tags                []string
	Quiet               *engine.QuietInput
	Addresses           map[campaigns.Channel]Address
	Consents            []engine.ConsentInput
	Stopped             bool
	Does                Behaviour

	index int  // among all who are played
	told  bool // their days are told in full
}

// Run plays the plan. Faults: invalid with every problem of a definition or of the plan; invalid.simulation_size where it takes too much memory.
func Run(ctx context.Context, plan Plan) (_ *Result, err error) {
	plan, err = plan.checked()
	if err != nil {
		return nil, err
	}
	defs, err := parse(plan.Campaigns)
	if err != nil {
		return nil, err
	}
	if _, wrong := engine.ReadAssumedCalls(defs, plan.Calls); len(wrong) > 0 {
		return nil, fault.New(fault.Invalid, "invalid.simulation", nil).With(wrong...)
	}
	dir, err := os.MkdirTemp(plan.Dir, "simulation-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if len(plan.Members) == 0 {
		plan.Members = invent(plan, defs)
	}
	choose(&plan)
	parts := plan.split()
	results, failed := make([]*Result, len(parts)), make([]error, len(parts))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			if results[i], failed[i] = stagePart(ctx, parts[i], defs, filepath.Join(dir, strconv.Itoa(i))); failed[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	if err := firstOf(failed); err != nil {
		return nil, err
	}
	r := merged(results)
	been, err := r.been(ctx, &plan, defs)
	if err != nil {
		return nil, err
	}
	r.Notes = append(r.notes(&plan, defs), been...)
	return r, nil
}

// firstOf is the error that ended the others, and not one of those that came of it.
func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

// stagePart plays some of the members on a stage of their own: nothing that one member does concerns another.
func stagePart(ctx context.Context, plan Plan, defs []*definition.Definition, dir string) (_ *Result, err error) {
	s, err := open(ctx, plan, defs, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.play(ctx); err != nil {
		return nil, s.unless(err)
	}
	return s.result(ctx)
}
