package definition

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// readJSON reads strict JSON (RFC 8259). encoding/json decides what is JSON; its token offsets give the places.
func readJSON(src *source, out *sink) *node {
	j := &jsonReader{src: src, out: out, limits: limits{out: out}, line: 1, column: 1}
	if strings.TrimSpace(src.text) == "" {
		out.add(Place{Line: 1, Column: 1}, "empty_document")
		return nil
	}
	if !j.valid() {
		return nil
	}
	j.dec = json.NewDecoder(strings.NewReader(src.text))
	j.dec.UseNumber()
	n := j.value("", 1)
	if j.over {
		return nil
	}
	return n
}

type jsonReader struct {
	limits
	src *source
	out *sink
	dec *json.Decoder
	// offset, line and column move on through the text once.
	offset, line, column int
}

func (j *jsonReader) valid() bool {
	if tooDeepJSON(j.src.text) {
		j.out.add(Place{Line: 1, Column: 1}, "too_deep", "limit", MaxDepth)
		return false
	}
	var whole json.RawMessage
	err := json.Unmarshal([]byte(j.src.text), &whole)
	if err == nil {
		return true
	}
	at := len(j.src.text)
	var bad *json.SyntaxError
	if errors.As(err, &bad) && !errors.Is(err, io.ErrUnexpectedEOF) {
		at = min(max(int(bad.Offset)-1, 0), at)
		if strings.HasPrefix(bad.Error(), "unexpected end") {
			at = len(strings.TrimRight(j.src.text, " \t\n"))
		}
	}
	for at > 0 && at < len(j.src.text) && !utf8.RuneStart(j.src.text[at]) {
		at--
	}
	j.out.add(placeOf([]byte(j.src.text[:at])), "json_syntax")
	return false
}

// tooDeepJSON looks far beyond MaxDepth: it only keeps the decoder's own limit out of the sentence about syntax.
func tooDeepJSON(text string) bool {
	depth := 0
	for _, c := range []byte(text) {
		switch c {
		case '[', '{':
			if depth++; depth > 5000 {
				return true
			}
		case ']', '}':
			depth--
		}
	}
	return false
}

// next returns the next token and where it starts.
func (j *jsonReader) next(path string) (json.Token, Place) {
	from := int(j.dec.InputOffset())
	for from < len(j.src.text) && strings.IndexByte(" \t\n,:", j.src.text[from]) >= 0 {
		from++
	}
	at := j.moveTo(from)
	at.Path = path
	tok, err := j.dec.Token()
	if err != nil { // cannot be: the text is valid JSON
		j.over = true
		j.out.add(at, "json_syntax")
	}
	return tok, at
}

func (j *jsonReader) moveTo(offset int) Place {
	passed := j.src.text[j.offset:offset]
	if n := strings.Count(passed, "\n"); n > 0 {
		j.line += n
		j.column = 1
		passed = passed[strings.LastIndexByte(passed, '\n')+1:]
	}
	j.column += utf8.RuneCountInString(passed)
	j.offset = offset
	return Place{Line: j.line, Column: j.column}
}

func (j *jsonReader) value(path string, depth int) *node {
	tok, at := j.next(path)
	n := &node{place: at}
	if j.over || !j.enter(at, depth) {
		return n
	}
	switch v := tok.(type) {
	case json.Delim:
		if v == '{' {
			j.mapping(n, depth)
		} else {
			j.list(n, depth)
		}
	case string:
		n.kind, n.text, n.style = textNode, v, doubleQuoted
	case json.Number:
		n.kind, n.text = numberNode, v.String()
	case bool:
		n.kind, n.text = boolNode, map[bool]string{true: "true", false: "false"}[v]
	default:
		n.kind = nullNode
	}
	return n
}

func (j *jsonReader) mapping(n *node, depth int) {
	n.kind = mappingNode
	seen := map[string]Place{}
	for !j.over && j.dec.More() {
		tok, at := j.next("")
		key, _ := tok.(string)
		at.Path = child(n.place.Path, key)
		n.addEntry(entry{key: key, place: at, value: j.value(at.Path, depth+1)}, seen, j.out)
	}
	j.close()
}

func (j *jsonReader) list(n *node, depth int) {
	n.kind = listNode
	for !j.over && j.dec.More() {
		n.items = append(n.items, j.value(item(n.place.Path, len(n.items)), depth+1))
	}
	j.close()
}

func (j *jsonReader) close() {
	if !j.over {
		j.next("")
	}
}
