package api

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/channels/telegram"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// linkWorld is a world with a bot that answers.
type linkWorld struct {
	*world
	bot *sandbox.BotAPI
	tg  *telegram.Client
}

func newLinkWorld(t *testing.T) *linkWorld {
	t.Helper()
	bot, err := sandbox.ServeBotAPI("127.0.0.1:0", sandbox.BotAPIConfig{KeepTexts: true})
	must(t, err)
	t.Cleanup(func() { _ = bot.Close() })
	tg, err := telegram.New(telegram.Config{Token: sandbox.BotAPIToken, BaseURL: bot.URL})
	must(t, err)
	w := newWorldWith(t, func(o *engine.Options) {
		o.Chat, o.Senders[campaigns.Telegram] = telegram.Chat{Client: tg}, telegram.NewSender(tg, telegram.SenderConfig{})
		o.Connections[campaigns.Telegram] = 1
	})
	return &linkWorld{w, bot.BotAPI, tg}
}

// hear takes in what members did in the bot.
func (w *linkWorld) hear() {
	w.t.Helper()
	w.take()
	w.settle()
}

// hearWith shows what member 7 did, before it is handled.
func (w *linkWorld) hearWith(see func(context.Context, *store.Input)) {
	w.t.Helper()
	w.take()
	waiting, err := w.store.StoredInputs(w.t.Context(), "telegram:7", 10)
	must(w.t, err)
	for _, in := range waiting {
		see(w.t.Context(), in)
	}
	w.settle()
}

func (w *linkWorld) take() {
	w.t.Helper()
	res, err := w.tg.Call(w.t.Context(), "getUpdates", map[string]string{"timeout": "0"})
	must(w.t, err)
	var updates []json.RawMessage
	must(w.t, json.Unmarshal(res, &updates))
	var raw []engine.RawUpdate
	for _, u := range updates { // the same ones again are stored once
		r := telegram.Raw(u)
		raw = append(raw, engine.RawUpdate{ID: r.ID, HasID: r.HasID, Raw: r.Raw})
	}
	must(w.t, w.e.StoreUpdates(w.t.Context(), raw))
}

func (w *linkWorld) last(user int64) string {
	chat := w.bot.Chat(user)
	return chat[len(chat)-1].Text
}

// TestLinkCodeByAPI: a platform's button makes a code; Start behind its link connects, and the old external id leads on after a merge.
func TestLinkCodeByAPI(t *testing.T) {
	w := newLinkWorld(t)
	w.call("POST", "/v1/members", `{"external_id":"u1","first_name":"Anna","email":"anna@example.org"}`).want(201)
	w.call("POST", "/v1/members/nobody/link-codes", "").problem(404, "not_found.member")
	made := w.call("POST", "/v1/members/u1/link-codes", "").want(201).json()
	code, link := made["code"].(string), made["url"].(string)
	if !strings.HasSuffix(link, "?start=l_"+code) || !strings.HasPrefix(link, "https://t.me/") || made["expires_at"] == "" {
		t.Errorf("made: %v", made)
	}
	w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Anya", LanguageCode: "en"}, "l_"+code)
	w.hear()
	if got := w.call("GET", "/v1/members/u1", "").want(200).json(); got["telegram_chat_id"] != "7" || got["email"] != "anna@example.org" {
		t.Errorf("member: %v", got)
	}
	w.now = w.now.Add(time.Minute)
	w.call("POST", "/v1/members", `{"external_id":"u2","telegram_chat_id":8}`).want(201)
	code = w.call("POST", "/v1/members/u1/link-codes", "").want(201).json()["code"].(string)
	w.bot.Start(sandbox.BotUser{ID: 8, FirstName: "Anya", LanguageCode: "en"}, "l_"+code)
	w.hear()
	got := w.call("GET", "/v1/members/u2", "").want(200).json()
	if got["external_id"] != "u1" || got["telegram_chat_id"] != "8" {
		t.Errorf("the old external id leads to %v", got)
	}
	lines := w.call("GET", "/v1/members/u2/timeline", "", "Accept-Language", "ru").want(200).body
	if !strings.Contains(lines, "member.merged") || !strings.Contains(lines, "теперь у них одна история") {
		t.Errorf("timeline: %s", lines)
	}
	w.in(t).call("POST", "/v1/events", `{"id":"e1","event":"lesson.finished","member":"u2"}`).want(202)
}

// TestTelegramIsOff: without a bot no code is made, and no mail offers one.
func TestTelegramIsOff(t *testing.T) {
	w := newWorldWith(t, func(o *engine.Options) { o.Chat = telegram.Chat{} })
	w.call("POST", "/v1/members", `{"external_id":"u1","email":"other@example.org"}`).want(201)
	w.call("POST", "/v1/members/u1/link-codes", "").problem(409, "conflict.telegram_off")
	w.begin("en")
	if m := w.mail.sent[len(w.mail.sent)-1]; strings.Contains(string(m.Mail.HTML)+string(m.Mail.Text), publicURL+"/link/") {
		t.Error("a mail offers a chat that is not there")
	}
}

