package engine_test

import (
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store"
)

const challenge = `
key: speak
kind: challenge
name: Speak
topic: challenges
languages: [en]
channels: [telegram, email]
entry: {event: challenge.joined}
steps:
  - id: days
    repeat:
      times: 3
      at: "10:00"
      prompts: [{en: "Say <hello> & more"}, {en: Your town}, {en: A story}]
      steps:
        - id: task
          ask: {type: voice, accept: [voice, video_note], min: 5, text: {en: "Day {{ round }} of {{ rounds }}: {{ prompt }}"}}
        - branch:
            - if: {answer: task, exists: true}
              steps:
                - {id: give, award: {points: 10}}
                - {id: thanks, send: {text: {en: "{{ points }} points, {{ rounds_done }} days"}}}
  - id: finish
    send: {text: {en: "The end: {{ rounds_done }} days"}}
`

// enters makes a member with a chat who is in the challenge.
func (w *world) enters(chat int64, name, id string) {
	w.t.Helper()
	w.bot.Start(sandbox.BotUser{ID: chat, FirstName: name, LastName: "Berg", LanguageCode: "en"}, "")
	w.settle()
	w.member(id, func(in *engine.MemberInput) {
		in.FirstName, in.LastName, in.TelegramChatID = new(name), new("Berg"), new(chatID(chat))
	})
	w.event("challenge.joined", id)
	w.settle()
}

func chatID(n int64) string { return strconv.FormatInt(n, 10) }

func (w *world) speaks(chat int64, kind string, seconds int, content string) int64 {
	w.t.Helper()
	id, err := w.bot.SendUpload(chat, sandbox.BotUpload{Kind: kind, Seconds: seconds, Content: []byte(content), MIME: "audio/ogg"})
	must(w.t, err)
	w.settle()
	return id
}

// TestChallenge: a task a day with its own words, recordings are answers, points add up, places are 1, 1, 3, and a day without a recording is missed.
func TestChallenge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish(challenge)
		w.enters(7, "Ann", "a")
		w.enters(8, "Bob", "b")
		w.enters(9, "Cy", "c")
		w.until(time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)) // 10:30 in Berlin
		if got := w.last(7); got != "Day 1 of 3: Say <hello> & more" {
			t.Fatalf("the first task is %q", got)
		}
		short := w.speaks(7, "voice", 3, "OggS short")
		if got := w.last(7); !strings.Contains(got, "at least 5 seconds") {
			t.Fatalf("a recording that is too short is told: %q", got)
		}
		taken := w.speaks(7, "voice", 12, "OggS hello")
		if got := w.last(7); got != "10 points, 1 days" {
			t.Fatalf("after the recording: %q", got)
		}
		view, _ := w.bot.View(7)
		for _, m := range view.Messages {
			if want := map[int64]string{short: "", taken: "👍"}; m.FromMember && m.Media != nil && m.BotReaction != want[m.ID] {
				t.Errorf("message %d has the reaction %q", m.ID, m.BotReaction)
			}
		}
		w.speaks(8, "video_note", 9, "ftyp note")
		w.later(24 * time.Hour)
		if got := w.last(9); got != "Day 2 of 3: Your town" {
			t.Fatalf("who missed day 1 reads %q", got)
		}
		w.speaks(9, "voice", 9, "OggS cy")
		w.later(24 * time.Hour)
		w.speaks(7, "voice", 9, "OggS three")
		w.speaks(8, "voice", 9, "OggS three")
		w.later(24 * time.Hour)
		if got := w.last(7); got != "The end: 2 days" {
			t.Fatalf("the end is %q", got)
		}
		w.standings()
		w.missed("speak", map[string]int{"a": 1, "b": 1, "c": 2})
		_, err := w.bot.Say(9, "/top")
		must(t, err)
		w.settle()
		if got := w.last(9); !strings.Contains(got, "1. Ann B. – 20 points\n1. Bob B. – 20 points\n3. Cy B. – 10 points") || !strings.Contains(got, "share a place") {
			t.Errorf("/top is %q", got)
		}
	})
}

