package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/channels/sandbox"
)

// Kept is what a demo goes on with beside the service's own database and the clock: the chats, the mailboxes, whom the visitor made, whom they play,
// and how far the past was played.
type Kept struct {
	Bot      sandbox.BotState
	Mail     sandbox.MailState
	Visitors []*Person
	Taken    []string
	Past     Past
	Members  int    // of the sample community
	Listen   string // where the service was: letters have links to it
}

// Past is the sample community's time together before the visitor comes.
type Past struct {
	Began time.Time // zero: there is none
	Over  bool      // it has been played
}

// ReadKept reads what an earlier demo left; an error that is fs.ErrNotExist says that there is nothing.
func ReadKept(file string) (*Kept, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var k Kept
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, fmt.Errorf("%s is not what a demo left there (remove the folder to begin anew): %w", file, err)
	}
	return &k, nil
}

// Keeper writes down what the demo goes on with. A nil one keeps nothing.
type Keeper struct {
	File string
	Lead *Director

	written [sha256.Size]byte
}

// Keep writes, if anything has changed. Written beside and renamed: a demo that is killed leaves the earlier state or this one.
func (k *Keeper) Keep() error {
	if k == nil {
		return nil
	}
	if err := k.Lead.Clock.Keep(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(k.Lead.kept()); err != nil {
		return fmt.Errorf("keep demo: %w", err)
	}
	sum := sha256.Sum256(b.Bytes())
	if sum == k.written {
		return nil
	}
	next := filepath.Join(filepath.Dir(k.File), "."+filepath.Base(k.File))
	if err := os.WriteFile(next, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("keep demo: %w", err)
	}
	if err := os.Rename(next, k.File); err != nil {
		return fmt.Errorf("keep demo: %w", err)
	}
	k.written = sum
	return nil
}

// keepEvery is how much of the chats and mailboxes a demo that is killed may forget at most; the service forgets nothing.
const keepEvery = 3 * time.Second

// Run keeps again and again until ctx ends, or until it cannot.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := k.Keep(); err != nil {
			return err
		}
	}
}

func (d *Director) kept() Kept {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Kept{
		Bot: d.Stage.Bot.State(), Mail: d.Stage.Mail.State(), Visitors: slices.Clone(d.visitors), Taken: d.Crowd.allTaken(), Past: d.past,
		Members: len(d.Crowd.People), Listen: strings.TrimPrefix(d.Stage.API.Base, "http://"),
	}
}

// GoOn takes up what an earlier demo left of its people and its past; the chats and mailboxes were restored before the service began.
func (d *Director) GoOn(k *Kept) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.visitors, d.past = k.Visitors, k.Past
	for _, id := range k.Taken {
		d.Crowd.Take(id, true)
	}
}

// InPast reports whether the demo was stopped while the community's past was being played.
func (k *Kept) InPast() bool { return !k.Past.Began.IsZero() && !k.Past.Over }
