package telegram_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/channels/telegram"
)

// BenchmarkSend sends over loopback to the sandbox: client and server share the processors.
func BenchmarkSend(b *testing.B) {
	s, err := sandbox.ServeBotAPI("127.0.0.1:0", sandbox.BotAPIConfig{AnyChat: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	c, err := telegram.New(telegram.Config{Token: sandbox.BotAPIToken, BaseURL: s.URL})
	if err != nil {
		b.Fatal(err)
	}
	sender := telegram.NewSender(c, telegram.SenderConfig{})
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		conn, _ := sender.Dial(b.Context()) // never fails
		m := &channels.Message{To: "77", HTML: "Привет, <b>друг</b>"}
		for pb.Next() {
			if r := conn.Send(b.Context(), m, func() error { return nil }); r.Class != channels.OK {
				b.Error(r)
			}
		}
	})
}
