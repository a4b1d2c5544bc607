package telegram_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/channels/telegram"
)

var anna = sandbox.BotUser{ID: 9007199254740993, FirstName: "Аня", LanguageCode: "ru"}

const annaTo = "9007199254740993"

func serve(t *testing.T) (*sandbox.BotAPIServer, *telegram.Client) {
	t.Helper()
	s, err := sandbox.ServeBotAPI("127.0.0.1:0", sandbox.BotAPIConfig{KeepTexts: true, WebhookRetry: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c, err := telegram.New(telegram.Config{Token: sandbox.BotAPIToken, BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// send sends through a Conn and counts begin.
func send(t *testing.T, ctx context.Context, c *telegram.Client, dir string, m channels.Message) (channels.Receipt, int) {
	t.Helper()
	conn, err := telegram.NewSender(c, telegram.SenderConfig{MediaDir: dir}).Dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	begun := 0
	r := conn.Send(ctx, &m, func() error { begun++; return nil })
	return r, begun
}

func TestSendTextWithKeyboard(t *testing.T) {
	s, c := serve(t)
	asked := s.Start(anna, "")
	r, begun := send(t, t.Context(), c, "", channels.Message{
		To: annaTo, HTML: "Привет, <b>Аня</b> &amp; все", ReplyTo: asked,
		Keyboard: [][]channels.Button{{{Text: "Да", Data: "k1"}}, {{Text: "Правила", URL: "https://speaklingua.example/rules?a=1&b=2"}}},
	})
	if r.Class != channels.OK || r.ProviderID == "" || begun != 1 {
		t.Fatalf("receipt %+v, begun %d", r, begun)
	}
	got := s.Chat(anna.ID)
	if len(got) != 1 || got[0].Text != "Привет, Аня & все" || got[0].ReplyTo != asked || got[0].Keyboard[1][0].URL != "https://speaklingua.example/rules?a=1&b=2" {
		t.Errorf("the member sees %+v", got)
	}
}

func TestSendBrokenMarkupArrivesAsPlainText(t *testing.T) {
	s, c := serve(t)
	s.Start(anna, "")
	r, begun := send(t, t.Context(), c, "", channels.Message{To: annaTo, HTML: "<p>Привет</p> 1 &lt; 2"})
	if r.Class != channels.OK || !strings.Contains(r.Detail, "plain text") || !strings.Contains(r.Detail, "byte 0") || begun != 1 {
		t.Fatalf("receipt %+v, begun %d", r, begun)
	}
	if got := s.Chat(anna.ID); len(got) != 1 || got[0].Text != "Привет 1 < 2" {
		t.Errorf("the member sees %+v", got)
	}
}

func TestSendFailures(t *testing.T) {
	long := strings.Repeat("я", 4097)
	for name, tc := range map[string]struct {
		fault   sandbox.BotFault
		message channels.Message
		want    channels.Class
		arrived int
	}{
		"rate limit":             {fault: sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 7}, want: channels.RateLimited},
		"blocked":                {fault: sandbox.BotFault{Kind: sandbox.BotBlocked}, want: channels.AddressDead},
		"server error":           {fault: sandbox.BotFault{Kind: sandbox.BotServerError, Accepted: true}, want: channels.Uncertain, arrived: 1},
		"gateway":                {fault: sandbox.BotFault{Kind: sandbox.BotGarbage}, want: channels.Uncertain},
		"gateway says not found": {fault: sandbox.BotFault{Kind: sandbox.BotGarbage, Code: 404}, want: channels.Broken},
		"answer lost":            {fault: sandbox.BotFault{Kind: sandbox.BotClose, Accepted: true}, want: channels.Uncertain, arrived: 1},
		"too long":               {message: channels.Message{HTML: long}, want: channels.Broken},
		"data too long":          {message: channels.Message{HTML: "x", Keyboard: [][]channels.Button{{{Text: "x", Data: strings.Repeat("d", 65)}}}}, want: channels.Broken},
		"unknown chat":           {message: channels.Message{HTML: "x", To: "12345"}, want: channels.AddressDead},
		"no chat id":             {message: channels.Message{HTML: "x", To: "anna@speaklingua.example"}, want: channels.AddressDead},
		"no such file":           {message: channels.Message{HTML: "x", Media: &channels.Media{Kind: channels.Photo, Source: "nowhere.jpg"}}, want: channels.Broken},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := serve(t)
			s.Start(anna, "")
			if tc.fault.Kind != "" {
				s.Fault("sendMessage", anna.ID, tc.fault)
			}
			m := tc.message
			if m.HTML == "" {
				m.HTML = "тайный текст"
			}
			if m.To == "" {
				m.To = annaTo
			}
			r, _ := send(t, t.Context(), c, t.TempDir(), m)
			if r.Class != tc.want || len(s.Journal()) != tc.arrived {
				t.Errorf("receipt %+v, %d accepted", r, len(s.Journal()))
			}
			if all := r.Code + r.Detail; strings.Contains(all, annaTo) || strings.Contains(all, "тайный") || strings.Contains(all, "sandbox-token") {
				t.Errorf("the receipt shows too much: %+v", r)
			}
		})
	}
}

func TestSendTimeoutAfterTheRequestWasWritten(t *testing.T) {
	s, c := serve(t)
	s.Start(anna, "")
	s.Fault("sendMessage", 0, sandbox.BotFault{Kind: sandbox.BotHang, Accepted: true})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_ = s.WaitAccepted(ctx, 1)
		cancel()
	}()
	if r, begun := send(t, ctx, c, "", channels.Message{To: annaTo, HTML: "x"}); r.Class != channels.Uncertain || begun != 1 {
		t.Errorf("receipt %+v, begun %d", r, begun)
	}
}

func TestSendWithoutAConnectionNeverBegins(t *testing.T) {
	s, c := serve(t)
	_ = s.Close()
	if r, begun := send(t, t.Context(), c, "", channels.Message{To: annaTo, HTML: "x"}); r.Class != channels.Temporary || begun != 0 {
		t.Errorf("receipt %+v, begun %d", r, begun)
	}
}

func TestSendStopsWhenBeginFails(t *testing.T) {
	s, c := serve(t)
	s.Start(anna, "")
	conn, _ := telegram.NewSender(c, telegram.SenderConfig{}).Dial(t.Context())
	r := conn.Send(t.Context(), &channels.Message{To: annaTo, HTML: "x"}, func() error { return errors.New("disk full") })
	if r.Class != channels.Temporary || s.Accepted() != 0 {
		t.Errorf("receipt %+v, %d accepted", r, s.Accepted())
	}
}

func TestSendMediaUploadsOnce(t *testing.T) {
	s, c := serve(t)
	s.Start(anna, "")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "welcome.jpg"), []byte("picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	conn, _ := telegram.NewSender(c, telegram.SenderConfig{MediaDir: dir}).Dial(t.Context())
	begin := func() error { return nil }
	m := &channels.Message{To: annaTo, HTML: "<i>вот</i>", Media: &channels.Media{Kind: channels.Photo, Source: "welcome.jpg"}}
	for i := range 3 {
		if i == 2 {
			s.ForgetFiles() // the cached file_id is refused, and the file goes up again
		}
		if r := conn.Send(t.Context(), m, begin); r.Class != channels.OK {
			t.Fatalf("send %d: %+v", i, r)
		}
	}
	got := s.Chat(anna.ID)
	if len(got) != 3 || got[0].Media.Name != "welcome.jpg" || got[1].Media.Name != "" || got[1].Media.FileID != got[0].Media.FileID || got[2].Media.Name == "" || got[0].Text != "вот" {
		t.Errorf("media: %+v %+v %+v", got[0].Media, got[1].Media, got[2].Media)
	}
	link := &channels.Message{To: annaTo, Media: &channels.Media{Kind: channels.Video, Source: "https://speaklingua.example/v.mp4"}}
	if r := conn.Send(t.Context(), link, begin); r.Class != channels.OK {
		t.Errorf("by link: %+v", r)
	}
}

func TestMediaStaysInsideTheFolder(t *testing.T) {
	s, c := serve(t)
	s.Start(anna, "")
	top := t.TempDir()
	dir := filepath.Join(top, "media")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(top, "secret"), []byte("x"), 0o600), os.Symlink("../secret", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"../secret", "link", filepath.Join(top, "secret"), ".", ""} {
		r, begun := send(t, t.Context(), c, dir, channels.Message{To: annaTo, Media: &channels.Media{Kind: channels.Document, Source: source}})
		if r.Class != channels.Broken || begun != 0 {
			t.Errorf("%q: %+v, begun %d", source, r, begun)
		}
	}
}

