package engine_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/store"
)

// told keeps what the engine logs.
type told struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *told) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *told) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// crowd lets n members be asked how many words, again and again.
func crowd(w *world, n int) *told {
	return crowdIn(w, n, asks("often", "number", "")+"  - goto: often\n")
}

// crowdIn lets n members join a campaign with these steps.
func crowdIn(w *world, n int, steps string) *told {
	w.t.Helper()
	log := &told{}
	w.e.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w.publish(campaign("talk", "entry: {event: member.joined}", steps))
	for i := range n {
		w.bot.Start(sandbox.BotUser{ID: int64(1000 + i), FirstName: "Name", LanguageCode: "en"}, "")
	}
	w.later(2 * time.Second) // a slow machine may give messages back for a second
	return log
}

// writes lets a member write, and leaves what follows to others.
func (w *world) writes(user int64, text string) {
	w.t.Helper()
	_, err := w.bot.Say(user, text)
	must(w.t, err)
}

// TestCrowdAnswers: what many answer at once is handled together, and each gets the next question, once.
func TestCrowdAnswers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n, rounds = 30, 3
		log := crowd(w, n)
		for r := range rounds {
			for i := range n {
				w.writes(int64(1000+i), fmt.Sprint(r))
			}
			w.later(2 * time.Second)
		}
		if log.String() != "" {
			t.Errorf("the engine says:\n%s", log)
		}
		for i := range n {
			if c := w.chat(int64(1000 + i)); len(c) != 2+rounds || c[len(c)-1] != "often?" { // Hello, and the questions
				t.Fatalf("chat %d: %q", i, c)
			}
		}
		rs, err := w.store.Responses(t.Context(), store.ResponseFilter{}, store.Page{Limit: 1000})
		must(t, err)
		if len(rs) != n*rounds {
			t.Errorf("%d answers of %d", len(rs), n*rounds)
		}
		for _, r := range rs {
			if r.Answer.Number != float64(r.Visit-1) || r.Answer.Channel != campaigns.Telegram {
				t.Errorf("visit %d: %+v", r.Visit, r.Answer)
			}
		}
		recounted(t, w)
	})
}

// TestCrowdPresses: what many press at once is handled together. Each gets the next question, once; the pressed message shows the choice, and a later press on
// it shows the later one.
func TestCrowdPresses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n, rounds = 30, 3
		log := crowdIn(w, n, asks("one", "choice", twoOptions)+asks("two", "choice", twoOptions)+asks("three", "choice", twoOptions)+sends("thanks", "Thanks"))
		press := func(i, question, option int) {
			t.Helper()
			asked := w.bot.Chat(int64(1000 + i))[1+question]
			_, err := w.bot.Press(int64(1000+i), asked.ID, asked.Keyboard[0][option].Data)
			must(t, err)
		}
		for r := range rounds {
			for i := range n {
				press(i, r, (i+r)%2)
			}
			w.later(2 * time.Second)
		}
		for i := range n {
			press(i, 0, 0)
			if i%3 == 0 {
				press(i, 0, 1) // and thinks better of it
			}
		}
		w.later(2 * time.Second)
		if log.String() != "" {
			t.Errorf("the engine says:\n%s", log)
		}
		rs, err := w.store.Responses(t.Context(), store.ResponseFilter{}, store.Page{Limit: 1000})
		must(t, err)
		if len(rs) != n*rounds {
			t.Errorf("%d answers of %d", len(rs), n*rounds)
		}
		for i := range n {
			chat := w.bot.Chat(int64(1000 + i))
			if len(chat) != 2+rounds || chat[4].Text != "Thanks" {
				t.Fatalf("chat %d: %q", i, w.chat(int64(1000+i)))
			}
			want := "✓ Apple"
			if i%3 == 0 {
				want = "✓ Pear"
			}
			if k := chat[1].Keyboard; !marks(k, want) || !marks(chat[2].Keyboard, "✓ "+[]string{"Apple", "Pear"}[(i+1)%2]) {
				t.Fatalf("chat %d shows %+v and %+v, not %s", i, k, chat[2].Keyboard, want)
			}
		}
		recounted(t, w)
	})
}

func marks(k [][]sandbox.BotButton, label string) bool {
	return slices.ContainsFunc(k, func(row []sandbox.BotButton) bool {
		return slices.ContainsFunc(row, func(b sandbox.BotButton) bool { return b.Text == label })
	})
}

