//go:build unix

package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is one that forgets everything when it ends.
type Redis struct {
	process
	binary string
	port   string
	args   []string
}

// StartRedis starts one, or skips the test where no server is installed.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	return startRedis(t)
}

func startRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	dir, _ := folder(t, "redis") // a replica writes what its master tells it to a file there
	r := &Redis{process: process{t: t, name: "Redis"}, port: FreePort(t), args: append([]string{"--dir", dir}, args...)}
	for _, name := range []string{"redis-server", os.Getenv("KRUZHOK_TEST_REDIS_BIN")} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			r.binary = path
		}
	}
	installed(t, "Redis", r.binary)
	r.Start()
	t.Cleanup(r.Stop)
	return r
}

// Start starts it again, empty, and waits until it answers.
func (r *Redis) Start() {
	r.t.Helper()
	client := r.client()
	defer func() { _ = client.Close() }()
	cmd := exec.Command(r.binary, append([]string{"--port", r.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}, r.args...)...)
	r.run(cmd, func() error { return client.Ping(context.Background()).Err() })
}

// Stop kills it.
func (r *Redis) Stop() { r.end(syscall.SIGKILL) }

// Freeze lets it hang: it takes connections and answers nothing, until it is thawed.
func (r *Redis) Freeze() { _ = r.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (r *Redis) Thaw() { _ = r.cmd.Process.Signal(syscall.SIGCONT) }

// Flush lets it forget everything.
func (r *Redis) Flush() {
	client := r.client()
	defer func() { _ = client.Close() }()
	if err := client.FlushAll(context.Background()).Err(); err != nil {
		r.t.Error(err)
	}
}

// URL is its address, as KRUZHOK_REDIS_URL takes it.
func (r *Redis) URL() string { return "redis://" + r.address() + "/0" }

func (r *Redis) address() string { return "127.0.0.1:" + r.port }

func (r *Redis) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: r.address(), MaxRetries: -1})
}

// Watched are a Redis and its replica, and a Sentinel that makes the one the master when the other is away for half a second.
type Watched struct {
	t        testing.TB
	pair     [2]*Redis
	sentinel *Redis
}

// settles is how long a Sentinel or a cluster may take to agree.
const settles = 30 * time.Second

// masterName is what the Sentinel calls what it watches.
const masterName = "kruzhok"

// StartWatched starts the three, or skips the test where no server is installed.
func StartWatched(t testing.TB) *Watched {
	t.Helper()
	first := startRedis(t)
	second := startRedis(t, "--replicaof", "127.0.0.1 "+first.port)
	dir, _ := folder(t, "sentinel")
	settings := write(t, dir, "sentinel.conf", fmt.Sprintf("sentinel monitor %[1]s 127.0.0.1 %[2]s 1\nsentinel down-after-milliseconds %[1]s 500\nsentinel failover-timeout %[1]s 2000\n", masterName, first.port))
	w := &Watched{t: t, pair: [2]*Redis{first, second}}
	w.sentinel = &Redis{process: process{t: t, name: "Sentinel"}, port: FreePort(t), binary: first.binary}
	client := w.sentinel.client()
	defer func() { _ = client.Close() }()
	w.sentinel.run(exec.Command(first.binary, settings, "--sentinel", "--port", w.sentinel.port, "--bind", "127.0.0.1"), func() error {
		// it has to know the replica, or there is nobody to take over
		known, err := redis.NewSentinelClient(&redis.Options{Addr: w.sentinel.address(), MaxRetries: -1}).Replicas(context.Background(), masterName).Result()
		if err == nil && len(known) == 0 {
			err = errNotYet
		}
		return err
	})
	t.Cleanup(w.sentinel.Stop)
	return w
}

// URL is the Sentinel's address and the master's name, as KRUZHOK_REDIS_URL takes them.
func (w *Watched) URL() string {
	return "redis-sentinel://" + w.sentinel.address() + "/0?master_name=" + masterName
}

// FailOver kills the master, waits until the other one is it, and starts the first again, empty.
func (w *Watched) FailOver() {
	w.t.Helper()
	master := w.master()
	var gone *Redis
	for _, r := range w.pair {
		if r.address() == master {
			gone = r
		}
	}
	if gone == nil {
		w.t.Fatalf("the master %s is none of the two", master)
	}
	gone.Stop()
	if err := until(settles, func() error {
		if w.master() == master {
			return errNotYet
		}
		return nil
	}); err != nil {
		w.t.Fatal("the Sentinel made nobody the master")
	}
	gone.Start() // the Sentinel makes it a replica
}

func (w *Watched) master() string {
	client := redis.NewSentinelClient(&redis.Options{Addr: w.sentinel.address()})
	defer func() { _ = client.Close() }()
	at, err := client.GetMasterAddrByName(context.Background(), masterName).Result()
	if err != nil || len(at) != 2 {
		w.t.Fatalf("ask the Sentinel for the master: %v", err)
	}
	return at[0] + ":" + at[1]
}

// StartCluster starts three servers that share the keys, and returns their address as KRUZHOK_REDIS_URL takes it. It skips the test where no server is installed.
func StartCluster(t testing.TB) (url string) {
	t.Helper()
	ctx := context.Background()
	dir, _ := folder(t, "cluster")
	var nodes []*Redis
	for i := range 3 {
		n := startRedis(t, "--cluster-enabled", "yes", "--cluster-config-file", fmt.Sprintf("%s/nodes-%d.conf", dir, i), "--cluster-port", FreePort(t))
		nodes = append(nodes, n)
	}
	const slots = 16384
	for i, n := range nodes {
		c := n.client()
		defer func() { _ = c.Close() }()
		if err := c.ClusterAddSlotsRange(ctx, i*slots/3, (i+1)*slots/3-1).Err(); err != nil {
			t.Fatal(err)
		}
		bus := nodes[0].args[len(nodes[0].args)-1]
		if err := c.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", nodes[0].port, bus).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range nodes {
		c := n.client()
		defer func() { _ = c.Close() }()
		if err := until(settles, func() error {
			info, err := c.ClusterInfo(ctx).Result()
			if err == nil && (!strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:3")) {
				err = errNotYet
			}
			return err
		}); err != nil {
			t.Fatalf("the cluster does not come together: %v", err)
		}
	}
	return "redis-cluster://" + nodes[0].address() + "?addr=" + nodes[1].address()
}
