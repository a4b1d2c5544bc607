package console

import (
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// words says what definitions mean, in the reader's language.
type words struct {
	look.Frame
	def   *definition.Definition
	names explain.Words // what the definition names is called by them, where they know it
}

// Bounds of what is shown of a text, in characters.
const (
	maxTitle  = 60 // a title that is made of it
	maxButton = 40 // of a button, in a condition
)

// title is what to call a step: the first line of what it says, or what it does.
func (w words) title(s *definition.Step) string {
	if s == nil {
		return w.T("console.step.begin")
	}
	switch b := s.Body.(type) {
	case *definition.Send:
		return w.firstLine(b.Text, s.ID)
	case *definition.Ask:
		return w.firstLine(b.Text, s.ID)
	case *definition.Wait:
		return w.waitTitle(b)
	case *definition.Award:
		return w.T("console.step.award", "n", b.Points)
	case *definition.Repeat:
		return w.T("console.step.repeat", "n", b.Times, "at", clock(b.At))
	case *definition.Set:
		return w.T("console.step.set")
	case *definition.Branch:
		return w.T("console.step.branch")
	case *definition.Split:
		return w.T("console.step.split")
	case *definition.Notify:
		return shorten(w.T("console.step.notify", "text", w.firstLine(b.Text, s.ID)), maxTitle)
	case *definition.Call:
		return w.T("console.step.call", "endpoint", b.Endpoint)
	case *definition.Enroll:
		return w.T("console.step.enroll", "campaign", w.names.CampaignName(b.Campaign))
	case *definition.Goto:
		return w.T("console.step.goto", "step", w.title(w.def.Step(b.To)))
	case *definition.End:
		return w.T("console.step.end")
	}
	return string(s.ID)
}

func (w words) firstLine(t definition.Texts, id campaigns.StepID) string {
	text, _ := t.In(campaigns.Lang(w.Lang), w.def.Languages[0])
	for line := range strings.Lines(w.def.InForm(text)) {
		if line = w.bare(line); line != "" {
			return shorten(line, maxTitle)
		}
	}
	return string(id)
}

var (
	variable = regexp.MustCompile(`\{\{\s*([^}|]*?)\s*(?:\|[^}]*)?\}\}`)
	tags     = regexp.MustCompile(`\{%[^%]*%\}`)
	link     = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	marks    = regexp.MustCompile("[*_`#>]+")
)

// bare is a line of a text without its markup; a variable is what it stands for, in brackets.
func (w words) bare(line string) string {
	line = tags.ReplaceAllString(w.def.InForm(line), "")
	line = variable.ReplaceAllStringFunc(line, func(v string) string { return "⟨" + w.variable(variable.FindStringSubmatch(v)[1]) + "⟩" })
	line = marks.ReplaceAllString(link.ReplaceAllString(line, "$1"), "")
	return strings.TrimSpace(line)
}

// variable is what a variable stands for: in words where it has some, else the last part of its name.
func (w words) variable(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if key := "console.var." + last; locale.Has(key) {
		return w.T(key)
	}
	return strings.ReplaceAll(last, "_", " ")
}

// shorten cuts at a word.
func shorten(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)[:limit]
	cut := string(runes)
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,.;:–—") + "…"
}

func clock(t timing.LocalTime) string { return fmt.Sprintf("%02d:%02d", t.Hour, t.Minute) }

func (w words) period(p timing.Period) string { return explain.Words{Lang: w.Lang}.Period(p) }

// escalates says when the step's message goes by its next channel too; empty: it does not.
func (w words) escalates(s *definition.Step) string {
	rule := w.def.EscalateOf(s)
	if rule == nil {
		return ""
	}
	key := "console.escalate.send."
	if s.Ask() != nil {
		key = "console.escalate.ask."
	}
	return w.T(key+string(w.def.ChannelsOf(s)[1]), "span", w.period(rule.After))
}

