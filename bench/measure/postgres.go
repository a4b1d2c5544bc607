package measure

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Postgres is a server of its own with the settings that it comes with, fsync on.
type Postgres struct {
	PID int
	url string // of the server; %s is the database
}

// Process is how a Side names it: the server with its backends.
func (p *Postgres) Process() Process { return Process{Name: "postgres", PID: p.PID, Tree: true} }

// URL of a database.
func (p *Postgres) URL(database string) string { return fmt.Sprintf(p.url, database) }

// Database makes a fresh database and returns its URL.
func (p *Postgres) Database(ctx context.Context) (string, error) {
	name := "bench_" + strings.ToLower(rand.Text())
	c, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	_, err = c.Exec(ctx, "CREATE DATABASE "+name)
	return p.URL(name), err
}

// Postgres starts a server in the lab. Settings ("shared_buffers=512MB") are for what is measured with other ones than the defaults, and are to be told.
func (l *Lab) Postgres(ctx context.Context, settings ...string) (*Postgres, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := l.Folder("postgres")
	if err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	run := func(name string, args ...string) error {
		words := append(append(as, filepath.Join(bin, name)), args...)
		cmd := exec.CommandContext(ctx, words[0], words[1:]...)
		cmd.Dir = "/"
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		return nil
	}
	if err := run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return nil, err
	}
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	options := "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=" + dir
	for _, s := range settings {
		options += " -c " + s
	}
	// The log goes to a file of pg_ctl's: a server that holds our pipe would never let CombinedOutput return.
	if err := run("pg_ctl", "-D", data, "-l", filepath.Join(dir, "log"), "-w", "-o", options, "start"); err != nil {
		return nil, err
	}
	l.atEnd(func() error {
		ctx = context.WithoutCancel(ctx)
		return run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
	})
	pid, err := postmaster(data)
	return &Postgres{PID: pid, url: "postgres://postgres@" + address + "/%s?sslmode=disable"}, err
}

// postgresBin is the folder of the newest server: Debian keeps it out of PATH.
func postgresBin() (string, error) {
	newest, best := "", -1
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is right
	for _, f := range found {
		if n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(f)))); err == nil && n > best {
			newest, best = f, n
		}
	}
	if newest == "" {
		var err error
		if newest, err = exec.LookPath("postgres"); err != nil {
			return "", errors.New("no PostgreSQL server is installed")
		}
	}
	return filepath.Dir(newest), nil
}

// unprivileged gives the folder to a user that PostgreSQL accepts, which root is not, and returns what to put before a command to run as that user.
func unprivileged(dir string) (as []string, err error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid) // numbers on every Unix
		gid, _ := strconv.Atoi(u.Gid)
		return []string{"runuser", "-u", name, "--"}, os.Chown(dir, uid, gid)
	}
	return nil, errors.New("no user to run PostgreSQL as")
}

// postmaster is the first line of its file.
func postmaster(data string) (int, error) {
	b, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strconv.Atoi(strings.TrimSpace(line))
}
