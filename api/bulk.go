package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

const (
	bulkPath = "/v1/members/bulk"
	// bulkBatch is how many lines are written together; the store's transactions on SQLite hold as many.
	bulkBatch = 300
	// maxLine bounds one line.
	maxLine = 1 << 20
	// bulkPatience is how long a stream may stand still.
	bulkPatience = time.Minute
)

// bulkResult is the answer to one line.
type bulkResult struct {
	Line       int            `json:"line" doc:"Counts from 1; empty lines count and have no answer"`
	ExternalID string         `json:"external_id,omitempty"`
	Status     string         `json:"status" enum:"created,updated,error"`
	Code       string         `json:"code,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	Errors     []fault.Detail `json:"errors,omitempty"`
}

// bulkOperation registers the stream at gin: huma would hold it in memory.
func (s *server) bulkOperation() {
	s.access[http.MethodPost+" "+bulkPath] = access{Scope: engine.MembersWrite}
	registry := s.huma.OpenAPI().Components.Schemas
	lines := shapeOf[namedMember](registry)
	s.gin.POST(bulkPath, s.guard(engine.MembersWrite), func(c *gin.Context) {
		s.bulk(c, lines)
	})
	h := s.describe(operation{
		id: "upsert-members", method: http.MethodPost, path: bulkPath, tag: "Members", scope: engine.MembersWrite,
		summary: "Create or change many members",
		doc:     "One member a line (NDJSON), up to 64 MiB in all and 1 MiB a line. Each line has its own answer, in order, while the stream is read; a line that is wrong stops no other.",
	})
	h.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{ndjsonType: {Schema: registry.Schema(typeOf[namedMember](), true, "NamedMember")}}}
	h.Responses = problemResponses(registry, h.Errors)
	h.Responses["200"] = &huma.Response{Description: "One answer a line", Content: map[string]*huma.MediaType{
		ndjsonType: {Schema: registry.Schema(typeOf[bulkResult](), true, "BulkResult")},
	}}
	s.huma.OpenAPI().AddOperation(&h)
}

func problemResponses(registry huma.Registry, statuses []int) map[string]*huma.Response {
	out := map[string]*huma.Response{}
	for _, status := range append(statuses, http.StatusInternalServerError) {
		out[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{
			problemType: {Schema: registry.Schema(typeOf[Problem](), true, "Problem")},
		}}
	}
	return out
}

// bulk reads lines, writes them in batches, and answers each.
func (s *server) bulk(c *gin.Context, lines shape[namedMember]) {
	if kind := mediaType(c.GetHeader("Content-Type")); kind != ndjsonType && kind != "application/jsonl" {
		s.refuse(c, fault.New(fault.Invalid, "invalid.content_type", map[string]any{"expected": ndjsonType}))
		return
	}
	if c.Request.ContentLength > s.MaxBulk {
		s.refuse(c, tooLarge(s.MaxBulk))
		return
	}
	b := &bulkRun{server: s, c: c, ctx: c.Request.Context(), lines: lines, control: http.NewResponseController(c.Writer)}
	_ = b.control.EnableFullDuplex() // answers leave while lines still come (HTTP/1.1); where it cannot be had, they wait
	b.read(bufio.NewReaderSize(http.MaxBytesReader(c.Writer, c.Request.Body, s.MaxBulk), 64<<10))
}

// bulkRun is one stream.
type bulkRun struct {
	server  *server
	c       *gin.Context
	ctx     context.Context
	lines   shape[namedMember]
	control *http.ResponseController
	line    int
	batch   []bulkLine
}

// bulkLine is one line that was read: good, or with what is wrong.
type bulkLine struct {
	number int
	in     engine.MemberInput
	err    error
}

func (b *bulkRun) read(from *bufio.Reader) {
	for {
		b.patience()
		raw, err := readLine(from)
		b.line++
		if len(bytes.TrimSpace(raw)) > 0 || errors.Is(err, errLongLine) {
			b.add(raw, err)
		}
		if len(b.batch) >= bulkBatch && !b.flush() {
			return
		}
		if err == nil || errors.Is(err, errLongLine) {
			continue
		}
		if b.flush() && !errors.Is(err, io.EOF) {
			b.breakOff(bodyFault(err, b.server.MaxBulk))
		}
		return
	}
}

// patience gives the next line and the answers their time: a large stream outlives the server's limits for a request.
func (b *bulkRun) patience() {
	if b.line%bulkBatch != 0 {
		return
	}
	end := time.Now().Add(bulkPatience)
	_ = b.control.SetReadDeadline(end) // not every writer can; then the server's own limits hold
	_ = b.control.SetWriteDeadline(end)
}

func (b *bulkRun) add(raw []byte, err error) {
	l := bulkLine{number: b.line}
	switch {
	case errors.Is(err, errLongLine):
		l.err = fault.New(fault.TooLarge, "too_large.line", map[string]any{"max": bytesWord(maxLine)})
	case err != nil && !errors.Is(err, io.EOF):
		return // the stream broke within this line: it is not whole
	default:
		var m namedMember
		if m, l.err = b.lines.read(raw); l.err == nil {
			l.in = m.input(m.ExternalID)
		}
	}
	b.batch = append(b.batch, l)
}

// flush writes the batch and answers it; false when the stream is at its end for it.
func (b *bulkRun) flush() bool {
	batch := b.batch
	b.batch = nil
	var ins []engine.MemberInput
	for _, l := range batch {
		if l.err == nil {
			ins = append(ins, l.in)
		}
	}
	var results []engine.BulkResult
	if len(ins) > 0 || !b.c.Writer.Written() {
		var err error
		if results, err = b.server.Engine.UpsertMembers(b.ctx, principal(b.ctx), ins); err != nil {
			b.breakOff(err)
			return false
		}
	}
	b.answer(batch, results)
	return b.ctx.Err() == nil
}

func (b *bulkRun) answer(batch []bulkLine, results []engine.BulkResult) {
	if !b.c.Writer.Written() {
		b.c.Header("Content-Type", ndjsonType)
		// net/http cannot use a connection again on which reading and writing overlapped and some of the body was left unread.
		b.c.Header("Connection", "close")
		b.c.Status(http.StatusOK)
		b.c.Writer.WriteHeaderNow()
	}
	out := json.NewEncoder(b.c.Writer)
	next := 0
	for _, l := range batch {
		r := engine.BulkResult{Err: l.err}
		if l.err == nil {
			r, next = results[next], next+1
		}
		_ = out.Encode(b.result(l, r)) // fails only when the caller went away
	}
	_ = b.control.Flush()
}

func (b *bulkRun) result(l bulkLine, r engine.BulkResult) bulkResult {
	out := bulkResult{Line: l.number, ExternalID: r.ExternalID, Status: "updated"}
	switch {
	case r.Err != nil:
		p := b.server.problem(b.ctx, r.Err)
		out.Status, out.Code, out.Detail, out.Errors = "error", p.Code, p.Detail, p.Errors
	case r.Created:
		out.Status = "created"
	}
	return out
}

// breakOff ends the stream: with a problem while nothing was answered, with a last line that says so after that.
func (b *bulkRun) breakOff(err error) {
	if !b.c.Writer.Written() {
		b.server.refuse(b.c, err)
		return
	}
	_ = json.NewEncoder(b.c.Writer).Encode(b.result(bulkLine{number: b.line}, engine.BulkResult{Err: err}))
}

var errLongLine = errors.New("line is too long")

// readLine returns a line without its end. One that is too long is read to its end and reported.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if long && (err == nil || errors.Is(err, io.EOF)) {
			return nil, errors.Join(errLongLine, err)
		}
		return bytes.TrimRight(line, "\r\n"), err
	}
}
