//go:build unix

package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/bench/faults"
)

var (
	faultsMembers  = flag.Int("faults.members", 1000, "faults: members of the crowd")
	faultsRounds   = flag.Int("faults.rounds", 0, "faults: how many; 0: each that fits, once")
	faultsOnly     = flag.String("faults.only", "", "faults: names of those to choose from, with commas")
	faultsSeed     = flag.Uint64("faults.seed", 1, "faults: seed of the crowd and of the plan")
	faultsDuration = flag.Duration("faults.duration", 0, "faults: no new one after this time")
	faultsAway     = flag.Duration("faults.away", time.Second, "faults: how long a service is away")
	faultsDisk     = flag.String("faults.disk", "any", "faults: how the disk gets full: tmpfs, limit (RLIMIT_FSIZE), or any of them")
	faultsPatience = flag.Duration("faults.patience", 6*time.Minute, "faults: how long everything may take to be final after the last one")
)

// site is an installation of this very program.
func site(t *testing.T, apart bool, members int) *faults.Site {
	t.Helper()
	return faults.New(t, faultOptions(t, apart, members))
}

func faultOptions(t *testing.T, apart bool, members int) faults.Options {
	t.Helper()
	var only []string
	if *faultsOnly != "" {
		only = strings.Split(*faultsOnly, ",")
	}
	return faults.Options{
		Program: os.Args[0], Env: []string{asProgram + "=1"}, Apart: apart, Seed: *faultsSeed, Members: members, Rounds: *faultsRounds, Only: only,
		Plain: apart == (*faultsSeed%2 == 0), Until: *faultsDuration, Away: *faultsAway, Patience: *faultsPatience,
		Replay: fmt.Sprintf("go test ./cmd/kruzhok -run '^%s$' -v -timeout 2h -faults.seed=%d -faults.members=%d -faults.rounds=%d -faults.away=%s -faults.only='%s'",
			t.Name(), *faultsSeed, members, *faultsRounds, *faultsAway, *faultsOnly),
	}
}

// circleOf: the second crowd, which goes through everything that is no broadcast, is so many times smaller.
const circleOf = 8

// TestFaultsTogether: one process on SQLite and its embedded Redis, while things go wrong.
func TestFaultsTogether(t *testing.T) {
	t.Parallel()
	o := faultOptions(t, false, *faultsMembers)
	o.Circle, o.Disk = *faultsMembers/circleOf, *faultsDisk
	s := faults.New(t, o)
	s.Start()
	s.Play()
}

// TestFaultsApart: two schedulers, two pollers and two workers on PostgreSQL and Redis, while things go wrong.
func TestFaultsApart(t *testing.T) {
	checkedToo(t) // the detector looks into one process at a time, and TestFaultsTogether has all of them in one
	t.Parallel()
	o := faultOptions(t, true, *faultsMembers)
	o.Circle = *faultsMembers / circleOf
	s := faults.New(t, o)
	s.Start()
	s.Play()
}

// TestFaultsPooled: the same behind a PgBouncer that gives each transaction another connection, and a Redis whose master changes.
func TestFaultsPooled(t *testing.T) {
	checkedToo(t)
	t.Parallel()
	o := faultOptions(t, true, *faultsMembers/2)
	o.Pooled, o.Circle = true, *faultsMembers/2/circleOf
	if o.Rounds == 0 && len(o.Only) == 0 { // what happens to messages does not depend on what stands before the services
		o.Only = []string{"kill", "kill all", "upgrade", "redis fails over", "postgres crashes", "postgres away", "pool restarts"}
	}
	s := faults.New(t, o)
	s.Start()
	s.Play()
}
