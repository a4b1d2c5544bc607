package store

import (
	"encoding/json"
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

// bytewise compares text by its bytes, as Go does.
func (d dialect) bytewise() string { return d.either(" COLLATE BINARY", ` COLLATE "C"`) }

// position is where one text stands in another; 0: nowhere.
func (d dialect) position(text, part string) string {
	return d.either("instr(", "strpos(") + text + ", " + part + ")"
}

// each makes the table of rows that a bulk statement reads: on PostgreSQL unnest over one array a column, with n as the row's number;
// on SQLite one row, and the prepared statement runs once a row (json_each was the slowest form).
func (d dialect) each(names, types []string) string {
	var params []string
	for i := range names {
		p := "$" + strconv.Itoa(i+1)
		params = append(params, d.either(p+" AS "+names[i], p+"::"+types[i]+"[]"))
	}
	list := strings.Join(params, ", ")
	if d.postgres {
		return "unnest(" + list + ") WITH ORDINALITY AS u (" + strings.Join(names, ", ") + ", n)"
	}
	return "(SELECT " + list + ") AS u"
}

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
