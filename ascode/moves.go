package ascode

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// choiceFor is the choice with the moves from steps of the live version: the others are meant for other campaigns, and would be refused here.
func (s *Service) choiceFor(live *text) Choice {
	c := s.choice
	def, problems := definition.ParseStored(live.source, live.format)
	if len(problems) > 0 { // of another release: the service knows
		return c
	}
	c.Moves = maps.Clone(c.Moves)
	maps.DeleteFunc(c.Moves, func(from, _ string) bool {
		return !slices.ContainsFunc(def.Order, func(st *definition.Step) bool { return string(st.ID) == from })
	})
	return c
}

// movesKnown refuses moves from steps that no campaign has, where something is published: nobody would be moved by them.
func (s *Service) movesKnown(p *Plan) error {
	left, publishes := maps.Clone(s.choice.Moves), false
	for _, it := range p.Items {
		if it.Publication == nil {
			continue
		}
		publishes = true
		for from := range it.Publication.Choice.Moves {
			delete(left, from)
		}
	}
	if len(left) == 0 || !publishes {
		return nil
	}
	steps := strings.Join(slices.Sorted(maps.Keys(left)), ", ")
	return errors.New(locale.T(s.lang, "cli.publish.move_unknown", map[string]any{"steps": steps}))
}
