package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// lead is the chat of the staff.
const lead = 900

// staffed gives the installation somebody to tell.
func (w *world) staffed() {
	w.joins(lead, "en")
	w.e.Staff = map[campaigns.Channel][]string{campaigns.Telegram: {fmt.Sprint(lead)}, campaigns.Email: {"lead@example.org"}}
}

// tells lets the time pass and the staff be told, look by look.
func (w *world) tells(d time.Duration) {
	w.t.Helper()
	w.later(d)
	for range 60 {
		must(w.t, w.e.TellStaff(w.t.Context()))
	}
}

// heard is what the staff read in their chat, without the greeting.
func (w *world) heard() (out []string) {
	for _, m := range w.bot.Chat(lead) {
		if !m.FromMember {
			out = append(out, m.HTML)
		}
	}
	return out[1:]
}

// notices are the member's, as "step channel state reason".
func (w *world) notices(m campaigns.MemberID) (out []string) {
	w.t.Helper()
	ns, err := w.store.Notices(w.t.Context(), store.NoticeFilter{Member: m}, store.Page{Limit: 100})
	must(w.t, err)
	for _, n := range ns {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", n.Step, n.Channel, n.State, n.Reason)))
	}
	return out
}

// toldAgain has the staff told what it did not hear.
func (w *world) toldAgain(kind engine.FailedKind, want engine.ToldAgain) {
	w.t.Helper()
	if got, err := w.e.TellAgain(w.t.Context(), engine.Operator, kind); err != nil || got != want {
		w.t.Errorf("%+v again: %+v %v", kind, got, err)
	}
	w.tells(time.Minute)
}

func telling(key, to string) string {
	return campaign(key, "", "  - {id: tell, notify: {text: {en: \"**Look:** {{ member.attributes.level }}\", ru: \"Смотри\"}"+to+"}}\n"+waits("w", "for: 1d"))
}

// TestNotify: the row is written with the decision; each address is told once, by what is this member's, and nothing that they typed is markup.
func TestNotify(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.staffed()
		key := w.publish(telling("tell", ""))
		hostile := w.member("u1", func(in *engine.MemberInput) {
			byMail("u1@example.org")(in)
			in.FirstName, in.Attributes = new("<b>Eve</b> & \"co\""), map[string]any{"level": "[x](https://evil.example) <i>a1</i>"}
		}).Member.ID
		other := w.member("u2", func(in *engine.MemberInput) {
			byMail("u2@example.org")(in)
			in.FirstName, in.Attributes = new("Bob"), map[string]any{"level": "c2"}
		}).Member.ID
		w.enroll(key, "u1")
		w.enroll(key, "u2")
		w.settle()
		if got := w.notices(hostile); !slices.Equal(got, []string{"tell telegram pending", "tell email pending"}) || len(w.heard()) != 0 {
			t.Fatalf("before: %q, %q", got, w.heard())
		}
		w.expectStands(key, hostile, "waiting w time")
		w.tells(0)
		w.tells(time.Hour)
		got := w.heard()
		if len(got) != 2 || !strings.Contains(got[0], fmt.Sprintf(`<a href="https://kruzhok.test/console/members/%d">&lt;b&gt;Eve&lt;/b&gt; &amp; &#34;co&#34;</a> · tell`, hostile)) ||
			!strings.Contains(got[0], "<b>Look:</b> [x](https:") || !strings.Contains(got[0], "&lt;i&gt;a1") || strings.Contains(got[0], "c2") ||
			!strings.Contains(got[1], ">Bob</a>") || !strings.Contains(got[1], "c2") || strings.Contains(got[1], "a1") {
			t.Errorf("%q", got)
		}
		if strings.Contains(got[0], `href="https://evil`) {
			t.Errorf("a value became a link: %q", got[0])
		}
		mails := w.mail.Mailbox().Mails("lead@example.org")
		if len(mails) != 2 || strings.Contains(mails[0].HTML(), "<b>Eve") || !strings.Contains(mails[0].HTML(), "&lt;b&gt;Eve") || strings.Contains(mails[0].HTML(), "c2") || mails[0].Header("List-Unsubscribe") != "" || !strings.Contains(mails[1].Header("Subject"), "Bob") {
			t.Errorf("%d mails: %q", len(mails), mails)
		}
		for _, m := range []campaigns.MemberID{hostile, other} {
			if got := w.notices(m); !slices.Equal(got, []string{"tell telegram sent", "tell email sent"}) {
				t.Errorf("%q", got)
			}
		}
	})
}

