package sandbox

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestStateIsGoneOnWith: what one sandbox wrote down as JSON, another one has; and it gives no number that the first may have given since.
func TestStateIsGoneOnWith(t *testing.T) {
	old := NewBotAPI(BotAPIConfig{KeepTexts: true, Now: func() time.Time { return time.Unix(1_800_000_000, 0).UTC() }})
	defer old.Close()
	old.Start(BotUser{ID: 1, FirstName: "Вера", LanguageCode: "ru"}, "s_poster")
	old.Start(BotUser{ID: 2}, "")
	old.Block(2)
	botForm(old, "sendMessage", "chat_id", "1", "parse_mode", "HTML", "text", "<b>x</b>", "reply_markup", keys(1, 4))
	asked := old.Chat(1)[0].ID
	if err := old.React(1, asked, "🔥"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := old.SendUpload(1, BotUpload{Kind: "voice", MIME: "audio/ogg", Seconds: 3, Content: []byte("OggS")}); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := json.Marshal(old.State())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), "T2dnUw=="); n != 1 {
		t.Errorf("the same recording is written %d times", n)
	}
	var s BotState
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	again := NewBotAPI(BotAPIConfig{KeepTexts: true})
	defer again.Close()
	again.Restore(s)

	if have, want := again.Conversation(1), old.Conversation(1); !reflect.DeepEqual(have, want) || len(have) != 4 {
		t.Errorf("conversation\n%+v\nwant\n%+v", have, want)
	}
	if !reflect.DeepEqual(again.Users(), old.Users()) || again.AcceptedBy(1) != 1 {
		t.Errorf("users %+v, accepted %d", again.Users(), again.AcceptedBy(1))
	}
	voice := again.Conversation(1)[2].Media.FileID
	if f, ok := again.File(voice); !ok || string(f.Content) != "OggS" || f.MIME != "audio/ogg" {
		t.Errorf("file %+v, %v", f, ok)
	}
	if code, text := botForm(again, "sendMessage", "chat_id", "2", "text", "x"); code != 403 {
		t.Errorf("to who had blocked: %d %s", code, text)
	}
	_, before := botForm(old, "getUpdates", "timeout", "0")
	if _, after := botForm(again, "getUpdates", "timeout", "0"); after != before {
		t.Errorf("updates\n%s\nwant\n%s", after, before)
	}
	for what, fresh := range map[string]func(*BotAPI) int64{
		"update":  func(b *BotAPI) int64 { return b.NextUpdateID(0) },
		"message": func(b *BotAPI) int64 { id, _ := b.Say(1, "x"); return id },
	} {
		for range 1000 {
			_, _ = old.Say(1, "after it was written down")
		}
		if fresh(again) <= fresh(old) {
			t.Errorf("a number of a new %s was given before", what)
		}
	}
	first, _ := old.Press(1, asked, "dddd")
	if second, err := again.Press(1, asked, "dddd"); err != nil || second <= first {
		t.Errorf("press %s after %s, %v", second, first, err)
	}
}

// TestMailboxIsGoneOnWith: letters and what they were answered with.
func TestMailboxIsGoneOnWith(t *testing.T) {
	old := newMailbox(true, nil)
	old.add("Vera@example.org", "b+1@reply.example", "m1", []byte("Subject: Hi\r\nFrom: <a@example.org>\r\n\r\nx\r\n"))
	if err := old.Reply("vera@example.org", 1, "Спасибо"); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(old.State())
	if err != nil {
		t.Fatal(err)
	}
	var s MailState
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	again := newMailbox(true, nil)
	again.Restore(s)
	mails, out := again.Mails("vera@example.org"), again.Outbox("vera@example.org")
	if len(mails) != 1 || mails[0].Subject() != "Hi" || mails[0].EnvelopeFrom != "b+1@reply.example" || again.Count("VERA@example.org") != 1 || again.Total() != 1 {
		t.Errorf("mails %+v, %d in all", mails, again.Total())
	}
	if len(out) != 1 || out[0].Kind != "reply" || !strings.Contains(string(out[0].Raw), "=D0=A1") {
		t.Errorf("outbox %+v", out)
	}
	again.add("vera@example.org", "x", "m2", nil) // the maps are its own
	if err := again.Bounce("vera@example.org", 1); err != nil || len(again.Outbox("vera@example.org")) != 2 {
		t.Error(err)
	}
	empty := newMailbox(true, nil)
	empty.Restore(MailState{})
	empty.add("a@example.org", "b@example.org", "m", nil)
	if err := empty.Bounce("a@example.org", 1); err != nil {
		t.Error(err)
	}
}
