package ratelimit

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
)

// onMiniredis returns a limiter whose clock the test moves.
func onMiniredis(t *testing.T) (*Limiter, *miniredis.Miniredis, func(time.Duration)) {
	t.Helper()
	m := miniredis.RunT(t)
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	m.SetTime(now)
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	return New(client), m, func(d time.Duration) {
		now = now.Add(d)
		m.SetTime(now)
		m.FastForward(d)
	}
}

// take asks one bucket for n.
func take(t *testing.T, l *Limiter, n int, b Bucket, lane campaigns.Lane, want int, wantDry time.Duration) {
	t.Helper()
	if b.Name == "" {
		b.Name = "b"
	}
	got, dry, err := l.Take(t.Context(), lane, []Bucket{b}, []Ask{{N: n, Of: []int{0}}})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].N != want || dry.Round(time.Millisecond) != wantDry {
		t.Errorf("granted %d, dry for %s; want %d, %s", got[0].N, dry, want, wantDry)
	}
}

func TestTake(t *testing.T) {
	l, m, pass := onMiniredis(t)
	b := Bucket{Rate: 10, Burst: 20, Reserve: 0.25}
	take(t, l, 5, b, campaigns.Interactive, 1, 100*time.Millisecond) // an unknown bucket has one token
	pass(50 * time.Millisecond)
	take(t, l, 1, b, campaigns.Interactive, 0, 50*time.Millisecond)
	pass(50 * time.Millisecond)
	take(t, l, 1, b, campaigns.Interactive, 1, 0)
	pass(time.Hour) // full, at the burst
	take(t, l, 100, b, campaigns.Bulk, 15, 100*time.Millisecond)
	take(t, l, 1, b, campaigns.Bulk, 0, 100*time.Millisecond)
	take(t, l, 3, b, campaigns.Interactive, 3, 0) // from the reserve
	take(t, l, 1, b, campaigns.Bulk, 0, 400*time.Millisecond)
	take(t, l, 3, b, campaigns.Interactive, 2, 100*time.Millisecond)
	if ttl := m.TTL(prefix + "b"); ttl < time.Hour {
		t.Errorf("the bucket expires in %s", ttl)
	}
	m.FlushAll()
	take(t, l, 20, b, campaigns.Interactive, 1, 100*time.Millisecond)
}

func TestBulkAlwaysGetsSomething(t *testing.T) {
	l, _, _ := onMiniredis(t)
	take(t, l, 1, Bucket{Rate: 1, Burst: 1, Reserve: 0.9}, campaigns.Bulk, 1, 0)
}

// TestUnknownBucketFills: bulk work, which gets nothing of the single token of an unknown bucket, gets something once it has filled.
func TestUnknownBucketFills(t *testing.T) {
	l, m, pass := onMiniredis(t)
	b := Bucket{Rate: 10, Burst: 20, Reserve: 0.25}
	for range 2 {
		take(t, l, 5, b, campaigns.Bulk, 0, 500*time.Millisecond)
		pass(600 * time.Millisecond)
		take(t, l, 5, b, campaigns.Bulk, 2, 100*time.Millisecond)
		m.FlushAll()
	}
}

// TestFullFromTheStart: a quiet chat may get its burst, and costs Redis nothing once it is quiet again.
func TestFullFromTheStart(t *testing.T) {
	l, m, pass := onMiniredis(t)
	b := Bucket{Name: "chat", Rate: 1, Burst: 3, Full: true}
	take(t, l, 5, b, campaigns.Interactive, 3, time.Second)
	pass(5 * time.Second)
	if m.Exists(prefix + "chat") {
		t.Error("a full bucket is still kept")
	}
	take(t, l, 5, b, campaigns.Interactive, 3, time.Second)
}

