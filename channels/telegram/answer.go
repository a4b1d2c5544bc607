package telegram

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

const (
	// maxHead bounds what comes beside an answer's body: headers, and the sizes of chunks.
	maxHead = 1 << 20
	// maxInterim is how many answers of the kind 1xx may come before the answer (as in net/http).
	maxInterim = 5
	// keptBody is how large a buffer for bodies is kept for the next answer.
	keptBody = 64 << 10
)

var errInterim = errors.New("the server gives no final answer")

// hear reads the answer to the request that was written.
func (l *link) hear(r *http.Request) (*http.Response, error) {
	l.conn.left = maxAnswer + maxHead
	res, err := l.final(r)
	if err != nil {
		return nil, err
	}
	l.flight.status = res.StatusCode
	l.conn.closing = res.Close
	if l.in, err = readAll(l.in[:0], res.Body); err != nil {
		return nil, err
	}
	l.body.Reset(l.in)
	res.Body = io.NopCloser(&l.body)
	if cap(l.in) > keptBody {
		l.in = nil
	}
	return res, nil
}

// final skips interim answers (RFC 9110 §15.2): 100 Continue, which nobody asked for, and its like. 101 would be another protocol.
func (l *link) final(r *http.Request) (*http.Response, error) {
	for range maxInterim + 1 {
		res, err := http.ReadResponse(l.conn.in, r)
		if err != nil || res.StatusCode >= 200 {
			return res, err
		}
		if res.StatusCode == http.StatusSwitchingProtocols {
			l.flight.status = res.StatusCode
			break
		}
	}
	return nil, errInterim
}

// readAll appends the body to buf, at most maxAnswer bytes of it.
func readAll(buf []byte, body io.Reader) ([]byte, error) {
	b := bytes.NewBuffer(buf)
	_, err := b.ReadFrom(io.LimitReader(body, maxAnswer+1))
	if err == nil && b.Len() > maxAnswer {
		err = errTooLarge
	}
	return b.Bytes(), err
}
