package templates

import (
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/meant"
)

var tagNames = []string{
	"if", "elsif", "else", "endif", "case", "when", "endcase", "comment", "endcomment", informal, formal, "end" + informal, "end" + formal,
}

func (p *treeParser) tag(t token) {
	e := newExpression(t.code, t.inside)
	name := e.next
	if name.kind == lexName {
		e.advance()
	}
	switch name.text {
	case "if":
		p.openIf(e, name)
	case "case":
		p.openCase(e, name)
	case "elsif":
		p.elsif(e, name)
	case "when":
		p.when(e, name)
	case "else":
		p.otherwise(e, name)
	case "endif", "endcase":
		p.end(e, name)
	case informal, formal:
		p.form(e, name)
	case "end" + informal, "end" + formal:
		p.endForms(e, name)
	case "comment":
	default:
		p.unknownTag(name, t)
	}
}

func (p *treeParser) unknownTag(name lexeme, t token) {
	if strings.HasPrefix(name.text, "end") && p.unknown[name.text[3:]] {
		return
	}
	p.unknown[name.text] = true
	if name.kind != lexName {
		name = lexeme{at: t.from, text: strings.TrimSpace(t.code)}
	}
	f := named(name.at, "text_tag_unknown", name.text)
	f.expected = "if, case, informal, comment"
	if n := len(p.open); n > 0 && name.text == "end" {
		f.didYouMean = "end" + p.open[n-1].name
	} else {
		f.didYouMean = meant.Word(name.text, tagNames)
	}
	p.report(f)
}

func (p *treeParser) push(b block) {
	if len(p.open) >= maxDepth {
		if !p.tooDeep {
			p.report(named(b.at, "text_nesting", b.name))
		}
		p.tooDeep = true
	}
	b.parent, p.nodes = p.nodes, nil
	p.open = append(p.open, b)
}

func (p *treeParser) openIf(e *expression, name lexeme) {
	c := p.condition(e)
	p.push(block{name: "if", at: name.at, choice: &choice{arms: []arm{{when: c}}}})
}

func (p *treeParser) openCase(e *expression, name lexeme) {
	subject := e.operand()
	p.finish(e, "", subject)
	// What stands between case and the first when is shown by no branch: it goes to an arm that never holds, and beforeWhen reports it.
	p.push(block{name: "case", at: name.at, subject: subject, choice: &choice{arms: []arm{{when: condition{{never}}}}}})
}

// never is false for every member.
var never = comparison{left: operand{literal: false}}

func (p *treeParser) condition(e *expression) condition {
	c := e.condition()
	if !p.finish(e, "and, or, ==, !=, <, >, <=, >=, contains") {
		return condition{{never}}
	}
	for _, and := range c {
		for _, cmp := range and {
			p.read(cmp.left)
			p.read(cmp.right)
		}
	}
	return c
}

// inside returns the innermost block when it may take the tag, and reports the tag otherwise.
func (p *treeParser) inside(name lexeme, blocks ...string) *block {
	if len(p.open) > 0 {
		b := &p.open[len(p.open)-1]
		for _, want := range blocks {
			if b.name == want && (!b.elseAt || strings.HasPrefix(name.text, "end")) {
				return b
			}
		}
	}
	p.misplaced(name, strings.Join(blocks, ", "))
	return nil
}

func (p *treeParser) misplaced(name lexeme, expected string) {
	f := named(name.at, "text_tag_misplaced", name.text)
	f.expected = expected
	if len(p.open) > 0 {
		switch b := p.open[len(p.open)-1]; {
		case strings.HasPrefix(name.text, "end"):
			f.expected = "end" + b.name
		case b.forms() && name.text == "else" && !b.elseAt:
			f.expected = otherForm(b.name)
		}
	}
	p.report(f)
}

// nextArm ends the current arm's body and begins another.
func (p *treeParser) nextArm(b *block, at int, c condition) {
	if len(b.choice.arms) >= maxArms {
		p.report(named(at, "text_branches", b.name))
		return
	}
	p.beforeWhen(b)
	b.choice.arms[len(b.choice.arms)-1].body = p.nodes
	b.choice.arms = append(b.choice.arms, arm{when: c})
	p.nodes = nil
}

// beforeWhen reports words between case and its first when: nobody would ever see them.
func (p *treeParser) beforeWhen(b *block) {
	if b.name != "case" || len(b.choice.arms) > 1 {
		return
	}
	for _, n := range p.nodes {
		if l, ok := n.(literal); ok {
			words := strings.TrimLeft(p.src[l.from:l.to], blanks)
			if words != "" {
				line, _, _ := strings.Cut(words, "\n")
				f := named(l.to-len(words), "text_unexpected", truncate(line, 20, "…"))
				f.expected = "when"
				p.report(f)
			}
		}
	}
}

func (p *treeParser) elsif(e *expression, name lexeme) {
	c := p.condition(e)
	if b := p.inside(name, "if"); b != nil {
		p.nextArm(b, name.at, c)
	}
}

func (p *treeParser) when(e *expression, name lexeme) {
	values := []operand{e.operand()}
	for e.is(",") || e.is("or") {
		e.advance()
		values = append(values, e.operand())
	}
	ok := p.finish(e, ",", values...)
	b := p.inside(name, "case")
	if b == nil || !ok {
		return
	}
	var c condition
	for _, v := range values {
		c = append(c, []comparison{{left: b.subject, op: "==", right: v}})
	}
	p.nextArm(b, name.at, c)
}

func (p *treeParser) otherwise(e *expression, name lexeme) {
	p.finish(e, "")
	if b := p.inside(name, "if", "case"); b != nil {
		p.nextArm(b, name.at, nil)
		b.elseAt = true
	}
}

func (p *treeParser) end(e *expression, name lexeme) {
	p.finish(e, "")
	if p.inside(name, strings.TrimPrefix(name.text, "end")) != nil {
		p.close()
	}
}

// close ends the innermost block and adds the empty else where the author wrote none.
func (p *treeParser) close() {
	b := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	p.beforeWhen(&b)
	b.choice.arms[len(b.choice.arms)-1].body = p.nodes
	p.bothForms(&b)
	if !b.elseAt {
		b.choice.arms = append(b.choice.arms, arm{})
	}
	if b.name == "case" {
		b.choice.arms = b.choice.arms[1:]
	}
	p.nodes = append(b.parent, b.choice)
}
