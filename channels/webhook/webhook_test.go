package webhook

import (
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// published is the vector that the Standard Webhooks libraries test themselves with.
const published = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func secrets(t *testing.T, text string) (all [][]byte) {
	t.Helper()
	for word := range strings.FieldsSeq(text) {
		secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(word, "whsec_"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, secret)
	}
	return all
}

func TestSignatureIsThePublishedOne(t *testing.T) {
	at := time.Unix(1614265330, 0)
	const want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	if got := sign(secrets(t, published), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, []byte(`{"test": 2432232314}`)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	both := sign(secrets(t, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "+published), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, []byte(`{"test": 2432232314}`))
	if first, second, ok := strings.Cut(both, " "); !ok || second != want || first == want || !strings.HasPrefix(first, "v1,") {
		t.Errorf("with two secrets: %s", both)
	}
}

func TestGuard(t *testing.T) {
	for _, ip := range []string{
		"127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.254",
		"192.0.0.8", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "::7f00:1",
		"::ffff:0:7f00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:db8::1", "2001::1", "fec0::1",
	} {
		if err := guard("tcp", net.JoinHostPort(ip, "443"), nil); err == nil {
			t.Errorf("%s is let through", ip)
		}
	}
	for _, ip := range []string{"8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"} {
		if err := guard("tcp", net.JoinHostPort(ip, "443"), nil); err != nil {
			t.Errorf("%s is refused: %v", ip, err)
		}
	}
	if public(netip.Addr{}) || guard("tcp", "nonsense", nil) == nil {
		t.Error("what is no address is let through")
	}
}

// TestNameThatLeadsInside: the URL names a public host, whose name leads to this machine when it is connected to.
func TestNameThatLeadsInside(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := New(map[string]Endpoint{"placement": {URL: "https://localhost:" + port + "/?token=hunter2", Secrets: secrets(t, published)}})
	r := c.Call(t.Context(), channels.Call{Endpoint: "placement", ID: "msg_1", At: time.Now(), Body: []byte("{}")})
	if r.Class != channels.CallForbidden || asked.Load() != 0 || strings.Contains(r.Detail, "hunter2") {
		t.Errorf("%+v, asked %d times", r, asked.Load())
	}
}

// answering is an endpoint inside, whose server answers as it is told.
func answering(t *testing.T, h http.HandlerFunc) *Caller {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return New(map[string]Endpoint{"placement": {URL: s.URL + "/in?token=hunter2", Secrets: secrets(t, published), Private: true}})
}

func TestCallIsSignedAndCarriesItsBody(t *testing.T) {
	at := time.Unix(1614265330, 0)
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for name, want := range map[string]string{
			"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
			"content-type": "application/json",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if string(body) != `{"test": 2432232314}` || r.Method != http.MethodPost {
			t.Errorf("%s %s", r.Method, body)
		}
		_, _ = w.Write([]byte(`{"course":"B1"}`))
	})
	call := channels.Call{Endpoint: "placement", ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", At: at, Body: []byte(`{"test": 2432232314}`)}
	if r := c.Call(t.Context(), call); r.Class != channels.CallAnswered || string(r.Answer) != `{"course":"B1"}` {
		t.Errorf("%+v", r)
	}
	if got := c.Endpoints(); !slices.Equal(got, []string{"placement"}) {
		t.Errorf("endpoints %q", got)
	}
	if r := c.Call(t.Context(), channels.Call{Endpoint: "other"}); r.Class != channels.CallRefused {
		t.Errorf("%+v", r)
	}
}

func TestAnswersBecomeClasses(t *testing.T) {
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		code   int
		after  string
		class  channels.CallClass
		wait   time.Duration
		answer int
	}{
		{code: 204, class: channels.CallAnswered},
		{code: 200, answer: maxAnswer, class: channels.CallAnswered},
		{code: 200, answer: maxAnswer + 1, class: channels.CallTooBig},
		{code: 302, class: channels.CallRefused},
		{code: 400, class: channels.CallRefused},
		{code: 404, class: channels.CallRefused},
		{code: 410, class: channels.CallGone},
		{code: 429, after: "120", class: channels.CallRateLimited, wait: 2 * time.Minute},
		{code: 503, after: "Tue, 01 Dec 2026 09:00:30 GMT", class: channels.CallRateLimited, wait: 30 * time.Second},
		{code: 503, after: "99999999999", class: channels.CallRateLimited, wait: time.Hour},
		{code: 429, after: "-5", class: channels.CallRateLimited},
		{code: 429, after: "-9223372036854775807", class: channels.CallRateLimited},
		{code: 429, after: "soon", class: channels.CallRateLimited},
		{code: 500, class: channels.CallTemporary},
		{code: 502, class: channels.CallTemporary},
	} {
		followed := false
		c := answering(t, func(w http.ResponseWriter, r *http.Request) {
			followed = r.URL.Path != "/in"
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Retry-After", tt.after)
			w.WriteHeader(tt.code)
			_, _ = io.WriteString(w, strings.Repeat("x", tt.answer))
		})
		r := c.Call(t.Context(), channels.Call{Endpoint: "placement", ID: "msg_1", At: at})
		if r.Class != tt.class || r.RetryAfter != tt.wait || r.Code != tt.code || followed || strings.Contains(r.Detail, "hunter2") {
			t.Errorf("%d %q: %s %s %d, followed %v", tt.code, tt.after, r.Class, r.RetryAfter, r.Code, followed)
		}
	}
}

func TestNoAnswerIsTemporaryAndHoldsNoAddress(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // a proxy of the environment would be refused here, too; it must not be asked
	hang := make(chan struct{})
	c := answering(t, func(w http.ResponseWriter, r *http.Request) { <-hang })
	defer close(hang)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if r := c.Call(ctx, channels.Call{Endpoint: "placement"}); r.Class != channels.CallTemporary || r.Detail != "no answer in time" {
		t.Errorf("%+v", r)
	}
	gone := New(map[string]Endpoint{"placement": {URL: "http://127.0.0.1:1/?token=hunter2", Private: true}})
	if r := gone.Call(t.Context(), channels.Call{Endpoint: "placement"}); r.Class != channels.CallTemporary || strings.Contains(r.Detail, "hunter2") {
		t.Errorf("%+v", r)
	}
}
