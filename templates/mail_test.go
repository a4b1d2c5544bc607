package templates

import (
	"errors"
	"html"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// letter is a question as it is sent to Anna.
func letter(t testing.TB, lang campaigns.Lang) MailContent {
	t.Helper()
	words := map[campaigns.Lang]struct{ subject, pre, body, open, community, address string }{
		"en": {"How was your first week of circles?", "One question: it takes ten seconds.", "Hello {{ member.first_name }}, you sent **6 of 7** notes this week.\n\nHow easy was it to press record?", "Open day 9", "Kruzhok", "Kruzhok language community, 12 Abay Avenue, Almaty 050010, Kazakhstan"},
		"ru": {"Как прошла первая неделя кружков?", "Один вопрос, десять секунд.", "{{ member.first_name }}, привет! За неделю от тебя **6 кружков из 7**.\n\nЛегко ли было нажать на запись?", "Открыть день 9", "«Кружок»", "Языковое сообщество «Кружок», Казахстан, 050010, Алматы, проспект Абая, 12"},
	}[lang]
	env := Env{Vars: map[string]any{"member": map[string]any{"first_name": "Анна <b>"}}, Lang: lang}
	text := parsed(t, words.body)
	body, err := text.HTML(env)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := text.Plain(env)
	if err != nil {
		t.Fatal(err)
	}
	m := MailContent{
		Lang: lang, Subject: words.subject, Preheader: words.pre, BodyHTML: body, BodyText: plain, Question: true,
		CommunityName: words.community, PostalAddress: words.address,
		UnsubscribeURL: "https://kruzhok.example/p/leave?a=1&b=2", PreferencesURL: "https://kruzhok.example/p/prefs",
	}
	m.Brand = strings.Trim(m.CommunityName, "«»")
	for i := range 11 {
		m.Buttons = append(m.Buttons, MailButton{Label: strconv.Itoa(i), URL: "https://kruzhok.example/a/" + strconv.Itoa(i)})
	}
	m.Buttons = append(m.Buttons, MailButton{Label: words.open, URL: "https://kruzhok.example/day/9", Main: true})
	return m
}

func TestMailGolden(t *testing.T) {
	for _, lang := range []campaigns.Lang{"en", "ru"} {
		m := letter(t, lang)
		doc, text, err := Mail(m)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "mail."+string(lang)+".html", doc)
		golden(t, "mail."+string(lang)+".txt", text)
		balanced(t, doc)
		for _, b := range m.Buttons {
			if !strings.Contains(doc, `href="`+b.URL+`"`) || !strings.Contains(text, b.URL) {
				t.Errorf("%s: no link %s", lang, b.URL)
			}
		}
		for _, want := range []string{m.UnsubscribeURL, m.PreferencesURL, m.PostalAddress, m.Subject} {
			if !strings.Contains(html.UnescapeString(doc), want) || !strings.Contains(text, want) {
				t.Errorf("%s: no %s", lang, want)
			}
		}
	}
}

// TestMailOfNobody: a community without a name leaves no hole in the sentence.
func TestMailOfNobody(t *testing.T) {
	for lang, want := range map[campaigns.Lang]string{"en": "mail from our community.", "ru": "наше сообщество получило"} {
		_, text, err := Mail(MailContent{Lang: lang, Subject: "S", BodyHTML: "<p>b</p>", BodyText: "b"})
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %v, %q", lang, err, text)
		}
	}
}

func TestMailWords(t *testing.T) {
	for _, lang := range []string{"en", "ru"} {
		for _, key := range []string{"mail.why", "mail.why_topic", "mail.why_service", "mail.why_answer", "mail.preferences", "mail.unsubscribe", "mail.answer_note", "mail.open_question", "mail.reply_hint"} {
			if s := locale.T(lang, key, map[string]any{"community": "C", "topic": "T"}); s == key || strings.Contains(s, "{") {
				t.Errorf("%s %s: %q", lang, key, s)
			}
		}
	}
}

