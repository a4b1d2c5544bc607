package templates

import (
	"errors"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxSource is the longest text that Parse takes, in bytes: more than any message can show.
const MaxSource = 32 << 10

// ErrTooLong: the author's own words do not fit the channel's limits.
var ErrTooLong = errors.New("templates: text is too long")

// Text is one parsed text. It is safe for concurrent use.
type Text struct {
	src   string
	tree  []node
	slots int
	reads []Variable
	forms []Plural
	min   int

	mu sync.RWMutex
	// cache holds what was compiled, by the branches taken (one byte per block met, in order).
	cache map[string]*variant
}

// Variable is one place where a text reads a variable.
type Variable struct {
	// Path has dots, such as "member.first_name".
	Path string
	// Line and Column are 1-based and relative to the text.
	Line, Column int
}

// variant is the text for one combination of branches: three flat programs without any markup left to parse.
type variant struct {
	telegram []op
	plain    []op
	html     []piece
}

// maxCached bounds the cache of a text; further combinations are compiled anew.
const maxCached = 256

// Parse reads a text. The Text is never nil and renders what could be understood; one with problems must not be sent.
func Parse(src string) (*Text, []Problem) {
	src = strings.ReplaceAll(src, "\r\n", "\n")
	if f := unfit(src); f != nil {
		return &Text{cache: map[string]*variant{}}, problems(src, []fault{*f})
	}
	p := parseTree(src)
	t := &Text{src: src, tree: p.nodes, slots: p.slots, cache: map[string]*variant{}}
	for _, o := range p.reads {
		line, column := place(src, o.at)
		t.reads = append(t.reads, Variable{strings.Join(o.path, "."), line, column})
	}
	for _, c := range p.plurals {
		line, column := place(src, c.at)
		t.forms = append(t.forms, Plural{len(c.args), line, column})
	}
	if p.tooDeep { // nothing more is said about it: looking at every branch would take too long
		return t, problems(src, p.faults)
	}
	return t, problems(src, append(p.faults, t.check()...))
}

// unfit refuses what the parsers must never see.
func unfit(src string) *fault {
	if len(src) > MaxSource {
		return &fault{at: 0, code: "text_source_too_long", args: map[string]any{"n": MaxSource}}
	}
	for i, r := range src {
		_, size := utf8.DecodeRuneInString(src[i:])
		if r == utf8.RuneError && size == 1 || isSlot(r) || r < ' ' && r != '\n' && r != '\t' {
			return &fault{at: i, code: "text_control_character"}
		}
	}
	for at := 0; at < len(src); {
		line, _, _ := strings.Cut(src[at:], "\n")
		if strings.Count(line[:len(line)-len(strings.TrimLeft(line, "> \t-+*"))], ">") > maxDepth {
			return &fault{at: at, code: "text_nesting", args: map[string]any{"name": ">"}}
		}
		at += len(line) + 1
	}
	return nil
}

// Variables returns every read of a variable, in the order of the text.
func (t *Text) Variables() []Variable { return t.reads }

// MinLength is a lower bound of the rendered Telegram length in UTF-16 units: the shortest branches, every value empty.
// Beyond 64 combinations of branches it is the shortest of those that were looked at.
func (t *Text) MinLength() int { return t.min }

// compiled returns the program for the branches in key.
func (t *Text) compiled(key []byte) *variant {
	t.mu.RLock()
	v := t.cache[string(key)]
	t.mu.RUnlock()
	if v != nil {
		return v
	}
	src, _ := t.markdown(follow(key))
	v = compile(src)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cache) < maxCached {
		t.cache[string(key)] = v
	}
	return v
}

// prepare chooses the branches and evaluates the values that they show.
func (t *Text) prepare(env *Env) (*variant, []filled) {
	var buf [16]byte
	run := evaluation{env: env, key: buf[:0], vals: make([]filled, t.slots)}
	run.walk(t.tree)
	return t.compiled(run.key), run.vals
}

// evaluation is one walk through the tree.
type evaluation struct {
	env  *Env
	key  []byte
	vals []filled
}

func (e *evaluation) walk(nodes []node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *output:
			e.vals[n.slot] = n.eval(e.env)
		case *choice:
			i := 0
			for !n.arms[i].when.holds(e.env) {
				i++
			}
			e.key = append(e.key, byte(i))
			e.walk(n.arms[i].body)
		}
	}
}
