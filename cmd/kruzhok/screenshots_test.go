package main

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/internal/browser"
)

var screenshots = flag.String("screenshots", "", "folder for the pictures of the documents")

// TestScreenshots renews the pictures of the documents: `make screenshots`. They show the demo's community once its past has been played.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("-screenshots names no folder")
	}
	base := runDemo(t)
	b := browser.Start(t)
	tab := b.Open(t, base+"/sandbox", browser.View{Height: 860})
	for deadline := time.Now().Add(5 * time.Minute); browser.Eval[bool](tab, `document.getElementById("clock").innerText.includes("past")`); tab.Go(base + "/sandbox") {
		if time.Now().After(deadline) {
			t.Fatal("the past does not end")
		}
		time.Sleep(time.Second)
	}
	for _, x := range []struct {
		name, address string
		view          browser.View
	}{
		{"today", "/console", browser.View{Height: 780}},
		{"campaign-ru", "/console/campaigns/fourteen-days", browser.View{Height: 900, Dark: true, Lang: "ru"}},
		{"phone", "/sandbox/phone/700001", browser.View{Height: 1010}},
		{"mailbox-ru", "/sandbox/mail/member018@example.org", browser.View{Phone: true, Lang: "ru"}},
	} {
		tab := b.Open(t, base+x.address, x.view)
		tab.Wait(`document.fonts.status === "loaded"`)
		tab.View(filepath.Join(*screenshots, x.name+".png"))
	}
}
