package engine_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// eachDumped is each, with a look at everything that the database holds, as text.
func eachDumped(t *testing.T, fn func(t *testing.T, w *world, dump func() string)) {
	t.Run("sqlite", func(t *testing.T) {
		url := storetest.SQLiteURL(t)
		fn(t, newWorld(t, storetest.Open(t, url)), func() string { return dumpSQLite(t, strings.TrimPrefix(url, "sqlite:")) })
	})
	t.Run("postgres", func(t *testing.T) {
		url := storetest.PostgresURL(t)
		fn(t, newWorld(t, storetest.Open(t, url)), func() string { return dumpPostgres(t, url) })
	})
}

func dumpSQLite(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer func() { _ = db.Close() }()
	var out strings.Builder
	for _, table := range column(t, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		var parts []string
		for _, c := range column(t, db, fmt.Sprintf(`SELECT name FROM pragma_table_info('%s')`, table)) {
			parts = append(parts, fmt.Sprintf(`coalesce(CAST("%s" AS TEXT), '')`, c))
		}
		for _, row := range column(t, db, `SELECT `+strings.Join(parts, ` || ' | ' || `)+` FROM "`+table+`"`) {
			out.WriteString(table + ": " + row + "\n")
		}
	}
	return out.String()
}

func column(t *testing.T, db *sql.DB, text string) []string {
	t.Helper()
	rows, err := db.Query(text)
	must(t, err)
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s string
		must(t, rows.Scan(&s))
		out = append(out, s)
	}
	must(t, rows.Err())
	return out
}

func dumpPostgres(t *testing.T, url string) string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = c.Close(t.Context()) }()
	texts := func(q string) []string {
		rows, err := c.Query(t.Context(), q)
		must(t, err)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(t, err)
		return all
	}
	var out strings.Builder
	for _, table := range texts(`SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'`) {
		for _, row := range texts(`SELECT x::text FROM ` + table + ` x`) {
			out.WriteString(table + ": " + row + "\n")
		}
	}
	return out.String()
}

// leaver has used everything before they leave: a campaign in the chat with answers given and changed, a message, a wait, mail.
func leaver(w *world) (campaigns.MemberID, campaigns.Key, []string) {
	w.t.Helper()
	w.bot.Start(sandbox.BotUser{ID: 7654321, FirstName: "Zinaida", LastName: "Verstappova", LanguageCode: "en"}, "")
	w.settle()
	w.member("ext-4711", func(in *engine.MemberInput) {
		in.FirstName, in.LastName, in.TelegramChatID, in.Email = new("Zinaida"), new("Verstappova"), new("7654321"), new("zina@private.example")
		in.Attributes, in.Tags = map[string]any{"dog": "Rexington"}, &[]string{"tagzina"}
		in.Consents = []engine.ConsentInput{{Channel: campaigns.Email, Source: "test"}}
	})
	key := w.publish(campaign("talk", "", asks("q1", "text", "")+asks("q2", "choices", ", options: [{value: ticked-value, text: {en: Apple, ru: Яблоко}}, {value: b, text: {en: Pear, ru: Груша}}]")+waits("w", "for: 1h")+sends("s", "Dear {{ member.first_name }}, {{ answers.q1 }}")))
	w.enroll(key, "ext-4711")
	w.settle()
	w.say(7654321, "my secret answer")
	asked := w.bot.Chat(7654321)
	for _, m := range asked {
		if strings.Contains(m.Text, "q1?") {
			_, err := w.bot.ReplyTo(7654321, m.ID, "my changed answer")
			must(w.t, err)
		}
	}
	w.settle()
	w.click(7654321, "Apple")
	w.say(7654321, "a private question")
	return w.byChat(7654321), key, []string{"Zinaida", "Verstappova", "7654321", "ext-4711", "zina@private", "private.example", "Rexington", "tagzina", "my secret", "my changed", "private question", "ticked-value"}
}

func expectGone(t *testing.T, dump string, values []string) {
	t.Helper()
	for _, v := range values {
		for line := range strings.Lines(dump) {
			if strings.Contains(line, v) && !strings.Contains(line, "ask:") { // a definition is the coordinator's
				t.Errorf("%q is still there: %.300s", v, line)
			}
		}
	}
}

// TestDelete: the bot asks first; "no" keeps everything, "yes" leaves nothing behind, and a new Start begins anew.
func TestDelete(t *testing.T) {
	eachDumped(t, func(t *testing.T, w *world, dump func() string) {
		m, key, values := leaver(w)
		w.say(7654321, "/delete")
		w.click(7654321, "Keep my data")
		w.expectLast(7654321, "Nothing was removed")
		if full := dump(); !strings.Contains(full, "Zinaida") || !strings.Contains(full, "my changed") {
			t.Fatal("the dump does not see values")
		}
		w.say(7654321, "/delete")
		w.press(7654321, "Remove my data for good")
		w.press(7654321, "Remove my data for good")
		w.settle()
		w.expectLast(7654321, "Your data is removed")
		expectGone(t, dump(), values)
		w.expectStands(key, m, "exited q2 erased")
		n := len(w.chat(7654321))
		w.later(30 * 24 * time.Hour)
		expectList(t, "chat afterwards", w.since(7654321, n))
		w.bot.Start(sandbox.BotUser{ID: 7654321, FirstName: "Zinaida", LanguageCode: "en"}, "")
		w.settle()
		w.expectLast(7654321, "By pressing Start")
		if again := w.byChat(7654321); again == m {
			t.Error("the erased member came back")
		}
		w.nothingLost()
	})
}

