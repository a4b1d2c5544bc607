package telegram

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

const (
	okBody   = `{"ok":true,"result":{"message_id":7,"text":"x"}}`
	okAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 48\r\n\r\n" + okBody
)

// visit is one connection as the server sees it: the nth, from 1.
type visit struct {
	net.Conn
	n  int
	in *bufio.Reader
	s  *server
}

// request reads one request whole; false: there is none.
func (v *visit) request() bool {
	r, err := http.ReadRequest(v.in)
	if err != nil {
		return false
	}
	if _, err = io.Copy(io.Discard, r.Body); err != nil {
		return false
	}
	v.s.requests.Add(1)
	return true
}

func (v *visit) say(s string) { _, _ = io.WriteString(v, s) }

// converse answers each request with what answer says.
func (v *visit) converse(answer string) {
	for v.request() {
		v.say(answer)
	}
}

// server plays a script for each connection, which is closed when the script ends.
type server struct {
	url      string
	visits   atomic.Int64
	requests atomic.Int64 // read whole
	over     chan int     // the number of a connection whose script ended
}

func listen(t *testing.T, script func(*visit)) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://" + ln.Addr().String(), over: make(chan int, 100)}
	var wg sync.WaitGroup
	t.Cleanup(func() { _ = ln.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(t.Context(), func() { _ = c.Close() })
			v := &visit{Conn: c, n: int(s.visits.Add(1)), in: bufio.NewReader(c), s: s}
			wg.Go(func() {
				script(v)
				_ = c.Close()
				stop()
				s.over <- v.n
			})
		}
	})
	return s
}

// sending is a Conn with what its caller saw.
type sending struct {
	*conn
	begun int
}

// dial makes a Conn over a link, or over net/http's transport.
func dial(t *testing.T, base string, hc *http.Client) *sending {
	t.Helper()
	c, err := New(Config{Token: "1:VERY-secret", BaseURL: base, HTTP: hc})
	if err != nil {
		t.Fatal(err)
	}
	made, _ := NewSender(c, SenderConfig{}).Dial(t.Context()) // never fails
	t.Cleanup(func() { _ = made.Close() })
	return &sending{conn: made.(*conn)}
}

func (s *sending) send(ctx context.Context, text string) channels.Receipt {
	return s.Send(ctx, &channels.Message{To: "7", HTML: text}, func() error { s.begun++; return nil })
}

// TestLinkKeepsItsConnection: a hundred messages, one connection.
func TestLinkKeepsItsConnection(t *testing.T) {
	s := listen(t, func(v *visit) { v.converse(okAnswer) })
	c := dial(t, s.url, nil)
	for range 100 {
		if r := c.send(t.Context(), "x"); r.Class != channels.OK || r.ProviderID != "7" {
			t.Fatalf("%+v", r)
		}
	}
	if s.visits.Load() != 1 || s.requests.Load() != 100 || c.begun != 100 {
		t.Errorf("%d connections, %d requests, %d begun", s.visits.Load(), s.requests.Load(), c.begun)
	}
}

