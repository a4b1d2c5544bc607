package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
)

func (w *world) imports(file string, o engine.ImportOptions) *engine.ImportReport {
	w.t.Helper()
	report, err := w.e.ImportMembers(w.t.Context(), engine.Operator, strings.NewReader(file), o)
	must(w.t, err)
	return report
}

// counts is a report in short.
func counts(r *engine.ImportReport) string {
	return fmt.Sprintf("rows %d created %d updated %d unchanged %d refused %d asked %d problems %d", r.Rows, r.Created, r.Updated, r.Unchanged, r.Refused, r.Asked, r.ProblemsTotal)
}

func places(ds []fault.Detail) (out []string) {
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%d:%s:%s", d.Line, d.Path, d.Code))
	}
	return out
}

const sheet = `external_id,first_name,email,email_proof,telegram_chat_id,language,time_zone,tags,attributes,consent_source
u1,Anna,anna@example.org,double opt-in 2025,,en,Europe/Berlin,a|b,"{""level"": ""b1""}",
u2,Борис,boris@example.org,,7,ru,Asia/Almaty,,,
u3,Cleo,not a mailbox,,,,Europe/Nowhere,,,
u1,Twice,,,,,,,,
u4,Dora,ANNA@example.org,seen,,,,,,
u5,"Eve
lyn",eve@example.org,,,,,,"{bad",
u6,Finn,,,,,,,,
`

// TestImport: a dry run finds what the run finds and writes nothing; the run writes the good rows; running again changes nothing.
func TestImport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const want = "rows 7 created 3 updated 0 unchanged 0 refused 4 asked 1 problems 5"
		wrong := []string{"4:time_zone:bad_zone", "4:email:bad_email", "5:external_id:row_twice", "6:email:row_twice", "8:attributes:bad_attributes"}
		o := engine.ImportOptions{ConsentSource: "sign-up form", DryRun: true}
		dry := w.imports(sheet, o)
		if got := counts(dry); got != want {
			t.Errorf("dry run: %s", got)
		}
		if d := cmp.Diff(wrong, places(dry.Problems)); d != "" {
			t.Errorf("problems (-want +got):\n%s", d)
		}
		if n := w.membersNow(); n != 0 {
			t.Fatalf("the dry run wrote %d members", n)
		}
		o.DryRun = false
		if got := counts(w.imports(sheet, o)); got != want {
			t.Errorf("run: %s", got)
		}
		if got, want := counts(w.imports(sheet, o)), "rows 7 created 0 updated 0 unchanged 3 refused 4 asked 0 problems 5"; got != want {
			t.Errorf("again: %s", got)
		}
		anna, err := w.e.Member(t.Context(), engine.Operator, "u1")
		must(t, err)
		if anna.FirstName != "Anna" || anna.TimeZone != "Europe/Berlin" || anna.Attributes["level"] != "b1" || len(anna.Tags) != 2 ||
			!anna.Consents.Allows(campaigns.Email, "news") || anna.Addresses.On(campaigns.Email).Proof != members.Given {
			t.Errorf("Anna: %+v", anna)
		}
		boris, err := w.e.Member(t.Context(), engine.Operator, "u2")
		must(t, err)
		if boris.Addresses.On(campaigns.Email).Proof != members.Unconfirmed || boris.Consents.Allows(campaigns.Email, "news") || !boris.Consents.Allows(campaigns.Telegram, "news") {
			t.Errorf("Борис: %+v", boris)
		}
	})
}

// TestImportRefusesTheFile: without a header that names the member, or a source of consent, nothing is read; without the right, nothing is looked at.
func TestImportRefusesTheFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for file, code := range map[string]string{"": "no_header", "name\nAnna\n": "unknown_column", "external_id,email\nu1,a@example.org\n": "no_consent_source"} {
			_, err := w.e.ImportMembers(t.Context(), engine.Operator, strings.NewReader(file), engine.ImportOptions{})
			if ds := fault.Details(err, "ru"); !fault.Is(err, fault.Invalid) || len(ds) == 0 || ds[0].Code != code || strings.HasPrefix(ds[0].Message, "problem.") {
				t.Errorf("%q: %v %v", file, err, ds)
			}
		}
		if _, err := w.e.ImportMembers(t.Context(), engine.Principal{}, strings.NewReader(sheet), engine.ImportOptions{ConsentSource: "x"}); !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Unauthorized) {
			t.Errorf("without a right: %v", err)
		}
	})
}