func (w *world) standings() {
	w.t.Helper()
	s, err := reports.New(w.store, nil).Standings(w.t.Context(), engine.Operator, "speak", "en", 0, 10)
	must(w.t, err)
	type line struct {
		place, points, rounds, seconds int
		name                           string
	}
	want := []line{{1, 20, 2, 21, "Ann Berg"}, {1, 20, 2, 18, "Bob Berg"}, {3, 10, 1, 9, "Cy Berg"}}
	for i, x := range s.Places {
		if got := (line{x.Place, x.Points, x.RoundsDone, x.Seconds, x.Name}); i >= len(want) || got != want[i] {
			w.t.Errorf("line %d is %+v", i, got)
		}
	}
	if s.Total != 3 || s.Rounds != 3 || len(s.Places) != 3 {
		w.t.Errorf("%d members, %d rounds, %d lines", s.Total, s.Rounds, len(s.Places))
	}
	if one, _ := reports.New(w.store, nil).Standings(w.t.Context(), engine.Principal{Scopes: []engine.Scope{engine.CampaignsRead}}, "speak", "en", 2, 1); len(one.Places) != 1 || one.Places[0].Place != 3 || one.Places[0].Name != "" {
		w.t.Errorf("without members:read the third line is %+v", one.Places)
	}
}

func (w *world) missed(key campaigns.Key, want map[string]int) {
	w.t.Helper()
	for id, n := range want {
		m, err := w.store.MemberByExternalID(w.t.Context(), id)
		must(w.t, err)
		es, err := w.store.Events(w.t.Context(), store.EventFilter{Member: m.ID}, store.Page{Limit: 1000})
		must(w.t, err)
		got := 0
		for _, e := range es {
			if e.Name == "round.missed" {
				got++
			}
		}
		if got != n {
			w.t.Errorf("%s missed %d rounds, not %d", id, got, n)
		}
	}
}

// file is the newest file that anybody sent.
func (w *world) file() *store.Media {
	w.t.Helper()
	all, err := w.store.MediaList(w.t.Context(), 0, store.Page{})
	must(w.t, err)
	if len(all) == 0 {
		w.t.Fatal("no file was sent")
	}
	return all[len(all)-1]
}

// TestFilesAreFetchedAfterStoring: a 429 and a broken server put the fetch off, the content is kept by its hash, and an erasure takes it away.
func TestFilesAreFetchedAfterStoring(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Ann", LanguageCode: "en"}, "")
		w.settle()
		w.bot.Fault("getFile", 0, sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 30, Times: 1})
		w.bot.Fault("getFile", 0, sandbox.BotFault{Kind: sandbox.BotGarbage, Times: 1})
		w.speaks(7, "voice", 9, "OggS\x00 my homework")
		if m := w.file(); m.State != store.MediaPending || m.Kind != campaigns.MediaVoice || m.Seconds != 9 {
			t.Fatalf("before it is fetched: %+v", m)
		}
		for range 2 {
			must(t, w.e.FetchMedia(t.Context()))
			if m := w.file(); m.State != store.MediaPending || m.DueAt == nil || !m.DueAt.After(w.clock.now()) {
				t.Fatalf("after a failure: %+v", m)
			}
			w.clock.set(w.clock.now().Add(time.Hour))
		}
		must(t, w.e.FetchMedia(t.Context()))
		m := w.file()
		if m.State != store.MediaStored || m.MIME != "audio/ogg" || m.SHA256 == "" {
			t.Fatalf("after the fetch: %+v", m)
		}
		row, content, err := reports.New(w.store, w.blobs).Media(t.Context(), engine.Operator, m.ID)
		must(t, err)
		got, err := io.ReadAll(content)
		must(t, err)
		must(t, content.Close())
		if string(got) != "OggS\x00 my homework" || !reports.Playable(row) {
			t.Errorf("the content is %q", got)
		}
		w.member("a", func(in *engine.MemberInput) { in.TelegramChatID = new("7") })
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "a"))
		if _, err := w.blobs.Get(m.SHA256); err == nil {
			t.Error("the content outlived its member")
		}
		if gone := w.file(); gone.State != store.MediaErased || gone.FileID != "" || gone.SHA256 != "" {
			t.Errorf("the row still tells %+v", gone)
		}
	})
}

// TestFilesThatCannotBeHad: too large, or unknown to the server, is final and has its reason.
func TestFilesThatCannotBeHad(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Ann", LanguageCode: "en"}, "")
		w.settle()
		w.speaks(7, "document", 0, strings.Repeat("x", 1001))
		if m := w.file(); m.State != store.MediaFailed || m.Reason != "too_large" {
			t.Errorf("too large: %+v", m)
		}
		w.speaks(7, "photo", 0, "JFIF")
		w.bot.ForgetFiles()
		must(t, w.e.FetchMedia(t.Context()))
		if m := w.file(); m.State != store.MediaFailed || m.Reason != "refused" || m.DueAt != nil {
			t.Errorf("unknown: %+v", m)
		}
		if _, _, err := reports.New(w.store, w.blobs).Media(t.Context(), engine.Principal{Scopes: []engine.Scope{engine.MembersRead}}, w.file().ID); err == nil {
			t.Error("a file was shown without responses:read")
		}
	})
}
