package telegram

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
)

var (
	errBegin    = errors.New("begin failed")
	errLanded   = errors.New("the call has ended")
	errTooLarge = errors.New("the answer is too large")
)

// flight follows one request through the transport, which goes on writing after a cancelled call has returned:
// it runs begin when the connection stands and the body is wanted, knows whether the body was handed over whole, and shuts the body afterwards.
type flight struct {
	begin func() error

	mu       sync.Mutex
	landed   bool  // the call returned: nothing more may leave
	begun    bool  // the first byte of the body was given to the connection
	whole    bool  // so was the last one
	beginErr error // begin refused
	writeErr error // the connection refused the bytes
	status   int   // of the HTTP answer, 0 without one
}

// start runs begin at the first read of the body.
func (f *flight) start() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.landed {
		return errLanded
	}
	if f.beginErr == nil && !f.begun && f.begin != nil {
		f.beginErr = f.begin()
	}
	if f.beginErr != nil {
		return errBegin
	}
	f.begun = true
	return nil
}

// handOver lets bytes pass unless the call has ended meanwhile.
func (f *flight) handOver(last bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.landed {
		return errLanded
	}
	f.whole = f.whole || last
	return nil
}

// land ends the flight and reports whether the Bot API may have accepted the request.
func (f *flight) land() (uncertain bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.landed = true
	return f.whole && f.writeErr == nil
}

// restart forgets the attempt on a dead idle connection, of which the transport knows that nothing was written.
func (f *flight) restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.whole, f.writeErr = false, nil
}

func (f *flight) refusedToBegin() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.beginErr
}

func (f *flight) trace(hasBody bool) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			if !hasBody { // no read will tell
				_ = f.handOver(true)
			}
		},
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.writeErr = info.Err
		},
	}
}

// body is a request body that reports to its flight. left is the declared length still to come, negative when unknown.
type body struct {
	io.ReadCloser
	flight *flight
	left   int64
}

// Read hands the next bytes over.
func (b *body) Read(p []byte) (int, error) {
	if err := b.flight.start(); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	known := b.left >= 0
	if known {
		b.left -= int64(n)
	}
	last := errors.Is(err, io.EOF) || known && b.left <= 0
	if landed := b.flight.handOver(last); landed != nil {
		return 0, landed
	}
	return n, err
}

// doer is the library's HTTP client for one call: it carries the context, limits the answer and keeps the status.
type doer struct {
	ctx    context.Context
	http   *http.Client
	flight *flight
}

// Do sends the request; its error may hold the URL and must pass through Client.explain.
func (d doer) Do(r *http.Request) (*http.Response, error) {
	hasBody := r.Body != nil && r.Body != http.NoBody
	r = r.WithContext(httptrace.WithClientTrace(d.ctx, d.flight.trace(hasBody)))
	if hasBody {
		d.watch(r)
	}
	res, err := d.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	d.flight.status = res.StatusCode
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = errTooLarge
	}
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	return res, nil
}

// watch wraps the body, and the copy that the transport takes when an idle connection turns out to be dead.
func (d doer) watch(r *http.Request) {
	length := int64(-1)
	if r.ContentLength > 0 {
		length = r.ContentLength
	}
	wrap := func(b io.ReadCloser) io.ReadCloser { return &body{ReadCloser: b, flight: d.flight, left: length} }
	r.Body = wrap(r.Body)
	if again := r.GetBody; again != nil {
		r.GetBody = func() (io.ReadCloser, error) {
			b, err := again()
			if err != nil {
				return nil, err
			}
			d.flight.restart()
			return wrap(b), nil
		}
	}
}
