//go:build unix

// Package servers starts servers of a test's own, which end with it: PostgreSQL and a PgBouncer before it, Redis alone, watched by a Sentinel, or as a cluster.
// What is not installed skips the test, or fails it where KRUZHOK_REQUIRE_SERVICES is set.
package servers

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// installed is the server's path. Where there is none the test is skipped, or fails when services are required.
func installed(t testing.TB, what, path string) string {
	t.Helper()
	switch {
	case path != "":
	case os.Getenv("KRUZHOK_REQUIRE_SERVICES") != "":
		t.Fatalf("no %s to start", what)
	default:
		t.Skipf("no %s to start", what)
	}
	return path
}

// FreePort is a port of 127.0.0.1 at which nobody listens.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// folder makes one for a server that refuses root, and says as whom to run it. It is not below the test's own, which other users cannot enter.
func folder(t testing.TB, name string) (dir string, as *syscall.SysProcAttr) {
	t.Helper()
	dir, err := os.MkdirTemp("", "kruzhok-"+name+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getuid() != 0 {
		return dir, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			t.Fatal(err)
		}
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	return dir, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// process is one server that can be ended and started again.
type process struct {
	t    testing.TB
	name string
	log  string // a file; empty: nobody reads it
	cmd  *exec.Cmd
}

// run starts the command and waits until it answers.
func (p *process) run(cmd *exec.Cmd, answers func() error) {
	p.t.Helper()
	if p.log != "" {
		log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			p.t.Fatal(err)
		}
		defer func() { _ = log.Close() }()
		cmd.Stdout, cmd.Stderr = log, log
	}
	cmd.SysProcAttr = Mortal(cmd.SysProcAttr)
	p.cmd = cmd
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	if err := until(time.Minute, answers); err != nil {
		words, _ := os.ReadFile(p.log)
		p.t.Fatalf("%s does not answer: %v\n%s", p.name, err, words)
	}
}

// end signals it and waits for its end. What has ended already stays so.
func (p *process) end(how syscall.Signal) {
	_ = p.cmd.Process.Signal(how)
	_ = p.cmd.Wait()
}

// until asks again and again until there is no error, and returns the last one.
func until(limit time.Duration, ask func() error) error {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		err := ask()
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// write writes a server's configuration into its folder, for that user to read.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if at, err := os.Stat(dir); err == nil {
		if s, ok := at.Sys().(*syscall.Stat_t); ok && os.Getuid() == 0 {
			if err := os.Chown(path, int(s.Uid), int(s.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return path
}

var errNotYet = errors.New("not yet")
