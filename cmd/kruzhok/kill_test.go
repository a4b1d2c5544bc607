package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

var (
	killDeliveries = flag.Int("kill.deliveries", 2000, "kill test: deliveries over both channels")
	killRounds     = flag.Int("kill.rounds", 6, "kill test: faults while they are sent")
	killPatience   = flag.Duration("kill.patience", 3*time.Minute, "kill test: how long everything may take to be final after the last fault")
	killSeed       = flag.Uint64("kill.seed", 1, "kill test: seed of the plan of faults")
)

// killCampaign sends two messages to everybody: one that asks nothing, and a question.
const killCampaign = `
key: kill
kind: broadcast
name: Kill
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

// connections of every process and channel: the bound of duplicates is one message per connection per kill.
const (
	killBulk        = 4
	killInteractive = 4
)

// TestKillTogether kills the one process of an embedded installation.
func TestKillTogether(t *testing.T) {
	k := newKillRun(t, storetest.SQLiteURL(t))
	k.spawn("serve")
	k.play([]mishap{k.kill})
}

// TestKillApart kills the API and two workers on PostgreSQL and Redis, empties Redis and restarts it.
func TestKillApart(t *testing.T) {
	database := storetest.PostgresURL(t)
	binary := redisBinary(t)
	k := newKillRun(t, database)
	k.redis = startRedis(t, binary)
	k.spawn("serve", "--roles=api,scheduler,inbound")
	k.spawn("worker")
	k.spawn("worker")
	k.play([]mishap{k.kill, k.kill, k.flush, k.restartRedis})
}

// redisBinary is a Redis that the test may kill.
func redisBinary(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("KRUZHOK_TEST_REDIS_BIN"), "redis-server"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	if os.Getenv("KRUZHOK_REQUIRE_SERVICES") != "" {
		t.Fatal("no redis-server to start")
	}
	t.Skip("no redis-server to start; set KRUZHOK_TEST_REDIS_BIN")
	return ""
}

// mishap is one thing that goes wrong.
type mishap func() string

// killRun is one installation under fire.
type killRun struct {
	t        *testing.T
	dir      string
	listen   string
	database string
	key      string
	bot      *sandbox.BotAPIServer
	mail     *sandbox.MailServer
	redis    *redisServer
	procs    []*proc
	eye      *engine.Engine
	store    *store.Store
	api      *demo.Client
	rnd      *rand.Rand
	kills    int
	answered map[int64]bool
}

func newKillRun(t *testing.T, database string) *killRun {
	t.Helper()
	k := &killRun{t: t, dir: t.TempDir(), database: database, key: config.NewSecretKey(), rnd: rand.New(rand.NewPCG(*killSeed, 2)), answered: map[int64]bool{}}
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
	token, err := k.eye.CreateToken(t.Context(), engine.Operator, "kill", []engine.Scope{engine.Admin})
	k.must(err)
	k.api = demo.NewClient("http://"+k.listen, token)
	return k
}

func (k *killRun) must(err error) {
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

func (k *killRun) spawn(args ...string) {
	k.t.Helper()
	p := &proc{args: args}
	k.procs = append(k.procs, p)
	k.start(p)
	k.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		if k.t.Failed() {
			k.t.Logf("the last words of %v:\n%.4000s", args, tail(p.log.String(), 4000))
		}
	})
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func (k *killRun) start(p *proc) {
	k.t.Helper()
	p.cmd = exec.Command(os.Args[0], p.args...)
	p.cmd.Env = []string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + k.dir, "KRUZHOK_LISTEN=" + k.listen, "KRUZHOK_SECRET_KEY=" + k.key, "KRUZHOK_DATABASE_URL=" + k.database,
		"KRUZHOK_REDIS_URL=" + k.redis.url(), "KRUZHOK_TELEGRAM_TOKEN=" + sandbox.BotAPIToken, "KRUZHOK_TELEGRAM_API_URL=" + k.bot.URL, "KRUZHOK_TELEGRAM_RATE=0",
		"KRUZHOK_SMTP_URL=" + k.mail.URL(), "KRUZHOK_MAIL_FROM=News <news@c.example.org>", "KRUZHOK_DATA_DIR=" + filepath.Join(k.dir, "data"), "KRUZHOK_LOG_LEVEL=warn",
		"KRUZHOK_SMTP_CONNECTIONS=" + strconv.Itoa(killBulk), "KRUZHOK_TELEGRAM_CONNECTIONS=" + strconv.Itoa(killBulk),
	}
	p.log = &bytes.Buffer{}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	k.must(p.cmd.Start())
}

// kill ends a random process without a word and starts it again.
func (k *killRun) kill() string {
	p := k.procs[k.rnd.IntN(len(k.procs))]
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	k.kills++
	k.start(p)
	return "SIGKILL " + p.args[0]
}

func (k *killRun) flush() string {
	_ = k.redis.client().FlushAll(k.t.Context()).Err()
	return "FLUSHALL"
}

func (k *killRun) restartRedis() string {
	k.redis.restart(k.t)
	return "restart Redis"
}

// play enrolls everybody, lets faults happen while the messages go out and answers come in, and reconciles.
func (k *killRun) play(faults []mishap) {
	n := *killDeliveries / 2
	k.waitFor(60*time.Second, "the API", func() bool { return k.api.Do(k.t.Context(), "GET", "/readyz", nil, nil) == nil })
	k.members(n)
	k.must(k.api.Do(k.t.Context(), "POST", "/v1/campaigns", []byte(killCampaign), nil))
	k.must(k.api.Do(k.t.Context(), "POST", "/v1/campaigns/kill/publication", nil, nil))
	began := time.Now()
	k.enroll(n)
	ctx, cancel := context.WithCancel(k.t.Context())
	var answering sync.WaitGroup
	answering.Go(func() { k.answer(ctx, n) })
	for round := range *killRounds {
		k.underWay()
		what := faults[k.rnd.IntN(len(faults))]()
		k.t.Logf("round %d: %s after %d messages and %d mails", round+1, what, k.bot.Accepted(), k.mail.Mailbox().Total())
	}
	k.waitFor(*killPatience, "every delivery to be final", func() bool { return k.settled() })
	cancel()
	answering.Wait()
	k.answerAll(n)
	k.waitFor(time.Minute, "every answer to be stored", func() bool { return k.bot.Pending() == 0 && k.settled() })
	k.t.Logf("%d deliveries, %d rounds, %.1f s", 2*n, *killRounds, time.Since(began).Seconds())
	k.reconcile(n)
}

// underWay waits until messages leave again after the last fault, and then for a random moment: faults are to hit while things are on their way.
func (k *killRun) underWay() {
	seen := func() int { return int(k.bot.Accepted()) + k.mail.Mailbox().Total() }
	before := seen()
	for end := time.Now().Add(10 * time.Second); seen() == before && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(k.rnd.IntN(150)) * time.Millisecond)
}

func (k *killRun) waitFor(limit time.Duration, what string, ok func() bool) {
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
func (k *killRun) settled() bool {
	idle, err := k.eye.Idle(k.t.Context())
	return err == nil && idle && k.notFinal() == 0
}

func (k *killRun) notFinal() int {
	counts, err := k.counts()
	if err != nil {
		return -1
	}
	return counts["pending"] + counts["claimed"] + counts["sending"]
}

func (k *killRun) counts() (map[string]int, error) {
	c, err := k.store.CampaignByKey(k.t.Context(), "kill")
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

// chatOf and mailOf are the addresses of member i: even ones are in Telegram, odd ones have mail.
func chatOf(i int) int64  { return int64(1_000_000 + i) }
func mailOf(i int) string { return fmt.Sprintf("m%d@example.org", i) }

func (k *killRun) members(n int) {
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

func (k *killRun) settledInputs() bool {
	idle, err := k.eye.Idle(k.t.Context())
	return err == nil && idle
}

func (k *killRun) enroll(n int) {
	k.t.Helper()
	for start := 0; start < n; start += 5000 {
		var ids []string
		for i := start; i < min(start+5000, n); i++ {
			ids = append(ids, fmt.Sprintf("m%d", i))
		}
		k.must(k.api.Do(k.t.Context(), "POST", "/v1/campaigns/kill/enrollments", map[string]any{"members": ids}, nil))
	}
}

// answer presses Yes under some of the questions while everything burns.
func (k *killRun) answer(ctx context.Context, n int) {
	for ctx.Err() == nil {
		for i := 0; i < n && ctx.Err() == nil; i += 10 {
			k.pressYes(i)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// answerAll presses for those whose question came when nobody looked.
func (k *killRun) answerAll(n int) {
	for i := 0; i < n; i += 10 {
		k.pressYes(i)
	}
}

func (k *killRun) pressYes(i int) {
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

// reconcile compares the three ledgers: what should have been sent, what the rows say, what the servers saw.
func (k *killRun) reconcile(n int) {
	k.t.Helper()
	c, err := k.store.CampaignByKey(k.t.Context(), "kill")
	k.must(err)
	seen := k.arrivals()
	var lost, unknown, arrived, rows, suppressed int
	for page := (store.Page{Limit: 1000}); ; {
		ds, err := k.store.Deliveries(k.t.Context(), store.DeliveryFilter{Campaign: c.ID}, page)
		k.must(err)
		for _, d := range ds {
			rows++
			page.After = int64(d.ID)
			got := seen.of(k, d)
			switch d.State {
			case campaigns.Sent:
				if got == 0 {
					lost++
					k.t.Errorf("delivery %d is sent, and never arrived", d.ID)
				}
			case campaigns.Unknown:
				unknown++
				if got > 0 {
					arrived++
				}
			default:
				suppressed++
				k.t.Errorf("delivery %d is %s (%s)", d.ID, d.State, d.Reason)
			}
		}
		if len(ds) < page.Limit {
			break
		}
	}
	if rows != 2*n {
		k.t.Errorf("%d deliveries for %d members who get two each", rows, n)
	}
	bound := k.kills * 2 * (killBulk + killInteractive)
	if seen.duplicates > bound {
		k.t.Errorf("%d duplicates; the bound is one per connection per kill: %d", seen.duplicates, bound)
	}
	if seen.otherIDs > 0 {
		k.t.Errorf("%d mails came twice with another Message-ID", seen.otherIDs)
	}
	responses := k.responses(c.ID)
	if responses != len(k.answered) {
		k.t.Errorf("%d answers were given, %d are stored", len(k.answered), responses)
	}
	k.t.Logf("ledgers: %d rows, lost %d, unknown %d (of them arrived %d), duplicates %d (bound %d, mails with another Message-ID %d), answers %d of %d, kills %d",
		rows, lost, unknown, arrived, seen.duplicates, bound, seen.otherIDs, responses, len(k.answered), k.kills)
}

func (k *killRun) responses(id campaigns.CampaignID) int {
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

// arrivals is what the servers saw, by member and message.
type arrivals struct {
	telegram             map[string]int // chat and text
	mail                 map[string]map[string]int
	members              map[campaigns.MemberID]string
	duplicates, otherIDs int
}

func (k *killRun) arrivals() *arrivals {
	a := &arrivals{telegram: map[string]int{}, mail: map[string]map[string]int{}, members: map[campaigns.MemberID]string{}}
	for _, call := range k.bot.Journal() {
		if call.Method == "sendMessage" && (strings.HasPrefix(call.Text, "News for") || strings.HasPrefix(call.Text, "Are you going")) {
			key := fmt.Sprintf("%d %.3s", call.Chat, call.Text)
			if a.telegram[key]++; a.telegram[key] > 1 {
				a.duplicates++
			}
		}
	}
	for _, m := range k.mail.Mailbox().Journal() {
		if a.mail[m.Rcpt] == nil {
			a.mail[m.Rcpt] = map[string]int{}
		}
		if a.mail[m.Rcpt][m.MessageID]++; a.mail[m.Rcpt][m.MessageID] > 1 {
			a.duplicates++
		}
	}
	for _, ids := range a.mail {
		if len(ids) > 2 { // two deliveries each: a third id is one mail under two names
			a.otherIDs += len(ids) - 2
		}
	}
	return a
}

// of is how often the delivery arrived.
func (a *arrivals) of(k *killRun, d *store.Delivery) int {
	if a.members[d.Member] == "" {
		profiles, err := k.store.Profiles(k.t.Context(), []campaigns.MemberID{d.Member})
		k.must(err)
		for _, x := range profiles[d.Member].Addresses {
			a.members[d.Member] = x.Value
		}
	}
	address := a.members[d.Member]
	if d.Channel == campaigns.Telegram {
		return a.telegram[address+" "+map[campaigns.StepID]string{"news": "New", "going": "Are"}[d.Step]]
	}
	for id, n := range a.mail[address] {
		if strings.HasPrefix(strings.Trim(id, "<>"), "d"+strconv.FormatInt(int64(d.ID), 36)+".") {
			return n
		}
	}
	return 0
}

// redisServer is a Redis that can be restarted. A nil one is none: the service embeds its own.
type redisServer struct {
	binary string
	port   string
	cmd    *exec.Cmd
}

func startRedis(t *testing.T, binary string) *redisServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	r := &redisServer{binary: binary, port: port}
	r.start(t)
	t.Cleanup(func() { _ = r.cmd.Process.Kill(); _ = r.cmd.Wait() })
	return r
}

func (r *redisServer) start(t *testing.T) {
	t.Helper()
	r.cmd = exec.Command(r.binary, "--port", r.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	client := r.client()
	defer client.Close()
	for range 100 {
		if client.Ping(t.Context()).Err() == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("Redis does not answer")
}

func (r *redisServer) restart(t *testing.T) {
	t.Helper()
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	r.start(t)
}

func (r *redisServer) url() string {
	if r == nil {
		return ""
	}
	return "redis://127.0.0.1:" + r.port + "/0"
}

func (r *redisServer) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + r.port, MaxRetries: -1})
}