var shownCode = regexp.MustCompile(`<code>/link ([0-9a-z]{12})</code>`)

// TestConnectPage: the mail's footer leads to a page whose POST alone makes a code, once a press, until a chat is connected.
func TestConnectPage(t *testing.T) {
	w := newLinkWorld(t)
	w.begin("ru")
	link := w.link("link")
	made := w.codes()
	for _, method := range []string{"GET", "HEAD"} {
		w.page(method, link).want(200)
	}
	got := w.page("GET", link).want(200)
	checkPageHeaders(t, got)
	if !strings.Contains(got.body, "Получить код") || shownCode.MatchString(got.body) || w.codes() != made {
		t.Errorf("a GET made a code: %s", got.body)
	}
	w.post(link, url.Values{}, "Sec-Fetch-Site", "cross-site").want(403)
	got = w.post(link, url.Values{}).want(200)
	found := shownCode.FindStringSubmatch(got.body)
	if found == nil || !strings.Contains(got.body, "?start=l_"+found[1]) {
		t.Fatalf("no code on %s", got.body)
	}
	w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Anna", LanguageCode: "ru"}, "")
	_, err := w.bot.Say(7, "/link "+found[1])
	must(t, err)
	w.hear()
	if !strings.Contains(w.last(7), "теперь этот чат") {
		t.Errorf("the bot says %q", w.last(7))
	}
	if got := w.post(link, url.Values{}).want(200); shownCode.MatchString(got.body) || !strings.Contains(got.body, "Чат уже связан") {
		t.Errorf("a code for who has a chat: %s", got.body)
	}
	w.page("GET", link+"x").want(404)
	w.page("GET", strings.Replace(w.link("u"), "/u/", "/link/", 1)).want(404)
	w.now = w.now.Add(9 * 24 * time.Hour)
	w.post(link, url.Values{}).want(410)
}

// codes is how many codes were ever made, as far as the page can tell: every code takes one of the member's places.
func (w *linkWorld) codes() int {
	w.t.Helper()
	ms, err := w.e.Members(w.t.Context(), engine.Operator, store.Page{Limit: 10})
	must(w.t, err)
	n := 0
	for _, m := range ms {
		k, err := w.store.CountLinkCodes(w.t.Context(), m.ID, store.ChatCode, time.Time{})
		must(w.t, err)
		n += k
	}
	return n
}

// TestMailboxPage: the link in the mail shows what will happen; only the POST connects, once, and not from another site.
func TestMailboxPage(t *testing.T) {
	w := newLinkWorld(t)
	w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "\u202e<Anna>\u2066", LanguageCode: "en"}, "")
	_, err := w.bot.Say(7, "/link anna@example.org")
	must(t, err)
	w.hear()
	link := w.link("mailbox")
	member := func() map[string]any {
		return w.call("GET", "/v1/members?limit=1", "").want(200).items()[0].(map[string]any)
	}
	for _, method := range []string{"GET", "HEAD", "GET"} {
		w.page(method, link).want(200)
	}
	got := w.page("GET", link).want(200)
	checkPageHeaders(t, got)
	for _, part := range []string{"anna@example.org", "“&lt;Anna&gt;”", `method="post"`, "Connect my mailbox"} {
		if !strings.Contains(got.body, part) {
			t.Errorf("page has no %s: %s", part, got.body)
		}
	}
	w.post(link, url.Values{}, "Sec-Fetch-Site", "cross-site").want(403)
	if got := member(); got["email"] != nil {
		t.Fatalf("connected without a POST of the page: %v", got)
	}
	w.post(link, url.Values{}).want(303)
	if got := member(); got["email"] != "anna@example.org" {
		t.Errorf("member: %v", got)
	}
	if got := w.page("GET", link).want(200); !strings.Contains(got.body, "The mailbox is connected") || strings.Contains(got.body, "anna@") {
		t.Errorf("afterwards: %s", got.body)
	}
	w.page("GET", link+"x").want(404)
}

// TestLinkCodeOnce: a repetition with the same key makes no second code, and does not show the first one again.
func TestLinkCodeOnce(t *testing.T) {
	w := newLinkWorld(t)
	w.call("PUT", "/v1/members/anna", `{"first_name":"Anna"}`).want(201)
	key := []string{"Idempotency-Key", "button-1"}
	first := w.call("POST", "/v1/members/anna/link-codes", "", key...).want(201)
	again := w.call("POST", "/v1/members/anna/link-codes", "", key...)
	if again.Code >= 500 || again.body == first.body || w.codes() != 1 {
		t.Errorf("%d codes; the repetition: %d %s", w.codes(), again.Code, again.body)
	}
}
