package telegram

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const person = `"from":{"id":9007199254740993,"is_bot":false,"first_name":"Аня","language_code":"ru"},"chat":{"id":9007199254740993,"type":"private"},"date":1700000000`

var ann = From{ID: 9007199254740993, FirstName: "Аня", LanguageCode: "ru"}

func message(rest string) string {
	return `{"update_id":7,"message":{"message_id":5,` + person + `,"new_field":{"x":1},` + rest + `}}`
}

func TestDecode(t *testing.T) {
	at := time.Unix(1700000000, 0).UTC()
	private := func(k Kind, change func(*Update)) Update {
		u := Update{ID: 7, Kind: k, Chat: ann.ID, From: ann, MessageID: 5, Date: at}
		change(&u)
		return u
	}
	for name, c := range map[string]struct {
		raw  string
		want Update
	}{
		"text":    {message(`"text":"да\u0000!","reply_to_message":{"message_id":3}`), private(KindText, func(u *Update) { u.Text, u.ReplyTo = "да!", 3 })},
		"command": {message(`"text":"/Start@my_bot  pay-load_1"`), private(KindCommand, func(u *Update) { u.Text, u.Command, u.Payload = "/Start@my_bot  pay-load_1", "start", "pay-load_1" })},
		"slash":   {message(`"text":"/ not"`), private(KindText, func(u *Update) { u.Text = "/ not" })},
		"photo": {message(`"photo":[{"file_id":"s"},{"file_id":"L","file_unique_id":"q","file_size":5000000000}],"caption":"вот"`), private(KindMedia, func(u *Update) {
			u.Text, u.Media = "вот", &Media{Kind: "photo", FileID: "L", UniqueID: "q", Size: 5000000000}
		})},
		"round":   {message(`"video_note":{"file_id":"v","duration":12}`), private(KindMedia, func(u *Update) { u.Media = &Media{Kind: "video_note", FileID: "v", Seconds: 12} })},
		"contact": {message(`"contact":{"phone_number":"1"}`), private(KindContact, func(*Update) {})},
		"sticker": {message(`"sticker":{"file_id":"x"}`), private(KindOther, func(*Update) {})},
		"edited":  {`{"update_id":7,"edited_message":{"message_id":5,` + person + `,"text":"x"}}`, private(KindEdited, func(*Update) {})},
		"callback": {
			`{"update_id":7,"callback_query":{"id":"c1",` + person + `,"data":"k","message":{"message_id":5,"chat":{"id":9007199254740993,"type":"private"},"date":0}}}`,
			private(KindCallback, func(u *Update) { u.CallbackID, u.CallbackData, u.Date = "c1", "k", time.Time{} }),
		},
		"callback of somebody else": {
			`{"update_id":7,"callback_query":{"id":"c1","from":{"id":8,"first_name":"E\u0000ve"},"data":"k","message":{"message_id":5,"chat":{"id":9007199254740993,"type":"private"}}}}`,
			private(KindCallback, func(u *Update) { u.CallbackID, u.Date, u.From = "c1", time.Time{}, From{ID: 8, FirstName: "Eve"} }),
		},
		"inline callback": {`{"update_id":7,"callback_query":{"id":"c1","from":{"id":1}}}`, Update{ID: 7, Kind: KindOther, From: From{ID: 1}, CallbackID: "c1"}},
		"blocked":         {`{"update_id":7,"my_chat_member":{` + person + `,"new_chat_member":{"status":"kicked"}}}`, private(KindMembership, func(u *Update) { u.MessageID, u.Blocked = 0, true })},
		"back":            {`{"update_id":7,"my_chat_member":{` + person + `,"new_chat_member":{"status":"member"}}}`, private(KindMembership, func(u *Update) { u.MessageID = 0 })},
		"group":           {`{"update_id":7,"message":{"message_id":5,"chat":{"id":-1001,"type":"supergroup"},"text":"/stop"}}`, Update{ID: 7, Kind: KindGroup, Chat: -1001, MessageID: 5, Text: "/stop", Command: "stop"}},
		"future":          {`{"update_id":7,"poll":{}}`, Update{ID: 7, Kind: KindOther}},
	} {
		got, err := Decode(json.RawMessage(c.raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestUpdateID(t *testing.T) {
	for raw, want := range map[string]int64{`{"update_id":9007199254740993,"message":"poison"}`: 9007199254740993, `{"update_id":"7"}`: -1, `{}`: -1, `[`: -1, `{"update_id":1.5}`: -1} {
		id, ok := UpdateID(json.RawMessage(raw))
		if ok != (want >= 0) || ok && id != want {
			t.Errorf("%s: %d %v", raw, id, ok)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		message(`"text":"/start@b x"`), message(`"photo":[]`), `{"update_id":1,"callback_query":{}}`, `{"update_id":1,"message":7}`,
		`{"update_id":1,"my_chat_member":{"chat":{"id":1,"type":"private"}}}`, `null`, `{"update_id":1,"message":{"chat":null,"voice":{"duration":-5,"file_id":"a"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, err := Decode(raw)
		id, ok := UpdateID(raw)
		if err != nil {
			return
		}
		if !ok || id != u.ID {
			t.Errorf("Decode read id %d, UpdateID %d %v", u.ID, id, ok)
		}
		if u.Kind == "" || u.Kind == KindMedia && u.Media == nil || u.Kind == KindCommand && u.Command == "" {
			t.Errorf("half an update: %+v", u)
		}
	})
}

func TestVerifySecret(t *testing.T) {
	if !VerifySecret("abc_-1", "abc_-1") || VerifySecret("abc", "abd") || VerifySecret("", "") || VerifySecret("a b", "a b") || VerifySecret("abcd", "abc") {
		t.Error("the secret's comparison is wrong")
	}
}
