//go:build unix

package faults

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// desk is the other system that a step calls (Standard Webhooks). It gives a new number at every call, also at a repeated one: so one sees which answer counts.
type desk struct {
	server *httptest.Server
	secret []byte
	crowd  func(id string) *person

	mu      sync.Mutex
	trouble func(w http.ResponseWriter, moment deskMoment) (handled bool)
	seats   int
	asked   map[string]*asking // by enrollment, step and visit
	wrong   []string
}

// deskMoment is when trouble is asked.
type deskMoment string

const (
	deskArrived deskMoment = "arrived" // nothing was done yet
	deskDone    deskMoment = "done"    // a seat is given; only the answer is open
)

// asking is what came for one visit of a step.
type asking struct {
	who    string
	ids    map[string]bool // webhook ids
	bodies map[string]bool
	times  int
	seats  map[string]bool // that were given
}

func openDesk(t testing.TB, crowd func(id string) *person) *desk {
	d := &desk{secret: []byte("thirty-two bytes that sign calls"), crowd: crowd, asked: map[string]*asking{}}
	d.server = httptest.NewServer(d)
	t.Cleanup(d.server.Close)
	return d
}

// settings make the endpoint known to a process.
func (d *desk) settings() []string {
	return []string{
		"KRUZHOK_WEBHOOK_DESK_URL=" + d.server.URL, "KRUZHOK_WEBHOOK_DESK_PRIVATE=true",
		"KRUZHOK_WEBHOOK_DESK_SECRET=whsec_" + base64.StdEncoding.EncodeToString(d.secret),
	}
}

// troubled sets what goes wrong from now on; nil ends it.
func (d *desk) troubled(fn func(http.ResponseWriter, deskMoment) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = fn
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	d.mu.Lock()
	trouble := d.trouble
	a := d.note(r, body)
	d.mu.Unlock()
	switch p := d.crowd(a.who); {
	case trouble != nil && trouble(w, deskArrived):
	case p == nil || p.refused:
		http.Error(w, "nobody of ours", http.StatusNotFound)
	default:
		answer := fmt.Sprintf(`{"seat": %q}`, d.give(a))
		if trouble == nil || !trouble(w, deskDone) {
			_, _ = io.WriteString(w, answer)
		}
	}
}

// note writes down that it was called.
func (d *desk) note(r *http.Request, body []byte) *asking {
	var call struct {
		Data struct {
			Step       string `json:"step"`
			Visit      int    `json:"visit"`
			Enrollment string `json:"enrollment_id"`
			Member     string `json:"external_id"`
			Send       struct{ Who string }
		}
	}
	id := r.Header.Get("Webhook-Id")
	if err := json.Unmarshal(body, &call); err != nil || !d.signed(r.Header, body) || call.Data.Send.Who != call.Data.Member {
		d.wrong = append(d.wrong, fmt.Sprintf("%s: %v, %.200s", id, err, body))
	}
	key := visitKey(call.Data.Enrollment, call.Data.Step, call.Data.Visit)
	a := d.asked[key]
	if a == nil {
		a = &asking{who: call.Data.Member, ids: map[string]bool{}, bodies: map[string]bool{}, seats: map[string]bool{}}
		d.asked[key] = a
	}
	a.times++
	a.ids[id], a.bodies[string(body)] = true, true
	return a
}

func visitKey(enrollment, step string, visit int) string {
	return enrollment + " " + step + " " + strconv.Itoa(visit)
}

// signed reports whether it was us who called.
func (d *desk) signed(h http.Header, body []byte) bool {
	mac := hmac.New(sha256.New, d.secret)
	_, _ = io.WriteString(mac, h.Get("Webhook-Id")+"."+h.Get("Webhook-Timestamp")+".")
	_, _ = mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for got := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		if hmac.Equal([]byte(got), []byte(want)) {
			return true
		}
	}
	return false
}

// give gives a seat that nobody was given before.
func (d *desk) give(a *asking) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seats++
	seat := strconv.Itoa(d.seats)
	a.seats[seat] = true
	return seat
}

// cutOff ends the connection without an answer.
func cutOff(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = c.Close()
		}
	}
}