// TestUnconfirmedMailboxIsAskedOnce: it gets one mail and nothing else, whatever is imported or enrolled, until its owner says yes.
func TestUnconfirmedMailboxIsAskedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const file, address = "external_id,first_name,email,language\nu1,Anna,anna@example.org,en\n", "anna@example.org"
		o := engine.ImportOptions{ConsentSource: "sign-up form"}
		key := w.publish(campaign("hi", "entry: {event: lesson.finished, reentry: after, after: 1h}", sends("s", "Hello")))
		w.imports(file, o)
		w.settle()
		w.imports(file, o)
		w.event("lesson.finished", "u1")
		w.settle()
		mails := w.mails(address)
		if len(mails) != 1 || !strings.Contains(mails[0].Text(), "stays the only mail") {
			t.Fatalf("%d mails before the yes", len(mails))
		}
		m, err := w.e.Member(t.Context(), engine.Operator, "u1")
		must(t, err)
		if r := w.enrollment(key, m.ID); r == nil {
			t.Error("not enrolled")
		}
		token := mailboxLink(t, mails[0])
		page, err := w.e.MailboxInfo(t.Context(), token)
		must(t, err)
		if !page.Confirm || page.Address != address || page.Used {
			t.Errorf("page: %+v", page)
		}
		if p := w.profile(m.ID); p.Addresses.On(campaigns.Email).Proof != members.Unconfirmed {
			t.Error("a look confirmed the mailbox")
		}
		must(t, w.e.JoinMailbox(t.Context(), token))
		must(t, w.e.JoinMailbox(t.Context(), token)) // once is as good as twice
		w.settle()
		p := w.profile(m.ID)
		if p.Addresses.On(campaigns.Email).Proof != members.Confirmed || !p.Consents.Allows(campaigns.Email, "news") {
			t.Errorf("after the yes: %+v", p)
		}
		expectEvent(t, w, m.ID, "member.mail_confirmed", 1)
		w.later(2 * time.Hour)
		w.event("lesson.finished", "u1")
		w.settle()
		if mails = w.mails(address); len(mails) != 2 {
			t.Errorf("%d mails after the yes", len(mails))
		}
	})
}

// TestAskedAgainWhereNothingWentOut: a mail that asks and was never taken counts for none; the file's next import asks again.
func TestAskedAgainWhereNothingWentOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const file = "external_id,first_name,email,language\nu1,Anna,anna@example.org,en\n"
		o := engine.ImportOptions{ConsentSource: "sign-up form"}
		w.mail.Fault(sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "451 4.3.0 Later", Times: 8})
		w.imports(file, o)
		w.later(96 * time.Hour)
		if n := len(w.mails("anna@example.org")); n != 0 {
			t.Fatalf("%d mails went out", n)
		}
		// Changed here and back again, for the same row asks nothing.
		w.imports(strings.Replace(file, "anna@", "bela@", 1), o)
		if r := w.imports(file, o); r.Asked != 1 {
			t.Errorf("%s", counts(r))
		}
		w.settle()
		if n := len(w.mails("anna@example.org")); n != 1 {
			t.Errorf("%d mails", n)
		}
	})
}

// TestProvenMailboxStays: what somebody says without proof replaces nothing that is sure; with proof it does, and an old question is over.
func TestProvenMailboxStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "sign-up form"}
		m := w.member("u1", byMail("old@example.org"))
		r := w.imports("external_id,email\nu1,new@example.org\n", o)
		if counts(r) != "rows 1 created 0 updated 0 unchanged 0 refused 1 asked 0 problems 1" || r.Problems[0].Code != "proven_kept" {
			t.Errorf("without proof: %s %v", counts(r), r.Problems)
		}
		w.imports("external_id,email\nu2,typo@example.org\n", o)
		w.settle()
		token := mailboxLink(t, w.mails("typo@example.org")[0])
		w.imports("external_id,email,email_proof\nu2,right@example.org,by phone\n", o)
		if err := w.e.JoinMailbox(t.Context(), token); !fault.Is(err, fault.NotFound) {
			t.Errorf("the mistyped mailbox's owner: %v", err)
		}
		w.imports("external_id,email,email_proof\nu1,new@example.org,by phone\n", o)
		if p := w.profile(m.ID); p.Addresses.On(campaigns.Email).Value != "new@example.org" {
			t.Errorf("with proof: %+v", p.Addresses)
		}
	})
}

