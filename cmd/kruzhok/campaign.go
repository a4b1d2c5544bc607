package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/ascode"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/config"
	"github.com/kruzhok/kruzhok/internal/locale"
)

type campaignCmd struct {
	Check    campaignCheckCmd    `cmd:"" help:"Check files of campaigns and segments and name every problem's place."`
	Simulate campaignSimulateCmd `cmd:"" help:"Let days pass before a campaign begins: who would get what, when and where, and why not otherwise."`
	Preview  campaignPreviewCmd  `cmd:"" help:"Show what a file's messages would be, in the chat and as mails; nothing is sent."`
	Plan     campaignPlanCmd     `cmd:"" help:"Show what applying files of campaigns and segments would change on a running service; it changes nothing."`
	Apply    campaignApplyCmd    `cmd:"" help:"Show the plan, ask, and save the files as the service's drafts and segments."`
	Export   campaignExportCmd   `cmd:"" help:"Write a running service's drafts and segments as files, as they were typed."`
	Schema   campaignSchemaCmd   `cmd:"" help:"Print the JSON Schema of campaign files, for editors that complete and check them."`
}

// speech is the language of what a command says.
type speech struct {
	Lang string `placeholder:"en|ru" help:"Language of what is said: en or ru (default: the terminal's)."`
}

// language is the flag's, or the one of the locale variables in the order of POSIX (XBD 8.2).
func (s speech) language() string {
	name := cmp.Or(s.Lang, os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	name, _, _ = strings.Cut(name, ".") // ru_RU.UTF-8
	name, _, _ = strings.Cut(name, "@")
	return locale.Match(name)
}

type campaignCheckCmd struct {
	Files []string `arg:"" help:"YAML or JSON files, or folders of them."`
	speech
}

// Run checks files.
func (c *campaignCheckCmd) Run(e *env) error {
	lang := c.language()
	paths, err := ascode.Expand(c.Files, lang)
	if err != nil {
		return err
	}
	found, err := ascode.Check(paths, lang)
	if found == nil {
		return err
	}
	bad := 0
	for _, path := range paths {
		problems := found.Problems[path]
		for _, p := range found.Warnings[path] {
			fmt.Fprintf(e.stdout, "%s:%d:%d: %s\n", path, p.Line, p.Column, locale.T(lang, "cli.check.warning", map[string]any{"sentence": ascode.Sentence(p, lang)}))
		}
		for _, p := range problems {
			fmt.Fprintf(e.stdout, "%s:%d:%d: %s\n", path, p.Line, p.Column, ascode.Sentence(p, lang))
		}
		bad += len(problems)
		if len(problems) == 0 {
			fmt.Fprintln(e.stdout, locale.T(lang, "cli.files.ok", map[string]any{"file": path}))
			if found.Service[path] {
				fmt.Fprintln(e.stdout, locale.T(lang, "cli.files.service", map[string]any{"file": path}))
			}
			if at := ascode.Past(path, time.Now()); at != "" {
				fmt.Fprintln(e.stdout, locale.T(lang, "cli.files.past", map[string]any{"file": path, "at": at}))
			}
		}
	}
	if bad > 0 {
		err = errors.Join(err, errors.New(locale.T(lang, "cli.check.problems", map[string]any{"n": bad})))
	}
	return err
}

// remote is how a command reaches the service.
type remote struct {
	config.Client
	speech
}

func (r *remote) connect(e *env) (*ascode.Service, error) {
	token, err := r.Token()
	if err != nil {
		return nil, err
	}
	s, err := ascode.Connect(r.Address(), token, r.language())
	if err == nil && s.Open() {
		fmt.Fprintln(e.stderr, locale.T(r.language(), "cli.api.open", map[string]any{"url": r.Address()}))
	}
	return s, err
}

// plan checks the files, compares them with the service and prints what would change.
func (r *remote) plan(e *env, paths []string, how publishing) (*ascode.Service, *ascode.Plan, error) {
	files, err := ascode.ReadFiles(paths, r.language())
	if err != nil {
		return nil, nil, tellBadFiles(e, err)
	}
	s, err := r.connect(e)
	if err != nil {
		return nil, nil, err
	}
	choice, err := how.choice(r.language())
	if err != nil {
		return nil, nil, err
	}
	s.Choose(choice)
	p, err := s.Plan(e.ctx, files, how.Publish)
	if err != nil {
		return nil, nil, tellBadFiles(e, err)
	}
	return s, p, p.Write(e.stdout, r.language())
}

// publishing is whether and how drafts are published.
type publishing struct {
	Publish        bool     `help:"Publish the drafts too."`
	Inside         string   `enum:"stay,move,end" default:"stay" help:"What becomes of members inside an older version: stay in it, move to the new one at the step with the same id, or end."`
	Move           []string `placeholder:"OLD=NEW" help:"With --inside move: where those go on who stand at a step that is gone; OLD= ends their passage."`
	AcceptPast     bool     `help:"Publish although the one moment of a schedule is over an hour past: the whole audience comes in at once."`
	AcceptOutdated bool     `help:"Publish although a text was changed in one language and not in another. It stays outdated."`
	AcceptTopic    bool     `help:"Publish although the community lists its topics and has no such one. Members who agreed to all topics cannot turn it off in their settings."`
	AcceptMissing  bool     `help:"Publish although a text is missing in one of the campaign's languages. Members who read it get the campaign's first language."`
}

func (p publishing) choice(lang string) (ascode.Choice, error) {
	c := ascode.Choice{Inside: p.Inside}
	if p.AcceptOutdated {
		c.OutdatedTexts = "accept"
	}
	if p.AcceptPast {
		c.SchedulePast = "accept"
	}
	if p.AcceptMissing {
		c.MissingTexts = "accept"
	}
	if p.AcceptTopic {
		c.UnknownTopic = "accept"
	}
	if len(p.Move) > 0 && p.Inside != "move" {
		return c, errors.New(locale.T(lang, "cli.publish.move_inside", nil))
	}
	for _, m := range p.Move {
		from, to, ok := strings.Cut(m, "=")
		if !ok || from == "" {
			return c, errors.New(locale.T(lang, "cli.publish.move_form", nil))
		}
		if c.Moves == nil {
			c.Moves = map[string]string{}
		}
		c.Moves[from] = to
	}
	return c, nil
}

// tellBadFiles prints the places of problems, if it is them.
func tellBadFiles(e *env, err error) error {
	var bad *ascode.BadFiles
	if errors.As(err, &bad) {
		for _, line := range bad.Lines {
			fmt.Fprintln(e.stdout, line)
		}
	}
	return err
}

// somethingToDo is what plan --exit-code ends with. Not 2, as some programs do it: 2 is a command line that cannot be read, and a script must not take that
// for a change.
const somethingToDo exitCode = 3

type campaignPlanCmd struct {
	Files []string `arg:"" help:"YAML or JSON files, or folders of them."`
	publishing
	ExitCode bool `help:"End with 3 where there is something to do; 0: nothing, 1: failed, 2: the command line is wrong."`
	remote
}

// Run shows the plan.
func (c *campaignPlanCmd) Run(e *env) error {
	_, p, err := c.plan(e, c.Files, c.publishing)
	if err == nil && c.ExitCode && !p.Empty() {
		return somethingToDo
	}
	return err
}

type campaignApplyCmd struct {
	Files []string `arg:"" help:"YAML or JSON files, or folders of them."`
	publishing
	Yes bool `help:"Do it without asking."`
	remote
}

// Run shows the plan, asks and applies it.
func (c *campaignApplyCmd) Run(e *env) error {
	s, p, err := c.plan(e, c.Files, c.publishing)
	if err != nil || p.Empty() {
		return err
	}
	if !c.Yes {
		if err := c.ask(e); err != nil {
			return err
		}
	}
	if err := s.Apply(e.ctx, p, func(line string) { fmt.Fprintln(e.stdout, line) }); err != nil {
		return err
	}
	if !c.Publish && p.Drafts() > 0 {
		fmt.Fprintln(e.stdout, locale.T(c.language(), "cli.apply.drafts", nil))
	}
	return nil
}

// yes are the answers that go on, in every language: who reads one may type the other.
var yes = []string{"yes", "да"}

func (c *campaignApplyCmd) ask(e *env) error {
	lang := c.language()
	if e.person == nil {
		return errors.New(locale.T(lang, "cli.apply.nobody_to_ask", nil))
	}
	fmt.Fprint(e.stdout, locale.T(lang, "cli.apply.ask", nil))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(e.person).ReadString('\n') // a closed terminal, or Ctrl-D, is no yes
		answer <- line
	}()
	select {
	case line := <-answer:
		if slices.Contains(yes, strings.ToLower(strings.TrimSpace(line))) {
			return nil
		}
	case <-e.ctx.Done(): // Ctrl-C; the reading ends with the process
	}
	return errors.New(locale.T(lang, "cli.apply.declined", nil))
}

