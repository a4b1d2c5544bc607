package explain

import "github.com/kruzhok/kruzhok/campaigns/decide"

// Budget says which rule of the community's budget held a message.
func (w Words) Budget(r decide.BudgetRule) string {
	args := map[string]any{"n": r.Most, "span": w.Period(r.Per)}
	if r.Kind == "" {
		return w.say("explain.budget", args)
	}
	args["kind"] = w.say("explain.kind."+string(r.Kind), nil)
	return w.say("explain.budget_kind", args)
}

// BudgetRule says the rule by itself, as one stands in a list of them.
func (w Words) BudgetRule(r decide.BudgetRule) string {
	args := map[string]any{"n": r.Most, "span": w.Period(r.Per)}
	if r.Kind == "" {
		return w.say("explain.budget_rule", args)
	}
	args["kind"] = w.say("explain.kinds."+string(r.Kind), nil)
	return w.say("explain.budget_rule_kind", args)
}
