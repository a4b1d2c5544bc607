package engine_test

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
)

// TestNamesTurnNothingAround: a name with characters that turn text around is kept as it is, and shown without them: in the bot's replies, in mails and their heads, on
// the pages behind them, and in what the staff is told.
func TestNamesTurnNothingAround(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.staffed()
		w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "\u202eAnna", LastName: "\u2067Berg", LanguageCode: "en"}, "")
		w.settle()
		token := w.mailbox(7, "anna@example.org")
		page, err := w.e.MailboxInfo(t.Context(), token)
		must(t, err)
		must(t, w.e.JoinMailbox(t.Context(), token))
		w.settle()
		if got := w.profile(w.byChat(7)); got.FirstName != "\u202eAnna" {
			t.Errorf("kept as %+q", got.FirstName)
		}
		key := w.publish(campaign("greets", "channels: [email]", "  - {id: tell, notify: {text: {en: Look, ru: Смотрите}}}\n  - {id: hi, send: {subject: {en: \"Hi {{ member.full_name }}\", ru: а}, text: {en: \"Dear {{ member.first_name }}\", ru: а}}}\n"))
		w.member("ann", func(in *engine.MemberInput) { in.TelegramChatID = new("7") })
		w.enroll(key, "ann")
		w.settle()
		w.say(7, "/stop")
		w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "\u202eAnna", LanguageCode: "en"}, "")
		w.tells(0)
		said := append(w.chat(7), page.Name)
		for _, mail := range w.mails("anna@example.org") {
			said = append(said, mail.Header("To"), mail.Subject(), mail.Text(), mail.HTML())
		}
		said = append(said, w.heard()...)
		named := 0
		for _, s := range said {
			if strings.ContainsFunc(s, campaigns.Turns) {
				t.Errorf("turned around: %+q", s)
			}
			if strings.Contains(s, "Anna") {
				named++
			}
		}
		if named < 5 {
			t.Errorf("Anna is named %d times in %d texts", named, len(said))
		}
	})
}
