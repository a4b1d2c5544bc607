package engine

import (
	"context"
	"errors"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// press acts on a pressed button. Pressing twice does no more than once.
func (t *conversation) press(ctx context.Context) error {
	b, err := t.e.readButton(t.inc.Chat, t.inc.Data)
	if err != nil {
		return t.record(ctx, "button.refused", "", nil)
	}
	switch b.verb {
	case pressLanguage:
		return t.speak(ctx, b.arg)
	case pressSettings:
		return t.set(ctx, b.arg)
	case pressErase:
		return t.erase(ctx, b.arg == "yes")
	}
	d, err := t.tx.Delivery(ctx, campaigns.DeliveryID(b.id))
	if fault.Is(err, fault.NotFound) || err == nil && d.Member != t.p.ID {
		return t.record(ctx, "button.refused", "", nil)
	}
	if err != nil {
		return err
	}
	l, err := t.e.version(ctx, t.tx, d.Campaign, d.Version)
	if err != nil {
		return err
	}
	ask := askOf(l.def, d.Step)
	if ask == nil {
		return t.record(ctx, "button.refused", "", nil)
	}
	return t.choose(ctx, l, d, ask, b)
}

// choose is a pressed option, a ticked box or "done".
func (t *conversation) choose(ctx context.Context, l *live, d *store.Delivery, ask *definition.Ask, b button) error {
	row, err := t.tx.LockEnrollment(ctx, d.Enrollment)
	if err != nil {
		return err
	}
	if ask.Final {
		if shown, err := t.stands(row, l, d, ask); err != nil || shown {
			return err
		}
	}
	options := answers.Options(ask, spoken(t.p, t.c), l.def.Languages[0])
	picked, final, err := t.picked(ctx, d, options, b)
	switch {
	case errors.Is(err, errForeignButton):
		return t.record(ctx, "button.refused", "", nil)
	case err != nil:
		return err
	case !final:
		t.show(l, d, ask, picked)
		if err := t.begins(ctx, l, row, d); err != nil {
			return err
		}
		return t.tx.PutSelection(ctx, d.Enrollment, d.Step, d.Visit, picked)
	}
	raw := campaigns.RawAnswer{Options: inOrder(options, picked), Buttons: true}
	if _, err := t.answerIn(ctx, row, d.Step, d.Visit, raw); err != nil {
		return err
	}
	_, err = t.stands(row, l, d, ask)
	return err
}

// begins lets the passage know that its question is being answered, where it would go by another channel without an answer.
func (t *conversation) begins(ctx context.Context, l *live, row *store.Enrollment, d *store.Delivery) error {
	if l.def.EscalateOf(l.def.Step(d.Step)) == nil || row.State.Final() {
		return nil
	}
	w, err := t.work(ctx)
	if err != nil {
		return err
	}
	if err := w.decide(ctx, row, t.p, &decide.Begun{Step: d.Step, Visit: d.Visit}); err != nil {
		return err
	}
	return t.written(ctx, w)
}

// picked is what is chosen with this press, and whether that is the answer. errForeignButton: the question has no such option.
func (t *conversation) picked(ctx context.Context, d *store.Delivery, options []answers.Option, b button) (picked []string, final bool, err error) {
	i, bad := strconv.Atoi(b.arg)
	if b.verb != pressDone && (bad != nil || i < 0 || i >= len(options)) {
		return nil, false, errForeignButton
	}
	if b.verb == pressOption {
		return []string{options[i].Value}, true, nil
	}
	if picked, err = t.tx.Selection(ctx, d.Enrollment, d.Step, d.Visit); err != nil {
		return nil, false, err
	}
	if b.verb == pressDone {
		return picked, true, nil
	}
	return toggle(picked, options[i].Value), false, nil
}

// stands shows on the pressed message the answer that the passage holds for it, and reports whether there is one.
func (t *conversation) stands(row *store.Enrollment, l *live, d *store.Delivery, ask *definition.Ask) (bool, error) {
	en, err := fromRow(row)
	if err != nil {
		return false, err
	}
	a, ok := en.Answers[saveAs(ask, d.Step)]
	if ok = ok && en.Visits[d.Step] == d.Visit && en.Asked[d.Step].Answered; ok {
		t.show(l, d, ask, chosen(a))
	}
	return ok, nil
}

// show edits the pressed message after the commit.
func (t *conversation) show(l *live, d *store.Delivery, ask *definition.Ask, picked []string) {
	message, chat, p, c := t.inc.Message, t.inc.Chat, t.p, t.c
	t.marked(func(ctx context.Context) error {
		m, err := t.e.renderAsk(ctx, l, d, ask, p, c, picked)
		if err != nil {
			return err
		}
		return t.e.Chat.Edit(ctx, chat, message, m.HTML, m.Keyboard)
	})
}

// chosen is the answer as option values.
func chosen(a campaigns.Answer) []string {
	switch a.Type {
	case campaigns.Choices:
		return a.List
	case campaigns.YesNo:
		return []string{strconv.FormatBool(a.Bool)}
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT:
		return []string{strconv.FormatFloat(a.Number, 'f', -1, 64)}
	}
	return []string{a.Text}
}

func toggle(list []string, v string) []string {
	var out []string
	had := false
	for _, x := range list {
		if x == v {
			had = true
			continue
		}
		out = append(out, x)
	}
	if !had {
		out = append(out, v)
	}
	return out
}

// inOrder keeps the picked values in the order of the options.
func inOrder(options []answers.Option, picked []string) []string {
	out := []string{}
	for _, o := range options {
		for _, v := range picked {
			if v == o.Value {
				out = append(out, v)
				break
			}
		}
	}
	return out
}
