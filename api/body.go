package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
)

const (
	jsonType   = "application/json"
	yamlType   = "application/yaml" // RFC 9512
	ndjsonType = "application/x-ndjson"
	csvType    = "text/csv"
)

// yamlNames are names that were in use before RFC 9512 (its §2.1 lists them).
var yamlNames = []string{"text/yaml", "text/x-yaml", "application/x-yaml"}

// mediaType is the body's type without its parameters; JSON when the caller says none.
func mediaType(header string) string {
	if header == "" {
		return jsonType
	}
	t, _, err := mime.ParseMediaType(header)
	if err != nil {
		return ""
	}
	if slices.Contains(yamlNames, t) {
		return yamlType
	}
	return t
}

// readBody reads the whole body, bounded, and checks what no schema can: its type, its encoding, its syntax.
// huma gets the bytes afterwards. loose: there may be none.
func (s *server) readBody(c *gin.Context, limit int64, declared *huma.RequestBody, loose bool) {
	kind := mediaType(c.GetHeader("Content-Type"))
	if err := taken(kind, declared); err != nil {
		s.refuse(c, err)
		return
	}
	if c.Request.ContentLength > limit { // refused before a byte is read
		s.refuse(c, tooLarge(limit))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	if err != nil {
		s.refuse(c, bodyFault(err, limit))
		return
	}
	if declared != nil && declared.Required && len(body) == 0 {
		s.refuse(c, badBody(fault.Detail{Code: "missing_body"}))
		return
	}
	// Definitions are checked by their own reader, which says more.
	if kind == jsonType && !(loose && len(body) == 0) && (declared == nil || declared.Content[yamlType] == nil) {
		err := checkJSON(body)
		if err == nil && bytes.TrimSpace(body)[0] != '[' { // of a list each has its own answer
			err = checkNumbers(body)
		}
		if err != nil {
			s.refuse(c, err)
			return
		}
	}
	c.Request.Header.Set("Content-Type", kind)
	c.Request.Body, c.Request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	c.Set(bodyKey, body)
}

// bodyKey is where readBody leaves the bytes for whoever needs them again.
const bodyKey = "kruzhok.body"

func taken(kind string, declared *huma.RequestBody) error {
	types := []string{jsonType}
	if declared != nil && len(declared.Content) > 0 {
		types = slices.Sorted(maps.Keys(declared.Content))
	}
	if slices.Contains(types, kind) {
		return nil
	}
	return fault.New(fault.Invalid, "invalid.content_type", map[string]any{"expected": strings.Join(types, ", ")})
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "too_large.body", map[string]any{"max": bytesWord(limit)})
}

func bytesWord(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n>>10, 10) + " KiB"
}

func bodyFault(err error, limit int64) error {
	var large *http.MaxBytesError
	var slow net.Error
	switch {
	case errors.As(err, &large):
		return tooLarge(limit)
	case errors.As(err, &slow) && slow.Timeout():
		return fault.Wrap(fault.Invalid, err, "invalid.slow_body", nil)
	}
	return fault.Wrap(fault.Invalid, err, "invalid.body", nil)
}

// checkJSON finds what encoding/json would let pass or huma could not place: bytes that are no UTF-8, and where the syntax breaks.
func checkJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return badBody(fault.Detail{Code: "missing_body"})
	}
	if !utf8.Valid(body) {
		line, column := position(body, firstInvalid(body))
		return badBody(fault.Detail{Code: "invalid_utf8", Line: line, Column: column})
	}
	var any json.RawMessage
	err := json.Unmarshal(body, &any)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	d := fault.Detail{Code: "json_syntax"}
	if errors.As(err, &syntax) {
		d.Line, d.Column = position(body, int(max(0, syntax.Offset-1)))
	}
	return badBody(d)
}

// perhapsTooLarge reports whether there may be a number that no float64 holds, or a text that looks like one: very many digits, which an exponent may
// make more of, or an exponent of three.
func perhapsTooLarge(body []byte) bool {
	const many = 200
	digits := func(from int) (n int) {
		for from+n < len(body) && body[from+n]-'0' <= 9 {
			n++
		}
		return n
	}
	for i := 0; i < len(body); i++ {
		n := digits(i)
		if n == 0 {
			continue
		}
		if n >= many {
			return true
		}
		i += n
		if i >= len(body) || body[i]|0x20 != 'e' {
			continue
		}
		from := i + 1
		if from < len(body) && body[from] == '+' {
			from++
		}
		if digits(from) >= 3 {
			return true
		}
	}
	return false
}

// checkNumbers finds a number beyond float64 in JSON that is valid: whoever decodes it knows no place.
func checkNumbers(body []byte) error {
	if !perhapsTooLarge(body) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	path, offset := tooLargeWithin(d, "", 0)
	if offset == 0 {
		return nil
	}
	line, column := position(body, offset)
	return badBody(fault.Detail{Path: path, Line: line, Column: column, Code: "number_too_long", Expected: "9007199254740991"})
}

// tooLargeWithin reads one value, and returns the first number in it that is too large: its path, and where it begins; 0: there is none.
func tooLargeWithin(d *json.Decoder, path string, depth int) (at string, offset int) {
	tok, err := d.Token()
	switch tok := tok.(type) {
	case json.Number:
		if _, err := tok.Float64(); err != nil {
			return path, int(d.InputOffset()) - len(tok)
		}
	case json.Delim:
		for i := 0; err == nil && offset == 0 && d.More(); i++ {
			step := "[" + strconv.Itoa(i) + "]"
			if tok == '{' {
				var key json.Token
				key, err = d.Token()
				step, _ = key.(string)
			}
			inside := path // of what lies very deep, the line and the column say enough
			if depth < definition.MaxDepth && tok == '{' {
				inside = join(path, step)
			} else if depth < definition.MaxDepth {
				inside = path + step
			}
			at, offset = tooLargeWithin(d, inside, depth+1)
		}
		if offset == 0 {
			_, _ = d.Token() // the end
		}
	}
	return at, offset
}

func badBody(d fault.Detail) error {
	return fault.New(fault.Invalid, "invalid.body", nil).With(d)
}

// firstInvalid is the offset of the first byte that is not UTF-8.
func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// position counts lines and characters from 1.
func position(b []byte, offset int) (line, column int) {
	before := b[:min(offset, len(b))]
	line = 1 + bytes.Count(before, []byte{'\n'})
	return line, 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}
