package engine

import (
	"context"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
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
	lang := spoken(t.p, t.c)
	options := answers.Options(ask, lang, l.def.Languages[0])
	if ask.Final {
		if shown, err := t.stands(ctx, l, d, ask); err != nil || shown {
			return err
		}
	}
	picked, err := t.tx.Selection(ctx, d.Enrollment, d.Step, d.Visit)
	if err != nil {
		return err
	}
	if b.verb != pressDone {
		i, err := strconv.Atoi(b.arg)
		if err != nil || i < 0 || i >= len(options) {
			return t.record(ctx, "button.refused", "", nil)
		}
		if b.verb == pressToggle {
			picked = toggle(picked, options[i].Value)
			if err := t.tx.PutSelection(ctx, d.Enrollment, d.Step, d.Visit, picked); err != nil {
				return err
			}
			t.show(l, d, ask, picked)
			return nil
		}
		picked = []string{options[i].Value}
	}
	raw := campaigns.RawAnswer{Options: inOrder(options, picked), Buttons: true}
	if _, err := t.answer(ctx, d.Enrollment, d.Step, d.Visit, raw); err != nil {
		return err
	}
	_, err = t.stands(ctx, l, d, ask)
	return err
}

// stands shows on the pressed message the answer that is stored for it, and reports whether there is one.
func (t *conversation) stands(ctx context.Context, l *live, d *store.Delivery, ask *definition.Ask) (bool, error) {
	row, err := t.tx.Enrollment(ctx, d.Enrollment)
	if err != nil {
		return false, err
	}
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
	t.out.edit = func(ctx context.Context) error {
		m, err := t.e.renderAsk(ctx, l, d, ask, p, c, picked)
		if err != nil {
			return err
		}
		return t.e.Chat.Edit(ctx, chat, message, m.HTML, m.Keyboard)
	}
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
