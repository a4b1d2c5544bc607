//go:build unix

package servers

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres is a cluster of the test's own, with the settings that PostgreSQL comes with, so that a crash of it is a crash.
type Postgres struct {
	process
	bin  string
	dir  string
	port string
	as   *syscall.SysProcAttr // PostgreSQL refuses root
}

// StartPostgres starts one, or skips the test where no server is installed.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	p := &Postgres{process: process{t: t, name: "PostgreSQL"}, bin: installed(t, "PostgreSQL", postgresBin()), port: FreePort(t)}
	p.dir, p.as = folder(t, "postgres")
	p.log = filepath.Join(p.dir, "log")
	if out, err := p.command("initdb", "-D", p.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	p.Start()
	t.Cleanup(func() { p.Stop(syscall.SIGQUIT) })
	return p
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

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *Postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = p.dir, p.as
	return cmd
}

// URL is its database's.
func (p *Postgres) URL() string {
	return "postgres://postgres@127.0.0.1:" + p.port + "/postgres?sslmode=disable"
}

// Start starts it again and waits until it answers.
func (p *Postgres) Start() {
	p.t.Helper()
	p.run(p.command("postgres", "-D", p.data(), "-p", p.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+p.dir), func() error { return answers(p.URL()) })
}

// Stop ends it: SIGINT is its fast shutdown, SIGQUIT its immediate one, after which it recovers from its log as after a crash.
func (p *Postgres) Stop(how syscall.Signal) { p.end(how) }

func answers(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return c.Close(ctx)
}

// PgBouncer stands before a server and gives its few connections to many clients, each for a transaction.
type PgBouncer struct {
	process
	binary, settings, port string
	dir                    string
	as                     *syscall.SysProcAttr
	behind                 *url.URL
}

// StartPgBouncer starts one before the server, with that many connections to it, or skips the test where none is installed.
func StartPgBouncer(t testing.TB, server string, connections int) *PgBouncer {
	t.Helper()
	binary, err := exec.LookPath("pgbouncer")
	if err != nil { // Debian keeps it where root alone looks
		binary, _ = exec.LookPath("/usr/sbin/pgbouncer")
	}
	p := &PgBouncer{process: process{t: t, name: "PgBouncer"}, binary: installed(t, "PgBouncer", binary), port: FreePort(t)}
	if p.behind, err = url.Parse(server); err != nil {
		t.Fatal(err)
	}
	p.dir, p.as = folder(t, "pgbouncer")
	p.log = filepath.Join(p.dir, "log")
	users := write(t, p.dir, "users", strconv.Quote(p.behind.User.Username())+` ""`)
	p.settings = write(t, p.dir, "pgbouncer.ini", fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
max_client_conn = 500
default_pool_size = %d
server_login_retry = 1
`, p.behind.Hostname(), p.behind.Port(), p.port, users, connections))
	p.Start()
	t.Cleanup(p.Stop)
	return p
}

// URL is the server's database through it, as docs/scaling.md writes it: statements have no names, since the next transaction may meet another connection.
func (p *PgBouncer) URL() string {
	u := *p.behind
	u.Host = "127.0.0.1:" + p.port
	q := u.Query()
	q.Set("default_query_exec_mode", "cache_describe")
	u.RawQuery = q.Encode()
	return u.String()
}

// Start starts it again and waits until it answers.
func (p *PgBouncer) Start() {
	p.t.Helper()
	cmd := exec.Command(p.binary, p.settings)
	cmd.Dir, cmd.SysProcAttr = p.dir, p.as
	p.run(cmd, func() error { return answers(p.URL()) })
}

// Stop kills it, with all connections through it.
func (p *PgBouncer) Stop() { p.end(syscall.SIGKILL) }
