package smtp

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// client says lines and hears answers.
type client struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func listen(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func dial(t testing.TB, s *Server) *client {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &client{t, c, bufio.NewReader(c)}
}

func (c *client) say(lines ...string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		c.t.Fatal(err)
	}
}

// hear checks the codes of the next answers; "cut" is the end of the connection.
func (c *client) hear(codes ...string) {
	c.t.Helper()
	for _, want := range codes {
		line, err := c.r.ReadString('\n')
		for err == nil && len(line) > 3 && line[3] == '-' {
			line, err = c.r.ReadString('\n')
		}
		got := strings.TrimSpace(line)
		if err != nil {
			got = "cut"
		}
		if !strings.HasPrefix(got, want) {
			c.t.Fatalf("heard %q, want %s", got, want)
		}
	}
}

// greeted has said EHLO.
func greeted(t testing.TB, s *Server) *client {
	t.Helper()
	c := dial(t, s)
	c.say("EHLO me")
	c.hear("220", "250")
	return c
}

func envelope(to string) []string { return []string{"MAIL FROM:<a@b>", "RCPT TO:<" + to + ">", "DATA"} }

func body(id string) []string {
	return []string{"Subject: x", "message-id:", " <" + id + ">", "", "Message-ID: <of@the.text>", "..", "text", "."}
}

// TestHandsOverWhatIsTaken: whoever asks for it gets each mail that was taken, without the dots that were put before its own, and none that was refused.
func TestHandsOverWhatIsTaken(t *testing.T) {
	var got []string
	s := listen(t, Config{Taken: func(to, id string, mail []byte) { got = append(got, to+" "+id+" "+string(mail)) }})
	s.Script(func(e Event) (a Answer) {
		if e.Moment == AtDot && e.MessageID == "id2@x" {
			a.Reply = "554 no"
		}
		return a
	})
	c := greeted(t, s)
	for _, id := range []string{"id1@x", "id2@x", "id3@x"} {
		c.say(envelope("m1@x")...)
		c.hear("250", "250", "354")
		c.say(body(id)...)
		c.hear(map[bool]string{true: "554", false: "250"}[id == "id2@x"])
	}
	mail := func(id string) string {
		return "m1@x " + id + " Subject: x\r\nmessage-id:\r\n <" + id + ">\r\n\r\nMessage-ID: <of@the.text>\r\n.\r\ntext\r\n"
	}
	if d := cmp.Diff([]string{mail("id1@x"), mail("id3@x")}, got); d != "" {
		t.Error(d)
	}
}

func TestTakesWhatIsSent(t *testing.T) {
	s := listen(t, Config{})
	c := greeted(t, s)
	c.say(envelope("m1@x")...)
	c.hear("250", "250", "354")
	c.say(append(body("id1@x"), envelope("m2@x")...)...) // as a client does that pipelines
	c.hear("250", "250", "250", "354")
	c.say(append(body("id2@x"), envelope("m2@x")...)...)
	c.hear("250", "250", "250", "354")
	c.say(append(body("id2@x"), "NOOP", "WHAT", "QUIT")...)
	c.hear("250", "250", "500", "221", "cut")
	got := map[string]int{}
	s.Ledger.Each(func(whom, what string, n int) { got[whom+" "+what] = n })
	if d := cmp.Diff(map[string]int{"m1@x id1@x": 1, "m2@x id2@x": 2}, got); d != "" {
		t.Error(d)
	}
	if n := s.Ledger.Count("m2@x", "id2@x"); n != 2 || s.Ledger.Total() != 3 || s.Ledger.Totals().Repeated != 1 {
		t.Errorf("counts %d, %d, %+v", n, s.Ledger.Total(), s.Ledger.Totals())
	}
	if s.Breaches() != 0 || s.Sessions() != 1 {
		t.Errorf("%d breaches in %d sessions", s.Breaches(), s.Sessions())
	}
}

