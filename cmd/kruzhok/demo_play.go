package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/demo/pages"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// begin is when the demo's clock begins: where a kept demo stood, or the real time if that is later and its past is over; for the check now; else as
// far back as the sample community's past is long.
func (s *stagehand) begin() time.Time {
	now := time.Now()
	if s.kept != nil {
		if stopped, ok := demo.Stopped(filepath.Join(s.dir, "clock")); ok && (stopped.After(now) || s.kept.InPast()) {
			return stopped
		}
		return now
	}
	if s.cmd.Check || s.cmd.Members == 0 {
		return now
	}
	return now.Add(-demo.PastDays * 24 * time.Hour)
}

// goOn reads what an earlier demo left in the folder, if one was played there.
func (s *stagehand) goOn() (err error) {
	if s.cmd.Keep == "" || s.cmd.Check {
		return nil
	}
	if s.kept, err = demo.ReadKept(s.keptFile()); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(s.dir, "kruzhok.db")); err == nil {
			return fmt.Errorf("%s holds a database, but not the chats and mailboxes of a demo that could go on: name another folder, or remove this one", s.dir)
		}
		return nil
	}
	return err
}

func (s *stagehand) keptFile() string { return filepath.Join(s.dir, "sandbox.json") }

// play lets the sample community live until the visitor ends it.
func (s *stagehand) play() error {
	ctx, cancel := context.WithCancel(s.env.ctx)
	defer cancel()
	members := s.cmd.Members
	if s.kept != nil {
		members = s.kept.Members
	}
	crowd, err := demo.NewCrowd(s.stage.Bot, s.stage.Mail, s.clock, s.stage.API.Base, demo.People(members))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	s.lead.Begin(s.stage, crowd, s.drive)
	if s.kept != nil {
		s.lead.GoOn(s.kept)
	} else if err := s.lead.Prepare(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := s.keep(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Fprintf(s.out, "Kruzhok demo: %s/\n", s.stage.API.Base)
	fmt.Fprintf(s.out, "Press Ctrl-C to end it. The API: %s/docs, with the token %s\n", s.stage.API.Base, s.stage.API.Token)
	if !s.cmd.NoOpen {
		openBrowser(s.stage.API.Base + "/")
	}
	if err := s.live(ctx, members); err != nil && ctx.Err() == nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

// keep writes the chats and mailboxes down from now on, where a folder was named.
func (s *stagehand) keep(ctx context.Context) error {
	if s.cmd.Keep == "" {
		return nil
	}
	s.keeper = &demo.Keeper{File: s.keptFile(), Lead: s.lead}
	if err := s.keeper.Keep(); err != nil {
		return err
	}
	s.ended.Go(func() {
		if err := s.keeper.Run(ctx); err != nil {
			fmt.Fprintln(&s.shared, "kruzhok:", err)
		}
	})
	return nil
}

func (s *stagehand) live(ctx context.Context, members int) error {
	if !s.lead.Past().Over && members > 0 {
		began := time.Now()
		if err := s.lead.PlayPast(ctx, began); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The community's past was played in %.1f s.\n", time.Since(began).Seconds())
	}
	s.lead.Live(ctx)
	return nil
}

// demoPages are the clock's band and the sandbox, for the pages of this process.
func (s *stagehand) demoPages() *demoPages {
	zone, err := time.LoadLocation(demo.Zone)
	if err != nil {
		zone = time.UTC
	}
	return &demoPages{
		Virtual: func() look.Virtual {
			now := s.lead.Now()
			return look.Virtual{Now: now, Zone: zone, Ahead: time.Until(now), Rate: s.lead.Rate(), Busy: s.busy}
		},
		Pages: func(l *look.Look) *pages.Pages {
			return pages.New(pages.Options{Lead: s.lead, Bot: s.bot.BotAPI, Mail: s.mail.Mailbox(), Look: l})
		},
	}
}

// busy says what the clock is doing.
func (s *stagehand) busy(lang string) string {
	switch b := s.lead.Busy(); b.Kind {
	case "past":
		return locale.T(lang, "sandbox.past", map[string]any{"n": b.Done, "all": b.All})
	case "leap":
		return locale.T(lang, "sandbox.leap", nil)
	}
	return ""
}

// drive does at once what the workers would do a moment later: in a leap of days, the waiting between would be most of it. It runs what they run,
// beside them.
func (s *stagehand) drive(ctx context.Context) error {
	e := s.app.engine
	for range 1000 {
		actors, err := e.SweepActors(ctx, -time.Second, 500)
		if err != nil {
			return err
		}
		for _, a := range actors {
			if err := e.HandleActor(ctx, a); err != nil {
				return err
			}
		}
		more, err := e.AdvanceDue(ctx, time.Second)
		if err != nil {
			return err
		}
		for ch := range e.Senders {
			for _, lane := range []campaigns.Lane{campaigns.Interactive, campaigns.Bulk} {
				rest, err := e.SendLane(ctx, lane, ch, time.Second)
				if err != nil {
					return err
				}
				more = more || rest
			}
		}
		if idle, err := e.Idle(ctx); err != nil || idle || !more && len(actors) == 0 {
			return err // what is left, the workers have
		}
	}
	return errors.New("the service does not come to rest")
}

// openBrowser shows the page where there is a desktop to show it on. Nothing depends on it.
func openBrowser(url string) {
	if info, err := os.Stdout.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return // nobody sits there
	}
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "darwin":
		cmd = exec.Command("open", url)
	case "windows":
		cmd = exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return
		}
		cmd = exec.Command("xdg-open", url)
	}
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }()
	}
}
