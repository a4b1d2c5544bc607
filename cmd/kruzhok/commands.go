package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/store"
)

type serveCmd struct {
	config.Config
	ClockFile string `hidden:"" name:"clock-file" help:"Follow the demo's clock."`
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(e *env) error { return serve(e, &c.Config, c.ClockFile) }

type workerCmd struct {
	config.Config
	ClockFile string `hidden:"" name:"clock-file" help:"Follow the demo's clock."`
}

// Run works until it is told to stop.
func (c *workerCmd) Run(e *env) error {
	c.Roles = []config.Role{config.Worker}
	return serve(e, &c.Config, c.ClockFile)
}

// heapGrowth is how much the heap may grow between two collections, in percent. Each ten percent more take some 4 MB at the peak of a broadcast, and save 1 % of the
// processor.
const heapGrowth = 55

func serve(e *env, c *config.Config, clockFile string) error {
	if err := c.Check(); err != nil {
		return err
	}
	if _, err := c.Key(); err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	o := appOptions{Out: e.stderr}
	if clockFile != "" {
		o.Now = demo.FollowClock(clockFile)
	}
	a, err := newApp(e.ctx, c, o)
	if err != nil {
		return err
	}
	return a.Run(e.ctx)
}

type migrateCmd struct{ config.Config }

// Run migrates and stops.
func (c *migrateCmd) Run(e *env) error {
	if err := c.Check(); err != nil {
		return err
	}
	s, err := store.Open(e.ctx, store.Options{URL: c.DatabaseURL})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(e.ctx); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, "The database is up to date.")
	return nil
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token and print it, this once."`
	List   tokenListCmd   `cmd:"" help:"List the tokens, without their secrets."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once."`
}

type tokenCreateCmd struct {
	config.Config
	Name  string   `arg:"" help:"What the token is for."`
	Scope []string `required:"" placeholder:"SCOPE" help:"What it may do: ${scopes}; admin is everything."`
}

// Run makes a token.
func (c *tokenCreateCmd) Run(e *env) error {
	return withEngine(e, &c.Config, func(en *engine.Engine) error {
		var scopes []engine.Scope
		for _, s := range c.Scope {
			scopes = append(scopes, engine.Scope(strings.TrimSpace(s)))
		}
		token, err := en.CreateToken(e.ctx, engine.Operator, c.Name, scopes)
		if err != nil {
			return spoken(err)
		}
		fmt.Fprintln(e.stdout, token)
		return nil
	})
}

type tokenListCmd struct{ config.Config }

// Run lists the tokens.
func (c *tokenListCmd) Run(e *env) error {
	return withEngine(e, &c.Config, func(en *engine.Engine) error {
		ts, err := en.Tokens(e.ctx, engine.Operator)
		if err != nil {
			return err
		}
		for _, t := range ts {
			state := "active"
			if t.RevokedAt != nil {
				state = "revoked"
			}
			fmt.Fprintf(e.stdout, "%d\t%s\t%s\t%s\t%s\n", t.ID, t.Name, state, strings.Join(t.Scopes, ","), t.CreatedAt.Format(time.RFC3339))
		}
		return nil
	})
}

type tokenRevokeCmd struct {
	config.Config
	ID string `arg:"" help:"The token's number, as 'token list' shows it."`
}

// Run ends a token.
func (c *tokenRevokeCmd) Run(e *env) error {
	id, err := strconv.ParseInt(c.ID, 10, 64)
	if err != nil {
		return errors.New("token revoke: give the token's number, as 'kruzhok token list' shows it")
	}
	return withEngine(e, &c.Config, func(en *engine.Engine) error { return spoken(en.RevokeToken(e.ctx, engine.Operator, id)) })
}

type secretCmd struct {
	Webhook bool `help:"A secret for an endpoint that call steps name ($KRUZHOK_WEBHOOK_NAME_SECRET)."`
}

// Run prints a key.
func (c secretCmd) Run(e *env) error {
	if c.Webhook {
		fmt.Fprintln(e.stdout, config.NewWebhookSecret())
		return nil
	}
	fmt.Fprintln(e.stdout, config.NewSecretKey())
	return nil
}

type healthCmd struct {
	URL    string `help:"Where the service listens (default http:// and the listen address)."`
	Listen string `env:"KRUZHOK_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Its address, where no URL is given."`
}

// Run asks /readyz.
func (c *healthCmd) Run(e *env) error {
	client := http.Client{Timeout: 5 * time.Second}
	base := cmp.Or(strings.TrimRight(c.URL, "/"), "http://"+c.Listen) // a host that is left out, or 0.0.0.0, is this one
	res, err := client.Get(base + "/readyz")
	if err != nil {
		return fmt.Errorf("health: the service does not answer")
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("health: not ready (%s)", res.Status)
	}
	fmt.Fprintln(e.stdout, "ready")
	return nil
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(e *env) error {
	fmt.Fprintln(e.stdout, "kruzhok", version)
	return nil
}
