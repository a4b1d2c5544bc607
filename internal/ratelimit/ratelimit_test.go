package ratelimit

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
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

func take(t *testing.T, l *Limiter, n int, b Bucket, lane campaigns.Lane, want int, wantWait time.Duration) {
	t.Helper()
	granted, wait, err := l.Take(t.Context(), "b", n, b, lane)
	if err != nil {
		t.Fatal(err)
	}
	if granted != want || wait.Round(time.Millisecond) != wantWait {
		t.Errorf("granted %d, wait %s; want %d, %s", granted, wait, want, wantWait)
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
	pass(time.Hour)
	take(t, l, 1, b, campaigns.Interactive, 1, 0)
	pass(10 * time.Second) // full, at the burst
	take(t, l, 100, b, campaigns.Bulk, 15, 100*time.Millisecond)
	take(t, l, 1, b, campaigns.Bulk, 0, 100*time.Millisecond)
	take(t, l, 3, b, campaigns.Interactive, 3, 0) // from the reserve
	take(t, l, 1, b, campaigns.Bulk, 0, 400*time.Millisecond)
	take(t, l, 3, b, campaigns.Interactive, 2, 100*time.Millisecond)
	if ttl := m.TTL(prefix + "b"); ttl < 2*time.Second || ttl > 2*time.Minute {
		t.Errorf("the bucket expires in %s", ttl)
	}
	m.FlushAll()
	take(t, l, 20, b, campaigns.Interactive, 1, 100*time.Millisecond)
}

func TestBulkAlwaysGetsSomething(t *testing.T) {
	l, _, _ := onMiniredis(t)
	take(t, l, 1, Bucket{Rate: 1, Burst: 1, Reserve: 0.9}, campaigns.Bulk, 1, 0)
}

func TestUnlimitedAsksNobody(t *testing.T) {
	l := New(redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"}))
	take(t, l, 1000, Bucket{}, campaigns.Bulk, 1000, 0)
	take(t, l, 0, Bucket{Rate: 1, Burst: 1}, campaigns.Bulk, 0, 0)
}

func TestWithoutRedisNothingIsGranted(t *testing.T) {
	l, m, _ := onMiniredis(t)
	m.Close()
	if granted, _, err := l.Take(t.Context(), "b", 5, Bucket{Rate: 1, Burst: 1}, campaigns.Bulk); err == nil || granted != 0 {
		t.Errorf("granted %d, %v", granted, err)
	}
}

// TestWorkersShare has eight workers take at once: together they get no more than the bucket gives.
func TestWorkersShare(t *testing.T) {
	l, _, pass := onMiniredis(t)
	share(t, l, fmt.Sprintf("share-%d", os.Getpid()), func() { pass(time.Second) })
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
	share(t, New(client), bucket, func() { // as if a second had passed: the bucket's moment is put back
		at, err := client.HGet(t.Context(), prefix+bucket, "at").Int64()
		if err != nil {
			t.Fatal(err)
		}
		client.HSet(t.Context(), prefix+bucket, "at", at-1_000_000)
	})
	if ttl := client.PTTL(t.Context(), prefix+bucket).Val(); ttl <= 0 {
		t.Errorf("the bucket does not expire: %s", ttl)
	}
}

func share(t *testing.T, l *Limiter, bucket string, second func()) {
	t.Helper()
	b := Bucket{Rate: 0.001, Burst: 50} // comes back too slowly to matter on a real clock
	takeAll := func(b Bucket) int64 {
		var total atomic.Int64
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for range 10 {
					granted, _, err := l.Take(t.Context(), bucket, 3, b, campaigns.Interactive)
					if err != nil {
						t.Error(err)
					}
					total.Add(int64(granted))
				}
			})
		}
		workers.Wait()
		return total.Load()
	}
	if got := takeAll(b); got != 1 {
		t.Errorf("an unknown bucket gave %d tokens", got)
	}
	second()
	if got, _, err := l.Take(t.Context(), bucket, 60, Bucket{Rate: 100, Burst: 50}, campaigns.Interactive); err != nil || got != 50 {
		t.Errorf("a second at 100/s gave %d of at most 50: %v", got, err)
	}
	if got := takeAll(b); got > 1 {
		t.Errorf("an emptied bucket gave %d tokens", got)
	}
}
