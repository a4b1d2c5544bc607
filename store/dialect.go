package store

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dialect is the whole difference between the two engines' SQL. The conformance suite holds the forms equal.
type dialect struct{ postgres bool }

// either returns the form for this engine.
func (d dialect) either(sqlite, postgres string) string {
	if d.postgres {
		return postgres
	}
	return sqlite
}

// forUpdate ends a SELECT that locks its rows. On SQLite the immediate transaction is the lock.
func (d dialect) forUpdate() string { return d.either("", " FOR UPDATE") }

// skipLocked is forUpdate that passes over rows that others hold.
func (d dialect) skipLocked() string { return d.either("", " FOR UPDATE SKIP LOCKED") }

// among is a set of ids, given as one parameter made by list: "id" + among(1).
func (d dialect) among(param int) string {
	p := strconv.Itoa(param)
	return d.either(" IN (SELECT value FROM json_each($"+p+"))", " = ANY ($"+p+")")
}

// filled replaces pairs of what stands in a text.
func (d dialect) filled(text string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(text)
}

// bytewise compares text by its bytes, as Go does.
func (d dialect) bytewise() string { return d.either(" COLLATE BINARY", ` COLLATE "C"`) }

// position is where one text stands in another; 0: nowhere.
func (d dialect) position(text, part string) string {
	return d.either("instr(", "strpos(") + text + ", " + part + ")"
}

// each completes a bulk statement, which reads u.NAME FROM {rows}. On PostgreSQL {rows} is unnest over one array a column, with n as the
// row's number; on SQLite the statement is prepared for one row and runs once a row (json_each was the slowest form, a subquery costs a third).
func (d dialect) each(text string, names, types []string) string {
	params := make([]string, len(names))
	for i := range names {
		params[i] = "$" + strconv.Itoa(i+1)
	}
	if !d.postgres {
		return fieldOfRow.ReplaceAllStringFunc(strings.Replace(text, "FROM {rows} WHERE", "WHERE", 1), func(field string) string {
			return params[slices.Index(names, strings.TrimPrefix(field, "u."))]
		})
	}
	for i := range params {
		params[i] += "::" + types[i] + "[]"
	}
	return strings.Replace(text, "{rows}", "unnest("+strings.Join(params, ", ")+") WITH ORDINALITY AS u ("+strings.Join(names, ", ")+", n)", 1)
}

var fieldOfRow = regexp.MustCompile(`\bu\.\w+`)

// list is the parameter for among.
func list[T ~int64 | ~string](d dialect, all []T) any {
	if d.postgres {
		if all == nil {
			all = []T{}
		}
		return all
	}
	b, _ := json.Marshal(all) // numbers and strings always can be
	if all == nil {
		return "[]"
	}
	return string(b)
}
