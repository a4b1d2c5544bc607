package store

import (
	"context"
	"strconv"
	"strings"
)

// togetherRows is how many rows one INSERT of SQLite's takes.
const togetherRows = 25

// insertTogether is insert for many rows on SQLite, where running a statement and binding its parameters cost as much as the row.
func (cs columns[R]) insertTogether(ctx context.Context, q queries, into, table, conflict string, shared []bool, rs []R) (at []int, err error) {
	values, fields := cs.together(shared)
	named := make([]string, len(cs))
	for c := range cs {
		named[c] = fields["u."+cs[c].name]
	}
	text := into + "SELECT " + strings.Join(named, ", ") + " FROM (VALUES " + values + ") AS u WHERE true " + conflict // or SQLite takes ON for a join's
	args := cs.sharedValues(shared, rs[0])
	for n := 0; len(rs)-n >= togetherRows; n += togetherRows {
		some := rs[n : n+togetherRows]
		args := args[:len(args):len(args)]
		for _, r := range some {
			args = cs.appendOwn(args, shared, r)
		}
		wrote, err := q.run.exec(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		which, err := cs.written(ctx, q, table, some, int(wrote))
		if err != nil {
			return nil, err
		}
		for _, i := range which {
			at = append(at, n+i)
		}
	}
	rest := len(rs) - len(rs)%togetherRows
	last, err := cs.perRow(ctx, q, into+"VALUES ("+placeholders(len(cs))+") "+conflict, rs[rest:])
	for _, i := range last {
		at = append(at, rest+i)
	}
	return at, err
}

// written tells which of the rows were written when n were. Some are left out seldom; then they are looked for.
func (cs columns[R]) written(ctx context.Context, q queries, table string, rs []R, n int) ([]int, error) {
	if n == len(rs) {
		return indexes(n), nil
	}
	ids := make([]int64, len(rs))
	for i, r := range rs {
		ids[i] = cs[0].value(r).(int64)
	}
	found, err := many(ctx, q.run, value[int64], "SELECT "+cs[0].name+" FROM "+table+" WHERE "+cs[0].name+q.dialect.among(1), list(q.dialect, ids))
	return cs.with(rs, found), err
}

// applyAll is apply where nothing but the number of rows that changed is of interest. No two rows may find the same one, unless the number tells of it: either engine
// takes whichever it likes.
func (cs columns[R]) applyAll(ctx context.Context, q queries, text string, rs []R) (changed int, err error) {
	shared := cs.shared(text, rs)
	if q.dialect.postgres && len(rs) > 0 {
		n, err := q.run.exec(ctx, cs.statement(q, text, shared), cs.arrays(shared, rs)...)
		return int(n), err
	}
	rest := 0
	if shared != nil {
		together, args := cs.changesTogether(text, shared), cs.sharedValues(shared, rs[0])
		for ; len(rs)-rest >= togetherRows; rest += togetherRows {
			args := args[:len(args):len(args)]
			for _, r := range rs[rest : rest+togetherRows] {
				args = cs.appendOwn(args, shared, r)
			}
			n, err := q.run.exec(ctx, together, args...)
			if err != nil {
				return 0, err
			}
			changed += int(n)
		}
	}
	at, err := cs.perRow(ctx, q, cs.statement(q, text, nil), rs[rest:])
	return changed + len(at), err
}

// inTurns is applyInto for SQLite, and apply with no columns to return: togetherRows rows at once where the statement finds its rows by their id, which tells
// which of them changed; the others, and what is left, row by row.
func (cs columns[R]) inTurns(ctx context.Context, q queries, text, returning string, rs []R, into []any, read func()) (at []int, err error) {
	id, rest := cs.idOf(text), 0
	if shared := cs.shared(text, rs); shared != nil && id != "" {
		var changed int64
		into := append([]any{&changed}, into...)
		together, args := cs.changesTogether(text, shared)+" RETURNING "+id+listedBehind(returning), cs.sharedValues(shared, rs[0])
		for ; len(rs)-rest >= togetherRows; rest += togetherRows {
			args, which := args[:len(args):len(args)], map[int64]int{}
			for i, r := range rs[rest : rest+togetherRows] {
				args, which[cs[0].value(r).(int64)] = cs.appendOwn(args, shared, r), rest+i
			}
			if len(which) < togetherRows { // an id is named twice: SQLite would write the last one, PostgreSQL writes the first
				break
			}
			if _, err := many(ctx, q.run, func(r rows) (struct{}, error) {
				err := r.Scan(into...)
				if err == nil {
					at = append(at, which[changed])
					read()
				}
				return struct{}{}, err
			}, together, args...); err != nil {
				return nil, err
			}
		}
	}
	alone := cs.statement(q, text, nil)
	if returning == "" {
		some, err := cs.perRow(ctx, q, alone, rs[rest:])
		for _, i := range some {
			at = append(at, rest+i)
		}
		return at, err
	}
	for i, r := range rs[rest:] {
		_, ok, err := one(ctx, q.run, func(r rows) (struct{}, error) { return struct{}{}, r.Scan(into...) }, alone+" RETURNING "+returning, cs.values(r)...)
		if err != nil {
			return nil, err
		}
		if ok {
			at = append(at, rest+i)
			read()
		}
	}
	return at, nil
}

// idOf is the column by which the statement finds its rows, such as "deliveries.id"; empty: not by one alone.
func (cs columns[R]) idOf(text string) string {
	id := strings.Fields(text)[1] + "." + cs[0].name
	if !strings.Contains(text, " WHERE "+id+" = u."+cs[0].name) {
		return ""
	}
	return id
}

func listedBehind(columns string) string {
	if columns == "" {
		return ""
	}
	return ", " + columns
}

// changesTogether is a statement that reads its rows FROM {rows}, for togetherRows of them.
func (cs columns[R]) changesTogether(text string, shared []bool) string {
	values, fields := cs.together(shared)
	return fieldOfRow.ReplaceAllStringFunc(strings.Replace(text, "{rows}", "(VALUES "+values+") AS u", 1), func(f string) string { return fields[f] })
}

// together is the VALUES of togetherRows rows, "(?3, ?), (?, ?), …" without the shared columns, whose parameters come first; and how each column
// is called beside such a VALUES: "u.column2", or the shared parameter. A parameter with a number has a name, for which SQLite looks through all names of the
// statement each time that it is bound; one without has the number after the greatest before it.
func (cs columns[R]) together(shared []bool) (values string, fields map[string]string) {
	next, own := 0, 0
	fields = map[string]string{}
	for c := range cs {
		if shared[c] {
			next++
			fields["u."+cs[c].name] = "?" + strconv.Itoa(next)
		} else {
			own++
			fields["u."+cs[c].name] = "u.column" + strconv.Itoa(own)
		}
	}
	line := "(" + placeholders(own) + ")"
	values = strings.TrimSuffix(strings.Repeat(line+", ", togetherRows), ", ")
	return strings.Replace(values, "?", "?"+strconv.Itoa(next+1), 1), fields
}

func (cs columns[R]) sharedValues(shared []bool, r R) (args []any) {
	for c := range cs {
		if shared[c] {
			args = append(args, cs[c].value(r))
		}
	}
	return args
}

func (cs columns[R]) appendOwn(args []any, shared []bool, r R) []any {
	for c := range cs {
		if !shared[c] {
			args = append(args, cs[c].value(r))
		}
	}
	return args
}
