package ascode

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Plan is what applying files would do to a service.
type Plan struct {
	Items []*Item // in the order of the files
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return p.Count(New)+p.Count(Changed) == 0 && p.Publications() == 0 }

// Count counts the campaigns and segments in a state.
func (p *Plan) Count(s State) (n int) {
	for _, it := range p.Items {
		if it.State == s {
			n++
		}
	}
	return n
}

// Drafts counts the drafts that would be another text.
func (p *Plan) Drafts() (n int) {
	for _, it := range p.Items {
		if it.State != Same && it.File.segment == nil {
			n++
		}
	}
	return n
}

// Publications counts what would be published.
func (p *Plan) Publications() (n int) {
	for _, it := range p.Items {
		if it.Publication != nil {
			n++
		}
	}
	return n
}

// State is how a file stands to the draft of its campaign.
type State string

const (
	New     State = "new"     // the service has no such campaign or segment
	Changed State = "changed" // the draft, or the segment, is another text
	Same    State = "same"    // it is the file, byte for byte
)

// Item is one file's part of a plan.
type Item struct {
	File  *File
	State State
	// Difference is from the draft to the file; nil of a new campaign, and where this program cannot read the draft.
	Difference *difference.Difference
	// Held is what a changed segment is on the service; nil where this program cannot read it.
	Held *definition.Segment
	// Changed says what of the segment changed; nil where Held is.
	Changed *difference.Segment
	// Publication is nil where nothing is to be published.
	Publication *Publication

	etag  string // of the draft that was compared
	saved string // of the draft that was saved
}

// Publication is the version that publishing would make.
type Publication struct {
	Version int
	Inside  int // members who are inside now
	// Choice is what is to become of them; Texts: only texts change, and they get the new ones whatever it is.
	Choice Choice
	Texts  bool
	// Outdated are texts that lag behind in a language, as the service tells.
	Outdated []string
	// Missing are texts that are missing in a language.
	Missing []string
	// Media are files that steps send and that are not in the service's media folder.
	Media []string
	// Unset are endpoints that steps call and that the service's settings do not name; Untold are steps that tell the staff, where the settings name nobody for some of it.
	Unset, Untold []string

	Paused bool
	Again  bool // the campaign is finished, and runs again
	// Moment is what becomes of a schedule for one moment; nil: there is none.
	Moment *Moment
	// Present is what becomes of an entry by a segment's present members; nil: there is none.
	Present *Present
	// Standings are where those inside stand.
	Standings []Standing
	// Refusals are why the service would refuse to publish it so.
	Refusals []Refused
	// Since is from the version that is live to the file, where the draft was another thing than that version.
	Since *difference.Difference
}

// campaign is what the API tells of one.
type campaign struct {
	Key         string          `json:"key"`
	State       campaigns.State `json:"state"`
	LiveVersion int             `json:"live_version"`
}

// Plan compares checked files with the service. The service checks them too: its release may know more, or less, than this one.
func (s *Service) Plan(ctx context.Context, files []*File, publish bool) (*Plan, error) {
	told, err := s.check(ctx, files)
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	for _, f := range files {
		it, err := s.item(ctx, f, publish)
		if err != nil {
			return nil, err
		}
		if it.Publication != nil {
			it.Publication.note(told[f])
		}
		p.Items = append(p.Items, it)
	}
	return p, s.movesKnown(p)
}

// check has the service check every file; all problems come at once, as *BadFiles. Campaigns and segments that name each other may be new together.
func (s *Service) check(ctx context.Context, files []*File) (map[*File]*checked, error) {
	told := map[*File]*checked{}
	bad := &BadFiles{Lang: s.lang}
	among := map[string]bool{}
	for _, f := range files {
		among[f.id()] = true
	}
	together(files, func(f *File, p definition.Problem) { bad.add(f.Path, p.Line, p.Column, Sentence(p, s.lang)) })
	for _, f := range files {
		c, err := s.checkFile(ctx, f, among, bad)
		if err != nil {
			return nil, err
		}
		told[f] = c
	}
	if len(bad.Lines) > 0 {
		return nil, bad
	}
	return told, nil
}

