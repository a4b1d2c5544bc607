package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

const (
	// tryTime is how long one try may take, from the name's look-up to the end of the answer.
	tryTime = 10 * time.Second
	// maxAnswer is what is read of an answer; a longer one counts as none.
	maxAnswer = 64 << 10
	// maxWait bounds what a Retry-After may ask for.
	maxWait   = time.Hour
	userAgent = "Kruzhok"
)

// Endpoint is another system of the organisation, as the operator set it up.
type Endpoint struct {
	// URL is https://…, or with Private also http://….
	URL     string
	Secrets [][]byte
	// Private: it may be inside the operator's own network.
	Private bool
}

// Caller calls endpoints by their names. It is safe for concurrent use.
type Caller struct {
	endpoints map[string]Endpoint
	outside   *http.Client
	within    *http.Client
}

// New makes a Caller.
func New(endpoints map[string]Endpoint) *Caller {
	return &Caller{endpoints, client(&net.Dialer{Control: guard}), client(&net.Dialer{})}
}

// client follows no redirect and takes no proxy from the environment: either would lead elsewhere than the operator said, past the guard.
func client(d *net.Dialer) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: d.DialContext, TLSHandshakeTimeout: tryTime, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswer,
			ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Endpoints are the names, sorted.
func (c *Caller) Endpoints() []string { return slices.Sorted(maps.Keys(c.endpoints)) }

// Call tries once. It never fails: what went wrong is in the receipt.
func (c *Caller) Call(ctx context.Context, call channels.Call) channels.CallReceipt {
	to, ok := c.endpoints[call.Endpoint]
	if !ok {
		return channels.CallReceipt{Class: channels.CallRefused, Detail: "no such endpoint"}
	}
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(call.Body))
	if err != nil {
		return channels.CallReceipt{Class: channels.CallRefused, Detail: "the address cannot be used"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Webhook-Id", call.ID)
	req.Header.Set("Webhook-Timestamp", timestamp(call.At))
	req.Header.Set("Webhook-Signature", sign(to.Secrets, call.ID, call.At, call.Body))
	client := c.outside
	if to.Private {
		client = c.within
	}
	resp, err := client.Do(req)
	if err != nil {
		return unanswered(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return answered(resp, call.At)
}

// unanswered is what a try without an answer comes to. The error's own words hold the address, with whatever the operator put into it.
func unanswered(err error) channels.CallReceipt {
	var name *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, errInside):
		return channels.CallReceipt{Class: channels.CallForbidden, Detail: errInside.Error()}
	case errors.As(err, &name):
		return channels.CallReceipt{Class: channels.CallTemporary, Detail: "the host's name was not found"}
	case errors.As(err, &timeout) && timeout.Timeout():
		return channels.CallReceipt{Class: channels.CallTemporary, Detail: "no answer in time"}
	}
	return channels.CallReceipt{Class: channels.CallTemporary, Detail: "no connection"}
}

func answered(resp *http.Response, now time.Time) channels.CallReceipt {
	r := channels.CallReceipt{Code: resp.StatusCode, Detail: "status " + strconv.Itoa(resp.StatusCode)}
	switch code := resp.StatusCode; {
	case code >= 200 && code <= 299:
		return read(resp.Body, r)
	case code == http.StatusGone:
		r.Class = channels.CallGone
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		r.Class, r.RetryAfter = channels.CallRateLimited, retryAfter(resp.Header.Get("Retry-After"), now)
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		r.Class = channels.CallTemporary
	default:
		r.Class = channels.CallRefused
	}
	return r
}

// read takes the answer. One that breaks off may be whole at the next try.
func read(body io.Reader, r channels.CallReceipt) channels.CallReceipt {
	answer, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	switch {
	case err != nil:
		r.Class, r.Detail = channels.CallTemporary, "the answer broke off"
	case len(answer) > maxAnswer:
		r.Class, r.Detail = channels.CallTooBig, "the answer is too long"
	default:
		r.Class, r.Answer = channels.CallAnswered, answer
	}
	return r
}

// retryAfter reads seconds or a date (RFC 9110 §10.2.3), within bounds; what is neither asks for nothing.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	var wait time.Duration
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		wait = time.Duration(max(0, min(n, int64(maxWait/time.Second)))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return max(0, min(wait, maxWait))
}
