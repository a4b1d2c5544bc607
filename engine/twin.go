package engine

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/store"
)

// markTwin is what shows in the chat that a question which went by two channels was answered on the page; nil: the chat has no buttons of it.
func (w *work) markTwin(ctx context.Context, row *store.Enrollment, p *store.Profile, in *decide.Answered) (*mark, error) {
	l, err := w.e.version(ctx, w.tx, row.Campaign, row.Version)
	if err != nil {
		return nil, err
	}
	ask := askOf(l.def, in.Step)
	if ask == nil || ask.Type.Typed() || w.e.Chat == nil {
		return nil, nil
	}
	en, err := fromRow(row)
	if err != nil {
		return nil, err
	}
	asked, a := en.Asked[in.Step], en.Answers[saveAs(ask, in.Step)]
	if asked.Visit != in.Visit || !asked.Answered || !asked.Escalated || !asked.On(campaigns.Telegram) || a.Input != in.Input {
		return nil, nil
	}
	if ask.Type == campaigns.Choices { // what shows there as ticked is what the next tick changes
		if err := w.tx.PutSelection(ctx, row.ID, in.Step, in.Visit, chosen(a)); err != nil {
			return nil, err
		}
	}
	d, err := w.tx.StepDelivery(ctx, row.ID, in.Step, in.Visit, campaigns.Telegram)
	if err != nil || d == nil || d.ProviderID == "" {
		return nil, err
	}
	chat, community := p.Addresses.On(campaigns.Telegram).Value, w.community
	return &mark{chat + "/" + d.ProviderID, w.e.marks.next(), func(ctx context.Context) error {
		m, err := w.e.renderAsk(ctx, l, d, ask, p, community, chosen(a))
		if err != nil {
			return err
		}
		return w.e.Chat.Edit(ctx, chat, d.ProviderID, m.HTML, m.Keyboard)
	}}, nil
}
