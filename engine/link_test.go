package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// code makes a linking code by API.
func (w *world) code(member string) *engine.LinkCode {
	w.t.Helper()
	c, err := w.e.MakeLinkCode(w.t.Context(), engine.Operator, member)
	must(w.t, err)
	return c
}

// opens presses Start behind a link with the payload.
func (w *world) opens(user int64, payload string) {
	w.t.Helper()
	w.bot.Start(sandbox.BotUser{ID: user, FirstName: fmt.Sprintf("Name%d", user), LanguageCode: "en"}, payload)
	w.settle()
}

func (w *world) profile(id campaigns.MemberID) *engine.MemberView {
	w.t.Helper()
	m, err := w.e.MemberByID(w.t.Context(), engine.Operator, id)
	must(w.t, err)
	return m
}

func (w *world) membersNow() int {
	w.t.Helper()
	ms, err := w.e.Members(w.t.Context(), engine.Operator, store.Page{Limit: 1000})
	must(w.t, err)
	return len(ms)
}

func expectEvent(t *testing.T, w *world, m campaigns.MemberID, name string, n int) {
	t.Helper()
	got := 0
	for _, e := range w.events(m) {
		if e == name {
			got++
		}
	}
	if got != n {
		t.Errorf("%s: %d times, want %d, in %v", name, got, n, w.events(m))
	}
}

// TestCodeJoinsAChat: Start behind the link makes the chat the mail member's, with consent for the chat; nobody new appears. The code works once.
func TestCodeJoinsAChat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		key := w.publish(campaign("hi", "entry: {event: member.joined}", sends("s", "Hello")))
		c := w.code("u1")
		if want := "https://t.me/" + w.botName() + "?start=l_" + c.Code; c.URL != want || c.ExpiresAt.Sub(w.clock.now()) > 15*time.Minute {
			t.Errorf("code: %+v, want %s", c, want)
		}
		w.opens(7, "l_"+c.Code)
		w.expectLast(7, "this chat is yours in Speaklingua")
		if w.byChat(7) != m.ID || w.membersNow() != 1 {
			t.Fatalf("the chat is %d's, of %d members", w.byChat(7), w.membersNow())
		}
		p := w.profile(m.ID)
		if !p.Consents.Allows(campaigns.Telegram, "news") || p.Addresses.On(campaigns.Email).Value != "anna@example.org" {
			t.Errorf("consents %v, addresses %v", p.Consents, p.Addresses)
		}
		expectEvent(t, w, m.ID, "member.linked", 1)
		expectEvent(t, w, m.ID, "bot.started", 1)
		if n := w.runs(key, m.ID); n != 0 {
			t.Errorf("who is a member already joined again: %d runs", n)
		}

		w.opens(8, "l_"+c.Code)
		if got := w.chat(8); len(got) != 3 || !strings.Contains(got[0], "used already") || !strings.Contains(got[1], "By pressing Start") {
			t.Errorf("a used code: %q", got)
		}
		if w.byChat(8) == m.ID || w.byChat(7) != m.ID {
			t.Error("a used code joined another chat")
		}
		es, err := w.store.Events(t.Context(), store.EventFilter{}, store.Page{Limit: 1000})
		must(t, err)
		for _, e := range es {
			if strings.Contains(string(e.Data), c.Code) {
				t.Errorf("the code stands in the log: %s %s", e.Name, e.Data)
			}
		}
	})
}

func (w *world) botName() string {
	me, err := w.tg.GetMe(w.t.Context())
	must(w.t, err)
	return me.Username
}

