package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestShutdownDrains: a process that is told to stop while it sends ends what it has begun, leaves nothing unknown, and says no secret.
func TestShutdownDrains(t *testing.T) {
	k := newKillRun(t, storetest.SQLiteURL(t))
	k.spawn("serve", "--log-level=info")
	k.waitFor(30*time.Second, "the API", func() bool { return k.api.Do(t.Context(), "GET", "/readyz", nil, nil) == nil })
	for _, path := range []string{"/sandbox", "/sandbox/phone/1", "/sandbox/mail/a@example.org"} { // the sandbox is the demo's alone
		if err := k.api.Do(t.Context(), "GET", path, nil, nil); err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("%s: %v", path, err)
		}
	}
	const n = 600
	k.members(n)
	k.must(k.api.Do(t.Context(), "POST", "/v1/campaigns", []byte(killCampaign), nil))
	k.must(k.api.Do(t.Context(), "POST", "/v1/campaigns/kill/publication", nil, nil))
	k.enroll(n)
	for range 2 {
		k.underWay()
		p := k.procs[0]
		k.must(p.cmd.Process.Signal(os.Interrupt))
		began := time.Now()
		if err := p.cmd.Wait(); err != nil {
			t.Fatalf("the process ended with %v\n%s", err, p.log)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("stopping took %s", took)
		} else {
			t.Logf("stopping took %s", took)
		}
		k.silent(p)
		k.start(p)
	}
	k.waitFor(time.Minute, "every delivery to be final", k.settled)
	counts, err := k.counts()
	k.must(err)
	if counts["unknown"] > 0 || counts["sent"] != 2*n {
		t.Errorf("deliveries after two stops: %v", counts)
	}
	k.reconcile(n)
}

// silent: what the process printed holds no secret and no address.
func (k *killRun) silent(p *proc) {
	k.t.Helper()
	log := p.log.String()
	_, secret, _ := strings.Cut(sandbox.BotAPIToken, ":")
	for what, word := range map[string]string{"the bot's token": secret, "the secret key": k.key, "the API token": k.api.Token, "a mail address": "m1@example.org", "a name": "first_name"} {
		if strings.Contains(log, word) {
			k.t.Errorf("the log holds %s", what)
		}
	}
	if !strings.Contains(log, "KRUZHOK_TELEGRAM_TOKEN") {
		k.t.Errorf("the effective configuration is not printed:\n%.1000s", log)
	}
}
