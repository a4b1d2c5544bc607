//go:build unix

package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink/botapi"
	"github.com/kruzhok/kruzhok/demo"
)

// Populate writes the crowd and publishes the campaign.
func (s *Site) Populate() {
	s.t.Helper()
	for start := 0; start < len(s.crowd.members); start += 5000 {
		var lines bytes.Buffer
		for _, m := range s.crowd.members[start:min(start+5000, len(s.crowd.members))] {
			lines.Write(m.line())
		}
		answer, err := s.API.Raw(s.t.Context(), "POST", "/v1/members/bulk", demo.Stream(lines.Bytes()), "")
		s.must(err)
		if bad := strings.Count(string(answer), `"error"`); bad > 0 {
			s.t.Fatalf("%d members not written: %.500s", bad, answer)
		}
	}
	s.populateCircle()
	s.must(s.API.Do(s.t.Context(), "POST", "/v1/campaigns", []byte(campaign), nil))
	s.must(s.API.Do(s.t.Context(), "POST", "/v1/campaigns/fire/publication", nil, nil))
}

// hang hangs the bell up: it rings in two minutes, unless a jump of the clock brings it about.
func (s *Site) hang() {
	s.t.Helper()
	at := s.clock.now().UTC().Add(2 * time.Minute).Format("2006-01-02T15:04")
	s.must(s.API.Do(s.t.Context(), "PATCH", "/v1/community", map[string]any{"time_zone": "UTC"}, nil))
	s.must(s.API.Do(s.t.Context(), "POST", "/v1/campaigns", fmt.Appendf(nil, bell, at), nil))
	s.must(s.API.Do(s.t.Context(), "POST", "/v1/campaigns/bell/publication", nil, nil))
	s.crowd.bell = true
}

// Enroll enrolls some of the crowd. What is refused because a service is away is asked again, and changes nothing when it was done after all.
func (s *Site) Enroll(from, to int) {
	s.t.Helper()
	s.crowd.inside = max(s.crowd.inside, to)
	for ; from < to; from += 5000 {
		var ids []string
		for _, m := range s.crowd.members[from:min(from+5000, to)] {
			ids = append(ids, m.id())
		}
		var last error
		s.waitFor(s.opt.Patience, "an enrollment", func() bool {
			last = s.API.Do(s.t.Context(), "POST", "/v1/campaigns/fire/enrollments", map[string]any{"members": ids}, nil)
			return last == nil
		})
	}
}

// received is called for each message that the Bot API takes: who gets a question may answer it, a moment later.
func (s *Site) received(c botapi.Call) {
	if s.circle != nil && s.circle.byChat[c.Chat] != nil {
		s.heardInChat(s.circle.byChat[c.Chat], c)
		return
	}
	m := s.crowd.byChat[c.Chat]
	if m == nil || m.answers == 0 || c.Marker != m.marker("going") {
		return
	}
	data, ok := firstButton(c.Keyboard)
	if !ok {
		s.t.Errorf("the question to %s has no button: %.200s", m.id(), c.Keyboard)
		return
	}
	q := question{c.MessageID, data}
	if !s.tally.pressed(m.n, q) {
		return
	}
	time.AfterFunc(time.Duration(s.random(100))*time.Millisecond, func() {
		for range m.answers {
			s.press(m.chat(), q)
		}
		s.tally.released()
	})
}

// press is one press of the button.
func (s *Site) press(chat int64, q question) {
	s.Bot.Updates.Push("callback_query", callback(chat, q, s.presses.Add(1)))
}

// chatter goes on until the context ends: some who have answered press again and again, so that updates arrive at every moment.
func (s *Site) chatter(ctx context.Context) {
	var behind atomic.Bool
	go s.watchBehind(ctx, &behind)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		if n, q := s.tally.someone(s.random(1 << 30)); n >= 0 && !behind.Load() {
			s.press(s.crowd.members[n].chat(), q)
		}
	}
}

// tooMuch is how many updates may wait before members press less: on a machine where others work too, they would pile up for ever, and what is asked here is not
// what becomes of too many.
const tooMuch = 300

// watchBehind tells whether members are to wait. While the database is away they press on: that moment is what the updates are for.
func (s *Site) watchBehind(ctx context.Context, behind *atomic.Bool) {
	for ctx.Err() == nil {
		s.looking.Lock()
		n, err := s.books.number(ctx, `SELECT count(*) FROM inputs WHERE state = 'stored'`)
		s.looking.Unlock()
		behind.Store(err == nil && n > tooMuch)
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// firstButton is the data of a keyboard's first button.
func firstButton(keyboard string) (string, bool) {
	var k struct {
		Rows [][]struct {
			Data string `json:"callback_data"`
		} `json:"inline_keyboard"`
	}
	if json.Unmarshal([]byte(keyboard), &k) != nil || len(k.Rows) == 0 || len(k.Rows[0]) == 0 {
		return "", false
	}
	return k.Rows[0][0].Data, k.Rows[0][0].Data != ""
}

// callback is a CallbackQuery (Bot API) by the member whose chat it is.
func callback(from int64, q question, n int64) string {
	chat := strconv.FormatInt(from, 10)
	return fmt.Sprintf(`{"id":"%d","from":{"id":%s,"is_bot":false,"first_name":"M"},"chat_instance":"1","data":%q,`+
		`"message":{"message_id":%d,"date":1,"chat":{"id":%s,"type":"private","first_name":"M"},"text":"?"}}`, n, chat, q.data, q.message, chat)
}
