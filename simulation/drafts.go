package simulation

import (
	"errors"
	"fmt"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// InCampaign says which of the plan's campaigns an error is of.
type InCampaign struct {
	Index int // in Plan.Campaigns
	err   error
}

func (e *InCampaign) Error() string { return fmt.Sprintf("campaign %d: %v", e.Index, e.err) }

// Unwrap returns the error itself.
func (e *InCampaign) Unwrap() error { return e.err }

// parse reads the definitions as they are published later, so that problems are told with their places before anything is opened.
func parse(drafts []engine.Draft) ([]*definition.Definition, error) {
	defs := make([]*definition.Definition, len(drafts))
	played := map[campaigns.Key]bool{}
	for i, d := range drafts {
		def, err := engine.ParseDraft(d)
		if err != nil {
			return nil, &InCampaign{i, err}
		}
		if played[def.Key] {
			twice := fault.Detail{Path: "key", Code: "played_twice", Args: map[string]any{"key": string(def.Key)}}
			return nil, &InCampaign{i, fault.New(fault.Invalid, "invalid.simulation", nil).With(twice)}
		}
		defs[i], played[def.Key] = def, true
	}
	return defs, nil
}

// placed begins the path of each place with the name that the caller has for the campaign that it is in.
func placed(err error, name func(i int) string) error {
	var in *InCampaign
	var f *fault.Error
	if !errors.As(err, &in) || !errors.As(err, &f) {
		return err
	}
	placed := *f
	placed.Details = nil
	for _, d := range f.Details {
		switch {
		case d.Path == "":
			d.Path = name(in.Index)
		case d.Line > 0 || d.Code == "played_twice": // else it is in another document
			d.Path = name(in.Index) + "." + d.Path
		}
		placed.Details = append(placed.Details, d)
	}
	return &placed
}
