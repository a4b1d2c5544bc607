package engine_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// toAll goes to everybody by mail, now.
func toAll(key string) string {
	return campaign(key, "channels: [email]\nentry: {schedule: {at: \"2026-11-24T12:00\", zone: community, audience: all}}", sends("s", "Hello"))
}

// enter lets the engine take in what is due, and nobody else work.
func (w *world) enter() {
	w.t.Helper()
	_, err := w.e.AdvanceDue(w.t.Context(), time.Minute)
	must(w.t, err)
	w.empties()
}

// empties waits until nothing is claimed any more.
func (w *world) empties() {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		held, err := w.store.Claimed(w.t.Context(), w.clock.now())
		must(w.t, err)
		switch {
		case !held:
			return
		case time.Now().After(end):
			w.t.Fatal("something stays claimed")
		}
	}
}

// TestAudienceIsSentByWhoEntersIt: no lane was asked to send.
func TestAudienceIsSentByWhoEntersIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 1300
		w.crowd(n)
		key := w.publish(toAll("news"))
		w.enter()
		if got := w.mail.Mailbox().Total(); got < 100 {
			t.Errorf("%d mails", got)
		}
		w.settle() // a slow machine leaves some to the lanes
		if total, to := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); total != n || to != n {
			t.Errorf("%d mails to %d of %d members", total, to, n)
		}
		if done := w.count(key, campaigns.EnrollmentCompleted); done != n {
			t.Errorf("%d completed", done)
		}
		w.nothingLost()
	})
}

// TestByHandAsByLanes: whoever sends, everybody gets the same, and for the same reasons.
func TestByHandAsByLanes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var ids []campaigns.MemberID
		for i := range 40 {
			address := fmt.Sprintf("m%d@example.org", i)
			m := w.member(fmt.Sprint("m", i), byMail(address))
			ids = append(ids, m.ID)
			must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
				switch i % 5 {
				case 1:
					return tx.AppendConsent(t.Context(), m.ID, members.Consent{Channel: campaigns.Email, Topic: members.AllTopics, Source: "test", At: w.clock.now()})
				case 2:
					p, err := tx.LockMember(t.Context(), m.ID)
					must(t, err)
					p.StoppedAt = new(w.clock.now())
					return tx.UpdateMember(t.Context(), &p.Member)
				case 3:
					return tx.Suppress(t.Context(), campaigns.Email, w.e.AddressHash(campaigns.Email, address), "complaint", w.clock.now())
				}
				return nil
			}))
		}
		hand := w.publish(toAll("hand"))
		w.enter()
		lanes := w.publish(toAll("lanes"))
		for progress := true; progress; {
			var err error
			progress, err = w.e.EnrollAudiences(t.Context())
			must(t, err)
		}
		w.settle()
		said := func(key campaigns.Key, id campaigns.MemberID) string {
			c, err := w.store.CampaignByKey(t.Context(), key)
			must(t, err)
			ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Campaign: c.ID, Member: id}, store.Page{})
			must(t, err)
			out := w.stands(key, id)
			for _, d := range ds {
				out += fmt.Sprintf(" %s:%s:%d", d.State, d.Reason, d.Attempts)
			}
			return out
		}
		kinds := map[string]bool{}
		for _, id := range ids {
			if by, other := said(hand, id), said(lanes, id); by != other {
				t.Errorf("member %d: %q, and %q by lanes", id, by, other)
			}
			kinds[said(hand, id)] = true
		}
		if len(kinds) < 3 {
			t.Errorf("all stand the same: %v", kinds)
		}
		w.nothingLost()
	})
}

// TestHandIsStopped: a pause by another process holds what is sent by hand too, and it goes on where it stood.
func TestHandIsStopped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 600
		w.crowd(n)
		other := w.engine("worker-2")
		var begun atomic.Int64
		var once sync.Once
		key := campaigns.Key("news")
		w.slowMail(func() {
			if begun.Add(1) < 100 {
				return
			}
			once.Do(func() {
				if _, err := other.Pause(context.Background(), engine.Operator, key); err != nil {
					t.Error(err)
				}
				<-time.After(time.Second) // what this process knew of the campaign is too old now
			})
		})
		w.publish(toAll("news"))
		w.enter()
		stopped := w.mail.Mailbox().Total()
		if stopped < 100 || stopped > 100+2*4 { // four lines, each with one on its way and one handed out
			t.Errorf("%d mails left although it was paused after 100", stopped)
		}
		w.settle()
		if got := w.mail.Mailbox().Total(); got != stopped {
			t.Errorf("%d mails more while it stood", got-stopped)
		}
		must(t, second(other.Resume(context.Background(), engine.Operator, key)))
		<-time.After(time.Second)
		w.settle()
		if total, to := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); total != n || to != n {
			t.Errorf("%d mails to %d of %d members", total, to, n)
		}
		w.nothingLost()
	})
}

// TestHandLetsOthersGoFirst: while anything waits for the channel's bulk lane, what enters waits behind it by its urgency.
func TestHandLetsOthersGoFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(30)
		urgent := w.publish(campaign("urgent", "purpose: service\nchannels: [email]", sends("s", "Urgent")))
		w.enroll(urgent, ids...)
		_, err := w.e.AdvanceDue(t.Context(), time.Minute)
		must(t, err)
		w.publish(toAll("news"))
		w.enter()
		if n := w.mail.Mailbox().Total(); n != 0 {
			t.Errorf("%d mails went first", n)
		}
		w.settle()
		if n := w.mail.Mailbox().Total(); n != 60 {
			t.Errorf("%d mails of 60", n)
		}
		w.nothingLost()
	})
}

// TestHandWaitsForNoSlowChannel: what a rate does not let through is left to the lanes, and entering goes on.
func TestHandWaitsForNoSlowChannel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.limited(engine.Rates{Domains: map[string]float64{"*": 5}})
		const n = 1200
		w.crowd(n)
		key := w.publish(toAll("news"))
		began := time.Now()
		w.enter()
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("entering took %s", took)
		}
		if in := w.count(key, campaigns.EnrollmentWaiting) + w.count(key, campaigns.EnrollmentCompleted); in != n {
			t.Errorf("%d of %d entered", in, n)
		}
		if total, to := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); total != to || total > 100 {
			t.Errorf("%d mails to %d members, at five a second and domain", total, to)
		}
	})
}

// TestDueGoesOnWhileTheServerHangs: a mail server that says nothing keeps its chunk, and nothing else that is due.
func TestDueGoesOnWhileTheServerHangs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 20
		w.crowd(n)
		hang := make(chan struct{})
		w.slowMail(func() { <-hang })
		key := w.publish(toAll("news"))
		back := make(chan error, 1)
		go func() {
			_, err := w.e.AdvanceDue(t.Context(), time.Minute)
			back <- err
		}()
		select {
		case err := <-back:
			must(t, err)
		case <-time.After(20 * time.Second):
			t.Error("what is due waits for the mail server")
		}
		if in := w.count(key, campaigns.EnrollmentWaiting); in != n {
			t.Errorf("%d of %d entered", in, n)
		}
		close(hang)
		w.empties()
		w.settle()
		if total, to := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); total != n || to != n {
			t.Errorf("%d mails to %d of %d members", total, to, n)
		}
		w.nothingLost()
	})
}
