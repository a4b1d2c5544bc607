package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/ascode"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/simulation"
)

type campaignSimulateCmd struct {
	Files     []string          `arg:"" help:"YAML or JSON files of campaigns, which are played together, and of segments that they name, or folders of them."`
	Members   int               `default:"20" help:"How many members are made up, at most 1000."`
	Days      int               `default:"60" help:"How many days pass, at most 366."`
	Start     string            `placeholder:"TIME" help:"When they begin: 2026-11-24, which is midnight by the community's clock, or 2026-11-24T10:00:00Z (default: the last full hour)."`
	Seed      uint64            `default:"1" help:"The same seed plays the same days again."`
	Mix       string            `default:"answers" placeholder:"WHO=N,…" help:"How members behave: answers:2h=70, silent=20, blocks:3=5 (the bot, on day 3), bounces=3, withdraws:5=2 (consent, on day 5). Day 1 is the one on which the simulation begins, day 2 the next in the community's calendar."`
	Tag       []string          `help:"A tag that all of them have."`
	Attr      map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"An attribute that all of them have."`
	EventData map[string]string `name:"event-data" mapsep:"none" placeholder:"FIELD=VALUE" help:"What events tell: those of --event, and those that let members in beside what the entry asks for, such as a date that a wait is for."`
	Call      map[string]string `mapsep:"none" placeholder:"NAME=JSON" help:"What another system is assumed to answer to a call: an object of fields, or fails. Default: nothing, which is a success."`
	Event     []string          `sep:"," placeholder:"NAME=DAY,…" help:"An event that the platform is assumed to report of everybody, at noon of that day, such as lesson.done=3. What lets members in comes by itself."`
	Zone      string            `default:"UTC" help:"The community's time zone."`
	Member    string            `placeholder:"ID" help:"Tell one member's days, such as m0001."`
	JSON      bool              `name:"json" help:"Print all of it for machines."`
	speech
}

// Run plays the files.
func (c *campaignSimulateCmd) Run(e *env) error {
	lang := c.language()
	plan, played, err := c.plan(lang)
	if err != nil {
		return inWords(inFlags(err, c.Event), lang)
	}
	r, err := simulation.Run(e.ctx, plan)
	if err != nil {
		return inWords(inFlags(inFiles(err, played), c.Event), lang)
	}
	switch {
	case c.JSON:
		out := json.NewEncoder(e.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(r)
	case c.Member == "":
		r.Print(e.stdout, lang)
		return nil
	}
	for i := range r.Stories {
		if r.Stories[i].Member == c.Member {
			r.Stories[i].Print(e.stdout, lang)
			return nil
		}
	}
	return errors.New(locale.T(lang, "simulation.print.no_member", map[string]any{"member": c.Member, "last": fmt.Sprintf("m%04d", c.Members)}))
}

// plan also returns the names of the campaigns' files.
func (c *campaignSimulateCmd) plan(lang string) (p simulation.Plan, played []string, err error) {
	p = simulation.Plan{
		Days: c.Days, Seed: c.Seed, Invented: c.Members, Tags: c.Tag, Attributes: attributes(c.Attr), Calls: assumedCalls(c.Call), EventData: attributes(c.EventData), Community: simulation.Community{TimeZone: c.Zone},
		Story: c.Member, Lang: lang, Parts: runtime.GOMAXPROCS(0),
	}
	if err := c.bounded(); err != nil {
		return p, nil, err
	}
	if p.Start, err = beginning(c.Start, c.Zone); err != nil {
		return p, nil, err
	}
	var told json.RawMessage
	if len(p.EventData) > 0 {
		if told, err = json.Marshal(p.EventData); err != nil {
			return p, nil, err
		}
	}
	for _, typed := range c.Event { // one may come on several days
		name, written, _ := strings.Cut(typed, "=")
		day, err := strconv.Atoi(written)
		if name == "" || err != nil {
			return p, nil, errors.New(locale.T(lang, "cli.simulate.event_form", nil))
		}
		p.Events = append(p.Events, simulation.Event{Name: name, Day: day, Data: told})
	}
	if p.Mix, err = simulation.ParseMix(c.Mix); err != nil {
		return p, nil, err
	}
	files, err := ascode.ReadFiles(c.Files, lang)
	if err != nil {
		return p, nil, withLines(err, lang)
	}
	for _, f := range files {
		d := engine.Draft{Source: string(f.Source), Format: f.Format}
		if f.Segment() {
			p.Segments = append(p.Segments, d)
		} else {
			p.Campaigns, played = append(p.Campaigns, d), append(played, f.Path)
		}
	}
	if len(p.Campaigns) == 0 {
		return p, nil, errors.New(locale.T(lang, "cli.simulate.no_campaign", nil))
	}
	return p, played, nil
}

// bounded refuses too few or too many members and days, all at once and by their flags. A plan takes 0 for what was left out.
func (c *campaignSimulateCmd) bounded() error {
	var wrong []fault.Detail
	if c.Members < 1 || c.Members > simulation.MaxMembers {
		wrong = append(wrong, fault.Detail{Path: "--members", Code: "out_of_range", Args: map[string]any{"min": 1, "max": simulation.MaxMembers}})
	}
	if c.Days < 1 || c.Days > simulation.MaxDays {
		wrong = append(wrong, fault.Detail{Path: "--days", Code: "out_of_range", Args: map[string]any{"min": 1, "max": simulation.MaxDays}})
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "invalid.simulation", nil).With(wrong...)
}

// beginning reads a moment, or a day, which begins at midnight in the zone.
func beginning(text, zone string) (time.Time, error) {
	if text == "" {
		return time.Now().Truncate(time.Hour), nil
	}
	in, err := time.LoadLocation(zone)
	if err != nil { // the plan's check says so
		in = time.UTC
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.ParseInLocation(form, text, in); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "invalid.simulation", nil).With(fault.Detail{Path: "--start", Code: "bad_time"})
}

// assumedCalls are objects and words, as they look.
func assumedCalls(typed map[string]string) map[string]any {
	out := map[string]any{}
	for name, v := range typed {
		var object map[string]any
		if json.Unmarshal([]byte(v), &object) == nil {
			out[name] = object
		} else {
			out[name] = v
		}
	}
	return out
}

// attributes are numbers, truths and texts, as they look.
func attributes(typed map[string]string) map[string]any {
	out := map[string]any{}
	for name, v := range typed {
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			out[name] = n
		} else if v == "true" || v == "false" {
			out[name] = v == "true"
		} else {
			out[name] = v
		}
	}
	return out
}

// withLines tells the places of problems, if the error is of them.
func withLines(err error, lang string) error {
	var bad *ascode.BadFiles
	if !errors.As(err, &bad) {
		return err
	}
	return errors.New(locale.T(lang, "cli.check.problems", map[string]any{"n": len(bad.Lines)}) + "\n" + strings.Join(bad.Lines, "\n"))
}

// inFile names the file that problems of the campaign are in, instead of the path within it; those of others, which have no line, keep theirs.
func inFile(err error, file string) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Key != "invalid.definition" {
		return err
	}
	named := *f
	named.Details = nil
	for _, d := range f.Details {
		if d.Line > 0 {
			d.Path = file
		}
		named.Details = append(named.Details, d)
	}
	return &named
}

// inFiles is inFile for an error of one of the campaigns that are played.
func inFiles(err error, played []string) error {
	var in *simulation.InCampaign
	if !errors.As(err, &in) {
		return err
	}
	return inFile(err, played[in.Index])
}

// inWords is the error as it is said to a person: its sentence, and each place with its own.
func inWords(err error, lang string) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	out := fault.Message(err, lang)
	for _, d := range fault.Details(err, lang) {
		place := d.Path
		if d.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", place, d.Line, d.Column)
		}
		out += "\n" + place + ": " + locale.Hinted(lang, d.Message, d.DidYouMean, d.Expected)
	}
	return errors.New(out)
}
