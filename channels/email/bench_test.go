package email

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// BenchmarkSend is one connection, one mail at a time: a Russian letter of some 5 kB.
func BenchmarkSend(b *testing.B) {
	srv, err := sandbox.NewMailServer(sandbox.MailConfig{})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close()
	cfg, err := ParseURL(srv.URL())
	if err != nil {
		b.Fatal(err)
	}
	c, err := New(cfg).Dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	m := sample()
	m.Mail.ToName, m.Mail.Subject = "Анна", "Привет, Анна"
	m.Mail.Text = []byte(strings.Repeat("Привет, рады видеть тебя в нашем кругу.\n", 20))
	m.Mail.HTML = []byte(strings.Repeat("<p style=\"margin:0\">Привет, рады видеть тебя в нашем кругу.</p>\n", 25))
	b.ReportAllocs()
	for b.Loop() {
		if r := c.Send(b.Context(), m, func() error { return nil }); r.Class != channels.OK {
			b.Fatalf("%+v", r)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

// BenchmarkLetter is what checking a message and making its mail costs, without the wire.
func BenchmarkLetter(b *testing.B) {
	m := sample()
	m.Mail.ToName, m.Mail.Subject = "Анна", "Привет, Анна"
	m.Mail.Text = []byte(strings.Repeat("Привет, рады видеть тебя в нашем кругу.\n", 20))
	m.Mail.HTML = []byte(strings.Repeat("<p style=\"margin:0\">Привет, рады видеть тебя в нашем кругу.</p>\n", 25))
	l, made := &link{eightBit: true, cfg: &Config{}}, &letter{}
	b.ReportAllocs()
	for b.Loop() {
		if !made.make(m, l) {
			b.Fatal("not made")
		}
	}
}
