package api

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members/roster"
)

const (
	importPath = "/v1/members/import"
	// importPatience is how long a file may take.
	importPatience = 10 * time.Minute
)

// importOperation registers the upload at gin: huma would hold the file in memory.
func (s *server) importOperation() {
	s.access[http.MethodPost+" "+importPath] = access{Scope: engine.MembersWrite}
	s.gin.POST(importPath, s.guard(engine.MembersWrite), s.importMembers)
	registry := s.huma.OpenAPI().Components.Schemas
	h := s.describe(operation{
		id: "import-members", method: http.MethodPost, path: importPath, tag: "Members", scope: engine.MembersWrite,
		summary: "Create or change members from a CSV file",
		errors:  []int{http.StatusUnprocessableEntity},
		doc: "The first row names the columns, of these: " + strings.Join(roster.Columns(), ", ") + ". An empty cell leaves what is known. " +
			"A row with a problem stops no other. An email without email_proof gets one mail that asks, and nothing else until its owner says yes.",
	})
	text, yes := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeBoolean}
	h.Parameters = append(h.Parameters,
		&huma.Param{Name: "consent_source", In: "query", Description: "Where those agreed to messages whose row does not say it", Schema: text},
		&huma.Param{Name: "dry_run", In: "query", Description: "Find everything, write nothing", Schema: yes})
	h.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{csvType: {Schema: text}}}
	h.Responses = problemResponses(registry, h.Errors)
	h.Responses["200"] = &huma.Response{Description: "What became of the rows", Content: map[string]*huma.MediaType{
		"application/json": {Schema: registry.Schema(typeOf[engine.ImportReport](), true, "ImportReport")},
	}}
	s.huma.OpenAPI().AddOperation(&h)
}

func (s *server) importMembers(c *gin.Context) {
	if mediaType(c.GetHeader("Content-Type")) != csvType {
		s.refuse(c, fault.New(fault.Invalid, "invalid.content_type", map[string]any{"expected": csvType}))
		return
	}
	if unknown := unknownParameters(c, "consent_source", "dry_run"); len(unknown) > 0 { // "dry-run" would be a run
		s.refuse(c, fault.New(fault.Invalid, "invalid.request", map[string]any{"n": len(unknown)}).With(unknown...))
		return
	}
	dry, err := strconv.ParseBool(c.DefaultQuery("dry_run", "false"))
	if err != nil {
		s.refuse(c, fault.New(fault.Invalid, "invalid.request", map[string]any{"n": 1}).With(fault.Detail{Path: "dry_run", Code: "bad_value", Expected: "true, false"}))
		return
	}
	if c.Request.ContentLength > s.MaxImport {
		s.refuse(c, largeImport(s.MaxImport))
		return
	}
	control := http.NewResponseController(c.Writer)
	_ = control.SetReadDeadline(time.Now().Add(importPatience)) // not every writer can; then the server's own limits hold
	_ = control.SetWriteDeadline(time.Now().Add(importPatience))
	file, err := s.whole(c)
	if err != nil {
		s.refuse(c, err)
		return
	}
	defer file.forget()
	report, err := s.Engine.ImportMembers(c.Request.Context(), principal(c.Request.Context()), file, engine.ImportOptions{ConsentSource: c.Query("consent_source"), DryRun: dry})
	if err != nil {
		s.refuse(c, err)
		return
	}
	report.Problems = fault.Details(fault.New(fault.Invalid, "invalid.import", nil).With(report.Problems...), locale.Match(c.GetHeader("Accept-Language")))
	c.JSON(http.StatusOK, report)
}

// unknownParameters are those of the query that the operation does not have.
func unknownParameters(c *gin.Context, known ...string) (out []fault.Detail) {
	for _, name := range slices.Sorted(maps.Keys(c.Request.URL.Query())) {
		if !slices.Contains(known, name) {
			out = append(out, fault.Detail{Path: name, Code: "unknown_parameter"})
		}
	}
	return out
}

// upload is a file that has come whole, on disk.
type upload struct{ *os.File }

// forget removes it. Nothing is lost when that fails but the space until the next clearing of temporary files.
func (u upload) forget() {
	_ = u.Close()
	_ = os.Remove(u.Name())
}

// whole takes the body in before a row of it is written: one that is too large, or breaks off, changes nothing.
func (s *server) whole(c *gin.Context) (upload, error) {
	f, err := os.CreateTemp("", "kruzhok-import-") // 0600: the rows are personal
	if err != nil {
		return upload{}, fault.Wrap(fault.Unavailable, err, "unavailable", nil)
	}
	u := upload{f}
	_, err = io.Copy(f, http.MaxBytesReader(c.Writer, c.Request.Body, s.MaxImport))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil {
		return u, nil
	}
	u.forget()
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return upload{}, largeImport(s.MaxImport)
	}
	return upload{}, bodyFault(err, s.MaxImport)
}

func largeImport(limit int64) error {
	return fault.New(fault.TooLarge, "too_large.import", map[string]any{"max": bytesWord(limit)})
}
