package sandbox

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// BotFaultKind is a way to fail.
type BotFaultKind string

const (
	BotRateLimited BotFaultKind = "rate_limited" // 429 with RetryAfter
	BotBlocked     BotFaultKind = "blocked"      // 403 as from a member who blocked the bot
	BotRefused     BotFaultKind = "refused"      // Code with Description, such as 400
	BotServerError BotFaultKind = "server_error" // Code (500 when 0) with the server's JSON
	BotHang        BotFaultKind = "hang"         // no answer until the caller gives up
	BotGarbage     BotFaultKind = "garbage"      // a gateway's HTML page with Code (502 when 0)
	BotClose       BotFaultKind = "close"        // the connection is closed without an answer
)

// BotFault is a fault that was switched on.
type BotFault struct {
	Kind BotFaultKind
	// Accepted: the call takes effect first, so that only its answer is lost.
	Accepted bool
	// RetryAfter in seconds, with BotRateLimited.
	RetryAfter int
	// Code and Description of BotRefused, BotServerError and BotGarbage.
	Code        int
	Description string
	// Times it strikes; 0 means until ClearFaults.
	Times int
}

// botFaults are the faults in force, by method and chat.
type botFaults struct {
	any  atomic.Bool // spares a lock while there are none
	mu   sync.Mutex
	list []*botRule
}

type botRule struct {
	method string // lower-case, "send" for everything that sends; empty for all
	chat   int64  // 0 for all
	fault  BotFault
	name   string // of a switch
}

func (r *botRule) fits(method string, chat int64) bool {
	if r.chat != 0 && r.chat != chat {
		return false
	}
	return r.method == "" || r.method == method || r.method == "send" && strings.HasPrefix(method, "send")
}

// Fault switches a fault on for a method ("" for all) and a chat (0 for all). The latest one that fits strikes.
func (b *BotAPI) Fault(method string, chat int64, f BotFault) {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	b.faults.list = append(b.faults.list, &botRule{method: strings.ToLower(method), chat: chat, fault: f})
	b.faults.any.Store(true)
}

// ClearFaults switches all faults off. Calls that hang stay so.
func (b *BotAPI) ClearFaults() {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	b.faults.list = nil
	b.faults.any.Store(false)
}

// match finds the fault for a call and uses it up.
func (f *botFaults) match(method string, chat int64) *BotFault {
	if !f.any.Load() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.list) - 1; i >= 0; i-- {
		r := f.list[i]
		if !r.fits(method, chat) {
			continue
		}
		out := r.fault
		if r.fault.Times == 1 {
			f.list = append(f.list[:i], f.list[i+1:]...)
		} else if r.fault.Times > 1 {
			r.fault.Times--
		}
		return &out
	}
	return nil
}

// fail answers as the fault says.
func (b *BotAPI) fail(w http.ResponseWriter, r *http.Request, f *BotFault) {
	switch f.Kind {
	case BotRateLimited:
		after := max(f.RetryAfter, 1)
		writeBotError(w, &botError{code: 429, text: "Too Many Requests: retry later", retryAfter: after})
	case BotBlocked:
		writeBotError(w, &botError{code: 403, text: "Forbidden: bot was blocked by the user"})
	case BotRefused:
		writeBotError(w, &botError{code: f.code(400), text: f.Description})
	case BotServerError:
		writeBotError(w, &botError{code: f.code(500), text: "Internal Server Error"})
	case BotGarbage:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.code(502))
		_, _ = w.Write([]byte("<html><body><h1>Bad Gateway</h1></body></html>"))
	case BotHang:
		b.hang(r)
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler) // net/http closes the connection without a word
	}
}

func (b *BotAPI) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-b.closed:
	}
}

func (f *BotFault) code(usual int) int {
	if f.Code != 0 {
		return f.Code
	}
	return usual
}
