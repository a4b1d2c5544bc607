package sandbox

// The faults that a person can switch on, by name.
const (
	FaultTooMany  = "too_many"    // 429 with retry_after 5
	FaultBlocked  = "blocked"     // 403
	FaultServer   = "server"      // 500
	FaultGateway  = "gateway"     // 502 with a page of HTML
	FaultHang     = "hang"        // no answer
	FaultLost     = "answer_lost" // the message arrives, its answer does not
	FaultNotFound = "not_found"   // 400, chat not found
)

// FaultNames lists them.
func FaultNames() []string {
	return []string{FaultTooMany, FaultBlocked, FaultNotFound, FaultServer, FaultGateway, FaultHang, FaultLost}
}

var faultsByName = map[string]BotFault{
	FaultTooMany:  {Kind: BotRateLimited, RetryAfter: 5},
	FaultBlocked:  {Kind: BotBlocked},
	FaultNotFound: {Kind: BotRefused, Code: 400, Description: "Bad Request: chat not found"},
	FaultServer:   {Kind: BotServerError},
	FaultGateway:  {Kind: BotGarbage},
	FaultHang:     {Kind: BotHang},
	FaultLost:     {Kind: BotClose, Accepted: true},
}

// Switch switches the named fault on for what is sent to a chat (0: to all), in place of the one that was on there; any other name switches it off.
func (b *BotAPI) Switch(chat int64, name string) {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	kept := b.faults.list[:0]
	for _, r := range b.faults.list {
		if r.name == "" || r.chat != chat {
			kept = append(kept, r)
		}
	}
	b.faults.list = kept
	if f, ok := faultsByName[name]; ok {
		b.faults.list = append(b.faults.list, &botRule{method: "send", chat: chat, fault: f, name: name})
	}
	b.faults.any.Store(len(b.faults.list) > 0)
}

// Switched names the faults that are on, by chat (0: all).
func (b *BotAPI) Switched() map[int64]string {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	out := map[int64]string{}
	for _, r := range b.faults.list {
		if r.name != "" {
			out[r.chat] = r.name
		}
	}
	return out
}
