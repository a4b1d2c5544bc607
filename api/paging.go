package api

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// PageQuery is how a list is asked for.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many items a page has at most. With a filter it may have fewer, even none, and not be the last: only the absence of next_cursor says so"`
	Cursor string `query:"cursor" maxLength:"200" doc:"next_cursor of the page before"`
}

// list is one page.
type list[T any] struct {
	Items      []T    `json:"items" nullable:"false"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Absent on the last page"`
}

// listReply is a page as huma answers it.
type listReply[T any] struct{ Body list[T] }

// page opens the cursor of the list with this name. One row more than asked for is read: it tells whether there is a next page.
func (q PageQuery) page(name string) (engine.Page, error) {
	p := engine.Page{Limit: q.limit() + 1, Stopped: new(int64)}
	if q.Cursor == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil {
		return p, fault.New(fault.Invalid, "invalid.cursor", nil)
	}
	after, ok := strings.CutPrefix(string(raw), name+":")
	p.After, err = strconv.ParseInt(after, 10, 64)
	if !ok || err != nil || p.After < 0 {
		return p, fault.New(fault.Invalid, "invalid.cursor", nil)
	}
	return p, nil
}

func (q PageQuery) limit() int {
	if q.Limit <= 0 {
		return 100
	}
	return q.Limit
}

// pageOf renders rows that were read with the page.
func pageOf[R, T any](q PageQuery, name string, page engine.Page, rows []R, id func(R) int64, view func(R) T) *listReply[T] {
	out := &listReply[T]{}
	more := len(rows) > q.limit()
	if more {
		rows = rows[:q.limit()]
	}
	out.Body.Items = make([]T, len(rows))
	for i, row := range rows {
		out.Body.Items[i] = view(row)
	}
	stopped := *page.Stopped
	if more {
		stopped = id(rows[len(rows)-1])
	}
	if stopped != 0 {
		cursor := name + ":" + strconv.FormatInt(stopped, 10)
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(cursor))
	}
	return out
}

// idText is an id as JSON has it: a text, since JavaScript's numbers are too short for it.
func idText[T ~int64](id T) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(int64(id), 10)
}

// readID reads an id from an address.
func readID(s, notFound string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 {
		return 0, fault.New(fault.NotFound, "not_found."+notFound, nil)
	}
	return id, nil
}