type campaignExportCmd struct {
	Keys  []string `arg:"" optional:"" name:"key" help:"Keys of campaigns, with the segments and campaigns that they name (default: all segments, and all campaigns that are not archived, with what they name)."`
	Dir   string   `default:"." placeholder:"DIR" help:"Folder to write to."`
	Force bool     `help:"Write over files that have another text."`
	remote
}

// Run writes the drafts.
func (c *campaignExportCmd) Run(e *env) error {
	s, err := c.connect(e)
	if err != nil {
		return err
	}
	lang, n := c.language(), 0
	err = s.Export(e.ctx, c.Dir, c.Keys, c.Force, func(path string, w ascode.Written) {
		n++
		fmt.Fprintln(e.stdout, locale.T(lang, "cli.export."+string(w), map[string]any{"file": path}))
		if ascode.Archived(path) {
			fmt.Fprintln(e.stdout, "  "+locale.T(lang, "cli.export.archived", nil))
		}
	})
	if err == nil && n == 0 {
		fmt.Fprintln(e.stdout, locale.T(lang, "cli.export.nothing", nil))
	}
	return err
}

type campaignSchemaCmd struct {
	Segment bool `help:"Print the schema of segment files instead."`
}

// Run prints the schema.
func (c campaignSchemaCmd) Run(e *env) error {
	schema := definition.JSONSchema()
	if c.Segment {
		schema = definition.SegmentSchema()
	}
	_, err := e.stdout.Write(schema)
	return err
}
