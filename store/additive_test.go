package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// subtractive are forms of statements that take something away from a process which still runs the release before, or refuse what it writes.
var subtractive = map[string]*regexp.Regexp{
	"takes a table or a column away":           regexp.MustCompile(`\bDROP (TABLE|COLUMN|SEQUENCE|VIEW)\b`),
	"takes an index away":                      regexp.MustCompile(`\bDROP INDEX\b`), // an upsert may name it
	"renames":                                  regexp.MustCompile(`\bRENAME\b`),
	"changes a column":                         regexp.MustCompile(`\bALTER COLUMN\b`),
	"needs a value that nobody writes":         regexp.MustCompile(`\bADD COLUMN\b[^;]*\bNOT NULL\b`),
	"refuses what was allowed":                 regexp.MustCompile(`\bADD (CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)\b`),
	"refuses rows that were allowed":           regexp.MustCompile(`\bCREATE UNIQUE INDEX\b`),
	"acts when the release before writes":      regexp.MustCompile(`\bCREATE (CONSTRAINT )?TRIGGER\b|\bCREATE RULE\b`),
	"removes rows, or changes those of others": regexp.MustCompile(`^(DELETE|UPDATE|TRUNCATE)\b`),
}

// allowed are the statements that look subtractive and take nothing away, by their beginning; each with its reason.
var allowed = map[string]string{
	"DROP INDEX deliveries_due_bulk":       "not unique, and no upsert names it; made anew in another order",
	"DROP INDEX member_attributes_by_text": "not unique; made anew with one column more",
	"DROP INDEX enrollments_by_member":     "not unique; made anew with the campaign in it",
	"DROP INDEX enrollments_due":           "not unique; made anew with the id in it",
	"DROP INDEX calls_failed":              "not unique; the one that is made beside it serves what it served",
	// Nothing was released before 00005; from then on a place is what an upsert names.
	"DROP INDEX enrollments_one_active":                "another index keeps what it kept; the release before fails to take members in beside this one, keeps what caused it, and loses nothing",
	"CREATE UNIQUE INDEX enrollments_one_place":        "the rows that it would refuse were made way before",
	"UPDATE responses SET answer_key = lower(choice)":  "a column that the release before does not know",
	"UPDATE enrollments SET holds_place = FALSE WHERE": "a column that the release before does not know",
}

// TestMigrationsAreAdditive: while one process of a new release migrates, those of the release before go on: nothing that they read or write is taken
// away (docs/internals.md, Migrations).
func TestMigrationsAreAdditive(t *testing.T) {
	files, err := filepath.Glob("migrations/*/*.sql")
	check(t, err)
	used := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "00001_spine.sql") {
			continue
		}
		text, err := os.ReadFile(file)
		check(t, err)
		made := tablesIn(string(text))
		for _, statement := range statements(string(text)) {
			for what, form := range subtractive {
				if !form.MatchString(statement) || adds(statement, made) {
					continue
				}
				if i := slices.IndexFunc(keysOf(allowed), func(k string) bool { return strings.HasPrefix(statement, k) }); i >= 0 {
					used[keysOf(allowed)[i]] = true
					continue
				}
				t.Errorf("%s %s: %s", file, what, statement)
			}
		}
	}
	for k := range allowed {
		if !used[k] {
			t.Errorf("%q is allowed and nowhere done", k)
		}
	}
	for _, bad := range []string{
		"ALTER TABLE members DROP COLUMN language", "DROP TABLE members", "ALTER TABLE members ADD COLUMN x TEXT NOT NULL", "ALTER TABLE members RENAME COLUMN a TO b",
		"CREATE UNIQUE INDEX x ON members (language)", "ALTER TABLE members ALTER COLUMN language SET NOT NULL", "DELETE FROM members", "DROP INDEX deliveries_step",
	} {
		if !slices.ContainsFunc(statements(bad+";"), func(s string) bool { return isSubtractive(s) }) {
			t.Errorf("%q is taken for additive", bad)
		}
	}
}

func isSubtractive(statement string) bool {
	for _, form := range subtractive {
		if form.MatchString(statement) && !adds(statement, nil) {
			return true
		}
	}
	return false
}

// adds reports that a statement is harmless after all: a column that fills itself in, or what concerns a table that the same file makes.
func adds(statement string, made []string) bool {
	if regexp.MustCompile(`\bADD COLUMN\b`).MatchString(statement) && regexp.MustCompile(`\bDEFAULT\b`).MatchString(statement) {
		return true
	}
	about := regexp.MustCompile(`\b(?:ON|FROM|UPDATE|INTO|TABLE) (\w+)`).FindStringSubmatch(statement)
	return about != nil && slices.Contains(made, about[1])
}

func tablesIn(text string) (names []string) {
	for _, m := range regexp.MustCompile(`CREATE TABLE (\w+)`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// statements are a migration's, without comments, each on one line.
func statements(text string) (out []string) {
	text = regexp.MustCompile(`--[^\n]*`).ReplaceAllString(text, "")
	for s := range strings.SplitSeq(text, ";") {
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func keysOf(m map[string]string) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