func TestOrder(t *testing.T) {
	s := listen(t, Config{})
	c := greeted(t, s)
	for _, x := range [][2]string{
		{"RCPT TO:<a@b>", "503"},
		{"DATA", "503"},
		{"MAIL FROM:<>", "250"},
		{"MAIL FROM:<>", "503"},
		{"RCPT TO:x", "501"},
		{"RCPT TO:<a@b>", "250"},
		{"RSET", "250"},
		{"DATA", "503"},
	} {
		c.say(x[0])
		c.hear(x[1])
	}
}

func TestNotices(t *testing.T) {
	s := listen(t, Config{Extensions: []string{"8BITMIME"}})
	c := greeted(t, s)
	c.say(envelope("m1@x")...)
	c.hear("503", "cut")
	if s.Breaches() != 1 {
		t.Errorf("%d breaches for pipelining that was not offered", s.Breaches())
	}
	s = listen(t, Config{})
	c = greeted(t, s)
	c.say(append(envelope("m1@x"), body("early@x")...)...)
	c.hear("250", "250", "354", "250")
	if s.Breaches() != 1 {
		t.Errorf("%d breaches for a body before 354", s.Breaches())
	}
	s.Script(func(e Event) Answer {
		switch e.Moment {
		case AtRcpt:
			return Answer{Reply: "450 4.7.1 Greylisted"}
		case AtData:
			return Answer{Reply: "354 go ahead"}
		}
		return Answer{}
	})
	c.say(envelope("m1@x")...)
	c.hear("250", "450", "354")
	c.say(".")
	c.hear("554")
	if s.Breaches() != 1 {
		t.Error("the dot alone is what RFC 2920 asks for")
	}
	c.say(envelope("m1@x")...)
	c.hear("250", "450", "354")
	c.say(body("nobody@x")...)
	c.hear("554")
	if s.Breaches() != 2 || s.Ledger.Total() != 1 {
		t.Errorf("%d breaches, %d mails", s.Breaches(), s.Ledger.Total())
	}
}

// TestScript: at each moment a script may answer, wait or cut, and only what it leaves alone is taken.
func TestScript(t *testing.T) {
	for _, x := range []struct {
		at     Moment
		answer Answer
		heard  []string // from the greeting on
		taken  int
	}{
		{Connected, Answer{Reply: "421 4.3.2 busy"}, []string{"421", "cut"}, 0},
		{Connected, Answer{Cut: true}, []string{"cut"}, 0},
		{AtMail, Answer{Reply: "421 4.7.0 slow down"}, []string{"220", "250", "421", "cut"}, 0},
		{AtRcpt, Answer{Reply: "450 4.7.1 Greylisted"}, []string{"220", "250", "250", "450", "503"}, 0},
		{AtRcpt, Answer{Cut: true}, []string{"220", "250", "250", "cut"}, 0},
		{AtData, Answer{Reply: "451 4.3.0 later"}, []string{"220", "250", "250", "250", "451"}, 0},
		{InBody, Answer{Cut: true}, []string{"220", "250", "250", "250", "354", "cut"}, 0},
		{AtDot, Answer{Reply: "550 5.7.1 no"}, []string{"220", "250", "250", "250", "354", "550"}, 0},
		{AtDot, Answer{Cut: true}, []string{"220", "250", "250", "250", "354", "cut"}, 0},
		{Taken, Answer{Cut: true}, []string{"220", "250", "250", "250", "354", "cut"}, 1},
		{Taken, Answer{Delay: time.Millisecond}, []string{"220", "250", "250", "250", "354", "250"}, 1},
		{Taken, Answer{Delay: time.Millisecond, Reply: "451 4.3.0 taken all the same"}, []string{"220", "250", "250", "250", "354", "451"}, 1},
	} {
		t.Run(fmt.Sprintf("%s %+v", x.at, x.answer), func(t *testing.T) {
			s := listen(t, Config{})
			var asked atomic.Pointer[Event]
			s.Script(func(e Event) Answer {
				if e.Moment != x.at {
					return Answer{}
				}
				asked.Store(&e)
				return x.answer
			})
			c := dial(t, s)
			if x.at != Connected {
				c.say("EHLO me")
				c.hear(x.heard[:2]...)
				c.say(envelope("m1@x")...)
				heard := x.heard[2:]
				if i := len(heard) - 2; i > 0 && heard[i] == "354" {
					c.hear(heard[:i+1]...)
					c.say(body("id@x")...)
					heard = heard[i+1:]
				}
				c.hear(heard...)
			} else {
				c.hear(x.heard...)
			}
			if n := s.Ledger.Count("m1@x", "id@x"); n != x.taken || s.Ledger.Total() != int64(x.taken) {
				t.Errorf("taken %d", n)
			}
			if seen := asked.Load(); (x.at == AtDot || x.at == Taken) && (seen.To != "m1@x" || seen.MessageID != "id@x" || seen.Session != 1) {
				t.Errorf("the script was asked about %+v", *seen)
			}
			s.Script(nil)
			again := greeted(t, s)
			again.say(envelope("m2@x")...)
			again.hear("250", "250", "354")
		})
	}
}

