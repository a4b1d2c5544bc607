package templates

// A text is a tree of these three.
type node interface{ isNode() }

// literal is the author's own Markdown: source[from:to].
type literal struct{ from, to int }

// output is {{ … }}: one slot that is filled last.
type output struct {
	slot  int
	value operand
	calls []call
}

// choice is an if or a case. Its last arm has no condition: the else, perhaps empty.
type choice struct{ arms []arm }

type arm struct {
	when condition
	body []node
}

func (literal) isNode() {}
func (*output) isNode() {}
func (*choice) isNode() {}

const (
	maxDepth = 20  // blocks within blocks
	maxArms  = 100 // branches of one block; an arm's number must fit a byte
)

// block is an if or a case that is still open.
type block struct {
	name    string
	at      int
	choice  *choice
	subject operand // of a case
	elseAt  bool
	// parent receives the choice when it is closed.
	parent []node
}

// treeParser builds the tree from the tokens. It goes on after a fault, so that one look shows them all.
type treeParser struct {
	src     string
	nodes   []node // of the innermost open arm
	open    []block
	slots   int
	reads   []operand // every path, in order
	plurals []call
	faults  []fault
	tooDeep bool
	unknown map[string]bool // tags already reported, so that their "end…" is not
}

func parseTree(src string) *treeParser {
	tokens, faults := scan(src)
	p := &treeParser{src: src, faults: faults, unknown: map[string]bool{}}
	for _, t := range tokens {
		switch t.kind {
		case tokenText:
			if t.from < t.to {
				p.nodes = append(p.nodes, literal{t.from, t.to})
			}
		case tokenOutput:
			p.output(t)
		case tokenTag:
			p.tag(t)
		}
	}
	for len(p.open) > 0 {
		b := p.open[len(p.open)-1]
		p.faults = append(p.faults, named(b.at, "text_block_unclosed", b.name))
		p.close()
	}
	return p
}

func (p *treeParser) report(f fault) { p.faults = append(p.faults, f) }

// finish takes an expression's fault and reports whether it was read to the end.
func (p *treeParser) finish(e *expression, expected string, operands ...operand) bool {
	e.end(expected)
	if e.fault != nil {
		p.report(*e.fault)
		return false
	}
	for _, o := range operands {
		p.read(o)
	}
	return true
}

func (p *treeParser) read(o operand) {
	if o.path != nil {
		p.reads = append(p.reads, o)
	}
}

func (p *treeParser) output(t token) {
	e := newExpression(t.code, t.inside)
	out := &output{slot: p.slots, value: e.operand()}
	out.calls = e.filters()
	if !p.finish(e, "|", out.value) {
		return
	}
	for _, c := range out.calls {
		if c.filter == filters["plural"] {
			p.plurals = append(p.plurals, c)
		}
		for _, arg := range c.args {
			p.read(arg)
		}
	}
	p.slots++
	p.nodes = append(p.nodes, out)
}
