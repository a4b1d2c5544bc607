package telegram

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// One row and more for each line of the error table, with the server's words.
var refusals = []struct {
	code  int
	text  string
	class channels.Class
	reach channels.Reach
	whole bool
}{
	{403, "Forbidden: bot was blocked by the user", channels.AddressDead, blocked, false},
	{400, "Bad Request: USER_IS_BLOCKED", channels.AddressDead, blocked, false},
	{403, "Forbidden: user is deactivated", channels.AddressDead, gone, false},
	{400, "Bad Request: INPUT_USER_DEACTIVATED", channels.AddressDead, gone, false},
	{403, "Forbidden: bot can't initiate conversation with a user", channels.AddressDead, notStarted, false},
	{400, "Bad Request: chat not found", channels.AddressDead, notStarted, false},
	{400, "Bad Request: private chat not found", channels.AddressDead, notStarted, false},
	{400, "Bad Request: PEER_ID_INVALID", channels.AddressDead, notStarted, false},
	{403, "Forbidden: bot was kicked from the group chat", channels.AddressDead, blocked, false},
	{403, "Forbidden: bot was kicked from the supergroup chat", channels.AddressDead, blocked, false},
	{403, "Forbidden: bot was kicked from the channel chat", channels.AddressDead, blocked, false},
	{403, "Forbidden: bot is not a member of the channel chat", channels.AddressDead, blocked, false},
	{403, "Forbidden: the group chat was deleted", channels.AddressDead, gone, false},
	{400, "Bad Request: group is deactivated", channels.AddressDead, gone, false},
	{400, "Bad Request: group chat was deactivated", channels.AddressDead, gone, false},
	{400, "Bad Request: group chat was upgraded to a supergroup chat", channels.Temporary, "", false},
	{400, "Bad Request: not enough rights to send text messages to the chat", channels.Broken, "", false},
	{400, "Bad Request: need administrator rights in the channel chat", channels.Broken, "", false},
	{400, "Bad Request: have no write access to the chat", channels.Broken, "", false},
	{403, "Forbidden: CHAT_WRITE_FORBIDDEN", channels.Broken, "", false},
	{400, "Bad Request: CHAT_ADMIN_REQUIRED", channels.Broken, "", false},
	{400, "Bad Request: message thread not found", channels.Broken, "", false},
	{400, "Bad Request: TOPIC_CLOSED", channels.Broken, "", false},
	{400, "Bad Request: TOPIC_DELETED", channels.Broken, "", false},
	{400, "Bad Request: message is not modified: specified new message content", channels.OK, "", false},
	{400, "Bad Request: message to edit not found", channels.Refused, "", false},
	{400, "Bad Request: message can't be edited", channels.Refused, "", false},
	{400, "Bad Request: message to delete not found", channels.OK, "", false},
	{400, "Bad Request: message can't be deleted for everyone", channels.OK, "", false},
	{400, "Bad Request: message to be replied not found", channels.Refused, "", false},
	{400, "Bad Request: query is too old and response timeout expired or query ID is invalid", channels.OK, "", false},
	{400, "Bad Request: can't parse entities: Unsupported start tag \"p\" at byte offset 3", channels.Broken, "", false},
	{400, "Bad Request: message is too long", channels.Broken, "", false},
	{400, "Bad Request: message caption is too long", channels.Broken, "", false},
	{400, "Bad Request: message text is empty", channels.Broken, "", false},
	{400, "Bad Request: reply markup is too long", channels.Broken, "", false},
	{400, "Bad Request: BUTTON_DATA_INVALID", channels.Broken, "", false},
	{400, "Bad Request: BUTTON_URL_INVALID", channels.Broken, "", false},
	{400, "Bad Request: Wrong HTTP URL specified", channels.Broken, "", false},
	{400, "Bad Request: failed to get HTTP URL content", channels.Temporary, "", false},
	{400, "Bad Request: wrong file identifier/HTTP URL specified", channels.Broken, "", false},
	{400, "Bad Request: user not found", channels.Refused, "", false},
	{400, "Bad Request: member not found", channels.Refused, "", false},
	{400, "Bad Request: PARTICIPANT_ID_INVALID", channels.Refused, "", false},
	{400, "Bad Request: user is an administrator of the chat", channels.Refused, "", false},
	{400, "Bad Request: ALLOW_PAYMENT_REQUIRED_25", channels.AddressDead, blocked, false},
	{403, "Forbidden: bot can't send messages to bots", channels.AddressDead, gone, false},
	{403, "Forbidden: bot can't send messages to the bot", channels.AddressDead, gone, false},
	{401, "Unauthorized", channels.Broken, "", true},
	{404, "Not Found", channels.Broken, "", true},
	{409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook", channels.Temporary, "", true},
	{409, "Conflict: terminated by other getUpdates request; make sure", channels.Temporary, "", true},
	{413, "Request Entity Too Large", channels.Broken, "", false},
	{429, "Too Many Requests: retry after 7", channels.RateLimited, "", false},
	{500, "Internal Server Error", channels.Uncertain, "", false},
	{502, "Bad Gateway", channels.Uncertain, "", false},
	{400, "Bad Request: something new", channels.Refused, "", false},
	{403, "Forbidden: something new", channels.Refused, "", false},
	{418, "I'm a teapot", channels.Refused, "", false},
}

func TestClassifyRefusals(t *testing.T) {
	for _, c := range refusals {
		for _, text := range []string{c.text, strings.ToUpper(c.text), strings.ToLower(c.text)} {
			got := Classify(&Error{Method: "sendMessage", Code: c.code, Description: text, RetryAfter: 7 * time.Second})
			if got.Class != c.class || got.Reach != c.reach || got.WholeChannel != c.whole {
				t.Errorf("%d %s: got %+v", c.code, text, got)
			}
			if (got.RetryAfter == 7*time.Second) != (c.class == channels.RateLimited) || got.Code == "" || got.Detail == "" {
				t.Errorf("%d %s: pause, code or detail: %+v", c.code, text, got)
			}
		}
	}
}

// TestRefusalsOverTheWire: the same rows as the sandbox answers them, and as the sender reads them.
func TestRefusalsOverTheWire(t *testing.T) {
	s, err := sandbox.ServeBotAPI("127.0.0.1:0", sandbox.BotAPIConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	c, err := New(Config{Token: sandbox.BotAPIToken, BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := NewSender(c, SenderConfig{}).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Start(sandbox.BotUser{ID: 1}, "")
	for _, row := range refusals {
		s.ClearFaults()
		s.Fault("sendMessage", 1, sandbox.BotFault{Kind: sandbox.BotRefused, Code: row.code, Description: row.text})
		if row.code == 429 {
			s.Fault("sendMessage", 1, sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 7})
		}
		got := conn.Send(t.Context(), &channels.Message{To: "1", HTML: "x"}, func() error { return nil })
		if got.Class != row.class || got.Reach != row.reach || got.WholeChannel != row.whole || (got.RetryAfter == 7*time.Second) != (row.code == 429) {
			t.Errorf("%d %s: got %+v", row.code, row.text, got)
		}
	}
}

func TestEveryRuleHasARow(t *testing.T) {
	for i, r := range rules {
		used := false
		for _, c := range refusals {
			found, ok := find(&Error{Code: c.code, Description: c.text})
			used = used || ok && found == r
		}
		if !used && r.text != "query id is invalid" { // told together with "query is too old" today
			t.Errorf("rule %d (%d %q) is reached by no row", i, r.code, r.text)
		}
	}
}

func TestClassifyMigrationAndNamelessPause(t *testing.T) {
	got := Classify(&Error{Code: 400, Description: "Bad Request: group chat was upgraded to a supergroup chat", MigrateTo: -1001234567890123})
	if got.MigratedTo != "-1001234567890123" {
		t.Errorf("migration: %+v", got)
	}
	if got := Classify(&Error{Code: 429, Description: "Too Many Requests"}); got.RetryAfter != unnamedPause {
		t.Errorf("429 without a time: %+v", got)
	}
}

func TestClassifyNoAnswer(t *testing.T) {
	for _, c := range []struct {
		err   NoAnswerError
		class channels.Class
		whole bool
	}{
		{NoAnswerError{Reason: reasonNoConn}, channels.Temporary, false},
		{NoAnswerError{Reason: reasonTimeout, Uncertain: true}, channels.Uncertain, false},
		{NoAnswerError{Reason: reasonNotJSON, Uncertain: true, Status: 502}, channels.Uncertain, false},
		{NoAnswerError{Reason: reasonNotJSON, Status: 404}, channels.Broken, true},
		{NoAnswerError{Reason: reasonNotJSON, Status: 413}, channels.Broken, false},
		{NoAnswerError{Reason: reasonNotJSON, Status: 429}, channels.RateLimited, false},
		{NoAnswerError{Reason: reasonNotJSON, Status: 302}, channels.Temporary, false},
	} {
		if got := Classify(&c.err); got.Class != c.class || got.WholeChannel != c.whole {
			t.Errorf("%+v: got %+v", c.err, got)
		}
	}
}

func TestDetailHidesWhatTheServerQuotes(t *testing.T) {
	got := Classify(&Error{Code: 400, Description: `Bad Request: new trouble "моя тайна" with chat 9007199254740993 at https://x.example/y and @ivan «тайна»`})
	for _, secret := range []string{"тайна", "9007199254740993", "x.example", "ivan"} {
		if strings.Contains(got.Detail, secret) {
			t.Errorf("detail %q shows %q", got.Detail, secret)
		}
	}
	if !strings.Contains(got.Detail, "new trouble") {
		t.Errorf("detail %q lost the server's words", got.Detail)
	}
}