// mailboxLink is the token of the page behind a mail that asks.
func mailboxLink(t *testing.T, m sandbox.Mail) string {
	t.Helper()
	for _, l := range sandbox.Links(m) {
		if _, token, ok := strings.Cut(l.URL, "/mailbox/"); ok {
			return token
		}
	}
	t.Fatalf("no link in %s", m.Text())
	return ""
}

// TestImportOverridesNoRefusal: what a member refused stays refused, whatever a file says about topics or proof.
func TestImportOverridesNoRefusal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const file = "external_id,email,email_proof,consent_topics\nu1,a@example.org,seen,news\n"
		o := engine.ImportOptions{ConsentSource: "form"}
		w.imports(file, o)
		key := w.publish(campaign("hi", "", sends("s", "Hello")))
		w.enroll(key, "u1")
		w.settle()
		must(t, w.e.Unsubscribe(t.Context(), leaveToken(t, w.mails("a@example.org")[0].Header("List-Unsubscribe")), false, "page"))
		w.imports(file, o)
		m, err := w.e.Member(t.Context(), engine.Operator, "u1")
		must(t, err)
		if m.Consents.Allows(campaigns.Email, "news") {
			t.Error("a refused topic is on again")
		}
		no := false
		_, err = w.e.PatchMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", Consents: []engine.ConsentInput{{Channel: campaigns.Email, Source: "form", Given: &no}}})
		must(t, err)
		w.imports("external_id,email,email_proof,consent_topics\nu1,a@example.org,seen,challenges\n", o)
		if m, err = w.e.Member(t.Context(), engine.Operator, "u1"); err != nil || m.Consents.Allows(campaigns.Email, "challenges") {
			t.Errorf("who refused every topic got one: %v", err)
		}
	})
}

// TestWhoStoppedIsNotAsked: neither when the file comes after the stop, nor when the stop comes before the mail leaves.
func TestWhoStoppedIsNotAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "form"}
		w.joins(7, "en")
		w.say(7, "/stop")
		if r := w.imports("external_id,email,telegram_chat_id\nu1,a@example.org,7\n", o); r.Asked != 0 {
			t.Errorf("asked: %s", counts(r))
		}
		w.settle()
		w.joins(8, "en")
		w.imports("external_id,email,telegram_chat_id\nu2,b@example.org,8\n", o)
		_, err := w.bot.Say(8, "/stop") // taken in before anything is sent
		must(t, err)
		for w.receive() {
		}
		actors, err := w.e.SweepActors(t.Context(), -time.Hour, 10)
		must(t, err)
		for _, a := range actors {
			must(t, w.e.HandleActor(t.Context(), a))
		}
		w.settle()
		if a, b := len(w.mails("a@example.org")), len(w.mails("b@example.org")); a+b != 0 {
			t.Errorf("who had stopped got %d mails, who stopped before they left %d", a, b)
		}
	})
}

// TestOneMailForAMailbox: however addresses come and go, a mailbox is asked once; its link then serves whoever has it.
func TestOneMailForAMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "form"}
		for _, row := range []string{"u1,a", "u1,b", "u1,a", "u1,c", "u2,a"} {
			w.imports("external_id,email\n"+row+"@example.org\n", o)
			w.settle()
		}
		mails := w.mails("a@example.org")
		if len(mails) != 1 {
			t.Fatalf("asked %d times", len(mails))
		}
		w.later(40 * 24 * time.Hour)
		must(t, w.e.DropLinkCodes(t.Context()))
		w.imports("external_id,email\nu2,d@example.org\n", o)
		w.imports("external_id,email\nu2,a@example.org\n", o)
		w.settle()
		if n := len(w.mails("a@example.org")); n != 1 {
			t.Errorf("asked %d times after the link's end", n)
		}
	})
}

