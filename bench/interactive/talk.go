package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/bench/crowd"
	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sink/botapi"
)

// questions is how many each talker is asked.
const questions = 20

// talk are the members who answer, as the Bot API sees them.
type talk struct {
	sink *botapi.Server

	mu       sync.Mutex
	ready    []int64             // chats that have a question and did not answer it
	answered map[int64]time.Time // chats that wait for the next one
	waits    []time.Duration
	sent     int64 // messages of the broadcast
	message  int64
}

func newTalk() *talk { return &talk{answered: map[int64]time.Time{}} }

// taken hears of each message that the Bot API took.
func (t *talk) taken(c botapi.Call) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case strings.HasPrefix(c.Marker, "News"):
		t.sent++
	case strings.HasPrefix(c.Marker, "Question"):
		if since, ok := t.answered[c.Chat]; ok {
			t.waits = append(t.waits, now.Sub(since))
			delete(t.answered, c.Chat)
		}
		if !strings.HasPrefix(c.Marker, fmt.Sprintf("Question %d.", questions)) { // its answer brings no other
			t.ready = append(t.ready, c.Chat)
		}
	}
}

// enroll asks every talker the first question, and waits until all have it.
func (t *talk) enroll(ctx context.Context, service *measure.Service) error {
	source := "key: talk\nkind: survey\nname: Talk\ntopic: news\nlanguages: [en]\nchannels: [telegram]\nentry: {manual: true}\nsteps:\n"
	for i := range questions {
		source += fmt.Sprintf("  - id: q%d\n    ask: {type: text, text: {en: \"Question %d. What did you do today?\"}}\n", i+1, i+1)
	}
	if _, err := service.Do(ctx, "POST", "/v1/campaigns", "application/yaml", []byte(source)); err != nil {
		return err
	}
	if _, err := service.Do(ctx, "POST", "/v1/campaigns/talk/publication", "", nil); err != nil {
		return err
	}
	var ids []string
	for i := range *talkers {
		ids = append(ids, fmt.Sprintf("m%d", i+1))
	}
	body, err := json.Marshal(map[string]any{"members": ids})
	if err != nil {
		return err
	}
	if _, err := service.Do(ctx, "POST", "/v1/campaigns/talk/enrollments", "application/json", body); err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		t.mu.Lock()
		n := len(t.ready)
		t.mu.Unlock()
		if n == *talkers {
			return nil
		}
	}
	return fmt.Errorf("only %d of %d talkers have their first question", len(t.ready), *talkers)
}

// hold lets them answer while the broadcast runs, and returns what they waited, in order, and how much of the broadcast went out meanwhile.
func (t *talk) hold(ctx context.Context, rate float64, span time.Duration) ([]time.Duration, int64, error) {
	for began := time.Now(); t.broadcasted() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Minute || ctx.Err() != nil {
			return nil, 0, fmt.Errorf("the broadcast does not begin")
		}
	}
	before := t.broadcasted()
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for end := time.Now().Add(span); time.Now().Before(end); <-tick.C {
		t.answer()
	}
	sent := t.broadcasted() - before
	time.Sleep(2 * time.Second) // the last answers
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.answered); n > 0 {
		return nil, 0, fmt.Errorf("%d answers had no question after two seconds", n)
	}
	if sent == 0 || int(before+sent) >= *members {
		return nil, 0, fmt.Errorf("the broadcast did not run all the time: %d of %d", before+sent, *members)
	}
	slices.Sort(t.waits)
	return t.waits, sent, nil
}

func (t *talk) broadcasted() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

// answer lets the talker answer who has waited longest.
func (t *talk) answer() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ready) == 0 {
		return
	}
	chat := t.ready[0]
	t.ready = t.ready[1:]
	t.message++
	t.answered[chat] = time.Now()
	person := fmt.Sprintf(`{"id":%d,"is_bot":false,"first_name":"Anna%d","language_code":"en"}`, chat, chat-crowd.FirstChat+1)
	t.sink.Updates.Push("message", fmt.Sprintf(`{"message_id":%d,"from":%s,"chat":{"id":%d,"type":"private","first_name":"Anna"},"date":%d,"text":"We went to the park."}`,
		1_000_000_000+t.message, person, chat, time.Now().Unix()))
}
