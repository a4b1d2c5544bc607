package site

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const broadcast = `
key: news-ROUND
kind: broadcast
name: This week
topic: community
languages: [en, ru]
channels: [telegram]
entry: {schedule: {at: "2026-01-01 10:00", zone: community, audience: all}}
steps:
  - id: news
    send:
      text:
        en: |
          Hello **{{ member.first_name | default: "there" }}**, good to see you!

          The speaking club meets on Thursday at seven in the evening, the challenge of fourteen days goes on, and there are three new texts to read.
        ru: |
          Привет, **{{ member.first_name | default: "друг" }}**, рады видеть тебя!

          Разговорный клуб встречается в четверг в семь вечера, а испытание на четырнадцать дней идёт дальше.
      buttons: [{text: {en: Read on, ru: Читать дальше}, url: "https://speaklingua.example/week"}]
`

// Draft keeps the round's broadcast to everybody, ready to publish.
func (s *Site) Draft(ctx context.Context, round int) error {
	_, err := s.Service.Do(ctx, http.MethodPost, "/v1/campaigns", "application/yaml", []byte(strings.Replace(broadcast, "ROUND", strconv.Itoa(round), 1)))
	return err
}

// Broadcast publishes it, and waits until each of the n members' deliveries is sent and each passage over. taken is how many messages the other side has taken
// so far: rows are counted only when all have come, since counting them again and again costs the database several times what sending them does.
func (s *Site) Broadcast(ctx context.Context, round, n int, taken func(context.Context) (int64, error)) error {
	key := fmt.Sprintf("news-%d", round)
	before, err := taken(ctx)
	if err != nil {
		return err
	}
	if _, err := s.Service.Do(ctx, http.MethodPost, "/v1/campaigns/"+key+"/publication", "application/json", []byte(`{"schedule_past":"accept"}`)); err != nil {
		return err
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		now, err := taken(ctx)
		if err != nil {
			return err
		}
		sent, open := int(now-before), n
		if sent >= n {
			if sent, open, err = s.settled(ctx, key); err != nil || sent == n && open == 0 {
				return err
			}
		}
		if time.Since(began) > 5*time.Minute {
			return fmt.Errorf("%d of %d sent after five minutes, %d passages open", sent, n, open)
		}
	}
}

// settled counts the campaign's messages that are sent, and its passages that are not over.
func (s *Site) settled(ctx context.Context, key string) (sent, open int, err error) {
	err = s.DB.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM deliveries d JOIN campaigns c ON c.id = d.campaign_id WHERE c.key = $1 AND d.state = 'sent'),
		(SELECT count(*) FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id WHERE c.key = $1 AND e.state IN ('active', 'waiting'))`, key).Scan(&sent, &open)
	return sent, open, err
}
