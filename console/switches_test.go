package console

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// press sends the form of a page, and expects to be led back to a page.
func (w *world) press(target, back string) {
	w.t.Helper()
	rec := w.call("POST", target, url.Values{}, "Sec-Fetch-Site", "same-origin")
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != back {
		w.t.Fatalf("%s: %d %s", target, rec.Code, rec.Body)
	}
}

// TestStopAndRelease: the first page stops and releases, and says who did it.
func TestStopAndRelease(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(30)
	w.survey(10)
	if page := w.get("/console", "en"); !strings.Contains(page, "/console/switches/all/trip") || strings.Contains(page, "Mails are stopped") {
		t.Error("nothing to stop, or stopped already")
	}
	w.press("/console/switches/email/trip", "/console")
	for lang, words := range map[string]string{"en": "Mails are stopped", "ru": "Письма остановлены"} {
		page := w.get("/console", lang)
		checkPage(t, "/console", page)
		if !strings.Contains(page, words) || !strings.Contains(page, "/console/switches/email/release") || strings.Contains(page, "/console/switches/email/trip") {
			t.Errorf("%s does not say %q", lang, words)
		}
		if n := strings.Count(page, "button-main"); n != 1 || strings.Count(page, `<span class="mark`) < 2 {
			t.Errorf("%s: %d main buttons", lang, n)
		}
	}
	all, err := w.store.Campaigns(t.Context(), store.Page{Limit: 10}, campaigns.Running)
	must(t, err)
	page := "/console/campaigns/" + string(all[0].Key)
	if got := w.get(page, "en"); !strings.Contains(got, "Mails are stopped. Nothing is lost") {
		t.Error("the page of a campaign that runs does not say why nothing leaves")
	}
	w.press("/console/switches/email/release", "/console")
	if got := w.get(page, "en"); strings.Contains(got, "Mails are stopped") {
		t.Error("the campaign's page still says that mails are stopped")
	}
	if page := w.get("/console", "en"); strings.Contains(page, "Mails are stopped") {
		t.Error("still stopped")
	}
	if rec := w.call("POST", "/console/switches/fax/trip", url.Values{}, "Sec-Fetch-Site", "same-origin"); rec.Code != http.StatusNotFound {
		t.Errorf("a switch that there is not: %d", rec.Code)
	}
}

// TestTrippedCampaign: a campaign that was stopped says why on the first page and on its own, and is resumed there.
func TestTrippedCampaign(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(30)
	w.survey(10)
	var key campaigns.Key
	all, err := w.store.Campaigns(t.Context(), store.Page{Limit: 10}, campaigns.Running)
	must(t, err)
	c := all[0]
	key = c.Key
	base := "/console/campaigns/" + string(key)
	w.press(base+"/pause", base)
	now := time.Now().UTC().Truncate(time.Second)
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.TripSwitch(context.Background(), store.Switch{
			Scope: "campaign:" + idText(c.ID), Reason: store.SwitchErrors, Figures: []byte(`{"n":71,"of":1204,"percent":5.897,"limit":5,"minutes":2}`), TrippedAt: now, TrippedBy: "switch",
		})
		return err
	}))
	for lang, words := range map[string]string{
		"en": "71 of 1,204 messages failed in the last two minutes: 5.9%, and 5% is the limit.", "ru": "за последние две минуты: 5,9 % при пределе 5 %.",
	} {
		for _, address := range []string{"/console", base} {
			page := w.get(address, lang)
			checkPage(t, address, page)
			if !strings.Contains(page, words) {
				t.Errorf("%s in %s does not say why", address, lang)
			}
		}
	}
	if page := w.get("/console", "en"); strings.Contains(page, "is paused") {
		t.Error("its pause is told as well")
	}
	w.press(base+"/resume", base)
	if page := w.get(base, "en"); strings.Contains(page, "is the limit") || !strings.Contains(page, base+"/pause") {
		t.Error("after the release it is still said to be stopped")
	}
}

// TestOpenPagesHearOfSwitches: a page that is open when sending is stopped comes to say so, although nothing else on it changes.
func TestOpenPagesHearOfSwitches(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(10)
	w.survey(5)
	all, err := w.store.Campaigns(t.Context(), store.Page{Limit: 10}, campaigns.Running)
	must(t, err)
	server := httptest.NewServer(w.gin)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var open sync.WaitGroup
	for _, page := range []string{"today", "campaigns/" + string(all[0].Key) + "/steps", "campaigns/" + string(all[0].Key) + "/answers"} {
		open.Go(func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/console/live/"+page, http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(page, err)
				return
			}
			defer res.Body.Close()
			for lines := bufio.NewScanner(res.Body); lines.Scan(); {
				if lines.Text() == "event: change" {
					return
				}
			}
			t.Errorf("%s heard of nothing", page)
		})
	}
	heard := make(chan struct{})
	go func() {
		open.Wait()
		close(heard)
	}()
	tick := time.NewTicker(time.Second) // whenever a page was looked at first, a switch comes after it
	defer tick.Stop()
	for i := 0; ; i++ {
		scope := engine.SwitchScopes()[i%3]
		if i/3%2 == 0 {
			must(t, w.e.Trip(t.Context(), engine.Operator, scope))
		} else {
			must(t, w.e.Release(t.Context(), engine.Operator, scope))
		}
		select {
		case <-heard:
			return
		case <-tick.C:
		}
	}
}
