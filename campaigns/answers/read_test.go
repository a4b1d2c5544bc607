package answers

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

func bound(n float64) *float64 { return &n }

func option(value, en, ru string) definition.Option {
	return definition.Option{Value: value, Text: definition.Texts{"en": en, "ru": ru}}
}

// The questions that the tests ask.
var questions = map[string]*definition.Ask{
	"level": {Type: campaigns.Choice, Options: []definition.Option{
		option("a1", "Beginner", "Начинающий"), option("b1", "Intermediate", "Средний"), option("c1", "Advanced, or more", "Всё свободно, или почти"),
	}},
	"code": {Type: campaigns.Choice, Options: []definition.Option{
		option("c", "C", "Си"), option("cpp", "C++", "Си++"), option("cs", "C#", "Си-шарп"),
	}},
	"thumbs": {Type: campaigns.Choice, Options: []definition.Option{option("up", "👍", "👍"), option("down", "👎", "👎")}},
	"often": {Type: campaigns.Choice, Options: []definition.Option{
		option("rare", "1–2 times", "1–2 раза"), option("some", "3–5 times", "3–5 раз"), option("much", "6+", "6+"),
	}},
	"crossed": {Type: campaigns.Choice, Options: []definition.Option{option("x", "No", "Да"), option("y", "Da", "No")}},
	"topics": {Type: campaigns.Choices, Options: []definition.Option{
		option("music", "Music", "Музыка"), option("rock", "Rock and roll", "Рок-н-ролл"), option("food", "Food, drinks", "Еда, напитки"), option("sport", "Sport", "Спорт"),
	}},
	"yes":    {Type: campaigns.YesNo},
	"voice":  {Type: campaigns.Voice, Accept: []campaigns.MediaKind{campaigns.MediaVoice, campaigns.MediaAudio}},
	"speak":  {Type: campaigns.Voice, Accept: []campaigns.MediaKind{campaigns.MediaVoice, campaigns.MediaVideoNote}, Min: bound(5), Max: bound(60)},
	"note":   {Type: campaigns.VideoNote, Accept: []campaigns.MediaKind{campaigns.MediaVideoNote}},
	"photo":  {Type: campaigns.Photo, Accept: []campaigns.MediaKind{campaigns.MediaPhoto}},
	"file":   {Type: campaigns.File, Accept: []campaigns.MediaKind{campaigns.MediaDocument}},
	"scale":  {Type: campaigns.Scale, Min: bound(1), Max: bound(7)},
	"below":  {Type: campaigns.Scale, Min: bound(-3), Max: bound(3)},
	"nps":    {Type: campaigns.NPS},
	"csat":   {Type: campaigns.CSAT},
	"number": {Type: campaigns.Number},
	"age":    {Type: campaigns.Number, Min: bound(16), Max: bound(99.5)},
	"least":  {Type: campaigns.Number, Min: bound(0)},
	"most":   {Type: campaigns.Number, Max: bound(-2.5)},
	"text":   {Type: campaigns.Text},
	"short":  {Type: campaigns.Text, MaxLength: 5},
	"date":   {Type: campaigns.Date},
}

func moscow(t testing.TB, lang campaigns.Lang) Context {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	// 23:30 on 30 June in UTC is 1 July in Moscow.
	return Context{Lang: lang, Zone: zone, Now: time.Date(2026, 6, 30, 23, 30, 0, 0, time.UTC), Channel: campaigns.Telegram}
}

// value is what an answer says, or the code of its rejection after "!".
func value(a campaigns.Answer, wrong *Rejection) any {
	switch {
	case wrong != nil:
		return "!" + wrong.Code
	case a.Type == campaigns.Choices:
		return strings.Join(a.List, " ")
	case a.Type == campaigns.YesNo:
		return a.Bool
	case a.Type == campaigns.Scale, a.Type == campaigns.NPS, a.Type == campaigns.CSAT, a.Type == campaigns.Number:
		return a.Number
	}
	return a.Text
}

type readCase struct {
	lang campaigns.Lang
	text string
	want any
}

func typed(t *testing.T, question string, cases []readCase) {
	t.Helper()
	for _, c := range cases {
		got := value(Read(questions[question], campaigns.RawAnswer{Text: c.text}, moscow(t, c.lang)))
		if got != c.want {
			t.Errorf("%s (%s) %q = %v, want %v", question, c.lang, c.text, got, c.want)
		}
	}
}

