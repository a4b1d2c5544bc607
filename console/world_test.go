package console

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
	"github.com/kruzhok/kruzhok/templates/starters"
)

// start is a Tuesday morning in Almaty.
var start = time.Date(2026, 11, 24, 5, 20, 0, 0, time.UTC)

// hostile is what a member may call themselves.
const hostile = `<script>alert("1")</script>'"&`

// world is the console over a real engine and a real store with a small community.
type world struct {
	t       testing.TB
	store   *store.Store
	e       *engine.Engine
	console *Console
	gin     *gin.Engine
	members []campaigns.MemberID
	cookies []*http.Cookie
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t testing.TB, s *store.Store, edit ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, store: s}
	var err error
	w.e, err = engine.New(engine.Options{Store: s, Secret: make([]byte, 32), Mailbox: email.Address, PublicURL: "https://kruzhok.example", MailFrom: "news@kruzhok.example", MailFromName: "Speaklingua", Now: func() time.Time { return start }})
	must(t, err)
	t.Cleanup(w.e.Close)
	l := look.New(look.Options{})
	t.Cleanup(l.Close)
	o := Options{Engine: w.e, Reports: reports.New(s, blobs{}), Look: l, Now: func() time.Time { return start }, Open: true, Pace: time.Microsecond}
	o.SurveyPage = func(w io.Writer, p *engine.SurveyPage) error {
		_, err := fmt.Fprintf(w, "question %d: %s", p.Number, p.HTML)
		return err
	}
	for _, key := range starters.Names() {
		source, _ := starters.Source(key)
		o.Starters = append(o.Starters, Starter{key, "challenge", source})
	}
	for _, f := range edit {
		f(&o)
	}
	w.console, err = New(o)
	must(t, err)
	gin.SetMode(gin.ReleaseMode)
	w.gin = gin.New()
	w.console.Mount(w.gin)
	return w
}

// blobs keeps one recording.
type blobs struct{}

func (blobs) Get(string) (*os.File, error) { return os.Open("world_test.go") }

func (w *world) call(method, target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, target, body)
	r.Host = "127.0.0.1:8080"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	for _, c := range w.cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	w.gin.ServeHTTP(rec, r)
	return rec
}

