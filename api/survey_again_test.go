package api

import (
	"net/url"
	"regexp"
	"testing"
)

// TestBackAndCorrected: the form that "back" brings again carries its old nonce; another answer in it is another answer.
func TestBackAndCorrected(t *testing.T) {
	w := newWorld(t)
	w.begin("en")
	link := w.link("s")
	page := w.page("GET", link).want(200).body
	form := url.Values{}
	for _, k := range []string{"step", "visit", "nonce"} {
		form.Set(k, regexp.MustCompile(`name="` + k + `" value="([^"]*)"`).FindStringSubmatch(page)[1])
	}
	form.Set("value", "11")
	w.post(link, form).want(422)
	form.Set("value", "9")
	w.post(link, form).want(303)
	w.settle()
	if n := w.responses(); n != 1 {
		t.Errorf("%d responses", n)
	}
}

// TestWrongAsOftenAsOneLikes: the bot asks again a few times only; a page says each time what is wrong.
func TestWrongAsOftenAsOneLikes(t *testing.T) {
	w := newWorld(t)
	w.begin("en")
	link := w.link("s")
	for i := range 8 {
		if got := w.answer(link, url.Values{"value": {"11"}}); got.Code != 422 {
			t.Errorf("wrong answer %d: %d", i+1, got.Code)
		}
	}
}