func TestDownAndUp(t *testing.T) {
	s := listen(t, Config{})
	c := greeted(t, s)
	addr := s.Addr()
	s.Down()
	c.hear("cut")
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("connected while down")
	}
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	if s.Addr() != addr {
		t.Errorf("back at %s, was at %s", s.Addr(), addr)
	}
	greeted(t, s)
}

// BenchmarkPipelined is what the sink can take from a client that does nothing but write: both share the machine.
func BenchmarkPipelined(b *testing.B) {
	s := listen(b, Config{})
	const connections = 8
	text := strings.Repeat(strings.Repeat("x", 74)+"\r\n", 70)
	mail := []byte("From: a@b\r\nMessage-ID: <d12345.0123456789abcdef@news.example.org>\r\n\r\n" + text + ".\r\nMAIL FROM:<bounce@b>\r\nRCPT TO:<member@example.org>\r\nDATA\r\n")
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	done := make(chan error, connections)
	var clients []*client
	for range connections {
		c := greeted(b, s)
		c.say(envelope("first@x")...)
		c.hear("250", "250", "354")
		clients = append(clients, c)
	}
	b.ResetTimer()
	for _, c := range clients {
		go func() { done <- c.pump(mail, b.N/connections+1) }()
	}
	for range connections {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

// pump sends the mail n times and reads the four answers to each.
func (c *client) pump(mail []byte, n int) error {
	for range n {
		if _, err := c.conn.Write(mail); err != nil {
			return err
		}
		for range 4 {
			if _, err := c.r.ReadSlice('\n'); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestEndOfBody is found wherever the packets part it, and is nothing else than a dot between two CRLF.
func TestEndOfBody(t *testing.T) {
	for _, mail := range []string{
		"Message-ID: <1@x>\r\n\r\n.\r\n",
		"Message-ID: <1@x>\r\n.\r\n",
		"Message-ID: <1@x>\r\n\r\nHello\r\n.\r\n",
		"Message-ID: <1@x>\r\n\r\n\n.\nHello\n.\r\n..\r\n. \r\n\r\r\n\r\n.\r\n",
		"Message-ID: <1@x>\n\n.\r\nHello\r\n.\r\n",
		"Message-ID:\r\n <1@x>\r\n\r\n" + strings.Repeat("Long\r\n", 20_000) + ".\r\n",
	} {
		for _, size := range []int{1, 2, 3, 7, len(mail)} {
			if size < 7 && len(mail) > 1000 {
				continue
			}
			s := listen(t, Config{})
			c := dial(t, s)
			c.say("EHLO x", "MAIL FROM:<a@x>", "RCPT TO:<b@x>", "DATA")
			c.hear("220", "250", "250", "250", "354")
			for i := 0; i < len(mail); i += size {
				if _, err := c.conn.Write([]byte(mail[i:min(i+size, len(mail))])); err != nil {
					t.Fatal(err)
				}
			}
			c.say("NOOP")
			c.hear("250", "250")
			if n := s.Ledger.Totals().Different; n != 1 {
				t.Errorf("%.30q by %d bytes: %d mails", mail, size, n)
			}
		}
	}
}
