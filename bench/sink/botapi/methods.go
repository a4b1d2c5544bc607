package botapi

import (
	"bytes"
	"strconv"
	"time"
)

// perform gives the call its effect and the usual answer.
func (s *session) perform() error {
	switch method := string(s.method); {
	case bytes.HasPrefix(s.method, []byte("send")) && method != "sendChatAction":
		return s.send()
	case method == "getUpdates":
		return s.getUpdates()
	case method == "getMe":
		return s.finish(`{"id":1000001,"is_bot":true,"first_name":"Sink","username":"sink_bot"}`)
	case method == "getWebhookInfo":
		return s.finish(`{"url":"","has_custom_certificate":false,"pending_update_count":0}`)
	case method == "getMyCommands":
		return s.finish(`[]`)
	}
	return s.finish("true")
}

// finish answers with a result, unless the script has another idea.
func (s *session) finish(result ...string) error {
	if handled, err := s.act(Done); handled || err != nil {
		return err
	}
	s.answer(200, append(append([]string{`{"ok":true,"result":`}, result...), "}")...)
	return nil
}

// send takes a message (Bot API sendMessage and its like). It is in the ledger before the answer: what the client never hears was taken all the same.
func (s *session) send() error {
	if len(s.chat) == 0 {
		a := Refusal(400, "Bad Request: chat_id is empty", 0)
		s.answer(a.Status, a.Body)
		return nil
	}
	s.messageID = s.srv.lastID.Add(1)
	s.srv.Ledger.Add(s.chat, s.marker)
	if s.srv.taken != nil {
		s.srv.taken(s.call(Done))
	}
	return s.finish(`{"message_id":`, strconv.FormatInt(s.messageID, 10), `,"from":{"id":1000001,"is_bot":true,"first_name":"Sink","username":"sink_bot"},"chat":{"id":`,
		string(s.chat), `,"first_name":"M","type":"private"},"date":`, strconv.FormatInt(time.Now().Unix(), 10), `,"text":"…"}`)
}

// getUpdates confirms what lies below the offset and waits for more; of two calls the newer wins (Bot API getUpdates).
func (s *session) getUpdates() error {
	offset, limit, seconds := s.params.int("offset"), s.params.int("limit"), s.params.int("timeout")
	if limit <= 0 || limit > 100 {
		limit = 100
	}
	if err := s.wire.Flush(); err != nil {
		return err
	}
	batch, ok := s.srv.Updates.next(offset, int(limit), time.Duration(min(max(seconds, 0), 50))*time.Second, s.srv.Done())
	if !ok {
		a := Refusal(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", 0)
		s.answer(a.Status, a.Body)
		return nil
	}
	return s.finish(string(batch))
}
