package botapi

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// params are the parameters of one call, decoded. Their memory is used again by the next one.
type params struct {
	text []byte // all values, one after the other
	list []param
}

type param struct {
	name       string
	start, end int
}

// wanted are the parameters that this server looks at.
var wanted = []string{"chat_id", "text", "caption", "reply_markup", "offset", "limit", "timeout"}

func (p *params) read(body []byte, isJSON bool) {
	p.text, p.list = p.text[:0], p.list[:0]
	if isJSON {
		p.readJSON(body)
		return
	}
	for len(body) > 0 {
		var pair []byte
		pair, body, _ = bytes.Cut(body, []byte("&"))
		name, value, _ := bytes.Cut(pair, []byte("="))
		for _, w := range wanted {
			if string(name) == w {
				start := len(p.text)
				p.text = appendDecoded(p.text, value)
				p.list = append(p.list, param{w, start, len(p.text)})
			}
		}
	}
}

func (p *params) readJSON(body []byte) {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(body, &all) // what is not JSON has no parameters
	for _, w := range wanted {
		raw, ok := all[w]
		if !ok {
			continue
		}
		start := len(p.text)
		var s string
		if json.Unmarshal(raw, &s) == nil {
			raw = []byte(s)
		}
		p.text = append(p.text, raw...)
		p.list = append(p.list, param{w, start, len(p.text)})
	}
}

// get is the value of a parameter, empty without it.
func (p *params) get(name string) []byte {
	for _, x := range p.list {
		if x.name == name {
			return p.text[x.start:x.end]
		}
	}
	return nil
}

func (p *params) int(name string) int64 {
	n, _ := strconv.ParseInt(string(p.get(name)), 10, 64)
	return n
}

// markerLength bounds what the ledger keeps of a text.
const markerLength = 64

// marker is the first line of the text or caption.
func (p *params) marker() []byte {
	m := p.get("text")
	if len(m) == 0 {
		m = p.get("caption")
	}
	m, _, _ = bytes.Cut(m, []byte("\n"))
	return m[:min(len(m), markerLength)]
}

// appendDecoded undoes the encoding of forms (application/x-www-form-urlencoded).
func appendDecoded(to, value []byte) []byte {
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(value):
			c = nibble(value[i+1])<<4 | nibble(value[i+2])
			i += 2
		}
		to = append(to, c)
	}
	return to
}

func nibble(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