// TestNotifyAgain: what could not be sent is tried again, and fails at last; a process that died before it wrote what became of it has it told again; and
// who was erased meanwhile is not named.
func TestNotifyAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.staffed()
		key := w.publish(telling("tell", ", to: [telegram]"))
		var ids []campaigns.MemberID
		for i := range 4 {
			name := fmt.Sprint("u", i)
			ids = append(ids, w.member(name, byMail(name+"@example.org")).Member.ID)
		}
		broken := func(kind sandbox.BotFaultKind, times int) {
			w.bot.Fault("sendMessage", lead, sandbox.BotFault{Kind: kind, RetryAfter: 5, Times: times})
		}
		broken(sandbox.BotServerError, 1)
		w.enroll(key, "u0")
		w.tells(0)
		if got := w.notices(ids[0]); got[0] != "tell telegram pending temporary" {
			t.Errorf("%q", got)
		}
		w.tells(time.Minute)
		if got := w.notices(ids[0]); got[0] != "tell telegram sent" {
			t.Errorf("%q", got)
		}

		// A process took it and died.
		w.enroll(key, "u1")
		w.settle()
		now := w.clock.now()
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			n, err := tx.DueNotice(t.Context(), now)
			if err == nil {
				_, err = tx.ClaimNotices(t.Context(), n.Alike(), "dead", now, now.Add(time.Minute), 10)
			}
			return err
		}))
		w.tells(0)
		if n := len(w.heard()); n != 1 {
			t.Errorf("%d heard", n)
		}
		w.tells(2 * time.Minute)
		if got := w.notices(ids[1]); got[0] != "tell telegram sent" || len(w.heard()) != 2 {
			t.Errorf("%q, %q", got, w.heard())
		}

		w.enroll(key, "u2")
		w.settle()
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "u2"))
		w.tells(time.Minute)
		if got := w.notices(ids[2]); got[0] != "tell telegram failed member_erased" || len(w.heard()) != 2 {
			t.Errorf("%q, %q", got, w.heard())
		}

		broken(sandbox.BotServerError, 0)
		w.enroll(key, "u3")
		for range 10 {
			w.tells(90 * time.Minute)
		}
		if got := w.notices(ids[3]); got[0] != "tell telegram failed attempts_used_up" {
			t.Errorf("%q", got)
		}
		w.bot.ClearFaults()
		kind := engine.FailedKind{Campaign: key, Step: "tell", Channel: campaigns.Telegram, Reason: campaigns.AttemptsUsedUp}
		w.toldAgain(kind, engine.ToldAgain{N: 1})
		if got := w.notices(ids[3]); got[0] != "tell telegram sent" || len(w.heard()) != 3 {
			t.Errorf("told again: %q, %q", got, w.heard())
		}
		for reason, want := range map[campaigns.Reason]string{campaigns.AttemptsUsedUp: "told twice", campaigns.MemberErased: "an erased member's"} {
			kind.Reason = reason
			if _, err := w.e.TellAgain(t.Context(), engine.Operator, kind); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", want, err)
			}
		}
		reader := engine.Principal{Scopes: []engine.Scope{engine.CampaignsRead, engine.MembersWrite}}
		if _, err := w.e.TellAgain(t.Context(), reader, kind); !fault.Is(err, fault.Forbidden) {
			t.Errorf("without the scope: %v", err)
		}
	})
}