// TestAnswers: what servers say, over a link and over net/http's transport: both find the same in it. A message after it arrives, over a new connection where
// the old one cannot go on.
func TestAnswers(t *testing.T) {
	head := func(status, fields, body string) string {
		return "HTTP/1.1 " + status + "\r\n" + fields + "\r\n" + body
	}
	huge := strings.Repeat("x", maxAnswer+1)
	for name, c := range map[string]struct {
		answer string
		class  channels.Class
		code   string
		keeps  bool // the connection
		stays  bool // the server does not close what is not kept
	}{
		"plain":                    {answer: okAnswer, keeps: true},
		"chunked":                  {answer: head("200 OK", "Transfer-Encoding: chunked\r\n", "5\r\n{\"ok\"\r\n2b\r\n:true,\"result\":{\"message_id\":7,\"text\":\"x\"}}\r\n0\r\n\r\n"), keeps: true},
		"chunks with a trailer":    {answer: head("200 OK", "Transfer-Encoding: chunked\r\nTrailer: A\r\n", "30\r\n"+okBody+"\r\n0\r\nA: b\r\n\r\n"), keeps: true},
		"says it closes":           {answer: head("200 OK", "Connection: close\r\nContent-Length: 48\r\n", okBody), stays: true},
		"ends with the connection": {answer: head("200 OK", "", okBody)},
		"HTTP/1.0":                 {answer: "HTTP/1.0 200 OK\r\nContent-Length: 48\r\n\r\n" + okBody, stays: true},
		"100 Continue":             {answer: head("100 Continue", "", okAnswer), keeps: true},
		"early hints":              {answer: head("103 Early Hints", "Link: </a>\r\n", head("103 Early Hints", "", okAnswer)), keeps: true},
		"interim without end":      {answer: strings.Repeat(head("100 Continue", "", ""), 20), class: channels.Uncertain},
		"switches protocols":       {answer: head("101 Switching Protocols", "Upgrade: x\r\nConnection: upgrade\r\n", okAnswer), class: channels.Uncertain, code: "101"},
		"refusal":                  {answer: head("403 Forbidden", "Content-Length: 73\r\n", `{"ok":false,"error_code":403,"description":"bot was blocked by the user"}`), class: channels.AddressDead, code: "403", keeps: true},
		"gateway":                  {answer: head("502 Bad Gateway", "Content-Length: 2\r\n", "<>"), class: channels.Uncertain, code: "502", keeps: true},
		"too large for a gateway":  {answer: head("413 Too Large", "Content-Length: 2\r\nConnection: close\r\n", "<>"), class: channels.Broken, code: "413"},
		"redirect":                 {answer: head("307 Elsewhere", "Location: http://127.0.0.1:1/\r\nContent-Length: 0\r\n", ""), class: channels.Temporary, code: "307", keeps: true},
		"no content":               {answer: head("204 No Content", "", ""), class: channels.Uncertain, code: "204", keeps: true},
		"nothing":                  {class: channels.Uncertain},
		"garbage":                  {answer: "garbage\r\n\r\n", class: channels.Uncertain},
		"garbage in the head":      {answer: head("200 OK", "no field\r\n", okBody), class: channels.Uncertain},
		"a bad length":             {answer: head("200 OK", "Content-Length: x\r\n", okBody), class: channels.Uncertain},
		"two lengths":              {answer: head("200 OK", "Content-Length: 48\r\nContent-Length: 4\r\n", okBody), class: channels.Uncertain},
		"bad chunks":               {answer: head("200 OK", "Transfer-Encoding: chunked\r\n", "zz\r\n"+okBody), class: channels.Uncertain, code: "200"},
		"half a head":              {answer: "HTTP/1.1 200 OK\r\nContent-Le", class: channels.Uncertain},
		"half a body":              {answer: okAnswer[:len(okAnswer)-9], class: channels.Uncertain, code: "200"},
		"too large":                {answer: head("200 OK", "Content-Length: 8388609\r\n", huge), class: channels.Uncertain, code: "200"},
		"too large without length": {answer: head("200 OK", "", huge), class: channels.Uncertain, code: "200"},
		"a head without end":       {answer: "HTTP/1.1 200 OK\r\nA: " + huge + huge, class: channels.Uncertain},
		"more than was asked":      {answer: okAnswer + okAnswer, stays: true},
	} {
		for way, hc := range map[string]*http.Client{"link": nil, "net/http": {Transport: &http.Transport{}}} {
			t.Run(name+" over "+way, func(t *testing.T) {
				s := listen(t, func(v *visit) {
					if v.n == 1 && v.request() {
						v.say(c.answer)
						if !c.keeps && !c.stays {
							return
						}
					}
					v.converse(okAnswer)
				})
				x := dial(t, s.url, hc)
				if r := x.send(t.Context(), "x"); r.Class != c.class || r.Code != c.code || r.Class == channels.OK && r.ProviderID != "7" {
					t.Errorf("receipt %+v", r)
				}
				if way == "net/http" {
					return // it may not know yet that the server closed
				}
				if r := x.send(t.Context(), "next"); r.Class != channels.OK || s.requests.Load() != 2 || x.begun != 2 || (s.visits.Load() == 1) != c.keeps {
					t.Errorf("the next message: %+v, %d requests over %d connections, %d begun", r, s.requests.Load(), s.visits.Load(), x.begun)
				}
			})
		}
	}
}

