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

// Run puts a copy in the database's place. The service must not run. Whatever is replaced is kept.
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
	suffix := ".before-restore-" + time.Now().UTC().Format("20060102T150405Z")
	kept, err := store.RestoreSQLite(e.ctx, c.File, file, suffix)
	if err != nil {
		return err
	}
	if kept != "" {
		fmt.Fprintf(e.stdout, "What was there is kept as %s.\n", kept)
	}
	// Journals name rows of the database that was: they would be taken for other ones.
	switch err := os.Rename(c.JournalDir(), c.JournalDir()+suffix); {
	case err == nil:
		fmt.Fprintf(e.stdout, "Its journals are kept as %s.\n", c.JournalDir()+suffix)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return withEngine(e, &c.Config, func(en *engine.Engine) error {
		unknown, err := en.Restored(e.ctx)
		if err != nil {
			return spoken(err)
		}
		if unknown > 0 {
			fmt.Fprintf(e.stdout, "Messages that were on their way at the moment of the backup, of which nobody can say whether they arrived: %d. They are unknown, and not sent again.\n", unknown)
		}
		if c.KeepRunning {
			fmt.Fprintf(e.stdout, "%s is restored.\n", file)
			return nil
		}
		n, err := pauseAll(e, en)
		if err != nil {
			return spoken(err)
		}
		fmt.Fprintf(e.stdout, "%s is restored; campaigns paused: %d. Look at each before you resume it: what was sent after the backup would be sent again.\n", file, n)
		return nil
	})
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
