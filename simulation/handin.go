package simulation

import (
	"context"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
)

// What members do at one moment is handed in together: each by itself would be a transaction of its own, and the clock stands still for all of them.

// filled is a page's form that a member has filled in.
type filled struct {
	person *person
	visited
	form engine.PageForm
}

// sends reports whether the member has filled a form in that was not handed in yet.
func (s *stage) sends(p *person) bool {
	return slices.ContainsFunc(s.forms, func(f filled) bool { return f.person == p })
}

// write keeps what members do in the bot, to be handed in.
func (s *stage) write(ins ...channels.Incoming) {
	for _, in := range ins {
		s.update++
		s.updates = append(s.updates, engine.RawUpdate{ID: s.update, HasID: true, Raw: encode(in)})
	}
}

// handIn stores what members did in the bot, and lets the forms that they filled in be handled.
func (s *stage) handIn(ctx context.Context) error {
	updates, forms := s.updates, s.forms
	s.updates, s.forms = nil, nil
	if len(updates) > 0 {
		if err := s.engine.StoreUpdates(ctx, updates); err != nil {
			return err
		}
	}
	if len(forms) == 0 {
		return nil
	}
	sent := make([]engine.SurveyForm, len(forms))
	ids := make([]campaigns.EnrollmentID, len(forms))
	for i, f := range forms {
		sent[i], ids[i] = engine.SurveyForm{Token: f.token, Form: f.form}, f.enrollment
	}
	if err := s.engine.AnswerSurveys(ctx, sent); err != nil {
		return err
	}
	return s.goOn(ctx, forms, ids)
}

// goOn lets those whose page asks something more stay there.
func (s *stage) goOn(ctx context.Context, forms []filled, ids []campaigns.EnrollmentID) error {
	rows, err := s.store.EnrollmentsByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, f := range forms {
		if row := rows[f.enrollment]; row == nil || f.of.ask(row.Step) == nil || row.State.Final() {
			continue // nothing more is asked on the page now
		}
		s.will(f.person, s.clock.now().Add(sitting), func(ctx context.Context) error { return s.answerPage(ctx, f.person, f.visited) })
	}
	return nil
}