func (w *world) get(target string, lang string) string {
	w.t.Helper()
	rec := w.call("GET", target, nil, "Accept-Language", lang)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", target, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// populate makes a community of n members inside a challenge and a survey, some days in.
func (w *world) populate(n int) {
	w.t.Helper()
	ctx := w.t.Context()
	zone, name := "Asia/Almaty", "Speaklingua"
	_, err := w.e.PatchCommunity(ctx, engine.Operator, engine.CommunityPatch{Name: &name, TimeZone: &zone, Topics: []string{"community", "challenges", "surveys", "news"}})
	must(w.t, err)
	first := [][2]string{{"Нино", "Беридзе"}, {"Lev", "Marsh"}, {"Айгерим", "Сатпаева"}, {"Ada", "O’Neil"}, {"Даниил", "Ким"}, {"Mei", "Tan"}, {"Константин", "Преображенский-Васнецов"}, {"Zoë", "Ng"}}
	var ms []*members.Member
	for i := range n {
		x := first[i%len(first)]
		lang := campaigns.Lang("ru")
		if i%2 == 1 {
			lang = "en"
		}
		seen := start.Add(-time.Duration(i) * time.Hour)
		ms = append(ms, &members.Member{ExternalID: fmt.Sprint("sl-", i), FirstName: x[0], LastName: x[1], Language: lang, TimeZone: []string{"Asia/Tbilisi", "Europe/Berlin", ""}[i%3], State: members.Active, LastActAt: &seen, CreatedAt: start.AddDate(0, 0, -22), UpdatedAt: start, Attributes: map[string]any{}})
	}
	ms[0].FirstName, ms[0].LastName = "\u202eНино", "Бе\u2066ридзе" // what would turn the words behind them around
	ms[1].FirstName, ms[1].LastName = hostile, strings.Repeat("Длинноеимя", 30)
	must(w.t, w.store.Write(ctx, func(tx *store.Tx) error {
		for i, m := range ms {
			if err := tx.InsertMember(ctx, m); err != nil {
				return err
			}
			w.members = append(w.members, m.ID)
			if err := w.address(ctx, tx, i, m.ID); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, key := range []string{"first-week", challengeKey, surveyKey} {
		source, _ := starters.Source(key)
		c, err := w.e.CreateCampaign(ctx, engine.Operator, engine.Draft{Source: source, Format: "yaml"})
		must(w.t, err)
		_, err = w.e.Publish(ctx, engine.Operator, c.Key)
		must(w.t, err)
	}
	w.challenge(n)
	w.survey(n)
}

func (w *world) address(ctx context.Context, tx *store.Tx, i int, id campaigns.MemberID) error {
	add := func(ch campaigns.Channel, value string, reach channels.Reach) error {
		a := members.Address{Member: id, Channel: ch, Value: value, Reach: reach, Proof: members.Given}
		if err := tx.SetAddress(ctx, a, value, "hash-"+value, start); err != nil {
			return err
		}
		return tx.AppendConsent(ctx, id, members.Consent{Channel: ch, Topic: members.AllTopics, Given: true, Source: "api", At: start.AddDate(0, 0, -22)})
	}
	if i%4 != 3 {
		reach := channels.ReachOK
		if i%9 == 0 {
			reach = channels.ReachBlocked
		}
		if err := add(campaigns.Telegram, fmt.Sprint(1000+i), reach); err != nil {
			return err
		}
	}
	if i%3 != 2 {
		return add(campaigns.Email, fmt.Sprintf("m%d@example.org", i), channels.ReachOK)
	}
	return nil
}

// rows are what one campaign of the community is made of.
type rows struct {
	ds []*store.Delivery
	rs []*store.Response
	ps []store.Points
	fs []*store.Media
}

func (w *world) write(x *rows) {
	w.t.Helper()
	ctx := w.t.Context()
	must(w.t, w.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.InsertDeliveries(ctx, x.ds); err != nil {
			return err
		}
		for _, f := range x.fs {
			if err := tx.InsertMedia(ctx, f); err != nil {
				return err
			}
		}
		for _, r := range x.rs {
			if err := tx.SaveResponse(ctx, r); err != nil {
				return err
			}
		}
		for _, p := range x.ps {
			if err := tx.AddPoints(ctx, p); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (w *world) enroll(es ...*store.Enrollment) {
	w.t.Helper()
	must(w.t, w.store.Write(w.t.Context(), func(tx *store.Tx) error { _, err := tx.InsertEnrollments(w.t.Context(), es); return err }))
}

func (w *world) campaign(key campaigns.Key) *store.Campaign {
	w.t.Helper()
	c, err := w.store.CampaignByKey(w.t.Context(), key)
	must(w.t, err)
	return c
}

func (w *world) id() int64 {
	id, err := w.store.NextID(w.t.Context())
	must(w.t, err)
	return id
}

// challenge puts the members into round 8 of the starter with a repeat.
func (w *world) challenge(n int) {
	c := w.campaign(challengeKey)
	def, err := w.e.Definition(w.t.Context(), c)
	must(w.t, err)
	var repeat, ask campaigns.StepID
	for _, s := range def.Order {
		if s.Repeat() != nil {
			repeat = s.ID
		}
		if a := s.Ask(); a != nil && a.Type.Media() {
			ask = s.ID
		}
	}
	x := &rows{}
	due := start.Add(5 * time.Hour)
	for i := range n {
		e := &store.Enrollment{Campaign: c.ID, Version: 1, Member: w.members[i], Source: "api", State: campaigns.EnrollmentWaiting, Step: ask, Visit: 8, WaitKind: campaigns.WaitAnswer, DueAt: &due, EnteredAt: start.AddDate(0, 0, -8), UpdatedAt: start}
		if i%3 > 0 {
			e.Step, e.WaitKind = repeat, campaigns.WaitTime
		}
		if i%11 == 10 {
			e.State, e.Reason, e.WaitKind, e.DueAt, e.EndedAt = campaigns.EnrollmentExited, campaigns.ExitLeft, "", nil, &start
		}
		e.Data = fmt.Appendf(nil, `{"started":true,"visits":{%q:1,%q:8,%q:1},"round":{"step":%q,"n":8,"first":"2026-11-17"},"rounds_done":%d,"points":%d}`, def.First().ID, ask, repeat, repeat, i%9, 10*(i%9))
		w.enroll(e)
		for round := 1; round <= 8; round++ {
			at := start.AddDate(0, 0, round-8).Add(time.Duration(i) * time.Minute)
			d := &store.Delivery{Kind: store.StepDelivery, Campaign: c.ID, Version: 1, Enrollment: e.ID, Member: e.Member, Step: ask, Visit: round, Channel: campaigns.Telegram, Lane: campaigns.Bulk, State: campaigns.Sent, ExpiresAt: at, CreatedAt: at, FinalAt: &at, Params: []byte(`{}`)}
			switch {
			case i%9 == 0 && round > 5:
				d.State, d.Reason = campaigns.Suppressed, campaigns.Blocked
			case i%13 == 5 && round == 8:
				d.State, d.Reason = campaigns.Failed, campaigns.Rejected
			case i%13 == 6 && round == 8:
				soon := start.Add(3 * time.Hour)
				d.State, d.Reason, d.FinalAt, d.DueAt = campaigns.Pending, campaigns.QuietHours, nil, &soon
			}
			x.ds = append(x.ds, d)
			if (i*7+round*3)%10 < 6 || i < 2 {
				w.note(x, c, e, ask, round, at.Add(time.Hour))
			}
		}
	}
	w.write(x)
}

func (w *world) note(x *rows, c *store.Campaign, e *store.Enrollment, step campaigns.StepID, round int, at time.Time) {
	id, input := campaigns.MediaID(w.id()), campaigns.InputID(w.id())
	kind, mime := campaigns.MediaVoice, "audio/ogg"
	if round%3 == 0 {
		kind, mime = campaigns.MediaVideoNote, "video/mp4"
	}
	x.fs = append(x.fs, &store.Media{ID: id, Member: e.Member, Input: input, Channel: campaigns.Telegram, Kind: kind, FileID: "f", MIME: mime, Size: 9, Seconds: 30 + round, SHA256: strings.Repeat("a", 64), State: store.MediaStored, CreatedAt: at, StoredAt: &at})
	x.rs = append(x.rs, &store.Response{Enrollment: e.ID, Campaign: c.ID, Version: 1, Member: e.Member, Question: "task", Step: step, Visit: round, Round: round, AnsweredAt: at, Answer: campaigns.Answer{
		Type: campaigns.Voice, Media: &campaigns.Media{ID: id, Kind: kind, Seconds: 30 + round}, At: at, Channel: campaigns.Telegram, Input: input,
	}})
	x.ps = append(x.ps, store.Points{ID: w.id(), Campaign: c.ID, Enrollment: e.ID, Member: e.Member, Step: "point", Visit: round, Round: round, Points: 10, At: at})
}

// survey answers every question of the survey's starter.
func (w *world) survey(n int) {
	c := w.campaign(surveyKey)
	def, err := w.e.Definition(w.t.Context(), c)
	must(w.t, err)
	x := &rows{}
	for i := range n {
		e := &store.Enrollment{Campaign: c.ID, Version: 1, Member: w.members[i], Source: "schedule", State: campaigns.EnrollmentCompleted, Step: def.First().ID, Visit: 1, Data: []byte(`{"started":true,"visits":{}}`), EnteredAt: start.AddDate(0, 0, -3), UpdatedAt: start, EndedAt: &start}
		w.enroll(e)
		for _, s := range def.Order {
			a := s.Ask()
			if a == nil {
				continue
			}
			answer := campaigns.Answer{Type: a.Type, At: start, Channel: campaigns.Email, Input: campaigns.InputID(w.id())}
			switch a.Type {
			case campaigns.NPS, campaigns.Scale, campaigns.CSAT:
				answer.Number = float64([]int{10, 9, 10, 8, 7, 5, 9, 10, 3, 9}[i%10])
			case campaigns.Choice:
				answer.Text = a.Options[i%len(a.Options)].Value
			case campaigns.Choices:
				answer.List = []string{a.Options[i%len(a.Options)].Value}
			case campaigns.YesNo:
				answer.Bool = i%3 == 0
			default:
				answer.Text = fmt.Sprintf("%d: %s", i, hostile)
			}
			x.rs = append(x.rs, &store.Response{Enrollment: e.ID, Campaign: c.ID, Version: 1, Member: e.Member, Question: a.SaveAs, Step: s.ID, Visit: 1, AnsweredAt: start.Add(-time.Duration(i) * time.Minute), Answer: answer})
		}
	}
	w.write(x)
	must(w.t, w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		return tx.InsertMessage(w.t.Context(), &store.Message{Member: w.members[1], Channel: campaigns.Telegram, Input: 99, Kind: "text", Text: hostile, At: start.Add(-5 * time.Hour)})
	}))
}

// The starters that the community plays.
const (
	surveyKey    = "how-are-we"
	challengeKey = "fourteen-days"
)

func newSQLite(t testing.TB) *store.Store { return storetest.SQLite(t) }
