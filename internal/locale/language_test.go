package locale

import "testing"

func TestLanguage(t *testing.T) {
	for tag, want := range map[string][2]string{
		"en": {"English", "английский"}, "ru": {"Russian", "русский"}, "de": {"German", "немецкий"}, "pl": {"Polish", "польский"}, "kk": {"Kazakh", "казахский"},
		"de-AT": {"Austrian German", "австрийский немецкий"}, "sr": {"Serbian", "сербский"}, "sr-Latn": {"Serbian (Latin)", "сербский (латиница)"},
		"be-tarask": {"Belarusian (be-tarask)", "белорусский (be-tarask)"}, "qaa": {"qaa", "qaa"}, "x-foo": {"x-foo", "x-foo"}, "": {"", ""}, "no tag": {"no tag", "no tag"},
	} {
		for i, lang := range []string{"en", "ru"} {
			if got := Language(lang, tag); got != want[i] {
				t.Errorf("%s in %s: %q, want %q", tag, lang, got, want[i])
			}
		}
	}
	if got := T("ru", "problem.missing_text", map[string]any{"text": "a", "language": "pl", "name": Tongue("pl")}); got != "a: текста на языке «pl» (польский) нет." {
		t.Error(got)
	}
}
