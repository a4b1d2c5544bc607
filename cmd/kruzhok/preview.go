package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/ascode"
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

type campaignPreviewCmd struct {
	File      string            `arg:"" help:"A YAML or JSON file of a campaign, or a folder of them."`
	Step      string            `placeholder:"ID" help:"The step that is seen (default: every step that sends or tells the staff)."`
	Channel   string            `placeholder:"telegram|email" help:"The channel (default: each of the step's)."`
	Language  string            `placeholder:"en|ru|…" help:"The member's language (default: the campaign's first)."`
	FirstName string            `placeholder:"NAME" help:"The member's first name."`
	LastName  string            `placeholder:"NAME" help:"The member's last name."`
	Attr      map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"An attribute of the member."`
	Answer    []string          `sep:"none" placeholder:"NAME=VALUE" help:"An answer that is assumed: an option's value, or what the member would type. Several times for a question with several answers."`
	EventData map[string]string `name:"event-data" mapsep:"none" placeholder:"FIELD=VALUE" help:"What the event is assumed to have told with which the run began."`
	Call      map[string]string `mapsep:"none" placeholder:"NAME=JSON" help:"What another system is assumed to have answered to a call: an object of fields, or fails."`
	Round     int               `placeholder:"N" help:"The round of a repeat (default: the first)."`
	Community string            `placeholder:"NAME" help:"The community's name."`
	Zone      string            `default:"UTC" help:"The community's time zone."`
	HTML      bool              `name:"html" help:"Print the HTML of mails too."`
	speech
}

// Run shows what messages would be, of each campaign in a folder.
func (c *campaignPreviewCmd) Run(e *env) error {
	lang := c.language()
	if _, err := timing.Zone(c.Zone); err != nil {
		return errors.New(locale.Hinted(lang, locale.T(lang, "cli.preview.zone", map[string]any{"zone": c.Zone}), meant.Zone(c.Zone), ""))
	}
	drafts, err := c.drafts(lang)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if len(drafts) > 1 {
			fmt.Fprintf(e.stdout, "== %s\n\n", d.path)
		}
		if err := c.preview(e.stdout, d, lang); err != nil {
			return err
		}
	}
	fmt.Fprintln(e.stdout, locale.T(lang, "preview.print.nothing_sent", nil))
	return nil
}

// draftFile is a campaign's draft and where it stands.
type draftFile struct {
	engine.Draft
	path string
}

// drafts are those of the campaigns; a folder's segments are passed over, since they have no messages.
func (c *campaignPreviewCmd) drafts(lang string) (list []draftFile, err error) {
	paths, err := ascode.Expand([]string{c.File}, lang)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		src, err := ascode.ReadSource(path, lang)
		if err != nil {
			return nil, err
		}
		if d := (engine.Draft{Source: string(src), Format: ascode.FormatOf(path)}); !definition.IsSegment(src, d.Format) {
			list = append(list, draftFile{d, path})
		}
	}
	switch {
	case len(list) > 0:
		return list, nil
	case paths[0] == c.File:
		return nil, errors.New(locale.T(lang, "cli.preview.segment", map[string]any{"file": c.File}))
	}
	return nil, errors.New(locale.T(lang, "cli.preview.segments", map[string]any{"file": c.File}))
}

func (c *campaignPreviewCmd) preview(w io.Writer, d draftFile, lang string) error {
	r := engine.PreviewRequest{
		Draft: &d.Draft, Step: campaigns.StepID(c.Step), Channel: campaigns.Channel(c.Channel), Language: campaigns.Lang(c.Language), FirstName: c.FirstName, LastName: c.LastName,
		Attributes: attributes(c.Attr), Answers: map[string][]string{}, Calls: assumedCalls(c.Call), Event: attributes(c.EventData), Round: c.Round, Speak: lang,
	}
	for _, given := range c.Answer {
		name, v, ok := strings.Cut(given, "=")
		if !ok || name == "" {
			return errors.New(locale.T(lang, "cli.preview.answer_form", nil))
		}
		r.Answers[name] = append(r.Answers[name], v)
	}
	community := &store.Community{Name: c.Community, TimeZone: c.Zone}
	seen, err := engine.PreviewAlone(engine.Options{PublicURL: "https://kruzhok.example", MailFrom: "kruzhok@kruzhok.example", MailFromName: c.Community, Now: time.Now}, community, r)
	if err != nil {
		return inWords(inFlags(inFile(err, d.path), nil), lang)
	}
	for _, m := range seen.Messages {
		c.print(w, lang, &m)
	}
	return nil
}

func (c *campaignPreviewCmd) print(w io.Writer, lang string, m *engine.PreviewMessage) {
	fmt.Fprintln(w, locale.T(lang, "preview.print.step", map[string]any{"step": string(m.Step), "channel": locale.T(lang, "channel."+string(m.Channel), nil), "language": string(m.Lang)}))
	if m.Staff {
		fmt.Fprintln(w, locale.T(lang, "preview.print.staff", nil))
	}
	if m.Fallback {
		fmt.Fprintln(w, locale.T(lang, "preview.print.fallback", nil))
	}
	if m.Formality != "" {
		fmt.Fprintln(w, locale.T(lang, "preview.print.form."+string(m.Formality), nil)+" "+locale.T(lang, "preview.print.other_form", map[string]any{"form": string(m.Formality.Other())}))
	}
	if len(m.Missing) > 0 {
		fmt.Fprintln(w, locale.T(lang, "preview.print.missing", map[string]any{"variables": strings.Join(withFlags(m.Missing), ", ")}))
	}
	for i, part := range m.Parts {
		if len(m.Parts) > 1 {
			fmt.Fprintln(w, locale.T(lang, "preview.print.part", map[string]any{"n": i + 1, "of": len(m.Parts)}))
		}
		printPart(w, lang, part)
	}
	if m.Mail != nil {
		fmt.Fprintf(w, "%s\n\n%s\n", locale.T(lang, "preview.print.subject", map[string]any{"subject": m.Mail.Subject}), m.Mail.Text)
		if c.HTML {
			fmt.Fprintf(w, "%s\n", m.Mail.HTML)
		}
	}
	fmt.Fprintln(w)
}

// withFlags are variables, each with the flag that gives it a value; some have none.
func withFlags(variables []string) []string {
	out := make([]string, len(variables))
	for i, v := range variables {
		out[i] = v
		if flag := flagOf(v); flag != "" {
			out[i] += " (" + flag + ")"
		}
	}
	return out
}

func flagOf(variable string) string {
	for prefix, flag := range map[string]string{"member.attributes.": "--attr", "answers.": "--answer", "call.": "--call"} {
		if name, ok := strings.CutPrefix(variable, prefix); ok {
			name, _, _ = strings.Cut(name, ".")
			return flag + " " + name + "=…"
		}
	}
	switch variable {
	case "member.first_name", "member.full_name":
		return "--first-name"
	case "member.last_name":
		return "--last-name"
	case "community.name":
		return "--community"
	}
	return ""
}

// printPart shows a message of a chat, and its buttons row by row.
func printPart(w io.Writer, lang string, m *channels.Message) {
	if m.Media != nil {
		fmt.Fprintln(w, locale.T(lang, "preview.print.media", map[string]any{"kind": string(m.Media.Kind), "source": m.Media.Source}))
	}
	fmt.Fprintln(w, "\n"+m.HTML)
	for _, row := range m.Keyboard {
		var keys []string
		for _, b := range row {
			key := "[" + b.Text + "]"
			if b.URL != "" {
				key += " " + b.URL
			}
			keys = append(keys, key)
		}
		fmt.Fprintln(w, strings.Join(keys, " "))
	}
}
