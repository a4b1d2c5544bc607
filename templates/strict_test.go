package templates

import (
	"errors"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func golden(t testing.TB, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := readFile(t, name); want != got {
		t.Errorf("%s differs (run with -update to accept):\n%s", name, got)
	}
}

// strict checks one message the way the Bot API's HTML parser does: known tags, closed in order, four named entities, no bare "<" or "&";
// and its nesting rules: nothing within code and pre, no quote within a quote.
func strict(s string) error {
	var open []string
	for s != "" {
		switch {
		case s[0] == '<':
			end := strings.IndexByte(s, '>')
			if end < 0 {
				return errors.New("tag is not closed")
			}
			var err error
			if open, err = strictTag(open, s[1:end]); err != nil {
				return err
			}
			s = s[end+1:]
		case s[0] == '&':
			n := len(entityRule.FindString(s))
			if n == 0 {
				return fmt.Errorf("entity at %.10q", s)
			}
			s = s[n:]
		case s[0] == '>' || s[0] == '"':
			return fmt.Errorf("unescaped %q", s[0])
		default:
			s = s[1:]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("left open: %v", open)
	}
	return nil
}

var (
	entityRule = regexp.MustCompile(`^&(?:lt|gt|amp|quot);`)
	tagRule    = regexp.MustCompile(`^(?:b|i|u|s|code|pre|blockquote|a href="(?:https?|tg)://[^"<>\s]*"|code class="language-[^"<>&\s]+")$`)
)

func strictTag(open []string, tag string) ([]string, error) {
	if name, closing := strings.CutPrefix(tag, "/"); closing {
		if len(open) == 0 || open[len(open)-1] != name {
			return nil, fmt.Errorf("</%s> closes %v", name, open)
		}
		return open[:len(open)-1], nil
	}
	if !tagRule.MatchString(tag) {
		return nil, fmt.Errorf("tag <%s>", tag)
	}
	name, _, attribute := strings.Cut(tag, " ")
	inPre := len(open) > 0 && open[len(open)-1] == "pre" && name == "code" && attribute
	for _, o := range open {
		if (o == "code" || o == "pre") && !inPre || o == name {
			return nil, fmt.Errorf("<%s> within <%s>", name, o)
		}
	}
	if (name == "code" || name == "pre") && !inPre && slices.ContainsFunc(open, func(o string) bool { return o != "blockquote" }) {
		return nil, fmt.Errorf("<%s> within %v", name, open)
	}
	return append(open, name), nil
}

var anyTag = regexp.MustCompile(`<[^>]*>`)

// shown is what a client shows of Telegram HTML.
func shown(s string) string { return html.UnescapeString(anyTag.ReplaceAllString(s, "")) }

func checkParts(t interface{ Fatalf(string, ...any) }, parts []string, limits Limits) {
	if len(parts) > limits.parts() {
		t.Fatalf("%d parts", len(parts))
	}
	for i, p := range parts {
		if err := strict(p); err != nil {
			t.Fatalf("%v in %q", err, p)
		}
		if n := units(shown(p)); n > limits.room(i) || n == 0 {
			t.Fatalf("part %d has %d units: %q", i, n, p)
		}
		if n := strings.Count(p, "</"); n > maxEntities {
			t.Fatalf("part %d has %d tags", i, n)
		}
		if shown(p) != strings.TrimSpace(shown(p)) {
			t.Fatalf("part %d has white space around: %q", i, p)
		}
	}
}

// balanced checks mail HTML: every tag but the void ones is closed in order, nothing is left unescaped.
func balanced(t interface {
	Helper()
	Fatalf(string, ...any)
}, s string,
) {
	t.Helper()
	var open []string
	s = regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(s, "")
	for _, tag := range anyTag.FindAllString(s, -1) {
		name, _, _ := strings.Cut(strings.Trim(tag, "</>"), " ")
		switch {
		case slices.Contains([]string{"br", "hr", "meta", "!doctype"}, name):
		case tag[1] == '/':
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("%s closes %v", tag, open)
			}
			open = open[:len(open)-1]
		default:
			open = append(open, name)
		}
	}
	if len(open) > 0 {
		t.Fatalf("left open: %v", open)
	}
}
