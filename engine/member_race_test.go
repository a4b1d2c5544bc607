package engine_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestTwoCallersAdoptOneChat: of two who give the same chat to two ids, one gets it, and the other is told.
func TestTwoCallersAdoptOneChat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for round := range int64(20) {
			chat := fmt.Sprint(100 + round)
			w.joins(100+round, "en")
			var errs [2]error
			var wg sync.WaitGroup
			for i := range errs {
				id := fmt.Sprintf("%c%d", 'x'+i, round)
				wg.Go(func() {
					_, _, errs[i] = w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: id, FirstName: &id, TelegramChatID: &chat})
				})
			}
			wg.Wait()
			for i, err := range errs {
				m, found := w.e.Member(t.Context(), engine.Operator, fmt.Sprintf("%c%d", 'x'+i, round))
				if (err == nil) != (found == nil) || err == nil && m.FirstName != m.ExternalID {
					t.Fatalf("round %d, caller %d was told %v; the member: %+v, %v", round, i, err, m, found)
				}
			}
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("round %d: %v", round, errs)
			}
		}
	})
}

// TestAnErasedMemberStaysErased: who is erased while somebody writes about them is somebody new after that.
func TestAnErasedMemberStaysErased(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		name := "Anna"
		for i := range 30 {
			id := fmt.Sprintf("u%d", i)
			erased := w.member(id, byMail(fmt.Sprintf("a%d@example.org", i))).ID
			var wg sync.WaitGroup
			wg.Go(func() { must(t, w.e.EraseMember(t.Context(), engine.Operator, id)) })
			time.Sleep(time.Duration(i%8) * 300 * time.Microsecond)
			wg.Go(func() {
				_, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: id, FirstName: &name})
				must(t, err)
			})
			wg.Wait()
			p := w.profile(erased)
			if p.State != members.Erased || p.ExternalID != "" || p.FirstName != "" {
				t.Fatalf("round %d: the erased row is %+v", i, p.Member)
			}
		}
	})
}

// TestEnrolledWhileMerging: a member who becomes another one while a long list is enrolled is enrolled as that one, or not again.
func TestEnrolledWhileMerging(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := w.engine("worker-2")
		key := w.publish(campaign("later", "", waits("w", "for: 48h")+sends("s", "x")))
		c, err := w.store.CampaignByKey(t.Context(), key)
		must(t, err)
		list := make([]string, 9999)
		for i := range list {
			list[i] = fmt.Sprintf("nobody%d", i)
		}
		for round := range int64(10) {
			chat, a, b := 100+round, fmt.Sprintf("a%d", round), fmt.Sprintf("b%d", round)
			into := w.member(a, byMail(a+"@example.org")).ID
			w.later(time.Minute)
			from := w.chatMember(b, chat, nil)
			w.enroll(key, a)
			w.settle()
			w.bot.Start(sandbox.BotUser{ID: chat, FirstName: "N", LanguageCode: "en"}, "l_"+w.code(a).Code)
			w.receive()
			var wg sync.WaitGroup
			wg.Go(func() {
				_, err := w.e.Enroll(t.Context(), engine.Operator, key, append(list, b))
				must(t, err)
			})
			time.Sleep(time.Duration(round*2) * time.Millisecond)
			wg.Go(func() { must(t, other.HandleActor(t.Context(), fmt.Sprintf("telegram:%d", chat))) })
			wg.Wait()
			w.settle()
			runs := func(id campaigns.MemberID) (active int) {
				es, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID, Member: id}, store.Page{})
				must(t, err)
				for _, x := range es {
					if !x.State.Final() {
						active++
					}
				}
				return active
			}
			if stays := w.byChat(chat); stays != into || runs(from) != 0 || runs(into) != 1 {
				t.Fatalf("round %d: the chat is %d's, who stays is %d; active runs: %d under the id that is gone, %d of who stays", round, stays, into, runs(from), runs(into))
			}
		}
	})
}
