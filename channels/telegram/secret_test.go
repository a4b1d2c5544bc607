package telegram_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/telegram"
)

const secretToken = "123456:VERY-secret_Token"

// brokenServers are servers that fail in their own ways; several repeat the URL, which holds the token.
var brokenServers = map[string]http.HandlerFunc{
	"abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"redirect": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere"+r.URL.Path, http.StatusTemporaryRedirect)
	},
	"echo html": func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "<html>%s</html>", r.URL) },
	"echo json": func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"ok":false,"error_code":400,"description":"cannot serve %s"}`, r.URL)
	},
	"empty":      func(http.ResponseWriter, *http.Request) {},
	"null":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "null") },
	"wrong type": func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, `{"ok":"%s"}`, r.URL) },
	"hang": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a lost caller only then
		<-r.Context().Done()
	},
	"bad http": func(w http.ResponseWriter, r *http.Request) {
		c, _, _ := w.(http.Hijacker).Hijack()
		fmt.Fprintf(c, "%s\r\n\r\n", r.URL)
		_ = c.Close()
	},
	"cut": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"ok":true,`)
	},
	"huge": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 9<<20)) },
}

func TestNoErrorHoldsTheToken(t *testing.T) {
	bases := map[string]string{"refused": "http://127.0.0.1:1", "bad host": "http://nowhere.invalid", "percent": "http://127.0.0.1:1/a%41b"}
	for name, h := range brokenServers {
		s := httptest.NewServer(h)
		s.Config.ErrorLog = nil
		t.Cleanup(s.Close)
		bases[name] = s.URL
	}
	for name, base := range bases {
		c, err := telegram.New(telegram.Config{Token: secretToken, BaseURL: base})
		if err != nil {
			t.Fatal(name, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, callErr := c.Call(ctx, "getMe", map[string]string{"chat_id": "1"})
		_, fileErr := c.Download(ctx, "x", &strings.Builder{})
		conn, _ := telegram.NewSender(c, telegram.SenderConfig{}).Dial(ctx)
		receipt := conn.Send(ctx, &channels.Message{To: "1", HTML: "x"}, func() error { return nil })
		_ = conn.Close()
		cancel()
		if shown := fmt.Sprintf("%#v", receipt); receipt.Class == channels.OK || strings.Contains(shown, "VERY-secret") || strings.Contains(shown, "123456") {
			t.Errorf("%s: the receipt is %s", name, shown)
		}
		for _, err := range []error{callErr, fileErr} {
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			shown := fmt.Sprintf("%v %+v %#v", err, err, telegram.Classify(err))
			if strings.Contains(shown, "VERY-secret") || strings.Contains(shown, "123456") {
				t.Errorf("%s: the error shows the token: %s", name, shown)
			}
		}
	}
}

func TestNewRefusesAndDoesNotRepeat(t *testing.T) {
	for i, cfg := range []telegram.Config{
		{Token: ""},
		{Token: "123"},
		{Token: "x:SECRET"},
		{Token: "1:SECRET\x7f"},
		{Token: "1:SEC RET"},
		{Token: "1:SECRET/../x"},
		{Token: "1:SECRET\n"},
		{Token: secretToken, BaseURL: "SECRET"},
		{Token: secretToken, BaseURL: "http://SECRET\x7f"},
		{Token: secretToken, BaseURL: "ftp://SECRET"},
		{Token: secretToken, BaseURL: "http://u:SECRET@h"},
		{Token: secretToken, BaseURL: "http://h?SECRET"},
	} {
		if _, err := telegram.New(cfg); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("configuration %d: %v", i, err)
		}
	}
}

func TestPercentInTheBase(t *testing.T) {
	seen := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.URL.EscapedPath()
		fmt.Fprint(w, `{"ok":true,"result":{}}`)
	}))
	defer s.Close()
	c, _ := telegram.New(telegram.Config{Token: secretToken, BaseURL: s.URL + "/a%2Fb/"})
	if _, err := c.GetMe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-seen; got != "/a%2Fb/bot"+secretToken+"/getMe" {
		t.Errorf("called %s", got)
	}
}
