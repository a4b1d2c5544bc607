package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink/botapi"
)

// answerKind is how the members answer.
type answerKind struct {
	ask    string // the question's type and what belongs to it
	answer func(bot *botapi.Server, chat int64, q question)
}

// question is the last one that a member was asked.
type question struct {
	message  int64
	keyboard string // as it was sent
}

var kinds = map[string]*answerKind{
	"typed":   {`type: number`, typed},
	"pressed": {`type: yes_no`, pressed},
	"spoken":  {`type: voice`, spoken},
}

func kindNames() string { return strings.Join(slices.Sorted(maps.Keys(kinds)), ", ") }

func (k *answerKind) campaign() string {
	return `
key: talk
kind: survey
name: Talk
topic: community
languages: [en]
channels: [telegram]
entry: {event: member.talks, reentry: never}
steps:
  - id: often
    ask: {` + k.ask + `, text: {en: "How is it today, {{ member.first_name }}?"}, timeout: {after: 30d}}
  - goto: often
`
}

func person(chat int64) string {
	return fmt.Sprintf(`{"id":%d,"is_bot":false,"first_name":"Anna","language_code":"en"}`, chat)
}

func message(chat int64, content string) string {
	return fmt.Sprintf(`{"message_id":1,"from":%s,"chat":{"id":%d,"first_name":"Anna","type":"private"},"date":%d,%s}`, person(chat), chat, time.Now().Unix(), content)
}

func typed(bot *botapi.Server, chat int64, _ question) {
	bot.Updates.Push("message", message(chat, `"text":"12"`))
}

func spoken(bot *botapi.Server, chat int64, _ question) {
	bot.Updates.Push("message", message(chat, `"voice":{"file_id":"voice","file_unique_id":"voice","duration":7,"file_size":9000,"mime_type":"audio/ogg"}`))
}

// pressed presses the question's first button.
func pressed(bot *botapi.Server, chat int64, q question) {
	var k struct {
		Rows [][]struct {
			Data string `json:"callback_data"`
		} `json:"inline_keyboard"`
	}
	if json.Unmarshal([]byte(q.keyboard), &k) != nil || len(k.Rows) == 0 || len(k.Rows[0]) == 0 {
		return // the member is found waiting for a question in the end
	}
	bot.Updates.Push("callback_query", fmt.Sprintf(`{"id":"%d","from":%s,"chat_instance":"1","data":%q,"message":{"message_id":%d,"date":1,"chat":{"id":%d,"type":"private"},"text":"?"}}`,
		time.Now().UnixNano(), person(chat), k.Rows[0][0].Data, q.message, chat))
}
