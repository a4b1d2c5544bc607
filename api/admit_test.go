package api

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// TestBusy: whoever comes when everything works already is told to come again, nothing of theirs is done, and others do not notice.
func TestBusy(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxRequests = 2 })
	w.s.doors.patience = 50 * time.Millisecond
	inside, release := make(chan struct{}), make(chan struct{})
	w.s.gin.GET("/v1/held", func(*gin.Context) { inside <- struct{}{}; <-release })
	srv := httptest.NewServer(w.s)
	defer srv.Close()
	for range 2 {
		go func() {
			if r, err := http.Get(srv.URL + "/v1/held"); err == nil {
				_ = r.Body.Close()
			}
		}()
		<-inside
	}
	ask := func(method, path, body string) (*http.Response, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+w.token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept-Language", "ru")
		got, err := http.DefaultClient.Do(r)
		must(t, err)
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		must(t, err)
		return got, string(text)
	}
	const anna = `{"external_id":"u1","first_name":"Anna"}`
	got, text := ask(http.MethodPost, "/v1/members", anna)
	if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" || !strings.Contains(text, "Повторите чуть позже") {
		t.Errorf("a third one at once: %d %v %s", got.StatusCode, got.Header, text)
	}
	if _, err := w.store.MemberByExternalID(t.Context(), "u1"); err == nil {
		t.Error("what was refused was done")
	}
	for path, status := range map[string]int{"/livez": http.StatusOK, "/readyz": http.StatusOK, "/s/x": http.StatusNotFound} {
		if got, _ := ask(http.MethodGet, path, ""); got.StatusCode != status {
			t.Errorf("%s while the API is busy: %d", path, got.StatusCode)
		}
	}
	close(release)
	w.s.doors.patience = 5 * time.Second
	if got, text := ask(http.MethodPost, "/v1/members", anna); got.StatusCode != http.StatusCreated {
		t.Errorf("afterwards: %d %s", got.StatusCode, text)
	}
}

// TestDoors: one works, four wait, the sixth goes at once; who waits gets the place that comes free, or leaves with their caller.
func TestDoors(t *testing.T) {
	d := newDoors(1)
	d.patience = time.Minute
	if !d.enter(t.Context()) {
		t.Fatal("nobody may come in")
	}
	gone, leave := context.WithCancel(t.Context())
	entered := make(chan bool, 4)
	for i := range 4 {
		ctx := t.Context()
		if i == 0 {
			ctx = gone
		}
		go func() { entered <- d.enter(ctx) }()
	}
	for len(d.line) < 4 {
		time.Sleep(time.Millisecond)
	}
	if d.enter(t.Context()) {
		t.Error("a sixth came in")
	}
	leave()
	if <-entered {
		t.Error("whose caller has gone came in")
	}
	for range 3 {
		d.leave()
		if !<-entered {
			t.Error("the place that came free was given to nobody")
		}
	}
	d.leave()
	if len(d.line)+len(d.places) != 0 {
		t.Errorf("%d wait, %d work", len(d.line), len(d.places))
	}
}

// TestBusyPages: the pages behind mails' links have a line of their own, and a page in the reader's language when it is full; the API does not notice.
func TestBusyPages(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxRequests = 1 })
	w.s.pageDoors.patience = 20 * time.Millisecond
	if !w.s.pageDoors.enter(t.Context()) {
		t.Fatal("nobody may come in")
	}
	for _, path := range []string{"/s/x", "/u/x", "/settings/x", "/link/x", "/mailbox/x"} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			got := w.page(method, path, "Accept-Language", "ru").want(http.StatusTooManyRequests)
			if got.Header().Get("Retry-After") == "" || method != "HEAD" && !strings.Contains(got.body, "Слишком много читателей сразу") {
				t.Errorf("%s %s: %v %s", method, path, got.Header(), got.body)
			}
		}
	}
	w.call("GET", "/v1/members", "").want(200)
	w.s.pageDoors.leave()
	w.page("GET", "/s/x").want(404)
}

// TestSlowBodyHoldsNoPlace: whoever sends a byte a minute keeps neither the API nor a page from the others.
func TestSlowBodyHoldsNoPlace(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxRequests = 1 })
	w.s.doors.patience, w.s.pageDoors.patience = 50*time.Millisecond, 50*time.Millisecond
	srv := httptest.NewUnstartedServer(w.s)
	active := make(chan struct{}, 100)
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateActive {
			active <- struct{}{}
		}
	}
	srv.Start()
	t.Cleanup(srv.Close) // after the connections
	for _, path := range []string{"/v1/members", "/u/x"} {
		for range 3 {
			conn := dial(t, srv)
			_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n{", path, w.token, contentType(path))
			must(t, err)
			<-active
		}
	}
	for range 3 { // they would have taken the only place, and the line's four
		w.call("POST", "/v1/members", `{"external_id":"u1"}`)
	}
	w.call("POST", "/v1/members", `{"external_id":"u2"}`).want(201)
	w.page("GET", "/u/x").want(404)
}