// TestCodeThatDoesNotWork: too old, never made, made for the same chat; Start works all the same, and the code may be typed behind /link.
func TestCodeThatDoesNotWork(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		c := w.code("u1")
		w.later(16 * time.Minute)
		w.opens(7, "l_"+c.Code)
		if got := w.chat(7); len(got) != 2 || !strings.Contains(got[0], "good for 15 minutes") || !strings.Contains(got[1], "By pressing Start") {
			t.Errorf("an old code: %q", got)
		}
		w.opens(8, "l_000000000000")
		w.opens(8, "l_nonsense")
		if got := w.chat(8); len(got) != 4 || !strings.Contains(got[0], "do not know this code") || !strings.Contains(got[2], "do not know this code") {
			t.Errorf("unknown codes: %q", got)
		}
		if w.byChat(7) == m.ID || w.byChat(8) == m.ID {
			t.Fatal("a bad code joined a chat")
		}
		c = w.code("u1")
		w.say(7, "/link "+strings.ToUpper(c.Code[:4]+"-"+c.Code[4:8]+"-"+c.Code[8:]))
		w.expectLast(7, "this chat is yours")
		if w.byChat(7) != w.profile(m.ID).ID {
			t.Error("the typed code did not join the chat")
		}
		c = w.code("u1")
		w.say(7, "/link "+c.Code)
		w.expectLast(7, "connected before")
	})
}

// TestALinkBringsNothingBack: neither pressing a connecting link twice nor pressing one that does not work ends a stop or turns a topic on.
func TestALinkBringsNothingBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news", "challenges"}})
		must(t, err)
		w.member("u1", byMail("anna@example.org"))
		w.joins(7, "en")
		w.say(7, "/stop")
		c := w.code("u1")
		for _, payload := range []string{"l_" + c.Code, "l_" + c.Code, "l_ABCDEFGHJK", "l_nonsense"} {
			w.opens(7, payload)
			if p := w.profile(w.byChat(7)); p.StoppedAt == nil {
				t.Fatalf("%s ended the stop: %q", payload, w.chat(7))
			}
		}
		w.joins(8, "en")
		w.presses(8, w.settings(8), "✓ news")
		for _, payload := range []string{"l_" + c.Code, "l_nonsense"} {
			w.opens(8, payload)
			if p := w.profile(w.byChat(8)); p.Consents.Allows(campaigns.Telegram, "news") {
				t.Fatalf("%s turned a topic on: %v", payload, p.Consents)
			}
		}
		w.opens(9, "l_nonsense") // somebody new begins, all the same
		if p := w.profile(w.byChat(9)); !p.Consents.Allows(campaigns.Telegram, "news") {
			t.Errorf("somebody new: %v", p.Consents)
		}
	})
}

// TestOneCodeTwoChats: of two who use one code at the same moment, in two processes, one wins.
func TestOneCodeTwoChats(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		other := w.engine("worker-2")
		for round := range int64(4) {
			c := w.code("u1")
			one, two := 100+2*round, 101+2*round
			for _, user := range []int64{one, two} {
				w.bot.Start(sandbox.BotUser{ID: user, FirstName: "N", LanguageCode: "en"}, "l_"+c.Code)
			}
			w.receive()
			var wg sync.WaitGroup
			wg.Go(func() { must(t, w.e.HandleActor(t.Context(), fmt.Sprintf("telegram:%d", one))) })
			wg.Go(func() { must(t, other.HandleActor(t.Context(), fmt.Sprintf("telegram:%d", two))) })
			wg.Wait()
			w.settle()
			said := []string{w.chat(one)[0], w.chat(two)[0]}
			slices.Sort(said)
			if !strings.HasPrefix(said[0], "Done: this chat is yours") || !strings.HasPrefix(said[1], "This code has been used") {
				t.Fatalf("both were told %q", said)
			}
		}
		expectEvent(t, w, m.ID, "member.linked", 4)
		w.nothingLost()
	})
}

// TestTwoMembersFromBothSides: each of two uses the other's code at the same moment, in two processes. They become one, once.
func TestTwoMembersFromBothSides(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := w.engine("worker-2")
		for round := range int64(4) {
			one, two := 100+2*round, 101+2*round
			a, b := fmt.Sprintf("a%d", round), fmt.Sprintf("b%d", round)
			m := w.chatMember(a, one, nil)
			w.later(time.Minute)
			w.chatMember(b, two, nil)
			forB, forA := w.code(a), w.code(b)
			_, err := w.bot.Say(two, "/link "+forB.Code)
			must(t, err)
			_, err = w.bot.Say(one, "/link "+forA.Code)
			must(t, err)
			w.receive()
			var wg sync.WaitGroup
			wg.Go(func() { _ = w.e.HandleActor(t.Context(), fmt.Sprintf("telegram:%d", one)) }) // one that met the other is tried again
			wg.Go(func() { _ = other.HandleActor(t.Context(), fmt.Sprintf("telegram:%d", two)) })
			wg.Wait()
			w.settle()
			for _, x := range []string{a, b} {
				got, err := w.e.Member(t.Context(), engine.Operator, x)
				must(t, err)
				if got.ID != m || got.ExternalID != a {
					t.Errorf("%s leads to %d %q, want %d", x, got.ID, got.ExternalID, m)
				}
			}
			expectEvent(t, w, m, "member.merged", 1)
		}
		w.nothingLost()
	})
}

