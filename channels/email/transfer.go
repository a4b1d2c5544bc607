package email

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// transfer is one mail over one connection: MAIL, RCPT, DATA, begin, the body, the answer.
type transfer struct {
	link  *link
	begin func() error
	lost  bool // the connection is of no more use
	stale bool // and had been so before this mail
}

func (t *transfer) run(ctx context.Context, m *letter) channels.Receipt {
	phase, r, inData, err := t.envelope(m)
	switch {
	case err != nil:
		t.lost = true
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return lostBefore(err)
	case phase != "":
		t.unwind(r, inData)
		return Classify(r.code, r.enhanced, r.text, phase)
	case ctx.Err() != nil:
		t.lost = true
		return lostBefore(ctx.Err())
	}
	if err := t.begin(); err != nil {
		// The server waits for a body and has a recipient: even a dot would deliver an empty mail. Only hanging up delivers nothing.
		t.lost = true
		return channels.Receipt{Class: channels.Temporary, Detail: "the message could not be recorded as begun"}
	}
	return t.body(m)
}

// envelope says the three commands, in one packet where the server allows (RFC 2920 §3.1), and hears the answers.
func (t *transfer) envelope(m *letter) (refused Phase, r reply, inData bool, err error) {
	l := t.link
	commands := m.commands(l)
	if !l.pipelining {
		return t.hear(func(i int) error {
			l.within(l.cfg.CommandTimeout)
			return l.write(commands[i])
		})
	}
	l.within(l.cfg.CommandTimeout)
	if err := l.write(commands[:]...); err != nil {
		t.stale = true
		return "", r, false, err
	}
	return t.hear(nil)
}

// hear returns the first refusal of the three commands with its phase, or the phase "" when all is accepted. inData: the server said 354.
// say, where it is given, says command i before its answer is read; nil: all are said.
func (t *transfer) hear(say func(i int) error) (refused Phase, r reply, inData bool, err error) {
	for i, phase := range [3]Phase{PhaseMail, PhaseRcpt, PhaseData} {
		if say != nil {
			err = say(i)
		}
		var got reply
		if err == nil {
			got, err = t.link.reply()
		}
		if i == 0 && (err != nil && !isTimeout(err) || got.code == 421) {
			t.stale = true
		}
		if err != nil || got.code == 421 {
			return t.interrupted(refused, r, phase, got, err)
		}
		accepted := got.ok()
		if phase == PhaseData {
			accepted = got.code == 354
			inData = accepted
		}
		if !accepted && refused == "" {
			refused, r = phase, got
		}
		if refused != "" && say != nil {
			break
		}
	}
	return refused, r, inData, nil
}

// interrupted ends an envelope whose connection ended: a refusal that was already heard stays the answer, and so is 421 itself.
func (t *transfer) interrupted(refused Phase, first reply, phase Phase, got reply, err error) (Phase, reply, bool, error) {
	t.lost = true
	switch {
	case refused != "":
		return refused, first, false, nil
	case err != nil:
		return "", got, false, err
	}
	return phase, got, false, nil
}

func isTimeout(err error) bool { return why(err) == "timed out" }

// unwind brings the connection back to where the next MAIL can begin. What happens here never changes the receipt.
func (t *transfer) unwind(r reply, inData bool) {
	if t.lost || r.code/100 < 4 {
		t.lost = true
		return
	}
	end := "RSET\r\n"
	if inData {
		end = ".\r\n" // nobody will get it: the only recipient was refused (RFC 2920 §3.1)
	}
	t.link.within(min(t.link.cfg.CommandTimeout, 10*time.Second))
	err := t.link.write([]byte(end))
	if err == nil {
		r, err = t.link.reply()
	}
	t.lost = err != nil || r.code == 421 || !inData && !r.ok()
}

// body sends the message and waits for the answer to the final dot.
func (t *transfer) body(m *letter) channels.Receipt {
	t.link.within(t.link.cfg.FinalTimeout)
	return t.end(t.link.write(m.wire()))
}

// end hears the answer to the final dot. werr is what went wrong when the message was written: the server may have hung up with a word.
func (t *transfer) end(werr error) channels.Receipt {
	l := t.link
	if werr != nil {
		l.within(min(l.cfg.CommandTimeout, 2*time.Second))
	}
	r, err := l.reply()
	t.lost = werr != nil || err != nil || r.code == 421
	switch {
	case err != nil && werr != nil:
		return lostAfter(werr)
	case err != nil:
		return lostAfter(err)
	case werr != nil && r.code < 400, r.code/100 == 3:
		t.lost = true
		return lostAfter(errProtocol)
	}
	receipt := Classify(r.code, r.enhanced, r.text, PhaseFinal)
	if receipt.Class == channels.OK && r.enhanced != "" {
		receipt.ProviderID = clean(r.enhanced+" "+r.text, 200)
	}
	return receipt
}

// write sends it all with one system call.
func (l *link) write(parts ...[]byte) error {
	for _, b := range parts {
		if _, err := l.client.Text.W.Write(b); err != nil {
			return err
		}
	}
	return l.client.Text.W.Flush()
}
