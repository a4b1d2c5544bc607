package engine_test

import (
	"fmt"
	"strings"
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
	return fmt.Sprintf("rows %d created %d updated %d refused %d asked %d problems %d", r.Rows, r.Created, r.Updated, r.Refused, r.Asked, r.ProblemsTotal)
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
		const want = "rows 7 created 3 updated 0 refused 4 asked 1 problems 5"
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
		if got, want := counts(w.imports(sheet, o)), "rows 7 created 0 updated 3 refused 4 asked 0 problems 5"; got != want {
			t.Errorf("again: %s", got)
		}
		anna, err := w.e.Member(t.Context(), engine.Operator, "u1")
		must(t, err)
		if anna.FirstName != "Anna" || anna.TimeZone != "Europe/Berlin" || anna.Attributes["level"] != "b1" || len(anna.Tags) != 2 ||
			!anna.Consents.Allows(campaigns.Email, "news") || anna.Addresses[campaigns.Email].Proof != members.Given {
			t.Errorf("Anna: %+v", anna)
		}
		boris, err := w.e.Member(t.Context(), engine.Operator, "u2")
		must(t, err)
		if boris.Addresses[campaigns.Email].Proof != members.Unconfirmed || boris.Consents.Allows(campaigns.Email, "news") || !boris.Consents.Allows(campaigns.Telegram, "news") {
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
		if p := w.profile(m.ID); p.Addresses[campaigns.Email].Proof != members.Unconfirmed {
			t.Error("a look confirmed the mailbox")
		}
		must(t, w.e.JoinMailbox(t.Context(), token))
		must(t, w.e.JoinMailbox(t.Context(), token)) // once is as good as twice
		w.settle()
		p := w.profile(m.ID)
		if p.Addresses[campaigns.Email].Proof != members.Confirmed || !p.Consents.Allows(campaigns.Email, "news") {
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

// TestProvenMailboxStays: what somebody says without proof replaces nothing that is sure; with proof it does, and an old question is over.
func TestProvenMailboxStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := engine.ImportOptions{ConsentSource: "sign-up form"}
		m := w.member("u1", byMail("old@example.org"))
		r := w.imports("external_id,email\nu1,new@example.org\n", o)
		if counts(r) != "rows 1 created 0 updated 0 refused 1 asked 0 problems 1" || r.Problems[0].Code != "proven_kept" {
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
		if p := w.profile(m.ID); p.Addresses[campaigns.Email].Value != "new@example.org" {
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
