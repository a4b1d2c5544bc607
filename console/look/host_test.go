package look

import (
	"net/http"
	"testing"
)

// TestOwnHost: numbers and localhost are this machine; every other name could be anybody's.
func TestOwnHost(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:8080": true, "127.0.0.1": true, "localhost:1": true, "localhost": true, "[::1]:8080": true, "[::1]": true, "192.168.1.7:80": true,
		"evil.example:8080": false, "evil.example": false, "localhost.evil.example": false, "": false, "127.0.0.1.nip.io:80": false,
	} {
		if got := OwnHost(&http.Request{Host: host}); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
