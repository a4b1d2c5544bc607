//go:build unix

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/bench/faults"
	"github.com/kruzhok/kruzhok/bench/sink/botapi"
)

// TestShutdownDrains: a process that is told to stop while it sends ends what it has begun, leaves nothing unknown, and says no secret.
func TestShutdownDrains(t *testing.T) {
	const n = 600
	s := site(t, false, n)
	s.Start("--log-level=info")
	for _, path := range []string{"/sandbox", "/sandbox/phone/1", "/sandbox/mail/a@example.org"} { // the sandbox is the demo's alone
		if err := s.API.Do(t.Context(), "GET", path, nil, nil); err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("%s: %v", path, err)
		}
	}
	s.Populate()
	s.Enroll(0, n)
	for range 2 {
		s.UnderWay(s.Taken())
		p := s.Processes()[0]
		began := time.Now()
		if err := p.Stop(); err != nil {
			t.Fatalf("the process ended with %v\n%s", err, p.Log())
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("stopping took %s", took)
		} else {
			t.Logf("stopping took %s", took)
		}
		silent(t, s, p)
		p.Start()
	}
	s.Settle()
	if sums := s.Reconcile(); sums.Unknown > 0 || sums.Duplicates > 0 {
		t.Errorf("after two stops: %+v", sums)
	}
}

// silent: what the process printed holds no secret and no address.
func silent(t *testing.T, s *faults.Site, p *faults.Process) {
	t.Helper()
	log := p.Log()
	_, secret, _ := strings.Cut(botapi.Token, ":")
	for what, word := range map[string]string{"the bot's token": secret, "the secret key": s.Key, "the API token": s.API.Token, "a mail address": "@d1.example", "a name": "first_name"} {
		if strings.Contains(log, word) {
			t.Errorf("the log holds %s", what)
		}
	}
	if !strings.Contains(log, "KRUZHOK_TELEGRAM_TOKEN") {
		t.Errorf("the effective configuration is not printed:\n%.1000s", log)
	}
}
