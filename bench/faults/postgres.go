//go:build unix

package faults

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a cluster of the run's own, with the settings that PostgreSQL comes with, so that a crash of it is a crash.
type postgres struct {
	t    testing.TB
	bin  string
	dir  string
	port string
	as   *syscall.SysProcAttr // PostgreSQL refuses root
	cmd  *exec.Cmd
}

// startPostgres starts one, or skips the test where no server is installed.
func startPostgres(t testing.TB) *postgres {
	t.Helper()
	p := &postgres{t: t, bin: installed(t, "PostgreSQL", postgresBin())}
	var err error
	if p.dir, err = os.MkdirTemp("", "kruzhok-postgres-"); err != nil { // not below the test's folder, which other users cannot enter
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.dir) })
	p.as = p.unprivileged()
	_, p.port, _ = net.SplitHostPort(freeAddress(t))
	p.run("initdb", "-D", p.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	p.start()
	t.Cleanup(func() { p.stop(syscall.SIGQUIT) })
	return p
}

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

// postgresBin is the folder of the newest server: Debian keeps it out of PATH.
func postgresBin() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	slices.SortFunc(found, func(a, b string) int { return versionOf(a) - versionOf(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path)
	}
	return ""
}

func versionOf(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// unprivileged gives the folder to a user that PostgreSQL accepts, when the test is run by root.
func (p *postgres) unprivileged() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			p.t.Fatal(err)
		}
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	if err := os.Chown(p.dir, int(uid), int(gid)); err != nil {
		p.t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func (p *postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = p.dir, p.as
	return cmd
}

func (p *postgres) run(name string, args ...string) {
	p.t.Helper()
	if out, err := p.command(name, args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (p *postgres) url() string {
	return "postgres://postgres@127.0.0.1:" + p.port + "/postgres?sslmode=disable"
}

// start starts it and waits until it answers.
func (p *postgres) start() {
	p.t.Helper()
	p.cmd = p.command("postgres", "-D", p.data(), "-p", p.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+p.dir)
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = log, log, mortal(p.as)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if err = p.answers(); err == nil {
			return
		}
		if time.Now().After(end) {
			words, _ := os.ReadFile(log.Name())
			p.t.Fatalf("PostgreSQL does not answer: %v\n%s", err, words)
		}
	}
}

func (p *postgres) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, p.url())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return c.Close(ctx)
}

// stop ends it: SIGINT is its fast shutdown, SIGQUIT its immediate one, after which it recovers from its log as after a crash.
func (p *postgres) stop(how syscall.Signal) {
	_ = p.cmd.Process.Signal(how)
	_ = p.cmd.Wait()
}