func TestReadChoice(t *testing.T) {
	typed(t, "level", []readCase{
		{"en", "Beginner", "a1"},
		{"en", "  beginner! ", "a1"},
		{"en", "«Начинающий»", "a1"},
		{"ru", "СРЕДНИЙ.", "b1"},
		{"ru", "Intermediate", "b1"},
		{"ru", "все свободно или почти", "c1"},
		{"en", "advanced or more", "c1"},
		{"pt-BR", "beginner", "a1"},
		{"ru-RU", "средний", "b1"},
		{"en", "2", "b1"},
		{"en", "2.", "b1"},
		{"en", "2)", "b1"},
		{"ru", "№ 3", "c1"},
		{"en", "#1", "a1"},
		{"en", "２", "b1"},
		{"en", "٢", "b1"},
		{"en", "2️⃣", "b1"},
		{"en", "b1", "b1"},
		{"en", "B1", "b1"},
		{"en", "Ｂｅｇｉｎｎｅｒ", "a1"},
		{"en", "", "!choice"},
		{"en", "0", "!choice"},
		{"en", "4", "!choice"},
		{"en", "-1", "!choice"},
		{"en", "+1", "!choice"},
		{"en", "1.5", "!choice"},
		{"en", "Begin", "!choice"},
		{"en", "?!", "!choice"},
		{"en", "Beginner, Intermediate", "!choice_one"},
		{"en", "1 and 2", "!choice_one"},
		{"en", "Beginner, nothing", "!choice"},
		{"en", "\xff", "!unreadable"},
		{"en", strings.Repeat("1,", 5000), "!choice"},
	})
	typed(t, "code", []readCase{
		{"en", "c", "c"}, {"en", "C++", "cpp"}, {"en", "c#", "cs"}, {"ru", "си шарп", "cs"}, {"en", "C!", "!choice"}, {"en", "2", "cpp"}, {"en", "cpp", "cpp"},
	})
	typed(t, "thumbs", []readCase{{"en", "👍", "up"}, {"ru", " 👎 ", "down"}, {"en", "👌", "!choice"}})
	typed(t, "often", []readCase{
		{"en", "1-2 times", "rare"}, {"en", "1–2 times", "rare"}, {"ru", "3-5 раз", "some"}, {"en", "6", "much"}, {"en", "2", "!choice"}, {"en", "3", "!choice"},
	})
	typed(t, "crossed", []readCase{{"en", "no", "x"}, {"ru", "no", "y"}, {"ru", "да", "x"}, {"de", "no", "!choice"}})
}

func TestReadChoices(t *testing.T) {
	typed(t, "topics", []readCase{
		{"en", "Music", "music"},
		{"en", "sport, music", "music sport"},
		{"en", "Sport\nMusic\n", "music sport"},
		{"en", "- Music\n- Sport", "music sport"},
		{"ru", "музыка; спорт", "music sport"},
		{"ru", "Музыка и спорт", "music sport"},
		{"en", "music and sport", "music sport"},
		{"en", "rock and roll", "rock"},
		{"en", "Rock and roll, sport and music", "music rock sport"},
		{"en", "food, drinks", "food"},
		{"en", "Music, food, drinks, sport", "music food sport"},
		{"en", "1 3", "music food"},
		{"en", "1,3", "music food"},
		{"en", "4 1 1 4", "music sport"},
		{"ru", "1 и 4", "music sport"},
		{"en", "1, sport", "music sport"},
		{"en", "music,,sport,", "music sport"},
		{"ru", "ничего", ""},
		{"en", "None of these.", ""},
		{"ru", "Нет", ""},
		{"en", "", "!choices"},
		{"en", "music, chess", "!choices"},
		{"en", "1 5", "!choices"},
		{"en", ",", "!choices"},
		{"en", "music sport", "!choices"},
		{"en", strings.Repeat("1,", 4000), "!choices"},
		{"en", strings.Repeat("music\n", 100), "music"},
		{"en", "mus\xffic", "!unreadable"},
	})
}

