package telegram_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"syscall"
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
	benchSend(b, telegram.Config{Token: sandbox.BotAPIToken, BaseURL: s.URL})
}

// BenchmarkSendLean sends to a server that reads no more of a request than it must, so that nearly all is ours and the kernel's: over a link, and over
// net/http's transport.
func BenchmarkSendLean(b *testing.B) {
	url := leanServer(b)
	for name, client := range map[string]*http.Client{"link": nil, "nethttp": {Transport: &http.Transport{MaxIdleConnsPerHost: 64}}} {
		b.Run(name, func(b *testing.B) { benchSend(b, telegram.Config{Token: "1:a", BaseURL: url, HTTP: client}) })
	}
}

func benchSend(b *testing.B, cfg telegram.Config) {
	c, err := telegram.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	sender := telegram.NewSender(c, telegram.SenderConfig{})
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	b.ReportAllocs()
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		conn, _ := sender.Dial(b.Context()) // never fails
		defer conn.Close()
		m := &channels.Message{
			To: "77", HTML: "Hello <b>Anna</b>, good to see you!\n\nThe speaking club meets on Thursday at seven in the evening, the challenge of fourteen days goes on, and there are three new texts to read.",
			Keyboard: [][]channels.Button{{{Text: "Read on", URL: "https://speaklingua.example/week"}}},
		}
		for pb.Next() {
			if r := conn.Send(b.Context(), m, func() error { return nil }); r.Class != channels.OK {
				b.Error(r)
			}
		}
	})
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	b.ReportMetric(float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano())/float64(b.N), "cpu-ns/op")
}

// leanServer answers every request in the same words.
func leanServer(b *testing.B) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ln.Close() })
	const body = `{"ok":true,"result":{"message_id":12345,"from":{"id":1000001,"is_bot":true,"first_name":"Sink","username":"sink_bot"},"chat":{"id":77,"first_name":"M","type":"private"},"date":1700000000,"text":"…"}}`
	answer := []byte("HTTP/1.1 200 OK\r\nServer: nginx/1.18.0\r\nDate: Tue, 24 Nov 2026 09:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 201\r\nConnection: keep-alive\r\n\r\n" + body)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReaderSize(c, 16<<10)
				for {
					length := 0
					for {
						line, err := in.ReadSlice('\n')
						if err != nil {
							return
						}
						if len(line) == 2 {
							break
						}
						if len(line) > 16 && string(line[:16]) == "Content-Length: " {
							for _, d := range line[16 : len(line)-2] {
								length = 10*length + int(d-'0')
							}
						}
					}
					if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
						return
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + ln.Addr().String()
}
