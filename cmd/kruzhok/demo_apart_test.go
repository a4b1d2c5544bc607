//go:build unix

package main

import (
	"testing"

	"github.com/kruzhok/kruzhok/bench/servers"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestDemoCheckApart is the same on PostgreSQL and Redis, with the API and two workers in processes of their own.
func TestDemoCheckApart(t *testing.T) {
	database := storetest.PostgresURL(t)
	redis := servers.StartRedis(t)
	t.Setenv(asProgram, "1") // for the children
	code, out, errs := kruzhok(t, "demo", "--check", "--workers=2", "--database-url", database, "--redis-url", redis.URL(), "--keep", t.TempDir(), "--verbose")
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
}
