package telegram

import "bytes"

// parseHead reads the head of an answer in HTTP/1.1 that has a body of a length that is told once, and after which the connection goes on (RFC 9112). size is
// the head's own length. status 0: the head is not whole, or of another kind. FuzzParseHead holds it equal to net/http in what it does accept.
func parseHead(b []byte) (status, length, size int) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	line, fields, _ := bytes.Cut(b[:max(end, 0)], []byte("\r\n"))
	if status = parseStatus(line); status == 0 {
		return 0, 0, 0
	}
	length = -1
	for len(fields) > 0 {
		line, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte(": "))
		switch {
		case !ok || !plain(name, value):
			return 0, 0, 0
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length >= 0 {
				return 0, 0, 0
			}
			if length = digits(value, 6); length < 0 {
				return 0, 0, 0
			}
		case bytes.EqualFold(name, []byte("Connection")):
			if !bytes.EqualFold(value, []byte("keep-alive")) {
				return 0, 0, 0
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")), bytes.EqualFold(name, []byte("Trailer")):
			return 0, 0, 0
		}
	}
	if length < 0 {
		return 0, 0, 0
	}
	return status, length, end + 4
}

// parseStatus reads "HTTP/1.1 200 OK"; 0 for interim answers and those that never have a body.
func parseStatus(line []byte) int {
	code, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(code) < 4 || code[3] != ' ' || !plain(nil, code) {
		return 0
	}
	switch status := digits(code[:3], 3); {
	case status < 200 || status == 204 || status == 304:
		return 0
	default:
		return status
	}
}

// plain reports whether a field is made of nothing but letters, digits and hyphens, and what can be printed.
func plain(name, value []byte) bool {
	for _, c := range name {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	for _, c := range value {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return name == nil || len(name) > 0
}

// digits is the number that b is, of at most n digits; -1: none.
func digits(b []byte, n int) int {
	if len(b) == 0 || len(b) > n {
		return -1
	}
	v := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		v = 10*v + int(c-'0')
	}
	return v
}