// TestCrowdSpeaks: what many say at once is handled together: a challenge's rounds and points are counted, and each recording is fetched.
func TestCrowdSpeaks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 12
		w.publish(challenge)
		for i := range n {
			w.enters(int64(1000+i), fmt.Sprint("Ann", i), fmt.Sprint("a", i))
		}
		for day := range 2 {
			w.until(time.Date(2026, 11, 25+day, 9, 30, 0, 0, time.UTC))
			for i := range n {
				_, err := w.bot.SendUpload(int64(1000+i), sandbox.BotUpload{Kind: "voice", Seconds: 7, Content: []byte("OggS hello"), MIME: "audio/ogg"})
				must(t, err)
			}
			w.later(time.Minute)
			for i := range n {
				if got, want := w.last(int64(1000+i)), fmt.Sprintf("%d points, %d days", 10*(day+1), day+1); got != want {
					t.Fatalf("day %d: %q, not %q", day+1, got, want)
				}
			}
		}
		must(t, w.e.FetchMedia(t.Context()))
		all, err := w.store.MediaList(t.Context(), 0, store.Page{Limit: 1000})
		must(t, err)
		if len(all) != 2*n {
			t.Errorf("%d files of %d", len(all), 2*n)
		}
		for _, m := range all {
			if m.State != store.MediaStored || m.Input == 0 {
				t.Errorf("a file is %+v", m)
			}
		}
		recounted(t, w)
	})
}

// TestCrowdFallsApart: who answers wrongly, asks for help or writes twice among a crowd gets what they would get alone, and nobody else is kept waiting.
func TestCrowdFallsApart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 8
		log := crowd(w, n)
		for i := range n {
			user := int64(1000 + i)
			switch i {
			case 1:
				w.writes(user, "many")
			case 2:
				w.writes(user, "/help")
			case 3:
				w.writes(user, "1")
				w.writes(user, "2")
			default:
				w.writes(user, "7")
			}
		}
		w.later(2 * time.Second)
		if log.String() != "" {
			t.Errorf("the engine says:\n%s", log)
		}
		for i := range n {
			c := w.chat(int64(1000 + i))
			want := 3
			if i == 3 {
				want = 4
			}
			if len(c) != want {
				t.Errorf("chat %d: %q", i, c)
			}
			if i != 1 && i != 2 && c[len(c)-1] != "often?" {
				t.Errorf("chat %d: %q", i, c)
			}
		}
		recounted(t, w)
	})
}

// TestCrowdWithABadOne: an input that cannot be handled falls out; the others of its crowd are handled, each once, and it is tried again by itself.
func TestCrowdWithABadOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n, bad = 6, 2
		crowd(w, n)
		m, err := w.store.MemberByAddress(t.Context(), campaigns.Telegram, fmt.Sprint(1000+bad))
		must(t, err)
		mend := w.spoil("talk", m.ID)
		for i := range n {
			w.writes(int64(1000+i), "7")
		}
		w.receive()
		for range 3 {
			actors, err := w.e.SweepActors(t.Context(), -time.Hour, 1000)
			must(t, err)
			if err := w.e.HandleActors(t.Context(), actors); err == nil {
				t.Error("nothing failed")
			}
		}
		for i := range n {
			c := w.chat(int64(1000 + i))
			if want := 3; i != bad && (len(c) != want || c[2] != "often?") || i == bad && len(c) != 2 {
				t.Errorf("chat %d: %q", i, c)
			}
		}
		mend()
		w.later(2 * time.Second)
		if c := w.chat(1000 + bad); len(c) != 3 {
			t.Errorf("the mended one: %q", c)
		}
		recounted(t, w)
	})
}

// recounted fails where counters are not what the rows say.
func recounted(t *testing.T, w *world) {
	t.Helper()
	must(t, w.e.FoldCounters(t.Context()))
	cs, err := w.store.Campaigns(t.Context(), store.Page{})
	must(t, err)
	for _, c := range cs {
		if off, _, err := w.store.Recount(t.Context(), c.ID, w.clock.now()); err != nil || off > 0 {
			t.Errorf("campaign %s: %d counters are off, %v", c.Key, off, err)
		}
	}
}
