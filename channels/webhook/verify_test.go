package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// verify stands in docs/operations.md, for those who run the other system.
func verify(h http.Header, body []byte, secret string) bool {
	at, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if age := time.Since(time.Unix(at, 0)).Abs(); err != nil || age > 5*time.Minute {
		return false
	}
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, signature := range strings.Fields(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(signature), []byte(want)) {
			return true
		}
	}
	return false
}

// TestVerify: a receiver knows what we signed, also while one secret takes the place of another, and nothing else.
func TestVerify(t *testing.T) {
	const fresh = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	now, body := time.Now(), []byte(`{"type":"campaign.call"}`)
	signed := func(at time.Time) http.Header {
		h := http.Header{}
		h.Set("webhook-id", "msg_1")
		h.Set("webhook-timestamp", timestamp(at))
		h.Set("webhook-signature", sign(secrets(t, fresh+" "+published), "msg_1", at, body))
		return h
	}
	if !verify(signed(now), body, published) || !verify(signed(now), body, fresh) {
		t.Error("our own signature is refused")
	}
	if verify(signed(now), append(body, ' '), published) || verify(signed(now.Add(-time.Hour)), body, published) || verify(signed(now), body, "whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB") {
		t.Error("another body, an old call or another secret is taken")
	}
}
