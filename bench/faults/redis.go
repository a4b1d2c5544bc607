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

// Redis is one that forgets everything when it ends.
type Redis struct {
	t      testing.TB
	binary string
	port   string
	cmd    *exec.Cmd
}

// StartRedis starts one, or skips the test where no server is installed.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	r := &Redis{t: t}
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

func (r *Redis) start() {
	r.t.Helper()
	r.cmd = exec.Command(r.binary, "--port", r.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	r.cmd.SysProcAttr = mortal(nil)
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

func (r *Redis) stop() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// freeze lets it hang: it takes connections and answers nothing, until it is thawed.
func (r *Redis) freeze() { _ = r.cmd.Process.Signal(syscall.SIGSTOP) }
func (r *Redis) thaw()   { _ = r.cmd.Process.Signal(syscall.SIGCONT) }

func (r *Redis) flush() {
	client := r.client()
	defer client.Close()
	if err := client.FlushAll(context.Background()).Err(); err != nil {
		r.t.Error(err)
	}
}

// URL is its address.
func (r *Redis) URL() string { return "redis://127.0.0.1:" + r.port + "/0" }

func (r *Redis) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + r.port, MaxRetries: -1})
}
