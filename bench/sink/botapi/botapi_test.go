package botapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func listen(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// said is what came back: the status and the decoded body.
type said struct {
	status int
	kind   string
	ok     bool
	result json.RawMessage
	retry  int
}

func call(s *Server, method string, params url.Values) (said, error) {
	res, err := http.PostForm(s.URL()+"/bot"+Token+"/"+method, params)
	if err != nil {
		return said{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	var body struct {
		OK         bool
		Result     json.RawMessage
		Parameters struct {
			RetryAfter int `json:"retry_after"`
		}
	}
	_ = json.Unmarshal(raw, &body)
	return said{res.StatusCode, res.Header.Get("Content-Type"), body.OK, body.Result, body.Parameters.RetryAfter}, err
}

func must(t testing.TB, s *Server, method string, params url.Values) said {
	t.Helper()
	out, err := call(s, method, params)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func message(chat, text string) url.Values { return url.Values{"chat_id": {chat}, "text": {text}} }

func TestTakesWhatIsSent(t *testing.T) {
	var heard []Call
	s := listen(t, Config{Taken: func(c Call) { heard = append(heard, c) }})
	m := message("7", "Привет + 100%\nsecond line")
	m.Set("reply_markup", `{"inline_keyboard":[]}`)
	var first struct {
		ID int64 `json:"message_id"`
	}
	if got := must(t, s, "sendMessage", m); !got.ok || got.kind != "application/json" || json.Unmarshal(got.result, &first) != nil || first.ID != 1 {
		t.Errorf("answer %+v", got)
	}
	must(t, s, "sendPhoto", url.Values{"chat_id": {"7"}, "caption": {strings.Repeat("long", 40)}})
	if n := s.Ledger.Count("7", "Привет + 100%"); n != 1 || s.Ledger.Total() != 2 || s.Ledger.Count("7", strings.Repeat("long", 16)) != 1 {
		t.Errorf("ledger: %d of %d", n, s.Ledger.Total())
	}
	want := Call{Moment: Done, Method: "sendMessage", Chat: 7, Marker: "Привет + 100%", Keyboard: `{"inline_keyboard":[]}`, MessageID: 1}
	if len(heard) != 2 || heard[0] != want {
		t.Errorf("heard %+v", heard)
	}
	for method, result := range map[string]string{"answerCallbackQuery": "true", "sendChatAction": "true", "getMyCommands": "[]"} {
		if got := must(t, s, method, url.Values{}); string(got.result) != result {
			t.Errorf("%s: %s", method, got.result)
		}
	}
	if got := must(t, s, "sendMessage", url.Values{}); got.status != 400 || s.Ledger.Total() != 2 {
		t.Errorf("without a chat: %+v", got)
	}
}

func TestJSONBody(t *testing.T) {
	s := listen(t, Config{})
	res, err := http.Post(s.URL()+"/bot"+Token+"/sendMessage", "application/json", strings.NewReader(`{"chat_id":7,"text":"hi","reply_markup":{"a":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if s.Ledger.Count("7", "hi") != 1 {
		t.Error("not taken")
	}
}

func TestRefusesWhatItCannotRead(t *testing.T) {
	s := listen(t, Config{})
	for path, status := range map[string]int{"/elsewhere": 404, "/": 404, "/bot/": 200} {
		res, err := http.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	res, err := http.Post(s.URL()+"/bot1:a/sendMessage", "text/plain", io.MultiReader(strings.NewReader("x"))) // without a length
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusLengthRequired {
		t.Errorf("chunked: %d", res.StatusCode)
	}
	if got, err := call(s, "sendMessage", message("7", strings.Repeat("x", maxBody))); err == nil && got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("huge: %+v", got)
	}
	if s.Ledger.Total() != 0 {
		t.Error("taken")
	}
}

// TestScript: a call that the script answers when it arrives has no effect; one that it answers when done has.
func TestScript(t *testing.T) {
	for name, x := range map[string]struct {
		at     Moment
		answer Answer
		want   said
		cut    bool
		taken  int
	}{
		"429":         {Arrived, Refusal(429, "Too Many Requests: retry after 3", 3), said{status: 429, kind: "application/json", retry: 3}, false, 0},
		"403":         {Arrived, Refusal(403, "Forbidden: bot was blocked by the user", 0), said{status: 403, kind: "application/json"}, false, 0},
		"not JSON":    {Arrived, Answer{Status: 502, Body: "<html>Bad Gateway</html>"}, said{status: 502, kind: "text/html"}, false, 0},
		"cut":         {Arrived, Answer{Cut: true}, said{}, true, 0},
		"answer lost": {Done, Answer{Cut: true}, said{}, true, 1},
		"5xx after":   {Done, Refusal(500, "Internal Server Error", 0), said{status: 500, kind: "application/json"}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, Config{})
			var asked atomic.Pointer[Call]
			s.Script(func(c Call) Answer {
				if c.Moment != x.at {
					return Answer{}
				}
				asked.Store(&c)
				return x.answer
			})
			got, err := call(s, "sendMessage", message("7", "hi"))
			if (err != nil) != x.cut {
				t.Fatalf("error %v", err)
			}
			if d := cmp.Diff(x.want, got, cmp.AllowUnexported(said{})); d != "" {
				t.Error(d)
			}
			if c := asked.Load(); c.Chat != 7 || c.Marker != "hi" || c.Method != "sendMessage" {
				t.Errorf("the script was asked about %+v", c)
			}
			if n := s.Ledger.Count("7", "hi"); n != x.taken {
				t.Errorf("taken %d", n)
			}
			s.Script(nil)
			must(t, s, "sendMessage", message("8", "hi"))
		})
	}
}

func updates(t *testing.T, s *Server, offset string) []int64 {
	t.Helper()
	got := must(t, s, "getUpdates", url.Values{"offset": {offset}, "timeout": {"20"}})
	var list []struct {
		ID int64 `json:"update_id"`
	}
	if err := json.Unmarshal(got.result, &list); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, u := range list {
		ids = append(ids, u.ID)
	}
	return ids
}

func TestUpdates(t *testing.T) {
	s := listen(t, Config{})
	s.Updates.Push("message", `{"text":"a"}`)
	s.Updates.Push("message", `{"text":"b"}`)
	for range 2 { // what is not confirmed comes again
		if d := cmp.Diff([]int64{1, 2}, updates(t, s, "0")); d != "" {
			t.Error(d)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if d := cmp.Diff([]int64{3}, updates(t, s, "3")); d != "" { // waits for it
			t.Error(d)
		}
	})
	for s.Updates.Counts().Confirmed < 2 {
		time.Sleep(time.Millisecond)
	}
	s.Updates.Push("message", `{"text":"c"}`)
	wg.Wait()
	if d := cmp.Diff(UpdateCounts{Pushed: 3, Confirmed: 2}, s.Updates.Counts()); d != "" {
		t.Error(d)
	}
}

// TestTwoPollers: the newer one ends the older.
func TestTwoPollers(t *testing.T) {
	s := listen(t, Config{})
	older := make(chan said)
	go func() {
		got, _ := call(s, "getUpdates", url.Values{"timeout": {"50"}})
		older <- got
	}()
	for s.Updates.Counts().Conflicts == 0 {
		must(t, s, "getUpdates", url.Values{"timeout": {"0"}})
	}
	if got := <-older; got.status != 409 {
		t.Errorf("the older one: %+v", got)
	}
}

func TestCloseEndsPolling(t *testing.T) {
	s := listen(t, Config{})
	ended := make(chan error)
	go func() {
		_, err := call(s, "getUpdates", url.Values{"timeout": {"50"}})
		ended <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil && errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

// BenchmarkSendMessage is what the sink can take from clients that write ready-made requests and read answers of a known length.
func BenchmarkSendMessage(b *testing.B) {
	s := listen(b, Config{})
	body := "chat_id=1234567&link_preview_options=%7B%22is_disabled%22%3Atrue%7D&parse_mode=HTML&text=" + strings.Repeat("Hello+%D0%9F", 30)
	request := []byte("POST /bot" + Token + "/sendMessage HTTP/1.1\r\nHost: x\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: " + strconv.Itoa(len(body)) +
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nAccept-Encoding: gzip\r\n\r\n" + body)
	const connections = 8
	b.ReportAllocs()
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			c := dial(b, s)
			answer := make([]byte, 4096)
			for range b.N/connections + 1 {
				if _, err := c.Write(request); err != nil {
					b.Error(err)
					return
				}
				if n, err := c.Read(answer); err != nil || !bytes.HasSuffix(answer[:n], []byte("}}")) {
					b.Errorf("answer %q, %v", answer[:n], err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func dial(b *testing.B, s *Server) net.Conn {
	b.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}
