package roster

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// read is the whole file, in short: rows as line:cells, problems as line:column:code.
func read(t *testing.T, file string) (rows, problems []string) {
	t.Helper()
	x, ps, err := New(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	note := func(ps []Problem) {
		for _, p := range ps {
			problems = append(problems, fmt.Sprintf("%d:%s:%s", p.Line, p.Column, p.Code))
		}
	}
	if note(ps); len(ps) > 0 {
		return nil, problems
	}
	for {
		row, err := x.Next()
		if errors.Is(err, io.EOF) {
			return rows, problems
		}
		if err != nil {
			t.Fatal(err)
		}
		if note(row.Problems); len(row.Problems) == 0 {
			rows = append(rows, fmt.Sprintf("%d:%s:%s:%v:%v", row.Line, row.Cells[ExternalID], row.Cells[FirstName], row.Tags, row.Attributes))
		}
	}
}

func TestRead(t *testing.T) {
	for name, x := range map[string]struct {
		file           string
		rows, problems []string
	}{
		"plain":              {"external_id,first_name\nu1,Anna\nu2,\n", []string{"2:u1:Anna:[]:map[]", "3:u2::[]:map[]"}, nil},
		"byte order mark":    {"\ufeffexternal_id;first_name\r\nu1;Аня\r\n", []string{"2:u1:Аня:[]:map[]"}, nil},
		"tabulators":         {"external_id\tfirst_name\nu1\tAnna", []string{"2:u1:Anna:[]:map[]"}, nil},
		"lines in cells":     {"first_name,external_id\n\"An\nna\",u1\nBen,u2\n", []string{"2:u1:An\nna:[]:map[]", "4:u2:Ben:[]:map[]"}, nil},
		"tags, attributes":   {"external_id,tags,attributes\nu1,a| b ||,\"{\"\"level\"\": 2}\"\n", []string{"2:u1::[a b]:map[level:2]"}, nil},
		"empty":              {"", nil, []string{"1::no_header"}},
		"empty line first":   {"\nexternal_id\n", nil, []string{"1::no_header"}},
		"no id":              {"first_name\nA\n", nil, []string{"1:external_id:missing_column"}},
		"unknown, twice":     {"external_id,firstname,email,email\n", nil, []string{"1:firstname:unknown_column", "1:email:column_twice"}},
		"capitals":           {"External_ID\nu1\n", []string{"2:u1::[]:map[]"}, nil},
		"Windows-1251":       {"external_id,first_name\nu1,\xc0\xed\xff\nu2,B\n", []string{"3:u2:B:[]:map[]"}, []string{"2:first_name:bad_encoding"}},
		"UTF-16":             {"\xff\xfee\x00x\x00", nil, []string{"1::bad_encoding"}},
		"too few, too many":  {"external_id,first_name\nu1\nu2,B,C\nu3,D\n", []string{"4:u3:D:[]:map[]"}, []string{"2::wrong_width", "3::wrong_width"}},
		"a quote inside":     {"external_id,first_name\nu1,A\"b\nu2,B\n", []string{"3:u2:B:[]:map[]"}, []string{"2::bad_quotes"}},
		"attributes no JSON": {"external_id,attributes\nu1,level=2\nu2,[1]\nu3,{} {}\nu4,null\n", nil, []string{"2:attributes:bad_attributes", "3:attributes:bad_attributes", "4:attributes:bad_attributes", "5:attributes:bad_attributes"}},
		"an open quote":      {"external_id,first_name\nu1,\"Anna\nu2,Ben\nu3,Cleo\n", nil, []string{"2::open_quotes"}},
		"more after it":      {"external_id,attributes\nu1,\"{\"\"a\"\":1}}\"\nu2,\"{\"\"a\"\":1}] x\"\n", nil, []string{"2:attributes:bad_attributes", "3:attributes:bad_attributes"}},
		"long row":           {"external_id,first_name\nu1," + strings.Repeat("x", MaxRow) + "\n", nil, []string{"2::long_row"}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, problems := read(t, x.file)
			if d := cmp.Diff(x.rows, rows); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if d := cmp.Diff(x.problems, problems); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
		})
	}
}

// FuzzRead: whatever the file, reading comes to an end, and every row is good or says what is wrong.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"external_id,tags\nu1,a|b\n", "external_id;attributes\n\"u\n1\";{}", "\ufeffexternal_id\n\"", "a,\"b\n", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		x, ps, err := New(strings.NewReader(file))
		if err != nil || len(ps) > 0 {
			return
		}
		for range len(file) + 2 {
			row, err := x.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if row.Line < 1 || row.Cells == nil && len(row.Problems) == 0 {
				t.Fatalf("row %+v", row)
			}
		}
		t.Fatal("reading does not end")
	})
}
