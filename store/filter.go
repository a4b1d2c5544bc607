package store

import (
	"strconv"
	"strings"
)

// filter collects the conditions of a list. Only those that are asked for stand in the text, so each shape gets the plan that fits it.
type filter struct {
	dialect dialect
	conds   []string
	args    []any
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

// where is the conditions, with the word before them.
func (f *filter) where() string { return " WHERE " + strings.Join(f.conds, " AND ") }

// page ends the statement: conditions, order by id, limit.
func (f *filter) page(sel string, p Page) string {
	return sel + f.where() + " ORDER BY id LIMIT $" + strconv.Itoa(f.param(p.limit()))
}
