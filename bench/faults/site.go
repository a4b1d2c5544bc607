//go:build unix

// Package faults runs an installation of Kruzhok under fire: the real program as processes, on services of its own, against scripted sinks, with a seeded
// plan of faults. At the end it compares three ledgers: what the sinks took, what the store says, and what should have been sent, which follows from the
// seed alone.
//
// Nothing of the product runs inside the test: it is driven over HTTP and judged by SQL.
package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/bench/servers"
	"github.com/kruzhok/kruzhok/bench/sink/botapi"
	"github.com/kruzhok/kruzhok/bench/sink/smtp"
	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/internal/config"
)

// Options say what is run.
type Options struct {
	// Program starts kruzhok; its arguments follow. Env is what it needs besides the settings.
	Program string
	Env     []string
	// Apart: PostgreSQL, Redis and four processes. Otherwise one process on SQLite.
	Apart bool
	// Pooled: apart, and the processes meet PostgreSQL through a PgBouncer, and Redis as a master and its replica that a Sentinel watches.
	Pooled bool
	// Seed makes the crowd and the plan.
	Seed uint64
	// Members of the crowd. They are enrolled in waves, one for each fault.
	Members int
	// Circle is how large the second crowd is, which goes through calls, notices, questions by two channels, a budget, a segment and a move; 0: there is none.
	Circle int
	// Rounds is how many faults there are; 0: each that fits, once. Only, if given, names those to choose from.
	Rounds int
	Only   []string
	// Until ends the rounds early.
	Until time.Duration
	// Away is how long a service is away.
	Away time.Duration
	// Plain: the mail server offers no PIPELINING, nor anything else.
	Plain bool
	// Disk says how the disk gets full: "tmpfs", "limit", or "any" for the first of them that this machine allows; empty: it does not.
	Disk string
	// Patience is how long everything may take to be final after the last fault.
	Patience time.Duration
	// Replay is the command that runs the same plan again.
	Replay string
}

// Connections of each process for each channel.
const (
	bulkLines        = 4
	interactiveLines = 4 // engine: interactive work has so many of its own
)

// pooledConnections is how many a PgBouncer keeps: fewer than the processes would open, so that they share them.
const pooledConnections = 12

// Site is one installation under fire.
type Site struct {
	Mail *smtp.Server
	Bot  *botapi.Server
	API  *demo.Client
	// Dir is the run's own folder; Key the secret key, Database the URL of the program's database.
	Dir, Key, Database string

	t        testing.TB
	opt      Options
	clock    *clock
	books    *books
	crowd    *crowd
	circle   *circle // nil: there is none
	desk     *desk
	postgres *servers.Postgres
	bouncer  *servers.PgBouncer // nil: there is none
	redis    *servers.Redis     // nil: it is embedded, or watched
	watched  *servers.Watched
	disk     disk
	procs    []*Process
	listen   []string

	looking sync.Mutex // who watches the books beside the plan

	mu      sync.Mutex
	rnd     *rand.Rand // what the plan has not decided
	trouble trouble
	tally   tally
	leaps   int
	further time.Duration // how much beyond what is due time passes at once

	republished bool  // the course's second version was published
	toMove      int64 // how many were inside then

	presses atomic.Int64
}

// New starts the services and sinks, and brings the schema up. Start starts the program.
func New(t testing.TB, o Options) *Site {
	t.Helper()
	s := &Site{t: t, opt: o, Dir: t.TempDir(), Key: config.NewSecretKey(), rnd: rand.New(rand.NewPCG(o.Seed, 3)), further: 10 * time.Minute}
	s.clock = newClock(t, filepath.Join(s.Dir, "clock"))
	s.crowd = newCrowd(o.Seed, o.Members)
	if o.Circle > 0 {
		s.circle = newCircle(o.Seed, o.Circle)
		s.desk = openDesk(t, s.person)
	}
	if o.Apart {
		s.postgres = servers.StartPostgres(t)
		s.Database = s.postgres.URL()
		if o.Pooled {
			s.bouncer, s.watched = servers.StartPgBouncer(t, s.Database, pooledConnections), servers.StartWatched(t)
		} else {
			s.redis = servers.StartRedis(t)
		}
	} else {
		s.disk = newDisk(t, o.Disk, s.DataDir())
		s.Database = "sqlite:" + filepath.Join(s.DataDir(), "kruzhok.db")
	}
	s.openSinks()
	token := s.command("token", "create", "faults", "--scope=admin")
	s.listen = []string{"127.0.0.1:" + servers.FreePort(t), "127.0.0.1:" + servers.FreePort(t)}
	s.API = demo.NewClient("http://"+s.listen[0], strings.TrimSpace(token))
	s.books = openBooks(t, s.Database)
	return s
}