func TestReadYesNo(t *testing.T) {
	typed(t, "yes", []readCase{
		{"ru", "да", true},
		{"ru", "Да!", true},
		{"ru", "ага", true},
		{"ru", "Да, конечно", true},
		{"en", "yes", true},
		{"en", "Y", true},
		{"en", "yes please", true},
		{"en", "+", true},
		{"ru", "👍🏽", true},
		{"ru", "✔️", true},
		{"en", "true", true},
		{"en", "＋", true},
		{"ru", "нет", false},
		{"ru", "Неа...", false},
		{"ru", "нет, спасибо", false},
		{"en", "No", false},
		{"en", "n", false},
		{"en", "-", false},
		{"ru", "–", false},
		{"en", "👎", false},
		{"en", "nope", false},
		{"en", "", "!yes_no"},
		{"en", "maybe", "!yes_no"},
		{"ru", "да нет", "!yes_no"},
		{"ru", "да, но потом", "!yes_no"},
		{"en", "спасибо", "!yes_no"},
		{"en", "1", "!yes_no"},
		{"en", "\xf0\x28", "!unreadable"},
	})
}

func TestReadScale(t *testing.T) {
	typed(t, "nps", []readCase{
		{"en", "0", 0.},
		{"en", "10", 10.},
		{"en", " 9. ", 9.},
		{"en", "10/10", 10.},
		{"ru", "9 из 10", 9.},
		{"en", "8 out of 10!", 8.},
		{"en", "７", 7.},
		{"en", "١٠", 10.},
		{"en", "9️⃣", 9.},
		{"en", "07", 7.},
		{"en", "11", "!scale"},
		{"en", "-1", "!scale"},
		{"en", "9.5", "!scale"},
		{"en", "9/5", "!scale"},
		{"en", "4 of 5", "!scale"},
		{"en", "nine", "!scale"},
		{"en", "9 10", "!scale"},
		{"en", "", "!scale"},
		{"en", "9²", "!scale"},
		{"en", "½", "!scale"},
		{"en", "99999999999999999999", "!scale"},
		{"en", "0x9", "!scale"},
		{"en", "1e1", "!scale"},
		{"en", "1_0", "!scale"},
	})
	typed(t, "csat", []readCase{{"en", "5", 5.}, {"en", "5/5", 5.}, {"en", "5/10", "!scale"}, {"en", "0", "!scale"}, {"en", "6", "!scale"}})
	typed(t, "scale", []readCase{{"en", "7", 7.}, {"en", "8", "!scale"}, {"en", "0", "!scale"}})
	typed(t, "below", []readCase{{"en", "-3", -3.}, {"en", "−2", -2.}, {"en", "3", 3.}, {"en", "-4", "!scale"}})
}

func TestReadNumber(t *testing.T) {
	typed(t, "number", []readCase{
		{"en", "5", 5.},
		{"en", "5.", 5.},
		{"en", "-5", -5.},
		{"en", "− 5", -5.},
		{"en", "+5", 5.},
		{"en", "-0", 0.},
		{"en", "007", 7.},
		{"en", ".5", 0.5},
		{"ru", "0,5", 0.5},
		{"ru", "1 234,5", 1234.5},
		{"ru", "1\u00a0234,5", 1234.5},
		{"ru", "1\u2009234\u202f567", 1234567.},
		{"en", "1'234.5", 1234.5},
		{"en", "1’234", 1234.},
		{"en", "1,234.5", 1234.5},
		{"ru", "1,234.5", 1234.5},
		{"en", "1.234,5", 1234.5},
		{"de", "1.234.567,89", 1234567.89},
		{"en", "1,234,567", 1234567.},
		{"en", "1,234", 1234.},
		{"ru", "1,234", 1.234},
		{"de", "1,234", 1.234},
		{"en", "1.234", 1.234},
		{"ru", "1.234", 1.234},
		{"de", "1.234", 1234.},
		{"pt-BR", "1.234", 1234.},
		{"en", "0,234", 0.234},
		{"en", "12,34", 12.34},
		{"en", "1234,567", 1234.567},
		{"en", "1 234,567", 1234.567},
		{"en", "١٢٣٫٥", 123.5},
		{"en", "１２．５", 12.5},
		{"en", "123456789012345", 123456789012345.},
		{"en", "1234567890123456", "!number_long"},
		{"en", "0.1000000000000000055", "!number_long"},
		{"en", "1.5000000000000000000", 1.5},
		{"ru", "5 км", "!number"},
		{"en", "$5", "!number"},
		{"en", "50%", "!number"},
		{"en", "1e3", "!number"},
		{"en", "0x10", "!number"},
		{"en", "inf", "!number"},
		{"en", "NaN", "!number"},
		{"en", "1 2", "!number"},
		{"en", "12 34", "!number"},
		{"en", "1,23,456", "!number"},
		{"en", "1.2.3", "!number"},
		{"en", "1,234.567,8", "!number"},
		{"en", "1.234 567", "!number"},
		{"en", "5²", "!number"},
		{"en", "½", "!number"},
		{"en", "", "!number"},
		{"en", ".", "!number"},
		{"en", "-", "!number"},
		{"en", "+-5", "!number"},
		{"en", "five", "!number"},
		{"en", "5-6", "!number"},
		{"en", "1..5", "!number"},
		{"en", "5\xff", "!unreadable"},
	})
	typed(t, "age", []readCase{{"en", "16", 16.}, {"en", "99.5", 99.5}, {"en", "15.9", "!number_range"}, {"en", "100", "!number_range"}})
	typed(t, "least", []readCase{{"en", "0", 0.}, {"en", "-0.1", "!number_small"}})
	typed(t, "most", []readCase{{"en", "-2.5", -2.5}, {"en", "-2.4", "!number_large"}})
}

