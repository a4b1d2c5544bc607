package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// TestRefusedBodyIsTaken: callers that only read when they have sent everything see the problem, not a broken connection.
func TestRefusedBodyIsTaken(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(w.s)
	defer srv.Close()
	for name, c := range map[string]struct {
		token, path string
		status      int
	}{
		"too large":      {w.token, "/v1/campaigns", http.StatusRequestEntityTooLarge},
		"wrong token":    {"kzk_x", "/v1/campaigns", http.StatusUnauthorized},
		"no such route":  {w.token, "/v1/nothing", http.StatusNotFound},
		"too large page": {w.token, "/u/x", http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, srv)
			body := strings.Repeat("a", 8<<20)
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
				c.path, c.token, contentType(c.path), len(body))
			if _, err := io.WriteString(conn, head+body); err != nil {
				t.Fatalf("the connection was closed before the body was sent: %v", err)
			}
			got, err := http.ReadResponse(bufio.NewReader(conn), nil)
			must(t, err)
			defer got.Body.Close()
			if got.StatusCode != c.status {
				t.Errorf("status %d, want %d", got.StatusCode, c.status)
			}
		})
	}
}

func contentType(path string) string {
	if strings.HasPrefix(path, "/u/") || strings.HasPrefix(path, "/s/") {
		return "application/x-www-form-urlencoded"
	}
	return yamlType
}

// TestSlowBody: nobody holds a connection with a body that does not come.
func TestSlowBody(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.BodyPatience = 50 * time.Millisecond })
	srv := httptest.NewServer(w.s)
	defer srv.Close()
	for path, status := range map[string]int{"/v1/campaigns": http.StatusRequestTimeout, "/v1/nothing": http.StatusNotFound, "/s/x": http.StatusRequestTimeout} {
		conn := dial(t, srv)
		_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n{", path, w.token, contentType(path))
		must(t, err)
		got, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		if got.StatusCode != status {
			t.Errorf("%s: status %d, want %d", path, got.StatusCode, status)
		}
		_ = got.Body.Close()
	}
}

// TestLargeBodyKeepsItsPace: one that is too large to be read before it has a place is let go when it stops coming, however long a small one may take.
func TestLargeBodyKeepsItsPace(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.BodyPatience, o.BodyGrace = time.Hour, 50*time.Millisecond })
	srv := httptest.NewServer(w.s)
	defer srv.Close()
	for name, head := range map[string]string{"with its length": "Content-Length: 1000000\r\n\r\n{", "in chunks": "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"} {
		conn := dial(t, srv)
		_, err := fmt.Fprintf(conn, "POST /v1/campaigns HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\n%s", w.token, yamlType, head)
		must(t, err)
		got, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		if got.StatusCode != http.StatusRequestTimeout {
			t.Errorf("%s: status %d", name, got.StatusCode)
		}
		_ = got.Body.Close()
	}
}

// TestPatienceEndsWithTheBody: the next request of the same connection, and a long answer, have their own time.
func TestPatienceEndsWithTheBody(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.BodyPatience = 100 * time.Millisecond })
	waited := make(chan error, 1)
	w.s.gin.POST("/long", func(c *gin.Context) {
		_, _ = io.Copy(io.Discard, c.Request.Body)
		select {
		case <-c.Request.Context().Done():
			waited <- c.Request.Context().Err()
		case <-time.After(300 * time.Millisecond):
			waited <- nil
		}
	})
	srv := httptest.NewServer(w.s)
	defer srv.Close()
	got, err := http.Post(srv.URL+"/long", "text/plain", strings.NewReader("x"))
	must(t, err)
	_ = got.Body.Close()
	if err := <-waited; err != nil {
		t.Errorf("the request ended while it was answered: %v", err)
	}
}

func dial(t *testing.T, srv *httptest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return conn
}
