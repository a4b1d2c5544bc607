package engine_test

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// TestPatchOfSomebodyErased: a member who is erased between the look at them and the change is not made anew by it.
func TestPatchOfSomebodyErased(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("u1", byMail("anna@example.org"))
		w.e.Mailbox = func(raw string) (string, string, error) { // the change has been read, and not written
			w.e.Mailbox = email.Address
			must(t, w.e.EraseMember(t.Context(), engine.Operator, "u1"))
			return email.Address(raw)
		}
		_, err := w.e.PatchMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", FirstName: new("Anna"), Email: new("bela@example.org")})
		var f *fault.Error
		if !errors.As(err, &f) || f.Key != "not_found.member" {
			t.Errorf("the change: %v", err)
		}
		if _, err := w.store.MemberByExternalID(t.Context(), "u1"); !fault.Is(err, fault.NotFound) {
			t.Errorf("there is one again: %v", err)
		}
	})
}

// whileRead does something at the first read of what it holds.
type whileRead struct {
	io.Reader
	then func()
}

func (r *whileRead) Read(p []byte) (int, error) {
	if r.then != nil {
		then := r.then
		r.then = nil
		then()
	}
	return r.Reader.Read(p)
}

// TestMergedWhileAPageIsSent: a page is sent for a run that ends in a merge before the answer is handled; it answers the same question in the run that goes on.
func TestMergedWhileAPageIsSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.member("u1", byMail("anna@example.org"))
		w.later(time.Minute)
		b := w.chatMember("u2", 7, nil)
		key := w.publish(campaign("c", "", asks("q", "file", "")+sends("s", "Thanks")))
		w.enroll(key, "u2")
		w.settle()
		w.enroll(key, "u1") // the younger run: it gives way
		w.settle()
		goesOn := w.enrollment(key, b).ID
		token := w.surveyToken(w.mails("anna@example.org")[0])
		page := w.page(token)
		file := &whileRead{strings.NewReader("%PDF-1.4 homework"), func() { w.opens(7, "l_"+w.code("u1").Code) }}
		form := engine.PageForm{Step: page.Step, Visit: page.Visit, Nonce: page.Nonce, Upload: &engine.Upload{Name: "homework.pdf", Content: file}}
		if res, err := w.e.AnswerSurvey(t.Context(), token, form); err != nil || res.Rejection != nil {
			t.Fatalf("the answer: %+v %v", res, err)
		}
		w.settle()
		if stays := w.byChat(7); stays != a.ID {
			t.Fatalf("who stays is %d", stays)
		}
		if en, err := w.store.Enrollment(t.Context(), goesOn); err != nil || en.State != campaigns.EnrollmentCompleted {
			t.Errorf("the run that goes on: %+v %v", en, err)
		}
		if got := w.answersOf(a.ID)["q"]; got.Media == nil || got.Late {
			t.Errorf("the answer: %+v", got)
		}
	})
}

// TestDeadLettersOfAMergedMember: they are the one's who stayed, and are handled in order with theirs.
func TestDeadLettersOfAMergedMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stays := w.member("u1", byMail("anna@example.org"))
		w.later(time.Minute)
		goes := w.chatMember("u2", 7, nil)
		key := w.publish(campaign("c", "entry: {event: lesson.done}", sends("s", "Well done")))
		_, err := w.e.StoreEvents(t.Context(), engine.Operator, []engine.EventInput{{ID: "e1", Event: "lesson.done", Member: "u2"}})
		must(t, err)
		ins, err := w.store.StoredInputs(t.Context(), "member:"+strconv.FormatInt(int64(goes), 10), 10)
		if err != nil || len(ins) != 1 {
			t.Fatalf("%d inputs, %v", len(ins), err)
		}
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			return tx.FailInput(context.WithoutCancel(t.Context()), ins[0].ID, "boom", 1, w.clock.now())
		}))
		w.opens(7, "l_"+w.code("u1").Code)
		letters, err := w.e.DeadLetters(t.Context(), engine.Operator, store.Page{})
		if err != nil || len(letters) != 1 || letters[0].Member != stays.ID || letters[0].Actor != "member:"+strconv.FormatInt(int64(stays.ID), 10) {
			t.Fatalf("dead letters: %+v %v", letters, err)
		}
		_, err = w.e.RetryDeadLetter(t.Context(), engine.Operator, letters[0].ID)
		must(t, err)
		w.settle()
		w.expectStands(key, stays.ID, "completed s")
	})
}
