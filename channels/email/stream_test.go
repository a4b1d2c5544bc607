package email

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// testFeed gives messages and holds the connection to the rules of Feed.
type testFeed struct {
	fatalf func(string, ...any)
	give   []*channels.Message
	given  int
	begun  map[*channels.Message]bool
	got    map[*channels.Message]channels.Receipt
	open   *channels.Message // begun, without a result
	refuse *channels.Message // its beginning is refused
	both   int               // turns that told a result and a beginning at once
}

func newFeed(fatalf func(string, ...any), n int) *testFeed {
	f := &testFeed{fatalf: fatalf, begun: map[*channels.Message]bool{}, got: map[*channels.Message]channels.Receipt{}}
	for i := range n {
		m := sample()
		m.To = fmt.Sprintf("m%d@example.com", i)
		m.Mail.ToName = fmt.Sprintf("Member %d", i)
		f.give = append(f.give, m)
	}
	return f
}

func (f *testFeed) Next() *channels.Message {
	if f.given == len(f.give) {
		return nil
	}
	f.given++
	return f.give[f.given-1]
}

func (f *testFeed) Turn(done *channels.Message, r channels.Receipt, next *channels.Message) error {
	if done != nil {
		if _, again := f.got[done]; again || f.open != nil && f.open != done {
			f.fatalf("a result of %s, twice or out of turn", done.To)
		}
		f.got[done], f.open = r, nil
	}
	if next == nil {
		return nil
	}
	if f.open != nil || f.begun[next] {
		f.fatalf("%s begins, twice or before the result of the one before it", next.To)
	}
	if done != nil {
		f.both++
	}
	if next == f.refuse {
		return errors.New("disk full")
	}
	f.begun[next], f.open = true, next
	return nil
}

func play(t *testing.T, c channels.Conn, f *testFeed) {
	t.Helper()
	c.(channels.Streamer).Stream(t.Context(), f)
}

// TestStreamFaults lets each fault strike the third of five mails in a stream: its result is what Send says, and the other four arrive once.
func TestStreamFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault          sandbox.MailFault
		class          channels.Class
		begun, arrived bool
	}{
		"none":                  {class: channels.OK, begun: true, arrived: true},
		"450 at RCPT":           {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "450 4.7.1 Greylisted"}, class: channels.Temporary},
		"550 at RCPT":           {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550 5.1.1 nobody"}, class: channels.AddressDead},
		"421 at RCPT":           {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "421 4.7.0 slow down"}, class: channels.RateLimited},
		"cut at RCPT":           {fault: sandbox.MailFault{Phase: sandbox.MailAtRcpt, Cut: true}, class: channels.OK, begun: true, arrived: true}, // said again over a new connection
		"552 at DATA":           {fault: sandbox.MailFault{Phase: sandbox.MailAtData, Reply: "552 5.3.4 too big"}, class: channels.Refused},
		"cut in the body":       {fault: sandbox.MailFault{Phase: sandbox.MailInBody, Cut: true}, class: channels.Uncertain, begun: true},
		"cut before acceptance": {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Cut: true}, class: channels.Uncertain, begun: true},
		"cut after acceptance":  {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Cut: true}, class: channels.Uncertain, begun: true, arrived: true},
		"silent after":          {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Delay: time.Hour}, class: channels.Uncertain, begun: true, arrived: true},
		"451 after the dot":     {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "451 4.3.0 disk"}, class: channels.Temporary, begun: true},
		"421 after the dot":     {fault: sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "421 4.7.0 later"}, class: channels.RateLimited, begun: true},
		"nonsense after":        {fault: sandbox.MailFault{Phase: sandbox.MailAfterDot, Reply: "what?"}, class: channels.Uncertain, begun: true, arrived: true},
	} {
		for _, onebyone := range []bool{false, true} {
			t.Run(name+pick(onebyone, ", one by one", ""), func(t *testing.T) {
				srv, err := sandbox.NewMailServer(sandbox.MailConfig{KeepBodies: true, NoPipelining: onebyone})
				if err != nil {
					t.Fatal(err)
				}
				defer srv.Close()
				if c.fault.Times, c.fault.Match = 1, "m2@"; c.fault.Phase != "" {
					srv.Fault(c.fault)
				}
				if onebyone && name == "cut at RCPT" { // Send's own: the server may have hung up because of this mail
					c.class, c.begun, c.arrived = channels.Temporary, false, false
				}
				cfg := mustParse(t, srv.URL())
				cfg.CommandTimeout, cfg.FinalTimeout = 10*time.Second, 10*time.Second
				if c.fault.Delay > 0 {
					cfg.CommandTimeout, cfg.FinalTimeout = time.Second, time.Second
				}
				f := newFeed(t.Fatalf, 5)
				play(t, dialConfig(t, cfg), f)
				for i, m := range f.give {
					want := channels.OK
					if i == 2 {
						want = c.class
					}
					if r, told := f.got[m]; !told || r.Class != want || f.begun[m] != (i != 2 || want == channels.OK || c.begun) {
						t.Errorf("%s: told %t, begun %t, %+v", m.To, told, f.begun[m], r)
					}
					arrived := len(srv.Mailbox().Mails(m.To))
					if arrived != 0 != (want == channels.OK || c.arrived) || arrived > 1 {
						t.Errorf("%s arrived %d times", m.To, arrived)
					}
				}
			})
		}
	}
}

