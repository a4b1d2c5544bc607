//go:build unix

package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink/botapi"
	"github.com/kruzhok/kruzhok/demo"
)

// populateCircle writes the circle, the budget, and its campaigns.
func (s *Site) populateCircle() {
	s.t.Helper()
	if s.circle == nil {
		return
	}
	var lines []map[string]any
	for _, p := range s.circle.people {
		lines = append(lines, p.line(p.tags()))
	}
	s.must(s.write(lines))
	s.must(s.API.Do(s.t.Context(), "PATCH", "/v1/community", map[string]any{"time_zone": "UTC", "budget": []map[string]any{{"most": mostPer, "per": budgetPer}}}, nil))
	s.must(s.API.Do(s.t.Context(), "POST", "/v1/segments", []byte(segment), nil))
	for _, text := range []string{care, tips["tip-a"], tips["tip-b"], tips["flash"], join, course} {
		s.must(s.API.Do(s.t.Context(), "POST", "/v1/campaigns", []byte(text), nil))
	}
	for _, key := range circleKeys() {
		s.must(s.API.Do(s.t.Context(), "POST", "/v1/campaigns/"+key+"/publication", nil, nil))
	}
}

// write puts members in order.
func (s *Site) write(lines []map[string]any) error {
	var body bytes.Buffer
	for _, l := range lines {
		b, _ := json.Marshal(l) // such values always encode
		body.Write(append(b, '\n'))
	}
	answer, err := s.API.Raw(s.t.Context(), "POST", "/v1/members/bulk", demo.Stream(body.Bytes()), "")
	if err == nil && bytes.Contains(answer, []byte(`"error"`)) {
		return fmt.Errorf("members not written: %.500s", answer)
	}
	return err
}

// enter lets the circle's part of a wave enter, as Enroll does the crowd's.
func (s *Site) enter(from, to int) {
	s.t.Helper()
	if s.circle == nil || from >= to {
		return
	}
	people := s.circle.people[from:to]
	ids := map[role][]string{}
	for _, p := range people {
		ids[p.role] = append(ids[p.role], p.id())
	}
	s.circle.inside = max(s.circle.inside, to)
	for _, x := range []struct {
		role role
		key  string
	}{{guest, "care"}, {reader, "tip-a"}, {reader, "tip-b"}, {reader, "flash"}, {newcomer, "course"}} {
		if len(ids[x.role]) > 0 {
			s.insist("an enrollment", func() error {
				return s.API.Do(s.t.Context(), "POST", "/v1/campaigns/"+x.key+"/enrollments", map[string]any{"members": ids[x.role]}, nil)
			})
		}
	}
	s.gather(from, to)
}

// gather brings newcomers into the segment. Those who came last leave it, if they churn, and those who came before come back.
func (s *Site) gather(from, to int) {
	s.t.Helper()
	var lines []map[string]any
	for _, p := range s.circle.people[max(0, from-2*(to-from)):to] {
		if p.role != newcomer {
			continue
		}
		tags := []string{"newcomer"}
		if p.churns() && p.n < from && p.n >= from-(to-from) {
			tags = []string{}
		}
		lines = append(lines, map[string]any{"external_id": p.id(), "tags": tags})
	}
	if len(lines) > 0 {
		s.insist("newcomers", func() error { return s.write(lines) })
	}
}

// gathered brings every newcomer into the segment, whoever has left it.
func (s *Site) gathered() {
	s.t.Helper()
	if s.circle == nil {
		return
	}
	var lines []map[string]any
	for _, p := range s.circle.people[:s.circle.inside] {
		if p.role == newcomer {
			lines = append(lines, map[string]any{"external_id": p.id(), "tags": []string{"newcomer"}})
		}
	}
	if len(lines) > 0 {
		s.insist("newcomers", func() error { return s.write(lines) })
	}
}

// insist does it again until it is done: a service may be away.
func (s *Site) insist(what string, do func() error) {
	s.t.Helper()
	s.waitFor(s.opt.Patience, what, func() bool {
		err := do()
		if errors.Is(err, demo.ErrRefused) {
			s.t.Fatalf("%s: %v", what, err)
		}
		return err == nil
	})
}

// publish publishes the course's second version, and moves those inside into it. What is refused because a service is away is asked again.
func (s *Site) publish() {
	s.t.Helper()
	if s.circle == nil {
		return
	}
	s.republished = true
	s.insist("the course's draft", func() error {
		return s.API.Do(s.t.Context(), "PUT", "/v1/campaigns/course/draft", []byte(secondCourse), nil)
	})
	s.insist("the course's second version", func() error {
		n, err := s.books.number(s.t.Context(), `SELECT live_version FROM campaigns WHERE key = 'course'`)
		if err != nil || n == 2 { // an answer may have been lost
			return err
		}
		if s.toMove, err = s.books.number(s.t.Context(), `SELECT count(*) FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id
			WHERE c.key = 'course' AND e.state IN ('active', 'waiting')`); err != nil {
			return err
		}
		how := map[string]any{"inside": "move", "moves": map[string]string{"evening": "noon"}}
		return s.API.Do(s.t.Context(), "POST", "/v1/campaigns/course/publication", how, nil)
	})
}

