package store

import (
	"encoding/json"
	"regexp"
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

// eachID are the ids of one parameter made by list, as rows i with the column id.
func (d dialect) eachID(param int) string {
	p := strconv.Itoa(param)
	return d.either("(SELECT value AS id FROM json_each($"+p+")) AS i", "unnest($"+p+"::bigint[]) AS i (id)")
}

// perRow ends a subquery that is to run for each row, by its index. Without it PostgreSQL makes a join of it, and with statistics of a time when the table
// was small reads the table for each of a thousand rows (measured: 2.5 s instead of 8 ms).
func (d dialect) perRow() string { return d.either("", " OFFSET 0") }

// ofCampaign is what of campaign $1 comes after id $2. PostgreSQL is told both columns of the index, and no equality that would let it take another one;
// SQLite takes the index for the equality.
func (d dialect) ofCampaign() string {
	return d.either("campaign_id = $1 AND id > $2", "(campaign_id, id) > ($1, $2) AND campaign_id <= $1")
}

func (d dialect) campaignOrder() string { return d.either("id", "campaign_id, id") }

// bytewise compares text by its bytes, as Go does.
func (d dialect) bytewise() string { return d.either(" COLLATE BINARY", ` COLLATE "C"`) }

// position is where one text stands in another; 0: nowhere.
func (d dialect) position(text, part string) string {
	return d.either("instr(", "strpos(") + text + ", " + part + ")"
}

// each completes a bulk statement, which reads u.NAME FROM {rows}. On PostgreSQL {rows} is unnest over one array a column, with n as the
// row's number, and a column that is shared by all rows is one plain parameter; on SQLite the statement is prepared for one row and runs once a row
// (json_each was the slowest form, a subquery costs a third).
func (d dialect) each(text string, names, types []string, shared []bool) string {
	var arrays, own []string
	plain := map[string]string{}
	for i, name := range names {
		param := "$" + strconv.Itoa(i+1)
		switch {
		case !d.postgres:
			plain["u."+name] = param
		case shared != nil && shared[i]:
			plain["u."+name] = param + "::" + types[i]
		default:
			arrays, own = append(arrays, param+"::"+types[i]+"[]"), append(own, name)
		}
	}
	from := "unnest(" + strings.Join(arrays, ", ") + ") WITH ORDINALITY AS u (" + strings.Join(own, ", ") + ", n)"
	if d.postgres {
		text = strings.Replace(text, "{rows}", from, 1)
	} else {
		text = strings.Replace(text, "FROM {rows} WHERE", "WHERE", 1)
	}
	return fieldOfRow.ReplaceAllStringFunc(text, func(field string) string {
		if p, ok := plain[field]; ok {
			return p
		}
		return field
	})
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