// TestNotifyNobody: where nobody is set up the passage goes on, and the row says it; so it is with an address that the settings name no more.
func TestNotifyNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("u1@example.org")).Member.ID
		key := w.publish(telling("tell", ""))
		w.enroll(key, "u1")
		w.settle()
		w.expectStands(key, m, "waiting w time")
		if got := w.notices(m); !slices.Equal(got, []string{"tell  failed nobody_to_tell"}) {
			t.Errorf("%q", got)
		}
		pub, err := w.e.Publication(t.Context(), engine.Operator, key)
		must(t, err)
		w.staffed()
		staffed, err := w.e.Publication(t.Context(), engine.Operator, key)
		must(t, err)
		if !slices.Equal(pub.Untold, []campaigns.StepID{"tell"}) || len(staffed.Untold) != 0 {
			t.Errorf("untold %q, then %q", pub.Untold, staffed.Untold)
		}
		named := w.publish(telling("named", ", to: [email]"))
		w.enroll(named, "u1")
		w.settle()
		staff := w.e.Staff
		w.e.Staff = nil
		w.tells(0)
		if got := w.notices(m); got[1] != "tell email failed nobody_to_tell" || len(w.mail.Mailbox().Mails("lead@example.org")) != 0 {
			t.Errorf("%q", got)
		}
		nobody := engine.FailedKind{Campaign: key, Step: "tell", Reason: campaigns.NobodyToTell}
		w.toldAgain(nobody, engine.ToldAgain{Nobody: 1})
		w.e.Staff = staff
		w.e.Staff[campaigns.Email] = append(w.e.Staff[campaigns.Email], "second@example.org")
		w.toldAgain(nobody, engine.ToldAgain{N: 1})
		w.toldAgain(engine.FailedKind{Campaign: named, Step: "tell", Channel: campaigns.Email, Reason: campaigns.NobodyToTell}, engine.ToldAgain{N: 1})
		if got := w.notices(m); !slices.Equal(got, []string{"tell email sent", "tell telegram sent", "tell email sent", "tell email sent"}) || len(w.mail.Mailbox().Mails("lead@example.org")) != 2 || len(w.mail.Mailbox().Mails("second@example.org")) != 1 {
			t.Errorf("told after all: %q", got)
		}
	})
}

// TestNotifyOfMany: an audience does not flood the chat; everybody is counted once.
func TestNotifyOfMany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.staffed()
		key := w.publish(telling("tell", ", to: [telegram]"))
		var some []string
		for i := range 45 {
			some = append(some, fmt.Sprint("u", i))
			w.member(some[i], byMail(some[i]+"@example.org"))
		}
		enroll := func(ids []string) {
			_, err := w.e.Enroll(t.Context(), engine.Operator, key, ids)
			must(t, err)
		}
		enroll(some[:2])
		w.tells(0)
		enroll(some[2:42])
		w.tells(0)
		if got := w.heard(); len(got) != 20 || !strings.Contains(got[19], "Look:") { // twenty have a message of their own, however many come at once
			t.Fatalf("at once: %q", got)
		}
		w.tells(11 * time.Minute)
		got := w.heard()
		if len(got) != 21 || !strings.Contains(got[20], "tell: 22 members came to the step “tell”.") || strings.Count(got[20], "/console/members/") != maxNamed || !strings.Contains(got[20], "And 12 more members.") {
			t.Fatalf("%q", got[20:])
		}
		enroll(some[42:43])
		w.tells(0)
		if got := w.heard(); len(got) != 21 {
			t.Errorf("%q", got[21:])
		}
		w.tells(11 * time.Minute)
		if got := w.heard(); len(got) != 22 || !strings.Contains(got[21], "Look:") { // one alone has a message of its own
			t.Errorf("%q", got[21:])
		}
		w.tells(2 * time.Hour)
		enroll(some[43:])
		w.tells(0)
		if got := w.heard(); len(got) != 24 {
			t.Errorf("%d heard", len(got))
		}
	})
}

