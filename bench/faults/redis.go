//go:build unix

package faults

import (
	"context"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a Redis that forgets everything when it ends.
type redisServer struct {
	t      testing.TB
	binary string
	port   string
	cmd    *exec.Cmd
}

// startRedis starts one, or skips the test where no server is installed.
func startRedis(t testing.TB) *redisServer {
	t.Helper()
	r := &redisServer{t: t}
	for _, name := range []string{"redis-server", os.Getenv("KRUZHOK_TEST_REDIS_BIN")} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			r.binary = path
		}
	}
	installed(t, "Redis", r.binary)
	_, r.port, _ = net.SplitHostPort(freeAddress(t))
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *redisServer) start() {
	r.t.Helper()
	r.cmd = exec.Command(r.binary, "--port", r.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	client := r.client()
	defer client.Close()
	for end := time.Now().Add(30 * time.Second); client.Ping(context.Background()).Err() != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatal("Redis does not answer")
		}
	}
}

func (r *redisServer) stop() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// freeze lets it hang: it takes connections and answers nothing, until it is thawed.
func (r *redisServer) freeze() { _ = r.cmd.Process.Signal(syscall.SIGSTOP) }
func (r *redisServer) thaw()   { _ = r.cmd.Process.Signal(syscall.SIGCONT) }

func (r *redisServer) flush() {
	client := r.client()
	defer client.Close()
	if err := client.FlushAll(context.Background()).Err(); err != nil {
		r.t.Error(err)
	}
}

func (r *redisServer) url() string { return "redis://127.0.0.1:" + r.port + "/0" }

func (r *redisServer) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + r.port, MaxRetries: -1})
}
