package botapi

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/bench/sink"
)

// errEnd ends a session on purpose.
var errEnd = errors.New("session ended")

// maxBody bounds a call's body.
const maxBody = 1 << 20

// session is one connection and the call that it is about.
type session struct {
	srv  *Server
	wire *sink.Wire

	method    []byte
	json      bool
	length    int
	params    params
	chat      []byte // in decimal
	marker    []byte
	messageID int64
}

// step reads and answers one call.
func (s *session) step() error {
	if err := s.head(); err != nil {
		return err
	}
	body, err := s.wire.Next(s.length)
	if err != nil {
		return err
	}
	s.params.read(body, s.json)
	s.chat, s.marker, s.messageID = s.params.get("chat_id"), s.params.marker(), 0
	if handled, err := s.act(Arrived); handled || err != nil {
		return err
	}
	return s.perform()
}

// head reads the request line and the header. What it cannot read is answered and ends the connection.
func (s *session) head() error {
	line, err := s.wire.Line()
	if err != nil {
		return err
	}
	_, path, _ := bytes.Cut(line, []byte(" "))
	path, _, ok := bytes.Cut(path, []byte(" "))
	path, _, _ = bytes.Cut(path, []byte("?"))
	slash := bytes.LastIndexByte(path, '/')
	if !ok || slash < 1 || !bytes.HasPrefix(path, []byte("/bot")) {
		return s.refuse(http.StatusNotFound, "Not Found")
	}
	s.method = append(s.method[:0], path[slash+1:]...)
	s.json, s.length = false, 0
	for {
		line, err := s.wire.Line()
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			return nil
		}
		if err := s.field(line); err != nil {
			return err
		}
	}
}

func (s *session) field(line []byte) error {
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch {
	case len(name) < 12: // none of those below
	case strings.EqualFold(string(name), "Content-Length"):
		n, err := strconv.Atoi(string(bytes.TrimSpace(value)))
		if err != nil || n < 0 || n > maxBody {
			return s.refuse(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		}
		s.length = n
	case strings.EqualFold(string(name), "Content-Type"):
		s.json = bytes.Contains(value, []byte("json"))
	case strings.EqualFold(string(name), "Transfer-Encoding"):
		return s.refuse(http.StatusLengthRequired, "Length Required")
	}
	return nil
}

func (s *session) refuse(code int, text string) error {
	a := Refusal(code, text, 0)
	s.answer(a.Status, a.Body)
	return errEnd
}

// answer writes one HTTP answer. A body that is JSON by its looks is called so.
func (s *session) answer(status int, body ...string) {
	length := 0
	for _, b := range body {
		length += len(b)
	}
	kind := "application/json"
	if length == 0 || body[0][0] != '{' {
		kind = "text/html"
	}
	s.wire.Say("HTTP/1.1 ", statusLine(status), "\r\nContent-Type: ", kind, "\r\nContent-Length: ", strconv.Itoa(length), "\r\n\r\n")
	s.wire.Say(body...)
}

func statusLine(status int) string {
	if status == http.StatusOK {
		return "200 OK" // the usual one costs nothing
	}
	return strconv.Itoa(status) + " " + http.StatusText(status)
}

// call is the call as scripts and listeners see it.
func (s *session) call(m Moment) Call {
	chat, _ := strconv.ParseInt(string(s.chat), 10, 64)
	return Call{Moment: m, Method: string(s.method), Chat: chat, Marker: string(s.marker), Keyboard: string(s.params.get("reply_markup")), MessageID: s.messageID}
}
