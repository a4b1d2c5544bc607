package answers

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/locale"
)

var update = flag.Bool("update", false, "write the golden files anew")

// codes reads the codes of rejections where they are declared, so that a new one cannot be forgotten.
func codes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "answers.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				word, _ := strconv.Unquote(lit.Value)
				list = append(list, word)
			}
		}
		return true
	})
	return list
}

// rejections are answers that are refused, one for each code.
var rejections = map[string]struct{ question, text string }{
	NotVoice: {"voice", "hello"}, NotVoiceNote: {"speak", "photo:5"}, NotVideoNote: {"note", "voice:5"}, NotPhoto: {"photo", "hello"}, NotFile: {"file", "hello"},
	MediaShort: {"speak", "voice:4"}, MediaLong: {"speak", "video_note:61"}, NotMedia: {"text", "voice:5"},
	Unreadable: {"text", "\xff"}, Empty: {"text", " "}, TextLong: {"short", "123456"}, ChoiceOther: {"level", "?"}, ChoiceOne: {"level", "1, 2"},
	ListOther: {"topics", "?"}, YesOrNo: {"yes", "?"}, ScaleOther: {"nps", "?"}, NotNumber: {"number", "?"}, NumberLong: {"number", "1234567890123456"},
	NumberSmall: {"least", "-1"}, NumberLarge: {"most", "1"}, NumberRange: {"age", "1"}, NotDate: {"date", "?"}, DateYear: {"date", "1.1.26"}, DateMissing: {"date", "31.02.2026"},
}

func TestEveryRejectionHasItsSentences(t *testing.T) {
	var got strings.Builder
	for _, code := range codes(t) {
		if code == valueTrue || code == valueFalse {
			continue
		}
		for _, lang := range []campaigns.Lang{"en", "ru"} {
			r, ok := rejections[code]
			_, wrong := Read(questions[r.question], raw(r.text), moscow(t, lang))
			if !ok || wrong == nil || wrong.Code != code {
				t.Errorf("%s: no answer is refused with it, but with %v", code, wrong)
				continue
			}
			sentence := wrong.Sentence(lang)
			if sentence == "answer."+code || strings.ContainsAny(sentence, "{}") {
				t.Errorf("%s in %s is %q", code, lang, sentence)
			}
			if cyrillic := strings.ContainsFunc(sentence, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }); cyrillic != (lang == "ru") {
				t.Errorf("%s in %s is %q", code, lang, sentence)
			}
			fmt.Fprintf(&got, "%s %s: %s\n", code, lang, sentence)
		}
	}
	golden(t, "testdata/sentences.golden", got.String())
	for _, key := range locale.Keys("answer.") {
		code := strings.TrimPrefix(key, "answer.")
		if _, ok := rejections[code]; !ok && !strings.HasPrefix(code, "word.") {
			t.Errorf("%s stands for no rejection", key)
		}
	}
}

// raw is typed text, or, as "voice:5", a recording of five seconds.
func raw(s string) campaigns.RawAnswer {
	if kind, seconds, ok := strings.Cut(s, ":"); ok {
		n, _ := strconv.Atoi(seconds)
		return campaigns.RawAnswer{Media: &campaigns.Media{ID: 1, Kind: campaigns.MediaKind(kind), Seconds: n}}
	}
	return campaigns.RawAnswer{Text: s}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		question string
		lang     campaigns.Lang
		want     []Option
	}{
		{"level", "ru", []Option{{"a1", "Начинающий"}, {"b1", "Средний"}, {"c1", "Всё свободно, или почти"}}},
		{"level", "de", []Option{{"a1", "Beginner"}, {"b1", "Intermediate"}, {"c1", "Advanced, or more"}}},
		{"yes", "ru", []Option{{"true", "Да"}, {"false", "Нет"}}},
		{"yes", "en-GB", []Option{{"true", "Yes"}, {"false", "No"}}},
		{"csat", "ru", []Option{{"1", "1"}, {"2", "2"}, {"3", "3"}, {"4", "4"}, {"5", "5"}}},
		{"number", "ru", nil},
		{"text", "ru", nil},
		{"date", "ru", nil},
	} {
		if d := cmp.Diff(c.want, Options(questions[c.question], c.lang, "en")); d != "" {
			t.Errorf("%s in %s (-want +got):\n%s", c.question, c.lang, d)
		}
	}
}

func TestLayout(t *testing.T) {
	for question, want := range map[string][][]int{
		"nps":    {{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}},
		"csat":   {{0, 1, 2, 3, 4}},
		"scale":  {{0, 1, 2, 3, 4, 5, 6}},
		"yes":    {{0, 1}},
		"level":  {{0}, {1}, {2}},
		"often":  {{0, 1}, {2}},
		"number": nil, "text": nil, "date": nil,
	} {
		if d := cmp.Diff(want, Layout(questions[question])); d != "" {
			t.Errorf("%s (-want +got):\n%s", question, d)
		}
	}
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		question string
		lang     campaigns.Lang
		answer   campaigns.Answer
		want     string
	}{
		{"level", "ru", campaigns.Answer{Text: "b1"}, "Средний"},
		{"level", "de", campaigns.Answer{Text: "b1"}, "Intermediate"},
		{"level", "ru", campaigns.Answer{Text: "gone"}, "gone"},
		{"topics", "en", campaigns.Answer{List: []string{"music", "sport"}}, "Music, Sport"},
		{"topics", "en", campaigns.Answer{List: []string{"music", "food"}}, "Music; Food, drinks"},
		{"topics", "ru", campaigns.Answer{List: []string{}}, "Ничего из этого"},
		{"yes", "ru", campaigns.Answer{Bool: true}, "Да"},
		{"yes", "en", campaigns.Answer{}, "No"},
		{"nps", "ru", campaigns.Answer{Number: 10}, "10"},
		{"number", "ru", campaigns.Answer{Number: -1234567.5}, "-1234567,5"},
		{"number", "en", campaigns.Answer{Number: 0.0000001}, "0.0000001"},
		{"text", "ru", campaigns.Answer{Text: "<b>"}, "<b>"},
		{"date", "ru", campaigns.Answer{Text: "2027-03-12"}, "12 марта 2027"},
		{"date", "en", campaigns.Answer{Text: "2027-03-12"}, "12 March 2027"},
	} {
		c.answer.Type = questions[c.question].Type
		if got := Describe(c.answer, questions[c.question], c.lang, "en"); got != c.want {
			t.Errorf("%s in %s = %q, want %q", c.question, c.lang, got, c.want)
		}
	}
}

// Every script's digits stand in runs of ten, which digitValue relies on.
func TestDigitRuns(t *testing.T) {
	for _, run := range unicode.Nd.R16 {
		if run.Stride != 1 || (run.Hi-run.Lo+1)%10 != 0 {
			t.Errorf("the run at %U", run.Lo)
		}
	}
	for _, run := range unicode.Nd.R32 {
		if run.Stride != 1 || (run.Hi-run.Lo+1)%10 != 0 {
			t.Errorf("the run at %U", run.Lo)
		}
	}
}