// TestNotifyTogetherByOwnTries: of two that are told together in an outage, the one that was tried for the last time fails; the other is tried again.
func TestNotifyTogetherByOwnTries(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.staffed()
	key := w.publish(telling("tell", ", to: [telegram]"))
	var ids []campaigns.MemberID
	for i := range 22 {
		ids = append(ids, w.member(fmt.Sprint("u", i), byMail(fmt.Sprintf("u%d@example.org", i))).Member.ID)
		if i < 20 {
			w.enroll(key, fmt.Sprint("u", i))
		}
	}
	w.tells(0)
	w.enroll(key, "u20")
	w.settle()
	now := w.clock.now()
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		n, err := tx.DueNotice(t.Context(), now)
		for range 8 { // by processes that died
			if err == nil {
				_, err = tx.ClaimNotices(t.Context(), n.Alike(), "dead", now, now, 1)
			}
		}
		return err
	}))
	w.enroll(key, "u21")
	w.bot.Fault("sendMessage", lead, sandbox.BotFault{Kind: sandbox.BotServerError, Times: 0})
	w.tells(11 * time.Minute)
	if old, young := w.notices(ids[20]), w.notices(ids[21]); old[0] != "tell telegram failed attempts_used_up" || young[0] != "tell telegram pending temporary" {
		t.Errorf("tried nine times: %q; once: %q", old, young)
	}
}

// TestNotifyTakesTokens: a notice takes one of the bot's messages a second, and waits where there is none; a 429 keeps its chat waiting for whatever else is
// told there.
func TestNotifyTakesTokens(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.staffed()
	key := w.publish(telling("tell", ", to: [telegram]"))
	for i := range 3 {
		name := fmt.Sprint("u", i)
		w.member(name, byMail(name+"@example.org"))
		w.enroll(key, name)
	}
	w.settle()
	w.limited(engine.Rates{Bot: 0.1}) // an unknown bucket has one token
	told := func(after time.Duration, want int) {
		t.Helper()
		w.tells(after)
		if n := len(w.heard()); n != want {
			t.Errorf("%d heard, want %d", n, want)
		}
	}
	told(0, 1)
	told(11*time.Second, 2)
	w.bot.Fault("sendMessage", lead, sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 50, Times: 1})
	told(11*time.Second, 2)
	w.enroll(w.publish(telling("other", ", to: [telegram]")), "u0")
	told(30*time.Second, 2)
	told(21*time.Second, 3)
	told(11*time.Second, 4)
}

// maxNamed is how many a message about many names.
const maxNamed = 10

// TestNotifyTogetherPastTheErased: where all whom a message would name were erased while it was made, the staff hears of the others.
func TestNotifyTogetherPastTheErased(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.staffed()
	key := w.publish(telling("tell", ", to: [telegram]"))
	var ids []campaigns.MemberID
	var names []string
	for i := range 32 {
		names = append(names, fmt.Sprint("u", i))
		ids = append(ids, w.member(names[i], byMail(names[i]+"@example.org")).Member.ID)
	}
	w.enroll(key, names[:20]...)
	w.tells(0)
	w.enroll(key, names[20:]...)
	w.settle()
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		for _, id := range ids[20:30] {
			p, err := tx.LockMember(t.Context(), id)
			must(t, err)
			p.State = members.Erased
			must(t, tx.UpdateMember(t.Context(), &p.Member))
		}
		return nil
	}))
	w.tells(11 * time.Minute)
	if got := w.heard(); len(got) != 21 || !strings.Contains(got[20], "tell: 2 members came to the step") || strings.Contains(got[20], "/console/members/") {
		t.Errorf("%q", got[20:])
	}
	if got := w.notices(ids[31]); got[0] != "tell telegram sent" {
		t.Errorf("%q", got)
	}
}
