package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/blob"
	"github.com/kruzhok/kruzhok/internal/journal"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/simulation"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// start is a Tuesday noon in UTC.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const publicURL = "https://kruzhok.test"

// world is the API over a real engine on SQLite. Mail goes to a sender that keeps it.
type world struct {
	t     *testing.T
	s     *server
	e     *engine.Engine
	store *store.Store
	mail  *outbox
	log   *bytes.Buffer
	clock *sync.Mutex // of now, while the engine works; the test itself sets it between
	now   time.Time
	token string
	ready error
	blobs *blob.Store
}

func newWorld(t *testing.T, edit ...func(*Options)) *world {
	t.Helper()
	return newWorldWith(t, nil, edit...)
}

// newWorldWith is newWorld with a word in the making of the engine.
func newWorldWith(t *testing.T, change func(*engine.Options), edit ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, store: storetest.SQLite(t), mail: &outbox{}, log: &bytes.Buffer{}, clock: new(sync.Mutex), now: start}
	j, err := journal.Open(t.TempDir(), "api-test")
	must(t, err)
	t.Cleanup(func() { _ = j.Close() })
	w.blobs, err = blob.Open(t.TempDir())
	must(t, err)
	options := engine.Options{
		Store: w.store, Journal: j, Owner: "api-test", Secret: []byte("0123456789abcdef0123456789abcdef"), PublicURL: publicURL,
		MailFromName: "Speaklingua", MailFrom: "news@c.example.org", Mailbox: email.Address, Chat: chat{}, Blobs: w.blobs,
		Senders: map[campaigns.Channel]channels.Sender{campaigns.Email: w.mail}, Connections: map[campaigns.Channel]int{campaigns.Email: 1},
		Now: func() time.Time {
			w.clock.Lock()
			defer w.clock.Unlock()
			w.now = w.now.Add(time.Microsecond)
			return w.now
		},
	}
	if change != nil {
		change(&options)
	}
	w.e, err = engine.New(options)
	must(t, err)
	t.Cleanup(w.e.Close)
	o := Options{
		Engine: w.e, Reports: reports.New(w.store, w.blobs), Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		PublicURL: publicURL, Version: "1.2.3", Ready: func(context.Context) error { return w.ready }, Webhook: Webhook{Enabled: true, Secret: "hook-secret"},
		Metrics: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "up 1\n") }),
	}
	o.Simulator, err = simulation.NewSimulator(w.e, filepath.Join(t.TempDir(), "simulations"))
	must(t, err)
	for _, f := range edit {
		f(&o)
	}
	w.s, err = newServer(o)
	must(t, err)
	w.token = w.newToken(engine.Admin)
	_, err = w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Name: new("Speaklingua"), TimeZone: new("Europe/Berlin"), PostalAddress: new("1 Example Street, Berlin"), Topics: []string{"surveys", "news", "community"}})
	must(t, err)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) newToken(scopes ...engine.Scope) string {
	w.t.Helper()
	token, err := w.e.CreateToken(w.t.Context(), engine.Operator, "test", scopes)
	must(w.t, err)
	return token
}

// in is the same world with its failures told to the subtest.
func (w *world) in(t *testing.T) *world {
	sub := *w
	sub.t = t
	return &sub
}

// outbox is a mail channel that keeps what it is given.
type outbox struct {
	mu      sync.Mutex
	sent    []channels.Message
	refusal *channels.Receipt // answered to everything, where set
}

func (o *outbox) Channel() campaigns.Channel { return campaigns.Email }

func (o *outbox) Dial(context.Context) (channels.Conn, error) { return o, nil }