// checkFile has the service check one file. What it names among the files may be new too: then it is checked once more, as if that were there.
func (s *Service) checkFile(ctx context.Context, f *File, among map[string]bool, bad *BadFiles) (*checked, error) {
	r := request{method: http.MethodPost, path: f.checks(), body: f.Source, format: f.Format}
	a, err := s.call(ctx, r)
	var refused *Refusal
	if errors.As(err, &refused) && refused.Code == "invalid.definition" {
		before := len(bad.Lines)
		for _, p := range refused.Errors {
			if p.Code != "unknown_campaign" && p.Code != "unknown_segment" || !among[f.names(p)] {
				bad.add(f.Path, p.Line, p.Column, withHints(p.Message, p.Expected, p.DidYouMean, s.lang))
			}
		}
		if len(bad.Lines) > before || f.segment != nil {
			return &checked{}, nil
		}
		r.path += "?named=later"
		a, err = s.call(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	c := &checked{}
	return c, a.into(c)
}

// checked is what the service tells of a file without a problem.
type checked struct {
	Outdated []sideBySide `json:"outdated"`
	Missing  []sideBySide `json:"missing"`
	Media    []struct {
		Step campaigns.StepID `json:"step"`
		File string           `json:"file"`
	} `json:"missing_media"`
	Untold []string `json:"untold"`
	Unset  []string `json:"unset_endpoints"`
}

// sideBySide is one text in its languages.
type sideBySide struct {
	Step     campaigns.StepID `json:"step"`
	Path     string           `json:"path"`
	Wordings []struct {
		Language campaigns.Lang          `json:"language"`
		State    difference.WordingState `json:"state"`
	} `json:"wordings"`
}

// note takes over what a reader of the plan is to know.
func (p *Publication) note(c *checked) {
	p.Outdated, p.Missing = inState(c.Outdated, difference.Outdated), inState(c.Missing, difference.Missing)
	p.Unset, p.Untold = c.Unset, c.Untold
	for _, m := range c.Media {
		p.Media = append(p.Media, string(m.Step)+": "+m.File)
	}
}

// inState names the texts and the languages in which they are so.
func inState(texts []sideBySide, state difference.WordingState) (out []string) {
	for _, t := range texts {
		for _, w := range t.Wordings {
			if w.State == state {
				out = append(out, difference.Text{Step: t.Step, Path: t.Path}.Name()+" ("+string(w.Language)+")")
			}
		}
	}
	return out
}

func (s *Service) item(ctx context.Context, f *File, publish bool) (*Item, error) {
	it := &Item{File: f, State: New}
	draft, err := s.text(ctx, f.text())
	publish = publish && f.segment == nil && !Archived(f.Path)
	switch {
	case refusedWith(err, f.absent()):
		if publish {
			it.Publication = &Publication{Version: 1}
			return it, s.foresee(ctx, it)
		}
		return it, nil
	case err != nil:
		return nil, err
	}
	it.etag = draft.etag
	it.State = Same
	if string(draft.source) != string(f.Source) || draft.format != f.Format {
		it.State = Changed
		it.compare(draft)
	}
	if publish {
		it.Publication, err = s.publication(ctx, it)
	}
	return it, err
}

// compare finds what the file changes in what the service has.
func (it *Item) compare(had *text) {
	if it.File.segment == nil {
		it.Difference = between(had.source, had.format, it.File)
		return
	}
	if was, problems := definition.ParseStoredSegment(had.source, had.format); len(problems) == 0 {
		it.Held, it.Changed = was, difference.Segments(had.source, it.File.Source, had.format, it.File.Format)
	}
}

// between is nil where the older text cannot be read by this program: it may be of another release.
func between(src []byte, format definition.Format, f *File) *difference.Difference {
	was, problems := difference.Read(src, format)
	now, _ := difference.Read(f.Source, f.Format)
	if len(problems) > 0 || now == nil {
		return nil
	}
	return difference.Between(was, now)
}

// text is a definition that the service keeps.
type text struct {
	source []byte
	format definition.Format
	etag   string
}

func (s *Service) text(ctx context.Context, path string) (*text, error) {
	a, err := s.call(ctx, request{method: http.MethodGet, path: path})
	if err != nil {
		return nil, err
	}
	t := &text{a.body, definition.JSON, a.header.Get("ETag")}
	if strings.Contains(a.header.Get("Content-Type"), "yaml") {
		t.format = definition.YAML
	}
	return t, nil
}

// publication is what publishing the file would do, or nil when the live version is the file already.
func (s *Service) publication(ctx context.Context, it *Item) (*Publication, error) {
	var c campaign
	if err := s.get(ctx, campaignPath(it.File.Key()), &c); err != nil {
		return nil, err
	}
	if c.State == campaigns.Archived {
		return nil, errors.New(locale.T(s.lang, "cli.plan.archived", map[string]any{"key": it.File.Key(), "file": it.File.Path}))
	}
	if c.LiveVersion == 0 {
		it.Publication = &Publication{Version: 1}
		return it.Publication, s.foresee(ctx, it)
	}
	live, err := s.text(ctx, campaignPath(it.File.Key())+"/versions/"+strconv.Itoa(c.LiveVersion))
	if err != nil {
		return nil, err
	}
	if string(live.source) == string(it.File.Source) && live.format == it.File.Format {
		return nil, nil // a finished campaign too: it has ended by somebody's will, or by itself
	}
	p := &Publication{Version: c.LiveVersion + 1, Choice: s.choiceFor(live), Paused: c.State == campaigns.Paused, Again: c.State == campaigns.Finished}
	if since := between(live.source, live.format, it.File); since != nil && !alike(since, it.Difference) {
		p.Since = since
	}
	p.compare(live, it.File)
	it.Publication = p
	return p, s.foresee(ctx, it)
}

// compare finds whether more than texts changes.
func (p *Publication) compare(live *text, f *File) {
	was, problems := difference.Read(live.source, live.format)
	now, _ := difference.Read(f.Source, f.Format)
	if len(problems) > 0 || now == nil {
		return
	}
	d := difference.Between(was, now)
	p.Texts = d.Texts() && !d.Empty()
}

// alike reports whether two differences read the same.
func alike(a, b *difference.Difference) bool {
	if b == nil {
		return a.Empty()
	}
	return strings.Join(a.Lines(locale.Default), "\n") == strings.Join(b.Lines(locale.Default), "\n")
}

func (s *Service) get(ctx context.Context, path string, out any) error {
	a, err := s.call(ctx, request{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	return a.into(out)
}
