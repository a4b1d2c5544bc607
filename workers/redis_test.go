//go:build unix

package workers_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/bench/servers"
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/ratelimit"
	"github.com/kruzhok/kruzhok/workers"
)

func open(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	rdb, err := workers.OpenRedis(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// On a cluster each script's keys must lie together, and bells are heard by those who listen at another server.
func TestOnACluster(t *testing.T) {
	rdb := open(t, servers.StartCluster(t))
	r := newRecorder()
	q := start(t, rdb, r)
	limiter := ratelimit.New(rdb)
	for range 3 {
		must(t, q.WakeActors(t.Context(), "a"))
		r.wait(t, "actor a")
		must(t, q.WakeDue(t.Context()))
		r.wait(t, "due")
		must(t, q.WakeLane(t.Context(), campaigns.Bulk, campaigns.Email))
		r.wait(t, "lane bulk email")
		grants, _, err := limiter.Take(t.Context(), campaigns.Bulk,
			[]ratelimit.Bucket{{Name: "bot", Rate: 1000, Burst: 10}, {Name: "chat:1", Rate: 1000, Burst: 3, Full: true}, {Name: "mail:example.org", Rate: 1000, Burst: 5}},
			[]ratelimit.Ask{{N: 1, Of: []int{0, 1}}, {N: 1, Of: []int{2}}})
		must(t, err)
		if len(grants) != 2 {
			t.Fatal(grants)
		}
	}
}

// Work goes on at the new master.
func TestAfterAFailOver(t *testing.T) {
	watched := servers.StartWatched(t)
	rdb := open(t, watched.URL())
	r := newRecorder()
	q := start(t, rdb, r)
	must(t, q.WakeDue(t.Context()))
	r.wait(t, "due")
	watched.FailOver()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // the sweeps put wake-ups again and again
		_ = q.WakeDue(context.Background())
		select {
		case got := <-r.calls:
			if got == "due" {
				return
			}
		default:
		}
		if time.Now().After(end) {
			t.Fatal("no wake-up arrives at the new master")
		}
	}
}

func TestOpenRedisRefuses(t *testing.T) {
	for _, url := range []string{
		"", "redis", "http://h:1", "redis://h:hunter2@:x", "redis-sentinel://:hunter2@h:26379", "redis-sentinel://h:26379/zero?master_name=m", "redis-cluster://:hunter2@h:6379?hunter2=1",
		"redis-other://h:6379",
	} {
		_, err := workers.OpenRedis(url, slog.New(slog.DiscardHandler))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{
		"redis://:p@h:6379/2", "rediss://h", "unix:///run/redis.sock", "redis-sentinel://h:26379/1?master_name=m&addr=h2:26379&password=p", "rediss-sentinel://u:p@h?master_name=m",
		"redis-cluster://h:6379?addr=h2:6379&addr=h3:6379", "rediss-cluster://u:p@h",
	} {
		rdb, err := workers.OpenRedis(url, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		_ = rdb.Close()
	}
}
