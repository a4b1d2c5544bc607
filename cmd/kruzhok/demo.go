package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/store"
)

// demoCmd is the service on embedded defaults with sandbox channels. It reads none of the KRUZHOK_* variables: a demo must never touch what is real.
type demoCmd struct {
	Check       bool   `help:"Walk scripted members through an onboarding, a challenge and a survey on a moved clock, print what arrived, and stop; the exit code is not zero if anything is missing."`
	Keep        string `placeholder:"DIR" help:"Keep everything in this folder instead of a temporary one, and go on there next time: chats, mailboxes, campaigns, the clock."`
	Listen      string `default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Address of this machine to serve on."`
	Members     int    `default:"200" placeholder:"N" help:"Members of the sample community; 0: nobody but you, and nothing has happened yet."`
	NoOpen      bool   `help:"Do not open the page in a browser."`
	DatabaseURL string `name:"database-url" placeholder:"URL" help:"An empty PostgreSQL database to use instead of SQLite."`
	RedisURL    string `name:"redis-url" placeholder:"URL" help:"A Redis to use instead of the embedded one."`
	Workers     int    `placeholder:"N" help:"Run the API and N worker processes apart (needs --check, --database-url and --redis-url)."`
	Verbose     bool   `help:"Print the service's log."`
}

// maxMembers bounds the sample community: the sandbox keeps every chat and mail in memory.
const maxMembers = 2000

// Run plays.
func (c *demoCmd) Run(e *env) (err error) {
	switch {
	case c.Workers > 0 && (c.DatabaseURL == "" || c.RedisURL == ""):
		return fmt.Errorf("demo: processes apart share a database and a Redis: give --database-url and --redis-url too")
	case c.Workers > 0 && !c.Check:
		return fmt.Errorf("demo: the pages to play with need one process: leave --workers out, or add --check")
	case !loopback(c.Listen):
		return fmt.Errorf("demo: its console is open to whoever reaches it, so --listen takes an address of this machine alone: 127.0.0.1, [::1] or localhost")
	case c.Members < 0 || c.Members > maxMembers:
		return fmt.Errorf("demo: --members takes a number from 0 to %d", maxMembers)
	}
	s := &stagehand{cmd: c, env: e, out: e.stdout, shared: sharedWriter{to: e.stderr}}
	defer func() { err = errors.Join(err, s.tearDown()) }()
	if err := s.build(); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if c.Check {
		return s.check()
	}
	return s.play()
}

// loopback reports whether nobody but this machine reaches the address.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// check plays the script and compares.
func (s *stagehand) check() error {
	cast := demo.Cast()
	fmt.Fprintf(s.out, "Kruzhok demo at %s\n", s.stage.API.Base)
	if err := s.stage.Play(s.env.ctx, cast); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := s.stage.Check(s.env.ctx, cast); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Fprintln(s.out, "Everything arrived, and every answer came back.")
	return nil
}

// forgetVariables takes the service's settings out of the environment, for this process and its children.
func forgetVariables() {
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "KRUZHOK_") && !strings.HasPrefix(name, "KRUZHOK_TEST_") {
			_ = os.Unsetenv(name) // fails for names that cannot be set either
		}
	}
}

// stagehand sets the stage up and takes it down.
type stagehand struct {
	cmd   *demoCmd
	env   *env
	out   io.Writer
	dir   string
	clock *demo.Clock
	app   *App
	lead  *demo.Director
	kept  *demo.Kept // what an earlier demo left in the folder, or nil
	bot   *sandbox.BotAPIServer
	mail  *sandbox.MailServer
	stage *demo.Stage

	record func(engine.Decided) // nil: decisions are not recorded

	keeper *demo.Keeper // nil: nothing is kept
	shared sharedWriter // of the logs
	stop   context.CancelFunc
	ended  sync.WaitGroup
	undo   []func()
}

func (s *stagehand) build() (err error) {
	if s.dir = s.cmd.Keep; s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "kruzhok-demo-"); err != nil {
			return err
		}
		s.later(func() { _ = os.RemoveAll(s.dir) })
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := s.goOn(); err != nil {
		return err
	}
	if s.clock, err = demo.NewClock(filepath.Join(s.dir, "clock"), s.begin()); err != nil {
		return err
	}
	s.lead = &demo.Director{Clock: s.clock, Failed: func(err error) { fmt.Fprintln(&s.shared, "kruzhok: demo:", err) }}
	if s.bot, err = sandbox.ServeBotAPI("127.0.0.1:0", sandbox.BotAPIConfig{KeepTexts: true, Now: s.clock.Now}); err != nil {
		return err
	}
	s.later(func() { _ = s.bot.Close() })
	if s.mail, err = sandbox.NewMailServer(sandbox.MailConfig{
		KeepBodies: true, Now: s.clock.Now, StartTLS: true, User: "kruzhok", Password: config.NewSecretKey(), // as a provider asks for them
	}); err != nil {
		return err
	}
	s.later(func() { _ = s.mail.Close() })
	if s.kept != nil {
		s.bot.Restore(s.kept.Bot)
		s.mail.Mailbox().Restore(s.kept.Mail)
	}
	return s.start()
}

func (s *stagehand) later(fn func()) { s.undo = append(s.undo, fn) }

// tearDown ends everything. What is kept is written once more when the service has said its last.
func (s *stagehand) tearDown() error {
	if s.stop != nil {
		s.stop()
		s.ended.Wait()
	}
	err := s.keeper.Keep()
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	return err
}

