package demo

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/kruzhok/kruzhok/demo/recordings"
)

// TestPeople: half read English and half Russian, in a dozen zones; some have Telegram, some mail, some both; the same number gives the same people.
func TestPeople(t *testing.T) {
	all := People(200)
	count, zones, ids := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, p := range all {
		count[p.Language]++
		switch {
		case p.Chat != 0 && p.Email != "":
			count["both"]++
		case p.Chat != 0:
			count["telegram"]++
		case p.Email != "":
			count["mail"]++
		default:
			t.Errorf("%s cannot be reached", p.ID)
		}
		if p.Chat == 0 && p.Character.Leaves == Blocks {
			t.Errorf("%s would block a bot without a chat", p.ID)
		}
		zones[p.Zone], ids[p.ID] = true, true
	}
	if count["en"] != 100 || count["ru"] != 100 || len(zones) != 12 || len(ids) != 200 || count["telegram"] != 100 || count["mail"] != 40 || count["both"] != 60 {
		t.Errorf("%v, %d zones, %d ids", count, len(zones), len(ids))
	}
	if !reflect.DeepEqual(People(200), all) {
		t.Error("other people the second time")
	}
}

// TestScores: they are scores, of all kinds.
func TestScores(t *testing.T) {
	r, seen := rand.New(rand.NewPCG(1, 1)), map[int]bool{}
	for range 1000 {
		n := score(r)
		if n < 0 || n > 10 {
			t.Fatalf("a score of %d", n)
		}
		seen[n] = true
	}
	if len(seen) < 6 {
		t.Errorf("only %v", seen)
	}
}

// TestRecordings: each is what it says it is, and long enough for the challenge.
func TestRecordings(t *testing.T) {
	for _, lang := range []string{"en", "ru"} {
		if len(recordings.Voices(lang)) == 0 {
			t.Errorf("no voice speaks %s", lang)
		}
		for _, r := range recordings.Voices(lang) {
			if r.Kind != "voice" || !bytes.HasPrefix(r.Content, []byte("OggS")) || r.Seconds < 3 {
				t.Errorf("%s: %s of %d s, %d bytes", r.Name, r.Kind, r.Seconds, len(r.Content))
			}
		}
	}
	for _, r := range recordings.Notes() {
		if r.Kind != "video_note" || !bytes.Contains(r.Content[:12], []byte("ftyp")) || r.Seconds < 3 {
			t.Errorf("%s: %s of %d s, %d bytes", r.Name, r.Kind, r.Seconds, len(r.Content))
		}
	}
}