func TestPressEditAnswer(t *testing.T) {
	s, c := serve(t)
	s.Start(anna, "")
	keys := [][]channels.Button{{{Text: "Начинающий", Data: "k1"}}}
	send(t, t.Context(), c, "", channels.Message{To: annaTo, HTML: "Уровень?", Keyboard: keys})
	id := s.Chat(anna.ID)[0].ID
	callback, err := s.Press(anna.ID, id, "Начинающий")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AnswerCallback(t.Context(), callback, strings.Repeat("я", 300)); err != nil {
		t.Fatal(err)
	}
	if a, err := s.WaitAnswer(t.Context(), callback); err != nil || len([]rune(a.Text)) != 200 {
		t.Errorf("answer %q %v", a.Text, err)
	}
	if err := c.AnswerCallback(t.Context(), callback, ""); err != nil {
		t.Errorf("a second answer is no error: %v", err)
	}
	for range 2 { // the second is not modified
		if err := c.EditText(t.Context(), anna.ID, id, "Уровень: <b>A1</b>", nil); err != nil {
			t.Fatal(err)
		}
	}
	if m := s.Chat(anna.ID)[0]; m.Text != "Уровень: A1" || !m.Edited || len(m.Keyboard) != 0 {
		t.Errorf("edited: %+v", m)
	}
	if err := c.EditText(t.Context(), anna.ID, 999, "x", nil); telegram.Classify(err).Class != channels.Refused {
		t.Errorf("editing nothing: %v", err)
	}
}

func TestMethods(t *testing.T) {
	s, c := serve(t)
	me, err := c.GetMe(t.Context())
	if err != nil || me.ID != 1000001 {
		t.Errorf("getMe: %+v %v", me, err)
	}
	if err := c.SetCommands(t.Context(), "ru", []telegram.Command{{Name: "stop", Description: "Отключить всё"}}); err != nil || len(s.Commands("ru")) != 1 {
		t.Errorf("commands: %v", err)
	}
	s.Start(anna, "")
	if _, err := s.SendFile(anna.ID, "voice", "", 3, []byte("звук")); err != nil {
		t.Fatal(err)
	}
	var sound strings.Builder
	if n, err := c.Download(t.Context(), s.Conversation(anna.ID)[1].Media.FileID, &sound); err != nil || sound.String() != "звук" || n != 8 {
		t.Errorf("download: %d %q %v", n, sound.String(), err)
	}
}
