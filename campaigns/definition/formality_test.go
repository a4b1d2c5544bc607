package definition

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestFormality: a campaign says how it addresses those of whom it is not known, and knows in which languages its texts have both forms.
func TestFormality(t *testing.T) {
	const both = "{% informal %}ты{% formal %}вы{% endformal %}"
	plain := head + `steps: [{send: {text: {en: a, ru: "а"}}}]` + "\n"
	for name, c := range map[string]struct {
		src   string
		said  campaigns.Formality
		forms []campaigns.Lang
	}{
		"says nothing":   {plain, campaigns.Informal, nil},
		"says formal":    {"formality: formal\n" + plain, campaigns.Formal, nil},
		"in a text":      {strings.Replace(plain, "а", both, 1), campaigns.Informal, []campaigns.Lang{"ru"}},
		"in a subject":   {strings.Replace(plain, "send: {", `send: {subject: {en: a, ru: "`+both+`"}, `, 1), campaigns.Informal, []campaigns.Lang{"ru"}},
		"by a condition": {strings.Replace(plain, "а", "{% if member.formality == 'formal' %}вы{% endif %}", 1), campaigns.Informal, []campaigns.Lang{"ru"}},
		"in a notice":    {strings.Replace(plain, "steps: [", `steps: [{notify: {to: [telegram], text: {en: a, ru: "`+both+`"}}}, `, 1), campaigns.Informal, nil},
		"in an address":  {strings.Replace(plain, `"а"}`, `"а"}, buttons: [{text: {en: a, ru: b}, url: "https://a.example/`+both+`"}]`, 1), campaigns.Informal, []campaigns.Lang{"en", "ru"}},
	} {
		d := parsed(t, []byte(c.src), YAML)
		if diff := cmp.Diff(c.forms, d.TwoForms); diff != "" || d.Formality != c.said {
			t.Errorf("%s: %s %s", name, d.Formality, diff)
		}
	}
}

// TestChoosesForm: it is the language that is read that counts, not the one that is wanted.
func TestChoosesForm(t *testing.T) {
	for _, c := range []struct {
		languages, forms []campaigns.Lang
		want             campaigns.Lang
		chooses          bool
	}{
		{[]campaigns.Lang{"ru"}, []campaigns.Lang{"ru"}, "en", true},
		{[]campaigns.Lang{"en", "ru"}, []campaigns.Lang{"ru"}, "en", false},
		{[]campaigns.Lang{"en", "ru"}, []campaigns.Lang{"ru"}, "ru-RU", true},
		{[]campaigns.Lang{"en", "pt-BR"}, []campaigns.Lang{"pt-BR"}, "pt", false},
		{[]campaigns.Lang{"en", "pt-BR"}, []campaigns.Lang{"pt-BR"}, "pt-BR", true},
		{[]campaigns.Lang{"ru"}, nil, "ru", false},
	} {
		if d := (&Definition{Languages: c.languages, TwoForms: c.forms}); d.ChoosesForm(c.want) != c.chooses {
			t.Errorf("%+v", c)
		}
	}
}

// TestStored: what was accepted once is read as it was then; a draft is not.
func TestStored(t *testing.T) {
	src := []byte(head + `steps:
  - set: {attributes: {formality: Вы}}
  - branch:
      - {if: {attribute: formality, in: ["вы", 1]}, steps: []}
  - ask: {type: choice, text: {en: a, ru: b}, options: [{value: a, text: {en: "Yes, {{ member.first_name }}", ru: "Да"}}, {value: b, text: {en: B, ru: B}}]}
`)
	d, problems := ParseStored(src, YAML)
	if len(problems) > 0 || d.Order[0].Body.(*Set).Attributes["formality"] != "Вы" {
		t.Fatal(listed(problems))
	}
	if _, problems := Parse(src, YAML); len(problems) != 4 {
		t.Error(listed(problems))
	}
	segment := []byte("key: a\nname: A\nwho: {attribute: formality, is: vy}\n")
	if _, problems := ParseStoredSegment(segment, YAML); len(problems) > 0 {
		t.Error(listed(problems))
	}
	if _, problems := ParseSegment(segment, YAML); len(problems) != 1 {
		t.Error(listed(problems))
	}
	if _, problems := ParseStored([]byte(head+"teleports: [moon]\n"+tail), YAML); len(problems) != 1 {
		t.Error(listed(problems))
	}
}
