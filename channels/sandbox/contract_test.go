package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// methodName finds the Bot API's methods among the strings of a source file.
var methodName = regexp.MustCompile(`"((?:send|edit|answer|get|set|delete)[A-Z][A-Za-z]+)"`)

// called are the methods that the product's Telegram channel calls, as its source names them.
func called(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../telegram/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	out := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range methodName.FindAllStringSubmatch(string(source), -1) {
			out[m[1]] = true
		}
	}
	return out
}

// contract is one call and what the real server is documented to answer (Bot API, and the texts of tdlib/telegram-bot-api).
type contract struct {
	method string
	params []string
	code   int
	text   string
}

// keys is an inline keyboard of n buttons whose data has the length.
func keys(n, length int) string {
	var rows []string
	for range n {
		rows = append(rows, fmt.Sprintf(`[{"text":"k","callback_data":%q}]`, strings.Repeat("d", length)))
	}
	return `{"inline_keyboard":[` + strings.Join(rows, ",") + `]}`
}

// menu is n commands with descriptions of a length.
func menu(n, length int) string {
	var cs []string
	for i := range n {
		cs = append(cs, fmt.Sprintf(`{"command":"c%d","description":%q}`, i, strings.Repeat("d", length)))
	}
	return "[" + strings.Join(cs, ",") + "]"
}

func contracts(message, callback, file string) (out []contract) {
	at := func(more ...string) []string { return append([]string{"chat_id", "1"}, more...) }
	edit := func(more ...string) []string { return append(at("message_id", message), more...) }
	out = []contract{
		{"getMe", nil, 200, `"is_bot":true`},
		{"getUpdates", []string{"timeout", "0"}, 200, "["},
		{"getUpdates", []string{"timeout", "0", "limit", "100"}, 200, "["},
		{"sendMessage", at("text", "x"), 200, `"message_id"`},
		{"sendMessage", []string{"text", "x"}, 400, "chat_id is empty"},
		{"sendMessage", at(), 400, "message text is empty"},
		{"sendMessage", at("text", strings.Repeat("я", 4096)), 200, ""},
		{"sendMessage", at("text", strings.Repeat("я", 4097)), 400, "message is too long"},
		{"sendMessage", at("text", "x", "parse_mode", "HTML"), 200, ""},
		{"sendMessage", at("text", "x", "parse_mode", "Word"), 400, "unsupported parse_mode"},
		{"sendMessage", at("text", "x", "reply_markup", keys(100, 64)), 200, ""},
		{"sendMessage", at("text", "x", "reply_markup", keys(1, 65)), 400, "BUTTON_DATA_INVALID"},
		{"sendMessage", at("text", "x", "reply_markup", keys(101, 1)), 400, "reply markup is too long"},
		{"sendMessage", at("text", "\xff"), 400, "UTF-8"},
		{"editMessageText", edit("text", "y"), 200, `"edit_date"`},
		{"editMessageText", edit("text", "y"), 400, "message is not modified"},
		{"editMessageText", edit(), 400, "message text is empty"},
		{"editMessageText", edit("text", strings.Repeat("я", 4097)), 400, "message is too long"},
		{"editMessageText", at("text", "x"), 400, "message to edit not found"},
		{"editMessageReplyMarkup", edit("reply_markup", keys(1, 1)), 200, ""},
		{"editMessageReplyMarkup", edit("reply_markup", keys(1, 65)), 400, "BUTTON_DATA_INVALID"},
		{"editMessageReplyMarkup", at("reply_markup", keys(1, 1)), 400, "message to edit not found"},
		{"answerCallbackQuery", []string{"callback_query_id", callback, "text", strings.Repeat("x", 201)}, 400, "MESSAGE_TOO_LONG"},
		{"answerCallbackQuery", []string{"callback_query_id", callback, "text", strings.Repeat("x", 200)}, 200, "true"},
		{"answerCallbackQuery", []string{"callback_query_id", callback}, 400, "query is too old"},
		{"answerCallbackQuery", nil, 400, "query is too old"},
		{"getFile", []string{"file_id", file}, 200, `"file_path"`},
		{"getFile", []string{"file_id", "unknown"}, 400, "file"},
		{"getFile", nil, 400, "file"},
		{"setMessageReaction", edit("reaction", `[{"type":"emoji","emoji":"👍"}]`), 200, "true"},
		{"setMessageReaction", edit("reaction", `[{"type":"emoji","emoji":"x"}]`), 400, "REACTION_INVALID"},
		{"setMessageReaction", at("message_id", "999", "reaction", `[]`), 400, "message to react not found"},
		{"setMyCommands", []string{"commands", menu(100, 256)}, 200, "true"},
		{"setMyCommands", []string{"commands", menu(101, 1)}, 400, "BOT_COMMANDS_TOO_MUCH"},
		{"setMyCommands", []string{"commands", menu(1, 257)}, 400, "BOT_COMMAND_DESCRIPTION_INVALID"},
		{"setMyCommands", []string{"commands", `[{"command":"Bad","description":"x"}]`}, 400, "BOT_COMMAND_INVALID"},
		{"getWebhookInfo", nil, 200, `"url"`},
		{"setWebhook", []string{"url", "https://example.org/hook", "secret_token", strings.Repeat("a", 257)}, 400, "secret token"},
		{"setWebhook", []string{"url", "https://example.org/hook", "secret_token", "no spaces"}, 400, "secret token"},
		{"setWebhook", []string{"url", "https://example.org/hook"}, 200, "true"},
		{"getUpdates", nil, 409, "can't use getUpdates method while webhook is active"},
		{"deleteWebhook", nil, 200, "true"},
	}
	for _, kind := range []string{"photo", "video", "document", "audio", "voice"} {
		method := "send" + strings.ToUpper(kind[:1]) + kind[1:]
		out = append(out,
			contract{method, at(kind, "https://example.org/f", "caption", strings.Repeat("я", 1024)), 200, `"message_id"`},
			contract{method, at(kind, "https://example.org/f", "caption", strings.Repeat("я", 1025)), 400, "message caption is too long"},
			contract{method, at(kind, "unknown"), 400, "wrong file identifier"},
			contract{method, at(), 400, "there is no " + kind + " in the request"},
		)
	}
	return out
}