// twins are two members who are one person: the older by mail, the younger in chat 7, both inside one campaign, each with a history of their own.
func twins(w *world) (older, younger campaigns.MemberID, talk, chat campaigns.Key) {
	w.t.Helper()
	a := w.member("u1", func(in *engine.MemberInput) {
		byMail("anna@example.org")(in)
		in.Attributes, in.Tags = map[string]any{"level": "b1"}, &[]string{"mail"}
	})
	w.later(time.Minute)
	b := w.chatMember("u2", 7, func(in *engine.MemberInput) {
		in.FirstName, in.Attributes, in.Tags = new("Anya"), map[string]any{"level": "a1", "goal": "travel"}, &[]string{"chat"}
	})
	talk = w.publish(campaign("talk", "exit: [{event: member.left}]", asks("q1", "text", "")+"  - {id: give, award: {points: 5}}\n"+asks("q2", "text", "")))
	chat = w.publish(campaign("chat", "channels: [telegram]", asks("q3", "text", "")+waits("w", "for: 2h")+sends("s", "After the wait")))
	w.enroll(talk, "u1", "u2")
	w.settle()
	w.say(7, "answered in the chat")
	w.say(7, "q2 in the chat")
	w.enroll(chat, "u2")
	w.settle()
	w.say(7, "third")
	w.say(7, "I wrote this")
	return a.ID, b, talk, chat
}

// TestMerge: two members become the older one; both histories are kept, one run a campaign, and the old ids lead on.
func TestMerge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b, talk, chat := twins(w)
		w.opens(7, "l_"+w.code("u1").Code)
		w.expectLast(7, "this chat is yours")
		if w.byChat(7) != a || w.membersNow() != 1 {
			t.Fatalf("the chat is %d's, not %d's, of %d members", w.byChat(7), a, w.membersNow())
		}
		p := w.profile(a)
		if p.ExternalID != "u1" || p.FirstName != "Anna" || p.Attributes["level"] != "b1" || p.Attributes["goal"] != "travel" || strings.Join(p.Tags, " ") != "chat mail" {
			t.Errorf("the member is %+v", p.Member)
		}
		if got := w.answersOf(a); got["q1"].Text != "answered in the chat" || got["q2"].Text != "q2 in the chat" || got["q3"].Text != "third" {
			t.Errorf("answers: %v", got)
		}
		c, err := w.store.CampaignByKey(t.Context(), talk)
		must(t, err)
		es, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID, Member: a}, store.Page{})
		must(t, err)
		if len(es) != 2 || es[0].State != campaigns.EnrollmentWaiting || es[1].State != campaigns.EnrollmentCompleted {
			t.Errorf("runs: %+v", es)
		}
		expectEvent(t, w, a, "member.merged", 1)
		ms, err := w.store.Messages(t.Context(), "", a, store.Page{})
		must(t, err)
		if len(ms) != 1 || ms[0].Text != "I wrote this" {
			t.Errorf("messages: %v", ms)
		}
		place, ok, err := w.store.Standing(t.Context(), c.ID, a)
		must(t, err)
		if !ok || place.Points != 5 {
			t.Errorf("points: %+v", place)
		}
		w.later(3 * time.Hour)
		w.expectLast(7, "After the wait")
		w.expectStands(chat, a, "completed s")
		oldIDs(t, w, a, b)
		w.nothingLost()
	})
}

