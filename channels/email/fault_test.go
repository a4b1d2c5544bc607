package email

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// Every fault, at every phase, with and without pipelining: the class, whether the mail had begun, whether it was accepted, and that the next mail gets through.
func TestFaults(t *testing.T) {
	type tc struct {
		fault          sandbox.MailFault
		class          channels.Class
		code           string
		reach          channels.Reach
		begun, arrived int
	}
	for name, c := range map[string]tc{
		"450 at RCPT":            {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "450 4.7.1 Greylisted"}, class: channels.Temporary, code: "450 4.7.1"},
		"550 at RCPT":            {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550 5.1.1 no anna here"}, class: channels.AddressDead, code: "550 5.1.1", reach: channels.ReachGone},
		"421 at RCPT":            {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "421 4.7.0 slow down"}, class: channels.RateLimited, code: "421 4.7.0"},
		"cut at RCPT":            {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Cut: true}, class: channels.Temporary},
		"553 at MAIL":            {fault: sandbox.MailFault{Phase: sandbox.MailAtMail, Reply: "553 5.7.1 not yours"}, class: channels.Broken, code: "553 5.7.1"},
		"451 at MAIL":            {fault: sandbox.MailFault{Phase: sandbox.MailAtMail, Reply: "451 4.3.0 later"}, class: channels.Temporary, code: "451 4.3.0"},
		"552 at DATA":            {fault: sandbox.MailFault{Phase: sandbox.MailAtData, Reply: "552 5.3.4 too big"}, class: channels.Refused, code: "552 5.3.4"},
		"cut at DATA":            {fault: sandbox.MailFault{Phase: sandbox.MailAtData, Cut: true}, class: channels.Temporary},
		"cut in the body":        {fault: sandbox.MailFault{Phase: sandbox.MailInBody, Cut: true}, class: channels.Uncertain, begun: 1},
		"cut before acceptance":  {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Cut: true}, class: channels.Uncertain, begun: 1},
		"cut after acceptance":   {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Cut: true}, class: channels.Uncertain, begun: 1, arrived: 1},
		"silent after":           {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Delay: time.Hour}, class: channels.Uncertain, begun: 1, arrived: 1},
		"silent at RCPT":         {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Delay: time.Hour}, class: channels.Temporary},
		"554 after the dot":      {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "554 5.7.1 spam"}, class: channels.Refused, code: "554 5.7.1", begun: 1},
		"451 after the dot":      {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "451 4.3.0 disk"}, class: channels.Temporary, code: "451 4.3.0", begun: 1},
		"nonsense after the dot": {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Reply: "what?"}, class: channels.Uncertain, begun: 1, arrived: 1},
		"354 after the dot":      {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Reply: "354 more"}, class: channels.Uncertain, begun: 1, arrived: 1},
		"multi-line refusal": {
			fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550-5.1.1 The account <Anna@Example.com>\r\n550 5.1.1 does not exist"},
			class: channels.AddressDead, code: "550 5.1.1", reach: channels.ReachGone,
		},
	} {
		for _, noPipelining := range []bool{false, true} {
			t.Run(name+pick(noPipelining, ", one by one", ", pipelined"), func(t *testing.T) {
				c.fault.Times = 1
				srv, err := sandbox.NewMailServer(sandbox.MailConfig{NoPipelining: noPipelining, KeepBodies: true})
				if err != nil {
					t.Fatal(err)
				}
				defer srv.Close()
				srv.Fault(c.fault)
				cfg := mustParse(t, srv.URL())
				cfg.CommandTimeout, cfg.FinalTimeout = 10*time.Second, 10*time.Second
				if c.fault.Delay > 0 {
					cfg.CommandTimeout, cfg.FinalTimeout = 50*time.Millisecond, 50*time.Millisecond
				}
				conn := dialConfig(t, cfg)
				var b begins
				r := conn.Send(t.Context(), sample(), b.begin)
				if r.Class != c.class || r.Code != c.code || r.Reach != c.reach || r.WholeChannel || b.n != c.begun {
					t.Errorf("%+v, begun %d", r, b.n)
				}
				if contains(r.Detail, "anna") || contains(r.Detail, "@") {
					t.Errorf("detail holds the address: %q", r.Detail)
				}
				if n := srv.Mailbox().Total(); n != c.arrived {
					t.Errorf("%d accepted, want %d", n, c.arrived)
				}
				cfg.CommandTimeout, cfg.FinalTimeout = 10*time.Second, 10*time.Second
				if r := conn.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
					t.Errorf("next mail: %+v", r)
				}
			})
		}
	}
}

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func dialConfig(t *testing.T, cfg Config) channels.Conn {
	t.Helper()
	c, err := New(cfg).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRefusedRecipientGetsOnlyTheDot(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{EagerData: true})
	srv.Fault(sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550 5.1.1 gone", Times: 1})
	var b begins
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.AddressDead || b.n != 0 {
		t.Errorf("%+v, begun %d", r, b.n)
	}
	if n := srv.Unwanted(); n != 0 {
		t.Errorf("%d bytes of the body went out after RCPT was refused", n)
	}
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
		t.Errorf("next: %+v", r)
	}
}

