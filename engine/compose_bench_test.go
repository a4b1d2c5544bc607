package engine

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// BenchmarkCompose is what making one mail of a broadcast costs.
func BenchmarkCompose(b *testing.B) {
	const source = `
key: news
kind: broadcast
name: This week
topic: news
languages: [en, ru]
channels: [email]
entry: {manual: true}
steps:
  - id: news
    send:
      subject: {en: "Your week, {{ member.first_name }}", ru: "Твоя неделя, {{ member.first_name }}"}
      text:
        en: |
          Hello **{{ member.first_name | default: "there" }}**, good to see you!

          - The club: bring a photo and tell its story.
          - The challenge: day after day a question and a voice message.
        ru: |
          Привет, **{{ member.first_name | default: "друг" }}**, рады видеть тебя!

          - Клуб: принеси фотографию и расскажи её историю.
          - Испытание: каждый день вопрос и голосовое сообщение.
      buttons: [{text: {en: Read on, ru: Читать дальше}, url: "https://speaklingua.example/week?m={{ member.external_id }}"}]
`
	def, problems := definition.Parse([]byte(source), definition.YAML)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	e := &Engine{Options: Options{PublicURL: "https://c.example.org", MailFromName: "Speaklingua", MailFrom: "news@c.example.org"}, keys: deriveKeys(make([]byte, 32))}
	l := &live{campaign: 1, version: 1, def: def, texts: map[string]*templates.Text{}}
	community := &store.Community{Name: "Speaklingua", TimeZone: "Europe/Moscow", PostalAddress: "1 Example Street, Berlin"}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	var cs []*candidate
	for i := range 1000 {
		p := &store.Profile{Addresses: members.Addresses{{Channel: campaigns.Email, Value: fmt.Sprintf("m%d@example.com", i), Reach: channels.ReachOK}}}
		p.ID, p.FirstName, p.Language, p.ExternalID, p.TimeZone = campaigns.MemberID(i), fmt.Sprintf("Анна%d", i), "ru", fmt.Sprintf("m%d", i), "Europe/Moscow"
		d := &store.Delivery{ID: campaigns.DeliveryID(1_000_000 + i), Kind: store.StepDelivery, Campaign: 1, Version: 1, Enrollment: campaigns.EnrollmentID(i), Member: p.ID, Step: "news", Visit: 1, Channel: campaigns.Email, CreatedAt: now}
		row := &store.Enrollment{ID: d.Enrollment, Step: "news", Visit: 1, State: campaigns.EnrollmentWaiting, Data: []byte(`{"started":true,"visits":{"news":1},"waiting":{"channel":"email"}}`)}
		cs = append(cs, &candidate{d: d, l: l, row: row, p: p, community: community})
	}
	var by composer
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := e.compose(b.Context(), cs[i%len(cs)], &by); err != nil {
			b.Fatal(err)
		}
		i++
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	b.ReportMetric(float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano())/float64(b.N), "cpu-ns/op")
}
