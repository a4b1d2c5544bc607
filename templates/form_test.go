package templates

import (
	"slices"
	"testing"
)

// TestForms: each member reads the form in which they are addressed, whichever stands first, with its markup; who has none reads the informal one.
func TestForms(t *testing.T) {
	for _, src := range []string{
		"Как {% informal %}**твои**{% formal %}*ваши*{% endformal %} дела?",
		"Как {% formal %}*ваши*{% informal %}**твои**{% endinformal %} дела?",
		"Как {% informal %}**твои**{% formal %}*ваши*{% endinformal %} дела?",
		"{% informal %}\nКак **твои** дела?\n{% formal %}\nКак *ваши* дела?\n{% endformal %}",
	} {
		text, ps := Parse(src)
		if len(ps) > 0 {
			t.Fatalf("%q: %+v", src, ps)
		}
		for form, want := range map[string]string{"": "Как <b>твои</b> дела?", "informal": "Как <b>твои</b> дела?", "formal": "Как <i>ваши</i> дела?"} {
			env := Env{Lang: "ru", Vars: map[string]any{"member": map[string]any{"formality": form}}}
			if got, err := text.Telegram(env, Limits{}); err != nil || got[0] != want {
				t.Errorf("%q as %q: %q, %v", src, form, got, err)
			}
		}
		if vs := text.Variables(); len(vs) != 1 || vs[0].Path != FormVariable {
			t.Errorf("%q reads %v", src, vs)
		}
	}
}

// TestFormsElsewhere: in one line, in an address, and in what a machine is sent.
func TestFormsElsewhere(t *testing.T) {
	env := Env{Lang: "ru", Vars: map[string]any{"member": map[string]any{"formality": "formal"}}}
	text, _ := Parse("{% informal %}Твой{% formal %}Ваш{% endformal %} урок")
	if got := text.Line(env); got != "Ваш урок" {
		t.Errorf("line: %q", got)
	}
	address, _ := Parse("https://a.example/{% informal %}ty{% formal %}vy{% endformal %}")
	if got := address.Address(env); got != "https://a.example/vy" {
		t.Errorf("address: %q", got)
	}
	data, _ := ParseData("{% informal %}ты{% formal %}вы{% endformal %}")
	if got := data.Value(env); got != "вы" {
		t.Errorf("data: %q", got)
	}
}

// TestFormProblems: a form that is missing, misspelt or misplaced is told where it stands, once.
func TestFormProblems(t *testing.T) {
	for src, want := range map[string]Problem{
		"a {% informal %}ты{% endinformal %}":                                             {Column: 6, Code: "text_form_missing"},
		"a {% formal %}вы{% endformal %}":                                                 {Column: 6, Code: "text_form_missing"},
		"a {% informal %}ты{% formal %} {% endformal %}":                                  {Column: 22, Code: "text_form_missing"},
		"a {% informal %}{% formal %}вы{% endformal %}":                                   {Column: 20, Code: "text_form_missing"},
		"a {% informal %}ты{% formal %}вы":                                                {Column: 22, Code: "text_block_unclosed"},
		"a {% infromal %}ты":                                                              {Column: 6, Code: "text_tag_unknown", DidYouMean: "informal"},
		"a {% ты %}b":                                                                     {Column: 6, Code: "text_tag_unknown", DidYouMean: "informal"},
		"a {% Вы %}b":                                                                     {Column: 6, Code: "text_tag_unknown", DidYouMean: "formal"},
		"a {% endformal %}":                                                               {Column: 6, Code: "text_tag_misplaced"},
		"a {% informal x %}ты{% formal %}вы{% endformal %}":                               {Column: 15, Code: "text_unexpected"},
		"{% informal %}a{% formal %}b{% informal %}c{% endformal %}":                      {Column: 32, Code: "text_tag_misplaced"},
		"{% informal %}a{% informal %}b{% formal %}c{% endformal %}":                      {Column: 19, Code: "text_tag_misplaced"},
		"{% informal %}a{% formal %}b{% if x %}{% informal %}c{% endif %}{% endformal %}": {Column: 42, Code: "text_tag_misplaced"},
	} {
		_, ps := Parse(src)
		if len(ps) != 1 || ps[0].Code != want.Code || ps[0].Column != want.Column || ps[0].DidYouMean != want.DidYouMean {
			t.Errorf("%q: %+v", src, ps)
		}
	}
	for src, expected := range map[string]string{
		"{% informal %}a{% else %}b{% endinformal %}":       "formal",
		"{% informal %}a{% formal %}b{% endif %}":           "endformal",
		"{% informal %}a{% formal %}b{% end %}":             "endformal",
		"{% if x %}{% informal %}a{% formal %}b{% endif %}": "endformal",
	} {
		_, ps := Parse(src)
		if !slices.ContainsFunc(ps, func(p Problem) bool { return p.Expected == expected || p.DidYouMean == expected }) {
			t.Errorf("%q: %+v, nothing expects %s", src, ps, expected)
		}
	}
}

// TestInForm: what an author typed is shown in one form, and nothing else of it changes.
func TestInForm(t *testing.T) {
	const both = "{{ x | default: 'a' }} {% informal %}ты{% formal %}вы{% endformal %} {% if x %}b{% endif %}"
	for form, want := range map[string]string{
		"formal": "{{ x | default: 'a' }} вы {% if x %}b{% endif %}", "informal": "{{ x | default: 'a' }} ты {% if x %}b{% endif %}", "": "{{ x | default: 'a' }} ты {% if x %}b{% endif %}",
	} {
		if got := InForm(both, form); got != want {
			t.Errorf("%s: %q", form, got)
		}
	}
	for src, want := range map[string]string{
		"quite formal {% if x %}": "quite formal {% if x %}", "{% formal %}\nвы\n{% informal %}\nты\n{% endinformal %}\nи всё": "ты\nи всё", "": "",
	} {
		if got := InForm(src, "informal"); got != want {
			t.Errorf("%q: %q", src, got)
		}
	}
}
