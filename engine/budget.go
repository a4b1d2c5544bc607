package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// BudgetInput is a rule of the budget as it is typed.
type BudgetInput struct {
	Most int
	Per  string
	Kind string
}

// BudgetInputs are rules as they would be typed.
func BudgetInputs(rules []decide.BudgetRule) (out []BudgetInput) {
	for _, r := range rules {
		out = append(out, BudgetInput{r.Most, r.Per.String(), string(r.Kind)})
	}
	return out
}

const (
	maxBudgetRules = 5
	maxBudget      = 100
	leastSpan      = time.Hour
	longestSpan    = 90 * 24 * time.Hour
	// budgetHold outlasts the claim and the time after which what was begun under it is unknown, and counts by that.
	budgetHold = max(rowClaim, chunkClaim) + 2*graceClaim
	// heldSpan is how long a message that had to wait for its place may take to leave when it has one, whatever its step's limit.
	heldSpan = time.Hour
)

// budgetRules reads rules, and names each mistake.
func budgetRules(in []BudgetInput) (rules []decide.BudgetRule, wrong []fault.Detail) {
	rules = []decide.BudgetRule{}
	if len(in) > maxBudgetRules {
		return rules, []fault.Detail{{Path: "budget", Code: "budget_rules", Args: map[string]any{"max": maxBudgetRules}}}
	}
	for i, r := range in {
		rule := decide.BudgetRule{Most: r.Most, Kind: definition.Kind(r.Kind)}
		bad := func(field, code, expected string, args map[string]any) {
			wrong = append(wrong, fault.Detail{Path: fmt.Sprintf("budget[%d].%s", i, field), Code: code, Expected: expected, Args: args})
		}
		if r.Most < 1 || r.Most > maxBudget {
			bad("most", "budget_most", "", map[string]any{"max": maxBudget})
		}
		var err error
		if rule.Per, err = timing.ParsePeriod(r.Per); err != nil || rule.Span() < leastSpan || rule.Span() > longestSpan {
			bad("per", "budget_per", "7d", nil)
		}
		if r.Kind != "" && !slices.Contains(definition.Kinds(), rule.Kind) {
			bad("kind", "budget_kind", "onboarding, challenge, survey, broadcast, reminder", nil)
		}
		rules = append(rules, rule)
	}
	return rules, wrong
}

// replyParams marks the row of a step's message that answers the member's own act.
const replyParams = `{"reply":true}`

// isReply reports whether it is one, and nobody lets it be sent later after all.
func isReply(d *store.Delivery) bool {
	return d.Kind == store.StepDelivery && string(d.Params) == replyParams
}

// budgeted reports whether the budget may hold the message. What answers a member's own act, what is service and the further parts of a message that has
// begun are sent in any case; but for those parts they count.
func (c candidate) budgeted(rules []decide.BudgetRule) bool {
	if c.l == nil || c.d.Part > 0 || isReply(c.d) || c.l.def.Purpose == campaigns.Service {
		return false
	}
	return c.l.def.Priority != definition.PriorityHigh || slices.ContainsFunc(rules, func(r decide.BudgetRule) bool { return r.Kind == c.l.def.Kind })
}

