package store

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// filter collects the conditions of a list. Only those that are asked for stand in the text, so each shape gets the plan that fits it.
type filter struct {
	dialect dialect
	conds   []string
	args    []any
	order   string // empty: by id
}

// list begins a list by id, of one campaign where it is given. Rows of a campaign often lie together: planners that do not know that walk all the ids before
// them, and so are told both columns of the campaign's index.
func (q queries) list(id campaigns.CampaignID, p Page) *filter {
	if id == 0 {
		return q.filter("id > ", p.After)
	}
	f := &filter{dialect: q.dialect, order: "campaign_id, id", args: []any{id, p.After}}
	f.add("(campaign_id, id) > ($1, $2)")
	f.add("campaign_id <= $1")
	return f
}

func (q queries) filter(cond string, v any) *filter {
	f := &filter{dialect: q.dialect}
	f.is(cond, v)
	return f
}

// param adds a parameter and returns its number.
func (f *filter) param(v any) int {
	f.args = append(f.args, v)
	return len(f.args)
}

func (f *filter) add(cond string) { f.conds = append(f.conds, cond) }

// is adds "column = $n"; cond is "column = " or "column > ".
func (f *filter) is(cond string, v any) { f.add(cond + "$" + strconv.Itoa(f.param(v))) }

// id adds the condition unless the id is 0.
func (f *filter) id(cond string, id int64) {
	if id != 0 {
		f.is(cond, id)
	}
}

// word adds the condition unless the text is empty.
func (f *filter) word(cond, s string) {
	if s != "" {
		f.is(cond, s)
	}
}

// upTo ends the list, where the page asks for it, after as many of a campaign's rows as may be looked at; 0: there are not more.
func (q queries) upTo(ctx context.Context, f *filter, table string, id campaigns.CampaignID, p Page) (last int64, err error) {
	if p.Stopped == nil || id == 0 {
		return 0, nil
	}
	n := 0
	_, _, err = one(ctx, q.run, func(r rows) (_ struct{}, err error) {
		err = r.Scan(&n, orZero(&last))
		return
	}, `SELECT count(*), max(id) FROM (SELECT id FROM `+table+` WHERE (campaign_id, id) > ($1, $2) AND campaign_id <= $1 ORDER BY campaign_id, id LIMIT $3) AS l`, id, p.After, lookedRows)
	if err != nil || n < lookedRows {
		return 0, err
	}
	f.add("(campaign_id, id) <= ($1, $" + strconv.Itoa(f.param(last)) + ")")
	return last, nil
}

// stopped tells the page that it ended there.
func (p Page) stopped(last int64, found int) {
	if last != 0 && found < p.limit() {
		*p.Stopped = last
	}
}

// where is the conditions, with the word before them.
func (f *filter) where() string { return " WHERE " + strings.Join(f.conds, " AND ") }

// page ends the statement: conditions, order by id, limit.
func (f *filter) page(sel string, p Page) string {
	return sel + f.where() + " ORDER BY " + cmp.Or(f.order, "id") + " LIMIT $" + strconv.Itoa(f.param(p.limit()))
}
