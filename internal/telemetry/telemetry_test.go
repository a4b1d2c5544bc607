package telemetry

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestLogHidesPrivateValues(t *testing.T) {
	for _, form := range []string{"text", "json"} {
		var out strings.Builder
		log, err := NewLogger(&out, form, "info")
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("too quiet to be written")
		log.With("telegram_token", "hunter2").Info("message sent", "delivery", 7, "email", "hunter2", "Chat_ID", "hunter2", "reason", "blocked",
			slog.Group("message", "text", "hunter2", "parts", 2), slog.Group("address", "value", "hunter2"))
		got := out.String()
		if strings.Contains(got, "hunter2") || strings.Contains(got, "quiet") || strings.Count(got, Redacted) != 5 {
			t.Errorf("%s: %s", form, got)
		}
		for _, kept := range []string{"message sent", "delivery", "blocked", "parts"} {
			if !strings.Contains(got, kept) {
				t.Errorf("%s lost %q: %s", form, kept, got)
			}
		}
	}
}

func TestPrivateKeys(t *testing.T) {
	for key, want := range map[string]bool{
		"token": true, "KRUZHOK_TOKEN": true, "member_email": true, "chat_id": true, "subject": true,
		"tokens": false, "context": false, "member": false, "reason": false, "msg": false, "stop": false, "auto": false, "delivery": false,
	} {
		if isPrivate(key) != want {
			t.Errorf("isPrivate(%q) = %v", key, !want)
		}
	}
}

func TestLoggerRefuses(t *testing.T) {
	for _, c := range [][2]string{{"xml", "info"}, {"text", "loud"}} {
		if _, err := NewLogger(nil, c[0], c[1]); err == nil {
			t.Errorf("%v was taken", c)
		}
	}
}

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	m.Deliveries.WithLabelValues("email", "failed", "rejected").Add(2)
	m.Inputs.WithLabelValues("telegram", "decided").Inc()
	m.DueLag.WithLabelValues("bulk").Observe(0.5)
	m.Send.WithLabelValues("email").Observe(0.002)
	m.Queue.WithLabelValues("inputs").Set(3)
	page := httptest.NewRecorder()
	m.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`kruzhok_deliveries_total{channel="email",reason="rejected",state="failed"} 2`, `kruzhok_inputs_total{source="telegram",state="decided"} 1`,
		`kruzhok_due_lag_seconds_count{lane="bulk"} 1`, `kruzhok_send_seconds_count{channel="email"} 1`, `kruzhok_queue_depth{queue="inputs"} 3`, "go_goroutines",
	} {
		if !strings.Contains(page.Body.String(), line) {
			t.Errorf("the page lacks %s", line)
		}
	}
}
