package main

import (
	"context"
	"errors"
	"fmt"
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

// begin is when the demo's clock begins: where a kept demo stood, or the real time if that is later; for the check now; else as far back as the
// sample community's past is long.
func (s *stagehand) begin() time.Time {
	now := time.Now()
	if _, err := os.Stat(filepath.Join(s.dir, "kruzhok.db")); err == nil {
		s.kept = true
	}
	switch stopped, ok := demo.Stopped(filepath.Join(s.dir, "clock")); {
	case s.kept && ok && stopped.After(now):
		return stopped
	case s.kept || s.cmd.Check || s.cmd.Members == 0:
		return now
	}
	return now.Add(-demo.PastDays * 24 * time.Hour)
}

// play lets the sample community live until the visitor ends it.
func (s *stagehand) play() error {
	ctx := s.env.ctx
	crowd, err := demo.NewCrowd(s.stage.Bot, s.stage.Mail, s.clock, s.stage.API.Base, demo.People(s.cmd.Members))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	s.lead.Begin(s.stage, crowd, s.drive)
	if !s.kept {
		if err := s.lead.Prepare(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	fmt.Fprintf(s.out, "Kruzhok demo: %s/\n", s.stage.API.Base)
	fmt.Fprintf(s.out, "Press Ctrl-C to end it. The API: %s/docs, with the token %s\n", s.stage.API.Base, s.stage.API.Token)
	if !s.cmd.NoOpen {
		openBrowser(s.stage.API.Base + "/")
	}
	if err := s.live(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("demo: %w", err)
	}
	return s.clock.Keep()
}

func (s *stagehand) live(ctx context.Context) error {
	if !s.kept && s.cmd.Members > 0 {
		began := time.Now()
		if err := s.lead.PlayPast(ctx, began); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d days of the community's past were played in %.1f s.\n", demo.PastDays, time.Since(began).Seconds())
	}
	return s.lead.Live(ctx)
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
