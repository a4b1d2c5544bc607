package store

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestArraysAreWrittenAsPgxWritesThem: byte by byte, for every list that statements send.
func TestArraysAreWrittenAsPgxWritesThem(t *testing.T) {
	ours, theirs := pgtype.NewMap(), pgtype.NewMap()
	registerArrays(ours)
	for _, c := range []struct {
		oid   uint32
		value any
		own   bool // written by our own plan
	}{
		{pgtype.Int8ArrayOID, []int64{1, -1, math.MaxInt64, math.MinInt64}, true},
		{pgtype.Int8ArrayOID, []campaigns.MemberID{7, 8}, true},
		{pgtype.Int8ArrayOID, []int64{}, true},
		{pgtype.Int8ArrayOID, []int64(nil), true},
		{pgtype.Int8ArrayOID, []*int64{new(int64), nil}, false},
		{pgtype.TextArrayOID, []string{"", "a", "кружок", strings.Repeat("x", 300)}, true},
		{pgtype.TextArrayOID, []campaigns.Channel{campaigns.Email, ""}, true},
		{pgtype.TextArrayOID, []string(nil), true},
		{pgtype.TextArrayOID, []*string{new(string), nil}, false},
	} {
		plan := ours.PlanEncode(c.oid, pgtype.BinaryFormatCode, c.value)
		if _, int8s := plan.(int8s); c.own && c.oid == pgtype.Int8ArrayOID && !int8s {
			t.Errorf("%T is written by %T", c.value, plan)
		}
		if _, texts := plan.(textArray); c.own && c.oid == pgtype.TextArrayOID && !texts {
			t.Errorf("%T is written by %T", c.value, plan)
		}
		before := []byte("before")
		got, err := ours.Encode(c.oid, pgtype.BinaryFormatCode, c.value, bytes.Clone(before))
		want, werr := theirs.Encode(c.oid, pgtype.BinaryFormatCode, c.value, bytes.Clone(before))
		if err != nil || werr != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%T %v is written as\n%x, expected\n%x (%v, %v)", c.value, c.value, got, want, err, werr)
		}
	}
}