func TestReadText(t *testing.T) {
	typed(t, "text", []readCase{
		{"en", "  hello \n\n", "hello"},
		{"en", "one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"},
		{"en", "a\tb", "a b"},
		{"en", "a\x00b\x1b[31m\u0085c", "ab[31m\nc"},
		{"en", "Cafe\u0301", "Café"},
		{"en", "👩‍👩‍👧", "👩‍👩‍👧"},
		{"ru", "\ufeffда", "да"},
		{"en", strings.Repeat("я", 4000), strings.Repeat("я", 4000)},
		{"en", strings.Repeat("я", 4001), "!text_long"},
		{"en", "", "!empty"},
		{"en", " \n\t ", "!empty"},
		{"en", "\u200b\u200d\u2060", "!empty"},
		{"en", "\u3164", "!empty"},
		{"en", "\x00", "!empty"},
		{"en", "a\xc3", "!unreadable"},
	})
	typed(t, "short", []readCase{{"en", "привет", "!text_long"}, {"en", "приве ", "приве"}, {"en", "e\u0301e\u0301e\u0301e\u0301e\u0301", "ééééé"}})
}

func TestReadDate(t *testing.T) {
	typed(t, "date", []readCase{
		{"en", "2026-12-31", "2026-12-31"},
		{"en", "2026/1/5", "2026-01-05"},
		{"en", "2026.01.05", "2026-01-05"},
		{"ru", "31.12.2026", "2026-12-31"},
		{"ru", "31.12.2026 г.", "2026-12-31"},
		{"en", "31/12/2026", "2026-12-31"},
		{"en", "3/4/2027", "2027-04-03"},
		{"en", "12/31/2026", "2026-12-31"},
		{"en", "31-12-2026", "2026-12-31"},
		{"en", "31–12–2026", "2026-12-31"},
		{"en", "٣١/١٢/٢٠٢٦", "2026-12-31"},
		{"ru", "12 марта 2027", "2027-03-12"},
		{"ru", "12 Марта 2027 года", "2027-03-12"},
		{"ru", "1-го мая 2027", "2027-05-01"},
		{"ru", "5 дек. 2026", "2026-12-05"},
		{"ru", "март 12", "2027-03-12"},
		{"en", "March 12, 2027", "2027-03-12"},
		{"en", "march 12th 2027", "2027-03-12"},
		{"en", "12 March 2027", "2027-03-12"},
		{"en", "the 12th of March, 2027", "2027-03-12"},
		{"ru", "Mar 12, 2027", "2027-03-12"},
		{"en", "Sept. 5", "2026-09-05"},
		{"ru", "сегодня", "2026-07-01"},
		{"ru", "Завтра!", "2026-07-02"},
		{"ru", "вчера", "2026-06-30"},
		{"ru", "послезавтра", "2026-07-03"},
		{"en", "today", "2026-07-01"},
		{"en", "Tomorrow", "2026-07-02"},
		{"en", "yesterday", "2026-06-30"},
		{"en", "the day after tomorrow", "2026-07-03"},
		{"ru", "01.07", "2026-07-01"},
		{"ru", "30.06", "2027-06-30"},
		{"ru", "1 июля", "2026-07-01"},
		{"en", "June 30", "2027-06-30"},
		{"ru", "29.02", "2028-02-29"},
		{"ru", "29 февраля 2028", "2028-02-29"},
		{"en", "7/14", "2026-07-14"},
		{"en", "2026-02-31", "!date_missing"},
		{"ru", "31.02.2026", "!date_missing"},
		{"ru", "31 февраля", "!date_missing"},
		{"ru", "31.02", "!date_missing"},
		{"ru", "29.02.2026", "!date_missing"},
		{"en", "13/13/2026", "!date_missing"},
		{"en", "0.5", "!date_missing"},
		{"en", "2026-00-10", "!date_missing"},
		{"ru", "31.12.26", "!date_year"},
		{"ru", "31.12.206", "!date_year"},
		{"en", "0026-12-31", "!date_year"},
		{"en", "May 5, 20266", "!date_year"},
		{"ru", "5 мая 0999", "!date_year"},
		{"en", "", "!date"},
		{"en", "soon", "!date"},
		{"en", "12", "!date"},
		{"en", "12 parsecs 2027", "!date"},
		{"en", "12 ma 2027", "!date"},
		{"en", "2026-12-31 10:00", "!date"},
		{"en", "2026-12", "!date"},
		{"en", "20261231", "!date"},
		{"ru", "в мае", "!date"},
		{"en", "31.12.2026\xff", "!unreadable"},
	})
}