// oldIDs: what was the merged member's id and external id leads to the one who stayed.
func oldIDs(t *testing.T, w *world, a, b campaigns.MemberID) {
	t.Helper()
	if w.profile(b).ID != a {
		t.Error("the old id leads nowhere")
	}
	m, err := w.e.Member(t.Context(), engine.Operator, "u2")
	must(t, err)
	if m.ID != a || m.ExternalID != "u1" {
		t.Errorf("the old external id leads to %d %q", m.ID, m.ExternalID)
	}
	m, created, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u2", LastName: new("Berg")})
	must(t, err)
	if created || m.ID != a || m.ExternalID != "u1" || m.LastName != "Berg" {
		t.Errorf("put by the old external id: %v %+v", created, m.Member)
	}
	if _, err := w.e.CreateMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u2"}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("created anew: %v", err)
	}
	expectEvent(t, w, a, "event.received", 2)
	w.event("lesson.finished", "u2")
	w.settle()
	expectEvent(t, w, a, "event.received", 3)
	bulk, err := w.e.UpsertMembers(t.Context(), engine.Operator, []engine.MemberInput{{ExternalID: "u2", TimeZone: new("Asia/Tbilisi")}})
	must(t, err)
	if bulk[0].Err != nil || bulk[0].Created || w.profile(a).TimeZone != "Asia/Tbilisi" {
		t.Errorf("bulk: %+v, zone %s", bulk[0], w.profile(a).TimeZone)
	}
	if got := w.enroll(w.publish(campaign("more", "", sends("s", "More"))), "u2"); got[0] != "enrolled" {
		t.Errorf("enrolled: %v", got)
	}
	w.settle()
}

// TestMergeKeepsOneRun: of two active runs the further one goes on, the other one exits, and what waited to be sent for it is canceled.
func TestMergeKeepsOneRun(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		w.later(time.Minute)
		b := w.chatMember("u2", 7, nil)
		key := w.publish(campaign("talk", "", asks("q1", "text", "")+"  - {id: give, award: {points: 5}}\n"+asks("q2", "text", "")))
		w.enroll(key, "u1", "u2")
		w.settle()
		w.say(7, "one")
		further := w.enrollment(key, b)
		w.opens(7, "l_"+w.code("u1").Code)
		c, err := w.store.CampaignByKey(t.Context(), key)
		must(t, err)
		es, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID, Member: m.ID}, store.Page{})
		must(t, err)
		for _, en := range es {
			if en.ID == further.ID && en.State != campaigns.EnrollmentWaiting || en.ID != further.ID && en.Reason != campaigns.ExitMerged {
				t.Errorf("run %d: %s %s", en.ID, en.State, en.Reason)
			}
		}
		w.say(7, "two")
		if got := w.answersOf(m.ID); got["q2"].Text != "two" {
			t.Errorf("the question that was open in the chat got %v", got)
		}
		w.nothingLost()
	})
}

// TestRefusalsSurviveAMerge: what one of the two refused later than the other agreed stays refused, and everything off stays off.
func TestRefusalsSurviveAMerge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		topic := func(name string, given bool) func(*engine.MemberInput) {
			return func(in *engine.MemberInput) {
				in.Consents = append(in.Consents, engine.ConsentInput{Channel: campaigns.Telegram, Topic: name, Source: "test", Given: &given})
			}
		}
		w.member("u1", func(in *engine.MemberInput) {
			byMail("anna@example.org")(in)
			topic("news", true)(in)
			topic("surveys", true)(in)
			topic("talks", false)(in)
		})
		w.later(time.Minute)
		w.chatMember("u2", 7, func(in *engine.MemberInput) {
			topic("news", false)(in)
			topic("talks", true)(in)
		})
		w.later(time.Minute)
		w.say(7, "/stop")
		w.opens(7, "l_"+w.code("u1").Code)
		w.expectLast(7, "All messages are turned off")
		p := w.profile(w.byChat(7))
		if p.StoppedAt == nil {
			t.Error("the stop was lifted")
		}
		for name, want := range map[string]bool{"news": false, "surveys": true, "talks": true} {
			if p.Consents.Allows(campaigns.Telegram, name) != want {
				t.Errorf("%s: want %v of %v", name, want, p.Consents)
			}
		}
		ledger, err := w.store.ConsentLedger(t.Context(), p.ID)
		must(t, err)
		merged := 0
		for _, c := range ledger {
			if c.Source == "merge" {
				merged++
			}
		}
		if merged != 2 {
			t.Errorf("entries of the merge: %d in %+v", merged, ledger)
		}
		w.say(7, "/start")
		if w.profile(p.ID).StoppedAt != nil {
			t.Error("a plain Start did not bring them back")
		}
	})
}

