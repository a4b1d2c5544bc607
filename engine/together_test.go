package engine_test

import (
	"bytes"
	"fmt"
	"log/slog"
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
	w.t.Helper()
	log := &told{}
	w.e.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w.publish(campaign("talk", "entry: {event: member.joined}", asks("often", "number", "")+"  - goto: often\n"))
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
