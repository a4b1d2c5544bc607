package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/internal/journal"
	"github.com/kruzhok/kruzhok/store"
)

type backupCmd struct {
	config.Config
	File string `arg:"" help:"New file for the copy."`
}

// errOwnTools: PostgreSQL brings its own.
var errOwnTools = errors.New("this works on a SQLite database; PostgreSQL has pg_dump and pg_restore, see docs/operations.md")

// Run copies the database, whether or not the service runs.
func (c *backupCmd) Run(e *env) error {
	file, err := c.sqlite()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := store.BackupSQLite(e.ctx, file, c.File); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: name a new file", c.File)
	} else if err != nil {
		return err
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s: %.1f MB in %.1f s, read through and whole. The blob folder %s and the secret key are not in it.\n",
		c.File, float64(info.Size())/1e6, time.Since(began).Seconds(), c.BlobDir)
	return nil
}

func (c *backupCmd) sqlite() (string, error) { return sqliteOf(&c.Config) }

func sqliteOf(c *config.Config) (string, error) {
	if err := c.Check(); err != nil {
		return "", err
	}
	file, err := store.SQLiteFile(c.DatabaseURL)
	if errors.Is(err, store.ErrNotSQLite) {
		return "", errOwnTools
	}
	return file, err
}

type restoreCmd struct {
	config.Config
	File        string `arg:"" help:"A copy that backup made."`
	KeepRunning bool   `help:"Leave campaigns running: what was sent after the backup is sent again."`
}

// Run puts a copy in the database's place, once it is ready there. The service must not run. Whatever is replaced is kept.
func (c *restoreCmd) Run(e *env) error {
	file, err := sqliteOf(&c.Config)
	if err != nil {
		return err
	}
	if living, err := journal.Living(c.JournalDir()); err != nil {
		return err
	} else if living {
		return fmt.Errorf("the service runs on %s: stop it first", c.DataDir)
	}
	part := file + ".restoring"
	if err := store.CopySQLite(e.ctx, c.File, part); err != nil {
		return err
	}
	unknown, paused, err := c.ready(e, part)
	if err != nil {
		return err
	}
	suffix := ".before-restore-" + time.Now().UTC().Format("20060102T150405Z")
	kept, err := store.ReplaceSQLite(e.ctx, part, file, suffix)
	if err != nil {
		return err
	}
	// Journals tell of rows that their owners hold; here nobody holds any. They are kept with the database that they belong to.
	if err := os.Rename(c.JournalDir(), c.JournalDir()+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if kept != "" {
		fmt.Fprintf(e.stdout, "What was there is kept as %s, its journals beside it.\n", kept)
	}
	if unknown > 0 {
		fmt.Fprintf(e.stdout, "Messages that were on their way at the moment of the backup, of which nobody can say whether they arrived: %d. They are unknown, and not sent again.\n", unknown)
	}
	fmt.Fprintf(e.stdout, "%s is restored; campaigns paused: %d. Look at each before you resume it: what was sent after the backup would be sent again.\n", file, paused)
	return nil
}

// ready brings the copy's schema up, settles what was on its way, and pauses.
func (c *restoreCmd) ready(e *env, part string) (unknown, paused int, err error) {
	cfg := c.Config
	cfg.DatabaseURL = "sqlite:" + part
	err = withEngine(e, &cfg, func(en *engine.Engine) (err error) {
		if unknown, err = en.Restored(e.ctx); err != nil || c.KeepRunning {
			return spoken(err)
		}
		paused, err = pauseAll(e, en)
		return spoken(err)
	})
	return unknown, paused, err
}

// pauseAll pauses every campaign that runs or is going to.
func pauseAll(e *env, en *engine.Engine) (n int, err error) {
	for after := int64(0); ; {
		cs, err := en.Campaigns(e.ctx, engine.Operator, store.Page{After: after})
		if err != nil || len(cs) == 0 {
			return n, err
		}
		for _, c := range cs {
			after = int64(c.ID)
			if c.State != campaigns.Running && c.State != campaigns.Scheduled {
				continue
			}
			if _, err := en.Pause(e.ctx, engine.Operator, c.Key); err != nil {
				return n, err
			}
			n++
		}
	}
}