func TestMailLayouts(t *testing.T) {
	for name, c := range map[string]struct {
		labels []string
		rows   int
	}{
		"scale of 5":   {[]string{"1", "2", "3", "4", "5"}, 1},
		"nps":          {[]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}, 2},
		"seven":        {[]string{"1", "2", "3", "4", "5", "6", "7"}, 2},
		"yes no":       {[]string{"Да", "Нет"}, 1},
		"long answers": {[]string{"Beginner", "Intermediate", "Advanced"}, 3},
	} {
		m := MailContent{Lang: "en", Subject: "s"}
		for _, l := range c.labels {
			m.Buttons = append(m.Buttons, MailButton{Label: l, URL: "https://x.org/"})
		}
		doc, _, err := Mail(m)
		if err != nil {
			t.Fatal(err)
		}
		balanced(t, doc)
		if n := strings.Count(doc, "table-layout:fixed"); n != c.rows {
			t.Errorf("%s: %d rows, want %d", name, n, c.rows)
		}
		if n := strings.Count(doc, `class="btn"`); n != len(c.labels) {
			t.Errorf("%s: %d buttons", name, n)
		}
	}
}

func TestMailEscapes(t *testing.T) {
	evil := `"><script>alert(1)</script>` + "\x00\u202e"
	doc, _, err := Mail(MailContent{Lang: "he", Subject: evil, Preheader: evil, Why: evil, Brand: evil, PostalAddress: evil, Buttons: []MailButton{{Label: evil, URL: "https://x.org/"}}})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(doc, "<script") || strings.ContainsAny(doc, "\x00\u202e") || !strings.Contains(doc, `dir="rtl"`) {
		t.Error(doc)
	}
	balanced(t, doc)
}

func TestMailErrors(t *testing.T) {
	for _, u := range []string{"javascript:alert(1)", "", "/relative", "data:text/html,x"} {
		if _, _, err := Mail(MailContent{Buttons: []MailButton{{Label: "x", URL: u}}}); !errors.Is(err, ErrMailLink) {
			t.Errorf("%q: %v", u, err)
		}
	}
	if _, _, err := Mail(MailContent{BodyHTML: strings.Repeat("x", MailMaxSize)}); !errors.Is(err, ErrMailTooBig) {
		t.Error(err)
	}
}

// TestContrast computes WCAG 2.2's ratio for every pair of text and ground, light and dark, and requires 4.5:1.
func TestContrast(t *testing.T) {
	for _, pair := range [][2]string{
		{inkColor, sheetColor},
		{softColor, sheetColor},
		{linkColor, sheetColor},
		{"#ffffff", linkColor},
		{inkColor, sunkColor},
		{"#edece6", "#1d1c17"},
		{"#b3b1a9", "#1d1c17"},
		{"#6fd3a8", "#1d1c17"},
		{"#0b1f16", "#6fd3a8"},
		{"#edece6", "#2a2923"},
	} {
		a, b := luminance(t, pair[0]), luminance(t, pair[1])
		if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
			t.Errorf("%v: %.1f", pair, ratio)
		}
	}
}

func luminance(t *testing.T, color string) float64 {
	n, err := strconv.ParseUint(color[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(c uint64) float64 {
		v := float64(c&255) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n)
}

// TestMailSaysItOnce: a first paragraph that repeats the heading is left out of both parts; anything else stays.
func TestMailSaysItOnce(t *testing.T) {
	for body, want := range map[string]int{"**Day 1 of 14**\n\nIntroduce yourself.": 1, "**Day 1 of 15**\n\nIntroduce yourself.": 1, "Day 1 of 14 begins.\n\nIntroduce yourself.": 2, "**Day 1 of 14**": 2} {
		text, problems := Parse(body)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		var err error
		m := MailContent{Lang: "en", Subject: "Day 1 of 14", CommunityName: "S"}
		if m.BodyHTML, err = text.HTML(Env{}); err != nil {
			t.Fatal(err)
		}
		if m.BodyText, err = text.Plain(Env{}); err != nil {
			t.Fatal(err)
		}
		document, plain, err := Mail(m)
		if err != nil {
			t.Fatal(err)
		}
		_, sheet, _ := strings.Cut(document, "<main>")
		if a, b := strings.Count(sheet, "Day 1 of 14"), strings.Count(plain, "Day 1 of 14"); a != want || b != want {
			t.Errorf("%q: %d times in the mail, %d in its text, want %d\n%s", body, a, b, want, plain)
		}
	}
}