// TestFarewells: a connection that the server gave up while nothing was asked takes no message with it.
func TestFarewells(t *testing.T) {
	for name, farewell := range map[string]func(*visit){
		"closes": func(*visit) {},
		"resets": func(v *visit) { _ = v.Conn.(*net.TCPConn).SetLinger(0) },
		"says 408 and closes": func(v *visit) {
			v.say("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		},
		"half closes": func(v *visit) {
			_ = v.Conn.(*net.TCPConn).CloseWrite()
			v.s.over <- v.n
			_ = v.request() // would take the message, and answer nothing
		},
	} {
		t.Run(name, func(t *testing.T) {
			answered := make(chan bool)
			s := listen(t, func(v *visit) {
				if v.n > 1 {
					v.converse(okAnswer)
				} else if v.request() {
					v.say(okAnswer)
					<-answered
					farewell(v)
				}
			})
			x := dial(t, s.url, nil)
			for i := range 2 {
				if r := x.send(t.Context(), "x"); r.Class != channels.OK {
					t.Errorf("%+v", r)
				}
				if i == 0 {
					close(answered)
					<-s.over
					awaitEnd(t, x)
				}
			}
			if s.requests.Load() != 2 || s.visits.Load() != 2 || x.begun != 2 {
				t.Errorf("%d requests, %d connections, %d begun", s.requests.Load(), s.visits.Load(), x.begun)
			}
		})
	}
}

// awaitEnd waits until the end of the connection has come: the server's close returned, and the kernel may need a moment.
func awaitEnd(t *testing.T, x *sending) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); x.link.conn.quiet(); {
		if time.Now().After(end) {
			t.Fatal("the end does not come")
		}
	}
}

// TestLinkDoesNotTrustAnOldConnection: what lies between may have forgotten it.
func TestLinkDoesNotTrustAnOldConnection(t *testing.T) {
	s := listen(t, func(v *visit) { v.converse(okAnswer) })
	x := dial(t, s.url, nil)
	for range 2 {
		if r := x.send(t.Context(), "x"); r.Class != channels.OK {
			t.Errorf("%+v", r)
		}
		x.link.used = x.link.used.Add(-linkIdle)
	}
	if s.visits.Load() != 2 {
		t.Errorf("%d connections", s.visits.Load())
	}
}

// deafPeer takes nothing of what is written, as a connection that broke unseen.
type deafPeer struct{ net.Conn }

func (deafPeer) Write([]byte) (int, error) {
	return 0, &net.OpError{Op: "write", Err: errors.New("broken pipe")}
}

// TestLinkRepeatsWhatNothingTook: not a byte was taken, so the message may leave again, once, and begins once.
func TestLinkRepeatsWhatNothingTook(t *testing.T) {
	s := listen(t, func(v *visit) { v.converse(okAnswer) })
	x := dial(t, s.url, nil)
	x.send(t.Context(), "x")
	x.link.conn.Conn = deafPeer{x.link.conn.Conn}
	if r := x.send(t.Context(), "x"); r.Class != channels.OK || s.visits.Load() != 2 || s.requests.Load() != 2 || x.begun != 2 {
		t.Errorf("%+v, %d connections, %d requests, %d begun", r, s.visits.Load(), s.requests.Load(), x.begun)
	}
}