// TestContract: each method that the product calls takes what the real one takes and refuses what it refuses, at the edges of its limits.
func TestContract(t *testing.T) {
	b := NewBotAPI(BotAPIConfig{KeepTexts: true})
	defer b.Close()
	b.Start(BotUser{ID: 1}, "")
	_, answer := botForm(b, "sendMessage", "chat_id", "1", "text", "x", "reply_markup", keys(1, 4))
	message := regexp.MustCompile(`"message_id":(\d+)`).FindStringSubmatch(answer)[1]
	if _, err := b.Press(1, b.Chat(1)[len(b.Chat(1))-1].ID, "dddd"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SendUpload(1, BotUpload{Kind: "voice", Content: []byte("OggS")}); err != nil {
		t.Fatal(err)
	}
	_, updates := botForm(b, "getUpdates", "timeout", "0")
	callback := regexp.MustCompile(`"callback_query":\{"id":"([^"]+)"`).FindStringSubmatch(updates)
	file := regexp.MustCompile(`"voice":\{[^}]*"file_id":"([^"]+)"`).FindStringSubmatch(updates)
	if callback == nil || file == nil {
		t.Fatalf("updates: %s", updates)
	}
	missing := called(t)
	for _, c := range contracts(message, callback[1], file[1]) {
		delete(missing, c.method)
		if code, text := botForm(b, c.method, c.params...); code != c.code || !strings.Contains(text, c.text) {
			t.Errorf("%s %.120q: %d %.200s, want %d %s", c.method, c.params, code, text, c.code, c.text)
		}
	}
	for method := range missing {
		t.Errorf("%s is called, and nothing here says what it takes", method)
	}
}
