package timing_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func TestParsePeriod(t *testing.T) {
	for in, want := range map[string]timing.Period{
		"2d":         {Days: 2},
		"24h":        {Time: 24 * time.Hour},
		"1d12h":      {Days: 1, Time: 12 * time.Hour},
		"30m":        {Time: 30 * time.Minute},
		"90s":        {Time: 90 * time.Second},
		"1d2h3m4s":   {Days: 1, Time: 2*time.Hour + 3*time.Minute + 4*time.Second},
		"1s":         {Time: time.Second},
		"3650d":      {Days: 3650},
		"87600h":     {Time: 87600 * time.Hour},
		"007d":       {Days: 7},
		"3649d24h":   {Days: 3649, Time: 24 * time.Hour},
		"0d1s":       {Time: time.Second},
		"1d0h":       {Days: 1},
		"1440m":      {Time: 24 * time.Hour},
		"1d86400s":   {Days: 1, Time: 24 * time.Hour},
		"0000001s":   {Time: time.Second},
		"5m7s":       {Time: 5*time.Minute + 7*time.Second},
		"315360000s": {Time: 87600 * time.Hour},
	} {
		got, err := timing.ParsePeriod(in)
		if err != nil || got != want {
			t.Errorf("ParsePeriod(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestParsePeriodRefuses(t *testing.T) {
	form := []string{"", " ", "d", "1", "1w", "1D", "-1d", "+1d", "1.5d", "1 d", " 1d", "1d ", "1h1d", "1d1d", "1m1h", "1dd", "١d", "1d12", "1d-12h", "1ms", "\xff1d", "1d\x00"}
	bounds := []string{"0s", "0d", "0d0h0m0s", "3651d", "3650d1s", "87601h", "99999999999999999999d", "9223372036854775807s", "3650d9223372036854775807s"}
	for want, list := range map[error][]string{timing.ErrForm: form, timing.ErrBounds: bounds} {
		for _, in := range list {
			if got, err := timing.ParsePeriod(in); !errors.Is(err, want) {
				t.Errorf("ParsePeriod(%q) = %+v, %v; want %v", in, got, err, want)
			}
		}
	}
}

func TestPeriodString(t *testing.T) {
	for in, want := range map[string]string{"2d": "2d", "24h": "24h", "1d12h": "1d12h", "90s": "1m30s", "90m": "1h30m", "1d0h": "1d"} {
		p, err := timing.ParsePeriod(in)
		if err != nil || p.String() != want {
			t.Errorf("ParsePeriod(%q).String() = %q, %v; want %q", in, p, err, want)
		}
	}
	if s := (timing.Period{}).String(); s != "0s" {
		t.Errorf("the zero period is %q", s)
	}
}

func TestParseLocalTime(t *testing.T) {
	for in, want := range map[string]timing.LocalTime{"00:00": {}, "09:30": {Hour: 9, Minute: 30}, "23:59": {Hour: 23, Minute: 59}} {
		if got, err := timing.ParseLocalTime(in); err != nil || got != want || got.String() != in {
			t.Errorf("ParseLocalTime(%q) = %v, %v", in, got, err)
		}
	}
	for want, list := range map[error][]string{
		timing.ErrForm:   {"", "9:30", "09:30:00", "09.30", "0930", "+9:30", "-1:00", " 9:30", "09:3x", "٠٩:30", "09:30 "},
		timing.ErrBounds: {"24:00", "09:60", "99:99"},
	} {
		for _, in := range list {
			if got, err := timing.ParseLocalTime(in); !errors.Is(err, want) {
				t.Errorf("ParseLocalTime(%q) = %v, %v; want %v", in, got, err, want)
			}
		}
	}
}

func TestParseLocalDateTime(t *testing.T) {
	want := timing.LocalDateTime{Year: 2026, Month: 12, Day: 1, LocalTime: timing.LocalTime{Hour: 10}}
	for _, in := range []string{"2026-12-01 10:00", "2026-12-01T10:00"} {
		if got, err := timing.ParseLocalDateTime(in); err != nil || got != want || got.String() != "2026-12-01 10:00" {
			t.Errorf("ParseLocalDateTime(%q) = %v, %v", in, got, err)
		}
	}
	if _, err := timing.ParseLocalDateTime("2028-02-29 00:00"); err != nil {
		t.Errorf("29 February of a leap year: %v", err)
	}
	for want, list := range map[error][]string{
		timing.ErrForm:   {"", "2026-12-01", "2026-12-01 9:00", "2026-12-01t10:00", "2026-12-01 10:00:00", "2026-12-01T10:00Z", "26-12-01 10:00", "2026/12/01 10:00"},
		timing.ErrBounds: {"2026-02-31 10:00", "2026-02-29 10:00", "2026-00-01 10:00", "2026-13-01 10:00", "2026-12-00 10:00", "0000-12-01 10:00", "2026-12-01 24:00"},
	} {
		for _, in := range list {
			if got, err := timing.ParseLocalDateTime(in); !errors.Is(err, want) {
				t.Errorf("ParseLocalDateTime(%q) = %v, %v; want %v", in, got, err, want)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	type all struct {
		Period timing.Period        `json:"period"`
		Time   timing.LocalTime     `json:"time"`
		Moment timing.LocalDateTime `json:"moment"`
		Window timing.Window        `json:"window"`
		Rule   timing.Rule          `json:"rule"`
		Bare   timing.Rule          `json:"bare"`
	}
	ten := timing.LocalTime{Hour: 10}
	from := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	in := all{
		Period: timing.Period{Days: 1, Time: 12 * time.Hour},
		Time:   timing.LocalTime{Hour: 9, Minute: 30},
		Moment: timing.LocalDateTime{Year: 2026, Month: 12, Day: 1, LocalTime: ten},
		Window: timing.Window{From: timing.LocalTime{Hour: 22}, To: timing.LocalTime{Hour: 9}},
		Rule:   timing.Rule{From: from, For: timing.Period{Days: 1}, Until: &ten},
		Bare:   timing.Rule{From: from},
	}
	const want = `{"period":"1d12h","time":"09:30","moment":"2026-12-01 10:00","window":{"from":"22:00","to":"09:00"},` +
		`"rule":{"from":"2026-12-01T09:00:00Z","for":"1d","until":"10:00"},"bare":{"from":"2026-12-01T09:00:00Z","for":"0s"}}`
	b, err := json.Marshal(in)
	if err != nil || string(b) != want {
		t.Fatalf("marshal: %v\n got %s\nwant %s", err, b, want)
	}
	var out all
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out); d != "" {
		t.Errorf("read back (-in +out):\n%s", d)
	}
	for _, bad := range []string{`{"period":"1w"}`, `{"period":5}`, `{"time":"24:00"}`, `{"moment":"2026-02-31 10:00"}`, `{"window":{"from":"9"}}`} {
		if err := json.Unmarshal([]byte(bad), new(all)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestPeriodsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(0, 3000).Draw(t, "days")
		p := timing.Period{Days: days, Time: time.Duration(rapid.IntRange(1, 600*86400).Draw(t, "seconds")) * time.Second}
		got, err := timing.ParsePeriod(p.String())
		if err != nil || got != p {
			t.Fatalf("%q reads back as %+v, %v; want %+v", p, got, err, p)
		}
	})
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"2d", "1d12h", "90s", "", "1h1d", "99999999999999999999d", "0s", "3650d1s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := timing.ParsePeriod(s)
		if err != nil {
			return
		}
		if sum := time.Duration(p.Days)*24*time.Hour + p.Time; p.Days < 0 || p.Time < 0 || sum < time.Second || sum > 3650*24*time.Hour {
			t.Fatalf("%q became %+v", s, p)
		}
		if q, err := timing.ParsePeriod(p.String()); err != nil || q != p {
			t.Fatalf("%q → %q → %+v, %v", s, p, q, err)
		}
	})
}

func FuzzParseLocalDateTime(f *testing.F) {
	for _, s := range []string{"2026-12-01 10:00", "2026-12-01T10:00", "2026-02-31 10:00", "0000-01-01 00:00", "9999-12-31 23:59"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		dt, err := timing.ParseLocalDateTime(s)
		if err == nil && dt.String() != strings.Replace(s, "T", " ", 1) {
			t.Fatalf("%q became %q", s, dt)
		}
	})
}

func TestZone(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "EST5EDT", "GB-Eire"} {
		loc, err := timing.Zone(name)
		if err != nil || loc.String() != name {
			t.Errorf("Zone(%q) = %v, %v", name, loc, err)
		}
		if again, _ := timing.Zone(name); again != loc {
			t.Errorf("Zone(%q) is loaded twice", name)
		}
	}
	long := strings.Repeat("Ab", 300)
	for _, name := range []string{
		"", "Local", "local", "/usr/share/zoneinfo/Europe/Berlin", "../Europe/Berlin", "Europe/../Europe/Berlin", "Europe/./Berlin", "Europe//Berlin",
		"Europe/", "/", "Europe", "Mars/Olympus", "Europe/Berlin ", "Europe/Berlin\x00", `Europe\Berlin`, "posixrules", "right/Europe/Berlin",
		"localtime", "tzdata.zi", "Factory", "UTC+3", "+03:00", "Europe/Бerlin", long, strings.Repeat("я", 100),
	} {
		loc, err := timing.Zone(name)
		if !errors.Is(err, timing.ErrZone) {
			t.Errorf("Zone(%q) = %v, %v; want ErrZone", name, loc, err)
		} else if len([]rune(err.Error())) > 40+40 {
			t.Errorf("the error repeats too much: %v", err)
		}
	}
}