// TestStartRightAfterDelete: what arrived after the wish to be erased is not lost with it.
func TestStartRightAfterDelete(t *testing.T) {
	eachDumped(t, func(t *testing.T, w *world, dump func() string) {
		m, _, _ := leaver(w)
		w.say(7654321, "/delete")
		w.press(7654321, "Remove my data for good")
		w.bot.Start(sandbox.BotUser{ID: 7654321, FirstName: "Newname", LanguageCode: "en"}, "")
		w.settle()
		w.expectLast(7654321, "By pressing Start")
		if w.byChat(7654321) == m {
			t.Error("the erased member came back")
		}
		expectGone(t, dump(), []string{"Zinaida", "ext-4711", "zina@private", "my secret"})
		if d := dump(); strings.Contains(d, "dead") && strings.Contains(d, "inputs:") {
			for line := range strings.Lines(d) {
				if strings.HasPrefix(line, "inputs:") && strings.Contains(line, "dead") {
					t.Errorf("an input died: %s", line)
				}
			}
		}
	})
}

// TestEraseByTheCoordinator also takes what waits to be handled and to be sent.
func TestEraseByTheCoordinator(t *testing.T) {
	eachDumped(t, func(t *testing.T, w *world, dump func() string) {
		m, _, values := leaver(w)
		_, err := w.bot.Say(7654321, "one more private question")
		must(t, err)
		w.receive()
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "ext-4711"))
		n := len(w.chat(7654321))
		w.later(48 * time.Hour)
		expectGone(t, dump(), values)
		expectList(t, "chat afterwards", w.since(7654321, n))
		if err := w.e.EraseMember(t.Context(), engine.Operator, "ext-4711"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("erased again: %v", err)
		}
		got, err := w.store.Member(t.Context(), m)
		must(t, err)
		if got.State != members.Erased {
			t.Errorf("state %q", got.State)
		}
	})
}

// TestOneWayToLeave: a bulk mail names its https address alone; nobody would read a mailto one.
func TestOneWayToLeave(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("u1", byMail("anna@example.org"))
		w.enroll(w.publish(campaign("news", "", sends("s", "Hello"))), "u1")
		w.settle()
		m := w.mails("anna@example.org")[0]
		if h := m.Header("List-Unsubscribe"); !strings.HasPrefix(h, "<https://kruzhok.test/u/") || strings.Contains(h, "mailto") || m.Header("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Errorf("List-Unsubscribe: %s", h)
		}
	})
}

// TestErasedAddressStaysSuppressed: the platform may not bring an erased address back by itself; the member may.
func TestErasedAddressStaysSuppressed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("u1", byMail("anna@example.org"))
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "u1"))
		m := w.member("u2", byMail("anna@example.org"))
		key := w.publish(campaign("news", "", sends("s", "Hello")))
		w.enroll(key, "u2")
		w.settle()
		if n := len(w.mails("anna@example.org")); n != 0 {
			t.Errorf("%d mails to an erased address", n)
		}
		rows := w.rows(m.ID)
		if len(rows) != 1 || !strings.Contains(rows[0], "suppressed") {
			t.Errorf("rows: %v", rows)
		}
	})
}

// TestWhoWasErasedIsAnswered: who writes again after /delete gets replies, can have their new data removed as well, and gets no campaign.
func TestWhoWasErasedIsAnswered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.joins(7, "en")
		remove := func() {
			w.say(7, "/delete")
			chat := w.bot.Chat(7)
			w.presses(7, chat[len(chat)-1].ID, "Remove my data for good")
		}
		w.say(7, "nobody needs to answer this")
		remove()
		if open, err := w.store.Messages(t.Context(), "open", 0, store.Page{Limit: 10}); err != nil || len(open) != 0 {
			t.Errorf("messages of who was erased wait for an answer: %+v, %v", open, err)
		}
		w.say(7, "hi again")
		w.expectLast(7, "A person will read this")
		w.say(7, "/help")
		w.expectLast(7, "/delete")
		key := w.publish(campaign("news", "", sends("s", "Hello")))
		m := w.profile(w.byChat(7))
		chat := "7"
		_, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u7", TelegramChatID: &chat, Consents: []engine.ConsentInput{{Channel: campaigns.Telegram, Source: "form"}}})
		must(t, err)
		w.enroll(key, "u7")
		w.settle()
		if rows := strings.Join(w.rows(m.ID), "; "); !strings.Contains(rows, "suppressed") {
			t.Errorf("rows: %s", rows)
		}
		remove()
		if _, err := w.store.MemberByAddress(t.Context(), campaigns.Telegram, "7"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the second time: %v", err)
		}
	})
}

// TestMyDataInWords: topics, channels and the language have their words, and a stop is said.
func TestMyDataInWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news", "challenges"}})
		must(t, err)
		w.joins(7, "ru")
		w.say(7, "/mydata")
		for _, words := range []string{"Язык: Русский", "Телеграм: новости", "Телеграм: челленджи"} {
			w.expectLast(7, words)
		}
		w.say(7, "/stop")
		w.say(7, "/mydata")
		w.expectLast(7, "сейчас ничего, всё отключено")
	})
}
