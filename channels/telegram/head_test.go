package telegram

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
)

// FuzzParseHead: whatever is accepted, net/http understands the same.
func FuzzParseHead(f *testing.F) {
	for _, head := range []string{
		okAnswer, "HTTP/1.1 429 Too Many\r\nserver: nginx\r\nCONTENT-LENGTH: 007\r\nConnection: Keep-Alive\r\n\r\n", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", "HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\n", "HTTP/1.1 200 OK\r\n a: b\r\nContent-Length: 4\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: b\r\nContent-Length: +4\r\n\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 4\n\n\r\n\r\n",
	} {
		f.Add([]byte(head))
	}
	post, _ := http.NewRequest(http.MethodPost, "http://127.0.0.1/", nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		status, length, size := parseHead(b)
		if status == 0 {
			return
		}
		if size > len(b) || !bytes.HasSuffix(b[:size], []byte("\r\n\r\n")) {
			t.Fatalf("size %d of %d", size, len(b))
		}
		in := bufio.NewReaderSize(bytes.NewReader(b), len(b)+16)
		res, err := http.ReadResponse(in, post)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != status || res.ContentLength != int64(length) || res.Close || len(res.TransferEncoding) > 0 || res.Uncompressed || len(b)-in.Buffered() != size {
			t.Errorf("%d, %d bytes after %d; net/http: %d, %d after %d, close %v", status, length, size, res.StatusCode, res.ContentLength, len(b)-in.Buffered(), res.Close)
		}
	})
}

func TestParseHead(t *testing.T) {
	if status, length, size := parseHead([]byte(okAnswer)); status != 200 || length != len(okBody) || size != len(okAnswer)-len(okBody) {
		t.Errorf("%d, %d bytes after %d", status, length, size)
	}
	for n := range len(okAnswer) - len(okBody) {
		if status, _, _ := parseHead([]byte(okAnswer[:n])); status != 0 {
			t.Errorf("accepted after %d bytes", n)
		}
	}
}