// TestRefusingEverythingRefusesEachTopic: who withdrew every topic after the other had agreed to one; the other way round the agreement stays.
func TestRefusingEverythingRefusesEachTopic(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		says := func(topic string, given bool) func(*engine.MemberInput) {
			return func(in *engine.MemberInput) {
				in.Consents = []engine.ConsentInput{{Channel: campaigns.Telegram, Topic: topic, Source: "test", Given: &given}}
			}
		}
		w.member("u1", byMail("anna@example.org"))
		w.member("u1", says("news", true))
		w.later(time.Minute)
		w.chatMember("u2", 7, nil)
		w.member("u2", says("", false))
		w.later(time.Minute)
		w.member("u1", says("surveys", true))
		w.opens(7, "l_"+w.code("u1").Code)
		p := w.profile(w.byChat(7))
		for topic, want := range map[string]bool{"news": false, "surveys": true, "other": false} {
			if p.Consents.Allows(campaigns.Telegram, topic) != want {
				t.Errorf("%s: want %v of %v", topic, want, p.Consents)
			}
		}
	})
}

// TestCodesAreBounded: a page that is pressed all day makes fifty codes.
func TestCodesAreBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("u1", byMail("anna@example.org"))
		for range 50 {
			w.code("u1")
		}
		if _, err := w.e.MakeLinkCode(t.Context(), engine.Operator, "u1"); fault.KindOf(err) != fault.RateLimited {
			t.Errorf("another one: %v", err)
		}
		w.later(25 * time.Hour)
		w.code("u1")
		if _, err := w.e.MakeLinkCode(t.Context(), engine.Principal{}, "u1"); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("by nobody: %v", err)
		}
	})
}

// TestEraseAfterMerge: erasing the one who stayed, by the old external id, leaves nothing of both.
func TestEraseAfterMerge(t *testing.T) {
	eachDumped(t, func(t *testing.T, w *world, dump func() string) {
		w.member("ext-0815", func(in *engine.MemberInput) {
			byMail("zina@work.example")(in)
			in.Attributes = map[string]any{"cat": "Felixington"}
		})
		w.later(time.Minute)
		_, _, values := leaver(w)
		w.opens(7654321, "l_"+w.code("ext-0815").Code)
		w.expectLast(7654321, "this chat is yours")
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "ext-4711"))
		w.later(48 * time.Hour)
		expectGone(t, dump(), append(values, "ext-0815", "zina@work", "Felixington"))
		if _, err := w.e.Member(t.Context(), engine.Operator, "ext-4711"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the old external id leads on: %v", err)
		}
	})
}

// mailbox asks in the chat for a mail to the address, and returns the token of its link.
func (w *world) mailbox(user int64, address string) string {
	w.t.Helper()
	n := len(w.mails(address))
	w.say(user, "/link")
	w.expectLast(user, "Which mail address is yours?")
	w.say(user, address)
	w.expectLast(user, "A mail is on its way")
	mails := w.mails(address)
	if len(mails) != n+1 {
		w.t.Fatalf("%d mails to %s, want %d", len(mails), address, n+1)
	}
	for _, l := range sandbox.Links(mails[n]) {
		if _, token, ok := strings.Cut(l.URL, "/mailbox/"); ok {
			return token
		}
	}
	w.t.Fatal("no link in the mail")
	return ""
}