// takeBudget holds a place in the member's budget for each message that has one, in one transaction for all. Without rules there is nothing to read.
func (e *Engine) takeBudget(ctx context.Context, cs []candidate, res *results, now time.Time) (through []candidate, err error) {
	if len(cs) == 0 || len(cs[0].community.Budget) == 0 {
		return cs, nil
	}
	rules := cs[0].community.Budget
	var asks, free []candidate
	for _, c := range cs {
		if c.budgeted(rules) {
			asks = append(asks, c)
		} else {
			free = append(free, c)
		}
	}
	if len(asks) == 0 {
		return cs, nil
	}
	beside, err := e.outranked(ctx, asks)
	if err != nil {
		return nil, err
	}
	cool, err := e.cooldowns(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(asks, func(a, b candidate) int { return cmp.Compare(rank(b.l), rank(a.l)) })
	var over []overspent
	err = e.write(res.lane)(ctx, func(tx *store.Tx) error {
		through, over, err = e.holdPlaces(ctx, tx, rules, asks, beside, cool, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, h := range over {
		res.overBudget(h, now)
	}
	return append(free, through...), nil
}

// overspent is a message that the budget holds, by a rule, until a moment.
type overspent struct {
	d     *store.Delivery
	rule  decide.BudgetRule
	until time.Time
}

// holdPlaces counts what the messages' members got, and holds places for those messages that have one, the more important first. beside: messages that are
// not among them may be more important.
func (e *Engine) holdPlaces(ctx context.Context, tx *store.Tx, rules []decide.BudgetRule, asks []candidate, beside bool, cool cooldowns, now time.Time) (through []candidate, over []overspent, err error) {
	var ids []campaigns.MemberID
	for _, c := range asks {
		ids = append(ids, c.d.Member)
	}
	if err := tx.BudgetsWait(ctx); err != nil {
		return nil, nil, err
	}
	spent, err := tx.Spent(ctx, ids, now.Add(-longest(rules)), now)
	if err != nil {
		return nil, nil, err
	}
	begun, err := begunPassages(ctx, tx, rules, asks)
	if err != nil {
		return nil, nil, err
	}
	var first rivals
	if beside {
		if first, err = e.rivals(ctx, tx, cool, ids, now); err != nil {
			return nil, nil, err
		}
	}
	var holds []store.BudgetHold
	for _, c := range asks {
		mine := slices.DeleteFunc(slices.Clone(spent[c.d.Member]), func(s decide.Spent) bool { return s.Delivery == c.d.ID })
		wish := decide.Wish{
			Enrollment: c.d.Enrollment, Kind: c.l.def.Kind, Priority: c.l.def.Priority, Begun: begun[c.d.Enrollment], Zone: zone(c.community, c.p.TimeZone),
		}
		if until, rule := first.budget(rules, wish, mine, c, now); rule != nil {
			over = append(over, overspent{c.d, *rule, until})
			first.drop(c.d)
			continue
		}
		until := now.Add(budgetHold)
		through, holds = append(through, c), append(holds, store.BudgetHold{Delivery: c.d.ID, Member: c.d.Member, Until: until})
		spent[c.d.Member] = append(mine, decide.Spent{Delivery: c.d.ID, Enrollment: c.d.Enrollment, Kind: c.l.def.Kind, Until: until})
	}
	return through, over, tx.HoldBudget(ctx, holds)
}

// begunPassages are those that have sent a message before, of passages that a rule for their kind counts. How long ago that was is of no account.
func begunPassages(ctx context.Context, tx *store.Tx, rules []decide.BudgetRule, asks []candidate) (map[campaigns.EnrollmentID]bool, error) {
	var ids []campaigns.EnrollmentID
	for _, c := range asks {
		if slices.ContainsFunc(rules, func(r decide.BudgetRule) bool { return r.Kind == c.l.def.Kind }) {
			ids = append(ids, c.d.Enrollment)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.BegunPassages(ctx, ids)
}

func longest(rules []decide.BudgetRule) (most time.Duration) {
	for _, r := range rules {
		most = max(most, r.Span())
	}
	return most
}

// overBudget notes a message that has no place: it waits for one, or is skipped where that would be too late for it.
func (r *results) overBudget(h overspent, now time.Time) {
	v := decide.Verdict{State: campaigns.Pending, Reason: campaigns.OverBudget, Until: &h.until}
	if h.until.After(h.d.ExpiresAt) {
		v = decide.Verdict{State: campaigns.Expired, Reason: campaigns.OverBudget}
	}
	r.verdict(h.d, v, now)
	r.outcomes[len(r.outcomes)-1].Detail = h.rule.String()
}

// worthUntil is when the message expires. What the budget held until a moment within its time may take a while to leave then: others were held until it too.
func worthUntil(d *store.Delivery) time.Time {
	if d.Reason != campaigns.OverBudget || d.DueAt == nil || d.DueAt.After(d.ExpiresAt) {
		return d.ExpiresAt
	}
	if until := d.DueAt.Add(heldSpan); until.After(d.ExpiresAt) {
		return until
	}
	return d.ExpiresAt
}

// DropHolds forgets held places that ran out: they count no more.
func (e *Engine) DropHolds(ctx context.Context) error {
	return e.batches(ctx, func(tx *store.Tx, rows int) (int, error) { return tx.DropHolds(ctx, e.now(), rows) })
}

// budgetKnown is after how long no process judges by rules that were changed: what it remembers is a second old, and what it judged is written.
const budgetKnown = 10 * time.Second

// WakeHeld makes due what waits for a rule of the budget that is no more, so that it is judged by those that are. It looks when the process starts and when
// the settings change, until everybody knows them: a message may be held by the old rule meanwhile.
func (e *Engine) WakeHeld(ctx context.Context) error {
	c, err := e.Store.Community(ctx)
	if err != nil || e.budgeted.Load() == c.UpdatedAt.UnixMicro() {
		return err
	}
	var rules []string
	for _, r := range c.Budget {
		rules = append(rules, r.String())
	}
	lanes, err := e.Store.HeldLanes(ctx)
	for _, l := range lanes {
		if err == nil {
			err = e.wakeHeld(ctx, l, rules)
		}
	}
	if err == nil && e.now().Sub(c.UpdatedAt) > budgetKnown {
		e.budgeted.Store(c.UpdatedAt.UnixMicro())
	}
	return err
}

// wakeHeld looks for them in a read, so that no writer waits for the many that wait for something else.
func (e *Engine) wakeHeld(ctx context.Context, l store.HeldLane, rules []string) error {
	now, rows := e.now(), e.Store.BulkRows()
	for since := now.Add(time.Microsecond); ; {
		ids, last, err := e.Store.HeldByOthers(ctx, l, rules, since, rows)
		if err != nil || len(ids) == 0 {
			return err
		}
		woken := false
		err = e.Store.WriteBulk(ctx, func(tx *store.Tx) (err error) {
			woken, err = tx.LeaveToLane(ctx, ids, l.Channel, now)
			return err
		})
		if err != nil || !woken || len(ids) < rows {
			return err
		}
		since = last
	}
}
