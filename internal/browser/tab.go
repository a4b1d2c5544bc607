package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// View is how a reader looks at pages.
type View struct {
	Width, Height int    // default 1280 × 900
	Phone         bool   // a touch screen of 390 × 844
	Dark          bool   // the system's theme
	Lang          string // the browser's language, default en
	NoScript      bool
}

// Tab is one window with cookies of its own: one reader. Every method that cannot do its work ends the test.
type Tab struct {
	t   testing.TB
	ctx context.Context
}

// Open opens a window for a new reader and goes to the address.
func (b *Browser) Open(t testing.TB, url string, v View) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the window lives as long as the context of its first step
		t.Fatalf("open a window: %v", err)
	}
	tab := &Tab{t: t, ctx: ctx}
	tab.do("set the view", v.actions()...)
	tab.Go(url)
	return tab
}

func (v View) actions() []chromedp.Action[chromedp.Void] {
	if v.Phone {
		v.Width, v.Height = 390, 844
	}
	width, height := int64(or(v.Width, 1280)), int64(or(v.Height, 900))
	viewport := chromedp.EmulateViewport(width, height)
	if v.Phone {
		viewport = chromedp.EmulateViewport(width, height, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	theme, lang := "light", v.Lang
	if v.Dark {
		theme = "dark"
	}
	if lang == "" {
		lang = "en"
	}
	return []chromedp.Action[chromedp.Void]{viewport, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		if err != nil {
			return err
		}
		if _, err = chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}}); err != nil {
			return err
		}
		_, err = chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: v.NoScript})
		return err
	})}
}

func or(n, fallback int) int {
	if n > 0 {
		return n
	}
	return fallback
}

// do runs steps within the patience.
func (t *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.fail(what, err)
	}
}

// fail says what the page showed when a step did not work, and leaves a picture where KRUZHOK_TEST_SCREENSHOTS names a folder.
func (t *Tab) fail(what string, err error) {
	t.t.Helper()
	if dir := os.Getenv("KRUZHOK_TEST_SCREENSHOTS"); dir != "" {
		t.Screenshot(filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(t.t.Name())+".png"))
	}
	ctx, cancel := context.WithTimeout(t.ctx, 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	t.t.Fatalf("%s: %v\n%.3000s", what, err, text)
}

// Go opens an address in this window.
func (t *Tab) Go(url string) {
	t.t.Helper()
	t.do("open "+url, chromedp.Navigate(url))
}

// URL is where the window is.
func (t *Tab) URL() string {
	t.t.Helper()
	return get(t, "read the address", chromedp.Location())
}

// Click presses the first thing that the selector finds, once it is there.
func (t *Tab) Click(css string) {
	t.t.Helper()
	t.do("click "+css, chromedp.ScrollIntoView(chromedp.CSS(css)), chromedp.Click(chromedp.CSS(css)))
}

// Type writes into a field.
func (t *Tab) Type(css, text string) {
	t.t.Helper()
	t.do("type into "+css, chromedp.SendKeys(chromedp.CSS(css), text))
}

// Upload chooses a file in a file field.
func (t *Tab) Upload(css, path string) {
	t.t.Helper()
	t.do("choose a file in "+css, chromedp.SetUploadFiles(chromedp.CSS(css), []string{path}, chromedp.NodeReady))
}

// Keys are the names that Key takes, beside any text.
const (
	Tabulator = kb.Tab
	Enter     = kb.Enter
	Escape    = kb.Escape
	Space     = " "
	Down      = kb.ArrowDown
)

// Key presses keys where the focus is.
func (t *Tab) Key(keys string, modifiers ...chromedp.Modifier) {
	t.t.Helper()
	t.do("press a key", chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// Wait waits until the expression, in the page's script language, is true, or a promise of it. It works without the page's own scripts being allowed to run.
func (t *Tab) Wait(expression string) {
	t.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(t.ctx, patience)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Promise.resolve("+expression+").then(Boolean)", chromedp.EvalAwaitPromise))
		cancel()
		if err == nil && ok {
			return
		}
		if time.Now().After(deadline) {
			t.fail("wait for "+expression, fmt.Errorf("not so after %s (%v)", patience, err))
		}
		select {
		case <-t.ctx.Done():
			t.t.Fatal(t.ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// WaitText waits until something that the selector finds shows the text.
func (t *Tab) WaitText(css, text string) {
	t.t.Helper()
	t.Wait(fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))`, css, text))
}

// Text is what the first thing that the selector finds shows.
func (t *Tab) Text(css string) string {
	t.t.Helper()
	t.Wait(fmt.Sprintf(`document.querySelector(%q)`, css))
	return Eval[string](t, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, css)) // by the page itself: a node may be replaced meanwhile
}

// Count is how many things the selector finds.
func (t *Tab) Count(css string) int {
	t.t.Helper()
	return Eval[int](t, fmt.Sprintf(`document.querySelectorAll(%q).length`, css))
}

// Eval is the value of an expression in the page; promises are waited for.
func Eval[T any](t *Tab, expression string) T {
	t.t.Helper()
	return get(t, "evaluate", chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Screenshot writes a picture of the whole page.
func (t *Tab) Screenshot(path string) {
	t.t.Helper()
	t.picture(path, chromedp.FullScreenshot(100))
}

// View writes a picture of what the window shows.
func (t *Tab) View(path string) {
	t.t.Helper()
	t.picture(path, chromedp.CaptureScreenshot())
}

func (t *Tab) picture(path string, take chromedp.Action[[]byte]) {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, take)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, png, 0o644)
	}
	if err != nil {
		t.t.Fatalf("take a picture: %v", err)
	}
}

func get[T any](t *Tab, what string, a chromedp.Action[T]) T {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.fail(what, err)
	}
	return v
}
