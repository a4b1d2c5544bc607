package templates

import (
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// The two forms of address: {% informal %}…{% formal %}…{% endformal %}, in whichever order, with the end of either. A block of them is a choice like that of an if.
const (
	informal = string(campaigns.Informal)
	formal   = string(campaigns.Formal)
)

// FormVariable is what says which form a member gets: "formal", or else the informal one.
const FormVariable = "member.formality"

func otherForm(name string) string {
	if name == formal {
		return informal
	}
	return formal
}

// forms reports a block of the two forms. Its name is that of the form that is open.
func (b *block) forms() bool { return b.name == informal || b.name == formal }

// formed is the block of forms that is open, or nil.
func (p *treeParser) formed() *block {
	if i := slices.IndexFunc(p.open, func(b block) bool { return b.forms() }); i >= 0 {
		return &p.open[i]
	}
	return nil
}

// form begins a block, or the other form of the one that is open.
func (p *treeParser) form(e *expression, name lexeme) {
	p.finish(e, "")
	b := p.formed()
	if b == nil {
		p.openForms(name)
		return
	}
	switch {
	case b != &p.open[len(p.open)-1]: // another block has not ended
		p.misplaced(name, "end"+p.open[len(p.open)-1].name)
	case b.elseAt, b.name == name.text:
		p.misplaced(name, "end"+b.name)
	default:
		p.nextArm(b, name.at, nil)
		b.name, b.at, b.elseAt = name.text, name.at, true
	}
}

func (p *treeParser) openForms(name lexeme) {
	is := "=="
	if name.text == informal {
		is = "!="
	}
	who := operand{at: name.at, path: strings.Split(FormVariable, ".")}
	p.read(who)
	p.push(block{name: name.text, at: name.at, choice: &choice{arms: []arm{{when: condition{{{left: who, op: is, right: operand{literal: formal}}}}}}}})
}

func (p *treeParser) endForms(e *expression, name lexeme) {
	p.finish(e, "")
	if p.inside(name, informal, formal) != nil {
		p.close()
	}
}

// bothForms reports a form that says nothing, or is not there: whoever is addressed that way would get a hole.
func (p *treeParser) bothForms(b *block) {
	if !b.forms() {
		return
	}
	missing := otherForm(b.name)
	if b.elseAt {
		switch {
		case p.silent(b.choice.arms[0].body):
		case p.silent(b.choice.arms[1].body):
			missing = b.name
		default:
			return
		}
	}
	f := named(b.at, "text_form_missing", missing)
	f.expected = "{% informal %}…{% formal %}…{% endformal %}"
	p.report(f)
}

// InForm is the text as those read it who are addressed in the form: with everything else of Liquid as it stands. It is for showing what authors typed.
func InForm(src, form string) string {
	if !strings.Contains(src, formal) { // as in most texts
		return src
	}
	if form != formal {
		form = informal
	}
	var b strings.Builder
	tokens, _ := scan(src)
	open := ""
	for _, t := range tokens {
		switch name := strings.TrimSpace(t.code); {
		case t.kind == tokenTag && (name == informal || name == formal):
			open = name
		case t.kind == tokenTag && (name == "end"+informal || name == "end"+formal):
			open = ""
		case open == "" || open == form:
			b.WriteString(src[t.from:t.to])
		}
	}
	return b.String()
}

// silent reports a body in which nothing stands.
func (p *treeParser) silent(body []node) bool {
	return !slices.ContainsFunc(body, func(n node) bool {
		l, ok := n.(literal)
		return !ok || strings.Trim(p.src[l.from:l.to], blanks) != ""
	})
}
