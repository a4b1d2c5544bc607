package telegram

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxDownload is what the Bot API lets a bot fetch.
const MaxDownload = 20 << 20

const downloadTimeout = 2 * time.Minute

// Download fetches a file that a member sent, by file_id (Bot API getFile), into w, at most MaxDownload bytes. It returns the bytes written.
// The link's base is the configured one, which the library ignores.
func (c *Client) Download(ctx context.Context, fileID string, w io.Writer) (int64, error) {
	raw, err := c.Call(ctx, "getFile", map[string]string{"file_id": fileID})
	if err != nil {
		return 0, err
	}
	var file struct {
		Path string `json:"file_path"`
	}
	if err := decodeResult("getFile", raw, &file); err != nil {
		return 0, err
	}
	link, err := c.fileLink(file.Path)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	return c.fetch(ctx, link, w)
}

// fileLink holds the token: it must not leave this file.
func (c *Client) fileLink(path string) (string, error) {
	if path == "" || strings.HasPrefix(path, "/") {
		return "", errors.New("telegram getFile: the server gave no path to download from")
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if p == "." || p == ".." {
			return "", errors.New("telegram getFile: the server gave a path that leads elsewhere")
		}
		parts[i] = url.PathEscape(p)
	}
	return c.base + "/file/bot" + c.token + "/" + strings.Join(parts, "/"), nil
}

func (c *Client) fetch(ctx context.Context, link string, w io.Writer) (int64, error) {
	const method = "file"
	f := &flight{}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return 0, &NoAnswerError{Method: method, Reason: reasonNoConn}
	}
	res, err := c.http.Do(r)
	if err != nil {
		return 0, c.explain(method, f, err)
	}
	defer res.Body.Close()
	if f.status = res.StatusCode; f.status != http.StatusOK {
		return 0, &Error{Method: method, Code: f.status, Status: f.status, Description: http.StatusText(f.status)}
	}
	n, err := io.Copy(w, io.LimitReader(res.Body, MaxDownload+1))
	switch {
	case err != nil:
		return n, c.explain(method, f, err)
	case n > MaxDownload:
		return n, &NoAnswerError{Method: method, Status: f.status, Reason: reasonTooLarge}
	}
	return n, nil
}
