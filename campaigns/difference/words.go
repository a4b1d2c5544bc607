package difference

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// signs stand before what changed, as in other programs that plan.
var signs = map[Kind]string{Added: "+", Removed: "-", Changed: "~", Moved: ">"}

// longLine is how many characters of a text stand beside their old ones; longer texts stand below them.
const longLine = 60

// Lines tells the difference in the language, indented by two spaces a level. What authors typed is made harmless for a terminal.
func (d *Difference) Lines(lang string) []string {
	w := &writer{lang: lang}
	if len(d.Settings) > 0 {
		w.line(0, signs[Changed]+" "+locale.T(w.lang, "difference.settings", nil))
		w.fields(d.Settings)
	}
	for _, s := range d.Steps {
		w.step(s)
	}
	return w.lines
}

// Outline lists the steps, those inside others further to the right.
func (d *Document) Outline() (lines []string) {
	for _, s := range d.steps {
		depth := 0
		for in := s.in; in != nil; in = in.in {
			depth++
		}
		lines = append(lines, strings.Repeat("  ", depth)+string(s.id)+": "+s.body)
	}
	return lines
}

type writer struct {
	lang  string
	lines []string
}

func (w *writer) line(level int, text string) {
	w.lines = append(w.lines, strings.Repeat("  ", level)+Harmless(text))
}

func (w *writer) step(s Step) {
	notes := []string{string(s.ID) + ": " + s.Body}
	if s.WasNow != "" {
		notes = append(notes, locale.T(w.lang, "difference.was", map[string]any{"before": s.WasNow}))
	}
	if s.Was != "" {
		notes = append(notes, locale.T(w.lang, "difference.was_id", map[string]any{"before": string(s.Was)}))
	}
	switch {
	case s.Kind == Added:
		notes = append(notes, w.place(s.Place))
	case s.Moved:
		notes = append(notes, locale.T(w.lang, "difference.moved", map[string]any{"place": w.place(s.Place)}))
	}
	w.line(0, signs[s.Kind]+" "+strings.Join(notes, ", "))
	w.fields(s.Fields)
}

func (w *writer) place(p Place) string {
	switch {
	case p.After != "":
		return locale.T(w.lang, "difference.after", map[string]any{"step": string(p.After)})
	case p.In != "" && p.Arm > 0:
		return locale.T(w.lang, "difference.first_in_arm", map[string]any{"step": string(p.In), "arm": p.Arm})
	case p.In != "":
		return locale.T(w.lang, "difference.first_in", map[string]any{"step": string(p.In)})
	}
	return locale.T(w.lang, "difference.first", nil)
}

func (w *writer) fields(list []Field) {
	for _, f := range list {
		w.field(f)
	}
}

func (w *writer) field(f Field) {
	name := f.Path
	if f.Lang != "" {
		name += " (" + string(f.Lang) + ")"
	}
	if f.Order {
		name = locale.T(w.lang, "difference.order", map[string]any{"name": name})
	}
	head := signs[f.Kind] + " " + name + ": "
	switch {
	case long(f.Old) || long(f.New):
		w.line(1, strings.TrimSuffix(head, " "))
		w.below(f.Old, f.New)
	case f.Kind == Added:
		w.line(1, head+f.New)
	case f.Kind == Removed:
		w.line(1, head+f.Old)
	default:
		w.line(1, head+f.Old+" → "+f.New)
	}
}

func long(text string) bool {
	return strings.Contains(text, "\n") || utf8.RuneCountInString(text) > longLine
}

// below shows the lines that went and came; those that stayed are left out.
func (w *writer) below(was, now string) {
	a, b := split(was), split(now)
	i, j := 0, 0
	for _, p := range append(common(len(a), len(b), func(i, j int) bool { return a[i] == b[j] }), pairing{len(a), len(b)}) {
		for ; i < p.was; i++ {
			w.line(2, strings.TrimRight("- "+a[i], " "))
		}
		for ; j < p.now; j++ {
			w.line(2, strings.TrimRight("+ "+b[j], " "))
		}
		i, j = p.was+1, p.now+1
	}
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Harmless shows what would steer a terminal, or turn the direction of writing, as its code, such as ⟨U+001B⟩.
func Harmless(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\t' || !unicode.Is(unicode.Cc, r) && !unicode.Is(unicode.Bidi_Control, r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "⟨U+%04X⟩", r)
	}
	return b.String()
}
