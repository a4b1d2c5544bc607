package templates

// compile parses one produced Markdown text and makes its three programs.
func compile(md string) *variant {
	src := []byte(md)
	root := parseMarkdown(src)
	return &variant{
		telegram: joined(compileFlat(root, src, false)),
		plain:    joined(compileFlat(root, src, true)),
		html:     compileHTML(root, src),
	}
}

// joined merges neighbouring texts, so that filling has less to do.
func joined(ops []op) []op {
	var out []op
	for _, o := range ops {
		if n := len(out); n > 0 && mergeable(&out[n-1], &o) {
			out[n-1].text += o.text
			continue
		}
		out = append(out, o)
	}
	return out
}

func mergeable(a, b *op) bool {
	return a.kind == opText && b.kind == opText && a.prefix == b.prefix && a.aside == b.aside && a.escape == b.escape &&
		len(a.marks) == len(b.marks) && common(a.marks, b.marks) == len(a.marks)
}
