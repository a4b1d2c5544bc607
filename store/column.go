package store

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"
)

// column says how one field of R is written: alone (SQLite, row by row) or as a column of many (PostgreSQL, unnest).
type column[R any] struct {
	name  string
	kind  string // the PostgreSQL type
	value func(R) any
	array func([]R) any
	same  func([]R) bool // all rows have one value
}

func typed[R any, T comparable](name, kind string, get func(R) T) column[R] {
	return column[R]{
		name: name, kind: kind,
		value: func(r R) any { return get(r) },
		array: func(rs []R) any {
			all := make([]T, len(rs))
			for i, r := range rs {
				all[i] = get(r)
			}
			return all
		},
		same: func(rs []R) bool {
			first := get(rs[0])
			return !slices.ContainsFunc(rs[1:], func(r R) bool { return get(r) != first })
		},
	}
}

// nullable is a column in which the zero value is NULL.
func nullable[R any, T comparable](name, kind string, get func(R) T) column[R] {
	var zero T
	c := typed(name, kind, get)
	c.value = func(r R) any {
		if v := get(r); v != zero {
			return v
		}
		return nil
	}
	c.array = func(rs []R) any {
		all := make([]*T, len(rs))
		for i, r := range rs {
			if v := get(r); v != zero {
				all[i] = &v
			}
		}
		return all
	}
	return c
}

type integer interface{ ~int64 | ~int }

func ints[R any, T integer](name string, get func(R) T) column[R] {
	return typed(name, "bigint", func(r R) int64 { return int64(get(r)) })
}

func nullInts[R any, T integer](name string, get func(R) T) column[R] {
	return nullable(name, "bigint", func(r R) int64 { return int64(get(r)) })
}

func texts[R any, T ~string](name string, get func(R) T) column[R] {
	return typed(name, "text", func(r R) string { return string(get(r)) })
}

func nullTexts[R any, T ~string](name string, get func(R) T) column[R] {
	return nullable(name, "text", func(r R) string { return string(get(r)) })
}

func bools[R any](name string, get func(R) bool) column[R] { return typed(name, "boolean", get) }

func times[R any](name string, get func(R) time.Time) column[R] {
	return typed(name, "bigint", func(r R) int64 { return micros(get(r)) })
}

func nullTimes[R any](name string, get func(R) *time.Time) column[R] {
	return pointers(name, "bigint", func(r R) *int64 { return nullMicros(get(r)) })
}

func nullFloats[R any](name string, get func(R) *float64) column[R] {
	return pointers(name, "double precision", get)
}

// pointers is a column in which nil is NULL.
func pointers[R any, T comparable](name, kind string, get func(R) *T) column[R] {
	c := typed(name, kind, get)
	c.value = func(r R) any {
		if v := get(r); v != nil {
			return *v
		}
		return nil
	}
	c.same = func(rs []R) bool {
		first := get(rs[0])
		return !slices.ContainsFunc(rs[1:], func(r R) bool {
			v := get(r)
			return (v == nil) != (first == nil) || v != nil && *v != *first
		})
	}
	return c
}

// jsons is an object or array kept as text; nil is {}.
func jsons[R any, T ~[]byte](name string, get func(R) T) column[R] {
	c := texts(name, func(r R) string { return jsonText(get(r)) })
	c.same = func(rs []R) bool {
		first := get(rs[0])
		return !slices.ContainsFunc(rs[1:], func(r R) bool { return !bytes.Equal(get(r), first) })
	}
	return c
}

func jsonText(b []byte) string {
	if len(b) == 0 {
		return "{}"
	}
	return string(b)
}

// columns are the columns of one table or of one bulk statement, the id first.
type columns[R any] []column[R]

func (cs columns[R]) names() (names, types []string) {
	for _, c := range cs {
		names, types = append(names, c.name), append(types, c.kind)
	}
	return names, types
}

// list is "id, kind, …" for SELECT; prefixed by a table's alias and a dot, if given.
func (cs columns[R]) list(prefix string) string {
	names, _ := cs.names()
	return prefix + strings.Join(names, ", "+prefix)
}

// only is the columns with these names.
func (cs columns[R]) only(names ...string) (some columns[R]) {
	for _, c := range cs {
		if slices.Contains(names, c.name) {
			some = append(some, c)
		}
	}
	return some
}

// fewRows is up to how many rows every column is sent for every row. Of more, a column that holds one value is sent once: a bulk delivery has
// 28 columns, of which five differ. What is the same depends on the rows, so that few rows would make a statement's text for each occasion.
const fewRows = 20

// shared tells which columns have one value in all rows; nil: not looked at. What the statement compares is not among them: "rev = 3" looks so rare to
// PostgreSQL that it walks the whole table for it, and then looks for the row's id among the thousand.
func (cs columns[R]) shared(text string, rs []R) []bool {
	if len(rs) <= fewRows {
		return nil
	}
	_, compared, _ := strings.Cut(text, " WHERE ")
	shared := make([]bool, len(cs))
	for i := 1; i < len(cs); i++ { // never the id
		shared[i] = !slices.Contains(fieldOfRow.FindAllString(compared, -1), "u."+cs[i].name) && cs[i].same(rs)
	}
	return shared
}

