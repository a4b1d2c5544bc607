package explain

import (
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Rule is one rule of a campaign beside its steps, in words.
type Rule struct{ Name, Text string }

// Rules say who comes into a campaign, how often, what takes them out, and what holds for its messages. What is not said in the document and changes nothing is
// left out; its goal has words of its own.
func (w Words) Rules(d *definition.Definition) (out []Rule) {
	add := func(name, text string) {
		if text != "" {
			out = append(out, Rule{w.say("explain.rule."+name, nil), text})
		}
	}
	add("entry", w.Entry(&d.Entry))
	add("audience", w.Meant(&d.Entry))
	if d.Entry.Key != "" {
		add("key", w.say("explain.rule.key.text", map[string]any{"field": d.Entry.Key}))
	}
	add("reentry", w.say("explain.rule.reentry."+string(d.Entry.Reentry), map[string]any{"period": w.Period(d.Entry.After)}))
	add("exit", w.exits(d.Exit))
	if d.Quiet != nil {
		args := map[string]any{"from": d.Quiet.From.String(), "to": d.Quiet.To.String(), "over": w.Period(d.QuietOver)}
		add("quiet", w.say("explain.rule.quiet."+string(d.QuietThen), args))
	}
	if d.Late != nil && d.Late.Then != definition.LateSend {
		add("late", w.say("explain.rule.late."+string(d.Late.Then), map[string]any{"after": w.Period(d.Late.After)}))
	}
	if d.Priority != definition.PriorityNormal {
		add("priority", w.say("explain.rule.priority."+string(d.Priority), nil))
	}
	if d.Holdout > 0 {
		add("holdout", w.say("explain.rule.holdout.text", map[string]any{"n": d.Holdout}))
	}
	return out
}

func (w Words) exits(rules []definition.ExitRule) string {
	said := make([]string, len(rules))
	for i := range rules {
		x := &rules[i]
		switch {
		case x.Event != "":
			said[i] = w.happening("explain.rule.exit.event", &x.Happening, x.If)
		case x.If.LooksBack():
			said[i] = w.say("explain.rule.exit.when_past", map[string]any{"clause": w.Clause(x.If)})
		default:
			said[i] = w.say("explain.rule.exit.when", map[string]any{"clause": w.Clause(x.If)})
		}
	}
	return strings.Join(said, " ")
}
