package ascode

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Moment is a schedule for one moment, and what publishing does with it, in the words of the API.
type Moment struct {
	At    timing.LocalDateTime    `json:"at"`
	Zone  definition.ScheduleZone `json:"zone"`
	Opens string                  `json:"opens"` // later, now, past or opened
	// Nobody: it came, and nobody was taken in.
	Nobody bool `json:"nobody"`
}

// Present is what publishing does with an entry by a segment's present members, in the words of the API.
type Present struct {
	Opens  string `json:"opens"` // now or opened
	Nobody bool   `json:"nobody"`
}

// Standing is how many members stand at a step of a version, and where they would go on.
type Standing struct {
	Version  int     `json:"version"`
	Step     string  `json:"step"` // empty: before the first
	N        int     `json:"n"`
	Place    *string `json:"place"` // nil: it has to be said
	Unmoving bool    `json:"unmoving"`
}

// Refused is why the service would not publish.
type Refused struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Places  []string `json:"places"`
}

// foresee asks the service what publishing the file would do, and whether it would be refused.
func (s *Service) foresee(ctx context.Context, it *Item) error {
	choice := s.choice
	choice.Moves = it.Publication.Choice.Moves
	if it.Publication.Version == 1 {
		choice.Inside = "" // nobody was ever inside
	}
	body, err := json.Marshal(struct {
		Choice
		Definition string            `json:"definition"`
		Format     definition.Format `json:"format"`
	}{choice, string(it.File.Source), it.File.Format})
	if err != nil {
		return fmt.Errorf("write the check: %w", err)
	}
	path := campaignPath(it.File.Key()) + "/publication-checks"
	a, err := s.call(ctx, request{method: http.MethodPost, path: path, body: body, format: definition.JSON})
	if err != nil {
		return withPlaces(err)
	}
	var view struct {
		Moment    *Moment    `json:"moment"`
		Present   *Present   `json:"present"`
		Inside    int        `json:"inside_n"`
		Standings []Standing `json:"inside"`
		Refusals  []Refused  `json:"refusals"`
	}
	if err := a.into(&view); err != nil {
		return err
	}
	p := it.Publication
	p.Moment, p.Present, p.Inside, p.Standings, p.Refusals = view.Moment, view.Present, view.Inside, view.Standings, view.Refusals
	if p.Moment != nil && p.Moment.Opens == "opened" || p.Present != nil && p.Present.Opens == "opened" && !it.File.def.Entry.Listens() {
		p.Again = false
	}
	return nil
}

// refused is the first thing for which the service would refuse to publish; nil: it would publish. Texts that lag behind have words of their own.
func (s *Service) refused(it *Item) error {
	if it.Publication == nil {
		return nil
	}
	for _, r := range it.Publication.Refusals {
		if r.Code != "conflict.outdated_texts" {
			said := strings.Join(append([]string{r.Message}, r.Places...), "\n  ")
			return errors.New(locale.T(s.lang, "cli.apply.refused", map[string]any{"key": it.File.Key(), "why": said}))
		}
	}
	return nil
}