// TestLateAnswer: an answer that comes after the call has ended is never taken for the next one's.
func TestLateAnswer(t *testing.T) {
	for name, end := range map[string]func(t *testing.T) (context.Context, func()){
		"timeout": func(t *testing.T) (context.Context, func()) {
			return context.WithTimeout(t.Context(), 100*time.Millisecond)
		},
		"canceled": func(t *testing.T) (context.Context, func()) { return context.WithCancel(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := end(t)
			defer cancel()
			ended := make(chan bool)
			s := listen(t, func(v *visit) {
				if v.n > 1 {
					v.converse(okAnswer)
					return
				}
				if v.request() {
					if name == "canceled" {
						cancel()
					}
					<-ended
					v.say(strings.Replace(okAnswer, `"message_id":7`, `"message_id":6`, 1))
					_ = v.request()
				}
			})
			x := dial(t, s.url, nil)
			if r := x.send(ctx, "x"); r.Class != channels.Uncertain || r.Detail != map[string]string{"timeout": reasonTimeout, "canceled": reasonCanceled}[name] {
				t.Errorf("%+v", r)
			}
			close(ended)
			if r := x.send(t.Context(), "next"); r.Class != channels.OK || r.ProviderID != "7" || s.visits.Load() != 2 {
				t.Errorf("the next message: %+v, %d connections", r, s.visits.Load())
			}
		})
	}
}

// TestEndWithinTheRequest: a request of which the last byte never left was certainly not accepted.
func TestEndWithinTheRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := listen(t, func(v *visit) {
		_, _ = v.in.ReadByte()
		cancel()
		<-t.Context().Done() // reads no more
	})
	x := dial(t, s.url, nil)
	if r := x.send(ctx, strings.Repeat("x", 16<<20)); r.Class != channels.Temporary || x.begun != 1 || x.link.conn != nil {
		t.Errorf("%+v, %d begun", r, x.begun)
	}
}

func TestLinkWithoutAConnection(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	mute := listen(t, func(v *visit) { // no TLS server
		_, _ = v.in.ReadByte()
		cancel()
		<-t.Context().Done()
	})
	gone := listen(t, func(*visit) {})
	for name, c := range map[string]struct {
		ctx  context.Context
		base string
	}{
		"refused":              {t.Context(), "http://127.0.0.1:1"},
		"no such host":         {t.Context(), "http://nowhere.invalid"},
		"no TLS":               {t.Context(), strings.Replace(gone.url, "http", "https", 1)},
		"hangs in the TLS":     {ctx, strings.Replace(mute.url, "http", "https", 1)},
		"canceled beforehand":  {ctx, gone.url},
		"an untrusted servers": {t.Context(), untrusted(t)},
	} {
		x := dial(t, c.base, nil)
		if name == "canceled beforehand" {
			cancel()
		}
		if r := x.send(c.ctx, "x"); r.Class != channels.Temporary || x.begun != 0 || strings.Contains(r.Detail, "VERY") {
			t.Errorf("%s: %+v, %d begun", name, r, x.begun)
		}
	}
}

