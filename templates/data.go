package templates

import (
	"math"
	"strings"
)

// maxDatum is the longest text that a Data comes to, in characters.
const maxDatum = 8000

// Data is a text for a machine: Liquid alone, without Markdown, and nothing in it is escaped. Who writes it anywhere escapes it for there.
type Data struct {
	tree  []node
	slots int
	src   string
	reads []Variable
}

// ParseData reads a text as Parse does. The Data is never nil.
func ParseData(src string) (*Data, []Problem) {
	src = strings.ReplaceAll(src, "\r\n", "\n")
	if f := unfit(src); f != nil {
		return &Data{}, problems(src, []fault{*f})
	}
	p := parseTree(src)
	d := &Data{tree: p.nodes, slots: p.slots, src: src}
	for _, o := range p.reads {
		line, column := place(src, o.at)
		d.reads = append(d.reads, Variable{strings.Join(o.path, "."), line, column})
	}
	return d, problems(src, p.faults)
}

// Variables returns every read of a variable, in the order of the text.
func (d *Data) Variables() []Variable { return d.reads }

// Value is what the text comes to. One placeholder alone is what it stands for: a text, a number, true or false, or a list of texts; nil where there is none.
func (d *Data) Value(env Env) any {
	if out, ok := d.alone(); ok {
		switch v := out.apply(&env).v.(type) {
		case string:
			return truncate(v, maxDatum, "…")
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil
			}
			return v
		case bool, []string, nil:
			return v
		default:
			return show(v, &env)
		}
	}
	var b strings.Builder
	d.write(&b, d.tree, &env)
	return truncate(b.String(), maxDatum, "…")
}

// alone is the placeholder that the text consists of.
func (d *Data) alone() (*output, bool) {
	var found *output
	for _, n := range d.tree {
		switch n := n.(type) {
		case literal:
			if strings.TrimSpace(d.src[n.from:n.to]) != "" {
				return nil, false
			}
		case *output:
			if found != nil {
				return nil, false
			}
			found = n
		default:
			return nil, false
		}
	}
	return found, found != nil
}

func (d *Data) write(b *strings.Builder, nodes []node, env *Env) {
	for _, n := range nodes {
		switch n := n.(type) {
		case literal:
			b.WriteString(d.src[n.from:n.to])
		case *output:
			b.WriteString(n.datum(env))
		case *choice:
			i := 0
			for !n.arms[i].when.holds(env) {
				i++
			}
			d.write(b, n.arms[i].body, env)
		}
	}
}

// datum shows the value as a machine reads it.
func (o *output) datum(env *Env) string {
	v := o.apply(env).v
	if yes, ok := v.(bool); ok {
		if yes {
			return "true"
		}
		return "false"
	}
	return show(v, env)
}