// more says the rules of a step beside what it does: what becomes of its message when it cannot leave, and where members go on when nothing comes.
func (w words) more(s *definition.Step) (said []string) {
	add := func(text string) {
		if text != "" {
			said = append(said, text)
		}
	}
	switch b := s.Body.(type) {
	case *definition.Send:
		add(w.escalates(s))
		add(w.late(s, b.Expires))
	case *definition.Ask:
		add(w.escalates(s))
		add(w.late(s, b.Expires))
		if b.Final {
			add(w.T("console.question.final"))
		}
		if b.Type.Typed() && b.Retries == 0 {
			add(w.T("console.question.no_retries"))
		} else if b.Type.Typed() {
			add(w.T("console.question.retries", "n", b.Retries))
		}
		add(w.onward("console.onward.unanswered", b.Timeout.Goto))
	case *definition.Call:
		add(w.onward("console.onward.failed", b.Failed))
	case *definition.Wait:
		switch {
		case b.Event != "":
			add(w.onward("console.onward.not_come", b.Timeout.Goto))
		case b.Date != nil:
			add(w.onward("console.onward.missed", b.Date.Missed))
		}
	}
	return said
}

// late says what becomes of a message that could not leave in time.
func (w words) late(s *definition.Step, expires timing.Period) string {
	said := w.T("console.step.expires", "span", w.period(expires))
	if rule := w.def.LateOf(s); rule != nil {
		said = w.T("explain.rule.late."+string(rule.Then), "after", w.period(rule.After)) + " " + said
	}
	return said
}

// onward says where members go on; empty: with the next step.
func (w words) onward(key string, to campaigns.StepID) string {
	if to == "" {
		return w.T(key + ".next")
	}
	return w.T(key, "step", w.title(w.def.Step(to)))
}

func (w words) waitTitle(b *definition.Wait) string {
	has := b.For != (timing.Period{})
	switch {
	case b.Event != "":
		return w.T("console.step.wait_event", "event", b.Event, "span", w.period(b.Timeout.After))
	case b.Date != nil:
		return w.dateTitle(b)
	case len(b.On) > 0 && has:
		return w.T("console.step.wait_both_on", "span", w.period(b.For), "days", w.weekdays(b.On), "at", clock(*b.Until))
	case len(b.On) > 0:
		return w.T("console.step.wait_on", "days", w.weekdays(b.On), "at", clock(*b.Until))
	case b.Until != nil && has:
		return w.T("console.step.wait_both", "span", w.period(b.For), "at", clock(*b.Until))
	case b.Until != nil:
		return w.T("console.step.wait_until", "at", clock(*b.Until))
	}
	return w.T("console.step.wait_for", "span", w.period(b.For))
}

func (w words) dateTitle(b *definition.Wait) string {
	key, d := "console.step.wait_date", b.Date
	switch {
	case d.Shift == (timing.Period{}):
	case d.Before:
		key += "_before"
	default:
		key += "_after"
	}
	if b.Until == nil {
		return w.T("console.step.wait_moment"+strings.TrimPrefix(key, "console.step.wait_date"), "span", w.period(d.Shift), "attribute", d.Name())
	}
	return w.T(key, "n", d.Shift.Days, "attribute", d.Name(), "at", clock(*b.Until))
}

func (w words) weekdays(days []time.Weekday) string {
	names := make([]string, len(days))
	for i, day := range days {
		names[i] = w.T("console.weekday." + strings.ToLower(day.String()[:3]))
	}
	return strings.Join(names, ", ")
}

