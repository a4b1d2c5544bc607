package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// slowCampaign sends two messages to everybody: one that asks nothing, and a question.
const slowCampaign = `
key: slow
kind: broadcast
name: Slow
topic: news
languages: [en]
channels: [telegram, email]
entry: {manual: true}
steps:
  - id: news
    send: {text: {en: "News for {{ member.first_name }}"}}
  - id: going
    ask: {type: yes_no, text: {en: "Are you going, {{ member.first_name }}?"}, timeout: {after: 30d}}
`

// slowSite is one installation between sandbox servers that take their time.
type slowSite struct {
	t        *testing.T
	dir      string
	listen   string
	database string
	key      string
	bot      *sandbox.BotAPIServer
	mail     *sandbox.MailServer
	procs    []*proc
	eye      *engine.Engine
	store    *store.Store
	api      *demo.Client
	answered map[int64]bool
}

func newSlowSite(t *testing.T, database string) *slowSite {
	t.Helper()
	k := &slowSite{t: t, dir: t.TempDir(), database: database, key: config.NewSecretKey(), answered: map[int64]bool{}}
	var err error
	k.bot, err = sandbox.ServeBotAPI("127.0.0.1:0", sandbox.BotAPIConfig{KeepTexts: true})
	k.must(err)
	t.Cleanup(func() { _ = k.bot.Close() })
	k.mail, err = sandbox.NewMailServer(sandbox.MailConfig{})
	k.must(err)
	t.Cleanup(func() { _ = k.mail.Close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	k.must(err)
	k.listen = l.Addr().String()
	k.must(l.Close())
	k.store = storetest.Open(t, database)
	k.eye, err = engine.New(engine.Options{Store: k.store, Secret: make([]byte, 32), Mailbox: email.Address})
	k.must(err)
	token, err := k.eye.CreateToken(t.Context(), engine.Operator, "slow", []engine.Scope{engine.Admin})
	k.must(err)
	k.api = demo.NewClient("http://"+k.listen, token)
	return k
}

func (k *slowSite) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// proc is one process of the service.
type proc struct {
	args []string
	cmd  *exec.Cmd
	log  *bytes.Buffer
}

func (k *slowSite) spawn(args ...string) {
	k.t.Helper()
	p := &proc{args: args}
	k.procs = append(k.procs, p)
	k.start(p)
	k.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		if k.t.Failed() {
			k.t.Logf("the last words of %v:\n%.4000s", args, p.log.String()[max(0, p.log.Len()-4000):])
		}
	})
}

func (k *slowSite) start(p *proc) {
	k.t.Helper()
	p.cmd = exec.Command(os.Args[0], p.args...)
	p.cmd.Env = []string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + k.dir, "KRUZHOK_LISTEN=" + k.listen, "KRUZHOK_SECRET_KEY=" + k.key, "KRUZHOK_DATABASE_URL=" + k.database,
		"KRUZHOK_TELEGRAM_TOKEN=" + sandbox.BotAPIToken, "KRUZHOK_TELEGRAM_API_URL=" + k.bot.URL, "KRUZHOK_TELEGRAM_RATE=0",
		"KRUZHOK_SMTP_URL=" + k.mail.URL(), "KRUZHOK_MAIL_FROM=News <news@c.example.org>", "KRUZHOK_DATA_DIR=" + filepath.Join(k.dir, "data"), "KRUZHOK_LOG_LEVEL=warn",
		"KRUZHOK_SMTP_CONNECTIONS=4", "KRUZHOK_TELEGRAM_CONNECTIONS=4",
	}
	p.log = &bytes.Buffer{}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	k.must(p.cmd.Start())
}

func (k *slowSite) waitFor(limit time.Duration, what string, ok func() bool) {
	k.t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			counts, _ := k.counts()
			backlog, _ := k.store.Backlog(k.t.Context())
			idle, err := k.eye.Idle(k.t.Context())
			k.t.Fatalf("waited %s for %s: deliveries %v, backlog %+v, updates not taken %d, idle %v, %v", limit, what, counts, backlog, k.bot.Pending(), idle, err)
		}
	}
}

// settled: nothing is due or on its way.
func (k *slowSite) settled() bool {
	idle, err := k.eye.Idle(k.t.Context())
	return err == nil && idle && k.notFinal() == 0
}

func (k *slowSite) notFinal() int {
	counts, err := k.counts()
	if err != nil {
		return -1
	}
	return counts["pending"] + counts["claimed"] + counts["sending"]
}

func (k *slowSite) counts() (map[string]int, error) {
	c, err := k.store.CampaignByKey(k.t.Context(), "slow")
	if err != nil {
		return nil, err
	}
	rows, err := k.store.CountDeliveries(k.t.Context(), c.ID)
	out := map[string]int{}
	for _, r := range rows {
		out[r.State] += r.N
	}
	return out, err
}

func (k *slowSite) members(n int) {
	k.t.Helper()
	var lines bytes.Buffer
	for i := range n {
		m := map[string]any{"external_id": fmt.Sprintf("m%d", i), "first_name": fmt.Sprintf("M%d", i), "language": "en"}
		if i%2 == 0 {
			m["telegram_chat_id"] = chatOf(i)
			m["consents"] = []map[string]any{{"channel": "telegram", "source": "test"}}
			k.bot.Start(sandbox.BotUser{ID: chatOf(i), FirstName: "M"}, "")
		} else {
			m["email"] = mailOf(i)
			m["consents"] = []map[string]any{{"channel": "email", "source": "test"}}
		}
		line, _ := json.Marshal(m)
		lines.Write(append(line, '\n'))
	}
	k.waitFor(3*time.Minute, "the members' Start", func() bool { return k.bot.Pending() == 0 && k.settledInputs() })
	answer, err := k.api.Raw(k.t.Context(), "POST", "/v1/members/bulk", demo.Stream(lines.Bytes()), "")
	k.must(err)
	if bad := strings.Count(string(answer), `"error"`); bad > 0 {
		k.t.Fatalf("%d members not written: %.500s", bad, answer)
	}
}

func (k *slowSite) settledInputs() bool {
	idle, err := k.eye.Idle(k.t.Context())
	return err == nil && idle
}

func (k *slowSite) enroll(n int) {
	k.t.Helper()
	for start := 0; start < n; start += 5000 {
		var ids []string
		for i := start; i < min(start+5000, n); i++ {
			ids = append(ids, fmt.Sprintf("m%d", i))
		}
		k.must(k.api.Do(k.t.Context(), "POST", "/v1/campaigns/slow/enrollments", map[string]any{"members": ids}, nil))
	}
}

func (k *slowSite) pressYes(i int) {
	chat := chatOf(i)
	if k.answered[chat] {
		return
	}
	for _, m := range k.bot.Chat(chat) {
		if len(m.Keyboard) > 0 && strings.HasPrefix(m.Text, "Are you going") {
			if _, err := k.bot.Press(chat, m.ID, "Yes"); err == nil {
				k.answered[chat] = true
			}
			return
		}
	}
}

func (k *slowSite) responses(id campaigns.CampaignID) int {
	total := 0
	for page := (store.Page{Limit: 1000}); ; {
		rs, err := k.store.Responses(k.t.Context(), store.ResponseFilter{Campaign: id}, page)
		k.must(err)
		for _, r := range rs {
			page.After = r.ID
		}
		if total += len(rs); len(rs) < page.Limit {
			return total
		}
	}
}

func chatOf(i int) int64  { return int64(1_000_000 + i) }
func mailOf(i int) string { return fmt.Sprintf("m%d@example.org", i) }
