package templates

import (
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// operand is a path or a literal.
type operand struct {
	at      int
	path    []string // nil for a literal
	literal any      // string, float64, bool or nil
}

// call is one filter with its arguments.
type call struct {
	at     int
	filter *filter
	args   []operand
}

// comparison is left op right; with no op it is the truth of left.
type comparison struct {
	left, right operand
	op          string
}

// condition is an "or" of "and"s. An empty condition is true: the else branch.
type condition [][]comparison

// expression reads what stands between braces. The first fault ends the reading.
type expression struct {
	code  string
	base  int // where code begins in the source
	pos   int
	next  lexeme
	fault *fault
}

func newExpression(code string, base int) *expression {
	e := &expression{code: code, base: base}
	e.advance()
	return e
}

func (e *expression) fail(f fault) {
	if e.fault == nil {
		e.fault = &f
	}
	e.next = lexeme{kind: lexEnd, at: f.at}
	e.pos = len(e.code)
}

func (e *expression) advance() lexeme {
	was := e.next
	for e.pos < len(e.code) && strings.IndexByte(" \t\n", e.code[e.pos]) >= 0 {
		e.pos++
	}
	at := e.base + e.pos
	rest := e.code[e.pos:]
	if rest == "" {
		e.next = lexeme{kind: lexEnd, at: at}
		return was
	}
	kind, n := lex(rest)
	if n == 0 {
		e.fail(strange(rest, at))
		return was
	}
	e.pos += n
	e.next = lexeme{kind, at, rest[:n]}
	return was
}

func (e *expression) is(symbol string) bool {
	return (e.next.kind == lexSymbol || e.next.kind == lexName) && e.next.text == symbol
}

// operand reads a path or a literal.
func (e *expression) operand() operand {
	x := e.advance()
	if e.fault != nil && x.kind == lexEnd {
		return operand{}
	}
	switch x.kind {
	case lexString:
		return operand{at: x.at, literal: x.text[1 : len(x.text)-1]}
	case lexNumber:
		n, err := strconv.ParseFloat(x.text, 64)
		if err != nil {
			e.fail(named(x.at, "text_number", x.text))
		}
		return operand{at: x.at, literal: n}
	case lexName:
		return e.name(x)
	}
	e.fail(fault{at: x.at, code: "text_value_missing", expected: "member.first_name"})
	return operand{}
}

func (e *expression) name(x lexeme) operand {
	switch x.text {
	case "true", "false":
		return operand{at: x.at, literal: x.text == "true"}
	case "nil", "null", "empty", "blank":
		return operand{at: x.at, literal: ""}
	}
	path := strings.Split(x.text, ".")
	for _, part := range path {
		if part == "" {
			e.fail(named(x.at, "text_path", x.text))
		}
	}
	return operand{at: x.at, path: path}
}

// filters reads "| name: arg, arg | …" to the end.
func (e *expression) filters() []call {
	var calls []call
	for e.is("|") {
		e.advance()
		name := e.advance()
		if name.kind != lexName {
			e.fail(fault{at: name.at, code: "text_filter_missing", expected: strings.Join(filterNames, ", ")})
			return nil
		}
		c := call{at: name.at, filter: filters[name.text]}
		if e.is(":") {
			c.args = e.arguments()
		}
		if e.fault == nil {
			e.check(name, c)
		}
		calls = append(calls, c)
	}
	return calls
}

func (e *expression) arguments() []operand {
	e.advance()
	args := []operand{e.operand()}
	for e.is(",") {
		e.advance()
		args = append(args, e.operand())
	}
	return args
}

// check reports an unknown filter, a wrong number of arguments, and literals that the filter cannot use.
func (e *expression) check(name lexeme, c call) {
	if c.filter == nil {
		f := named(name.at, "text_filter_unknown", name.text)
		f.expected = strings.Join(filterNames, ", ")
		f.didYouMean = meant.Word(name.text, filterNames)
		e.fail(f)
		return
	}
	if n := len(c.args); n < c.filter.min || n > c.filter.max {
		f := named(name.at, "text_filter_arguments", name.text)
		f.args["n"], f.expected = n, c.filter.usage
		e.fail(f)
		return
	}
	for _, arg := range c.args {
		if arg.path == nil && c.filter.accepts != nil && !c.filter.accepts(arg.literal) {
			f := named(arg.at, "text_filter_argument", name.text)
			f.expected = c.filter.usage
			e.fail(f)
		}
	}
}

// condition reads comparisons joined by "and" and "or".
func (e *expression) condition() condition {
	or := condition{{e.comparison()}}
	for {
		switch {
		case e.is("and"):
			e.advance()
			last := len(or) - 1
			or[last] = append(or[last], e.comparison())
		case e.is("or"):
			e.advance()
			or = append(or, []comparison{e.comparison()})
		default:
			return or
		}
	}
}

func (e *expression) comparison() comparison {
	c := comparison{left: e.operand()}
	switch {
	case e.is("contains"):
	case e.next.kind == lexSymbol && strings.ContainsAny(e.next.text, "=<>"):
	default:
		return c
	}
	c.op = e.advance().text
	c.right = e.operand()
	return c
}

// end reports what is left over.
func (e *expression) end(expected string) {
	if e.fault == nil && e.next.kind != lexEnd {
		f := named(e.next.at, "text_unexpected", e.next.text)
		f.expected = expected
		e.fail(f)
	}
}
