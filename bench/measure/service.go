package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kruzhok/kruzhok/internal/config"
)

// Service is one installation of Kruzhok: its settings, and the processes that were started with them.
type Service struct {
	Base   string // http://host:port
	Token  string // an administrator's
	Env    []string
	Procs  []*Proc
	lab    *Lab
	binary string
}

// Service migrates the database and makes a token; Start starts its processes. An empty redisURL means the embedded Redis.
// Settings ("KRUZHOK_SMTP_URL=…") come on top.
func (l *Lab) Service(ctx context.Context, binary, databaseURL, redisURL string, settings ...string) (*Service, error) {
	dir, err := l.Folder("service")
	if err != nil {
		return nil, err
	}
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	s := &Service{lab: l, binary: binary, Base: "http://" + address}
	s.Env = append([]string{
		"KRUZHOK_DATA_DIR=" + dir, "KRUZHOK_DATABASE_URL=" + databaseURL, "KRUZHOK_REDIS_URL=" + redisURL,
		"KRUZHOK_LISTEN=" + address, "KRUZHOK_SECRET_KEY=" + config.NewSecretKey(), "KRUZHOK_LOG_LEVEL=warn",
	}, settings...)
	if _, err := s.Command(ctx, "migrate"); err != nil {
		return nil, err
	}
	token, err := s.Command(ctx, "token", "create", "bench", "--scope", "admin")
	s.Token = strings.TrimSpace(token)
	return s, err
}

// SQLite is the URL of a database file in a new folder of the lab.
func (l *Lab) SQLite() (string, error) {
	dir, err := l.Folder("sqlite")
	return "sqlite:" + filepath.Join(dir, "kruzhok.db"), err
}

// Command runs a command of the binary to its end and returns what it printed.
func (s *Service) Command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Env = append(os.Environ(), s.Env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kruzhok %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// Start starts one process of the service; the first is to be one that serves HTTP ("serve"), and is waited for.
func (s *Service) Start(ctx context.Context, name string, args ...string) error {
	p, err := s.lab.Start(name, s.Env, s.binary, args...)
	if err != nil {
		return err
	}
	s.Procs = append(s.Procs, p)
	return p.Ready(ctx, func(ctx context.Context) error {
		_, err := s.Get(ctx, "/readyz")
		return err
	})
}

// Stop ends all processes.
func (s *Service) Stop() error {
	var errs []error
	for _, p := range s.Procs {
		errs = append(errs, p.Stop())
	}
	s.Procs = nil
	return errors.Join(errs...)
}

// Processes is how a Side names them.
func (s *Service) Processes() []Process { return each(s.Procs, (*Proc).Process) }

// Get asks for a path as the administrator and returns the body of a 200.
func (s *Service) Get(ctx context.Context, path string) ([]byte, error) {
	return s.Do(ctx, http.MethodGet, path, "", nil)
}

// Do sends a request as the administrator and returns the body of any 2xx.
func (s *Service) Do(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, b)
	}
	return b, err
}
