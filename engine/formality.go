package engine

import (
	"context"
	"errors"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// formalities are what the attribute of this name may say.
var formalities = string(campaigns.Informal) + ", " + string(campaigns.Formal)

// badFormality reports a value of an attribute that the attribute never has.
func badFormality(name string, value any) bool {
	_, known := campaigns.FormalityOf(value)
	return name == campaigns.FormalityAttribute && value != nil && !known
}

// formality is how the member is addressed: as is known of them, else as the campaign says.
func formality(p *store.Profile, def *definition.Definition) campaigns.Formality {
	if f, known := formalityOf(&p.Member); known {
		return f
	}
	return def.Formality
}

func formalityOf(m *members.Member) (campaigns.Formality, bool) {
	return campaigns.FormalityOf(m.Attributes[campaigns.FormalityAttribute])
}

// choosesForm reports whether a campaign that goes on has texts in both forms in the language in which whoever wants lang reads it: otherwise there is nothing to choose. Not for use in a transaction.
func (e *Engine) choosesForm(ctx context.Context, lang campaigns.Lang) (bool, error) {
	all, err := e.campaignStates(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range all {
		if !takesIn(c) {
			continue
		}
		l, err := e.version(ctx, e.Store, c.ID, c.LiveVersion)
		switch {
		case errors.Is(err, errBadVersion): // it says nothing to anybody
		case err != nil:
			return false, err
		case l.def.ChoosesForm(lang):
			return true, nil
		}
	}
	return false, nil
}

// keepFormality is the member's choice of how they are addressed.
func (t *choosing) keepFormality(ctx context.Context, f campaigns.Formality) error {
	if had, known := formalityOf(&t.p.Member); known && had == f {
		return nil
	}
	t.p.Attributes, t.p.UpdatedAt = mergeAttributes(t.p.Attributes, map[string]any{campaigns.FormalityAttribute: string(f)}), t.now
	if err := t.tx.UpdateMember(ctx, &t.p.Member); err != nil {
		return err
	}
	return t.tx.AppendEvents(ctx, []store.Event{{At: t.now, Name: "member.chose_form", Member: t.p.ID}})
}
