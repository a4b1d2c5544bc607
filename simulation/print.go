package simulation

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Print writes the result for a person: the campaigns step by step, the days, and what is worth knowing.
func (r *Result) Print(w io.Writer, lang string) {
	p := printer{w, lang}
	p.line("simulation.print.head", map[string]any{
		"members": p.say("simulation.print.members", map[string]any{"n": r.Members}), "n": r.Days, "from": locale.LongDate(lang, r.Start), "until": locale.LongDate(lang, r.Until), "messages": r.Messages, "seed": r.Seed,
	})
	for i := range r.Campaigns {
		p.campaign(&r.Campaigns[i])
	}
	p.days(r.ByDay)
	for _, n := range r.Notes {
		fmt.Fprintf(w, "\n! %s\n", n)
	}
}

type printer struct {
	w    io.Writer
	lang string
}

func (p printer) say(key string, args map[string]any) string { return locale.T(p.lang, key, args) }

func (p printer) line(key string, args map[string]any) { fmt.Fprintln(p.w, p.say(key, args)) }

// head is the first line of a table, its columns named by keys.
func (p printer) head(keys ...string) string {
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = p.say("simulation.print."+k, nil)
	}
	return "  " + strings.Join(words, "\t") + "\n"
}

func (p printer) campaign(c *CampaignTotals) {
	fmt.Fprintf(p.w, "\n%s (%s)\n", c.Name, c.Key)
	entered, key := p.say("simulation.print.members", map[string]any{"n": c.Entered}), "simulation.print.totals"
	if c.Passages != c.Entered { // somebody came in again, so that all else counts passages
		key, entered = "simulation.print.totals_again", p.say("simulation.print.passages", map[string]any{"n": c.Passages, "members": entered})
	}
	p.line(key, map[string]any{"entered": entered, "completed": c.Completed, "exited": sum(c.Exited), "inside": c.Inside, "clashes": c.Clashes})
	if c.HeldOut > 0 {
		p.line("simulation.print.held_out", map[string]any{"n": c.HeldOut})
	}
	p.reasons("simulation.print.not_entered", c.NotEntered)
	p.reasons("simulation.print.left", c.Exited)
	t := tabwriter.NewWriter(p.w, 2, 2, 2, ' ', 0)
	fmt.Fprint(t, p.head("step", "does", "entered", "telegram", "email", "held", "not_sent", "answered", "timed_out", "inside"))
	for _, s := range c.Steps {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", s.Step, s.Does, numbers(s.Entered, s.Sent[campaigns.Telegram], s.Sent[campaigns.Email], s.Held, sum(s.NotSent), s.Answered, s.TimedOut, s.Inside))
		for _, arm := range s.Arms {
			fmt.Fprintf(t, "    %s\t%s\t%d\t\t\t\t\t\t\t\n", arm.Name, p.say("simulation.print.arm", nil), arm.Entered)
		}
	}
	_ = t.Flush() // what w could not take, the next line cannot either
	all := map[string]ReasonTotal{}
	for _, s := range c.Steps {
		for _, no := range s.NotSent {
			no.N += all[no.Reason].N
			all[no.Reason] = no
		}
	}
	p.reasons("simulation.print.why_not", slices.SortedFunc(maps.Values(all), func(a, b ReasonTotal) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Reason, b.Reason))
	}))
}

func (p printer) reasons(key string, list []ReasonTotal) {
	if len(list) == 0 {
		return
	}
	p.line(key, nil)
	for _, r := range list {
		fmt.Fprintf(p.w, "  %5d  %s\n", r.N, r.What)
	}
}

func (p printer) days(days []DayTotals) {
	fmt.Fprintln(p.w)
	t := tabwriter.NewWriter(p.w, 2, 2, 2, ' ', 0)
	fmt.Fprint(t, p.head("day", "date", "telegram", "email", "not_sent", "answered", "entered", "ended"))
	for _, d := range days {
		fmt.Fprintf(t, "  %d\t%s\t%s\n", d.Day, d.Date, numbers(d.Sent[campaigns.Telegram], d.Sent[campaigns.Email], d.NotSent, d.Answered, d.Entered, d.Ended))
	}
	_ = t.Flush()
}

// numbers are columns; nothing is shown as a dot, so that what there is stands out.
func numbers(list ...int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
		if n == 0 {
			words[i] = "·"
		}
	}
	return strings.Join(words, "\t")
}

func sum(list []ReasonTotal) (n int) {
	for _, r := range list {
		n += r.N
	}
	return n
}

// Print writes one member's days.
func (s *Story) Print(w io.Writer, lang string) {
	p := printer{w, lang}
	words := make([]string, len(s.Channels))
	for i, ch := range s.Channels {
		words[i] = p.say("channel."+string(ch), nil)
	}
	p.line("simulation.print.story", map[string]any{
		"member": s.Member, "name": s.Name, "language": string(s.Language), "zone": s.Zone, "channels": strings.Join(words, ", "), "does": s.Does,
	})
	day := 0
	for _, it := range s.Items {
		if it.Day != day {
			day = it.Day
			fmt.Fprintln(w)
			p.line("simulation.print.story_day", map[string]any{"day": day})
		}
		p.item(it)
	}
}

func (p printer) item(it Item) {
	fmt.Fprintf(p.w, "  %s  %s\n", it.Local, it.What)
	if it.Held != nil {
		p.indented("", it.Held.What)
	}
	if it.Value != nil {
		p.indented("→ ", p.answer(it.Value))
	}
	if it.Subject != "" {
		p.indented("| ", it.Subject)
	}
	if it.Text != "" {
		p.indented("| ", it.Text)
	}
	for _, b := range it.Buttons {
		p.indented("| ", "["+b+"]")
	}
	for _, c := range it.Clashes {
		p.indented("", p.say("simulation.print.clash", map[string]any{"what": c}))
	}
}

// answer is the value as a person reads it.
func (p printer) answer(value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return p.say("answer.word.yes", nil)
		}
		return p.say("answer.word.no", nil)
	case []string:
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(value)
}

func (p printer) indented(mark, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(p.w, "      %s%s\n", mark, strings.TrimRight(line, "\n"))
	}
}
