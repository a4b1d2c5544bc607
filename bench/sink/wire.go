package sink

import (
	"bytes"
	"errors"
	"io"
	"net"
	"time"
)

// Wire is one connection with its two buffers: what has come and was not looked at, and what was said and has not left. What was said leaves before
// anything is waited for, so that a client that pipelines gets its answers in one packet. The slices that it gives out hold until the next call.
type Wire struct {
	conn    net.Conn
	latency func() // before each packet of answers; nil: none
	in      []byte
	r, w    int // in[r:w] has come and was not looked at
	out     []byte
}

// wireBuffer holds several mails of the size that is measured.
const wireBuffer = 64 << 10

var errLongLine = errors.New("line does not fit the buffer")

// NewWire wraps a connection; latency is called before each packet of answers, and may be nil.
func NewWire(c net.Conn, latency func()) *Wire {
	return &Wire{conn: c, latency: latency, in: make([]byte, wireBuffer), out: make([]byte, 0, 4<<10)}
}

// Line is the next line with its end.
func (w *Wire) Line() ([]byte, error) {
	for seen := 0; ; {
		if i := bytes.IndexByte(w.in[w.r+seen:w.w], '\n'); i >= 0 {
			line := w.in[w.r : w.r+seen+i+1]
			w.r += seen + i + 1
			return line, nil
		}
		seen = w.w - w.r
		if err := w.fill(); err != nil {
			return nil, err
		}
	}
}

// Past reads up to the end of the mark, of which the first bytes may have been read already. Nothing of it is kept, so that it may be of any length.
func (w *Wire) Past(mark string, read int) error {
	for w.w-w.r < len(mark)-read {
		if err := w.fill(); err != nil {
			return err
		}
	}
	if read > 0 && string(w.in[w.r:w.r+len(mark)-read]) == mark[read:] {
		w.r += len(mark) - read
		return nil
	}
	for {
		if i := bytes.Index(w.in[w.r:w.w], []byte(mark)); i >= 0 {
			w.r += i + len(mark)
			return nil
		}
		w.r = max(w.r, w.w-len(mark)+1)
		if err := w.fill(); err != nil {
			return err
		}
	}
}

// Next is the next n bytes.
func (w *Wire) Next(n int) ([]byte, error) {
	if n > len(w.in) {
		w.in = append(make([]byte, 0, n), w.in...)[:n]
	}
	for w.w-w.r < n {
		if err := w.fill(); err != nil {
			return nil, err
		}
	}
	w.r += n
	return w.in[w.r-n : w.r], nil
}

// Buffered is how many bytes have come that nobody looked at.
func (w *Wire) Buffered() int { return w.w - w.r }

// Say adds to the answers.
func (w *Wire) Say(parts ...string) {
	for _, s := range parts {
		w.out = append(w.out, s...)
	}
}

// Flush sends what was said.
func (w *Wire) Flush() error {
	if len(w.out) == 0 {
		return nil
	}
	if w.latency != nil {
		w.latency()
	}
	_, err := w.conn.Write(w.out)
	w.out = w.out[:0]
	return err
}

// Pause sends what was said, and waits for the time, or until the channel is closed if there is one.
func (w *Wire) Pause(p *Port, d time.Duration, until <-chan struct{}) {
	if d <= 0 && until == nil {
		return
	}
	_ = w.Flush() // who has gone is noticed by the next read
	if until == nil {
		p.Pause(d)
		return
	}
	select {
	case <-until:
	case <-p.done:
	}
}

func (w *Wire) fill() error {
	if err := w.Flush(); err != nil {
		return err
	}
	if w.r > 0 {
		w.w = copy(w.in, w.in[w.r:w.w])
		w.r = 0
	}
	if w.w == len(w.in) {
		return errLongLine
	}
	n, err := w.conn.Read(w.in[w.w:])
	w.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}
