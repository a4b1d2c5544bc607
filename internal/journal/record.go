package journal

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// Outcome is how a message ended that was begun.
type Outcome byte

const (
	Sent     Outcome = 1 // accepted; Record.Provider may be set
	Failed   Outcome = 2 // refused for good; Record.Reason says why
	Deferred Outcome = 3 // to be tried again at Record.At
	Unknown  Outcome = 4 // begun, and the answer never came
)

// Record is the result of one message, as far as it must survive a kill.
type Record struct {
	Outcome  Outcome
	Reason   byte      // the caller's code for a campaigns.Reason; 0: none
	Provider int64     // the provider's number: Telegram's message id; 0: none
	At       time.Time // when it was sent or refused, or is due again; kept to the second, UTC; zero: not given
}

// A record on disk has 32 bytes, little endian:
//
//	 0     kind: 'B' begun, 'R' result
//	 1     outcome
//	 2     reason
//	 3–7   sequence number, 40 bits, over all lanes of the owner
//	 8–15  delivery id
//	16–23  provider's number
//	24–27  moment, Unix seconds (until 2106)
//	28–31  CRC-32C of bytes 0–27
const recordSize = 32

const (
	kindBegun  = 'B'
	kindResult = 'R'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry is a record in memory.
type entry struct {
	kind byte
	seq  uint64
	id   int64
	Record
}

func (e *entry) put(b []byte) {
	// The sequence fills bytes 3–7 as the upper five of eight; the first three are written over after it.
	binary.LittleEndian.PutUint64(b[0:], e.seq<<24)
	b[0], b[1], b[2] = e.kind, byte(e.Outcome), e.Reason
	binary.LittleEndian.PutUint64(b[8:], uint64(e.id))
	binary.LittleEndian.PutUint64(b[16:], uint64(e.Provider))
	seconds := uint32(0)
	if !e.At.IsZero() {
		seconds = uint32(e.At.Unix())
	}
	binary.LittleEndian.PutUint32(b[24:], seconds)
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b[:28], castagnoli))
}

// parse reads one record; false: it was torn, or is none.
func parse(b []byte) (e entry, ok bool) {
	if len(b) < recordSize || binary.LittleEndian.Uint32(b[28:]) != crc32.Checksum(b[:28], castagnoli) {
		return entry{}, false
	}
	e.kind, e.Outcome, e.Reason = b[0], Outcome(b[1]), b[2]
	e.seq = binary.LittleEndian.Uint64(b[0:]) >> 24
	e.id = int64(binary.LittleEndian.Uint64(b[8:]))
	e.Provider = int64(binary.LittleEndian.Uint64(b[16:]))
	if seconds := binary.LittleEndian.Uint32(b[24:]); seconds != 0 {
		e.At = time.Unix(int64(seconds), 0).UTC()
	}
	known := e.kind == kindBegun || e.kind == kindResult && e.Outcome >= Sent && e.Outcome <= Unknown
	return e, known
}