func (o *outbox) Send(_ context.Context, m *channels.Message, begin func() error) channels.Receipt {
	if err := begin(); err != nil {
		return channels.Receipt{Class: channels.Temporary}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refusal != nil {
		return *o.refusal
	}
	kept := *m // its parts' memory is used again
	mail := *m.Mail
	mail.HTML, mail.Text = slices.Clone(mail.HTML), slices.Clone(mail.Text)
	kept.Mail = &mail
	o.sent = append(o.sent, kept)
	return channels.Receipt{ProviderID: fmt.Sprint(len(o.sent))}
}

func (o *outbox) Close() error { return nil }

// link is the last link of the kind that was mailed: /s/… or /u/….
func (w *world) link(kind string) string {
	w.t.Helper()
	w.mail.mu.Lock()
	defer w.mail.mu.Unlock()
	find := regexp.MustCompile(regexp.QuoteMeta(publicURL) + `(/` + kind + `/[A-Za-z0-9_-]+)`)
	for i := len(w.mail.sent) - 1; i >= 0; i-- {
		m := w.mail.sent[i]
		if found := find.FindStringSubmatch(string(m.Mail.HTML) + string(m.Mail.Text) + m.Mail.UnsubscribeURL); found != nil {
			return found[1]
		}
	}
	w.t.Fatalf("no link /%s/ in %d mails", kind, len(w.mail.sent))
	return ""
}

// chat reads updates as far as storing them needs.
type chat struct{}

func (chat) Decode(raw json.RawMessage) (channels.Incoming, error) {
	if !json.Valid(raw) {
		return channels.Incoming{}, errors.New("not JSON")
	}
	return channels.Incoming{Chat: "7"}, nil
}
func (chat) Acknowledge(context.Context, string, string) error { return nil }
func (chat) Name(context.Context) (string, error)              { return "circle_bot", nil }

func (chat) React(context.Context, string, string, string) error { return nil }

func (chat) Fetch(context.Context, string) (io.ReadCloser, channels.Receipt) {
	return nil, channels.Receipt{Class: channels.Refused}
}

func (chat) Edit(context.Context, string, string, string, [][]channels.Button) error {
	return nil
}

// settle does what workers would do at this moment.
func (w *world) settle() {
	w.t.Helper()
	for range 10 {
		actors, err := w.e.SweepActors(w.t.Context(), -time.Hour, 1000)
		must(w.t, err)
		for _, a := range actors {
			must(w.t, w.e.HandleActor(w.t.Context(), a))
		}
		_, err = w.e.AdvanceDue(w.t.Context(), time.Second)
		must(w.t, err)
		for _, lane := range []campaigns.Lane{campaigns.Interactive, campaigns.Bulk} {
			_, err := w.e.SendLane(w.t.Context(), lane, campaigns.Email, time.Second)
			must(w.t, err)
		}
	}
}

// answer is a response with its body read.
type answer struct {
	*httptest.ResponseRecorder
	t    *testing.T
	body string
}

// call sends a request. Headers are names and values in turn.
func (w *world) call(method, path, body string, headers ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+w.token)
	if body != "" {
		r.Header.Set("Content-Type", jsonType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	rec := httptest.NewRecorder()
	w.s.ServeHTTP(rec, r)
	return answer{rec, w.t, rec.Body.String()}
}

// want checks the status and returns the answer.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("status %d, want %d: %s", a.Code, status, a.body)
	}
	return a
}

// json reads the body into a map.
func (a answer) json() map[string]any {
	a.t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		a.t.Fatalf("body is not JSON: %v: %s", err, a.body)
	}
	return m
}

// problem checks that the answer is a problem with the status and code, and returns it.
func (a answer) problem(status int, code string) *Problem {
	a.t.Helper()
	a.want(status)
	if ct := a.Header().Get("Content-Type"); ct != problemType {
		a.t.Fatalf("content type %q of a problem", ct)
	}
	p := &Problem{}
	if err := json.Unmarshal([]byte(a.body), p); err != nil {
		a.t.Fatal(err)
	}
	if p.Code != code || p.Status != status || p.Title == "" || p.Detail == "" || strings.HasPrefix(p.Detail, "error.") || strings.HasPrefix(p.Title, "title.") {
		a.t.Fatalf("problem %+v, want %d %s", p, status, code)
	}
	for _, d := range p.Errors {
		if d.Code == "" || d.Message == "" || strings.HasPrefix(d.Message, "problem.") {
			a.t.Errorf("place without words: %+v", d)
		}
	}
	return p
}

func (a answer) items() []any {
	a.t.Helper()
	items, ok := a.json()["items"].([]any)
	if !ok {
		a.t.Fatalf("no items: %s", a.body)
	}
	return items
}

// survey is a campaign by mail with a question of each type.
const survey = `
key: autumn
kind: survey
name: How was October?
topic: surveys
languages: [en, ru]
channels: [email]
entry: {manual: true, reentry: never}
steps:
  - id: friend
    ask: {type: nps, text: {en: "Would you **tell** a friend?\nThink of the last month.", ru: "Посоветуешь нас другу?"}}
  - id: level
    ask:
      type: choice
      text: {en: What is your level?, ru: Какой у тебя уровень?}
      options: [{value: a1, text: {en: Beginner, ru: Начинающий}}, {value: b1, text: {en: "=Intermediate", ru: Средний}}]
  - id: days
    ask:
      type: choices
      text: {en: Which days suit you?, ru: Какие дни удобны?}
      options: [{value: sat, text: {en: Saturday, ru: Суббота}}, {value: sun, text: {en: Sunday, ru: Воскресенье}}]
  - id: again
    ask: {type: yes_no, text: {en: Will you come again?, ru: Придёшь ещё?}}
  - id: hours
    ask: {type: number, min: 0, max: 60, text: {en: How many hours a week?, ru: Сколько часов в неделю?}}
  - id: since
    ask: {type: date, text: {en: Since when?, ru: С какого дня?}}
  - id: wish
    ask: {type: text, text: {en: What do you wish for?, ru: Чего тебе хочется?}}
`

// begin publishes the survey, makes a member with an address, enrolls, and mails.
func (w *world) begin(lang string) {
	w.t.Helper()
	w.call("POST", "/v1/campaigns", survey, "Content-Type", "application/yaml").want(201)
	w.call("POST", "/v1/campaigns/autumn/publication", "").want(201)
	w.call("PUT", "/v1/members/anna", `{"first_name":"Anna","language":"`+lang+`","email":"anna@example.org","consents":[{"channel":"email","source":"test"}]}`).want(201)
	w.call("POST", "/v1/campaigns/autumn/enrollments", `{"members":["anna"]}`).want(200)
	w.settle()
}
