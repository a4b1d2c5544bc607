package ascode

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Write tells the plan in the language.
func (p *Plan) Write(w io.Writer, lang string) error {
	t := &teller{lang: lang}
	for _, it := range p.Items {
		t.item(it)
	}
	if len(p.Items) > 0 {
		t.b.WriteByte('\n')
	}
	t.line("", p.summary(lang))
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (p *Plan) summary(lang string) string {
	if p.Empty() {
		return locale.T(lang, "cli.plan.nothing", nil)
	}
	out := locale.T(lang, "cli.plan.summary", map[string]any{"new": p.Count(New), "changed": p.Count(Changed), "same": p.Count(Same)})
	if n := p.Publications(); n > 0 {
		out += " " + locale.T(lang, "cli.plan.publications", map[string]any{"n": n})
	}
	return out
}

// teller gathers lines.
type teller struct {
	lang string
	b    strings.Builder
}

func (t *teller) line(indent, text string) {
	t.b.WriteString(indent + text + "\n")
}

const indent = "    "

func (t *teller) item(it *Item) {
	if it.File.segment != nil {
		t.segment(it)
		return
	}
	args := map[string]any{"key": it.File.Key(), "name": difference.Harmless(it.File.def.NameIn(campaigns.Lang(t.lang))), "file": it.File.Path}
	switch {
	case it.State == New:
		t.line("", "+ "+locale.T(t.lang, "cli.plan.new", args))
		t.steps(it.File)
	case it.State == Same:
		t.line("", "= "+locale.T(t.lang, "cli.plan.same", args))
	case it.Difference == nil:
		t.line("", "~ "+locale.T(t.lang, "cli.plan.unreadable", args))
	case it.Difference.Empty():
		t.line("", "~ "+locale.T(t.lang, "cli.plan.form", args))
	default:
		t.line("", "~ "+locale.T(t.lang, "cli.plan.changed", args))
		t.difference(it.Difference)
	}
	if Archived(it.File.Path) {
		t.line(indent, locale.T(t.lang, "cli.plan.rests", nil))
	}
	if it.Publication != nil {
		t.publication(it)
	}
}

// segment tells whom it holds, and whom it held.
func (t *teller) segment(it *Item) {
	now := it.File.segment
	words := explain.Words{Lang: t.lang}
	args := map[string]any{"key": it.File.Key(), "name": difference.Harmless(now.NameIn(campaigns.Lang(t.lang))), "file": it.File.Path}
	holds := difference.Harmless(words.Sentence(&now.Who))
	switch {
	case it.State == New:
		t.line("", "+ "+locale.T(t.lang, "cli.plan.new.segment", args))
		t.line(indent, holds)
	case it.State == Same:
		t.line("", "= "+locale.T(t.lang, "cli.plan.same.segment", args))
	case it.Held == nil:
		t.line("", "~ "+locale.T(t.lang, "cli.plan.unreadable.segment", args))
		t.line(indent, holds)
	case !it.Changed.Who && len(it.Changed.Names) == 0:
		t.line("", "~ "+locale.T(t.lang, "cli.plan.form.segment", args))
	case !it.Changed.Who:
		t.line("", "~ "+locale.T(t.lang, "cli.plan.renamed.segment", args))
		t.names(it.Changed)
	default:
		t.line("", "~ "+locale.T(t.lang, "cli.plan.changed.segment", args))
		t.names(it.Changed)
		if held := difference.Harmless(words.Sentence(&it.Held.Who)); held != holds {
			t.line(indent, "- "+held)
			t.line(indent, "+ "+holds)
		}
	}
}

func (t *teller) names(s *difference.Segment) {
	for _, line := range s.Lines(t.lang) {
		t.line("", line)
	}
}

// steps lists the steps of a new campaign.
func (t *teller) steps(f *File) {
	if d, problems := difference.Read(f.Source, f.Format); len(problems) == 0 {
		for _, line := range d.Outline() {
			t.line(indent, line)
		}
	}
}

func (t *teller) difference(d *difference.Difference) {
	for _, line := range d.Lines(t.lang) {
		t.line(indent, line)
	}
}

func (p *Publication) insideWords() string {
	switch {
	case p.Choice.Inside == "move" || p.Choice.Inside == "end":
		return "cli.plan.inside." + p.Choice.Inside
	case p.Texts:
		return "cli.plan.inside.texts"
	}
	return "cli.plan.inside"
}

// standings tell where those inside stand, and where they go on if they are moved.
func (t *teller) standings(p *Publication) {
	for _, s := range p.Standings {
		args := map[string]any{"n": s.N, "step": s.Step, "version": s.Version}
		key := "cli.plan.at"
		switch {
		case s.Step == "":
			key = "cli.plan.before"
		case p.Choice.Inside == "move" && s.Place == nil && !s.Unmoving:
			key = "cli.plan.at.gone"
		case p.Choice.Inside == "move" && s.Place != nil && *s.Place == "":
			key = "cli.plan.at.ends"
		case p.Choice.Inside == "move" && s.Place != nil && *s.Place != s.Step:
			key, args["to"] = "cli.plan.at.to", *s.Place
		}
		t.line(indent, "    "+locale.T(t.lang, key, args))
	}
}

// moment tells when the audience comes in.
func (t *teller) moment(m *Moment) {
	mark := "  "
	if m.Opens == "past" {
		mark = "! "
	}
	args := map[string]any{"at": fmt.Sprintf("%04d-%02d-%02d %02d:%02d", m.At.Year, m.At.Month, m.At.Day, m.At.Hour, m.At.Minute)}
	args["zone"] = locale.Term("cli.plan.zone." + string(m.Zone))
	if m.Nobody {
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.nobody", args))
	}
	t.line(indent, mark+locale.T(t.lang, "cli.plan.opens."+m.Opens, args))
}

// comes tells whom an entry by a segment takes in.
func (t *teller) comes(p *Present, e *definition.Entry) {
	args := map[string]any{"segment": string(e.Segment)}
	opened := p != nil && p.Opens == "opened"
	if p != nil && p.Nobody {
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.segment.nobody", args))
	}
	switch {
	case opened && e.Listens():
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.segment.future", args))
	case opened:
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.segment.opened", args))
	default:
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.segment."+string(e.Who), args))
	}
}

func (t *teller) publication(it *Item) {
	p := it.Publication
	t.line(indent, "! "+locale.T(t.lang, "cli.plan.publish", map[string]any{"version": p.Version}))
	if p.Inside > 0 {
		t.line(indent, "  "+locale.T(t.lang, p.insideWords(), map[string]any{"n": p.Inside}))
		t.standings(p)
	}
	if it.File.def.Purpose == campaigns.Service {
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.service", nil))
	}
	if len(p.Outdated) > 0 {
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.outdated", map[string]any{"texts": strings.Join(p.Outdated, "; ")}))
	}
	if len(p.Missing) > 0 {
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.missing", map[string]any{"texts": strings.Join(p.Missing, "; ")}))
	}
	if len(p.Media) > 0 {
		t.line(indent, "! "+locale.T(t.lang, "cli.plan.media", map[string]any{"files": strings.Join(p.Media, "; ")}))
	}
	if len(p.Unset) > 0 {
		t.line(indent, "! "+locale.T(t.lang, "cli.plan.unset", map[string]any{"endpoints": strings.Join(p.Unset, ", ")}))
	}
	if len(p.Untold) > 0 {
		t.line(indent, "! "+locale.T(t.lang, "cli.plan.untold", map[string]any{"steps": strings.Join(p.Untold, ", ")}))
	}
	if s := it.File.def.Entry.Schedule; s != nil && s.Recurs != nil {
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.recurs", map[string]any{"rule": explain.Recurrence(t.lang, s)}))
		if _, left := s.Opens(time.Now().Add(-12 * time.Hour).UTC()); !left { // past on every clock of the earth
			t.line(indent, "! "+locale.T(t.lang, "cli.plan.over", nil))
		}
	} else if p.Moment != nil {
		t.moment(p.Moment)
	}
	if e := &it.File.def.Entry; e.Segment != "" {
		t.comes(p.Present, e)
	}
	switch {
	case p.Paused:
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.paused", nil))
	case p.Again:
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.again", nil))
	}
	for _, r := range p.Refusals {
		if r.Code != "conflict.outdated_texts" && r.Code != "conflict.schedule_past" && r.Code != "conflict.no_place" { // those are told above
			t.line(indent, "! "+r.Message)
			for _, place := range r.Places {
				t.line(indent, "  "+place)
			}
		}
	}
	if p.Since != nil {
		t.line(indent, "  "+locale.T(t.lang, "cli.plan.since", map[string]any{"version": p.Version - 1}))
		t.difference(p.Since)
	}
}
