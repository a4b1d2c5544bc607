package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

type importCmd struct {
	config.Config
	File          string `arg:"" help:"CSV file of members; docs/operations.md has its columns."`
	ConsentSource string `placeholder:"TEXT" help:"Where those agreed to messages whose row does not say it."`
	Lang          string `default:"en" enum:"en,ru" help:"Language of the problems: en or ru."`
	DryRun        bool   `help:"Find everything that is wrong, write nothing."`
}

// Run takes the file, and prints what became of its rows.
func (c *importCmd) Run(e *env) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer f.Close()
	lang := c.Lang
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		return errors.New(locale.T(lang, "cli.import.folder", map[string]any{"file": c.File}))
	}
	if err == nil && info.Size() > int64(c.ImportLimit) {
		return fmt.Errorf("%s", locale.T(lang, "error.too_large.import", map[string]any{"max": c.ImportLimit.String()}))
	}
	en, done, err := c.engine(e)
	if err != nil {
		return err
	}
	defer done()
	report, err := en.ImportMembers(e.ctx, engine.Operator, f, engine.ImportOptions{ConsentSource: c.ConsentSource, DryRun: c.DryRun})
	if err != nil {
		tellPlaces(e, c.File, lang, fault.Details(err, lang))
		return fmt.Errorf("%s: %s", c.File, fault.Message(err, lang))
	}
	tellPlaces(e, c.File, lang, fault.Details(fault.New(fault.Invalid, "invalid.import", nil).With(report.Problems...), lang))
	if more := report.ProblemsTotal - len(report.Problems); more > 0 {
		fmt.Fprintln(e.stderr, locale.T(lang, "cli.import.more", map[string]any{"n": more}))
	}
	fmt.Fprintln(e.stdout, locale.T(lang, "cli.import.done", map[string]any{"n": report.Rows, "created": report.Created, "updated": report.Updated, "unchanged": report.Unchanged, "refused": report.Refused}))
	if report.Asked > 0 {
		fmt.Fprintln(e.stdout, locale.T(lang, "cli.import.asked", map[string]any{"n": report.Asked}))
	}
	if c.DryRun {
		fmt.Fprintln(e.stdout, locale.T(lang, "cli.import.dry", nil))
	}
	if report.Refused > 0 {
		return errors.New(locale.T(lang, "cli.import.refused", map[string]any{"n": report.Refused, "file": c.File}))
	}
	return nil
}

// engine opens the engine with the service's own key: addresses are kept by a keyed hash, and links are signed.
func (c *importCmd) engine(e *env) (*engine.Engine, func(), error) {
	if err := c.Check(); err != nil {
		return nil, nil, err
	}
	key, err := c.Key()
	if err != nil {
		return nil, nil, err
	}
	s, err := store.Open(e.ctx, store.Options{URL: c.DatabaseURL})
	if err != nil {
		return nil, nil, err
	}
	if err := s.Migrate(e.ctx); err != nil {
		_ = s.Close() // the other error says more
		return nil, nil, spoken(err)
	}
	en, err := engine.New(engine.Options{Store: s, Secret: key, Mailbox: email.Address})
	if err != nil {
		_ = s.Close() // the other error says more
		return nil, nil, err
	}
	return en, func() { en.Close(); _ = s.Close() }, nil
}

// tellPlaces prints problems as compilers do.
func tellPlaces(e *env, file, lang string, ds []fault.Detail) {
	for _, d := range ds {
		place := fmt.Sprintf("%s:%d", file, d.Line)
		if d.Path != "" {
			place += ": " + d.Path
		}
		if d.Expected != "" {
			d.Message += " (" + d.Expected + ")"
		}
		if d.DidYouMean != "" {
			d.Message += " " + locale.T(lang, "problem.did_you_mean", map[string]any{"word": d.DidYouMean})
		}
		fmt.Fprintf(e.stderr, "%s: %s\n", place, d.Message)
	}
}
