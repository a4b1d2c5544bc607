package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sink/botapi"
)

// site is an installation and the members' side of its bot.
type site struct {
	lab     *measure.Lab
	kind    *answerKind
	pg      *measure.Postgres
	redis   *measure.Redis
	service *measure.Service
	bot     *botapi.Server
	members int
	url     string // of the database

	mu      sync.Mutex
	asked   map[int64]time.Time // by chat: when the answer left whose question has not come; zero: a question is open
	open    map[int64]question  // by chat
	taken   []time.Duration
	onAsked func(chat int64) // called when a question has come
	came    int
}

func open(ctx context.Context, database string, kind *answerKind, members int, statements bool) (s *site, err error) {
	s = &site{kind: kind, members: members, asked: map[int64]time.Time{}, open: map[int64]question{}}
	if s.lab, err = measure.NewLab(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.bot, err = botapi.Listen(botapi.Config{Taken: s.question}); err != nil {
		return nil, err
	}
	url, redisURL := "", ""
	if database == "postgres" {
		var settings []string
		if statements {
			settings = []string{"shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_planning=on"}
		}
		if s.pg, err = s.lab.Postgres(ctx, settings...); err != nil {
			return nil, err
		}
		if s.redis, err = s.lab.Redis(ctx); err != nil {
			return nil, err
		}
		redisURL = s.redis.URL
		url, err = s.pg.Database(ctx)
	} else {
		url, err = s.lab.SQLite()
	}
	if err != nil {
		return nil, err
	}
	binary, err := s.lab.Build(ctx, "./cmd/kruzhok")
	if err != nil {
		return nil, err
	}
	if s.service, err = s.lab.Service(ctx, binary, url, redisURL, "KRUZHOK_TELEGRAM_TOKEN="+botapi.Token, "KRUZHOK_TELEGRAM_API_URL="+s.bot.URL(),
		"KRUZHOK_TELEGRAM_RATE=0", "KRUZHOK_TELEGRAM_CHAT_RATE=0"); err != nil {
		return nil, err
	}
	s.url = url
	if err := seed(ctx, url, members); err != nil {
		return nil, err
	}
	if err := s.service.Start(ctx, "kruzhok", "serve"); err != nil {
		return nil, err
	}
	return s, s.begin(ctx)
}

func (s *site) close() {
	_ = s.lab.Close()
	if s.bot != nil {
		_ = s.bot.Close()
	}
}

// watched are the processes that work; the members' side is in this one.
func (s *site) watched() []measure.Process {
	all := s.service.Processes()
	if s.pg != nil {
		all = append(all, s.pg.Process(), s.redis.Process())
	}
	return append(all, measure.Process{Name: "members", PID: os.Getpid()})
}

// begin asks everybody the first question.
func (s *site) begin(ctx context.Context) error {
	if _, err := s.service.Do(ctx, http.MethodPost, "/v1/campaigns", "application/yaml", []byte(s.kind.campaign())); err != nil {
		return err
	}
	if _, err := s.service.Do(ctx, http.MethodPost, "/v1/campaigns/talk/publication", "", nil); err != nil {
		return err
	}
	var ids []string
	for n := 1; n <= s.members; n++ {
		ids = append(ids, fmt.Sprintf("%q", fmt.Sprintf("m%d", n)))
	}
	if _, err := s.service.Do(ctx, http.MethodPost, "/v1/campaigns/talk/enrollments", "application/json", []byte(`{"members":[`+strings.Join(ids, ",")+`]}`)); err != nil {
		return err
	}
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		s.mu.Lock()
		n := s.came
		s.mu.Unlock()
		if n >= s.members {
			return nil
		}
		if time.Since(began) > time.Minute {
			return fmt.Errorf("%d of %d members were asked in a minute", n, s.members)
		}
	}
}

