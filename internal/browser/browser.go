// Package browser drives a real Chromium in tests, as a reader would: it opens pages, presses keys, fills forms in and looks.
// Only tests import it. A machine without Chromium skips them, unless KRUZHOK_REQUIRE_SERVICES is 1.
package browser

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to show what a test waits for, also where the machine has other work.
const patience = 2 * time.Minute

// Browser is one running Chromium.
type Browser struct{ ctx context.Context }

// Start starts a Chromium for the test and its subtests.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := find()
	if path == "" {
		if os.Getenv("KRUZHOK_REQUIRE_SERVICES") == "1" {
			t.Fatal("Chromium is missing: install chromium, or name it by KRUZHOK_TEST_CHROMIUM")
		}
		t.Skip("Chromium is missing")
	}
	// Without these a closed network costs the browser many refused connections at its start; the fake devices let a page record.
	opts := append(append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...), chromedp.ExecPath(path),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return &Browser{ctx: ctx}
}

func find() string {
	if p := os.Getenv("KRUZHOK_TEST_CHROMIUM"); p != "" {
		return p
	}
	// The shell has the same engine without a window's services: a window opens in a third of the time.
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}
