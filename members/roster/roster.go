// Package roster reads members from a CSV file (RFC 4180): a header row, then one member a row. It is pure: what it finds is for the engine to act on.
// Every problem has its line and column; none repeats a value of a member, which is personal.
package roster

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// The columns. Only ExternalID must be there; an empty cell leaves what is known as it is.
const (
	ExternalID    = "external_id"
	FirstName     = "first_name"
	LastName      = "last_name"
	Email         = "email"
	EmailProof    = "email_proof" // how the mailbox was proven to be the member's; empty: it was not
	TelegramChat  = "telegram_chat_id"
	Language      = "language"
	TimeZone      = "time_zone"
	Formality     = "formality"      // the attribute of this name
	Tags          = "tags"           // separated by |
	Attributes    = "attributes"     // a JSON object
	ConsentSource = "consent_source" // where the member agreed to messages
	ConsentTopics = "consent_topics" // separated by |; empty: every topic
)

// Columns lists them in the order of a sample file.
func Columns() []string {
	return []string{ExternalID, FirstName, LastName, Email, EmailProof, TelegramChat, Language, TimeZone, Formality, Tags, Attributes, ConsentSource, ConsentTopics}
}

// MaxRow bounds a row's bytes. A larger one is refused after it was read: what is in memory is bounded by the file.
const MaxRow = 64 << 10

// Problem is one thing that is wrong. Code is the key of its sentence, under "problem." of the catalogs.
type Problem struct {
	Line     int    // in the file, from 1
	Column   string // or empty: the whole row
	Code     string
	Args     map[string]any
	Expected string
}

// Row is one member as the file has it: the cells that are not empty, by column.
type Row struct {
	Line       int
	Cells      map[string]string
	Tags       []string
	Topics     []string
	Attributes map[string]any
	Problems   []Problem
}

// Reader reads row after row.
type Reader struct {
	csv    *csv.Reader
	header []string
}

// New reads the header. Problems about it mean that nothing else can be read; err is the source's own.
func New(r io.Reader) (*Reader, []Problem, error) {
	b := bufio.NewReaderSize(r, MaxRow)
	first, err := b.Peek(MaxRow)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, nil, err
	}
	if bytes.HasPrefix(first, []byte("\ufeff")) { // as Excel writes it
		_, _ = b.Discard(len("\ufeff"))
		first = first[len("\ufeff"):]
	}
	line, _, _ := bytes.Cut(first, []byte("\n"))
	switch {
	case len(bytes.TrimSpace(line)) == 0:
		return nil, []Problem{{Line: 1, Code: "no_header", Expected: strings.Join(Columns(), ",")}}, nil
	case !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0:
		return nil, []Problem{{Line: 1, Code: "bad_encoding"}}, nil
	}
	c := csv.NewReader(b)
	c.Comma, c.FieldsPerRecord = comma(line), -1
	header, err := c.Read()
	if err != nil {
		return nil, []Problem{{Line: 1, Code: "bad_quotes"}}, nil
	}
	x := &Reader{csv: c, header: header}
	return x, x.check(), nil
}

// comma is what separates the header's cells: a comma, or a semicolon as Excel writes in Russia, or a tabulator.
func comma(header []byte) rune {
	best, most := ',', bytes.Count(header, []byte(","))
	for _, r := range ";\t" {
		if n := bytes.Count(header, []byte(string(r))); n > most {
			best, most = r, n
		}
	}
	return best
}

func (x *Reader) check() (ps []Problem) {
	seen := map[string]bool{}
	for i, name := range x.header {
		name = strings.ToLower(strings.TrimSpace(name))
		x.header[i] = name
		switch {
		case !known(name):
			ps = append(ps, Problem{Line: 1, Column: clip(name), Code: "unknown_column", Expected: strings.Join(Columns(), ", ")})
		case seen[name]:
			ps = append(ps, Problem{Line: 1, Column: name, Code: "column_twice"})
		}
		seen[name] = true
	}
	if !seen[ExternalID] {
		ps = append(ps, Problem{Line: 1, Column: ExternalID, Code: "missing_column"})
	}
	return ps
}

func known(name string) bool {
	for _, c := range Columns() {
		if c == name {
			return true
		}
	}
	return false
}

func clip(s string) string {
	r := []rune(strings.ToValidUTF8(s, ""))
	return string(r[:min(len(r), 40)])
}

// Has reports whether the file has the column.
func (x *Reader) Has(column string) bool {
	for _, h := range x.header {
		if h == column {
			return true
		}
	}
	return false
}

// Next reads the next row; io.EOF after the last. A row that cannot be read has its problem and no cells; the next one may be good.
func (x *Reader) Next() (*Row, error) {
	cells, err := x.csv.Read()
	var broken *csv.ParseError
	switch {
	case errors.As(err, &broken):
		p := Problem{Line: broken.Line, Code: "bad_quotes"}
		if broken.Line > broken.StartLine { // a quotation mark that nothing closes takes in the lines that follow
			p = Problem{Line: broken.StartLine, Code: "open_quotes", Args: map[string]any{"from": broken.StartLine, "to": broken.Line}}
		}
		return &Row{Line: broken.StartLine, Problems: []Problem{p}}, nil
	case err != nil:
		return nil, err
	}
	line, _ := x.csv.FieldPos(0)
	row := &Row{Line: line, Cells: map[string]string{}}
	if len(cells) != len(x.header) {
		row.wrong(line, "", "wrong_width", map[string]any{"n": len(cells), "columns": len(x.header)}, "")
		return row, nil
	}
	size := 0
	for i, cell := range cells {
		at, _ := x.csv.FieldPos(i)
		size += len(cell)
		if !utf8.ValidString(cell) {
			row.wrong(at, x.header[i], "bad_encoding", nil, "")
			continue
		}
		if cell = strings.TrimSpace(cell); cell != "" {
			row.take(at, x.header[i], cell)
		}
	}
	if size > MaxRow {
		row.wrong(line, "", "long_row", map[string]any{"max": MaxRow >> 10}, "")
	}
	return row, nil
}

func (r *Row) wrong(line int, column, code string, args map[string]any, expected string) {
	r.Problems = append(r.Problems, Problem{line, column, code, args, expected})
}

func (r *Row) take(line int, column, cell string) {
	r.Cells[column] = cell
	switch column {
	case Tags:
		r.Tags = split(cell)
	case ConsentTopics:
		r.Topics = split(cell)
	case Attributes:
		d := json.NewDecoder(strings.NewReader(cell))
		err := d.Decode(&r.Attributes)
		if _, more := d.Token(); err != nil || r.Attributes == nil || !errors.Is(more, io.EOF) {
			r.Attributes = nil
			r.wrong(line, column, "bad_attributes", nil, `{"level": "b1"}`)
		}
	}
}

func split(cell string) (out []string) {
	for part := range strings.SplitSeq(cell, "|") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
