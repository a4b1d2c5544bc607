package main

import (
	"strings"
	"testing"
)

// TestDemoCheck is the whole service in one process: what a newcomer runs. What is configured on the machine is out of its reach.
func TestDemoCheck(t *testing.T) {
	t.Setenv("KRUZHOK_DATABASE_URL", "postgres://nobody@127.0.0.1:1/real")
	t.Setenv("KRUZHOK_TELEGRAM_TOKEN", "1:real")
	t.Setenv("KRUZHOK_SMTP_URL", "smtp://127.0.0.1:1")
	t.Setenv("KRUZHOK_REDIS_URL", "redis://127.0.0.1:1/0")
	t.Setenv("KRUZHOK_ROLES", "worker")
	t.Setenv("KRUZHOK_CONFIG", "/nowhere")
	code, out, errs := kruzhok(t, "demo", "--check", "--keep", t.TempDir())
	if code != 0 || !strings.Contains(out, "every answer came back") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
}
