package definition

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const fragmented = head + `fragments:
  nudge:
    - id: ready
      ask: {type: yes_no, text: {en: Ready?, ru: Готовы?}, timeout: {after: 1d, goto: late}}
    - branch:
        - if: {answer: ready, is: true}
          steps: [{branch: [{if: {tag: z}, steps: [{goto: ready}]}]}, {goto: hello}]
        - else: [{wait: 1d}, {use: later, id: pause}]
    - {id: late, branch: [{if: {tag: y}, steps: [{goto: done}]}]}
  later:
    - {wait: 2d}
    - {id: said, send: {text: {en: Later, ru: Позже}}}
steps:
  - {id: hello, wait: 1d}
  - use: nudge
  - branch:
      - if: {tag: x}
        steps: [{id: again, use: nudge}, {goto: again}]
  - {id: done, use: later}
`

// outline tells each step with where it leads.
func outline(d *Definition) (list []string) {
	for _, s := range d.Order {
		line := string(s.ID) + " " + s.Does()
		switch b := s.Body.(type) {
		case *Goto:
			line += " " + string(b.To)
		case *Ask:
			line += " " + b.SaveAs + " " + string(b.Timeout.Goto)
		}
		list = append(list, line)
	}
	return list
}

func TestFragments(t *testing.T) {
	d, problems := Parse([]byte(fragmented), YAML)
	if len(problems) > 0 {
		t.Fatal(listed(problems))
	}
	want := []string{
		"hello wait",
		"nudge.ready ask ready nudge.late",
		"nudge.2 branch",
		"nudge.2.1.1 branch", "nudge.2.1.1.1.1 goto nudge.ready", "nudge.2.1.2 goto hello",
		"nudge.2.2.1 wait", "nudge.pause.1 wait", "nudge.pause.said send",
		"nudge.late branch", "nudge.late.1.1 goto done.1",
		"step-5 branch",
		"again.ready ask ready again.late",
		"again.2 branch",
		"again.2.1.1 branch", "again.2.1.1.1.1 goto again.ready", "again.2.1.2 goto hello",
		"again.2.2.1 wait", "again.pause.1 wait", "again.pause.said send",
		"again.late branch", "again.late.1.1 goto done.1",
		"step-5.1.4 goto again.ready",
		"done.1 wait", "done.said send",
	}
	if got := outline(d); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, s := range d.Order {
		if s.ID == "again.pause.said" && (s.Place.Path != "fragments.later[1]" || s.Place.Line != 19) {
			t.Errorf("its place is %+v", s.Place)
		}
	}
}

// TestMessagesOfFragments: a condition means the same step as a goto would; of another campaign it is what is written.
func TestMessagesOfFragments(t *testing.T) {
	d := parsed(t, []byte(head+`fragments:
  f:
    - {id: thanks, send: {text: {en: Thanks, ru: Спасибо}}}
    - {branch: [{if: {message_of: a, step: thanks, was: sent}, steps: [{goto: last}]}]}
steps:
  - {id: first, use: f}
  - {id: second, use: f}
  - branch:
      - if: {any: [{message_of: a, step: first.thanks, was: sent}, {message_of: a, step: second, was: sent}, {message_of: other, step: f.thanks, was: sent}]}
        steps: [{goto: last}]
      - if: {message_of: other, step: thanks, was: sent}
        steps: [{goto: last}]
  - {id: last, send: {text: {en: Bye, ru: Пока}}}
`), YAML)
	got := ""
	for _, s := range d.Order {
		b, ok := s.Body.(*Branch)
		for i := 0; ok && i < len(b.Arms); i++ {
			for _, c := range append([]Condition{*b.Arms[i].If}, b.Arms[i].If.Any...) {
				got += string(c.Step) + " "
			}
		}
	}
	if want := "first.thanks second.thanks  first.thanks second.thanks f.thanks thanks "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFragmentsMeanTheirSteps: what is written once and used means what is written out.
func TestFragmentsMeanTheirSteps(t *testing.T) {
	block := "    - {id: ID, ask: {type: text, save_as: a, text: {en: A, ru: А}, timeout: {after: 1h}}}\n    - {wait: 1d}\n"
	used, problems := Parse([]byte(head+"fragments:\n  f:\n"+strings.ReplaceAll(block, "ID", "q")+"steps:\n  - use: f\n  - {id: g, use: f}\n"), YAML)
	plain, also := Parse([]byte(head+"steps:\n"+strings.ReplaceAll(block, "ID", "q")+strings.ReplaceAll(block, "ID", "r")), YAML)
	if len(problems)+len(also) > 0 {
		t.Fatal(listed(problems), listed(also))
	}
	for i, s := range used.Order {
		p := plain.Order[i]
		s.ID, s.Place, p.ID, p.Place = "", Place{}, "", Place{}
		if got, want := fmt.Sprintf("%+v", s.Body), fmt.Sprintf("%+v", p.Body); got != want || (s.Next == nil) != (p.Next == nil) {
			t.Errorf("%s is not %s", got, want)
		}
	}
}
