// Package replay keeps decisions as they were made, and makes them again. A decision is written down with everything that the decider was given, so that
// another build, or the same one years later, must come to the same bytes.
package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Decision is one decision: what went in, and what came out. It holds no memory that anybody else has.
type Decision struct {
	// Version of the campaign by which it was decided.
	Version int `json:"version"`
	// Now is the moment that the decider was told.
	Now time.Time `json:"now"`
	// Before is where the passage stood. In a Journal it is left out where that is where the decision before left it.
	Before *Standing `json:"before,omitempty"`
	Facts  Facts     `json:"facts"`
	Input  Named     `json:"input"`
	// After is where it stands then, and Effects what follows.
	After   Standing `json:"after"`
	Effects []Named  `json:"effects"`
}

// Standing is an enrollment as its row holds it: its columns, and its own record.
type Standing struct {
	State   campaigns.EnrollmentState `json:"state"`
	Reason  campaigns.Reason          `json:"reason,omitempty"`
	Step    campaigns.StepID          `json:"step"`
	Visit   int                       `json:"visit"`
	Due     *time.Time                `json:"due,omitempty"`
	Wait    campaigns.WaitKind        `json:"wait,omitempty"`
	Key     string                    `json:"key,omitempty"`
	Entered time.Time                 `json:"entered,omitzero"`
	Data    json.RawMessage           `json:"data"`
}

// Facts are decide.Facts as JSON, with the zone by its name.
type Facts = json.RawMessage

// Named is an input or an effect with the name of its type.
type Named struct {
	Kind  string          `json:"kind"`
	Value json.RawMessage `json:"value"`
}

// Asked is what the decider is asked. Was is the definition that a *decide.Moved comes from.
type Asked struct {
	Version    int
	Definition *definition.Definition
	Was        *definition.Definition
	Enrollment decide.Enrollment
	Facts      decide.Facts
	Input      decide.Input
	Now        time.Time
}

// Write takes down what is asked, before it is decided. Answered completes it.
func Write(a Asked) (Decision, error) {
	before, err := standing(a.Enrollment)
	if err != nil {
		return Decision{}, err
	}
	facts, err := writeFacts(a.Facts)
	if err != nil {
		return Decision{}, err
	}
	in, err := named(a.Input)
	return Decision{Version: a.Version, Now: a.Now, Before: &before, Facts: facts, Input: in}, err
}

// Answered adds what was decided.
func (d Decision) Answered(next decide.Enrollment, effects []decide.Effect) (_ Decision, err error) {
	if d.After, err = standing(next); err != nil {
		return d, err
	}
	d.Effects = make([]Named, len(effects))
	for i, effect := range effects {
		if d.Effects[i], err = named(effect); err != nil {
			return d, err
		}
	}
	return d, nil
}

// Read gives back what was asked. now is the definition of the decision's version, was the one that a move comes from, or nil.
func (d Decision) Read(now, was *definition.Definition) (Asked, error) {
	a := Asked{Version: d.Version, Definition: now, Was: was, Now: d.Now}
	var err error
	if a.Enrollment, err = d.Before.enrollment(); err != nil {
		return a, err
	}
	if a.Facts, err = readFacts(d.Facts); err != nil {
		return a, err
	}
	if a.Input, err = d.Input.input(); err != nil {
		return a, err
	}
	if moved, ok := a.Input.(*decide.Moved); ok {
		moved.Was = was
	}
	return a, nil
}

// Again reads what was asked, decides it again and writes it down again. Where the result has other bytes, something else was decided, or the decider was told
// something that is not written down.
func (d Decision) Again(now, was *definition.Definition) (Decision, error) {
	a, err := d.Read(now, was)
	if err != nil {
		return Decision{}, err
	}
	again, err := Write(a)
	if err != nil {
		return Decision{}, err
	}
	return again.Answered(decide.Decide(a.Definition, a.Enrollment, a.Facts, a.Input, a.Now))
}

// Same decides again and says, as an error, what is another now.
func (d Decision) Same(now, was *definition.Definition) error {
	again, err := d.Again(now, was)
	if err != nil {
		return err
	}
	want, err := json.Marshal(d)
	if err != nil {
		return err
	}
	got, err := json.Marshal(again)
	if err != nil {
		return err
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("replay %s at step %q, %s:\nrecorded %s\nnow      %s", d.Input.Kind, d.Before.Step, d.Now.Format(time.RFC3339), want, got)
	}
	return nil
}
