package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"
)

// loopConnections is how many the rival has.
const loopConnections = 10

// letter is a ready-made message of the rival.
type letter struct {
	msg *mail.Msg
}

// readyLetters makes one message for each connection: personalised mails are made by nobody here, the loop only sends.
func (b *bench) readyLetters() error {
	for i := range loopConnections {
		m := mail.NewMsg()
		if err := m.FromFormat("Speaklingua", "news@c.example.org"); err != nil {
			return err
		}
		if err := m.AddToFormat("Anna", fmt.Sprintf("anna%d@example.com", i)); err != nil {
			return err
		}
		m.Subject("Your week, Anna")
		m.SetGenHeader("List-Unsubscribe", "<https://c.example.org/u/0123456789abcdef0123456789>")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		m.SetBodyString(mail.TypeTextPlain, strings.Repeat("The speaking club meets on Thursday, and the challenge goes on.\n", 12))
		m.AddAlternativeString(mail.TypeTextHTML, strings.Repeat("<p style=\"margin:0\">The speaking club meets on Thursday.</p>\n", 66))
		b.letters = append(b.letters, letter{m})
	}
	var size bytes.Buffer
	if _, err := b.letters[0].msg.WriteTo(&size); err != nil {
		return err
	}
	fmt.Printf("the loop's mail has %d bytes\n", size.Len())
	return nil
}

// loop sends as many mails as the broadcast has members, over its connections.
func (b *bench) loop(ctx context.Context, _ int) (int, error) {
	address, _, _ := strings.Cut(strings.TrimPrefix(b.sink.Mail, "smtp://"), "?")
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return 0, err
	}
	var left atomic.Int64
	left.Store(int64(*members))
	errs := make(chan error, loopConnections)
	var wg sync.WaitGroup
	for i := range loopConnections {
		wg.Go(func() {
			c, err := mail.NewClient(host, mail.WithPort(number), mail.WithTLSPolicy(mail.NoTLS), mail.WithTimeout(time.Minute))
			if err == nil {
				err = c.DialWithContext(ctx)
			}
			for err == nil && left.Add(-1) >= 0 {
				err = c.Send(b.letters[i].msg)
			}
			if err != nil {
				errs <- err
				return
			}
			_ = c.Close() // all is sent
		})
	}
	wg.Wait()
	close(errs)
	return *members, <-errs
}
