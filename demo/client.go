package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client calls the service's API as an integration would.
type Client struct {
	Base, Token string
	HTTP        http.Client
}

// NewClient makes a client with a limit on each call.
func NewClient(base, token string) *Client {
	return &Client{Base: base, Token: token, HTTP: http.Client{Timeout: 30 * time.Second}}
}

// Stream is a body of JSON lines.
type Stream []byte

// Do sends body (bytes as YAML, a Stream as NDJSON, anything else as JSON, nil for none) and decodes a JSON answer into out, if given. An answer that is no 2xx is an error with its body.
func (c *Client) Do(ctx context.Context, method, path string, body, out any) error {
	answer, err := c.Raw(ctx, method, path, body, "")
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: read answer: %w", method, path, err)
	}
	return nil
}

// ErrRefused says that the service understood, and refused (4xx).
var ErrRefused = errors.New("the service refused")

// Raw is Do with the answer as it came; accept may name a media type.
func (c *Client) Raw(ctx context.Context, method, path string, body any, accept string) ([]byte, error) {
	kind, payload, err := encode(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, payload)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		err := fmt.Errorf("%s %s: %s: %.600s", method, path, res.Status, answer)
		if res.StatusCode/100 == 4 {
			err = errors.Join(ErrRefused, err)
		}
		return nil, err
	}
	return answer, nil
}

func encode(body any) (kind string, payload io.Reader, err error) {
	switch b := body.(type) {
	case nil:
		return "", http.NoBody, nil
	case []byte:
		return "application/yaml", bytes.NewReader(b), nil
	case Stream:
		return "application/x-ndjson", bytes.NewReader(b), nil
	}
	b, err := json.Marshal(body)
	return "application/json", bytes.NewReader(b), err
}
