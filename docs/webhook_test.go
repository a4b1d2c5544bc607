package docs

import (
	"strings"
	"testing"
)

// TestReceiversExample: what the operators' reference shows to those who receive calls is what a test runs.
func TestReceiversExample(t *testing.T) {
	_, code, _ := strings.Cut(read(t, "docs/operations.md"), "```go\n")
	code, _, _ = strings.Cut(code, "```")
	if code == "" || !strings.Contains(read(t, "channels/webhook/verify_test.go"), code) {
		t.Error("channels/webhook/verify_test.go has not the receiver of docs/operations.md")
	}
}
