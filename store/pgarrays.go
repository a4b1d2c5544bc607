package store

import (
	"encoding/binary"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
)

// registerArrays lets bulk statements send columns of numbers and texts as they lie in memory: pgx asks for one element after another, and makes a piece of
// memory for each.
func registerArrays(m *pgtype.Map) {
	for _, oid := range []uint32{pgtype.Int8ArrayOID, pgtype.TextArrayOID} {
		if t, ok := m.TypeForOID(oid); ok {
			if c, ok := t.Codec.(*pgtype.ArrayCodec); ok {
				m.RegisterType(&pgtype.Type{Name: t.Name, OID: oid, Codec: arrayCodec{c}})
			}
		}
	}
}

// arrayCodec is pgx's but for writing slices of whole numbers as bigint[], and of texts as text[], in the binary format.
type arrayCodec struct{ *pgtype.ArrayCodec }

// PlanEncode implements pgtype.Codec.
func (c arrayCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	t := reflect.TypeOf(value)
	if format == pgtype.BinaryFormatCode && t != nil && t.Kind() == reflect.Slice {
		switch of := t.Elem().Kind(); {
		case oid == pgtype.Int8ArrayOID && of == reflect.Int64:
			return int8s{}
		case oid == pgtype.TextArrayOID && of == reflect.String:
			return textArray{}
		}
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, value)
}

// int8s writes bigint[].
type int8s struct{}

// Encode implements pgtype.EncodePlan: nil is NULL.
func (int8s) Encode(value any, buf []byte) ([]byte, error) {
	all := reflect.ValueOf(value)
	if all.IsNil() {
		return nil, nil
	}
	buf = appendArrayHeader(slices.Grow(buf, arrayHeader+12*all.Len()), all.Len(), pgtype.Int8OID)
	if plain, ok := value.([]int64); ok {
		for _, n := range plain {
			buf = appendInt8(buf, n)
		}
		return buf, nil
	}
	for i := range all.Len() {
		buf = appendInt8(buf, all.Index(i).Int())
	}
	return buf, nil
}

func appendInt8(buf []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(buf, 8), uint64(n))
}

// textArray writes text[].
type textArray struct{}

// Encode implements pgtype.EncodePlan: nil is NULL.
func (textArray) Encode(value any, buf []byte) ([]byte, error) {
	all := reflect.ValueOf(value)
	if all.IsNil() {
		return nil, nil
	}
	size := arrayHeader
	for i := range all.Len() {
		size += 4 + all.Index(i).Len()
	}
	buf = appendArrayHeader(slices.Grow(buf, size), all.Len(), pgtype.TextOID)
	for i := range all.Len() {
		s := all.Index(i).String()
		buf = append(binary.BigEndian.AppendUint32(buf, uint32(len(s))), s...)
	}
	return buf, nil
}

// arrayHeader is how many bytes the header of an array with one dimension has (array_send in PostgreSQL's arrayfuncs.c).
const arrayHeader = 20

func appendArrayHeader(buf []byte, n int, element uint32) []byte {
	for _, field := range [...]uint32{1, 0, element, uint32(n), 1} { // dimensions, no NULL among the elements, their type, how many, the first index
		buf = binary.BigEndian.AppendUint32(buf, field)
	}
	return buf
}
