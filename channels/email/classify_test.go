package email

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

func TestClassify(t *testing.T) {
	dead := channels.Receipt{Class: channels.AddressDead, Reach: channels.ReachGone}
	temp := channels.Receipt{Class: channels.Temporary}
	after := func(d time.Duration) channels.Receipt {
		return channels.Receipt{Class: channels.Temporary, RetryAfter: d}
	}
	refused, broken := channels.Receipt{Class: channels.Refused}, channels.Receipt{Class: channels.Broken}
	setup := channels.Receipt{Class: channels.Broken, WholeChannel: true}
	for _, c := range []struct {
		code           int
		enhanced, text string
		phase          Phase
		want           channels.Receipt
	}{
		{550, "5.1.1", "", PhaseRcpt, dead},
		{550, "5.1.6", "", PhaseRcpt, dead},
		{556, "5.1.10", "", PhaseRcpt, dead},
		{550, "5.2.1", "", PhaseRcpt, dead},
		{556, "", "", PhaseRcpt, dead},
		{521, "", "", PhaseRcpt, dead},
		{501, "5.1.3", "", PhaseRcpt, dead},
		{553, "", "", PhaseRcpt, dead},
		{550, "5.1.1", "", PhaseFinal, dead},
		{0, "5.1.1", "", PhaseFinal, dead},
		{550, "", "No such user here", PhaseRcpt, dead},
		{550, "", "Mailbox does not exist", PhaseRcpt, dead},
		{550, "", "rejected by policy", PhaseRcpt, refused},
		{550, "", "Sender domain does not exist", PhaseRcpt, refused},
		{550, "5.1.1", "", PhaseMail, broken},
		{553, "5.1.8", "", PhaseMail, broken},
		{501, "", "", PhaseMail, broken},
		{555, "", "", PhaseMail, broken},
		{550, "5.1.2", "", PhaseRcpt, refused},
		{550, "5.7.1", "no such user", PhaseRcpt, refused},
		{553, "5.7.1", "", PhaseRcpt, refused},
		{553, "5.6.7", "", PhaseRcpt, refused},
		{552, "5.2.3", "", PhaseFinal, refused},
		{552, "5.3.4", "", PhaseMail, refused},
		{552, "", "", PhaseData, refused},
		{554, "", "", PhaseFinal, refused},
		{554, "5.4.6", "", PhaseFinal, refused},
		{552, "5.2.2", "", PhaseRcpt, after(time.Hour)},
		{452, "4.2.2", "", PhaseRcpt, after(time.Hour)},
		{550, "5.7.26", "", PhaseFinal, setup},
		{550, "5.7.20", "", PhaseFinal, setup},
		{550, "5.7.30", "", PhaseFinal, setup},
		{550, "5.7.31", "", PhaseFinal, refused},
		{550, "5.7.515", "", PhaseFinal, setup},
		{550, "5.7.509", "", PhaseFinal, setup},
		{530, "5.7.0", "", PhaseMail, setup},
		{535, "5.7.8", "", PhaseAuth, setup},
		{500, "", "", PhaseAuth, setup},
		{421, "", "", PhaseRcpt, channels.Receipt{Class: channels.RateLimited, RetryAfter: 15 * time.Minute}},
		{421, "4.7.28", "", PhaseFinal, channels.Receipt{Class: channels.RateLimited, RetryAfter: 15 * time.Minute}},
		{451, "4.7.1", "", PhaseRcpt, channels.Receipt{Class: channels.RateLimited, RetryAfter: 15 * time.Minute}},
		{450, "", "", PhaseRcpt, after(5 * time.Minute)},
		{451, "4.7.1", "Greylisting in action", PhaseRcpt, after(5 * time.Minute)},
		{451, "4.3.0", "", PhaseFinal, temp},
		{452, "4.3.1", "", PhaseData, temp},
		{0, "4.4.7", "", PhaseFinal, temp},
		{354, "", "", PhaseRcpt, temp},
		{454, "4.7.0", "", PhaseAuth, channels.Receipt{Class: channels.Temporary, WholeChannel: true, RetryAfter: 15 * time.Minute}},
		{554, "", "", PhaseConnect, channels.Receipt{Class: channels.Temporary, WholeChannel: true, RetryAfter: 5 * time.Minute}},
		{250, "2.0.0", "", PhaseFinal, channels.Receipt{}},
	} {
		got := Classify(c.code, c.enhanced, c.text, c.phase)
		got.Code, got.Detail = "", ""
		if got != c.want {
			t.Errorf("%d %s %q at %s:\n got %+v\nwant %+v", c.code, c.enhanced, c.text, c.phase, got, c.want)
		}
	}
}

func TestDetailsHoldNoAddress(t *testing.T) {
	m := mailbox{local: "Anna.B", ascii: "xn--80a1acny.xn--p1ai", unicode: "почта.рф"}
	for said, want := range map[string]string{
		"<anna.b@example.com>: Recipient address rejected":         "<address> Recipient address rejected",
		"User ANNA.B unknown; see https://h.example/?u=a%40b.co":   "User <address> unknown; see <address>",
		"anna.b@почта.рф full, anna.bx stays, Anna.B!":             "<address> full, anna.bx stays, <address>!",
		"two\r\nlines\x00and\u202e tricks user=40example.com":      "two lines and tricks <address>",
		"550 see https://support.google.com/mail/?p=NoSuchUser ok": "550 see https://support.google.com/mail/?p=NoSuchUser ok",
	} {
		if got := withoutMailbox(clean(said, 500), m); got != want {
			t.Errorf("%q:\n got %q\nwant %q", said, got, want)
		}
	}
	if got := clean(strings.Repeat("ж", 300), 201); len(got) != 200 {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzClassify(f *testing.F) {
	f.Add(550, "5.1.1", "<anna@example.com> unknown", "anna")
	f.Add(450, "", "greylisted", "ж")
	f.Fuzz(func(t *testing.T, code int, enhanced, text, local string) {
		for _, p := range []Phase{PhaseConnect, PhaseAuth, PhaseMail, PhaseRcpt, PhaseData, PhaseFinal} {
			r := Classify(code, enhanced, text, p)
			if len(r.Detail) > 500 || len(r.ProviderID) > 200 || strings.ContainsAny(r.Detail+r.ProviderID, "@\r\n\x00") {
				t.Fatalf("%+v", r)
			}
			if (r.Class == channels.AddressDead) != (r.Reach == channels.ReachGone) || r.Class == channels.Uncertain {
				t.Fatalf("%+v", r)
			}
			withoutMailbox(r.Detail, mailbox{local: local, ascii: "a.co", unicode: "a.co"})
		}
	})
}
