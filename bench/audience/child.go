package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

const broadcast = `key: news
kind: broadcast
name: News
topic: news
languages: [en]
channels: [email]
entry: {schedule: {at: "2020-01-01T10:00", zone: community, audience: all}}
steps:
  - {id: news, send: {subject: {en: News}, text: {en: The news.}}}
`

// child is this command as the process of the engine. It is ready when it has published the campaign, begins at a line on its input, and says what it did.
type child struct {
	cmd *exec.Cmd
	pid int
	in  io.WriteCloser
	out *bufio.Reader
}

func startChild(ctx context.Context, lab *measure.Lab, url string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, worker, url)}
	c.cmd.Dir, c.cmd.Stderr = lab.Dir, os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.pid = c.cmd.Process.Pid
	_, err = c.out.ReadString('\n')
	return c, err
}

func (c *child) run(context.Context) (n int, err error) {
	if _, err := io.WriteString(c.in, "go\n"); err != nil {
		return 0, err
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		return 0, err
	}
	var rest string
	if _, err := fmt.Sscanf(line, "%d", &n); err != nil {
		return 0, fmt.Errorf("the engine said %q", line)
	}
	if rest, err = c.out.ReadString('\n'); err == nil {
		fmt.Print("         ", rest)
	}
	return n, err
}

func (c *child) end() error {
	_ = c.in.Close() // which ends it
	return c.cmd.Wait()
}

// mute is a channel that is on: there is something to send by it, and nobody does.
type mute struct{}

func (mute) Channel() campaigns.Channel { return campaigns.Email }

func (mute) Dial(context.Context) (channels.Conn, error) {
	return nil, errors.New("nothing is sent here")
}

func migrate(ctx context.Context, url string) error {
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(ctx)
}

// enroll publishes the broadcast, waits to be told, and enrolls its audience while somebody else writes too.
func enroll(ctx context.Context, url string) error {
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	defer s.Close()
	e, err := engine.New(engine.Options{Store: s, Secret: make([]byte, 32), Senders: map[campaigns.Channel]channels.Sender{campaigns.Email: mute{}}})
	if err != nil {
		return err
	}
	c, err := e.CreateCampaign(ctx, engine.Operator, engine.Draft{Source: broadcast, Format: definition.YAML})
	if err != nil {
		return err
	}
	if _, err := e.Publish(ctx, engine.Operator, c.Key); err != nil {
		return err
	}
	fmt.Println("ready")
	told := bufio.NewReader(os.Stdin)
	if _, err := told.ReadString('\n'); err != nil {
		return err
	}
	writing, stop := context.WithCancel(ctx)
	var other sync.WaitGroup
	var waits []time.Duration
	other.Go(func() { waits = interactive(writing, s) })
	for {
		more, err := e.EnrollAudiences(ctx)
		if err != nil {
			stop()
			return err
		}
		if !more {
			break
		}
	}
	stop()
	other.Wait()
	counts, err := s.CountEnrollments(ctx, c.ID)
	if err != nil {
		return err
	}
	n := 0
	for _, x := range counts {
		n += x.N
	}
	slices.Sort(waits)
	fmt.Printf("%d\n", n)
	if len(waits) > 0 {
		fmt.Printf("another write beside it: p50 %.1f ms, p99 %.1f ms, at most %.1f ms, of %d\n", ms(waits[len(waits)/2]), ms(waits[len(waits)*99/100]), ms(waits[len(waits)-1]), len(waits))
	} else {
		fmt.Println("no other write came through")
	}
	_, err = told.ReadString('\n') // until its input is closed: it is measured before it ends
	if err == io.EOF {
		return nil
	}
	return err
}

// interactive writes something small a hundred times a second, as an answer does, and says how long each took.
func interactive(ctx context.Context, s *store.Store) (took []time.Duration) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := int64(1); ; n++ {
		select {
		case <-ctx.Done():
			return took
		case <-tick.C:
		}
		began := time.Now()
		err := s.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
			_, err := tx.InsertInputs(ctx, []*store.Input{{Source: "bench", SourceKey: fmt.Sprint(began.UnixNano(), n), Actor: "bench", Kind: "bench", Raw: "{}", ReceivedAt: began, State: store.InputDone}})
			return err
		})
		if err == nil {
			took = append(took, time.Since(began))
		}
	}
}