func TestTodayWithoutAZoneIsUTC(t *testing.T) {
	c := moscow(t, "en")
	c.Zone = nil
	if got := value(Read(questions["date"], campaigns.RawAnswer{Text: "today"}, c)); got != "2026-06-30" {
		t.Errorf("today = %v", got)
	}
}

func TestReadPressed(t *testing.T) {
	for _, c := range []struct {
		question string
		pressed  []string
		want     any
	}{
		{"level", []string{"b1"}, "b1"},
		{"level", []string{"B1"}, "!choice"},
		{"level", []string{"Beginner"}, "!choice"},
		{"level", []string{"1"}, "!choice"},
		{"level", nil, "!choice"},
		{"level", []string{"a1", "b1"}, "!choice_one"},
		{"topics", []string{"sport", "music", "sport"}, "music sport"},
		{"topics", nil, ""},
		{"topics", []string{"music", "chess"}, "!choices"},
		{"topics", []string{"Music"}, "!choices"},
		{"yes", []string{"true"}, true},
		{"yes", []string{"false"}, false},
		{"yes", []string{"yes"}, "!yes_no"},
		{"yes", nil, "!yes_no"},
		{"yes", []string{"true", "false"}, "!choice_one"},
		{"nps", []string{"0"}, 0.},
		{"nps", []string{"11"}, "!scale"},
		{"nps", nil, "!scale"},
		{"date", []string{"2026-12-31"}, "2026-12-31"},
		{"number", []string{"12.5"}, 12.5},
		{"text", []string{"hi"}, "hi"},
		{"text", nil, "!empty"},
		{"level", []string{"\xff"}, "!unreadable"},
	} {
		raw := campaigns.RawAnswer{Options: c.pressed, Buttons: true}
		if got := value(Read(questions[c.question], raw, moscow(t, "en"))); got != c.want {
			t.Errorf("%s %q = %v, want %v", c.question, c.pressed, got, c.want)
		}
	}
}

func TestAnswerKeepsItsOrigin(t *testing.T) {
	c := moscow(t, "ru")
	got, wrong := Read(questions["topics"], campaigns.RawAnswer{Text: "спорт"}, c)
	want := campaigns.Answer{Type: campaigns.Choices, List: []string{"sport"}, At: c.Now, Channel: campaigns.Telegram}
	if d := cmp.Diff(want, got); wrong != nil || d != "" {
		t.Errorf("rejection %v, (-want +got):\n%s", wrong, d)
	}
}