// insert writes rows, and returns which of them (by index) were written; conflict is "" or an ON CONFLICT clause.
func (cs columns[R]) insert(ctx context.Context, q queries, table, conflict string, rs []R) ([]int, error) {
	if len(rs) == 0 {
		return nil, nil
	}
	into, shared := "INSERT INTO "+table+" ("+cs.list("")+") ", cs.shared("", rs)
	if q.dialect.postgres {
		return cs.insertMany(ctx, q, table, cs.statement(q, into+"SELECT "+cs.list("u.")+" FROM {rows} "+conflict, shared), shared, rs)
	}
	if shared == nil {
		return cs.perRow(ctx, q, into+"VALUES ("+placeholders(len(cs))+") "+conflict, rs)
	}
	return cs.insertTogether(ctx, q, into, table, conflict, shared, rs)
}

// append writes rows of a table that has no ids; conflict is "" or an ON CONFLICT clause.
func (cs columns[R]) append(ctx context.Context, q queries, table, conflict string, rs []R) error {
	into := "INSERT INTO " + table + " (" + cs.list("") + ") "
	if !q.dialect.postgres {
		_, err := cs.perRow(ctx, q, into+"VALUES ("+placeholders(len(cs))+") "+conflict, rs)
		return err
	}
	_, err := q.run.exec(ctx, cs.statement(q, into+"SELECT "+cs.list("u.")+" FROM {rows} "+conflict, nil), cs.arrays(nil, rs)...)
	return err
}

func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// insertMany asks which rows are there only when some were left out, which is rare.
func (cs columns[R]) insertMany(ctx context.Context, q queries, table, text string, shared []bool, rs []R) ([]int, error) {
	n, err := q.run.exec(ctx, text, cs.arrays(shared, rs)...)
	if err != nil {
		return nil, err
	}
	return cs.written(ctx, q, table, rs, int(n))
}

// with tells which rows (by index) have one of the ids.
func (cs columns[R]) with(rs []R, written []int64) (at []int) {
	if len(written) == len(rs) {
		return indexes(len(rs))
	}
	ids := make(map[int64]bool, len(written))
	for _, id := range written {
		ids[id] = true
	}
	for i, r := range rs {
		if ids[cs[0].value(r).(int64)] {
			at = append(at, i)
		}
	}
	return at
}

// apply runs a statement that reads its rows FROM {rows}, and returns which of them (by index) changed something.
func (cs columns[R]) apply(ctx context.Context, q queries, text string, rs []R) ([]int, error) {
	if len(rs) == 0 {
		return nil, nil
	}
	if !q.dialect.postgres {
		return cs.inTurns(ctx, q, text, "", rs, nil, func() {})
	}
	return cs.atOnce(ctx, q, text+" RETURNING u.n", rs, nil, nil)
}

// applyInto is apply that also returns columns of each row that changed: they are read into the same places, one row after another, and read is called for each.
func (cs columns[R]) applyInto(ctx context.Context, q queries, text, returning string, rs []R, into []any, read func()) (at []int, err error) {
	if len(rs) == 0 {
		return nil, nil
	}
	if q.dialect.postgres {
		return cs.atOnce(ctx, q, text+" RETURNING u.n, "+returning, rs, into, read)
	}
	return cs.inTurns(ctx, q, text, returning, rs, into, read)
}

func (cs columns[R]) statement(q queries, text string, shared []bool) string {
	names, types := cs.names()
	return q.dialect.each(text, names, types, shared)
}

func (cs columns[R]) atOnce(ctx context.Context, q queries, text string, rs []R, into []any, read func()) ([]int, error) {
	shared := cs.shared(text, rs)
	var n int
	into = append([]any{&n}, into...)
	return many(ctx, q.run, func(r rows) (int, error) {
		err := r.Scan(into...)
		if err == nil && read != nil {
			read()
		}
		return n - 1, err
	}, cs.statement(q, text, shared), cs.arrays(shared, rs)...)
}

func (cs columns[R]) perRow(ctx context.Context, q queries, text string, rs []R) (at []int, err error) {
	for i, r := range rs {
		n, err := q.run.exec(ctx, text, cs.values(r)...)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			at = append(at, i)
		}
	}
	return at, nil
}

func (cs columns[R]) values(r R) []any {
	args := make([]any, len(cs))
	for c := range cs {
		args[c] = cs[c].value(r)
	}
	return args
}

// arrays are the parameters of a statement for PostgreSQL: an array a column, or the one value of a column that is shared.
func (cs columns[R]) arrays(shared []bool, rs []R) []any {
	args := make([]any, len(cs))
	for c := range cs {
		if shared != nil && shared[c] {
			args[c] = cs[c].value(rs[0])
			continue
		}
		args[c] = cs[c].array(rs)
	}
	return args
}

// byKind parts rows into those of each kind, in order. Written apart, those of a kind share more of their columns: a few of a thousand who get nothing would let
// ten columns of all the others differ too.
func byKind[R any, K comparable](rs []R, kind func(R) K) (parts [][]R) {
	which := map[K]int{}
	for _, r := range rs {
		k := kind(r)
		i, ok := which[k]
		if !ok {
			i, parts = len(parts), append(parts, nil)
			which[k] = i
		}
		parts[i] = append(parts[i], r)
	}
	return parts
}

func indexes(n int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i
	}
	return at
}