// TestConfirmedByWhoHasTheMailbox: the mailbox went to another member; the press confirms it for them.
func TestConfirmedByWhoHasTheMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "form"}
		w.imports("external_id,email\nu1,a@example.org\n", o)
		w.settle()
		w.imports("external_id,first_name,email\nu1,,b@example.org\nu2,Ben,a@example.org\n", o)
		token := mailboxLink(t, w.mails("a@example.org")[0])
		if page, err := w.e.MailboxInfo(t.Context(), token); err != nil || page.Name != "Ben" {
			t.Fatalf("page: %+v %v", page, err)
		}
		must(t, w.e.JoinMailbox(t.Context(), token))
		for id, want := range map[string]members.Proof{"u1": members.Unconfirmed, "u2": members.Confirmed} {
			m, err := w.e.Member(t.Context(), engine.Operator, id)
			must(t, err)
			if got := m.Addresses.On(campaigns.Email).Proof; got != want {
				t.Errorf("%s: %s", id, got)
			}
		}
	})
}

// TestImportSeesTheSameThing: a chat that is there twice, a mailbox in other letters, and a row that changes nothing.
func TestImportSeesTheSameThing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "form"}
		dry := o
		dry.DryRun = true
		const chats = "external_id,telegram_chat_id\nu1,7\nu2,7\n"
		a, b := counts(w.imports(chats, dry)), counts(w.imports(chats, o))
		if a != b || !strings.Contains(b, "created 1 updated 0 unchanged 0 refused 1") {
			t.Errorf("a chat twice: dry %s, run %s", a, b)
		}
		w.member("u3", byMail("Anna@example.org"))
		if r := w.imports("external_id,email\nu3,anna@example.org\n", o); r.Refused > 0 || r.Asked > 0 {
			t.Errorf("other letters: %s %v", counts(r), places(r.Problems))
		}
		const row = "external_id,first_name,email,email_proof,tags,attributes\nu4,Dora,d@example.org,seen,b|a,\"{\"\"n\"\": 1}\"\n"
		w.imports(row, o)
		before, err := w.e.Member(t.Context(), engine.Operator, "u4")
		must(t, err)
		w.later(time.Hour)
		if got := counts(w.imports(row, o)); !strings.Contains(got, "updated 0 unchanged 1") {
			t.Errorf("the same row: %s", got)
		}
		after, err := w.e.Member(t.Context(), engine.Operator, "u4")
		must(t, err)
		if !after.UpdatedAt.Equal(before.UpdatedAt) {
			t.Error("a row that changes nothing changed updated_at")
		}
		if got := counts(w.imports(strings.Replace(row, "Dora", "Dana", 1), o)); !strings.Contains(got, "updated 1 unchanged 0") {
			t.Errorf("another name: %s", got)
		}
	})
}

// TestAMailThatNeverLeftWasNone: a mailbox whose mail ran out of time before mail was set up is asked by the next import.
func TestAMailThatNeverLeftWasNone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "form"}
		w.imports("external_id,email\nu1,a@example.org\n", o)
		w.clock.set(w.clock.now().Add(8 * 24 * time.Hour)) // nobody sends meanwhile
		w.settle()
		if n := len(w.mails("a@example.org")); n != 0 {
			t.Fatalf("%d mails after their time", n)
		}
		if r := w.imports("external_id,email\nu1,a@example.org\n", o); r.Asked != 1 {
			t.Errorf("again: %s", counts(r))
		}
		w.settle()
		w.imports("external_id,email\nu1,a@example.org\n", o)
		w.settle()
		if n := len(w.mails("a@example.org")); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// TestTheMailFollowsTheMailbox: neither other letters nor a refusal by another way, while the mail waits, make it one too few or too many.
func TestTheMailFollowsTheMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "form"}
		w.imports("external_id,email\nu1,Anna@example.org\n", o)
		w.imports("external_id,email\nu1,anna@example.org\n", o)
		w.imports("external_id,email\nu2,b@example.org\n", o)
		no := false
		_, err := w.e.PatchMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u2", Consents: []engine.ConsentInput{{Channel: campaigns.Email, Source: "phone call", Given: &no}}})
		must(t, err)
		w.settle()
		if a, b := len(w.mails("anna@example.org")), len(w.mails("b@example.org")); a != 1 || b != 0 {
			t.Errorf("%d mails to the mailbox in other letters, %d to who refused", a, b)
		}
	})
}

// TestACallerVouches: who gives the same mailbox over the API, or with proof in a file, proves it.
func TestACallerVouches(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "form"}
		w.imports("external_id,email\nu1,a@example.org\nu2,b@example.org\n", o)
		a := "a@example.org"
		m, err := w.e.PatchMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", Email: &a})
		must(t, err)
		if p := m.Addresses.On(campaigns.Email).Proof; p != members.Given {
			t.Errorf("by the API: %s", p)
		}
		if r := w.imports("external_id,email,email_proof\nu2,b@example.org,seen\n", o); r.Updated != 1 {
			t.Errorf("with proof: %s", counts(r))
		}
		if m, err = w.e.Member(t.Context(), engine.Operator, "u2"); err != nil || m.Addresses.On(campaigns.Email).Proof != members.Given {
			t.Errorf("with proof: %+v, %v", m, err)
		}
	})
}

// TestTwoRowsOfOneMember: two external ids that have become one member are two rows of them: the second is refused, each time.
func TestTwoRowsOfOneMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.chatMember("u2", 7, nil)
		w.member("u1", byMail("anna@example.org"))
		w.opens(7, "l_"+w.code("u1").Code)
		o := engine.ImportOptions{ConsentSource: "form"}
		const file = "external_id,first_name\nu1,Dora\nu2,Anya\n"
		const swapped = "external_id,first_name\nu2,Anya\nu1,Dora\n" // written by the ids' order at first, which conflicts; then by the file's
		for i, run := range []struct{ file, want string }{
			{file, "updated 1 unchanged 0 refused 1"},
			{file, "updated 0 unchanged 1 refused 1"},
			{swapped, "updated 1 unchanged 0 refused 1"},
		} {
			r := w.imports(run.file, o)
			if !strings.Contains(counts(r), run.want) || places(r.Problems)[0] != "3:external_id:row_twice" || r.Problems[0].Args["line"] != 2 {
				t.Errorf("run %d: %s %+v", i, counts(r), r.Problems)
			}
		}
		if m, err := w.e.Member(t.Context(), engine.Operator, "u2"); err != nil || m.FirstName != "Anya" {
			t.Errorf("the member: %+v, %v", m, err)
		}
	})
}

// TestImportsAtOnce: files with the same members in another order, at once, are written, each.
func TestImportsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var up, down strings.Builder
		for i := range 150 {
			fmt.Fprintf(&up, "u%d,A,a%d@example.org\n", i, i)
			fmt.Fprintf(&down, "u%d,B,a%d@example.org\n", 149-i, 149-i)
		}
		var wg sync.WaitGroup
		for _, rows := range []string{up.String(), down.String(), up.String(), down.String()} {
			wg.Go(func() {
				r, err := w.e.ImportMembers(t.Context(), engine.Operator, strings.NewReader("external_id,first_name,email\n"+rows), engine.ImportOptions{ConsentSource: "form"})
				if err != nil || r.Refused > 0 {
					t.Errorf("%v, %+v", err, r)
				}
			})
		}
		wg.Wait()
		if n := w.membersNow(); n != 150 {
			t.Errorf("%d members", n)
		}
	})
}

// TestTopicsOfTheFile: a topic that the community does not have is named.
func TestTopicsOfTheFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news", "challenges"}})
		must(t, err)
		const file = "external_id,telegram_chat_id,consent_topics\nu1,7,news|newz\nu2,8,news\nu3,9,*\n"
		r := w.imports(file, engine.ImportOptions{ConsentSource: "form"})
		if d := cmp.Diff([]string{"2:consent_topics:unknown_topic"}, places(r.Problems)); d != "" || r.Created != 2 || r.Problems[0].DidYouMean != "news" {
			t.Errorf("%s (-want +got):\n%s", counts(r), d)
		}
	})
}
