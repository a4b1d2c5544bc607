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
	f := &filter{dialect: q.dialect, order: q.dialect.campaignOrder(), args: []any{id, p.After}}
	f.add(q.dialect.ofCampaign())
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

// upTo narrows a campaign's list, where the page asks for it, to as many of its next rows as may be looked at, and returns the last of them; 0: there are not
// more. Both ends are named: a row comparison as the end would let PostgreSQL walk the campaign's whole index.
func (q queries) upTo(ctx context.Context, f *filter, table string, id campaigns.CampaignID, p Page) (last int64, err error) {
	if p.Stopped == nil || id == 0 {
		return 0, nil
	}
	var n int
	var first int64
	_, _, err = one(ctx, q.run, func(r rows) (_ struct{}, err error) {
		err = r.Scan(&n, orZero(&first), orZero(&last))
		return
	}, `SELECT count(*), min(id), max(id) FROM (SELECT id FROM `+table+` WHERE `+q.dialect.ofCampaign()+` ORDER BY `+q.dialect.campaignOrder()+` LIMIT $3) AS l`,
		id, p.After, lookedRows)
	if err != nil {
		return 0, err
	}
	*f = filter{dialect: q.dialect, conds: []string{"campaign_id = $1", "id >= $2", "id <= $3"}, args: []any{id, first, last}}
	if n < lookedRows {
		return 0, nil
	}
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