// TestLinkAMailbox: /link asks, mails, and only the page's own POST connects; with proof and consent. The link works once.
func TestLinkAMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.joins(7, "en")
		w.say(7, "/link")
		w.say(7, "not an address")
		w.expectLast(7, "does not look like a mail address")
		w.say(7, "/cancel")
		w.say(7, "anna@example.org")
		w.expectLast(7, "A person will read this")
		token := w.mailbox(7, "anna@example.org")
		page, err := w.e.MailboxInfo(t.Context(), token)
		must(t, err)
		if page.Address != "anna@example.org" || page.Name != "Name7" || page.Known || page.Used || page.Replaces {
			t.Errorf("page: %+v", page)
		}
		if len(w.profile(m).Addresses) != 1 {
			t.Fatal("looking at the page connected the mailbox")
		}
		must(t, w.e.JoinMailbox(t.Context(), token))
		must(t, w.e.JoinMailbox(t.Context(), token))
		w.settle()
		w.expectLast(7, "Your mail is connected")
		p := w.profile(m)
		if p.Addresses.On(campaigns.Email).Value != "anna@example.org" || !p.Consents.Allows(campaigns.Email, "news") {
			t.Errorf("addresses %v, consents %v", p.Addresses, p.Consents)
		}
		expectEvent(t, w, m, "member.linked", 1)
		ledger, err := w.store.ConsentLedger(t.Context(), m)
		must(t, err)
		if last := ledger[len(ledger)-1]; last.Source != "mail_link" || last.Wording == "" || last.Channel != campaigns.Email {
			t.Errorf("ledger: %+v", last)
		}
		if page, err = w.e.MailboxInfo(t.Context(), token); err != nil || !page.Used || page.Address != "" {
			t.Errorf("afterwards: %+v %v", page, err)
		}
		for _, bad := range []string{"", "x", token + "x", token[:len(token)-1]} {
			if err := w.e.JoinMailbox(t.Context(), bad); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%q: %v", bad, err)
			}
		}
		w.nothingLost()
	})
}

// TestLinkAKnownMailbox: the chat hears the same; the page says that two become one, and they do, in the older one.
func TestLinkAKnownMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		w.later(time.Minute)
		w.chatMember("u2", 7, andMail("old@example.org"))
		token := w.mailbox(7, "Anna@example.org")
		page, err := w.e.MailboxInfo(t.Context(), token)
		must(t, err)
		if !page.Known || !page.Replaces {
			t.Errorf("page: %+v", page)
		}
		must(t, w.e.JoinMailbox(t.Context(), token))
		w.settle()
		p := w.profile(m.ID)
		if w.byChat(7) != m.ID || p.Addresses.On(campaigns.Email).Value != "anna@example.org" || w.membersNow() != 1 {
			t.Errorf("chat of %d, addresses %v, %d members", w.byChat(7), p.Addresses, w.membersNow())
		}
		es, err := w.store.Events(t.Context(), store.EventFilter{Member: m.ID}, store.Page{Limit: 1000})
		must(t, err)
		said := false
		for _, e := range es {
			said = said || e.Name == "member.merged" && strings.Contains(string(e.Data), `"dropped":["email"]`)
		}
		if !said {
			t.Error("the record does not say that an address gave way")
		}
	})
}

// TestLinkMailsAreBounded: in an hour a link ends; three a day are mailed, of a member and to a mailbox; none to a suppressed one, which is not told.
func TestLinkMailsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.joins(7, "en")
		w.joins(8, "en")
		token := w.mailbox(7, "anna@example.org")
		w.later(61 * time.Minute)
		if err := w.e.JoinMailbox(t.Context(), token); fault.KindOf(err) != fault.Conflict {
			t.Errorf("an old link: %v", err)
		}
		w.mailbox(7, "anna@example.org")
		w.mailbox(8, "anna@example.org")
		w.say(8, "/link anna@example.org")
		w.expectLast(8, "Enough mails for one day")
		w.mailbox(7, "other@example.org")
		w.say(7, "/link third@example.org")
		w.expectLast(7, "Enough mails for one day")
		w.later(25 * time.Hour)
		must(t, w.e.DropLinkCodes(t.Context()))
		if err := w.e.JoinMailbox(t.Context(), token); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a link of the day before: %v", err)
		}
		w.mailbox(7, "third@example.org")

		w.member("u9", byMail("gone@example.org"))
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "u9"))
		w.say(8, "/link gone@example.org")
		w.expectLast(8, "A mail is on its way")
		if n := len(w.mails("gone@example.org")); n != 0 {
			t.Errorf("%d mails to a suppressed address", n)
		}
		if w.profile(w.byChat(8)).State != members.Active {
			t.Error("the member is not active")
		}
	})
}

