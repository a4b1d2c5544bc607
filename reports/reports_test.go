package reports

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

func number(n float64, times int) store.AnswerCount {
	return store.AnswerCount{Question: "q", Type: campaigns.NPS, Number: &n, N: times}
}

func TestNPS(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []store.AnswerCount
		want NPS
	}{
		{"few answers have no score", []store.AnswerCount{number(10, 5), number(0, 14)}, NPS{N: 19, Promoters: 5, Detractors: 14}},
		{"twenty have one", []store.AnswerCount{number(10, 8), number(9, 4), number(8, 3), number(7, 1), number(6, 3), number(0, 1)}, NPS{N: 20, Promoters: 12, Passives: 4, Detractors: 4, Score: new(40.0)}},
		{"all against", []store.AnswerCount{number(3, 30)}, NPS{N: 30, Detractors: 30, Score: new(-100.0)}},
		{"none", nil, NPS{}},
	} {
		if d := cmp.Diff(&c.want, nps(c.rows)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestQuestionCountsEveryOption(t *testing.T) {
	ask := &definition.Ask{Type: campaigns.Choice, SaveAs: "level", Options: []definition.Option{
		{Value: "a1", Text: definition.Texts{"en": "Beginner", "ru": "Начинающий"}}, {Value: "b1", Text: definition.Texts{"en": "Middle", "ru": "Средний"}},
	}}
	rows := []store.AnswerCount{
		{Question: "level", Type: campaigns.Choice, Choice: "b1", N: 3},
		{Question: "level", Type: campaigns.Choice, Choice: "old", N: 2},
		{Question: "level", Type: campaigns.Choice, Choice: "b1", Late: true, N: 1},
	}
	got := question("level", asked{"level", ask, "en"}, rows, nil, "ru")
	want := Question{
		Question: "level", Step: "level", Type: campaigns.Choice, N: 6, Late: 1, Few: true,
		Values: []ValueCount{{"a1", "Начинающий", 0}, {"b1", "Средний", 4}, {"old", "old", 2}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMeanNeedsTwentyAnswers(t *testing.T) {
	q := Question{Type: campaigns.CSAT}
	q.score([]store.AnswerCount{number(5, 10), number(4, 9)})
	if q.Mean != nil {
		t.Errorf("mean of 19: %v", *q.Mean)
	}
	q.score([]store.AnswerCount{number(5, 10), number(4, 10)})
	if q.Mean == nil || *q.Mean != 4.5 {
		t.Errorf("mean of 20: %v", q.Mean)
	}
}

func TestGuard(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+7": "'+7", "-x": "'-x", "@a": "'@a", "\tx": "'\tx", "\rx": "'\rx", "a=1": "a=1", "": "", "Привет": "Привет"} {
		if got := guard(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	row := csvRow(ResponseRow{&store.Response{Question: "=q", Answer: campaigns.Answer{Type: campaigns.Number, Number: -3}}, "@anna"})
	if row[1] != "'@anna" || row[3] != "'=q" || row[csvValueColumn] != "-3" {
		t.Errorf("row %q", row)
	}
}

func TestStandingJoinsVersions(t *testing.T) {
	counts := []store.Count{
		{Version: 1, State: "waiting", Step: "b", Wait: "answer", N: 2},
		{Version: 2, State: "waiting", Step: "b", Wait: "answer", N: 3},
		{Version: 2, State: "waiting", Step: "a", Wait: "time", N: 1},
		{Version: 2, State: "exited", Reason: "left", N: 7},
	}
	got := standing(counts, order{"a": 0, "b": 1})
	want := []Standing{{"a", 1, []WaitCount{{"time", 1}}}, {"b", 5, []WaitCount{{"answer", 5}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	e := enrolled(counts, "en")
	if e.Total != 13 || len(e.Reasons) != 1 || e.Reasons[0].N != 7 || e.Reasons[0].Sentence == "" {
		t.Errorf("enrolled: %+v", e)
	}
}

// TestEveryEntryHasWords: whatever state a row is in, its entry has a sentence of its own.
func TestEveryEntryHasWords(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	var all []Entry
	for _, kind := range []store.DeliveryKind{store.StepDelivery, store.SystemDelivery} {
		for _, s := range []campaigns.DeliveryState{campaigns.Pending, campaigns.Claimed, campaigns.Sending, campaigns.Sent, campaigns.Failed, campaigns.Suppressed, campaigns.Expired, campaigns.Canceled, campaigns.HeldOut, campaigns.Unknown} {
			all = append(all, deliveryEntries(&store.Delivery{Kind: kind, State: s, Channel: campaigns.Email, CreatedAt: at})...)
		}
	}
	for _, s := range []campaigns.EnrollmentState{campaigns.EnrollmentActive, campaigns.EnrollmentCompleted, campaigns.EnrollmentExited} {
		all = append(all, enrollmentEntries(&store.Enrollment{State: s, EnteredAt: at, EndedAt: &at})[:1]...)
		if s.Final() {
			all = append(all, enrollmentEntries(&store.Enrollment{State: s, EnteredAt: at, EndedAt: &at})...)
		}
	}
	all = append(all, responseEntries(&store.Response{}, true)...)
	all = append(all, responseEntries(&store.Response{Erased: true}, true)...)
	all = append(all, responseEntries(&store.Response{Answer: campaigns.Answer{Late: true}}, true)...)
	all = append(all, messageEntries(&store.Message{})...)
	for _, e := range all {
		if !locale.Has(e.words) {
			t.Errorf("%s has no words", e.words)
		}
		for _, lang := range locale.Languages() {
			if s := e.sentence(lang, time.UTC); s == "" || s == e.words {
				t.Errorf("%s in %s: %q", e.words, lang, s)
			}
		}
	}
}

func TestCutGivesEachEntryOnce(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, newest := range []bool{false, true} {
		var entries []Entry
		for i := range 7 { // several at one moment
			entries = append(entries, Entry{At: at.Add(time.Duration(i/3) * time.Second), Kind: KindEvent, id: int64(i)}, Entry{At: at.Add(time.Duration(i/3) * time.Second), Kind: KindConsent, id: int64(i)})
		}
		seen := map[place]int{}
		q := TimelineQuery{Newest: newest, Limit: 3}
		for range 10 {
			from, err := readPlace(q.Cursor)
			if err != nil {
				t.Fatal(err)
			}
			page := cut(entries, from, q)
			for _, e := range page.Items {
				seen[e.place()]++
			}
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				break
			}
		}
		if len(seen) != 14 {
			t.Errorf("newest %v: %d of 14 entries", newest, len(seen))
		}
		for p, n := range seen {
			if n != 1 {
				t.Errorf("newest %v: %v came %d times", newest, p, n)
			}
		}
	}
}

func FuzzReadPlace(f *testing.F) {
	for _, s := range []string{"", "x", "dDoxOjI6ZXZlbnQ", "dDo6OjE"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := readPlace(cursor)
		if err == nil && p != nil {
			if again, err := readPlace(p.cursor()); err != nil || *again != *p {
				t.Fatalf("%q: %v %v", cursor, again, err)
			}
		}
	})
}

// TestRefusedEntrySpeaksOfTheCampaign: the reasons' sentences are about a step, and nothing was begun that could go on.
func TestRefusedEntrySpeaksOfTheCampaign(t *testing.T) {
	for _, c := range []struct{ lang, reason, data, want string }{
		{"en", "no_address", "", "Was not taken into the campaign “autumn”: no address on any of its channels."},
		{"ru", "no_address", "", "Кампания «autumn» не началась: у участника нет адреса ни в одном из её каналов."},
		{"en", "reentry", "", "Was not taken into the campaign “autumn” again: its entry rule allows no further passage, or not yet."}, // a record of before it was kept
		{"en", "reentry", `{"again_from": "2026-11-25T10:00:00Z"}`, "Was not taken into the campaign “autumn” again: its entry rule lets the member in again from 25 November, 10:00 on (zone UTC)."},
		{"en", "reentry", `{"again_from": "2026-11-25T10:00:00Z", "again_keyed": true}`, "Was not taken into the campaign “autumn” again: about the same thing, its entry rule lets the member in again from 25 November, 10:00 on (zone UTC)."},
		{"ru", "reentry", `{"again_never": true, "again_keyed": true}`, "Кампания «autumn» не началась ещё раз: правило входа даёт участнику пройти её по одному поводу один раз."},
	} {
		at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		e := eventEntries(store.Event{At: at, Name: "enrollment.refused", Reason: campaigns.Reason(c.reason), Data: []byte(c.data)})[0]
		e.Campaign = "autumn"
		if got := e.sentence(c.lang, time.UTC); got != c.want {
			t.Errorf("%s: %q, want %q", c.lang, got, c.want)
		}
	}
}