func TestFailingBeginSendsNothing(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	b := begins{err: errors.New("disk full")}
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.Temporary || b.n != 1 {
		t.Errorf("%+v", r)
	}
	b.err = nil
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
		t.Errorf("next: %+v", r)
	}
	if n := srv.Mailbox().Total(); n != 1 {
		t.Errorf("%d mails accepted, want only the second", n)
	}
}

func TestReconnectsWhenTheServerHungUp(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	var b begins
	for i, end := range []func(){
		func() {},
		srv.DropConnections,
		func() {
			srv.Fault(sandbox.MailFault{Phase: sandbox.MailAtMail, Reply: "421 4.4.2 idle too long", Times: 1})
		},
		func() { srv.Fault(sandbox.MailFault{Phase: sandbox.MailAtMail, Cut: true, Times: 1}) },
	} {
		end()
		if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if n := srv.Mailbox().Total(); b.n != 4 || n != 4 {
		t.Errorf("begun %d, arrived %d, want 4", b.n, n)
	}
}

func TestCancellation(t *testing.T) {
	for phase, want := range map[sandbox.MailPhase]channels.Class{sandbox.MailAtRcpt: channels.Temporary, sandbox.MailAfterDot: channels.Uncertain} {
		srv, c := newServer(t, sandbox.MailConfig{})
		srv.Fault(sandbox.MailFault{Phase: phase, Delay: time.Hour, Times: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		r := c.Send(ctx, sample(), new(begins).begin)
		cancel()
		if r.Class != want {
			t.Errorf("%s: %+v", phase, r)
		}
		if r := c.Send(t.Context(), sample(), new(begins).begin); r.Class != channels.OK {
			t.Errorf("next: %+v", r)
		}
	}
}

func TestInternationalAddresses(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	m := sample()
	m.To = "Анна@почта.рф"
	if r := c.Send(t.Context(), m, new(begins).begin); r.Class != channels.OK {
		t.Fatalf("%+v", r)
	}
	if srv.Mailbox().Count("анна@xn--80a1acny.xn--p1ai") != 1 {
		t.Errorf("arrived for %q", srv.Mailbox().Recipients())
	}
	got := srv.Mailbox().Mails("анна@xn--80a1acny.xn--p1ai")
	if len(got) != 1 || got[0].Header("To") != `"Anna" <Анна@xn--80a1acny.xn--p1ai>` {
		t.Errorf("To: %q", got[0].Header("To"))
	}
	_, c = newServer(t, sandbox.MailConfig{NoUTF8: true})
	if r := c.Send(t.Context(), m, new(begins).begin); r.Class != channels.Refused || r.Code != "5.6.7" {
		t.Errorf("without SMTPUTF8: %+v", r)
	}
	m.To = "anna@почта.рф"
	if r := c.Send(t.Context(), m, new(begins).begin); r.Class != channels.OK {
		t.Errorf("only the domain is Unicode: %+v", r)
	}
}

// What happens after the server's answer never changes it: here the connection ends right behind a refusal.
func TestARefusalSurvivesTheConnection(t *testing.T) {
	for _, noPipelining := range []bool{false, true} {
		srv, c := newServer(t, sandbox.MailConfig{NoPipelining: noPipelining, EagerData: true})
		for _, end := range []sandbox.MailFault{{Phase: sandbox.MailAtData, Cut: true, Times: 1}, {Phase: sandbox.MailAtData, Reply: "421 4.3.2 going down", Times: 1}} {
			srv.ClearFaults()
			srv.Fault(sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550 5.1.1 gone", Times: 1})
			srv.Fault(end)
			if r := c.Send(t.Context(), sample(), new(begins).begin); r.Class != channels.AddressDead || r.Code != "550 5.1.1" {
				t.Errorf("%+v", r)
			}
			srv.ClearFaults()
			if r := c.Send(t.Context(), sample(), new(begins).begin); r.Class != channels.OK {
				t.Errorf("next: %+v", r)
			}
		}
	}
}
