// Package telemetry sets up the log and the metrics of a process.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// Redacted stands in the log in place of a value that must not be there.
const Redacted = "[redacted]"

// private are the last words of keys whose values never reach a log: what people are called, where they live, what they wrote, and secrets.
// It is a net below the rule that nobody logs such values, not a licence to pass them.
var private = []string{
	"token", "password", "secret", "authorization", "cookie", "session",
	"email", "mail", "address", "phone", "chat", "chat_id", "username", "first_name", "last_name", "full_name", "external_id", "recipient", "to", "from",
	"text", "html", "body", "answer", "caption", "subject", "payload",
}

// NewLogger returns a logger of the form ("text" or "json") and the least level ("debug", "info", "warn", "error") that the configuration names.
func NewLogger(w io.Writer, form, level string) (*slog.Logger, error) {
	options := &slog.HandlerOptions{ReplaceAttr: redact}
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("read log level: %w", err)
	}
	options.Level = least
	switch form {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("read log format: %q is neither text nor json", form)
}

// redact hides private values, wherever in a group they stand.
func redact(groups []string, a slog.Attr) slog.Attr {
	if isPrivate(a.Key) || slices.ContainsFunc(groups, isPrivate) {
		return slog.String(a.Key, Redacted)
	}
	return a
}

func isPrivate(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc(private, func(p string) bool { return key == p || strings.HasSuffix(key, "_"+p) })
}
