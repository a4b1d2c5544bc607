package email

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAddress(t *testing.T) {
	for in, want := range map[string][2]string{
		"anna@example.com":                {"anna@example.com", "anna@example.com"},
		" Anna.B+x@Example.COM ":          {"Anna.B+x@example.com", "anna.b+x@example.com"},
		"Анна@Почта.РФ":                   {"Анна@почта.рф", "анна@xn--80a1acny.xn--p1ai"},
		"a@xn--80a1acny.xn--p1ai":         {"a@почта.рф", "a@xn--80a1acny.xn--p1ai"},
		"e\u0301@example.com":             {"é@example.com", "é@example.com"},
		"o'neil!#$%&*-/=?^_`{|}~@e.co":    {"o'neil!#$%&*-/=?^_`{|}~@e.co", "o'neil!#$%&*-/=?^_`{|}~@e.co"},
		"a@r3--x.example.com":             {"a@r3--x.example.com", "a@r3--x.example.com"},
		"a@example.com.":                  {"a@example.com", "a@example.com"},
		"Straße@example.com":              {"Straße@example.com", "strasse@example.com"},
		strings.Repeat("a", 64) + "@e.co": {strings.Repeat("a", 64) + "@e.co", strings.Repeat("a", 64) + "@e.co"},
	} {
		d, k, err := Address(in)
		if err != nil || d != want[0] || k != want[1] {
			t.Errorf("%q: %q %q %v, want %q", in, d, k, err, want)
		}
	}
}

var notAddresses = []string{
	"", " ", "@", "a@", "@b.co", "a", "a@b", "a@@b.co", "a@b@c.co", "a b@c.co", "Anna <a@b.co>", "<a@b.co>", "a(comment)@b.co", "\"a b\"@c.co",
	".a@b.co", "a.@b.co", "a..b@c.co", "a@.b.co", "a@b..co", "a@-b.co", "a@b-.co", "a@b_c.co", "a@[127.0.0.1]", "a@127.0.0.1", "a@1.2", "a@b.co,c@d.co",
	"a@b.co\r\nBcc: x@y.co", "a\r\n@b.co", "a\x00@b.co", "a\u200b@b.co", "a\u202e@b.co", "a@b.\xff", "\xffa@b.co", "a@b c.co", "a@b.co>", "a;@b.co", "a:b@c.co", "a\\@b.co",
	strings.Repeat("a", 65) + "@e.co", strings.Repeat("ß", 33) + "@e.co", "a@" + strings.Repeat("b", 64) + ".co", "a@" + strings.Repeat("b.", 126) + "co",
}

func TestNotAnAddress(t *testing.T) {
	for _, in := range notAddresses {
		if d, _, err := Address(in); err == nil {
			t.Errorf("%q was accepted as %q", in, d)
		} else if len(in) > 3 && strings.Contains(err.Error(), in) {
			t.Errorf("%q: the error repeats it: %v", in, err)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range notAddresses {
		f.Add(s)
	}
	for _, s := range []string{"anna@example.com", "Анна@Почта.РФ", "Straße@straße.de", "ǰ\u0345@faß.example", "İ@i.co", "a@xn--80a1acny.xn--p1ai"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		display, key, err := Address(s)
		if err != nil {
			return
		}
		for _, a := range []string{display, key} {
			if !utf8.ValidString(a) || strings.ContainsAny(a, "\r\n\x00 <>\"") || strings.Count(a, "@") != 1 || len(a) > 254 {
				t.Fatalf("%q became %q", s, a)
			}
			d2, k2, err := Address(a)
			if err != nil || k2 != key || a == display && d2 != display {
				t.Fatalf("%q became %q, and that %q %q %v; the key was %q", s, a, d2, k2, err, key)
			}
		}
	})
}