// TestSeveralBuckets: a message needs a token of each of its buckets; one that is short keeps none of the others' tokens.
func TestSeveralBuckets(t *testing.T) {
	l, _, pass := onMiniredis(t)
	bot := Bucket{Name: "bot", Rate: 10, Burst: 10}
	chat := func(id string) Bucket {
		return Bucket{Name: "chat:" + id, Rate: 1, Burst: 2, Full: true, Lines: true}
	}
	take(t, l, 1, bot, campaigns.Bulk, 1, 0)
	pass(time.Second)
	buckets := []Bucket{bot, chat("a"), chat("b"), chat("c")}
	got, dry, err := l.Take(t.Context(), campaigns.Bulk, buckets, []Ask{{N: 5, Of: []int{0, 1}}, {N: 1, Of: []int{0, 2}}, {N: 9, Of: []int{0}}, {N: 2, Of: []int{0, 3}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Grant{{N: 2, Lined: 3, First: time.Second}, {N: 1}, {N: 7}, {}}
	if diff := cmp.Diff(want, got); diff != "" || dry != 100*time.Millisecond {
		t.Errorf("dry for %s\n%s", dry, diff)
	}
	pass(time.Second)
	got, _, err = l.Take(t.Context(), campaigns.Bulk, buckets, []Ask{{N: 2, Of: []int{0, 3}}}) // c had kept its two tokens
	if err != nil || got[0].N != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// domain is a mail domain's bucket.
var domain = Bucket{Name: "domain:slow.example", Rate: 10, Burst: 10, Lines: true}

// TestLine: who gets no token is told a moment of its own, one after another over several calls; at that moment each has its token, and none that
// comes later overtakes.
func TestLine(t *testing.T) {
	l, _, pass := onMiniredis(t)
	ask := func(n int, again bool) Grant {
		t.Helper()
		got, _, err := l.Take(t.Context(), campaigns.Bulk, []Bucket{domain}, []Ask{{N: n, Of: []int{0}, Again: again}})
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	if diff := cmp.Diff([]Grant{{N: 1, Lined: 9, First: 100 * time.Millisecond}, {Lined: 5, First: time.Second}}, []Grant{ask(10, false), ask(5, false)}); diff != "" {
		t.Fatal(diff)
	}
	for i := range 14 {
		pass(100 * time.Millisecond)
		if g := ask(1, true); g.N != 1 {
			t.Errorf("number %d in line came at its moment and got nothing: %+v", i, g)
		}
		if g := ask(1, false); i < 11 && g.N != 0 {
			t.Errorf("overtaken after %d", i)
		}
	}
}

// TestLineThatWentAway: the moments of messages that never came (their campaign ended) keep nobody else waiting.
func TestLineThatWentAway(t *testing.T) {
	l, _, pass := onMiniredis(t)
	if _, _, err := l.Take(t.Context(), campaigns.Bulk, []Bucket{domain}, []Ask{{N: 100_000, Of: []int{0}}}); err != nil {
		t.Fatal(err)
	}
	pass(2 * time.Second)
	got, _, err := l.Take(t.Context(), campaigns.Bulk, []Bucket{domain}, []Ask{{N: 30, Of: []int{0}}})
	if diff := cmp.Diff([]Grant{{N: 10, Lined: 20, First: 100 * time.Millisecond}}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// TestOpensLater: during a cool-down all wait for its end, and then one after another.
func TestOpensLater(t *testing.T) {
	l, _, pass := onMiniredis(t)
	b := domain
	b.Opens = time.Minute
	for i, want := range []Grant{{Lined: 3, First: time.Minute}, {Lined: 2, First: time.Minute + 300*time.Millisecond}} {
		got, _, err := l.Take(t.Context(), campaigns.Interactive, []Bucket{b}, []Ask{{N: want.Lined, Of: []int{0}}})
		if diff := cmp.Diff([]Grant{want}, got); err != nil || diff != "" {
			t.Errorf("call %d: %v\n%s", i, err, diff)
		}
	}
	pass(time.Minute)
	b.Opens = 0
	take(t, l, 1, b, campaigns.Bulk, 1, 0)
}

// TestFullAndOpensLater: a cool-down holds although the bucket is full.
func TestFullAndOpensLater(t *testing.T) {
	l, _, _ := onMiniredis(t)
	b := Bucket{Name: "chat", Rate: 1, Burst: 5, Full: true, Lines: true, Opens: 7 * time.Second}
	got, _, err := l.Take(t.Context(), campaigns.Interactive, []Bucket{b}, []Ask{{N: 2, Of: []int{0}, Again: true}})
	if diff := cmp.Diff([]Grant{{Lined: 2, First: 7 * time.Second}}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// TestLineThatComesSeldom: while tokens pile up, since those in line do not come for them, newcomers need not wait for the line's end.
func TestLineThatComesSeldom(t *testing.T) {
	l, _, pass := onMiniredis(t)
	b := Bucket{Rate: 1, Burst: 10, Full: true, Lines: true}
	take(t, l, 40, b, campaigns.Interactive, 10, 0)
	pass(4 * time.Second)
	take(t, l, 1, b, campaigns.Interactive, 0, 0)
	pass(3 * time.Second)
	take(t, l, 1, b, campaigns.Interactive, 1, 0)
}

// TestManyAtOnce: a batch of a thousand messages to as many chats is one call.
func TestManyAtOnce(t *testing.T) {
	l, _, _ := onMiniredis(t)
	take(t, l, 1, domain, campaigns.Bulk, 1, 0) // connected, and the script is known
	var calls counter
	l.client.AddHook(&calls)
	buckets := []Bucket{{Name: "bot", Rate: 2000, Burst: 2000, Full: true}}
	var asks []Ask
	for i := range 1000 {
		buckets = append(buckets, Bucket{Name: fmt.Sprint("chat:", i), Rate: 1, Burst: 5, Full: true, Lines: true})
		asks = append(asks, Ask{N: 1, Of: []int{0, i + 1}})
	}
	got, _, err := l.Take(t.Context(), campaigns.Bulk, buckets, asks)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range got {
		if g.N != 1 {
			t.Fatalf("chat %d: %+v", i, g)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// counter counts what is asked of Redis.
type counter struct{ atomic.Int64 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.Add(1)
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestWithoutRedisNothingIsGranted(t *testing.T) {
	l, m, _ := onMiniredis(t)
	m.Close()
	if got, _, err := l.Take(t.Context(), campaigns.Bulk, []Bucket{domain}, []Ask{{N: 5, Of: []int{0}}}); err == nil || got != nil {
		t.Errorf("granted %v, %v", got, err)
	}
}

// TestWorkersShare has eight workers take at once: together they get no more than the bucket gives.
func TestWorkersShare(t *testing.T) {
	l, _, pass := onMiniredis(t)
	share(t, l, fmt.Sprintf("share-%d", os.Getpid()), func() { pass(60_000 * time.Second) })
}

func TestOnRedis(t *testing.T) {
	url := os.Getenv("KRUZHOK_TEST_REDIS_URL")
	if url == "" {
		if os.Getenv("KRUZHOK_REQUIRE_SERVICES") != "" {
			t.Fatal("KRUZHOK_TEST_REDIS_URL is not set")
		}
		t.Skip("KRUZHOK_TEST_REDIS_URL is not set")
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	bucket := fmt.Sprintf("test-%d-%d", os.Getpid(), time.Now().UnixNano())
	t.Cleanup(func() { client.Del(context.Background(), prefix+bucket) })
	share(t, New(client), bucket, func() { // as if a long time had passed: the bucket's moment is put back
		kept, err := client.Get(t.Context(), prefix+bucket).Result()
		if err != nil {
			t.Fatal(err)
		}
		var full, back float64
		if _, err := fmt.Sscan(strings.TrimSpace(kept), &full, &back); err != nil {
			t.Fatal(err)
		}
		client.Set(t.Context(), prefix+bucket, fmt.Sprintf("%.3f %.3f", full-60e9, back), time.Hour)
	})
	if ttl := client.PTTL(t.Context(), prefix+bucket).Val(); ttl <= 0 {
		t.Errorf("the bucket does not expire: %s", ttl)
	}
}

func share(t *testing.T, l *Limiter, bucket string, filled func()) {
	t.Helper()
	one := func(n int, b Bucket) int {
		b.Name = bucket
		got, _, err := l.Take(t.Context(), campaigns.Interactive, []Bucket{b}, []Ask{{N: n, Of: []int{0}}})
		if err != nil {
			t.Error(err)
			return 0
		}
		return got[0].N
	}
	slow := Bucket{Rate: 0.001, Burst: 50} // comes back too slowly to matter on a real clock
	takeAll := func() int64 {
		var total atomic.Int64
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for range 10 {
					total.Add(int64(one(3, slow)))
				}
			})
		}
		workers.Wait()
		return total.Load()
	}
	if got := takeAll(); got != 1 {
		t.Errorf("an unknown bucket gave %d tokens", got)
	}
	filled()
	if got := one(60, Bucket{Rate: 1e6, Burst: 50}); got != 50 {
		t.Errorf("a full bucket gave %d of at most 50", got)
	}
	if got := takeAll(); got > 50 {
		t.Errorf("80 takers got %d tokens of a bucket of 50", got)
	}
}