// DataDir is the program's data folder.
func (s *Site) DataDir() string { return filepath.Join(s.Dir, "data") }

func (s *Site) openSinks() {
	var err error
	s.Bot, err = botapi.Listen(botapi.Config{Taken: s.received})
	s.must(err)
	s.t.Cleanup(func() { _ = s.Bot.Close() })
	var mail smtp.Config
	if s.circle != nil {
		mail.Taken = s.heardByMail
	}
	if s.opt.Plain {
		mail.Extensions = []string{}
	}
	s.Mail, err = smtp.Listen(mail)
	s.must(err)
	s.t.Cleanup(func() { _ = s.Mail.Close() })
	s.Mail.Script(s.mailScript)
	s.Bot.Script(s.botScript)
}

// Start starts the processes, with flags besides, and waits for the API.
func (s *Site) Start(flags ...string) {
	s.t.Helper()
	start := func(addr string, args ...string) { s.spawn(addr, append(args, flags...)...) }
	if s.opt.Apart { // two of each kind: of schedulers and pollers one must be idle
		start(s.listen[0], "serve", "--roles=api,scheduler,inbound")
		start(s.listen[1], "serve", "--roles=api,scheduler,inbound")
		start("", "worker")
		start("", "worker")
	} else {
		start(s.listen[0], "serve")
	}
	s.Ready()
}

// Ready waits for the API.
func (s *Site) Ready() {
	s.t.Helper()
	s.waitFor(time.Minute, "the API", func() bool { return s.API.Do(s.t.Context(), "GET", "/readyz", nil, nil) == nil })
}

// database is the URL at which the program finds it.
func (s *Site) database() string {
	if s.bouncer != nil {
		return s.bouncer.URL()
	}
	return s.Database
}

// settings are the variables of every process.
func (s *Site) settings() []string {
	env := append([]string{
		"HOME=" + s.Dir, "KRUZHOK_SECRET_KEY=" + s.Key, "KRUZHOK_DATABASE_URL=" + s.database(), "KRUZHOK_DATA_DIR=" + s.DataDir(), "KRUZHOK_LOG_LEVEL=warn",
		"KRUZHOK_TELEGRAM_TOKEN=" + botapi.Token, "KRUZHOK_TELEGRAM_API_URL=" + s.Bot.URL(), "KRUZHOK_TELEGRAM_RATE=5000",
		"KRUZHOK_SWITCH_ERRORS=0", "KRUZHOK_SWITCH_BLOCKS=0", // a tenth of the crowd refuses, some of the circle block the bot, and nobody sits here to let it go on
		"KRUZHOK_SMTP_URL=" + s.Mail.URL(), "KRUZHOK_MAIL_FROM=News <news@c.example.org>",
		fmt.Sprintf("KRUZHOK_SMTP_CONNECTIONS=%d", bulkLines), fmt.Sprintf("KRUZHOK_TELEGRAM_CONNECTIONS=%d", bulkLines),
	}, s.opt.Env...)
	if s.circle != nil {
		env = append(append(env, s.desk.settings()...), "KRUZHOK_PUBLIC_URL=http://k.example", "KRUZHOK_STAFF_TELEGRAM="+strconv.Itoa(staffChat), "KRUZHOK_STAFF_EMAIL="+staffMail)
	}
	switch {
	case s.watched != nil:
		env = append(env, "KRUZHOK_REDIS_URL="+s.watched.URL())
	case s.redis != nil:
		env = append(env, "KRUZHOK_REDIS_URL="+s.redis.URL())
	}
	return env
}

// command runs the program to its end and returns what it printed.
func (s *Site) command(args ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.opt.Program, args...)
	cmd.Env = s.settings()
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("kruzhok %s: %v", args[0], err)
	}
	return string(out)
}

func (s *Site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// chance is true in one of n cases. Many goroutines ask.
func (s *Site) chance(n int) bool { return s.random(n) == 0 }

func (s *Site) random(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rnd.IntN(n)
}

func (s *Site) waitFor(limit time.Duration, what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited %s for %s\n%s", limit, what, s.diagnosis())
		}
	}
}

// diagnosis is what a person wants to know when something does not come to an end.
func (s *Site) diagnosis() string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.books.diagnosis(ctx, s.clock.now()) + "\nseed " + fmt.Sprint(s.opt.Seed) + "; again: " + s.opt.Replay
}
