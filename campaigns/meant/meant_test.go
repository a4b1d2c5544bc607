package meant

import (
	"strings"
	"testing"
	"time"
)

func TestWord(t *testing.T) {
	keys := []string{"key", "kind", "quiet_hours", "member.first_name", "begin"}
	for word, want := range map[string]string{
		"kind ": "kind", "knid": "kind", "KEY": "key", "quite_hours": "quiet_hours", "quiet-hours": "quiet_hours", "quiethours": "quiet_hours", "member.frist_name": "member.first_name",
		"bgein": "begin", "kindly": "kind", "split": "", "k": "", "": "", "completely_else": "", "kеy": "key", strings.Repeat("key", 50): "",
	} {
		if got := Word(word, keys); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// TestShortWords: few letters leave little room for slips, and are the ones most typed.
func TestShortWords(t *testing.T) {
	for _, c := range []struct{ word, known, want string }{
		{"yess", "yes no", "yes"},
		{"ys", "yes no", "yes"},
		{"nevr", "never after each_time", "never"},
		{"nvr", "never after each_time", "never"},
		{"every", "never after each_time", "each_time"}, // what others say for it, though another is nearer by letters
		{"skp", "send skip next_window", "skip"},
		{"spred", "hold spread skip", "spread"},
		{"hld", "hold spread skip", "hold"},
		{"ne", "en ru", "en"},
		{"ur", "en ru", "ru"},
		{"fr", "en ru", ""},
		{"go", "en ru", ""},
		{"mon", "monday tuesday", "monday"},
		{"tues", "monday tuesday", "tuesday"},
		{"пн", "monday tuesday", "monday"},
		{"tg", "telegram email", "telegram"},
		{"telegramm", "telegram email", "telegram"},
		{"Telegram", "telegram email", "telegram"},
		{"mail", "telegram email", "email"},
		{"e-mail", "telegram email", "email"},
		{"почта", "telegram email", "email"},
		{"tele", "telegram email", "telegram"},
		{"weekly", "day week month", "week"},
		{"always", "never after each_time", "each_time"},
		{"on", "true false", "true"},
		{"tru", "true false", "true"},
		{"fasle", "true false", "false"},
		{"a3", "a1 b1", ""},
	} {
		if got := Word(c.word, strings.Fields(c.known)); got != c.want {
			t.Errorf("%q of %q: %q, want %q", c.word, c.known, got, c.want)
		}
	}
}

// TestSlip: of words that anybody may make up, only one letter's difference tells of a slip.
func TestSlip(t *testing.T) {
	for _, c := range []struct{ word, known, want string }{
		{"member.joind", "member.joined member.left", "member.joined"},
		{"memebr.joined", "member.joined member.left", "member.joined"},
		{"Member.Joined", "member.joined member.left", "member.joined"},
		{"member.joined", "member.joined member.left", ""},
		{"member.moved", "member.joined member.left", ""},
		{"level1", "level2", ""},
		{"leve", "level", "level"},
		{"age", "ages", ""},
		{"lesson_on", "lesson_at", ""},
	} {
		if got := Slip(c.word, strings.Fields(c.known)); got != c.want {
			t.Errorf("%q of %q: %q, want %q", c.word, c.known, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "ё", 1}, {"abc", "acb", 1}, {"abcd", "badc", 2}, {"kitten", "sitting", 3}, {"шаг", "шик", 2}} {
		if got := Distance(c.a, c.b); got != c.want || Distance(c.b, c.a) != c.want {
			t.Errorf("%q %q: %d", c.a, c.b, got)
		}
	}
}

func TestZone(t *testing.T) {
	for name, want := range map[string]string{
		"Europe/Moskow": "Europe/Moscow", "europe/moscow": "Europe/Moscow", "Europa/Moscow": "Europe/Moscow", "Moscow": "Europe/Moscow", "Москва": "Europe/Moscow", "MSK": "Europe/Moscow",
		"Berlin": "Europe/Berlin", "Europe/Berln": "Europe/Berlin", "America/New York": "America/New_York", "new-york": "America/New_York", "Asia/Almati": "Asia/Almaty",
		"Europe/Almaty": "Asia/Almaty", "utc": "UTC", "Екатеринбург": "Asia/Yekaterinburg", "Narnia/Rilian": "", "": "", "x": "", "UTC+3": "",
	} {
		if got := Zone(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestZonesExist: what is proposed can be had.
func TestZonesExist(t *testing.T) {
	names := strings.Fields(zoneNames)
	for _, z := range zonesSaid {
		names = append(names, z)
	}
	for _, z := range names {
		if _, err := time.LoadLocation(z); err != nil {
			t.Error(err)
		}
	}
}