func untrusted(t *testing.T) string {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// TestBeginRefuses: nothing leaves, and the connection goes on.
func TestBeginRefuses(t *testing.T) {
	s := listen(t, func(v *visit) { v.converse(okAnswer) })
	x := dial(t, s.url, nil)
	full := func() error { return errors.New("disk full") }
	for range 2 {
		if r := x.Send(t.Context(), &channels.Message{To: "7", HTML: "x"}, full); r.Class != channels.Temporary || r.Detail != reasonBegin {
			t.Errorf("%+v", r)
		}
		if r := x.send(t.Context(), "x"); r.Class != channels.OK {
			t.Errorf("%+v", r)
		}
	}
	if s.visits.Load() != 1 || s.requests.Load() != 2 {
		t.Errorf("%d connections, %d requests", s.visits.Load(), s.requests.Load())
	}
}

// TestLinkOverTLS: HTTP/1.1 over a verified connection, which is used again, and left when the server closes it.
func TestLinkOverTLS(t *testing.T) {
	var connections atomic.Int64
	protocol := make(chan string, 10)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocol <- r.Proto + " " + r.TLS.NegotiatedProtocol
		_, _ = io.WriteString(w, okBody)
	}))
	s.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.StartTLS()
	defer s.Close()
	x := dial(t, s.URL, nil)
	x.link.to.tls.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for i := range 6 {
		if r := x.send(t.Context(), "x"); r.Class != channels.OK {
			t.Fatalf("%+v", r)
		}
		if got := <-protocol; got != "HTTP/1.1 http/1.1" {
			t.Errorf("over %s", got)
		}
		if i == 2 {
			s.CloseClientConnections()
			awaitEnd(t, x)
		}
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// TestLastWordOverTLS: the server's end comes in the packet of its answer, where nothing is to be read from the socket any more.
func TestLastWordOverTLS(t *testing.T) {
	made := httptest.NewUnstartedServer(http.NotFoundHandler())
	made.StartTLS()
	defer made.Close()
	s := listen(t, func(v *visit) {
		c := tls.Server(&together{Conn: v.Conn}, &tls.Config{Certificates: made.TLS.Certificates, MaxVersion: tls.VersionTLS12})
		v.in = bufio.NewReader(c)
		if v.request() {
			c.NetConn().(*together).hold = true
			_, _ = io.WriteString(c, okAnswer)
			_ = c.CloseWrite()
			c.NetConn().(*together).release()
			<-t.Context().Done()
		}
	})
	x := dial(t, strings.Replace(s.url, "http", "https", 1), nil)
	x.link.to.tls.RootCAs = made.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for range 2 {
		if r := x.send(t.Context(), "x"); r.Class != channels.OK || x.link.conn != nil {
			t.Errorf("%+v, kept: %v", r, x.link.conn != nil)
		}
	}
}

// together holds back what is written and releases it in one packet.
type together struct {
	net.Conn
	hold bool
	held []byte
}

func (c *together) Write(b []byte) (int, error) {
	if !c.hold {
		return c.Conn.Write(b)
	}
	c.held = append(c.held, b...)
	return len(b), nil
}

func (c *together) release() {
	_ = c.SetWriteDeadline(time.Time{}) // crypto/tls lets nothing follow its farewell
	_, _ = c.Conn.Write(c.held)
}

func TestDirectTo(t *testing.T) {
	none := func(*http.Request) (*url.URL, error) { return nil, nil } //nolint:nilnil // as http.ProxyFromEnvironment
	for base, want := range map[string]string{
		"https://api.telegram.org": "api.telegram.org:443", "http://bot-api/x": "bot-api:80", "http://127.0.0.1:8081": "127.0.0.1:8081", "http://[::1]": "[::1]:80",
		"https://бот.example": "",
	} {
		d := directTo(base, none)
		if d == nil && want != "" || d != nil && (d.address != want || (d.tls != nil) != strings.HasPrefix(base, "https")) {
			t.Errorf("%s: %+v", base, d)
		}
	}
	through := func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy.example:3128") }
	broken := func(*http.Request) (*url.URL, error) { return nil, errors.New("no URL") }
	if directTo(DefaultBaseURL, through) != nil || directTo(DefaultBaseURL, broken) != nil {
		t.Error("past the proxy")
	}
}

// TestLinkErrorsHideTheToken: servers that repeat what they were sent, in each place of an answer.
func TestLinkErrorsHideTheToken(t *testing.T) {
	for _, form := range []string{"%", "HTTP/1.1 %\r\n\r\n", "HTTP/1.1 200 %\r\n%\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: %\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n%", "HTTP/1.1 400 Bad\r\n\r\n{\"ok\":false,\"error_code\":400,\"description\":\"no %\"}"} {
		s := listen(t, func(v *visit) {
			line, _ := v.in.ReadString(' ')
			path, _ := v.in.ReadString(' ')
			v.say(strings.ReplaceAll(form, "%", strings.TrimSpace(line+path)))
		})
		x := dial(t, s.url, nil)
		_, err := x.link.call(t.Context(), request{method: "sendMessage", params: map[string]string{"chat_id": "7"}, timeout: callTimeout})
		if shown := fmt.Sprintf("%v %+v %#v", err, err, Classify(err)); err == nil || strings.Contains(shown, "VERY-secret") {
			t.Errorf("%q: %s", form, shown)
		}
	}
}
