package sandbox

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"mime/multipart"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// called are the methods that the product's Telegram channel calls. In its source every string of the shape of a method's name is one: parameters are in
// snake case.
func called(t *testing.T) map[string]bool {
	t.Helper()
	shape := regexp.MustCompile(`^[a-z]+([A-Z][a-z]+)+$`)
	files, err := filepath.Glob("../telegram/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	out := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == gotoken.STRING {
				if name, err := strconv.Unquote(l.Value); err == nil && shape.MatchString(name) {
					out[name] = true
				}
			}
			return true
		})
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
		{"getUpdates", []string{"limit", "100"}, 200, "["},
		{"getUpdates", []string{"timeout", "x", "limit", "x", "offset", "x"}, 200, "["}, // what is no number is 0 to the server
		{"getUpdates", []string{"allowed_updates", "{"}, 400, "can't parse allowed updates"},
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
		{"editMessageText", []string{"text", "x"}, 400, "message identifier is not specified"},
		{"editMessageText", []string{"text", "x", "message_id", message}, 400, "chat_id is empty"},
		{"editMessageText", []string{"text", "x", "chat_id", "9", "message_id", message}, 400, "chat not found"},
		{"editMessageText", edit("text", "<i>z", "parse_mode", "HTML"), 400, "can't parse entities"},
		{"editMessageReplyMarkup", edit("reply_markup", keys(1, 1)), 200, ""},
		{"editMessageReplyMarkup", edit("reply_markup", keys(1, 65)), 400, "BUTTON_DATA_INVALID"},
		{"editMessageReplyMarkup", at("reply_markup", keys(1, 1)), 400, "message to edit not found"},
		{"answerCallbackQuery", []string{"callback_query_id", callback, "text", strings.Repeat("x", 201)}, 400, "MESSAGE_TOO_LONG"},
		{"answerCallbackQuery", []string{"callback_query_id", callback, "text", strings.Repeat("x", 200)}, 200, "true"},
		{"answerCallbackQuery", []string{"callback_query_id", callback}, 400, "query is too old"},
		{"editMessageReplyMarkup", edit("reply_markup", keys(101, 1)), 400, "reply markup is too long"},
		{"editMessageReplyMarkup", edit("reply_markup", "["), 400, "can't parse reply keyboard markup"},
		{"editMessageReplyMarkup", []string{"message_id", message}, 400, "chat_id is empty"},
		{"answerCallbackQuery", nil, 400, "query is too old"},
		{"getFile", []string{"file_id", file}, 200, `"file_path"`},
		{"getFile", []string{"file_id", "unknown"}, 400, "invalid file_id"},
		{"getFile", nil, 400, "file_id not specified"},
		{"setMessageReaction", edit("reaction", `[{"type":"emoji","emoji":"👍"}]`), 200, "true"},
		{"setMessageReaction", edit("reaction", `[{"type":"emoji","emoji":"x"}]`), 400, "REACTION_INVALID"},
		{"setMessageReaction", at("message_id", "999", "reaction", `[]`), 400, "message to react not found"},
		{"setMessageReaction", edit("reaction", `[{"type":"emoji","emoji":"👍"},{"type":"emoji","emoji":"🔥"}]`), 400, "REACTIONS_TOO_MANY"},
		{"setMessageReaction", edit("reaction", `{`), 400, "can't parse reaction types"},
		{"setMessageReaction", edit(), 200, "true"},
		{"setMessageReaction", []string{"message_id", message}, 400, "chat_id is empty"},
		{"setMyCommands", []string{"commands", menu(100, 256)}, 200, "true"},
		{"setMyCommands", []string{"commands", menu(1, 1), "language_code", "ru", "scope", `{"type":"all_private_chats"}`}, 200, "true"},
		{"setMyCommands", []string{"commands", menu(1, 1), "scope", `{`}, 400, "can't parse BotCommandScope"},
		{"setMyCommands", nil, 400, "can't parse commands list"},
		{"setMyCommands", []string{"commands", menu(1, 0)}, 400, "BOT_COMMAND_DESCRIPTION_INVALID"},
		{"setMyCommands", []string{"commands", `[{"command":"` + strings.Repeat("c", 33) + `","description":"x"}]`}, 400, "BOT_COMMAND_INVALID"},
		{"setMyCommands", []string{"commands", menu(101, 1)}, 400, "BOT_COMMANDS_TOO_MUCH"},
		{"setMyCommands", []string{"commands", menu(1, 257)}, 400, "BOT_COMMAND_DESCRIPTION_INVALID"},
		{"setMyCommands", []string{"commands", `[{"command":"Bad","description":"x"}]`}, 400, "BOT_COMMAND_INVALID"},
		{"getWebhookInfo", nil, 200, `"url"`},
		{"setWebhook", []string{"url", "https://example.org/hook", "secret_token", strings.Repeat("a", 257)}, 400, "secret token"},
		{"setWebhook", []string{"url", "https://example.org/hook", "secret_token", "no spaces"}, 400, "secret token"},
		{"setWebhook", []string{"url", "http://example.org/hook"}, 400, "An HTTPS URL must be provided"},
		{"setWebhook", []string{"url", "https://example.org/hook", "allowed_updates", "{"}, 400, "can't parse allowed updates"},
		{"setWebhook", []string{"url", "https://example.org/hook", "secret_token", strings.Repeat("a", 256)}, 200, "true"},
		{"getUpdates", nil, 409, "can't use getUpdates method while webhook is active"},
		{"deleteWebhook", nil, 200, "true"},
	}
	for _, kind := range []string{"photo", "video", "document", "audio", "voice"} {
		method := "send" + strings.ToUpper(kind[:1]) + kind[1:]
		out = append(out,
			contract{method, at(kind, "https://example.org/f", "caption", strings.Repeat("я", 1024)), 200, `"message_id"`},
			contract{method, at(kind, "https://example.org/f", "caption", strings.Repeat("я", 1025)), 400, "message caption is too long"},
			contract{method, at(kind, "unknown"), 400, "wrong file identifier"},
			contract{method, at(kind, "ftp://example.org/f"), 400, "wrong HTTP URL specified"},
			contract{method, at(kind, "https://example.org/f", "caption", "<b>x", "parse_mode", "HTML"), 400, "can't parse entities"},
			contract{method, at(kind, "https://example.org/f", "reply_markup", keys(1, 65)), 400, "BUTTON_DATA_INVALID"},
			contract{method, []string{kind, "https://example.org/f"}, 400, "chat_id is empty"},
			contract{method, []string{kind, "https://example.org/f", "chat_id", "9"}, 400, "chat not found"},
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

// upload is a call of sendDocument with a file of the size, and its answer.
func upload(b *BotAPI, size int) (int, string) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("chat_id", "1") // a Buffer takes everything
	part, _ := w.CreateFormFile("document", "film.mp4")
	_, _ = part.Write(make([]byte, size))
	_ = w.Close()
	return botCallJSON(b, "/bot"+BotAPIToken+"/sendDocument", w.FormDataContentType(), body.String())
}

// TestContractOfSizes: a bot sends at most 50 MB (Bot API "Sending files") and fetches at most 20 MB (Bot API getFile).
func TestContractOfSizes(t *testing.T) {
	b := NewBotAPI(BotAPIConfig{KeepTexts: true})
	defer b.Close()
	b.Start(BotUser{ID: 1}, "")
	for size, want := range map[int]int{0: 400, 1: 200, 50 << 20: 200, 52 << 20: 413} {
		if code, text := upload(b, size); code != want {
			t.Errorf("a file of %d bytes: %d %s", size, code, text)
		}
	}
	for size, want := range map[int]int{20 << 20: 200, 20<<20 + 1: 400} {
		id, err := b.SendUpload(1, BotUpload{Kind: "document", Content: make([]byte, size)})
		if err != nil {
			t.Fatal(err)
		}
		talk := b.Conversation(1)
		if last := talk[len(talk)-1]; last.ID == id {
			if code, text := botForm(b, "getFile", "file_id", last.Media.FileID); code != want || code == 400 && !strings.Contains(text, "file is too big") {
				t.Errorf("to fetch %d bytes: %d %s", size, code, text)
			}
		}
	}
}

// TestContractOfUpdates: limits are brought into their range, an offset confirms, and a start link's payload comes as a command.
func TestContractOfUpdates(t *testing.T) {
	b := NewBotAPI(BotAPIConfig{KeepTexts: true})
	defer b.Close()
	b.Start(BotUser{ID: 1, FirstName: "Vera"}, "s_poster")
	for i := range 120 {
		if _, err := b.Say(1, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[string]int{"": 100, "0": 1, "-5": 1, "7": 7, "100": 100, "1000": 100} {
		if _, got := botForm(b, "getUpdates", "limit", limit); strings.Count(got, `"update_id"`) != want {
			t.Errorf("limit %q gives %d updates, want %d", limit, strings.Count(got, `"update_id"`), want)
		}
	}
	_, first := botForm(b, "getUpdates", "limit", "1")
	if !strings.Contains(first, `"text":"/start s_poster"`) || !strings.Contains(first, `"entities":[{"type":"bot_command","offset":0,"length":6}]`) {
		t.Errorf("the start: %s", first)
	}
	next := b.NextUpdateID(0)
	for _, c := range []struct {
		offset int64
		left   int
	}{{-3, 3}, {next - 2, 2}, {next - 3, 2}, {next, 0}} {
		if _, got := botForm(b, "getUpdates", "offset", strconv.FormatInt(c.offset, 10)); strings.Count(got, `"update_id"`) != c.left || b.Pending() != c.left {
			t.Errorf("offset %d leaves %d: %s", c.offset-next, b.Pending(), got)
		}
	}
}