// TestTheQuestionInTheChatGoesOn: both runs waited at one question; the chat's words and buttons, and the mail's page, answer it in the run that goes on.
func TestTheQuestionInTheChatGoesOn(t *testing.T) {
	for _, kind := range []string{"text", "yes_no", "page"} {
		t.Run(kind, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				a := w.member("u1", byMail("anna@example.org"))
				w.later(time.Minute)
				w.chatMember("u2", 7, nil)
				typ := map[string]string{"page": "text"}[kind]
				if typ == "" {
					typ = kind
				}
				key := w.publish(campaign("c", "", asks("q1", typ, "")+sends("s", "Thanks")))
				w.enroll(key, "u1", "u2")
				w.settle()
				chat := w.bot.Chat(7)
				asked := chat[len(chat)-1].ID
				w.opens(7, "l_"+w.code("u1").Code)
				switch kind {
				case "text":
					w.say(7, "my answer")
				case "yes_no":
					w.presses(7, asked, "Yes")
				default:
					w.fill(w.surveyToken(w.mails("anna@example.org")[0]), nil, "my answer")
				}
				c, err := w.store.CampaignByKey(t.Context(), key)
				must(t, err)
				es, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID, Member: a.ID, State: campaigns.EnrollmentCompleted}, store.Page{})
				if err != nil || len(es) != 1 {
					t.Errorf("%d runs went to the end, %v; the chat: %q", len(es), err, w.chat(7))
				}
				if got := w.answersOf(a.ID)["q1"]; got.Text != "my answer" && !got.Bool {
					t.Errorf("answer: %+v", got)
				}
			})
		})
	}
}

// TestTheChatThatAskedStays: of two chats, the one that asked for the mailbox stays, as the page says; and so it says what a stop will do.
func TestTheChatThatAskedStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		older := w.chatMember("u1", 5, andMail("anna@example.org"))
		w.later(time.Minute)
		w.joins(7, "en")
		w.say(5, "/stop")
		token := w.mailbox(7, "anna@example.org")
		page, err := w.e.MailboxInfo(t.Context(), token)
		must(t, err)
		if !page.Known || !page.OtherChat || !page.Stops {
			t.Errorf("page: %+v", page)
		}
		must(t, w.e.JoinMailbox(t.Context(), token))
		w.settle()
		if w.byChat(7) != older || w.profile(older).StoppedAt == nil {
			t.Errorf("chat 7 is %d's, who stays is %d: %+v", w.byChat(7), older, w.profile(older))
		}
		w.expectLast(7, "All messages are turned off for one of the two")
	})
}

// TestAnAnswerIsNoAddress: a question that comes after /link gets its answer; what looks like an address is still one.
func TestAnAnswerIsNoAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.chatMember("u1", 7, nil)
		w.say(7, "/link")
		key := w.publish(campaign("c", "", asks("q1", "text", "")+sends("s", "Thanks")))
		w.enroll(key, "u1")
		w.settle()
		w.say(7, "anna at example")
		w.expectLast(7, "Thanks")
		w.say(7, "/link")
		w.say(7, "nonsense") // nothing else is open
		w.expectLast(7, "does not look like a mail address")
	})
}

// TestErasingEmptiesCodes: a mailbox that somebody else's code names goes with its member.
func TestErasingEmptiesCodes(t *testing.T) {
	eachDumped(t, func(t *testing.T, w *world, dump func() string) {
		w.joins(7, "en")
		w.member("u1", byMail("secretbox@example.org"))
		token := w.mailbox(7, "secretbox@example.org")
		if _, err := w.e.MailboxInfo(t.Context(), token); err != nil || !strings.Contains(dump(), "link_codes") {
			t.Fatal(err)
		}
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "u1"))
		if page, err := w.e.MailboxInfo(t.Context(), token); !fault.Is(err, fault.NotFound) {
			t.Errorf("the code still leads to a mailbox: %+v, %v", page, err)
		}
		if err := w.e.JoinMailbox(t.Context(), token); !fault.Is(err, fault.NotFound) {
			t.Errorf("joining the mailbox of who was erased: %v", err)
		}
	})
}