// sub says more about a step in a second line.
func (w words) sub(s *definition.Step) string {
	switch b := s.Body.(type) {
	case *definition.Send:
		return w.channels(b.Channels)
	case *definition.Ask:
		return w.question(b)
	case *definition.Wait:
		if b.Until != nil {
			return w.T("console.step.own_zone")
		}
	case *definition.Repeat:
		if b.Starts != nil {
			day := time.Date(b.Starts.Year, b.Starts.Month, b.Starts.Day, 0, 0, 0, 0, time.UTC)
			return w.T("console.step.repeat_calendar", "date", dateOf(w.Lang, day))
		}
		return w.T("console.step.repeat_own")
	case *definition.Set:
		return w.set(b)
	case *definition.Award:
		return w.T("console.step.award_sub")
	case *definition.Call:
		return w.T("console.step.call_sub", "span", w.period(b.Timeout))
	case *definition.End:
		if b.Reason != "" {
			return w.T("console.step.end_reason", "reason", b.Reason)
		}
	}
	return ""
}

func (w words) channels(own []campaigns.Channel) string {
	if len(own) == 0 {
		own = w.def.Channels
	}
	if len(own) == 0 {
		return ""
	}
	out := w.T("console.channel." + string(own[0]))
	for _, ch := range own[1:] {
		out += w.T("console.channel.else") + w.T("console.channel_then."+string(ch))
	}
	return out
}

func (w words) question(b *definition.Ask) string {
	kind := w.T("console.question."+string(b.Type), "n", len(b.Options))
	return kind + w.T("console.question.time", "span", w.period(b.Timeout.After))
}

func (w words) set(b *definition.Set) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(b.Attributes)) {
		if v := b.Attributes[name]; v != nil {
			parts = append(parts, w.T("console.step.set_value", "name", name, "value", w.names.Called(v)))
		} else {
			parts = append(parts, w.T("console.step.set_removed", "name", name))
		}
	}
	if len(b.AddTags) > 0 {
		parts = append(parts, w.T("console.step.tags", "tags", strings.Join(b.AddTags, ", ")))
	}
	if len(b.RemoveTags) > 0 {
		parts = append(parts, w.T("console.step.tags_removed", "tags", strings.Join(b.RemoveTags, ", ")))
	}
	if b.Language != "" {
		parts = append(parts, w.T("console.step.set_language", "language", w.language(b.Language)))
	}
	return strings.Join(parts, " · ")
}

// language is a language's name in the reader's: "Russian", or the tag where it has none.
func (w words) language(l campaigns.Lang) string {
	if l == "" {
		return w.T("console.lang.none")
	}
	return locale.Language(w.Lang, string(l))
}

// condition says when an arm is taken.
func (w words) condition(c *definition.Condition) string {
	if c == nil {
		return w.T("console.if.else")
	}
	say := w.names
	if say.Lang = w.Lang; say.Option != nil {
		button := say.Option
		say.Option = func(question, value string) string { return shorten(w.bare(button(question, value)), maxButton) }
	}
	return say.Label(c)
}

// bubble is a text as a message shows it: its bold and its paragraphs, with variables as marked words. Everything else is escaped.
func (w words) bubble(text string) template.HTML {
	var b strings.Builder
	for _, p := range strings.Split(strings.TrimSpace(tags.ReplaceAllString(w.def.InForm(text), "")), "\n\n") {
		b.WriteString("<p>" + strings.ReplaceAll(w.inline(strings.TrimSpace(p)), "\n", "<br>") + "</p>")
	}
	return template.HTML(b.String())
}

var (
	bold   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	italic = regexp.MustCompile(`(^|[^*\w])[*_]([^*_\n]+)[*_]`)
)

// inline escapes first, so that what stays can only be our own tags.
func (w words) inline(s string) string {
	s = template.HTMLEscapeString(s)
	s = variable.ReplaceAllStringFunc(s, func(v string) string {
		return `<span class="var">` + template.HTMLEscapeString(w.variable(variable.FindStringSubmatch(v)[1])) + `</span>`
	})
	s = link.ReplaceAllString(s, "<u>$1</u>")
	return italic.ReplaceAllString(bold.ReplaceAllString(s, "<b>$1</b>"), "$1<em>$2</em>")
}
