package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// SurveyForm is a form with the link that it came by.
type SurveyForm struct {
	Token string
	Form  PageForm
}

// AnswerSurveys is AnswerSurvey for forms that come at one moment, one of each member: they are stored together, and handled together as far as that can be done.
// A simulation has many, since its clock stands still; a browser has one.
func (e *Engine) AnswerSurveys(ctx context.Context, forms []SurveyForm) error {
	ins := make([]*store.Input, len(forms))
	actors := make([]string, len(forms))
	for i, f := range forms {
		sent, err := e.sent(ctx, f.Token, f.Form)
		if err != nil {
			return err
		}
		ins[i], actors[i] = sent.in, sent.in.Actor
	}
	if _, err := e.storeInputs(ctx, ins); err != nil {
		return err
	}
	var b begun
	var err error
	for some := range slices.Chunk(actors, e.crowdSize()) {
		if err = e.handleCrowd(ctx, some, some, &b); err != nil {
			break
		}
	}
	b.wg.Wait()
	return errors.Join(err, b.err)
}

// foreseeableForm reports whether an input is a form that can be handled together with others.
func foreseeableForm(in *store.Input) (body pageInput, ok bool) {
	if in.Source != "page" || in.Raw == "" || in.Tries > 0 || in.Member == 0 {
		return body, false
	}
	return body, json.Unmarshal([]byte(in.Raw), &body) == nil
}

// lockForms locks those who sent forms, with the runs that they are about. Who is absent is to be handled alone.
func (c *crowdTx) lockForms(ctx context.Context, ins []*store.Input) (map[*store.Input]sentAmong, error) {
	bodies, of := map[*store.Input]pageInput{}, map[campaigns.MemberID]campaigns.EnrollmentID{}
	for _, in := range ins {
		if body, ok := foreseeableForm(in); ok {
			bodies[in], of[in.Member] = body, body.Enrollment
		}
	}
	if len(of) == 0 {
		return nil, nil
	}
	who, err := c.tx.LockAnswerers(ctx, of)
	if err != nil {
		return nil, err
	}
	found := map[*store.Input]sentAmong{}
	for in, body := range bodies {
		if a := who[in.Member]; a != nil && a.Enrollment.ID == body.Enrollment && a.Profile.State == members.Active {
			found[in] = sentAmong{body, a}
		}
	}
	return found, nil
}

// sentAmong is a form of one of many.
type sentAmong struct {
	body pageInput
	*store.Answerer
}

// read acts on one member's form.
func (t *together) read(ctx context.Context, c *crowdTx, in *store.Input, f sentAmong) (err error) {
	defer recovered(&err)
	w, err := t.e.newWork(ctx, c.tx)
	if err != nil {
		return err
	}
	w.campaigns = c.w.campaigns // read once for all
	out, err := w.answeredOnPage(ctx, in, f.body)
	if err != nil {
		return fmt.Errorf("input %d: %w", in.ID, err)
	}
	c.w.join(w)
	if _, err := c.tx.FinishInput(ctx, in.ID, in.Member, c.now); err != nil {
		return err
	}
	c.s.profiles[f.Profile.ID], c.s.rows[f.Enrollment.ID] = f.Profile, f.Enrollment
	t.actors[f.Profile.ID] = in.Actor
	t.inputs = append(t.inputs, handledInput{in, out})
	return nil
}
