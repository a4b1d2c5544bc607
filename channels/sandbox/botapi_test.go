package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

func botCallJSON(b *BotAPI, path, contentType, body string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	var answer struct {
		OK          bool            `json:"ok"`
		Code        int             `json:"error_code"`
		Description string          `json:"description"`
		Result      json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return 0, "not JSON: " + w.Body.String()
	}
	if answer.OK {
		return 200, string(answer.Result)
	}
	return answer.Code, answer.Description
}

func botForm(b *BotAPI, method string, pairs ...string) (int, string) {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return botCallJSON(b, "/bot"+BotAPIToken+"/"+method, "application/x-www-form-urlencoded", v.Encode())
}

func TestBotAPIRefusals(t *testing.T) {
	b := NewBotAPI(BotAPIConfig{KeepTexts: true})
	defer b.Close()
	b.Start(BotUser{ID: 1}, "")
	b.Start(BotUser{ID: 2}, "")
	b.Block(2)
	b.Register(BotUser{ID: 3})
	b.Start(BotUser{ID: 4}, "")
	b.Deactivate(4)
	html := func(s string) []string { return []string{"chat_id", "1", "parse_mode", "HTML", "text", s} }
	keyboard := func(s string) []string { return []string{"chat_id", "1", "text", "x", "reply_markup", s} }
	for _, c := range []struct {
		method string
		params []string
		code   int
		text   string
	}{
		{"sendMessage", []string{"chat_id", "1", "text", " \n"}, 400, "message text is empty"},
		{"sendMessage", html("<b></b>"), 400, "message text is empty"},
		{"sendMessage", []string{"chat_id", "1", "text", strings.Repeat("я", 4097)}, 400, "message is too long"},
		{"sendMessage", html("<b>" + strings.Repeat("я", 4096) + "</b>"), 200, ""},
		{"sendMessage", html("я<p>x</p>"), 400, `can't parse entities: Unsupported start tag "p" at byte offset 2`},
		{"sendMessage", html("<b>x"), 400, `Can't find end tag corresponding to start tag "b"`},
		{"sendMessage", html("<b>x</i>"), 400, `Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`},
		{"sendMessage", html("x</b>"), 400, "Unexpected end tag at byte offset 1"},
		{"sendMessage", html("<a href=\"x"), 400, "Unclosed start tag"},
		{"sendMessage", html("<span>x</span>"), 400, `must have class "tg-spoiler"`},
		{"sendMessage", []string{"chat_id", "9", "text", "x"}, 400, "chat not found"},
		{"sendMessage", []string{"chat_id", "2", "text", "x"}, 403, "bot was blocked by the user"},
		{"sendMessage", []string{"chat_id", "3", "text", "x"}, 403, "bot can't initiate conversation"},
		{"sendMessage", []string{"chat_id", "4", "text", "x"}, 403, "user is deactivated"},
		{"sendMessage", keyboard(`{"inline_keyboard":[[{"text":"x","callback_data":"` + strings.Repeat("d", 65) + `"}]]}`), 400, "BUTTON_DATA_INVALID"},
		{"sendMessage", keyboard(`{"inline_keyboard":[[{"text":"x","url":"nowhere"}]]}`), 400, "BUTTON_URL_INVALID"},
		{"sendMessage", keyboard(`{`), 400, "can't parse reply keyboard"},
		{"sendMessage", append(keyboard(""), "reply_to_message_id", "999"), 400, "message to be replied not found"},
		{"sendPhoto", []string{"chat_id", "1", "photo", "unknown"}, 400, "wrong file identifier"},
		{"sendPhoto", []string{"chat_id", "1", "photo", "https://x.example/1.jpg", "caption", strings.Repeat("x", 1025)}, 400, "caption is too long"},
		{"editMessageText", []string{"chat_id", "1", "message_id", "999", "text", "x"}, 400, "message to edit not found"},
		{"editMessageText", []string{"chat_id", "1", "message_id", "1", "text", "x"}, 400, "message can't be edited"},
		{"answerCallbackQuery", []string{"callback_query_id", "1"}, 400, "query is too old"},
		{"setMyCommands", []string{"commands", `[{"command":"Bad","description":"x"}]`}, 400, "BOT_COMMAND_INVALID"},
		{"sendNothing", nil, 404, "method not found"},
	} {
		code, text := botForm(b, c.method, c.params...)
		if code != c.code || !strings.Contains(text, c.text) {
			t.Errorf("%s %.80q: %d %s", c.method, c.params, code, text)
		}
	}
	if code, _ := botCallJSON(b, "/bot1:wrong/getMe", "", ""); code != 401 {
		t.Errorf("wrong token: %d", code)
	}
}

func TestBotAPIEncodings(t *testing.T) {
	b := NewBotAPI(BotAPIConfig{KeepTexts: true, AnyChat: true})
	defer b.Close()
	send := "/bot" + BotAPIToken + "/sendMessage"
	for contentType, body := range map[string]string{
		"application/json":                  `{"chat_id":9007199254740993,"text":"да","reply_markup":{"inline_keyboard":[[{"text":"k","callback_data":"d"}]]}}`,
		"application/x-www-form-urlencoded": url.Values{"chat_id": {"9007199254740993"}, "text": {"да"}, "reply_markup": {`{"inline_keyboard":[[{"text":"k","callback_data":"d"}]]}`}}.Encode(),
		"multipart/form-data; boundary=B": "--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n9007199254740993\r\n--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nда\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"reply_markup\"\r\n\r\n{\"inline_keyboard\":[[{\"text\":\"k\",\"callback_data\":\"d\"}]]}\r\n--B--\r\n",
	} {
		if code, text := botCallJSON(b, send, contentType, body); code != 200 {
			t.Errorf("%s: %d %s", contentType, code, text)
		}
	}
	got := b.Chat(9007199254740993)
	if len(got) != 3 {
		t.Fatalf("%d messages", len(got))
	}
	for _, m := range got {
		if m.Text != "да" || m.Keyboard[0][0].Data != "d" {
			t.Errorf("%+v", m)
		}
	}
}

func TestBotAPIConcurrentAndBounded(t *testing.T) {
	b := NewBotAPI(BotAPIConfig{AnyChat: true})
	defer b.Close()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				if code, text := botForm(b, "sendMessage", "chat_id", fmt.Sprint(1+i%10), "text", "x"); code != 200 {
					t.Error(g, code, text)
				}
			}
		})
	}
	wg.Wait()
	if b.Accepted() != 1600 || b.AcceptedBy(3) != 160 || len(b.Journal()) != 0 || len(b.Conversation(3)) != 0 {
		t.Errorf("accepted %d, by one %d, kept %d", b.Accepted(), b.AcceptedBy(3), len(b.Journal()))
	}
}

func FuzzBotHTML(f *testing.F) {
	for _, s := range []string{"<b>x</b>", "<a href='1'>x</a>&#x41;&lt;", "<", "</", "<b", "&;", "<span class=tg-spoiler>x</span>", "<blockquote expandable>x</blockquote>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if text, fault := parseBotHTML(s); fault != "" && text != "" || len(text) > len(s) {
			t.Errorf("%q: %q %q", s, text, fault)
		}
	})
}

func BenchmarkBotAPISend(b *testing.B) {
	api := NewBotAPI(BotAPIConfig{AnyChat: true})
	defer api.Close()
	body := url.Values{"chat_id": {"77"}, "text": {"Привет, <b>друг</b>"}, "parse_mode": {"HTML"}}.Encode()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodPost, "/bot"+BotAPIToken+"/sendMessage", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			api.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
}