// heardInChat is called for each message of the circle's that the Bot API takes.
func (s *Site) heardInChat(p *person, c botapi.Call) {
	s.arrived(p, c.Marker, true)
	if c.Marker != p.marker("free") {
		return
	}
	yes, no, ok := buttons(c.Keyboard)
	if !ok {
		s.t.Errorf("the question to %s has no buttons: %.200s", p.id(), c.Keyboard)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.question, p.no = &question{c.MessageID, yes}, no
	switch {
	case p.manner == atOnce && !p.acted:
		s.acts(p, s.pressYes)
	case p.manner == leaving && !p.blocked:
		p.blocked = true
		s.Bot.Updates.Push("my_chat_member", left(p.chat()))
	}
}

// arrived writes down what a sink took.
func (s *Site) arrived(p *person, text string, chat bool) {
	a := arrival{said: text, chat: chat}
	for step := range words {
		if said, ok := strings.CutPrefix(text, p.marker(step)); ok {
			a.step, a.said = step, said
		}
	}
	a.earliest, a.last = s.clock.about()
	s.circle.mu.Lock()
	defer s.circle.mu.Unlock()
	s.circle.arrivals[p.n] = append(s.circle.arrivals[p.n], a)
}

var pageLink = regexp.MustCompile(`/s/([A-Za-z0-9_.~-]+)`)

// heardByMail is called for each mail that the mail server takes.
func (s *Site) heardByMail(to, _ string, mail []byte) {
	p := s.circle.byMail[to]
	if p == nil {
		return
	}
	flat := bytes.ReplaceAll(mail, []byte("=\r\n"), nil) // soft line breaks (RFC 2045 §6.7)
	for step := range words {
		if bytes.Contains(flat, []byte(p.marker(step))) {
			s.arrived(p, p.marker(step), false)
		}
	}
	link := pageLink.FindSubmatch(flat)
	if link == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.page = string(link[1])
	if p.acted {
		return
	}
	switch {
	case p.manner == inChat && p.question != nil:
		s.acts(p, s.pressYes)
	case p.manner == onPage || p.manner == leaving:
		s.acts(p, s.fills)
	case p.manner == onBoth && p.question != nil:
		s.acts(p, s.pressYes, s.fills)
	}
}

// acts lets the person, who is locked, do these things a moment later.
func (s *Site) acts(p *person, things ...func(*person)) {
	p.acted = true
	for _, do := range things {
		s.circle.begun.Add(1)
		time.AfterFunc(time.Duration(s.random(100))*time.Millisecond, func() {
			defer s.circle.done.Add(1)
			do(p)
		})
	}
}

// pressYes presses Yes in the chat.
func (s *Site) pressYes(p *person) {
	p.mu.Lock()
	q := *p.question
	p.answers = append(p.answers, "telegram")
	p.mu.Unlock()
	s.press(p.chat(), q)
}

// fills answers Yes on the page.
func (s *Site) fills(p *person) {
	if s.fill(p, "true") {
		p.mu.Lock()
		p.answers = append(p.answers, "page")
		p.mu.Unlock()
	}
}

// fill sends the page's form until the service has taken it, each time the same.
func (s *Site) fill(p *person, value string) bool {
	form := url.Values{"step": {"free"}, "visit": {"1"}, "nonce": {"once" + value}, "value": {value}}
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	p.mu.Lock()
	address := s.API.Base + "/s/" + p.page
	p.mu.Unlock()
	said := "nothing"
	for end := time.Now().Add(s.opt.Patience); time.Now().Before(end) && s.t.Context().Err() == nil; time.Sleep(50 * time.Millisecond) {
		r, err := client.PostForm(address, form)
		if err != nil {
			continue
		}
		_ = r.Body.Close()
		if r.StatusCode == http.StatusSeeOther {
			return true
		}
		said = r.Status
	}
	s.t.Errorf("the page of %s took no answer: %s", p.id(), said)
	return false
}

// tooLate lets everybody who has answered say No by the other channel: the question is closed on both.
func (s *Site) tooLate() {
	if s.circle == nil {
		return
	}
	for _, p := range s.circle.people {
		p.mu.Lock()
		q, page, answers := p.question, p.page, p.answers
		p.mu.Unlock()
		if len(answers) == 0 {
			continue
		}
		if q != nil && answers[0] == "page" && p.manner != leaving {
			s.press(p.chat(), question{q.message, p.no})
		}
		if page != "" && answers[0] == "telegram" {
			s.fill(p, "false")
		}
	}
}

// buttons are the data of a keyboard's two buttons.
func buttons(keyboard string) (first, second string, ok bool) {
	var k struct {
		Rows [][]struct {
			Data string `json:"callback_data"`
		} `json:"inline_keyboard"`
	}
	if json.Unmarshal([]byte(keyboard), &k) != nil {
		return "", "", false
	}
	var data []string
	for _, row := range k.Rows {
		for _, b := range row {
			data = append(data, b.Data)
		}
	}
	if len(data) != 2 || data[0] == "" || data[1] == "" {
		return "", "", false
	}
	return data[0], data[1], true
}

// left is a ChatMemberUpdated (Bot API) by somebody who blocks the bot.
func left(chat int64) string {
	id := strconv.FormatInt(chat, 10)
	from := `{"id":` + id + `,"is_bot":false,"first_name":"C"}`
	bot := `{"id":1000001,"is_bot":true,"first_name":"Sink","username":"sink_bot"}`
	return `{"chat":{"id":` + id + `,"type":"private","first_name":"C"},"from":` + from + `,"date":1,"old_chat_member":{"status":"member","user":` + bot +
		`},"new_chat_member":{"status":"kicked","until_date":0,"user":` + bot + `}}`
}