// TestStreamUnderFaults strikes at random: every message has one result, that is true, and none arrives twice.
func TestStreamUnderFaults(t *testing.T) {
	phases := []sandbox.MailPhase{sandbox.MailAtRcpt, sandbox.MailAtData, sandbox.MailInBody, sandbox.MailAtDot, sandbox.MailAfterDot}
	replies := []string{"", "450 4.7.1 later", "550 5.1.1 nobody", "421 4.7.0 busy", "554 5.7.1 no"}
	rapid.Check(t, func(t *rapid.T) {
		srv, err := sandbox.NewMailServer(sandbox.MailConfig{KeepBodies: true})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		f := newFeed(t.Fatalf, rapid.IntRange(1, 12).Draw(t, "mails"))
		for range rapid.IntRange(0, 4).Draw(t, "faults") {
			at := rapid.IntRange(0, len(f.give)-1).Draw(t, "at")
			fault := sandbox.MailFault{Phase: rapid.SampledFrom(phases).Draw(t, "phase"), Match: fmt.Sprintf("m%d@", at), Times: 1}
			if fault.Phase != sandbox.MailAfterDot { // a server that refuses what it has taken lies
				fault.Reply = rapid.SampledFrom(replies).Draw(t, "reply")
			}
			fault.Cut = fault.Reply == ""
			srv.Fault(fault)
		}
		if rapid.Bool().Draw(t, "refuse one") {
			f.refuse = f.give[rapid.IntRange(0, len(f.give)-1).Draw(t, "refused")]
		}
		c, err := New(mustConfig(t, srv.URL())).Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.(channels.Streamer).Stream(t.Context(), f)
		for _, m := range f.give {
			r, told := f.got[m]
			arrived := len(srv.Mailbox().Mails(m.To))
			switch {
			case arrived > 1 || arrived == 1 && !f.begun[m]:
				t.Fatalf("%s arrived %d times, begun %t", m.To, arrived, f.begun[m])
			case !told && m != f.refuse:
				t.Fatalf("%s has no result", m.To)
			case told && r.Class == channels.OK != (arrived == 1) && r.Class != channels.Uncertain:
				t.Fatalf("%s: %+v, arrived %d times", m.To, r, arrived)
			}
		}
	})
}

func mustConfig(t *rapid.T, url string) Config {
	cfg, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestStreamTellsInOneTurn: on a busy connection a result and the next beginning are told at once, which is one write of the journal.
func TestStreamTellsInOneTurn(t *testing.T) {
	_, c := newServer(t, sandbox.MailConfig{})
	f := newFeed(t.Fatalf, 200)
	play(t, c, f)
	if len(f.got) != 200 || f.both == 0 {
		t.Errorf("%d results, %d of them with the next beginning", len(f.got), f.both)
	}
}