// question hears of every message that the bot sends.
func (s *site) question(c botapi.Call) {
	if !strings.HasPrefix(c.Method, "send") { // what was pressed is marked too
		return
	}
	s.mu.Lock()
	s.open[c.Chat] = question{c.MessageID, c.Keyboard}
	if at := s.asked[c.Chat]; !at.IsZero() {
		s.taken = append(s.taken, time.Since(at))
		s.asked[c.Chat] = time.Time{}
	}
	s.came++
	next := s.onAsked
	s.mu.Unlock()
	if next != nil {
		next(c.Chat)
	}
}

// answer lets the member in the chat answer.
func (s *site) answer(chat int64) {
	s.mu.Lock()
	s.asked[chat] = time.Now()
	q := s.open[chat]
	s.mu.Unlock()
	s.kind.answer(s.bot, chat, q)
}

func (s *site) waits() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.taken
	s.taken = nil
	return w
}

var errBehind = errors.New("a member who was to answer had no question yet: the service is behind")

// paced lets members answer in turn at the rate.
func (s *site) paced(ctx context.Context, rate int, span time.Duration) (int, error) {
	n := int(span.Seconds() * float64(rate))
	began := time.Now()
	for i := range n {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		chat := int64(firstChat + i%s.members)
		s.mu.Lock()
		open := s.asked[chat].IsZero()
		s.mu.Unlock()
		if !open {
			return 0, errBehind
		}
		s.answer(chat)
	}
	return n, s.settled(ctx)
}

// crowded lets some members answer each question as soon as it comes.
func (s *site) crowded(ctx context.Context, crowd int, span time.Duration) (int, error) {
	end := time.Now().Add(span)
	s.mu.Lock()
	s.onAsked = func(chat int64) {
		if time.Now().Before(end) {
			s.answer(chat)
		}
	}
	s.mu.Unlock()
	for i := range min(crowd, s.members) {
		s.answer(int64(firstChat + i))
	}
	time.Sleep(time.Until(end))
	s.mu.Lock()
	s.onAsked = nil
	n := len(s.taken)
	s.mu.Unlock()
	return n, s.settled(ctx)
}

// settled waits until every answer has its question.
func (s *site) settled(ctx context.Context) error {
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		open := 0
		s.mu.Lock()
		for _, at := range s.asked {
			if !at.IsZero() {
				open++
			}
		}
		s.mu.Unlock()
		if open == 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(began) > 30*time.Second {
			return fmt.Errorf("%d answers had no question after half a minute", open)
		}
	}
}

const firstChat = 1_000_000

// seed writes members who have a chat and want to talk.
func seed(ctx context.Context, url string, n int) error {
	driver := "pgx"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, url = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		return err
	}
	defer db.Close()
	const from = ` FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) SELECT n FROM numbers) AS numbers`
	for _, statement := range []string{
		`INSERT INTO members (id, external_id, first_name, last_name, language, time_zone, attributes, state, created_at, updated_at)
			SELECT n, 'm' || n, 'Anna', '', 'en', 'Europe/Moscow', '{}', 'active', 0, 0` + from,
		`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
			SELECT n, n, 'telegram', '' || (999999 + n), '' || (999999 + n), 'h' || n, 'ok', 0, 0` + from,
		`INSERT INTO subscriptions (member_id, channel, topic, given, at) SELECT n, 'telegram', 'community', true, 0` + from,
	} {
		if _, err := db.ExecContext(ctx, statement, int64(n)); err != nil {
			return err
		}
	}
	return nil
}

// statements prints the costliest ones.
func (s *site) statements(ctx context.Context, w io.Writer) error {
	db, err := sql.Open("pgx", s.url)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, `SELECT round(total_exec_time)::bigint, round(total_plan_time)::bigint, calls, rows, left(regexp_replace(query, '\s+', ' ', 'g'), 150)
		FROM pg_stat_statements ORDER BY total_exec_time + total_plan_time DESC LIMIT 45`)
	if err != nil {
		return err
	}
	defer rows.Close()
	fmt.Fprintln(w, "ms\tplanning\tcalls\trows\tstatement")
	for rows.Next() {
		var ms, planning, calls, n int64
		var text string
		if err := rows.Scan(&ms, &planning, &calls, &n, &text); err != nil {
			return err
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%s\n", ms, planning, calls, n, text)
	}
	return rows.Err()
}
