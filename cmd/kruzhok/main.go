// Command kruzhok keeps a community in conversation: campaigns over Telegram and email. See `kruzhok --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // the zones of the members, on machines that have none

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// cli is the command line.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the service: API, workers, scheduler and inbound."`
	Worker   workerCmd   `cmd:"" help:"Run a worker process beside others (needs PostgreSQL and a shared Redis)."`
	Demo     demoCmd     `cmd:"" help:"Run everything on embedded defaults with a sandbox Telegram and mailbox."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database's schema up and stop."`
	Token    tokenCmd    `cmd:"" help:"Make, list and revoke API tokens."`
	Import   importCmd   `cmd:"" help:"Take members in from a CSV file."`
	Backup   backupCmd   `cmd:"" help:"Copy a SQLite database to a file, while the service runs."`
	Restore  restoreCmd  `cmd:"" help:"Put a copy in the place of the SQLite database, with its campaigns paused."`
	Campaign campaignCmd `cmd:"" help:"Keep campaigns as files: check, simulate, preview, plan, apply, export, schema."`
	Secret   secretCmd   `cmd:"" help:"Print a new secret key."`
	Health   healthCmd   `cmd:"" help:"Ask a running service whether it is ready."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := runWith(ctx, os.Args[1:], terminal(os.Stdin), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process and with nobody to ask: tests call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return runWith(ctx, args, nil, stdout, stderr)
}

// terminal is the file where a person sits in front of it, else nil.
func terminal(f *os.File) io.Reader {
	if isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()) {
		return f
	}
	return nil
}

func runWith(ctx context.Context, args []string, person io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "demo" {
		forgetVariables() // before the command line takes defaults from them
	}
	exit := -1
	options := []kong.Option{
		kong.Name("kruzhok"), kong.Description("Keeps a community in conversation: campaigns over Telegram and email."),
		kong.UsageOnError(), kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code; panic(exited{}) }),
		kong.Vars{"scopes": scopeList()},
	}
	parsed, err := func() (k *kong.Context, err error) {
		defer func() {
			if p := recover(); p != nil {
				if _, ok := p.(exited); !ok {
					panic(p)
				}
			}
		}()
		return config.Parse(&cli{}, args, options...)
	}()
	switch {
	case exit >= 0: // --help
		return exit
	case err != nil:
		lang := lineLanguage(args)
		fmt.Fprintf(stderr, "kruzhok: %s\n%s\n", commandLineError(err, lang), locale.T(lang, "cli.line.help", nil))
		return 2
	}
	err = parsed.Run(&env{ctx, person, stdout, stderr})
	var code exitCode
	if errors.As(err, &code) {
		return int(code)
	}
	if err != nil {
		fmt.Fprintln(stderr, "kruzhok:", err)
		return 1
	}
	return 0
}

// scopeList names the scopes for the help.
func scopeList() string {
	var all []string
	for _, s := range engine.Scopes() {
		all = append(all, string(s))
	}
	return strings.Join(all, ", ")
}

type exited struct{}

// exitCode is an error that says nothing: the command did what it should, and a script asked for more than 0 and 1.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// env is what every command gets.
type env struct {
	ctx            context.Context
	person         io.Reader // who can be asked; nil: nobody
	stdout, stderr io.Writer
}
