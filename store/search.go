package store

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/members"
)

// What audiences look up is folded by Go, since SQLite's lower() knows ASCII only.

type tagRow struct {
	member campaigns.MemberID
	tag    string
}

var tagColumns = columns[tagRow]{
	ints("member_id", func(r tagRow) campaigns.MemberID { return r.member }),
	texts("tag_key", func(r tagRow) string { return definition.Fold(r.tag) }),
	texts("tag", func(r tagRow) string { return r.tag }),
}

type attributeRow struct {
	member campaigns.MemberID
	name   string
	value  any
}

var attributeColumns = columns[attributeRow]{
	ints("member_id", func(r attributeRow) campaigns.MemberID { return r.member }),
	texts("name", func(r attributeRow) string { return r.name }),
	texts("kind", func(r attributeRow) string { return kindOf(r.value) }),
	pointers("text_key", "text", func(r attributeRow) *string { return textKey(r.value) }),
	nullFloats("number", func(r attributeRow) *float64 {
		if n, ok := r.value.(float64); ok {
			return &n
		}
		return nil
	}),
}

// kindOf is the attribute's kind in the search rows; "" for what is no attribute value.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case float64:
		return "number"
	case bool:
		return "bool"
	}
	return ""
}

func textKey(v any) *string {
	var key string
	switch v := v.(type) {
	case string:
		key = definition.Fold(v)
	case bool:
		key = strconv.FormatBool(v)
	default:
		return nil
	}
	return &key
}

// putSearchRows writes a member's tags and attributes. Of tags that differ in case alone the first stays.
func (tx *Tx) putSearchRows(ctx context.Context, m *members.Member) error {
	var tags []tagRow
	for _, tag := range m.Tags {
		tags = append(tags, tagRow{m.ID, tag})
	}
	if _, err := tagColumns.insert(ctx, tx.queries, "member_tags", "ON CONFLICT DO NOTHING", tags); err != nil {
		return wrap("write tags", err)
	}
	var attributes []attributeRow
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		attributes = append(attributes, attributeRow{m.ID, name, m.Attributes[name]})
	}
	_, err := attributeColumns.insert(ctx, tx.queries, "member_attributes", "", attributes)
	return wrap("write attributes", err)
}

func (tx *Tx) dropSearchRows(ctx context.Context, id campaigns.MemberID) error {
	for _, sql := range []string{`DELETE FROM member_tags WHERE member_id = $1`, `DELETE FROM member_attributes WHERE member_id = $1`} {
		if _, err := tx.run.exec(ctx, sql, id); err != nil {
			return wrap("remove search rows", err)
		}
	}
	return nil
}