// settings are the flags of the service: every one that matters, so that no variable of the surroundings gets in.
func (s *stagehand) settings(listen string) []string {
	database := s.cmd.DatabaseURL
	if database == "" {
		database = "sqlite:" + filepath.Join(s.dir, "kruzhok.db")
	}
	return []string{
		"--listen=" + listen, "--public-url=http://" + listen, "--data-dir=" + s.dir, "--media-dir=" + filepath.Join(s.dir, "media"),
		"--database-url=" + database, "--redis-url=" + s.cmd.RedisURL,
		"--telegram-token=" + sandbox.BotAPIToken, "--telegram-api-url=" + s.bot.URL, "--telegram-mode=polling", "--telegram-rate=0", "--telegram-chat-rate=0",
		"--smtp-url=" + s.mail.URL(), "--mail-from=Speaklingua <news@demo.example>", "--reply-domain=reply.demo.example",
		"--log-level=warn", "--log-format=text",
	}
}

// start runs the service and makes the stage.
func (s *stagehand) start() error {
	l, err := s.listen()
	if err != nil {
		return err
	}
	listen := l.Addr().String()
	cfg, err := s.config(listen)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(s.env.ctx))
	s.stop = stop
	if s.cmd.Workers == 0 {
		err = s.together(ctx, cfg, l)
	} else {
		_ = l.Close() // the child listens there
		err = s.apart(ctx, cfg, listen)
	}
	if err != nil {
		return err
	}
	return s.direct(ctx, cfg, "http://"+listen)
}

// listen takes the port that a kept demo had, if it is free: the letters of then have links to it.
func (s *stagehand) listen() (net.Listener, error) {
	if s.kept != nil && s.cmd.Listen == anyPort {
		if l, err := net.Listen("tcp", s.kept.Listen); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp", s.cmd.Listen)
}

// anyPort is the default of --listen.
const anyPort = "127.0.0.1:0"

func (s *stagehand) config(listen string) (*config.Config, error) {
	var grammar struct {
		Serve serveCmd `cmd:""`
	}
	key, err := s.secret()
	if err != nil {
		return nil, err
	}
	args := append([]string{"serve", "--secret-key=" + key, "--config="}, s.settings(listen)...)
	if _, err := config.Parse(&grammar, args); err != nil {
		return nil, err
	}
	return &grammar.Serve.Config, grammar.Serve.Check()
}

// secret is the demo's own key; a kept folder keeps it.
func (s *stagehand) secret() (string, error) {
	name := filepath.Join(s.dir, "secret-key")
	if b, err := os.ReadFile(name); err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	key := config.NewSecretKey()
	return key, os.WriteFile(name, []byte(key+"\n"), 0o600)
}

func (s *stagehand) log() io.Writer {
	if s.cmd.Verbose {
		return &s.shared
	}
	return io.Discard
}

// sharedWriter lets several processes and goroutines write to one place.
type sharedWriter struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (w *sharedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}

// together runs all roles in this process.
func (s *stagehand) together(ctx context.Context, cfg *config.Config, l net.Listener) error {
	a, err := newApp(ctx, cfg, appOptions{Out: s.log(), Now: s.clock.Now, Listener: l, Demo: s.demoPages(), Record: s.record})
	if err != nil {
		return err
	}
	s.app = a
	s.ended.Go(func() {
		if err := a.Run(ctx); err != nil {
			fmt.Fprintln(&s.shared, "kruzhok:", err)
		}
	})
	return nil
}

// apart runs the API, scheduler and inbound in one child process, and each worker in one of its own.
func (s *stagehand) apart(ctx context.Context, cfg *config.Config, listen string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	common := append([]string{"--clock-file=" + filepath.Join(s.dir, "clock")}, s.settings(listen)...)
	children := [][]string{append([]string{"serve", "--roles=api,scheduler,inbound"}, common...)}
	for range s.cmd.Workers {
		children = append(children, append([]string{"worker"}, common...))
	}
	for _, args := range children {
		cmd := exec.CommandContext(ctx, self, args...)
		cmd.Env = append(os.Environ(), "KRUZHOK_SECRET_KEY="+cfg.SecretKey)
		cmd.Stdout, cmd.Stderr = s.log(), s.log()
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 30 * time.Second
		if err := cmd.Start(); err != nil {
			return err
		}
		s.ended.Go(func() { _ = cmd.Wait() })
	}
	return nil
}

// direct makes the stage: the API with a token, and an eye on the rows that tells when something is due next.
func (s *stagehand) direct(ctx context.Context, cfg *config.Config, base string) error {
	db, err := store.Open(ctx, store.Options{URL: cfg.DatabaseURL, MaxConns: 2})
	if err != nil {
		return err
	}
	s.later(func() { _ = db.Close() })
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	eye, err := engine.New(engine.Options{Store: db, Secret: make([]byte, 32), Mailbox: email.Address, Now: s.clock.Now})
	if err != nil {
		return err
	}
	token, err := eye.CreateToken(ctx, engine.Operator, "demo", []engine.Scope{engine.Admin})
	if err != nil {
		return err
	}
	s.stage = &demo.Stage{API: demo.NewClient(base, token), Bot: s.bot.BotAPI, Mail: s.mail.Mailbox(), Clock: s.clock, Out: s.out, Next: eye.NextDue, Idle: eye.Idle}
	if s.app != nil {
		s.stage.Nudge = s.drive
	}
	return s.ready(ctx)
}

// ready waits until the API answers.
func (s *stagehand) ready(ctx context.Context) error {
	var err error
	for range 300 {
		if err = s.stage.API.Do(ctx, "GET", "/readyz", nil, nil); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}
