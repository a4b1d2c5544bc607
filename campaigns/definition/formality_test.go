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
	} {
		d := parsed(t, []byte(c.src), YAML)
		if diff := cmp.Diff(c.forms, d.TwoForms); diff != "" || d.Formality != c.said {
			t.Errorf("%s: %s %s", name, d.Formality, diff)
		}
	}
}
